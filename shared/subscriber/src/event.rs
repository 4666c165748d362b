//! One event as it comes from the bus. The inbox reads the fields that it sorts by and keeps the rest unchanged.

use serde::de::Error as _;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use std::borrow::Cow;
use std::fmt;

/// The source that every event of the Workflow Manager names.
pub const SOURCE: &str = "alims.workflow-manager";
/// How long a detail may be, in bytes of JSON: the bounds of the Workflow Manager keep every event below.
pub const DETAIL_BYTES_MAX: usize = 256 * 1024;
/// The last version a workflow can have.
pub const VERSION_MAX: u64 = 9_999_999_999;
/// How much of a foreign text an error repeats, in characters.
const QUOTED_CHARS_MAX: usize = 64;

/// One workflow of one tenant. Two tenants may use the same id for different workflows.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct WorkflowKey {
    /// The tenant that owns the workflow.
    pub tenant_id: String,
    /// Which one.
    pub workflow_id: String,
}

impl fmt::Display for WorkflowKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.tenant_id, self.workflow_id)
    }
}

/// What happened; on the bus it is the detail type.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum EventType {
    /// Version 1.
    WorkflowCreated,
    /// A transition that a caller requested.
    WorkflowStateChanged,
    /// A transition from FAILED to ACTIVE made by a recovery.
    WorkflowRecovered,
    /// A version that keeps the state: a change of the workflow's data, or a remark.
    WorkflowAmended,
    /// A version that keeps state and data, and adds an electronic signature.
    WorkflowSigned,
    /// An attempt that was refused. It makes no version and has no place among those that do.
    WorkflowTransitionRefused,
    /// A break of the stored history was found: transitions wait until a person releases it. It makes no version.
    WorkflowQuarantined,
    /// A person released it. It makes no version.
    WorkflowReleased,
    /// The workflow was open at its due date. It makes no version; each due date of a workflow has one.
    WorkflowOverdue,
}

impl EventType {
    /// All of them.
    pub const ALL: [Self; 9] = [
        Self::WorkflowCreated,
        Self::WorkflowStateChanged,
        Self::WorkflowRecovered,
        Self::WorkflowAmended,
        Self::WorkflowSigned,
        Self::WorkflowTransitionRefused,
        Self::WorkflowQuarantined,
        Self::WorkflowReleased,
        Self::WorkflowOverdue,
    ];

    /// The name on the bus.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::WorkflowCreated => "WorkflowCreated",
            Self::WorkflowStateChanged => "WorkflowStateChanged",
            Self::WorkflowRecovered => "WorkflowRecovered",
            Self::WorkflowAmended => "WorkflowAmended",
            Self::WorkflowSigned => "WorkflowSigned",
            Self::WorkflowTransitionRefused => "WorkflowTransitionRefused",
            Self::WorkflowQuarantined => "WorkflowQuarantined",
            Self::WorkflowReleased => "WorkflowReleased",
            Self::WorkflowOverdue => "WorkflowOverdue",
        }
    }
}

/// One event.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Event {
    /// The workflow it is about.
    pub workflow: WorkflowKey,
    /// Its identity, the same however often it comes.
    pub event_id: String,
    /// What happened.
    pub event_type: EventType,
    /// The version it made, from 1 on; none for what makes none: a refused attempt, a quarantine, a release,
    /// the record that it was overdue.
    pub version: Option<u64>,
    /// The version it resumes from, when the versions between are unreadable and were released: they never arrive. None
    /// when it follows the version just before.
    pub resumes_from: Option<u64>,
    /// The complete event, as the JSON that arrived. The Workflow Manager's `schemas/` describe it.
    pub detail: String,
}

/// Why a delivery is not an event of the Workflow Manager. It will not become one by being delivered again.
#[derive(Debug, thiserror::Error)]
pub enum Unreadable {
    /// It is larger than any event.
    #[error("the detail has {bytes} bytes; an event has at most {DETAIL_BYTES_MAX}")]
    TooLarge {
        /// Its size.
        bytes: usize,
    },
    /// It belongs to another service: another source, or an unknown type of event.
    #[error("not an event of {SOURCE} that is known here: {what}")]
    Foreign {
        /// Its source or type, the beginning of it.
        what: String,
    },
    /// It does not have the form of an event.
    #[error("not a well-formed event: {0}")]
    Malformed(serde_json::Error),
}

