//! What was asked and what was answered, in the words of `spec/OutsideWorkflowManager.tla`.

use serde_json::Value;

use super::recording::{is_version, number, text};

/// What a request is to the specification.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A creation.
    Create,
    /// A move.
    Transition,
    /// An amendment.
    Amendment,
    /// A signature.
    Signature,
    /// It changes nothing.
    Look,
    /// The release of a quarantine.
    Release,
    /// A recovery, which goes its own way, or a replay.
    Ask,
}

impl Kind {
    /// The kind of the requests of a route.
    #[must_use]
    pub fn of(route: &str) -> Self {
        let last = route.rsplit('/').next().unwrap_or_default();
        if route.starts_with("PATCH ") {
            return Self::Amendment;
        }
        match (route.starts_with("POST "), last) {
            (true, "workflows") => Self::Create,
            (true, "transitions") => Self::Transition,
            (true, "signatures") => Self::Signature,
            (true, "release") => Self::Release,
            (true, _) => Self::Ask,
            (false, _) => Self::Look,
        }
    }

    /// Its word.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Create => "create",
            Self::Transition => "move",
            Self::Amendment => "amend",
            Self::Signature => "sign",
            Self::Look => "look",
            Self::Release => "release",
            Self::Ask => "ask",
        }
    }
}

/// What an answer says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// The word for it.
    pub word: &'static str,
    /// The version it names, or 0.
    pub version: u64,
    /// The state it names.
    pub state: Option<String>,
    /// The events of the versions it shows.
    pub events: Vec<String>,
}

impl Outcome {
    /// That of a request that was not answered.
    #[must_use]
    pub fn none() -> Self {
        Self::plain("nothing")
    }

    fn plain(word: &'static str) -> Self {
        Self::naming(word, 0)
    }

    fn naming(word: &'static str, version: u64) -> Self {
        Self { word, version, state: None, events: Vec::new() }
    }

    /// What an answer says; what is expected of no answer is refused by its word.
    #[must_use]
    pub fn of(kind: Kind, route: &str, status: u16, body: &Value) -> Self {
        let version = number(&body["version"]);
        match (status, body["code"].as_str().unwrap_or_default()) {
            (200..=299, _) => Self::well(kind, route, body),
            (_, "version-conflict") => Self::naming("conflict", version),
            (_, "workflow-already-exists") => Self::naming("conflict", 1),
            (_, "invalid-transition") => Self::naming("invalid", version),
            (_, "workflow-closed") => Self::naming("closed", version),
            (_, "rule-violation") => Self::plain("denied"),
            (_, "insufficient-user-authentication") => Self::plain("refused"),
            // API Gateway's own answer has no code: it missed a scope in the token, and called no function.
            (403, "") => Self::plain("turned-away"),
            (403, _) => Self::plain("refused"),
            (404, _) if kind == Kind::Look => Self { state: Some("NOWHERE".to_owned()), ..Self::plain("seen") },
            (404, _) => Self::plain("not-found"),
            (423, _) => Self::naming("quarantined", number(&body["broken_at_version"])),
            (_, "idempotency-key-reused") => Self::plain("reused"),
            // A flood of refusals, which are kept no longer, or no answer at all.
            (429 | 500.., _) => Self::plain("unknown"),
            (400 | 401 | 413 | 415 | 422, _) => Self::plain("turned-away"),
            // Nothing is published yet that could be replayed, nothing is to be released, or the workflow has the
            // signature already.
            (409, _) => Self::plain("noted"),
            _ => Self::plain("unheard-of"),
        }
    }

    fn well(kind: Kind, route: &str, body: &Value) -> Self {
        let last = route.rsplit('/').next().unwrap_or_default();
        match (kind, last) {
            (Kind::Create, _) => Self::naming("accepted", 1),
            (Kind::Transition | Kind::Amendment | Kind::Signature, _) => {
                Self::naming("accepted", number(&body["event"]["version"]))
            }
            (Kind::Release, _) => Self::plain("released"),
            (Kind::Ask, "replay") => Self::naming("replayed", number(&body["to_version"])),
            (Kind::Ask, _) => Self::plain("noted"),
            (Kind::Look, "recovery") if body["status"] == "quarantined" => {
                Self::naming("quarantined", number(&body["broken_at_version"]))
            }
            (Kind::Look, "recovery") => Self::plain("noted"),
            (Kind::Look, "verification") if body["valid"] == true => Self::plain("sound"),
            (Kind::Look, "verification") => Self::naming("broken", number(&body["broken_at_version"])),
            (Kind::Look, "history") => Self::pages(body),
            (Kind::Look, _) => {
                Self { state: Some(text(&body["current_state"])), ..Self::naming("seen", number(&body["version"])) }
            }
        }
    }

    /// A history of one page is what was there at one moment; of a longer one no moment has to be the moment.
    fn pages(body: &Value) -> Self {
        let items = body["items"].as_array().map(Vec::as_slice).unwrap_or_default();
        if body["next_cursor"].is_string() {
            return Self::plain("noted");
        }
        let versions = items.iter().filter(|item| is_version(item));
        Self { events: versions.map(|item| text(&item["event_id"])).collect(), ..Self::plain("versions") }
    }
}
