'use strict'

// Faults that the tests of Rust must notice, each in one line of src/proto: [file, text as it stands there once, text
// instead, what breaks]. Each constant and each comparison of the rules of time and loss is among them.

// prettier-ignore
module.exports = [
  // Schedules and round trips.
  ['schedule.rs', 'MAX_SENDS: u32 = 7;', 'MAX_SENDS: u32 = 6;', 'a phase ends early'],
  ['schedule.rs', 'OWN_CLOCK_MS: f64 = 500.0', 'OWN_CLOCK_MS: f64 = 300.0', 'the original’s wire ends at 300 ms'],
  ['schedule.rs', 'timeout_ms < OWN_CLOCK_MS', 'timeout_ms <= OWN_CLOCK_MS', 'the original’s wire at 500 ms as well'],
  ['schedule.rs', '1u32 << n.min(MAX_SENDS)', '1u32 << n', 'the last wait is not held'],
  ['rtt.rs', 'INITIAL_RTO: Duration = Duration::from_secs(1)', 'INITIAL_RTO: Duration = Duration::from_secs(3)', 'a lost first connect costs three seconds'],
  ['rtt.rs', 'SMALLEST_MARGIN: Duration = Duration::from_millis(200)', 'SMALLEST_MARGIN: Duration = Duration::from_millis(20)', 'repetitions that are not needed'],
  ['rtt.rs', 'let deviation = sample / 2;', 'let deviation = sample / 20;', 'the second answer has no time'],
  ['rtt.rs', 'SMALLEST_MARGIN.max(4 * measured.variation)', 'SMALLEST_MARGIN.max(measured.variation)', 'jitter is not waited for'],
  ['rtt.rs', 'measured.smoothed * 7 + sample) / 8', 'measured.smoothed * 127 + sample) / 128', 'the RTO follows a jump late'],
  ['rtt.rs', 'if now >= measured.round_ends {', 'if true {', 'quick answers of a burst hide the slow ones'],
  ['rtt.rs', '(measured.variation - measured.largest) / 4', '(measured.variation - measured.largest) / 400', 'the variation stays for ever'],
  ['rtt.rs', '.max(measured.smoothed * 5 / 4)', '.max(measured.smoothed * 3)', 'a lost request holds its place too long'],
  ['rtt.rs', 'SHORTEST_LOSS_DELAY: Duration = Duration::from_millis(20)', 'SHORTEST_LOSS_DELAY: Duration = Duration::from_millis(2)', 'a tracker next door that is held up gets a second window'],
  ['rtt.rs', '1 << backoff.min(MOST_BACKOFF)', '1 << backoff.min(1)', 'silent addresses are asked for ever'],

  // Connects and connection IDs.
  ['connection.rs', 'LIFETIME: Duration = Duration::from_secs(60)', 'LIFETIME: Duration = Duration::from_secs(61)', 'an ID is used beyond its minute'],
  ['connection.rs', 'awake < established.expires', 'awake <= established.expires', 'an ID is used at its minute’s end'],
  ['connection.rs', 'REPETITIONS: u32 = 4;', 'REPETITIONS: u32 = 0;', 'waits double from the first repetition on'],
  ['connection.rs', 'sends.saturating_sub(REPETITIONS)', 'sends.saturating_sub(REPETITIONS).min(0)', 'waits never double'],
  ['connection.rs', 'established.newest_answered < Some(time_sent)', 'established.newest_answered <= None', 'a dead ID that was answered before is kept'],
  ['connection.rs', '(was_answered || !established.is_replacement)', 'was_answered', 'a dead ID that was never answered is kept'],
  ['connection.rs', 'errors_are_meant: handshake.after_error,', 'errors_are_meant: false,', 'the tracker’s words cause a connect each'],
  ['connection.rs', '        at < now\n', '        at <= now\n', 'a fresh ID counts as one in use'],
  ['client/receive.rs', 'request.reconnected = true;', 'request.reconnected = false;', 'an error is repeated for ever'],
  ['client/receive.rs', 'message.contains("connectionid") || message.contains("cookie")', 'message.contains("connectionid")', 'torrust’s words are not known'],
  ['client/receive.rs', 'self.repeat_lost(now, tracker_key);', '', 'a new ID does not bring the repetitions forward'],
  ['tracker.rs', 'is_second && sent.id_was_used', 'is_second', 'an ID that came for this request is doubted'],
  ['tracker.rs', 'is_second && sent.id_was_used', 'sent.id_was_used', 'one loss makes a connect'],
  ['client/mod.rs', 'self.suspended += suspended;', '', 'a suspend does not age connection IDs'],

  // Hosts that move.
  ['client/hosts.rs', '.all(|runner| runner.failure.is_some() || is_unheard(runner.tracker))', '.all(|runner| is_unheard(runner.tracker))', 'a host that cannot be sent to is never looked up again'],
  ['client/hosts.rs', 'race.upcoming.is_empty() && ', '', 'a host is silent before its last address is asked'],
  ['client/hosts.rs', 'if left.contains(&request.place) {', 'if !left.contains(&request.place) {', 'requests leave the address that answers, and no other'],
  ['client/hosts.rs', 'filter(|place| !self.is_answered(now, *place))', 'filter(|place| self.is_unheard(now, *place))', 'a request that has only just begun stays at the old address'],
  ['client/request.rs', 'canonical(*other) != address', 'self.addresses.len() > 1 && canonical(*other) != address', 'a request stays at a silent address that its host has left'],
  ['client/hosts.rs', 'self.remember_silent(host, place);', '', 'the old addresses are tried before the new ones'],
  ['client/hosts.rs', 'ends.min(deadline)', 'deadline', 'addresses that change give a request more time'],
  ['tracker.rs', 'self.connection.sends() > 1;', 'self.connection.sends() > 5;', 'a host that moved is noticed late'],

  // What is in flight.
  ['congestion.rs', 'INITIAL_WINDOW: f64 = 160.0;', 'INITIAL_WINDOW: f64 = 16.0;', 'a cold tracker takes several round trips'],
  ['congestion.rs', 'const GROWTH: f64 = 0.01;', 'const GROWTH: f64 = 1.0;', 'a narrow path is overrun again and again'],
  ['congestion.rs', 'const BLOCK: u32 = 200;', 'const BLOCK: u32 = 20;', 'chance losses are congestion'],
  ['congestion.rs', 'const CONGESTED: f64 = 0.25;', 'const CONGESTED: f64 = 0.05;', 'a tenth lost closes the window'],
  ['congestion.rs', 'const CONGESTED_BEYOND: f64 = 0.2;', 'const CONGESTED_BEYOND: f64 = 0.0;', 'chance losses of a path that loses much by itself are congestion'],
  ['congestion.rs', 'share > (path + CONGESTED_BEYOND)', 'share > 2.0 + (path + CONGESTED_BEYOND)', 'congestion is never seen'],
  ['congestion.rs', 'const RATE: f64 = 40_000.0;', 'const RATE: f64 = 400.0;', 'a tracker far away gets a window for one next door'],
  ['congestion.rs', 'const OUTAGE: u32 = 20;', 'const OUTAGE: u32 = 2000;', 'an outage closes the window'],
  ['congestion.rs', 'const LEFT: f64 = 0.9;', 'const LEFT: f64 = 0.09;', 'the window is cut to a tenth'],
  ['congestion.rs', 'before.saturating_sub(self.first_block)', '(before + 32).saturating_sub(self.first_block)', 'a path’s own loss is taken from what is not lost yet'],
  ['congestion.rs', 'self.slow_start || self.unfollowed > 0', 'true', 'what was lost is repeated into room that is not there'],
  ['congestion.rs', '1.0 + held * path / (1.0 - path)', '1.0', 'a path that loses much by itself is not filled'],
  ['delivery.rs', 'const ROUNDS: usize = 10;', 'const ROUNDS: usize = 1;', 'one poor round decides the cut'],
  ['congestion.rs', 'f64::from(self.in_flight) < self.window', 'f64::from(self.in_flight) <= self.window', 'one more than the window'],
  ['congestion.rs', 'if self.full_at >= Some(time_sent) {', 'if true {', 'it grows although nothing was full'],
  ['congestion.rs', 'if self.slow_start { 1.0 }', 'if self.slow_start { 0.1 }', 'slow start is slow'],
  ['congestion.rs', '.filter(|closed| block <= closed.block) {\n            // Part', '.filter(|closed| block < closed.block) {\n            // Part', 'it is cut more than once a flight'],
  ['congestion.rs', 'closed.late * 2 > closed.lost', 'closed.late > closed.lost * 200', 'late answers do not undo the cut'],
  ['tracker.rs', 'self.congestion.reopen();', '', 'a silent address starts from its closed window'],
  ['silence.rs', 'const MISSED: u32 = 3;', 'const MISSED: u32 = 300;', 'silence is noticed late'],
  ['silence.rs', 'const PROBES: u32 = 4;', 'const PROBES: u32 = 40;', 'a silent address is flooded'],
  ['silence.rs', 'self.heard > Some(time_sent)', 'false', 'what was sent before an address was heard makes it silent'],
  ['silence.rs', '2 * self.lost < window.max(2)', 'true', 'a silent address gets one window after the other until its RTO'],
  ['silence.rs', 'if answers_request {', 'if true {', 'a connect’s answer ends the backoff'],
  ['budget.rs', 'const USABLE: f64 = 0.75;', 'const USABLE: f64 = 7.5;', 'answers overflow our own buffer'],
  ['budget.rs', 'const RECORD: usize = 256;', 'const RECORD: usize = 0;', 'an answer is counted for less than it takes'],
  ['flight.rs', 'if now < time_sent + delay {', 'if now <= time_sent + delay {', 'what is lost at this moment is not'],
  ['budget.rs', 'self.held += bytes;', '', 'requests in flight hold no room'],

  // Hosts, turns and strays.
  ['host.rs', 'STAGGER: Duration = Duration::from_millis(300)', 'STAGGER: Duration = Duration::from_millis(30)', 'all addresses are asked at once'],
  ['host.rs', '1 + usize::from(known.silent.contains(address))', '1', 'silent addresses are tried as early as others'],
  ['client/race.rs', 'self.memory.on_answered(&race.host, winner);', '', 'a host’s address is not remembered'],
  ['queue.rs', 'self.sessions.push_back(session);\n            }\n            if next', 'self.sessions.push_front(session);\n            }\n            if next', 'sessions do not take turns'],
  ['stray.rs', 'GRACE: Duration = Duration::from_secs(3)', 'GRACE: Duration = Duration::from_secs(2)', 'a wrong answer ends a request early'],
  ['stray.rs', 'const EXCESS: u32 = 16;', 'const EXCESS: u32 = 16_000;', 'a flood ends requests'],
  ['client/receive.rs', 'before: self.sequence + 1', 'before: u64::MAX', 'a stray ends who came after it'],
  ['tracker.rs', 'IDLE: Duration = Duration::from_secs(120)', 'IDLE: Duration = Duration::from_secs(120_000)', 'addresses are never forgotten'],
  ['packet.rs', 'MAX_SCRAPE_HASHES: usize = 60;', 'MAX_SCRAPE_HASHES: usize = 61;', 'a scrape is longer than IPv6 always carries']
]
