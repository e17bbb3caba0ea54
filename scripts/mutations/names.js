// Faults of look-ups that the tests of Rust must notice, each in one line of src/net/names: [file, text as it stands there
// once, text instead, what breaks].
'use strict'

// prettier-ignore
module.exports = [
  // Whom it asks, and how.
  ['mod.rs', 'if files.sources.is_all && ', 'if ', 'name servers are asked past the system’s other sources'],
  ['mod.rs', 'if files.sources.is_all && ', 'if false && ', 'a resolver that hangs holds up every host'],
  ['system.rs', 'HANGS_AFTER: Duration = Duration::from_millis(250)', 'HANGS_AFTER: Duration = Duration::from_millis(5)', 'a resolver that is busy counts as one that hangs'],
  ['system.rs', 'let _turn = turn;', 'drop(turn);', 'threads that hang are not counted'],
  ['system.rs', 'LookupErrorKind::Again => LookUpError::TryAgain', 'LookupErrorKind::Again => LookUpError::NotFound', 'no network means no such host'],
  ['files.rs', 'sources().eq(["files", "dns"])', 'sources().any(|source| source == "dns")', 'other sources are not seen'],
  ['files.rs', 'Some(before) if before.mark == mark => before,', 'Some(before) => before,', 'changes of the system’s files are never seen'],
  ['files.rs', 'Some(before) if before.mark == mark => before,', 'Some(before) if false => before,', 'a large hosts file is read each second'],
  ['files.rs', 'let text = String::from_utf8_lossy(bytes).to_ascii_lowercase()', 'let text = String::from_utf8_lossy(bytes).into_owned()', 'names of the hosts file are known in small letters alone'],
  ['stub.rs', 'const ATTEMPTS: u32 = 4;', 'const ATTEMPTS: u32 = 1;', 'one lost datagram is the end of a look-up'],
  ['stub.rs', 'if matches!(answer, Answer::Truncated) {', 'if false {', 'what is longer than a datagram is not found'],
  ['stub.rs', 'const UNANSWERED: usize = 1 << 15;', 'const UNANSWERED: usize = 1 << 17;', 'numbers of questions run out'],
  ['stub.rs', 'let first = host.matches(\'.\').count() >= configuration.dots;', 'let first = true;', 'the search list is tried last for a short name'],
  ['stub.rs', 'configuration.search.iter().map(|domain| format!("{host}.{domain}")).collect();', 'Vec::new();', 'the search list is not tried'],
  ['stub.rs', 'transport.is_bound() && ip.is_loopback() && !transport.is_loopback()', 'false', 'a name server of this machine asks others by any way'],
  ['stub.rs', 'Ok(found) if !found.is_empty() => timeout(OTHER_FAMILY, ask).await.ok(),', '', 'a server that never answers for IPv6 holds up IPv4'],
  ['stub.rs', 'let mut known = files.hosts.addresses(&name);', 'let mut known: Vec<IpAddr> = Vec::new();', 'the hosts file is not asked'],
  ['stub.rs', '            unanswered.clear();\n', '', 'a port where nobody listens is waited for'],
  ['stub.rs', 'question.is_answered_by(message))\n', 'question.bytes.len() > 1)\n', 'a wrong answer ends the wait for the right one'],
  ['message.rs', 'header.get(..2) == self.bytes.get(..2)\n            && ', '', 'an answer with another number counts'],
  ['message.rs', '            && is_response\n', '', 'a question counts as an answer'],
  ['message.rs', '            && header[4..6] == [0, 1]\n', '', 'an answer without a question counts'],
  ['message.rs', '            && repeated.eq_ignore_ascii_case(asked)\n', '', 'an answer to another question counts'],
  ['message.rs', 'repeated.eq_ignore_ascii_case(asked)', 'repeated == asked', 'a server that changes the case of letters is not heard'],
  ['message.rs', '.filter(|row| is_same(&row.name.to_string(), &name))', '.filter(|_| !name.is_empty())', 'an address of another name counts'],
  ['message.rs', 'RData::CNAME(alias) => Some(alias.0.to_string()),', '', 'a name that stands for another has no addresses'],
  ['message.rs', 'flags & 2 != 0', 'flags & 4 != 0', 'an answer that is cut short counts as whole'],
  ['message.rs', 'RCODE::NameError => Answer::NoSuchName,', '', 'no such name is asked for again']
]
