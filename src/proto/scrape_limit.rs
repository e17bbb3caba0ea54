//! How many info-hashes of a scrape a tracker answers at once. Fewer rows than were asked for say so, but for once they may
//! be a glitch: so after answers that are full it is asked for more again, twice as much each time. Each time that this was
//! in vain, it takes twice as many full answers until the next.

use super::packet::MAX_SCRAPE_HASHES;

/// How many full answers it takes until more is asked for, at first and at most.
const FEWEST: u32 = 4;
const MOST: u32 = 64;

/// The limit of one address.
#[derive(Debug)]
pub(crate) struct ScrapeLimit {
    limit: usize,
    /// How many full answers have come at this limit, and how many it takes until more is asked for.
    full: u32,
    patience: u32,
}

impl Default for ScrapeLimit {
    fn default() -> Self {
        Self { limit: MAX_SCRAPE_HASHES, full: 0, patience: FEWEST }
    }
}

impl ScrapeLimit {
    /// How many info-hashes may be asked for in the next datagram.
    pub(crate) fn next(&mut self) -> usize {
        if self.full < self.patience {
            return self.limit;
        }
        // One datagram tries it: others that are sent before its answer comes ask for what is known to be answered.
        self.full = 0;
        (2 * self.limit).min(MAX_SCRAPE_HASHES)
    }

    /// `asked` info-hashes were answered with so many rows.
    pub(crate) fn on_answered(&mut self, asked: usize, rows: usize) {
        if rows < asked {
            if asked > self.limit {
                self.patience = (2 * self.patience).min(MOST);
            }
            self.limit = rows.max(1);
            self.full = 0;
        } else if rows > self.limit {
            self.limit = rows;
            self.patience = 1;
            self.full = 1;
        } else if rows == self.limit {
            self.full = self.full.saturating_add(1);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Datagrams for so many hashes at a tracker that answers `most` of them at once, and those that asked in vain.
    fn datagrams(limit: &mut ScrapeLimit, mut hashes: usize, most: usize) -> (u32, u32) {
        let (mut count, mut in_vain) = (0, 0);
        while hashes > 0 {
            let asked = limit.next().min(hashes);
            let rows = asked.min(most);
            limit.on_answered(asked, rows);
            hashes -= rows;
            count += 1;
            in_vain += u32::from(rows < asked);
        }
        (count, in_vain)
    }

    #[test]
    fn one_glitch_costs_a_few_datagrams() {
        let mut limit = ScrapeLimit::default();
        limit.on_answered(60, 1);
        let (count, _) = datagrams(&mut limit, 6000, 60);
        assert!(count <= 110, "{count} datagrams");
        assert_eq!(datagrams(&mut limit, 6000, 60), (100, 0));
    }

    #[test]
    fn a_small_limit_is_hardly_tried_again() {
        for most in [1, 7, 20, 50] {
            let mut limit = ScrapeLimit::default();
            let (count, in_vain) = datagrams(&mut limit, 1000 * most, most);
            assert_eq!(count, 1000);
            assert!(in_vain <= 25, "{in_vain} of {count} in vain at {most}");
        }
    }

    #[test]
    fn a_limit_that_rises_is_found() {
        let mut limit = ScrapeLimit::default();
        datagrams(&mut limit, 5000, 10);
        let (count, _) = datagrams(&mut limit, 6000, 60);
        assert!(count <= 100 + 64 + 6, "{count} datagrams");
    }
}
