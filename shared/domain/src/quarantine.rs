//! Quarantine: the record of a break in a stored history, and its release by a person. Both are entries of the log.
//!
//! The service repairs nothing. While a recorded break is not released, the workflow makes no transition. A release
//! covers exactly the break it names: another break, or a further change of the same version, is quarantined again.

use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::str::FromStr;

use crate::hash_chain::{Break, BreakKind};
use crate::hashing::ChainHash;
use crate::identifiers::{
    CorrelationId, EventId, PrincipalId, Reason, RecoveryId, TenantId, Version, WorkflowId, WorkflowKey,
};
use crate::invalid::InvalidValue;
use crate::sealed::LogEntry;
use crate::stored_name::{Part, StoredName, half_digest};
use crate::timestamp::Timestamp;

/// A quarantine's event type in the log and its detail type on the bus.
pub const WORKFLOW_QUARANTINED: &str = "WorkflowQuarantined";
/// A release's event type in the log and its detail type on the bus.
pub const WORKFLOW_RELEASED: &str = "WorkflowReleased";

/// One break, identified by everything that distinguishes it from others.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct BreakFound {
    /// The first broken version.
    pub at: Version,
    /// The kind of break.
    pub fault: BreakKind,
    /// The hash of the stored content, or of the evidence that something was stored; 64 zeros where there is nothing.
    pub content: ChainHash,
    /// The hash of the version that was published, when the index entry is the evidence of the break.
    pub published: Option<ChainHash>,
}

impl BreakFound {
    /// A break that the log itself shows.
    #[must_use]
    pub fn new(at: Version, fault: BreakKind, content: ChainHash) -> Self {
        Self { at, fault, content, published: None }
    }

    /// The id under which it is recorded and released.
    #[must_use]
    pub fn id(&self) -> BreakId {
        let parts = [Part::of(&self.fault), Part::of(&self.content)];
        let parts: Vec<Part<'_>> = parts.into_iter().chain(self.published.as_ref().map(Part::of)).collect();
        BreakId(format!("{:010}-{}", self.at.get(), half_digest(&parts)))
    }

    /// A version is missing, and no evidence of its content is left.
    #[must_use]
    pub fn nothing_is_left(at: Version) -> Self {
        Self::new(at, BreakKind::Missing, ChainHash::genesis())
    }

    /// The version is unreadable; `content` is the hash of the stored bytes.
    #[must_use]
    pub fn unreadable(at: Version, content: ChainHash) -> Self {
        Self::new(at, BreakKind::Unreadable, content)
    }

    /// The break as callers see it.
    #[must_use]
    pub fn as_break(&self) -> Break {
        Break { at: self.at, fault: self.fault }
    }
}

/// The id of one break: ten digits of its version, `-`, 32 hexadecimal digits. The ids sort in version order.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "schema", schema(value_type = String, pattern = "^[0-9]{10}-[0-9a-f]{32}$"))]
#[serde(try_from = "String", into = "String")]
pub struct BreakId(String);

impl BreakId {
    /// The text itself.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl StoredName for BreakId {
    fn stored_name(&self) -> Cow<'_, str> {
        Cow::Borrowed(&self.0)
    }
}

impl TryFrom<String> for BreakId {
    type Error = InvalidValue;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        let is_hex = |text: &str| text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
        let well_formed = text.split_once('-').is_some_and(|(version, digest)| {
            version.len() == 10 && version.bytes().all(|b| b.is_ascii_digit()) && digest.len() == 32 && is_hex(digest)
        });
        if well_formed {
            Ok(Self(text))
        } else {
            Err(InvalidValue::new("must be the `break_id` of a quarantine: ten digits, `-`, 32 hexadecimal digits"))
        }
    }
}

impl FromStr for BreakId {
    type Err = InvalidValue;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::try_from(text.to_owned())
    }
}

impl From<BreakId> for String {
    fn from(id: BreakId) -> Self {
        id.0
    }
}

