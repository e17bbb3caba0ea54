// Faults in what stands between commands and the protocol that the tests of Rust must notice, each in one line of src/requests:
// [file, text as it stands there once, text instead, what breaks]. Those of hosts are in hosts.js.
'use strict'

// prettier-ignore
module.exports = [
  ['path.rs', 'const KEPT: Duration = Duration::from_secs(120);', 'const KEPT: Duration = Duration::from_secs(1);', 'a path closes while its connection IDs are good'],
  ['path.rs', '!self.is_default() && self.pending() == 0 && self.failed.is_empty() && now >= self.last_used + KEPT', 'false', 'paths never close'],
  ['path.rs', '!self.is_default() && self.pending() == 0 && self.failed', 'self.pending() == 0 && self.failed', 'the default path closes'],
  ['path.rs', '(!self.is_default() && self.pending() == 0).then(|| self.last_used + KEPT)', 'None', 'nobody wakes to close a path'],
  ['path.rs', 'self.client.handle_cancel_all(now, |id| session_of(id) == session);', '', 'a session that closes cancels nothing'],
  ['path.rs', 'for id in self.resolver.waiting_of(session) {', 'for id in Vec::<RequestId>::new() {', 'a session that closes waits for its look-ups'],
  ['path.rs', 'Some((host, Some(error))) => self.failed.push((id, Failure::Resolve { host, error })),', 'Some((_, Some(_))) => self.failed.push((id, Failure::Unreadable)),', 'why a look-up failed is not told'],
  ['path.rs', 'self.failed.extend(ids.into_inner().into_iter().map(|id| (id, failure.clone())));', '', 'requests by a proxy that is gone never settle'],
  ['path.rs', 'self.silence_at = Some(now + LOOKS);', '', 'a host that moves is never looked up again'],
  ['paths.rs', 'Arc::ptr_eq(known, &transport) || *known == transport', 'Arc::ptr_eq(known, &transport)', 'equal transports share nothing'],
  ['paths.rs', 'if self.paths.len() > MOST =>', 'if self.paths.len() > 100 * MOST =>', 'any number of transports have sockets'],
  ['paths.rs', '.skip(1).position(|path| path.pending() == 0)', '.skip(1).position(|_| true)', 'a transport in use gives way to another'],
  ['paths.rs', 'self.close(idle + 1);', 'self.close(idle);', 'another path is closed than that which is idle'],
  ['paths.rs', 'add(&mut self.past, path.requests().counters());', '', 'counters of closed paths are lost'],
  ['paths.rs', 'self.closed.push(path);', '', 'what a path has left to tell goes with it'],
  ['paths.rs', 'if suspended > LEAST_SUSPEND {', 'if false {', 'a suspend is not noticed'],
  ['paths.rs', 'const LEAST_SUSPEND: Duration = Duration::from_secs(1);', 'const LEAST_SUSPEND: Duration = Duration::from_secs(60);', 'half a minute of suspend is not noticed'],
  ['paths.rs', 'self.each(|requests| requests.client.handle_suspend(suspended));', '', 'a suspend does not age connection IDs'],
  ['paths.rs', '            self.handle_network_change(now, Change::Moved);\n        }', '        }', 'a suspend changes no port'],
  ['paths.rs', 'self.tracing = wanted;', '', 'a transport that comes later is not traced'],
  ['sessions.rs', 'Origin::Request(id) => session_of(id) == *session,', 'Origin::Request(_) => true,', 'a session is told of others’ datagrams'],
  ['sessions.rs', 'self.tracing.remove(&session);\n        self.sinks', 'self.sinks', 'traces go on for a session that has closed']
]
