//! Tables by what their keys are: chosen by somebody outside, or by nobody.

use std::{
    collections::{HashMap, HashSet},
    hash::{BuildHasherDefault, Hasher},
};

#[cfg(not(target_arch = "wasm32"))]
use std::hash::RandomState as Seeded;

#[cfg(target_arch = "wasm32")]
pub use seeded::{Seeded, seed};

/// A map keyed by what comes from torrents and trackers: without the process's seed nobody can choose keys that collide.
pub type Map<K, V> = HashMap<K, V, Seeded>;

/// The set of such keys.
pub type Set<K> = HashSet<K, Seeded>;

/// There the standard library takes the keys of its hasher from addresses, which are the same in every process.
#[cfg(target_arch = "wasm32")]
mod seeded {
    use std::{
        cell::Cell,
        hash::{BuildHasher, DefaultHasher, Hasher},
    };

    thread_local!(static SEED: Cell<u128> = const { Cell::new(0) });

    /// Seeds the tables that are made from now on.
    pub fn seed(seed: u128) {
        SEED.set(seed);
    }

    /// SipHash of the seed and what is hashed.
    #[derive(Clone, Copy, Debug)]
    pub struct Seeded(u128);

    impl Default for Seeded {
        fn default() -> Self {
            Self(SEED.get())
        }
    }

    impl BuildHasher for Seeded {
        type Hasher = DefaultHasher;

        fn build_hasher(&self) -> DefaultHasher {
            let mut hasher = DefaultHasher::new();
            hasher.write_u128(self.0);
            hasher
        }
    }
}

/// A map keyed by numbers this process made itself: transaction IDs from the random generator, request numbers from a
/// counter. An attacker cannot pick them to collide, so one multiplication spreads them well enough.
pub(crate) type NumberMap<K, V> = HashMap<K, V, BuildHasherDefault<NumberHasher>>;

#[derive(Default)]
pub(crate) struct NumberHasher(u64);

impl Hasher for NumberHasher {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for &byte in bytes {
            self.write_u64(u64::from(byte));
        }
    }

    fn write_u32(&mut self, number: u32) {
        self.write_u64(u64::from(number));
    }

    fn write_u64(&mut self, number: u64) {
        // 2^64 / golden ratio; the rotation brings the mixed high bits to where the table takes its index from.
        self.0 = (self.0 ^ number).wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(26);
    }
}