/// A break as the log records it and the bus carries it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct Quarantine {
    /// The event's identity, the same in the log, on the bus and in answers.
    pub event_id: EventId,
    /// The tenant that owns the workflow.
    pub tenant_id: TenantId,
    /// The id of the workflow.
    pub workflow_id: WorkflowId,
    /// The kind of event; always the same.
    pub event_type: QuarantineEventType,
    /// The first broken version.
    pub broken_at_version: Version,
    /// The kind of break.
    pub fault: BreakKind,
    /// The hash of the stored content, or of the evidence that something was stored; 64 zeros where there is nothing.
    pub content: ChainHash,
    /// The hash of the version that was published, when the index entry is the evidence of the break.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub published_hash: Option<ChainHash>,
    /// The server's time at which it was found.
    pub timestamp: Timestamp,
    /// The newest stored version at that time; absent when there was none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<Version>,
    /// The hash of that version; absent when there was none, or it could not be read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub head_hash: Option<ChainHash>,
    /// The operation that found it.
    pub found_by: String,
    /// The principal that had requested the operation.
    pub requested_by: PrincipalId,
    /// The recovery that found it; absent when another operation found it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub recovery_id: Option<String>,
    /// The hash of an unreadable entry that occupies this one's place in the log; absent when the place is free.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub beside: Option<ChainHash>,
}

/// A release as the log records it and the bus carries it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct Release {
    /// The event's identity, the same in the log, on the bus and in answers.
    pub event_id: EventId,
    /// The tenant that owns the workflow.
    pub tenant_id: TenantId,
    /// The id of the workflow.
    pub workflow_id: WorkflowId,
    /// The kind of event; always the same.
    pub event_type: ReleaseEventType,
    /// The version at which the stored history is broken, and stays so.
    pub broken_at_version: Version,
    /// The kind of break.
    pub fault: BreakKind,
    /// The hash that distinguishes the break from any other.
    pub content: ChainHash,
    /// The hash of the version that was published, when the index entry is the evidence of the break.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub published_hash: Option<ChainHash>,
    /// The server's time of the release.
    pub timestamp: Timestamp,
    /// The newest stored version at that time; absent when there was none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<Version>,
    /// The hash of that version; absent when there was none, or it could not be read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub head_hash: Option<ChainHash>,
    /// Who released it.
    pub requested_by: PrincipalId,
    /// That person's reason.
    pub reason: Reason,
    /// Links the release to its cause in other services.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub correlation_id: Option<CorrelationId>,
    /// The hash of an unreadable entry that occupies this one's place in the log; absent when the place is free.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub beside: Option<ChainHash>,
}

/// The one event type of a quarantine.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub enum QuarantineEventType {
    /// The only one.
    #[default]
    WorkflowQuarantined,
}

/// The one event type of a release.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub enum ReleaseEventType {
    /// The only one.
    #[default]
    WorkflowReleased,
}

impl LogEntry for Quarantine {}
impl LogEntry for Release {}

impl Quarantine {
    /// Makes the record that an operation found a break of a workflow on behalf of a principal.
    #[must_use]
    pub fn new(event_id: EventId, key: &WorkflowKey, found: &BreakFound, by: FoundBy<'_>) -> Self {
        Self {
            event_id,
            tenant_id: key.tenant_id.clone(),
            workflow_id: key.workflow_id.clone(),
            event_type: QuarantineEventType::default(),
            broken_at_version: found.at,
            fault: found.fault,
            content: found.content.clone(),
            published_hash: found.published.clone(),
            timestamp: by.timestamp,
            version: by.newest.as_ref().map(|met| met.version),
            head_hash: by.newest.and_then(|met| met.head_hash),
            found_by: by.operation.to_owned(),
            requested_by: by.principal,
            recovery_id: by.recovery_id.map(|id| id.as_str().to_owned()),
            beside: None,
        }
    }

    /// The break it records.
    #[must_use]
    pub fn found(&self) -> BreakFound {
        BreakFound {
            at: self.broken_at_version,
            fault: self.fault,
            content: self.content.clone(),
            published: self.published_hash.clone(),
        }
    }
}

impl Release {
    /// The break it covers.
    #[must_use]
    pub fn covers(&self) -> BreakFound {
        BreakFound {
            at: self.broken_at_version,
            fault: self.fault,
            content: self.content.clone(),
            published: self.published_hash.clone(),
        }
    }
}

