'use strict'

// Faults in what is known of hosts that the tests of Rust must notice, each in one line of src/requests/names: [file, text as
// it stands there once, text instead, what breaks].

// prettier-ignore
module.exports = [
  ['host.rs', 'FRESH: Duration = Duration::from_secs(60)', 'FRESH: Duration = Duration::from_secs(600)', 'a tracker that moves is found after ten minutes'],
  ['host.rs', 'STALE: Duration = Duration::from_secs(24 * 3600)', 'STALE: Duration = Duration::from_secs(3600)', 'an old answer serves for an hour'],
  ['host.rs', 'PATIENCE: Duration = Duration::from_secs(1)', 'PATIENCE: Duration = Duration::from_secs(10)', 'an old answer does not serve in time'],
  ['host.rs', 'let serves = now < known.until || (self.may_be_stale && now < known.since + STALE);', 'let serves = now < known.until;', 'an old answer never serves'],
  ['host.rs', 'let serves = now < known.until || (self.may_be_stale && now < known.since + STALE);', 'let serves = now < known.since + STALE;', 'an address that is refused by now is served from an old answer'],
  ['host.rs', 'if self.may_be_stale\n            && let', 'if let', 'what an application refuses within its minute is asked all the same'],
  ['host.rs', 'None => self.wanted,', 'None => true,', 'each request waits for a look-up that has failed'],
  ['host.rs', 'Some(since) => now < since + PATIENCE,', 'Some(_) => true,', 'each request waits a second for a look-up that hangs'],
  ['host.rs', 'now < since + PATIENCE,', 'false,', 'nobody waits for a newer answer'],
  ['host.rs', 'FIRST_WAIT: Duration = Duration::from_millis(500)', 'FIRST_WAIT: Duration = Duration::from_millis(5)', 'a name server that is down is asked without a pause'],
  ['host.rs', 'LONGEST_WAIT: Duration = Duration::from_secs(8)', 'LONGEST_WAIT: Duration = Duration::from_secs(800)', 'a network that comes up is noticed late'],
  ['host.rs', 'if error.may_pass() {', 'if false {', 'a failure that may pass is the last word'],
  ['host.rs', 'if error.may_pass() {', 'if true {', 'no such host is told late'],
  ['host.rs', 'self.error = Some(error);\n            return None;', 'return None;', 'the last word is no answer, whatever failed'],
  ['host.rs', '(self.known, self.pause, self.failures) = (None, None, 0);', '(self.known, self.failures) = (None, 0);', 'a host that did not exist is not asked for anew'],
  ['host.rs', 'const DOUBT: Duration = Duration::from_secs(5);', 'const DOUBT: Duration = Duration::from_secs(1);', 'a silent host is looked up each second'],
  ['host.rs', 'LONGEST_DOUBT: Duration = Duration::from_secs(20)', 'LONGEST_DOUBT: Duration = Duration::from_secs(2000)', 'a host that moves after a long silence is not found'],
  ['host.rs', 'const TRUST: Duration = Duration::from_secs(60);', 'const TRUST: Duration = Duration::from_secs(6000);', 'a host that was silent once is found late'],
  ['host.rs', 'if is_new {\n            self.fruitless = 0;', 'if false {\n            self.fruitless = 0;', 'a host that moves again and again is found late'],
  ['host.rs', 'self.asked.is_none_or(|asked| now >= asked + DOUBT) && ', '', 'a host that has only just been looked up is looked up again'],
  ['host.rs', 'known.until = known.until.min(now);', '', 'what was good in another network is good in this one'],
  ['host.rs', '(self.pause, self.asked, self.failures, self.fruitless) = (None, None, 0, 0);', '', 'who waits does not try when the network comes up'],
  ['host.rs', 'if self.asking.is_some_and(|since| now >= since + JUST_BEGUN) {', 'if false {', 'a look-up that hangs in another network is waited for'],
  ['host.rs', 'self.waiting.remove(&id);', '', 'a number that was given up is told another host’s addresses'],
  ['host.rs', 'self.waiting.retain(|_, ends| *ends > now);', 'self.waiting.clear();', 'who has time is forgotten with who has none'],
  ['resolver.rs', 'entry.host.handle_cancel(id);', '', 'a look-up nobody waits for goes on'],
  ['resolver.rs', 'start.family.filter(|_| !self.transport.answers_both())', 'start.family', 'the system is asked for each family'],
  ['resolver.rs', 'start.family.filter(|_| !self.transport.answers_both())', 'start.family.filter(|_| false)', 'an application is not asked for a family'],
  ['resolver.rs', '            && *known != addresses\n', '            && *known == addresses\n', 'requests under way do not hear of new addresses'],
  ['resolver.rs', 'if is_new {\n                    self.arrange_again(question);', 'if false {\n                    self.arrange_again(question);', 'requests under way hear of new addresses from the next one'],
  ['resolver.rs', 'Arc::strong_count(&arranged.addresses) > 1', 'Arc::strong_count(&arranged.addresses) > 9', 'a silent host is forgotten among many'],
  ['resolver.rs', '*arranged.addresses == *addresses)', 'true)', 'a host is doubted for addresses that it has not'],
  ['resolver.rs', 'self.changes < self.hosts.len() / 2', 'self.changes < 100 * self.hosts.len()', 'hosts are remembered without end'],
  ['addresses.rs', 'v6.ip().is_unicast_link_local()))', 'v6.ip().is_loopback()))', 'an interface that is made anew keeps its old number'],
  ['addresses.rs', 'ip if ip.is_multicast() => Err("it is a multicast address"),', '', 'multicast addresses are sent to'],
  ['addresses.rs', 'addresses.sort_by_key(SocketAddr::is_ipv6);', '', 'IPv6 may come first'],
  ['error.rs', '| Self::NoServer\n            | Self::Server { .. } => true,', '| Self::NoServer => true,\n            Self::Server { .. } => false,', 'a name server that fails is not asked again'],
  ['error.rs', 'is_some_and(|code| PASSING.contains(&code))', 'is_some()', 'an application’s refusal is asked for again and again']
]
