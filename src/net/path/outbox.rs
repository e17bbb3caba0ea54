//! Datagrams on their way out: taken from the client in batches, sent in runs of equal size to one address.

use std::{
    io,
    ops::Range,
    sync::atomic::{AtomicU64, Ordering},
};

use crate::proto::{Client, Family, SendFailure, SystemError, Transmit};

use super::{super::clock, sockets::Sockets};

/// How many datagrams are taken from the client at once.
const BATCH: usize = 64;
/// The most bytes one run may have: what the largest UDP datagram has.
const LONGEST_RUN: usize = 65_000;

#[derive(Default)]
pub(crate) struct Outbox {
    bytes: Vec<u8>,
    datagrams: Vec<(Transmit, Range<usize>)>,
    /// How many of `datagrams` have been sent.
    sent: usize,
}

impl Outbox {
    /// Sends all the client has to send. `Err` holds the datagram whose socket took no more for now.
    pub(crate) fn send(
        &mut self,
        client: &mut Client,
        sockets: &mut Sockets,
        errors: &AtomicU64,
    ) -> Result<(), Transmit> {
        // Whether the last socket was closed because it was stale.
        let mut is_anew = false;
        loop {
            if self.sent == self.datagrams.len() && !self.refill(client, sockets) {
                return Ok(());
            }
            while let Some(&(transmit, _)) = self.datagrams.get(self.sent) {
                let Transmit { to, port, .. } = transmit;
                let (count, failure) = match sockets.get(client, transmit) {
                    // Without a socket nothing is sent, now or later: only asking again can help. Another port is tried for
                    // its own sake, and the one there is goes on.
                    Err(error) => {
                        let error = SystemError { code: error.cause_code(), words: error.to_string().into() };
                        (1, (!sockets.has_other(Family::of(&to), port), error))
                    }
                    Ok((socket, by)) => {
                        match self.send_run(socket.longest_run(), |bytes, length| socket.send(by, bytes, length)) {
                            (count, Ok(())) => {
                                self.sent += count;
                                is_anew = false;
                                continue;
                            }
                            (_, Err(error)) if !is_anew && sockets.is_stale(to, &error) => {
                                is_anew = true;
                                sockets.close(port, to);
                                continue;
                            }
                            (_, Err(error)) if error.kind() == io::ErrorKind::WouldBlock => return Err(transmit),
                            (count, Err(error)) => (count, sockets.judge(to, &error)),
                        }
                    }
                };
                is_anew = false;
                errors.fetch_add(count as u64, Ordering::Relaxed);
                for _ in 0..count {
                    self.give_up(client, &failure);
                }
            }
        }
    }

    fn refill(&mut self, client: &mut Client, sockets: &mut Sockets) -> bool {
        self.bytes.clear();
        self.datagrams.clear();
        self.sent = 0;
        // What is timed goes out before anything else is taken.
        let (now, mut is_timed) = (clock::now(), false);
        while self.datagrams.len() < BATCH && !is_timed {
            let start = self.bytes.len();
            let Some(transmit) = client.poll_transmit(now, &mut self.bytes) else { break };
            if let Some(relay) = &mut sockets.relay {
                relay.wrap(now, &mut self.bytes, start, transmit.to, client.pending());
            }
            is_timed = transmit.is_timed;
            self.datagrams.push((transmit, start..self.bytes.len()));
        }
        !self.datagrams.is_empty()
    }

