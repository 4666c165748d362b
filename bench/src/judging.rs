//! What policies and rules cost a move: the operation itself, in process and on a log in memory, so that nothing else
//! takes time. Only the ratios mean something, and only within one run.
//!
//! The kinds of moves are taken in turns, move by move, so that whatever else the machine does meets all of them alike.

use alims_domain::access::{AccessQuestion, Action, Resource};
use alims_domain::call::Call;
use alims_domain::lifecycle::State;
use alims_operations::DecisionPorts;
use alims_operations::ports::{AccessPolicy, WorkflowLog as _};
use alims_operations::request_state_transition::{TransitionRequest, request_state_transition, try_state_transition};
use alims_policy::CedarPolicy;
use alims_rules::EmbeddedRules;
use alims_testing::builders::{a_call, a_created_of, a_key, a_move, at, sealed};
use alims_testing::{EverybodyMay, FixedClock, MemoryLog, SequentialIds};
use anyhow::{Result, ensure};
use serde::Serialize;
use serde_json::json;
use std::fmt;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::statistics::Times;

/// How many rules judge the move, beside none.
const RULES: [usize; 3] = [1, 10, 100];
/// Wells in the metadata of the workflow that is moved.
const WELLS: usize = 20;

/// What judging measured.
#[derive(Debug, Serialize)]
pub(crate) struct Figures {
    moves: usize,
    metadata_bytes: usize,
    /// A move that everybody may make and no rule judges.
    unjudged: Times,
    kinds: Vec<Kind>,
    /// One question to the shipped policies, alone.
    policies_alone: Times,
    /// A dry run against one rule that spends its whole budget on each of several things.
    spendthrifts: Vec<Spendthrift>,
}

/// A rule that spends its whole budget.
#[derive(Debug, Serialize)]
struct Spendthrift {
    expression: &'static str,
    times: Times,
}

/// Rules that would go on for ever, each with another operation; the metadata has 9000 numbers and 42,000 bytes of text.
const SPENDTHRIFTS: [&str; 6] = [
    "transition.metadata.list.all(x, transition.metadata.text.contains('b') || true)",
    "transition.metadata.list.all(x, transition.metadata.list == workflow.metadata.list)",
    "transition.metadata.list.all(x, [transition.metadata, workflow.metadata] != [])",
    "transition.metadata.list.all(x, transition.metadata.list.all(y, x + y - x == y && x * y > 0))",
    "transition.metadata.list.all(x, !transition.metadata.text.matches('(a|b)*a(a|b){200}c'))",
    "transition.metadata.list.map(x, {'a': x, 'b': [x, x]}).map(x, {'a': x, 'b': x}).all(x, x == x)",
];
/// Dry runs against each of them.
const SPENT: usize = 100;

/// One kind of move.
#[derive(Debug, Serialize)]
struct Kind {
    policies: bool,
    rules: usize,
    times: Times,
    /// Its median as a multiple of that of a move that nothing judges.
    to_unjudged: f64,
}

/// One kind of move with its ports.
struct Lane {
    policies: bool,
    rules: usize,
    ports: DecisionPorts<MemoryLog, EmbeddedRules>,
    times: Vec<Duration>,
}

