//! The laboratory that a seed makes: samples, the people who work on them, and what becomes of each. Pure: the same
//! number gives the same laboratory.

use alims_domain::timestamp::Timestamp;
use fastrand::Rng;
use serde_json::{Value, json};

/// A sample whose stored history is altered behind the service's back. One is enough to see a quarantine.
pub(super) const ALTERED: usize = 4;
/// Every so many samples somebody forgets the sample's id, and the creation is refused.
const FORGOTTEN_EVERY: usize = 25;

const ANALYSTS: [&str; 3] = ["alice", "dana", "emil"];
const SUPERVISOR: &str = "bob";
const MATRICES: [&str; 5] = ["serum", "plasma", "urine", "whole-blood", "drinking-water"];
/// What is measured, its unit, and the range of believable values.
const ANALYTES: [(&str, f64, f64); 6] = [
    ("glucose_mmol_l", 3.9, 7.8),
    ("sodium_mmol_l", 132.0, 148.0),
    ("potassium_mmol_l", 3.3, 5.4),
    ("creatinine_umol_l", 45.0, 120.0),
    ("crp_mg_l", 0.3, 60.0),
    ("lead_ug_l", 0.2, 9.0),
];

/// One sample and its story.
#[derive(Debug)]
pub(super) struct Sample {
    pub(super) workflow_id: String,
    pub(super) created_by: &'static str,
    /// The body of its creation.
    pub(super) creation: Value,
    pub(super) steps: Vec<Step>,
    /// The state that it ends in.
    pub(super) ends_in: &'static str,
}

/// One request of somebody.
#[derive(Debug)]
pub(super) struct Step {
    pub(super) by: &'static str,
    pub(super) kind: Kind,
    pub(super) body: Value,
    /// The code of the problem that it is refused with.
    pub(super) refused: Option<&'static str>,
}

/// What a request does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Move,
    Amend,
    Sign,
}

/// How a sample's story ends.
#[derive(Clone, Copy, Debug)]
enum End {
    Created,
    Active,
    /// Active, after somebody tried to complete it without results.
    Refused,
    Paused,
    Completed,
    Failed,
    Cancelled,
}

impl End {
    fn state(self) -> &'static str {
        match self {
            Self::Created => "CREATED",
            Self::Active | Self::Refused => "ACTIVE",
            Self::Paused => "PAUSED",
            Self::Completed => "COMPLETED",
            Self::Failed => "FAILED",
            Self::Cancelled => "CANCELLED",
        }
    }
}

/// Of each twenty samples.
const ENDS: [End; 20] = {
    use End::{Active, Cancelled, Completed, Created, Failed, Paused, Refused};
    [
        Created, Completed, Active, Completed, Active, Created, Paused, Completed, Active, Completed, Failed, Created,
        Completed, Refused, Active, Completed, Created, Cancelled, Completed, Active,
    ]
};

/// A laboratory of so many samples, as it stands at this instant.
pub(super) fn plan(samples: usize, now: Timestamp) -> Vec<Sample> {
    let mut rng = Rng::with_seed(2026);
    (1..=samples).zip(ENDS.into_iter().cycle()).map(|(number, end)| sample(number, end, now, &mut rng)).collect()
}

/// Creations that the rules refuse, for so many samples.
pub(super) fn forgotten(samples: usize) -> Vec<Value> {
    let body = |number| json!({ "workflow_id": id(number), "workflow_type": "sample-analysis", "metadata": {} });
    (1..=samples / FORGOTTEN_EVERY).map(|times| body(samples + times)).collect()
}

/// The workflow whose history is altered.
pub(super) fn id_of_altered() -> String {
    id(ALTERED)
}

fn id(number: usize) -> String {
    format!("sample-2026-{number:04}")
}

