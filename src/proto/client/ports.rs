//! The local ports that the client's datagrams leave by; see [`Ports`](super::super::port::Ports).

use super::{
    super::{
        port::{Port, READ_FOR},
        time::Instant,
    },
    Client, Decision,
};

impl Client {
    /// All datagrams leave by one place, whatever port is named: a relay. A fresh port, which is then a new relay, is worth
    /// it only when nobody at all is heard.
    pub fn share_ports(&mut self) {
        self.ports.share();
    }

    /// The port that everybody is asked from who has not been answered by a later one.
    pub fn port(&self) -> Port {
        self.ports.home()
    }

    /// Whether answers by this port are still waited for. What is not open any more is closed.
    pub fn has_port(&self, port: Port) -> bool {
        self.ports.is_open(port)
    }

    /// The machine's addresses or routes have changed: all go to a fresh port and connect anew, and what waits is sent at
    /// once. Connection IDs are bound to the address that they were given to.
    pub fn handle_network_change(&mut self, now: Instant) {
        let before = self.ports.home();
        self.ports.move_home(now);
        self.leave_old_ports();
        if self.ports.home() != before {
            let asked = self.trackers.iter().filter(|(_, tracker)| tracker.requests > 0);
            for tracker_key in asked.map(|(key, _)| key).collect::<Vec<_>>() {
                self.decide(Decision::FreshPort, tracker_key);
            }
        }
        self.handle_network_up(now);
    }

    /// Something may have become reachable: what waits is sent at once.
    pub fn handle_network_up(&mut self, now: Instant) {
        let keys: Vec<usize> = self.trackers.iter().map(|(tracker_key, _)| tracker_key).collect();
        for tracker_key in keys {
            if let Some(tracker) = self.trackers.get_mut(tracker_key) {
                tracker.silence.on_replaced();
                tracker.connection.hurry(now);
                tracker.unsendable_until = None;
            }
            self.look_for_losses(now, tracker_key);
            self.mark_ready(now, tracker_key);
            self.set_tracker_deadline(now, tracker_key);
        }
    }

    /// The connect of an address was answered by a port.
    pub(super) fn settle(&mut self, tracker_key: usize, port: Port) {
        let Self { trackers, ports, .. } = self;
        let Some(tracker) = trackers.get_mut(tracker_key) else { return };
        if !ports.on_connected(&mut tracker.port, port) {
            return;
        }
        let home = ports.home();
        let (mut gone, mut staying) = (0, 0);
        for (key, tracker) in trackers.iter() {
            match tracker.port.answered() {
                Some(port) if port > home || (key != tracker_key && tracker.silence.is_silent()) => gone += 1,
                Some(_) => staying += 1,
                None => {}
            }
        }
        self.ports.follow(port, gone, staying);
    }

    /// Connection IDs that came by a port that is not used any more are not used either.
    fn leave_old_ports(&mut self) {
        let home = self.ports.home();
        for (_, tracker) in &mut self.trackers {
            if tracker.port.connected() < home
                && let Some(id) = tracker.connection.established().map(|established| established.id)
            {
                tracker.connection.forget(id);
            }
        }
    }

    /// Closes ports that nobody needs.
    pub(super) fn tidy_ports(&mut self, now: Instant) {
        if !self.ports.is_untidy(now) {
            return;
        }
        let awake = self.awake(now);
        let (mut settled, mut waiting) = (Vec::new(), Vec::new());
        for (_, tracker) in &self.trackers {
            if tracker.requests > 0 || tracker.connection.id(awake).is_some() {
                settled.extend(tracker.port.answered());
            }
            for sent in tracker.flight.iter() {
                if now < sent.time_sent + READ_FOR && !waiting.contains(&sent.port) {
                    waiting.push(sent.port);
                }
            }
        }
        self.ports.tidy(&settled, &waiting);
    }
}
