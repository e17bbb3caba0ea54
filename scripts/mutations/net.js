// Faults in sockets, proxies and threads that the tests of Rust must notice, each in one line of src/net: [file, text as it
// stands there once, text instead, what breaks]. Those of look-ups are in names.js.
'use strict'

// prettier-ignore
module.exports = [
  // What leaves, and by what.
  ['path/socket.rs', 'if !self.is_current() {', 'if false {', 'a datagram leaves by what has only the name of the way out'],
  ['path/socket.rs', 'Err(error) if error.kind() != io::ErrorKind::WouldBlock => self.try_send(to, datagrams, length),', '', 'a closed port costs another address a datagram'],
  ['path/socket.rs', 'SockRef::from(&*self.socket).connect(&address.into())?;', '', 'a name server’s answer is taken from anybody'],
  ['path/outbox.rs', 'Err(error) if count > 1 && error.kind() != io::ErrorKind::WouldBlock =>', 'Err(error) if count > 1000 && error.kind() != io::ErrorKind::WouldBlock =>', 'a system that takes no runs is sent nothing'],
  ['path/outbox.rs', 'count > 1 && error.kind() != io::ErrorKind::WouldBlock', 'count > 1', 'a full socket is sent one more at a time'],
  ['path/outbox.rs', 'transmit.to == *to && ', '', 'datagrams leave to another tracker'],
  ['path/outbox.rs', ' && transmit.port == *port', ' ', 'datagrams leave by another port'],
  ['path/outbox.rs', ' && range.len() == length', ' ', 'datagrams of two lengths are cut wrong'],
  ['path/outbox.rs', '.min(LONGEST_RUN / length.max(1))', '', 'a run is longer than a datagram may be'],
  ['path/sockets.rs', 'client.set_receive_buffer(socket.receive_buffer());', '', 'the receive buffer is never told to the client'],
  ['path/sockets.rs', 'self.family == family && self.port == port && ', 'self.family == family && ', 'a fresh port is the old one'],
  ['path/sockets.rs', 'client.has_port(open.port) && ', '', 'sockets of ports that nobody needs stay'],
  ['path/sockets.rs', ' && open.peer.is_none_or(|peer| client.is_pinging(peer))', '', 'the socket of a ping stays'],
  ['path/sockets.rs', 'if self.connects && is_ping {', 'if false {', 'a ping has no socket of its own where only that is told of a closed port'],
  ['path/sockets.rs', 'connected.clone().count() < MOST_CONNECTED', 'true', 'pings take every descriptor'],
  ['path/sockets.rs', 'if checked.is_err() || !socket.is_current() {', 'if false {', 'a relay is used although the way to it is gone'],
  ['path/sockets.rs', '        checked\n    }', '        checked.or(Ok(()))\n    }', 'the check of a relay is always true'],
  ['path/sockets.rs', 'error.kind() == STALE || ', '', 'a socket that is not what the transport names stays'],
  ['path/sockets.rs', '(self.transport.is_bound() && is_ours)', 'false', 'a way out that is made anew is not found'],
  ['path/sockets.rs', ' && to.port() > 0 && ', ' && ', 'a port that nobody can have makes a socket anew each time'],
  ['path/sockets.rs', '(to.port() == 0, told', '(true, told', 'a black hole among the routes ends a request'],
  ['path/sockets.rs', 'let chosen = self.transport.is_bound() && !is_passing(error);', 'let chosen = false;', 'a way out that is gone is waited for'],
  ['path/sockets.rs', '&& self.is_broadcast(to.ip())', '', 'a firewall ends a request'],
  ['path/sockets.rs', 'network::source(family).is_none() && ', '', 'a network that is down for a moment ends a request'],
  ['path/sockets.rs', 'self.unrouted = Some(family);', '', 'what waits does not hear that its family is lacking'],
  ['path/error_queue.rs', 'ConnectionRefused | ConnectionReset => Some(Unreachable::Port),', 'ConnectionRefused | ConnectionReset => None,', 'a closed port is waited for'],
  ['path/mod.rs', 'if let Err(error) = self.check(now, start.family) {', 'if let Err(error) = Ok::<(), TransportError>(()) {', 'names are asked for while the way out is not there'],

  // A proxy.
  ['proxy/hosts.rs', '(connected.is_none() || *connected == Some(*address)).then_some(to)', 'Some(to)', 'an answer from any address counts for a proxied name'],
  ['proxy/hosts.rs', 'if Family::of(address) != family {', 'if false {', 'an answer of the other family counts for a proxied name'],
  ['proxy/hosts.rs', 'self.sent.retain(|_, (other, is_connect)| !*is_connect || *other != to);', '', 'a late connect moves a host'],
  ['proxy/hosts.rs', 'if is_connect && datagram.get(..4) == Some(&[0; 4]) {', 'if is_connect {', 'an error moves a host'],
  ['proxy/hosts.rs', 'if is_connect && datagram.get(..4) == Some(&[0; 4]) {', 'if datagram.get(..4) == Some(&[0; 4]) {', 'an answer to something else moves a host'],
  ['proxy/hosts.rs', 'Some(address) if !is_connect => Target::Ip(address),', 'Some(address) => Target::Ip(address),', 'a proxied name is never resolved again'],
  ['proxy/hosts.rs', 'self.order.pop_front().map(|oldest| self.sent.remove(&oldest));', 'self.order.pop_front();', 'datagrams to a relay are remembered for ever'],
  ['proxy/hosts.rs', 'self.hosts.retain(|_, host| now.saturating_duration_since(host.used) < NAME_KEPT);', '', 'proxied names are remembered for ever'],
  ['proxy/mod.rs', 'if canonical(from) == canonical(*relay)\n                && let', 'if let', 'anybody may pose as the relay'],
  ['proxy/mod.rs', 'SockRef::from(&control).set_tcp_keepalive(&keepalive)?;', '', 'a proxy that is gone without a word is never noticed'],
  ['proxy/mod.rs', 'Ok(0) | Err(_) => {\n                            self.state = State::Idle;\n                            return Poll::Ready(Change::Lost);', 'Ok(0) | Err(_) => {\n                            return Poll::Pending;', 'a proxy that hangs up is not noticed'],

  // The machine's network, turns and threads.
  ['network.rs', 'LOOKED_AT_EVERY: Duration = Duration::from_secs(10)', 'LOOKED_AT_EVERY: Duration = Duration::from_secs(1000)', 'another network is noticed late'],
  ['network.rs', 'if pending == 0 || has_come {\n            self.quiet_since = None;', 'if pending == 0 {\n            self.quiet_since = None;', 'a descriptor is kept while answers come'],
  ['network.rs', '(false, true) => Some(Change::Up),', '(false, true) => None,', 'a network that comes up is not used'],
  ['network.rs', '(true, _) => Some(Change::Moved),', '(true, _) => Some(Change::Up),', 'what was good in another network is good in this one'],
  ['turns.rs', 'const COMMANDS_A_TURN: usize = 256;', 'const COMMANDS_A_TURN: usize = 256_000;', 'a session with many commands holds up the others'],
  ['turns.rs', 'self.waiting.remove(&session);\n        }\n        if !self', '}\n        if !self', 'a session that closes waits for its commands']
]
