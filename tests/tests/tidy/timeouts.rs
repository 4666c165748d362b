//! Timeouts add up: a call ends before its request, a request before its function, a function before the gateway.

use alims_domain::limits::{
    BATCH_BEGINS_SECONDS, EXPORT_REQUEST_SECONDS, REQUEST_RESERVE_MS, REQUEST_SECONDS_MAX, SWEEP_LOOKS_SECONDS_MAX,
    SWEEP_SECONDS_MAX,
};
use alims_interface::ROUTES;
use std::collections::BTreeSet;
use std::time::Duration;

use crate::template::{TEMPLATE, pascal, properties};
use crate::workspace::workspace;

/// After so long API Gateway answers for the function (Amazon API Gateway developer guide, "Quotas for configuring and
/// running an HTTP API"). What a function connects to when it starts is part of it.
const GATEWAY: Duration = Duration::from_secs(30);

/// The timeout of a function in the template, in seconds.
fn timeout(operation: &str) -> u64 {
    let own = &properties(&format!("{}Function", pascal(operation)))["Timeout"];
    own.as_u64().or_else(|| TEMPLATE["Globals"]["Function"]["Timeout"].as_u64()).unwrap()
}

/// How long each call takes at most, in milliseconds, as its adapter says.
fn calls() -> [(&'static str, Duration); 6] {
    [
        ("log", alims_dynamodb::OPERATION_TIMEOUT),
        ("index", alims_dynamodb::OPERATION_TIMEOUT),
        ("rules", alims_rules::JUDGEMENT_MAX),
        ("starter", alims_stepfunctions::OPERATION_TIMEOUT),
        ("bus", alims_eventbridge::OPERATION_TIMEOUT),
        ("exports", alims_export::REQUEST_TIMEOUT),
    ]
}

#[test]
fn the_page_and_the_test_of_waits_say_what_the_adapters_do() {
    let page = workspace().text("docs/timeouts.md");
    let tried = workspace().text("shared/interface/tests/interface/time.rs");
    let begins = ("begins", Duration::from_secs(u64::from(BATCH_BEGINS_SECONDS)));
    let making = ("making", Duration::from_secs(u64::from(EXPORT_REQUEST_SECONDS)));
    for (name, longest) in calls().into_iter().chain([begins, making]) {
        let row = page.lines().find(|line| line.starts_with(&format!("| `{name}` |"))).unwrap();
        assert!(row.ends_with(&format!("| {} s |", longest.as_secs_f64())), "{row}: {longest:?}");
        let line = tried.lines().find(|line| line.contains(&format!("\"{name}\"")) && line.contains("=> ")).unwrap();
        assert!(line.ends_with(&format!("=> {:?},", longest.as_secs_f64())), "{line}: {longest:?}");
    }
}

#[test]
fn a_request_ends_before_its_function_and_a_function_before_the_gateway() {
    let start = alims_dynamodb::OPERATION_TIMEOUT.max(alims_rules::WARMING_MAX);
    let has = REQUEST_SECONDS_MAX * 1000 - REQUEST_RESERVE_MS;
    let page = workspace().text("docs/timeouts.md");
    for route in ROUTES {
        let row = page.lines().find(|line| line.starts_with(&format!("| `{}` |", route.name))).unwrap();
        assert!(row.ends_with(&format!("| {} s |", f64::from(has) / 1000.0)), "{row}");
        assert_eq!(timeout(route.name), u64::from(REQUEST_SECONDS_MAX), "{}", route.name);
    }
    assert!(Duration::from_secs(u64::from(REQUEST_SECONDS_MAX)) + start + Duration::from_secs(1) < GATEWAY);
    const { assert!(REQUEST_RESERVE_MS >= 1000, "an answer is rendered and sent in it") };
    let deadline = &TEMPLATE["Parameters"]["RulesEngineDeadlineMs"]["MaxValue"];
    assert_eq!(deadline.as_u64().map(Duration::from_millis), Some(alims_rules::DEADLINE_MAX));
}

#[test]
fn a_function_without_a_route_has_time_for_its_longest_call_and_its_answer() {
    let with_a_route: BTreeSet<&str> = ROUTES.iter().map(|route| route.name).collect();
    let longest = calls().into_iter().map(|(_, longest)| longest).max().unwrap();
    let page = workspace().text("docs/timeouts.md");
    for operation in workspace().operations().into_iter().filter(|name| !with_a_route.contains(name.as_str())) {
        let has = Duration::from_secs(timeout(&operation));
        assert!(has > longest + Duration::from_millis(u64::from(REQUEST_RESERVE_MS)), "{operation}: {has:?}");
        let row = format!("| `{operation}` | {} s", has.as_secs());
        assert!(page.contains(&row), "docs/timeouts.md: no row `{row}`");
    }
    // A part of a sweep takes a few seconds; it may begin in the last moment, as may a close look.
    const { assert!(SWEEP_SECONDS_MAX + 60 <= SWEEP_LOOKS_SECONDS_MAX) };
    assert!(timeout("sweep-workflows") >= u64::from(SWEEP_LOOKS_SECONDS_MAX) + 60);
    let own = format!("no part after {SWEEP_SECONDS_MAX} s, and no close look after {SWEEP_LOOKS_SECONDS_MAX} s");
    assert!(page.contains(&own), "docs/timeouts.md: {own}");
}
