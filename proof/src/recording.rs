//! What was done in a run, line by line, in the order in which it was seen.
//!
//! A line says what a caller or a port was asked or answered, at the outside of an operation or at one of its ports. Nothing in here
//! knows which faults were met: what a caller does not learn, the recording does not say.

use alims_domain::event::EventType;
use alims_domain::identifiers::WorkflowKey;
use alims_domain::lifecycle::State;
use alims_domain::recovery::document::Next;
use alims_domain::signature::KeptSignature;
use serde::{Deserialize, Serialize};
use std::sync::{Arc, Mutex};

use crate::asking::Wish;

/// One line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Line {
    /// The run's seed.
    pub run: u64,
    /// The workflow it is about.
    pub workflow: String,
    /// Whose doing it is: a call `c7`, a publisher `p7`, a replay `r7`, a subscriber `s7`, the second turn `v7.2` of a
    /// recovery, a person `h7` who releases, an intruder `x`, or `end`.
    pub actor: String,
    /// What was done.
    #[serde(flatten)]
    pub what: What,
}

/// What was done.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "what", rename_all = "kebab-case")]
pub enum What {
    /// A caller asks for a creation, a move or an amendment, or, without a wish, where the workflow stands.
    Asked {
        /// What it wants.
        wish: Option<Wish>,
        /// The idempotency key.
        key: Option<String>,
    },
    /// The answer.
    Responded {
        /// In one word.
        answer: Answer,
        /// The version it names; 0 when it names none.
        version: u64,
    },
    /// The newest version is looked for.
    ReadBegun,
    /// It is this one; 0 when there is none.
    Read {
        /// Its number.
        version: u64,
        /// Its event.
        event_id: Option<String>,
    },
    /// These versions were read.
    VersionsRead {
        /// The first.
        from: u64,
        /// The events, in order.
        events: Vec<String>,
    },
    /// The record of quarantines, as it was read; by `end`, as it is at the end.
    RecordRead {
        /// How many breaks were found.
        found: usize,
        /// How many of them are released.
        released: usize,
    },
    /// A break is to be recorded as found.
    QuarantineBegun(Broken),
    /// It is recorded, by this or by an earlier one.
    Quarantined,
    /// There was no answer.
    QuarantineUnknown,
    /// A break is to be recorded as released.
    ReleaseBegun(Broken),
    /// It is recorded, by this or by an earlier one.
    Released,
    /// There was no answer.
    ReleaseUnknown,
    /// An intruder has altered a stored version.
    Altered(Broken),
    /// The stream shows that, with a record whose hash this is.
    Shown(Broken),
    /// A turn of a recovery begins.
    TurnBegun {
        /// What it is to do.
        turn: Next,
    },
    /// The turn has come to its end.
    TurnEnded {
        /// What is to be done next.
        next: Next,
    },
    /// The rules allow what is asked.
    RulesAllow,
    /// The rules do not allow it.
    RulesDeny,
    /// A version is to be appended.
    AppendBegun {
        /// Its number.
        version: u64,
        /// Its event.
        event_id: String,
        /// What kind of event.
        event_type: EventType,
        /// Where the workflow is said to stand before.
        from: Option<State>,
        /// Where it is to stand.
        to: State,
        /// What it says of the last change of state, when it keeps the state: the state before it.
        previous: Option<State>,
        /// And the version that made it.
        since: Option<u64>,
        /// The names in its data, which changes have left there.
        data: Vec<String>,
        /// The signatures that it tells of, its own included.
        signatures: Vec<Told>,
        /// The hash of the version before.
        previous_hash: String,
        /// Its own.
        hash: String,
    },
    /// It is appended.
    Appended,
    /// Another call has made that version.
    AppendTaken {
        /// That one's event.
        event_id: String,
    },
    /// There was no answer.
    AppendUnknown,
    /// A refusal is to be kept.
    RefusalBegun {
        /// Its event.
        event_id: String,
    },
    /// It is kept.
    RefusalKept,
    /// There was no answer.
    RefusalUnknown,
    /// The stream notifies, up to this version.
    Notified {
        /// The version.
        last: u64,
    },
    /// The index says so much is published; 0 when it has no entry.
    IndexRead {
        /// The version.
        version: u64,
    },
    /// An event is put on the bus.
    PutBegun {
        /// Its version.
        version: u64,
        /// Its identity.
        event_id: String,
    },
    /// The bus has taken it.
    PutTaken,
    /// The bus has not taken it, or did not answer.
    PutUnknown,
    /// The bus says that it never takes it.
    PutUnwanted,
    /// The index is to say that so much is published.
    AdvanceBegun {
        /// The version.
        version: u64,
    },
    /// It does, or more.
    Advanced,
    /// There was no answer.
    AdvanceUnknown,
    /// The entry of the index is put in order up to this version, by this or by another.
    Repaired {
        /// The version.
        version: u64,
    },
    /// The stream's record is answered.
    Answered,
    /// It is to come again.
    ComesAgain,
    /// The bus delivers an event to a subscriber.
    Delivered {
        /// Its version.
        version: u64,
        /// Its identity.
        event_id: String,
        /// How many versions the subscriber has acted on since.
        applied: u64,
    },
    /// At the end: what the log holds.
    Log {
        /// The events, in order.
        events: Vec<String>,
    },
    /// At the end: the refusals in the log.
    Refusals {
        /// Their events.
        events: Vec<String>,
    },
    /// At the end: what the index says is published.
    Index {
        /// The version; 0 when there is no entry.
        version: u64,
    },
    /// At the end: the versions on the bus, by first appearance.
    Bus {
        /// The versions.
        versions: Vec<u64>,
    },
}

/// A signature that a version tells of.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Told {
    /// The version that is signed.
    pub version: u64,
    /// Its hash.
    pub hash: String,
    /// Whether it counts.
    pub current: bool,
}

impl From<&KeptSignature> for Told {
    fn from(kept: &KeptSignature) -> Self {
        Self { version: kept.version.get(), hash: kept.hash.to_string(), current: kept.current }
    }
}

/// A break of a stored history.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Broken {
    /// The version that is not what it should be.
    pub version: u64,
    /// The hash of what is stored there.
    pub content: String,
}

/// An answer in one word.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Answer {
    /// The move is made.
    Accepted,
    /// It stands at that version.
    Standing,
    /// It is at another version, or is there already.
    Conflict,
    /// Lifecycle, rules or policies say no.
    Refused,
    /// The stored history is broken, and that is not released.
    Quarantined,
    /// There is no such workflow.
    NotFound,
    /// The rules give no answer.
    RulesUnavailable,
    /// The store gives no answer.
    StorageUnavailable,
}

/// Takes down what is done in one run. Clones write to the same recording.
#[derive(Clone, Debug)]
pub struct Recorder {
    run: u64,
    lines: Arc<Mutex<Vec<Line>>>,
}

impl Recorder {
    /// An empty recording of the run with this seed.
    #[must_use]
    pub fn new(run: u64) -> Self {
        Self { run, lines: Arc::default() }
    }

    /// Takes something down.
    pub fn note(&self, workflow: &str, actor: &str, what: What) {
        let line = Line { run: self.run, workflow: workflow.to_owned(), actor: actor.to_owned(), what };
        self.lines.lock().unwrap().push(line);
    }

    /// The same of a key.
    pub fn note_of(&self, key: &WorkflowKey, actor: &str, what: What) {
        self.note(key.workflow_id.as_str(), actor, what);
    }

    /// All that was taken down so far.
    #[must_use]
    pub fn lines(&self) -> Vec<Line> {
        self.lines.lock().unwrap().clone()
    }
}
