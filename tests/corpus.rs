//! The fuzz targets on the stable compiler: the corpus that is committed with them, and random bytes.
//!
//! `fuzz/src/` says what has to hold; `npm run fuzz` lets libFuzzer look for bytes with which it does not.

#![allow(clippy::expect_used)]

use std::path::Path;

use proptest::{collection::vec, prelude::*};

#[path = "../fuzz/src/lib.rs"]
mod fuzz;

// As in `fuzz/src/lib.rs`: what is taken in by path looks for the crate's modules here.
use bittorrent_udp_tracker::{proto, requests};

/// Miri takes a thousand times as long.
const CASES: u32 = if cfg!(miri) { 2 } else { 256 };
const FILES: usize = if cfg!(miri) { 4 } else { usize::MAX };
const LONGEST: usize = if cfg!(miri) { 150 } else { 4000 };

/// Plays each file of a target's corpus and says which one it was when something does not hold.
fn replay(target: &str, run: fn(&[u8])) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus").join(target);
    let mut files: Vec<_> = folder.read_dir().expect("a corpus").map(|entry| entry.expect("a file").path()).collect();
    files.sort_by_key(|file| (file.metadata().expect("a file").len(), file.clone()));
    assert!(!files.is_empty(), "{} is empty", folder.display());
    for file in files.iter().take(FILES) {
        let named = Named(file);
        run(&std::fs::read(file).expect("a file that can be read"));
        drop(named);
    }
}

struct Named<'a>(&'a Path);

impl Drop for Named<'_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("it was {}", self.0.display());
        }
    }
}

#[test]
fn datagrams_of_the_corpus_do_no_harm() {
    replay("datagrams", fuzz::datagrams::run);
}

#[test]
fn calls_of_the_corpus_end_each_request_once() {
    replay("calls", fuzz::calls::run);
}

#[test]
fn urls_of_the_corpus_are_read_or_refused() {
    replay("url", fuzz::url::run);
}

#[test]
fn commands_of_the_corpus_are_decoded() {
    replay("commands", fuzz::commands::run);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: CASES, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn random_datagrams_do_no_harm(data in vec(any::<u8>(), 0..LONGEST)) {
        fuzz::datagrams::run(&data);
    }

    #[test]
    fn random_calls_end_each_request_once(data in vec(any::<u8>(), 0..LONGEST)) {
        fuzz::calls::run(&data);
    }

    #[test]
    fn random_text_is_no_url_or_reads_the_same_again(text in any::<String>(), tail in "\\PC{0,40}") {
        for text in [text.clone(), format!("udp://{text}"), format!("udp://h{tail}"), format!("udp://h:1/{tail}")] {
            fuzz::url::run(text.as_bytes());
        }
    }

    #[test]
    fn random_commands_are_decoded(data in vec(any::<u8>(), 0..LONGEST)) {
        fuzz::commands::run(&data);
    }
}