    /// Sends the next datagram and those behind it that can go with it, by a socket that takes so many at once; how many these
    /// are, and what came of it.
    fn send_run(&self, longest: usize, send: impl Fn(&[u8], usize) -> io::Result<()>) -> (usize, io::Result<()>) {
        let rest = self.datagrams.get(self.sent..).unwrap_or_default();
        let Some((Transmit { to, port, .. }, first)) = rest.first() else { return (0, Ok(())) };
        let length = first.len();
        let most = longest.min(LONGEST_RUN / length.max(1)).max(1);
        let alike = |(transmit, range): &&(Transmit, Range<usize>)| {
            transmit.to == *to && transmit.port == *port && range.len() == length
        };
        let count = rest.iter().take(most).take_while(alike).count().max(1);
        let bytes = |count: usize| self.bytes.get(first.start..first.start + count * length).unwrap_or_default();
        match send(bytes(count), length) {
            // The system may not support runs after all, or may refuse one datagram of this run: send them one at a time.
            Err(error) if count > 1 && error.kind() != io::ErrorKind::WouldBlock => (1, send(bytes(1), length)),
            result => (count, result),
        }
    }

    fn give_up(&mut self, client: &mut Client, (is_lasting, error): &(bool, SystemError)) {
        if let Some(&(transmit, _)) = self.datagrams.get(self.sent) {
            let failure = if *is_lasting { SendFailure::Lasting(error) } else { SendFailure::Passing(error) };
            client.handle_send_failure(clock::now(), transmit, failure);
            self.sent += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;

    use super::*;
    use crate::proto::{Origin, Port, RequestId};

    /// Datagrams by where they go, by which port, and what is in them.
    fn outbox(datagrams: &[(u16, Port, &[u8])]) -> Outbox {
        let mut outbox = Outbox::default();
        for (number, (to, port, bytes)) in datagrams.iter().enumerate() {
            let start = outbox.bytes.len();
            outbox.bytes.extend_from_slice(bytes);
            let (to, origin) = (([127, 0, 0, 1], *to).into(), Origin::Request(RequestId(number as u64)));
            let transmit = Transmit { to, port: *port, origin, is_timed: false, is_ping: false };
            outbox.datagrams.push((transmit, start..outbox.bytes.len()));
        }
        outbox
    }

    /// What leaves at once of these datagrams.
    fn run(datagrams: &[(u16, Port, &[u8])], longest: usize) -> Vec<u8> {
        let left = RefCell::new(Vec::new());
        let (count, result) = outbox(datagrams).send_run(longest, |bytes, length| {
            assert_eq!(bytes.len() % length, 0);
            left.borrow_mut().extend_from_slice(bytes);
            Ok(())
        });
        assert!(result.is_ok() && count > 0);
        left.into_inner()
    }

    #[test]
    fn what_is_of_one_length_to_one_address_by_one_port_leaves_together() {
        let here = Port::default();
        assert_eq!(run(&[(1, here, b"aa"), (1, here, b"bb"), (1, here, b"cc")], 64), b"aabbcc");
        assert_eq!(run(&[(1, here, b"aa"), (1, here, b"bb"), (1, here, b"cc")], 2), b"aabb");
        assert_eq!(run(&[(1, here, b"aa"), (2, here, b"bb")], 64), b"aa");
        assert_eq!(run(&[(1, here, b"aa"), (1, Port(1), b"bb")], 64), b"aa");
        assert_eq!(run(&[(1, here, b"aa"), (1, here, b"b"), (1, here, b"cc")], 64), b"aa");
        let long = vec![0; LONGEST_RUN / 2];
        let all = run(&[(1, here, &long), (1, here, &long), (1, here, &long)], 64);
        assert_eq!(all.len(), LONGEST_RUN);
    }

    #[test]
    fn a_run_that_the_system_does_not_take_leaves_one_at_a_time() {
        let here = Port::default();
        let outbox = outbox(&[(1, here, b"aa"), (1, here, b"bb")]);
        let one_at_a_time = |bytes: &[u8], length: usize| match bytes.len() / length {
            1 => Ok(()),
            _ => Err(io::ErrorKind::InvalidInput.into()),
        };
        assert!(matches!(outbox.send_run(64, one_at_a_time), (1, Ok(()))));
        let (count, result) = outbox.send_run(64, |_, _| Err(io::ErrorKind::WouldBlock.into()));
        assert_eq!((count, result.unwrap_err().kind()), (2, io::ErrorKind::WouldBlock), "later, both of them");
    }
}
