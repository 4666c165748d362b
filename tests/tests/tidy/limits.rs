//! The figures of docs/limits.md that follow from the limits of the domain and the parameters of the template.

use alims_domain::limits::{
    DEADLINES_LOOKS_SECONDS_MAX, DEADLINES_SECONDS_MAX, JSON_DEPTH_MAX, LABELS_MAX, METADATA_BYTES_MAX,
    SWEEP_OPEN_WORKFLOWS_MAX, SWEEP_SECONDS_MAX, SWEEP_WORKFLOWS_MAX,
};

use crate::template::{TEMPLATE, properties};
use crate::workspace::{assert_no_complaints, workspace};

const MOVES_OF_A_WORKFLOW: u64 = 4;
const DAYS_OPEN: u64 = 2;
const SECONDS_OF_A_DAY: u64 = 86_400;

/// The row of this rate, as the page has it.
fn row(rate: u64) -> String {
    let workflows_a_day = rate * SECONDS_OF_A_DAY / MOVES_OF_A_WORKFLOW;
    let (after_a_year, open) = (workflows_a_day * 365, workflows_a_day * DAYS_OPEN);
    let days = |every_minutes| days(after_a_year, every_minutes);
    let sweeps = open.div_ceil(SWEEP_OPEN_WORKFLOWS_MAX);
    let [after_a_year, open, hourly, often] = [after_a_year, open, days(60), days(10)].map(grouped);
    format!("| {rate} | {after_a_year} | {open} | {sweeps} | {hourly} | {often} |")
}

/// How many days a round over so many workflows takes.
fn days(workflows: u64, every_minutes: u64) -> u64 {
    workflows.div_ceil(SWEEP_WORKFLOWS_MAX * (24 * 60 / every_minutes))
}

/// Digits in groups of three.
fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut grouped = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

#[test]
fn the_page_of_limits_says_how_long_a_round_takes() {
    let page = workspace().text("docs/limits.md");
    let rows = [1, 100].map(row).into_iter().filter(|row| !page.contains(row));
    assert_no_complaints(rows.map(|row| format!("docs/limits.md: no row {row}")));
    for limit in [SWEEP_OPEN_WORKFLOWS_MAX, SWEEP_WORKFLOWS_MAX].map(grouped) {
        let description = TEMPLATE["Parameters"]["SweepEveryMinutes"]["Description"].as_str().unwrap();
        assert!(page.contains(&limit) && description.contains(&limit), "{limit}");
    }
}

#[test]
fn the_page_of_limits_says_what_a_workflow_carries() {
    let page = workspace().text("docs/limits.md");
    let rows = [
        format!("| `metadata` | {METADATA_BYTES_MAX} bytes of compact JSON, {JSON_DEPTH_MAX} levels |"),
        format!("| `labels` | {LABELS_MAX} |"),
    ];
    let missing = rows.into_iter().filter(|row| !page.contains(row));
    assert_no_complaints(missing.map(|row| format!("docs/limits.md: no row {row}")));
}

/// Else a record behind a blocked one is trimmed from the stream before the publisher has read it.
#[test]
fn records_expire_hours_before_the_stream_trims_them() {
    let age = &TEMPLATE["Parameters"]["NotificationAgeSecondsMax"];
    let hour = 3600;
    assert!(age["MaxValue"].as_u64().unwrap() <= SECONDS_OF_A_DAY - 2 * hour);
    assert!(age["Default"].as_u64().unwrap() <= SECONDS_OF_A_DAY - 4 * hour);
    let alarm = properties("PublisherFarBehindAlarm")["Threshold"].as_u64().unwrap();
    assert!(alarm < 1000 * age["Default"].as_u64().unwrap() / 2, "an operator has half of the time left");
}

/// Else an ordinary stack's alarm is always on.
#[test]
fn the_alarm_of_a_round_allows_for_a_year_at_one_transition_a_second() {
    let allowed = TEMPLATE["Parameters"]["SweepRoundSecondsMax"]["Default"].as_u64().unwrap();
    assert!(allowed > days(SECONDS_OF_A_DAY / MOVES_OF_A_WORKFLOW * 365, 60) * SECONDS_OF_A_DAY);
    assert_eq!(properties("SweepRoundAlarm")["Threshold"], "SweepRoundSecondsMax");
    let page = workspace().text("docs/limits.md");
    assert!(page.contains(&format!("`SweepRoundSecondsMax`, {} days by default", allowed / SECONDS_OF_A_DAY)));
}

#[test]
fn a_sweep_of_due_dates_ends_before_its_function_does_and_before_the_next_one() {
    let timeout = properties("SweepDeadlinesFunction")["Timeout"].as_u64().unwrap();
    assert!(u64::from(DEADLINES_LOOKS_SECONDS_MAX) + 60 <= timeout);
    const { assert!(DEADLINES_SECONDS_MAX + 60 <= DEADLINES_LOOKS_SECONDS_MAX) };
    let parameter = &TEMPLATE["Parameters"]["DeadlineSweepEveryMinutes"];
    let every = parameter["MinValue"].as_u64().unwrap() * 60;
    assert!(timeout < every, "two sweeps at once do the same work twice");
    // The alarm's period has a sweep in it, or its heartbeat would be missed.
    let longest = parameter["MaxValue"].as_u64().unwrap() * 60;
    let watched = properties("DeadlineSweepMissingAlarm")["Metrics"].as_array().unwrap();
    let periods = watched.iter().filter_map(|metric| metric["MetricStat"]["Period"].as_u64());
    assert!(periods.min().unwrap() >= longest);
    let page = workspace().text("docs/timeouts.md");
    let own = format!("no part after {DEADLINES_SECONDS_MAX} s, and no look after {DEADLINES_LOOKS_SECONDS_MAX} s");
    assert!(page.contains(&own), "docs/timeouts.md: {own}");
}

#[test]
fn a_sweep_ends_before_its_function_does_and_before_the_next_one() {
    let timeout = properties("SweepWorkflowsFunction")["Timeout"].as_u64().unwrap();
    assert!(u64::from(SWEEP_SECONDS_MAX) + 60 <= timeout);
    let every = TEMPLATE["Parameters"]["SweepEveryMinutes"]["MinValue"].as_u64().unwrap() * 60;
    assert!(timeout < every, "two sweeps at once do the same work twice");
}
