//! Quarantine: a break of a stored history, recorded, and its release by a person. Both are entries of the log.
//!
//! Nothing is repaired. While a break is recorded and not released the workflow is not moved; a release covers exactly
//! the break it names, so that another one, or the same version altered once more, is quarantined anew.

use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::str::FromStr;

use crate::hash_chain::{Break, Fault};
use crate::hashing::ChainHash;
use crate::identifiers::{
    CorrelationId, EventId, PrincipalId, Reason, RecoveryId, TenantId, Version, WorkflowId, WorkflowKey,
};
use crate::invalid::InvalidValue;
use crate::stored_name::{Part, StoredName, half_digest};
use crate::timestamp::Timestamp;

/// A quarantine's event type in the log and its detail type on the bus.
pub const WORKFLOW_QUARANTINED: &str = "WorkflowQuarantined";
/// A release's event type in the log and its detail type on the bus.
pub const WORKFLOW_RELEASED: &str = "WorkflowReleased";

/// One break, so named that no other is taken for it.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct BreakFound {
    /// The first version that is not what it should be.
    pub at: Version,
    /// What is wrong with it.
    pub fault: Fault,
    /// The hash of what is stored there, or of what bears witness that something was; 64 zeros where nothing is.
    pub content: ChainHash,
}

impl BreakFound {
    /// The name by which it is recorded and released.
    #[must_use]
    pub fn id(&self) -> BreakId {
        let digest = half_digest(&[Part::of(&self.fault), Part::of(&self.content)]);
        BreakId(format!("{:010}-{digest}", self.at.get()))
    }

    /// A version is missing, and nothing bears witness of what it was.
    #[must_use]
    pub fn nothing_is_left(at: Version) -> Self {
        Self { at, fault: Fault::Missing, content: ChainHash::genesis() }
    }

    /// The version cannot be read; `content` is the hash of what is stored.
    #[must_use]
    pub fn unreadable(at: Version, content: ChainHash) -> Self {
        Self { at, fault: Fault::Unreadable, content }
    }

    /// What a caller is told of it.
    #[must_use]
    pub fn as_break(&self) -> Break {
        Break { at: self.at, fault: self.fault }
    }
}

/// The name of one break: ten digits of its version, `-`, 32 hexadecimal digits. The order of texts is that of versions.
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
    /// The event's identity, the same wherever it shows up.
    pub event_id: EventId,
    /// Whose workflow it is.
    pub tenant_id: TenantId,
    /// Which workflow.
    pub workflow_id: WorkflowId,
    /// What happened; always the same.
    pub event_type: QuarantineEventType,
    /// The first version that is not what it should be.
    pub broken_at_version: Version,
    /// What is wrong with it.
    pub fault: Fault,
    /// The hash of what is stored there, or of what bears witness that something was; 64 zeros where nothing is.
    pub content: ChainHash,
    /// When it was found, by the server's clock.
    pub timestamp: Timestamp,
    /// The operation that found it.
    pub found_by: String,
    /// Who had asked for that.
    pub requested_by: PrincipalId,
    /// The recovery that found it; absent when it was none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub recovery_id: Option<String>,
    /// The hash of an entry that cannot be read and has the place of this one in the log; absent when its place is free.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub beside: Option<ChainHash>,
}

/// A release as the log records it and the bus carries it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct Release {
    /// The event's identity, the same wherever it shows up.
    pub event_id: EventId,
    /// Whose workflow it is.
    pub tenant_id: TenantId,
    /// Which workflow.
    pub workflow_id: WorkflowId,
    /// What happened; always the same.
    pub event_type: ReleaseEventType,
    /// The version at which the stored history is broken, and stays so.
    pub broken_at_version: Version,
    /// What is wrong with it.
    pub fault: Fault,
    /// The hash by which the break is told from any other.
    pub content: ChainHash,
    /// When it was released, by the server's clock.
    pub timestamp: Timestamp,
    /// Who released it.
    pub requested_by: PrincipalId,
    /// Why, in that person's words.
    pub reason: Reason,
    /// What ties this act to its cause in other services.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub correlation_id: Option<CorrelationId>,
    /// The hash of an entry that cannot be read and has the place of this one in the log; absent when its place is free.
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

impl Quarantine {
    /// The record that an operation found a break of a workflow, in somebody's name.
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
            timestamp: by.timestamp,
            found_by: by.operation.to_owned(),
            requested_by: by.principal,
            recovery_id: by.recovery_id.map(|id| id.as_str().to_owned()),
            beside: None,
        }
    }

    /// The break it records.
    #[must_use]
    pub fn found(&self) -> BreakFound {
        BreakFound { at: self.broken_at_version, fault: self.fault, content: self.content.clone() }
    }
}

impl Release {
    /// The break it covers.
    #[must_use]
    pub fn covers(&self) -> BreakFound {
        BreakFound { at: self.broken_at_version, fault: self.fault, content: self.content.clone() }
    }
}

/// Who found a break, and when.
#[derive(Clone, Debug)]
pub struct FoundBy<'a> {
    /// The operation.
    pub operation: &'a str,
    /// Who had asked for that.
    pub principal: PrincipalId,
    /// The recovery, if it was one.
    pub recovery_id: Option<&'a RecoveryId>,
    /// By the server's clock.
    pub timestamp: Timestamp,
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

/// Everything a workflow's log says of quarantines.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct QuarantineRecord {
    /// For each break when it was found and, if it was, how released.
    pub entries: Vec<QuarantineEntry>,
    /// Entries of the record that cannot be read. Each may have been a quarantine, so each is a break itself.
    pub unreadable: Vec<BreakFound>,
}

/// A break that keeps a workflow from being moved.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InForce {
    /// The break.
    pub found: BreakFound,
    /// When and by what it was found; none of an entry that cannot be read and that no operation has recorded yet.
    pub recorded: Option<Quarantine>,
}

impl QuarantineRecord {
    /// The breaks that are not released, in the order of their versions.
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

    /// The releases, in the order of time.
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

    /// Whether the loss that this bears witness to was released, at whatever version the log ended then: each move
    /// after the release puts its end further.
    #[must_use]
    pub fn is_loss_released(&self, witness: &ChainHash) -> bool {
        let covers = |release: &&Release| release.fault == Fault::Missing && release.content == *witness;
        self.releases().iter().any(covers)
    }

    /// Whether a version beyond the end of the log that was made at this instant belongs to a released loss: the log once
    /// ended behind it. What was made after the release is lost anew.
    #[must_use]
    pub fn is_in_released_loss(&self, version: Version, made_at: Timestamp) -> bool {
        let covers = |release: &&Release| {
            release.fault == Fault::Missing
                && release.content != ChainHash::genesis()
                && release.broken_at_version <= version
                && made_at <= release.timestamp
        };
        self.releases().iter().any(covers)
    }
}