/// Makes so many moves of each kind.
pub(crate) async fn measure(moves: usize) -> Result<Figures> {
    let shipped: Arc<dyn AccessPolicy> =
        Arc::new(CedarPolicy::load(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../policies"))?);
    let mut lanes = vec![lane(None, &shipped, false)?, lane(None, &shipped, true)?];
    for rules in RULES {
        lanes.push(lane(Some(rules), &shipped, false)?);
    }
    lanes.push(lane(RULES.last().copied(), &shipped, true)?);
    let call = a_call("bob");
    let metadata_bytes = started(&lanes).await?;
    for number in 0..moves {
        let target = if number.is_multiple_of(2) { State::Paused } else { State::Active };
        for lane in &mut lanes {
            lane.times.push(moved(&lane.ports, &call, target).await?);
        }
    }
    let policies_alone = asked(shipped.as_ref(), &call, moves);
    let mut kinds = lanes.into_iter().map(|lane| (lane.policies, lane.rules, Times::of(lane.times)));
    let (_, _, unjudged) = kinds.next().ok_or_else(|| anyhow::anyhow!("no kind of move"))?;
    let kinds = kinds.map(|(policies, rules, times)| Kind {
        policies,
        rules,
        times,
        to_unjudged: times.p50_ms / unjudged.p50_ms,
    });
    let kinds = kinds.collect();
    let mut spendthrifts = Vec::new();
    for expression in SPENDTHRIFTS {
        spendthrifts.push(Spendthrift { expression, times: spent(expression, &call).await? });
    }
    Ok(Figures { moves, metadata_bytes, unjudged, kinds, policies_alone, spendthrifts })
}

/// Dry runs that this rule refuses.
async fn spent(expression: &str, call: &Call) -> Result<Times> {
    let rules = format!(
        "ruleset: bench\nversion: \"1\"\nworkflow_types: [sample-analysis]\nrules:\n  - id: r\n    \
         applies_to: [{{ to: PAUSED }}]\n    message: No.\n    expression: \"{expression}\"\n"
    );
    let ports = DecisionPorts {
        log: MemoryLog::default(),
        rules: EmbeddedRules::from_documents([("bench.yaml".to_owned(), rules)])?,
        policy: Arc::new(EverybodyMay),
        clock: Arc::new(FixedClock::new(at(60_000))),
        ids: Arc::new(SequentialIds::default()),
    };
    let metadata = json!({"list": vec![1; 9000], "text": "a".repeat(42_000)});
    let mut created = a_created_of(&a_key("w"));
    created.event.metadata = alims_testing::builders::metadata(&metadata);
    ports.log.append(&a_move(&sealed(created.event), State::Active)).await?;
    let (id, request) = ("w".parse()?, to(State::Paused)?);
    let mut times = Vec::new();
    for _ in 0..SPENT {
        let begun = Instant::now();
        let tried = try_state_transition(&ports, call, &id, &request).await;
        times.push(begun.elapsed());
        ensure!(tried.is_err(), "the rule was met: {expression}");
    }
    Ok(Times::of(times))
}

fn to(target_state: State) -> Result<TransitionRequest> {
    Ok(TransitionRequest {
        target_state,
        reason: "as planned".parse()?,
        expected_versions: None,
        validation_context: None,
        metadata: None,
        failure: None,
    })
}

fn lane(rules: Option<usize>, shipped: &Arc<dyn AccessPolicy>, policies: bool) -> Result<Lane> {
    let everybody: Arc<dyn AccessPolicy> = Arc::new(EverybodyMay);
    let ports = DecisionPorts {
        log: MemoryLog::default(),
        rules: EmbeddedRules::from_documents([("bench.yaml".to_owned(), ruleset(rules))])?,
        policy: if policies { Arc::clone(shipped) } else { everybody },
        clock: Arc::new(FixedClock::new(at(60_000))),
        ids: Arc::new(SequentialIds::default()),
    };
    Ok(Lane { policies, rules: rules.unwrap_or(0), ports, times: Vec::new() })
}

/// A ruleset of so many rules for the moves that are made; or one that is for another workflow type.
fn ruleset(rules: Option<usize>) -> String {
    // As rules are: a comparison, a pattern, a loop, a time.
    const EXPRESSIONS: [&str; 4] = [
        "actor.id != workflow.created_by",
        "transition.metadata.sample_id.matches(r'^S-[0-9]{4}-[0-9]{4}$')",
        "transition.metadata.wells.all(well, well.value >= 0 && well.unit == 'mmol/L')",
        "now - workflow.created_at < duration('720h') && transition.reason != ''",
    ];
    let kind = if rules.is_some() { "sample-analysis" } else { "other" };
    let mut text = format!("ruleset: bench\nversion: \"1\"\nworkflow_types: [{kind}]\nrules:\n");
    for (number, expression) in EXPRESSIONS.iter().cycle().take(rules.unwrap_or(1)).enumerate() {
        text.push_str(&format!(
            "  - id: r{number}\n    applies_to: [{{ to: PAUSED }}, {{ to: ACTIVE }}]\n    message: No.\n    \
             expression: \"{expression}\"\n"
        ));
    }
    text
}

/// Puts a workflow in ACTIVE into each log; gives the size of its metadata.
async fn started(lanes: &[Lane]) -> Result<usize> {
    let well = |number: usize| json!({"id": format!("A{number}"), "value": 5.5, "unit": "mmol/L"});
    let metadata = json!({"sample_id": "S-2026-0001", "wells": (0..WELLS).map(well).collect::<Vec<_>>()});
    for lane in lanes {
        let mut created = a_created_of(&a_key("w"));
        created.event.metadata = alims_testing::builders::metadata(&metadata);
        let created = sealed(created.event);
        lane.ports.log.append(&created).await?;
        lane.ports.log.append(&a_move(&created, State::Active)).await?;
    }
    Ok(metadata.to_string().len())
}

async fn moved(ports: &DecisionPorts<MemoryLog, EmbeddedRules>, call: &Call, target: State) -> Result<Duration> {
    let request = to(target)?;
    let id = "w".parse()?;
    let begun = Instant::now();
    let accepted = request_state_transition(ports, call, &id, &request).await?;
    let took = begun.elapsed();
    ensure!(accepted.event.to_state == target, "moved to {}", accepted.event.to_state);
    Ok(took)
}

fn asked(policy: &dyn AccessPolicy, call: &Call, times: usize) -> Times {
    let key = a_key("w");
    let resource = Resource {
        tenant_id: &key.tenant_id,
        workflow_id: Some(&key.workflow_id),
        workflow_type: None,
        current_state: Some(State::Active),
        created_by: Some(&call.principal.id),
    };
    let question = AccessQuestion {
        request_id: &call.request_id,
        principal: &call.principal,
        action: Action::PauseWorkflow,
        resource,
    };
    let ask = |_| {
        let begun = Instant::now();
        std::hint::black_box(policy.decide(&question));
        begun.elapsed()
    };
    Times::of((0..times).map(ask).collect())
}

impl fmt::Display for Figures {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { moves, metadata_bytes, unjudged, kinds, policies_alone, spendthrifts } = self;
        writeln!(f, "a move in process, on a log in memory, {metadata_bytes} bytes of metadata, {moves} of each kind")?;
        writeln!(f, "  judged by                       p50         p99   to a move that nothing judges")?;
        row(f, "nothing", unjudged, 1.0)?;
        for kind in kinds {
            let name = match (kind.policies, kind.rules) {
                (true, 0) => "the shipped policies".to_owned(),
                (true, rules) => format!("the policies and {rules} rules"),
                (false, rules) => format!("{rules} rule{}", if rules == 1 { "" } else { "s" }),
            };
            row(f, &name, &kind.times, kind.to_unjudged)?;
        }
        let us = policies_alone.p50_ms * 1000.0;
        writeln!(f, "  one question to the policies alone: p50 {us:.1} us")?;
        write!(f, "  a dry run against one rule that spends its whole budget, {SPENT} each")?;
        for Spendthrift { expression, times } in spendthrifts {
            write!(f, "\n  p50 {:>7.2} ms  max {:>7.2} ms  {expression}", times.p50_ms, times.max_ms)?;
        }
        Ok(())
    }
}

fn row(f: &mut fmt::Formatter<'_>, name: &str, times: &Times, ratio: f64) -> fmt::Result {
    let (p50, p99) = (times.p50_ms * 1000.0, times.p99_ms * 1000.0);
    writeln!(f, "  {name:<26} {p50:>8.1} us {p99:>8.1} us   {ratio:>6.2}")
}
