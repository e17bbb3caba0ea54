#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| bittorrent_udp_tracker_fuzz::calls::run(data));
