//! What became of every datagram: by direction, by kind, by fate.

/// The way a datagram goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Direction {
    /// From the client to the tracker.
    Up,
    /// From the tracker to the client.
    Down,
}

/// What the network did with a datagram.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fate {
    Forwarded,
    /// By chance.
    Lost,
    /// It came while the network was out.
    Outage,
    /// The bottleneck's queue was full, or too many datagrams were on their way.
    Full,
    /// One of the first connects, or sent to a dead address.
    Dropped,
}

const DIRECTIONS: [&str; 2] = ["up", "down"];
/// In the order of their actions (BEP 15).
const KINDS: [&str; 5] = ["connect", "announce", "scrape", "error", "other"];
const FATES: [&str; 5] = ["forwarded", "lost", "outage", "full", "dropped"];

#[derive(Clone, Debug, Default)]
pub(crate) struct Counts([[[u64; FATES.len()]; KINDS.len()]; DIRECTIONS.len()]);

impl Counts {
    pub(crate) fn add(&mut self, direction: Direction, datagram: &[u8], fate: Fate) {
        self.0[direction as usize][kind(direction, datagram)][fate as usize] += 1;
    }

    /// Of all kinds.
    #[allow(dead_code, reason = "for the tests")]
    pub(crate) fn of(&self, direction: Direction, fate: Fate) -> u64 {
        self.0[direction as usize].iter().map(|fates| fates[fate as usize]).sum()
    }

    /// `"up":{"connect":{"forwarded":1,…},…},"down":{…}`
    pub(crate) fn json(&self) -> String {
        object(&DIRECTIONS, &self.0, |kinds| {
            format!("{{{}}}", object(&KINDS, kinds, |fates| format!("{{{}}}", object(&FATES, fates, u64::to_string))))
        })
    }
}

/// The members of a JSON object.
fn object<T>(names: &[&str], values: &[T], text: impl Fn(&T) -> String) -> String {
    let members: Vec<_> =
        names.iter().zip(values).map(|(name, value)| format!(r#""{name}":{}"#, text(value))).collect();
    members.join(",")
}

/// The place in `KINDS`. The action stands behind the connection ID in a request, and first in an answer.
fn kind(direction: Direction, datagram: &[u8]) -> usize {
    let at = match direction {
        Direction::Up => 8,
        Direction::Down => 0,
    };
    let action = datagram.get(at..at + 4).and_then(|bytes| bytes.try_into().ok()).map(u32::from_be_bytes);
    let other = KINDS.len() - 1;
    action.map_or(other, |action| (action as usize).min(other))
}

/// Whether a datagram of a client is a connect.
pub(crate) fn is_connect(datagram: &[u8]) -> bool {
    datagram.len() >= 16 && kind(Direction::Up, datagram) == 0
}