/// An event of `EventBridge`, as a rule's target gets it.
#[derive(Deserialize)]
struct Envelope<'a> {
    #[serde(borrow)]
    source: Cow<'a, str>,
    #[serde(borrow, rename = "detail-type")]
    detail_type: Cow<'a, str>,
    #[serde(borrow)]
    detail: &'a RawValue,
}

/// The members that say where an event belongs. Others may be added: they are none of the inbox's business.
#[derive(Deserialize)]
struct Members<'a> {
    #[serde(borrow)]
    event_type: Cow<'a, str>,
    event_id: String,
    tenant_id: String,
    workflow_id: String,
    version: Option<u64>,
    resumes: Option<Resumes>,
}

/// The earlier version that an event resumes from, if it does not follow from the version just before.
#[derive(Deserialize)]
struct Resumes {
    from_version: u64,
}

impl Event {
    /// Reads an event in the envelope of `EventBridge`, such as the body of a message of Amazon SQS behind a rule.
    ///
    /// # Errors
    /// When it is not an event of the Workflow Manager.
    pub fn from_envelope(body: &str) -> Result<Self, Unreadable> {
        let envelope: Envelope<'_> = serde_json::from_str(body).map_err(Unreadable::Malformed)?;
        if envelope.source != SOURCE {
            return Err(foreign(&envelope.source));
        }
        let event = Self::from_detail(envelope.detail.get())?;
        if event.event_type.as_str() == envelope.detail_type {
            Ok(event)
        } else {
            Err(malformed("the detail type and the detail's event_type differ"))
        }
    }

    /// Reads an event's detail without an envelope; an item of a workflow's history is one as well.
    ///
    /// # Errors
    /// When it is not an event of the Workflow Manager.
    pub fn from_detail(detail: &str) -> Result<Self, Unreadable> {
        if detail.len() > DETAIL_BYTES_MAX {
            return Err(Unreadable::TooLarge { bytes: detail.len() });
        }
        let members: Members<'_> = serde_json::from_str(detail).map_err(Unreadable::Malformed)?;
        let event_type = EventType::ALL.into_iter().find(|known| known.as_str() == members.event_type);
        let event_type = event_type.ok_or_else(|| foreign(&members.event_type))?;
        if [&members.event_id, &members.tenant_id, &members.workflow_id].into_iter().any(String::is_empty) {
            return Err(malformed("event_id, tenant_id and workflow_id must not be empty"));
        }
        let version = match (event_type, members.version) {
            // The `version` of these is the version that the workflow had.
            (EventType::WorkflowTransitionRefused | EventType::WorkflowOverdue, _) => None,
            (EventType::WorkflowQuarantined | EventType::WorkflowReleased, _) => None,
            (_, Some(version @ 1..=VERSION_MAX)) => Some(version),
            (_, _) => return Err(malformed("version must be a whole number from 1 to 9999999999")),
        };
        let resumes_from = members.resumes.filter(|_| version.is_some()).map(|resumes| resumes.from_version);
        if resumes_from.is_some_and(|from| from == 0 || version.is_some_and(|version| from >= version)) {
            return Err(malformed("resumes.from_version must be a version before this one"));
        }
        let workflow = WorkflowKey { tenant_id: members.tenant_id, workflow_id: members.workflow_id };
        let event_id = members.event_id;
        Ok(Self { workflow, event_id, event_type, version, resumes_from, detail: detail.to_owned() })
    }
}

fn foreign(what: &str) -> Unreadable {
    Unreadable::Foreign { what: what.chars().take(QUOTED_CHARS_MAX).collect() }
}

fn malformed(why: &str) -> Unreadable {
    Unreadable::Malformed(serde_json::Error::custom(why))
}
