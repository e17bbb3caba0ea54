//! A machine that slept: its own clock stood still, that of the trackers did not.

use crate::support::{ModelTracker, Simulation, ToStrangers, check_rules, milliseconds, seconds, v4};

fn connected() -> Simulation {
    let tracker = ModelTracker { to_strangers: ToStrangers::Silence, ..ModelTracker::default() };
    let mut simulation = Simulation::with_tracker(v4(1), tracker);
    simulation.announce(v4(1), 0);
    simulation.run();
    // The connection ID came 20 ms ago.
    simulation
}

#[test]
fn a_connection_id_is_not_used_beyond_its_minute_by_wall_clock() {
    let mut simulation = connected();
    simulation.suspend(seconds(60));
    let id = simulation.announce(v4(1), 1);
    assert!(simulation.last().packet.is_connect());
    simulation.run();
    assert_eq!(simulation.time_to_answer(&[id]), milliseconds(40));
    check_rules(&simulation);
    simulation.finish();
}

#[test]
fn a_short_sleep_leaves_a_connection_id_the_rest_of_its_minute() {
    let mut simulation = connected();
    simulation.suspend(seconds(30));
    simulation.announce(v4(1), 1);
    assert!(!simulation.last().packet.is_connect());
    simulation.run_for(seconds(29));
    simulation.announce(v4(1), 2);
    assert!(!simulation.last().packet.is_connect());
    simulation.run_for(seconds(1));
    simulation.announce(v4(1), 3);
    assert!(simulation.last().packet.is_connect());
    simulation.run();
    check_rules(&simulation);
    simulation.finish();
}

#[test]
fn what_was_in_flight_when_the_machine_slept_is_asked_again() {
    let tracker = ModelTracker { deaf_to_requests: 3, ..ModelTracker::default() };
    let mut simulation = Simulation::with_tracker(v4(1), tracker);
    let ids = simulation.burst(v4(1), 3);
    simulation.run_for(milliseconds(30));
    simulation.suspend(seconds(8 * 3600));
    simulation.run();
    assert!(simulation.time_to_answer(&ids) <= seconds(1));
    check_rules(&simulation);
    simulation.finish();
}

#[test]
fn a_machine_that_sleeps_with_nothing_to_do_keeps_nothing() {
    let mut simulation = connected();
    simulation.suspend(seconds(8 * 3600));
    simulation.finish();
}