/// Who found a break, and when.
#[derive(Clone, Debug)]
pub struct FoundBy<'a> {
    /// The operation.
    pub operation: &'a str,
    /// The principal that had requested the operation.
    pub principal: PrincipalId,
    /// The recovery, if a recovery found it.
    pub recovery_id: Option<&'a RecoveryId>,
    /// The server's time.
    pub timestamp: Timestamp,
    /// The newest stored version; none when there is none.
    pub newest: Option<Met>,
}

/// The newest stored version, as an entry beside the versions met it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Met {
    /// The version.
    pub version: Version,
    /// Its hash; none when it is unreadable.
    pub head_hash: Option<ChainHash>,
}

/// One entry of a workflow's quarantine record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum QuarantineEntry {
    /// A break was found.
    Quarantined(Quarantine),
    /// A person released it.
    Released(Release),
}

impl QuarantineEntry {
    /// The workflow it is about.
    #[must_use]
    pub fn key(&self) -> WorkflowKey {
        let (tenant_id, workflow_id) = match self {
            Self::Quarantined(entry) => (&entry.tenant_id, &entry.workflow_id),
            Self::Released(entry) => (&entry.tenant_id, &entry.workflow_id),
        };
        WorkflowKey { tenant_id: tenant_id.clone(), workflow_id: workflow_id.clone() }
    }

    /// The break it is about.
    #[must_use]
    pub fn about(&self) -> BreakFound {
        match self {
            Self::Quarantined(entry) => entry.found(),
            Self::Released(entry) => entry.covers(),
        }
    }

    /// The event's identity.
    #[must_use]
    pub fn event_id(&self) -> EventId {
        match self {
            Self::Quarantined(entry) => entry.event_id,
            Self::Released(entry) => entry.event_id,
        }
    }
}

/// All quarantine entries in a workflow's log.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct QuarantineRecord {
    /// For each break its quarantine and, if there is one, its release.
    pub entries: Vec<QuarantineEntry>,
    /// Unreadable entries of the record. Each may have been a quarantine, so each counts as a break.
    pub unreadable: Vec<BreakFound>,
}

/// A break that blocks a workflow's transitions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InForce {
    /// The break.
    pub found: BreakFound,
    /// The record of the break; none for an unreadable entry that no operation has recorded yet.
    pub recorded: Option<Quarantine>,
}

impl QuarantineRecord {
    /// The breaks that are not released, in version order.
    #[must_use]
    pub fn in_force(&self) -> Vec<InForce> {
        let mut breaks: BTreeMap<BreakFound, Option<Quarantine>> =
            self.unreadable.iter().map(|found| (found.clone(), None)).collect();
        for entry in &self.entries {
            if let QuarantineEntry::Quarantined(quarantine) = entry {
                breaks.insert(quarantine.found(), Some(quarantine.clone()));
            }
        }
        let unreleased = breaks.into_iter().filter(|(found, _)| !self.is_released(found));
        unreleased.map(|(found, recorded)| InForce { found, recorded }).collect()
    }

    /// The releases, in time order.
    #[must_use]
    pub fn releases(&self) -> Vec<&Release> {
        let mut releases: Vec<&Release> = self
            .entries
            .iter()
            .filter_map(|entry| match entry {
                QuarantineEntry::Released(release) => Some(release),
                QuarantineEntry::Quarantined(_) => None,
            })
            .collect();
        releases.sort_by_key(|release| (release.timestamp, release.event_id));
        releases
    }

    /// Whether exactly this break was released.
    #[must_use]
    pub fn is_released(&self, found: &BreakFound) -> bool {
        self.releases().into_iter().any(|release| release.covers() == *found)
    }

    /// Whether the loss with this evidence was released, at any version where the log ended then: each transition after
    /// the release moves the end further.
    #[must_use]
    pub fn is_loss_released(&self, witness: &ChainHash) -> bool {
        let covers = |release: &&Release| release.fault == BreakKind::Missing && release.content == *witness;
        self.releases().iter().any(covers)
    }

    /// Whether a version beyond the end of the log, made at this instant, belongs to a released loss: the log once
    /// ended behind it. The loss of a version made after the release is a new loss.
    #[must_use]
    pub fn is_in_released_loss(&self, version: Version, made_at: Timestamp) -> bool {
        let covers = |release: &&Release| {
            release.fault == BreakKind::Missing
                && release.content != ChainHash::genesis()
                && release.broken_at_version <= version
                && made_at <= release.timestamp
        };
        self.releases().iter().any(covers)
    }
}
