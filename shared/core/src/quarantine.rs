//! Quarantine: a break of a stored history, recorded, and its release by a person. Both are entries of the log.
//!
//! Nothing is repaired. While a break is recorded and not released the workflow is not moved; a release covers exactly
//! the break it names, so that another one, or the same version altered once more, is quarantined anew.

use serde::{Deserialize, Serialize};

use crate::chain::{Break, ChainHash, Fault};
use crate::idempotency::half_digest;
use crate::identifiers::{
    CorrelationId, EventId, PrincipalId, Reason, RecoveryId, TenantId, Version, WorkflowId, WorkflowKey,
};
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
    /// A name for it that fits into a key: the order of texts is the order of versions.
    #[must_use]
    pub fn id(&self) -> String {
        let fault = self.fault.to_string();
        let digest = half_digest(&[fault.as_bytes(), self.content.as_str().as_bytes()]);
        format!("{:010}-{digest}", self.at.get())
    }

    /// What a caller is told of it.
    #[must_use]
    pub fn as_break(&self) -> Break {
        Break { at: self.at, fault: self.fault }
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
            recovery_id: by.recovery_id.map(ToString::to_string),
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

/// Everything a workflow's log says of quarantines: for each break when it was found and, if it was, how released.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct QuarantineRecord(pub Vec<QuarantineEntry>);

impl QuarantineRecord {
    /// The breaks that are recorded and not released, in the order of their versions.
    #[must_use]
    pub fn in_force(&self) -> Vec<&Quarantine> {
        let quarantines = self.0.iter().filter_map(|entry| match entry {
            QuarantineEntry::Quarantined(quarantine) => Some(quarantine),
            QuarantineEntry::Released(_) => None,
        });
        let mut unreleased: Vec<&Quarantine> =
            quarantines.filter(|quarantine| !self.is_released(&quarantine.found())).collect();
        unreleased.sort_by_key(|quarantine| quarantine.found());
        unreleased
    }

    /// The releases, in the order of time.
    #[must_use]
    pub fn releases(&self) -> Vec<&Release> {
        let mut releases: Vec<&Release> = self
            .0
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
}
