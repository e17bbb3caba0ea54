//! The requests that wait at one address. Sessions take turns: one with 20,000 announces does not hold up another's.

use std::collections::VecDeque;

/// Entries of requests that have gone are cleared out when they are more than the others, and this many.
const SLACK: usize = 64;

/// Which of a session's requests go first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Lane {
    /// What its own schedule has sent again: it waits for nobody's room.
    Scheduled,
    /// `stopped` announces: their application is about to end.
    Stopped,
    /// The newcomer that waits for nobody's room.
    First,
    /// What has been sent and is to be sent again.
    Repeated,
    New,
}

/// What is sent as long as there is room.
pub(crate) const LANES: [Lane; 5] = [Lane::Scheduled, Lane::Stopped, Lane::First, Lane::Repeated, Lane::New];
/// The same with what is new before what is repeated.
pub(crate) const NEW_FIRST: [Lane; 5] = [Lane::Scheduled, Lane::Stopped, Lane::First, Lane::New, Lane::Repeated];

/// A request in a queue. It is in there only as long as its ticket is the request's latest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Ticket {
    /// The request's slot in the client's table.
    pub(crate) key: usize,
    pub(crate) number: u64,
}

#[derive(Debug, Default)]
struct Session {
    id: u32,
    lanes: [VecDeque<Ticket>; LANES.len()],
}

/// See the [module](self).
#[derive(Debug, Default)]
pub(crate) struct Queue {
    /// The next to take its turn comes first.
    sessions: VecDeque<Session>,
    /// How many tickets are valid.
    len: usize,
}

impl Queue {
    pub(crate) fn is_empty(&self) -> bool {
        self.len == 0
    }

    pub(crate) fn push(&mut self, session: u32, lane: Lane, ticket: Ticket) {
        let place = self.sessions.iter().position(|other| other.id == session).unwrap_or_else(|| {
            self.sessions.push_back(Session { id: session, ..Session::default() });
            self.sessions.len() - 1
        });
        if let Some(session) = self.sessions.get_mut(place) {
            session.lanes[lane as usize].push_back(ticket);
            self.len += 1;
        }
    }

    /// A ticket is no longer valid; `is_valid` tells which are.
    pub(crate) fn on_removed(&mut self, is_valid: impl Fn(&Ticket) -> bool) {
        self.len -= 1;
        let entries: usize = self.sessions.iter().flat_map(|session| &session.lanes).map(VecDeque::len).sum();
        if entries > SLACK + 2 * self.len {
            for lane in self.sessions.iter_mut().flat_map(|session| &mut session.lanes) {
                lane.retain(&is_valid);
                lane.shrink_to_fit();
            }
        }
    }

    /// The next request of the session whose turn it is, of `lanes` in this order. It leaves the queue.
    pub(crate) fn pop(&mut self, lanes: &[Lane], is_valid: impl Fn(&Ticket) -> bool) -> Option<(Lane, Ticket)> {
        for _ in 0..self.sessions.len() {
            let mut session = self.sessions.pop_front()?;
            let mut next = None;
            for lane in lanes {
                while next.is_none()
                    && let Some(ticket) = session.lanes[*lane as usize].pop_front()
                {
                    next = Some((*lane, ticket)).filter(|(_, ticket)| is_valid(ticket));
                }
            }
            // The last one stays, so that a queue of one request now and then allocates nothing.
            if self.sessions.is_empty() || session.lanes.iter().any(|lane| !lane.is_empty()) {
                self.sessions.push_back(session);
            }
            if next.is_some() {
                self.len -= 1;
                return next;
            }
        }
        None
    }

    /// Every valid ticket.
    pub(crate) fn tickets(&self, is_valid: impl Fn(&Ticket) -> bool) -> Vec<Ticket> {
        let lanes = self.sessions.iter().flat_map(|session| &session.lanes);
        lanes.flatten().copied().filter(|ticket| is_valid(ticket)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pop(queue: &mut Queue) -> Option<usize> {
        queue.pop(&LANES, |_| true).map(|(_, ticket)| ticket.key)
    }

    fn push(queue: &mut Queue, session: u32, lane: Lane, key: usize) {
        queue.push(session, lane, Ticket { key, number: key as u64 });
    }

    #[test]
    fn sessions_take_turns_and_requests_of_one_keep_their_order() {
        let mut queue = Queue::default();
        for key in 0..4 {
            push(&mut queue, 1, Lane::New, key);
        }
        push(&mut queue, 2, Lane::New, 10);
        push(&mut queue, 2, Lane::New, 11);
        let order: Vec<_> = std::iter::from_fn(|| pop(&mut queue)).collect();
        assert_eq!(order, [0, 10, 1, 11, 2, 3]);
        assert!(queue.is_empty());
    }

    #[test]
    fn a_session_without_requests_takes_no_turn() {
        let mut queue = Queue::default();
        for session in 0..10 {
            push(&mut queue, session, Lane::New, session as usize);
        }
        while pop(&mut queue).is_some() {}
        assert!(queue.sessions.len() <= 1);
    }

    #[test]
    fn stopped_goes_before_what_is_repeated_and_that_before_what_is_new() {
        let mut queue = Queue::default();
        for (key, lane) in [Lane::New, Lane::Repeated, Lane::Stopped].into_iter().enumerate() {
            push(&mut queue, 1, lane, key);
        }
        assert_eq!([pop(&mut queue), pop(&mut queue), pop(&mut queue)], [Some(2), Some(1), Some(0)]);
        push(&mut queue, 1, Lane::Repeated, 0);
        push(&mut queue, 1, Lane::New, 1);
        assert_eq!(queue.pop(&NEW_FIRST, |_| true).map(|(_, ticket)| ticket.key), Some(1));
        assert_eq!(queue.pop(&[Lane::Scheduled], |_| true), None);
    }

    #[test]
    #[cfg_attr(miri, ignore = "goes through a thousand, a thousand times")]
    fn tickets_that_are_not_valid_any_more_are_passed_over() {
        let mut queue = Queue::default();
        for key in 0..1000 {
            push(&mut queue, 1, Lane::New, key);
        }
        for gone in 0..999 {
            queue.on_removed(|ticket| ticket.key > gone);
        }
        assert_eq!(queue.tickets(|ticket| ticket.key == 999).len(), 1);
        assert!(queue.sessions[0].lanes[Lane::New as usize].len() <= SLACK + 2);
        assert_eq!(queue.pop(&LANES, |ticket| ticket.key == 999).map(|(_, ticket)| ticket.key), Some(999));
        assert!(queue.is_empty());
        assert_eq!(pop(&mut queue), None);
    }
}