fn sample(number: usize, end: End, now: Timestamp, rng: &mut Rng) -> Sample {
    let pick = |rng: &mut Rng, of: &[&'static str]| of.get(rng.usize(..of.len())).copied().unwrap_or("alice");
    let (created_by, works) = (pick(rng, &ANALYSTS), pick(rng, &ANALYSTS));
    let (matrix, urgent) = (pick(rng, &MATRICES), rng.u8(..) < 40);
    let due_in_hours = match end {
        // Work that is open is due soon, and some of it should have been done.
        End::Created | End::Active | End::Refused | End::Paused => Some(rng.i64(-30..72)),
        End::Completed | End::Failed => Some(rng.i64(24..96)),
        End::Cancelled => None,
    };
    let mut creation = json!({
        "workflow_id": id(number),
        "workflow_type": "sample-analysis",
        "metadata": { "sample_id": format!("S-2026-{number:04}"), "matrix": matrix, "volume_ml": f64::from(rng.u8(5..50)) / 10.0 },
        "labels": {
            "sample": format!("S-2026-{number:04}"),
            "batch": format!("B-{:03}", number.div_ceil(20)),
            "priority": if urgent { "urgent" } else { "routine" },
        },
    });
    if let Some(due) = due_in_hours.and_then(|hours| Timestamp::from_unix_millis(now.unix_millis() + hours * 3_600_000))
    {
        creation["due_at"] = json!(due);
    }
    // What waits may still be without an analyst.
    if !matches!(end, End::Created) || rng.bool() {
        creation["assignee"] = json!(works);
    }
    Sample { workflow_id: id(number), created_by, creation, steps: story(end, works, rng), ends_in: end.state() }
}

fn story(end: End, works: &'static str, rng: &mut Rng) -> Vec<Step> {
    let begin = moved(works, json!({ "target_state": "ACTIVE", "reason": "The analysis begins." }));
    match end {
        End::Created => Vec::new(),
        End::Active if rng.bool() => vec![begin],
        End::Active => vec![begin, saved(works, rng)],
        End::Refused => {
            let body = json!({ "target_state": "COMPLETED", "reason": "All done." });
            vec![begin, Step { refused: Some("rule-violation"), ..moved(SUPERVISOR, body) }]
        }
        End::Paused => {
            let body =
                json!({ "target_state": "PAUSED", "reason": "The control is out of range; a new lot is on its way." });
            vec![begin, moved(works, body)]
        }
        End::Completed => {
            // Version 1 is the creation, 2 the beginning, and 3 has the results.
            let authorship = signed(works, json!({ "meaning": "authorship", "version": 3 }));
            let comment = "Compared with the printout of the instrument.";
            let review = signed(SUPERVISOR, json!({ "meaning": "review", "comment": comment, "version": 4 }));
            let body = json!({ "target_state": "COMPLETED", "reason": "Reviewed." });
            vec![begin, saved(works, rng), authorship, review, moved(SUPERVISOR, body)]
        }
        End::Failed => {
            let failure = json!({
                "code": "sample-insufficient", "message": "Less than 0.2 ml was left after the repeat.", "retryable": false,
            });
            vec![begin, moved(works, json!({ "target_state": "FAILED", "reason": "No material.", "failure": failure }))]
        }
        End::Cancelled => {
            let body = json!({ "target_state": "CANCELLED", "reason": "The customer withdrew the order." });
            vec![begin, moved(SUPERVISOR, body)]
        }
    }
}

fn moved(by: &'static str, body: Value) -> Step {
    Step { by, kind: Kind::Move, body, refused: None }
}

fn signed(by: &'static str, body: Value) -> Step {
    Step { by, kind: Kind::Sign, body, refused: None }
}

/// Results of two or three analytes.
fn saved(by: &'static str, rng: &mut Rng) -> Step {
    let first = rng.usize(..ANALYTES.len());
    let chosen = ANALYTES.iter().cycle().skip(first).take(rng.usize(2..4));
    let results: serde_json::Map<String, Value> = chosen
        .map(|(name, low, high)| ((*name).to_owned(), json!(((low + rng.f64() * (high - low)) * 10.0).round() / 10.0)))
        .collect();
    let body = json!({ "reason": "Results of the first run.", "metadata": { "results": results } });
    Step { by, kind: Kind::Amend, body, refused: None }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_number_gives_the_same_laboratory_and_a_larger_one_begins_with_it() {
        let now = "2026-11-28T08:00:00.000Z".parse().unwrap();
        let told = |samples| plan(samples, now).iter().map(|sample| format!("{sample:?}")).collect::<Vec<_>>();
        assert_eq!(told(40), told(40));
        assert_eq!(told(200)[..40], told(40)[..]);
    }
}
