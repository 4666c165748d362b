//! A version as an item of the log.

use alims_domain::event::{AppliedRules, EventType, Failure, Resumes, WorkflowEvent};
use alims_domain::hashing::ChainHash;
use alims_domain::idempotency::AcceptedRequest;
use alims_domain::identifiers::{
    CorrelationId, EventId, PrincipalId, Reason, TenantId, Version, WorkflowId, WorkflowKey, WorkflowType,
};
use alims_domain::json::{Metadata, ValidationContext};
use alims_domain::labels::Labels;
use alims_domain::lifecycle::State;
use alims_domain::signature::{Signature, Signatures};
use alims_domain::stored_version::StoredVersion;
use alims_domain::timestamp::Timestamp;
use serde::{Deserialize, Serialize};
use serde_dynamo::Item;
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};

use crate::item::{ItemError, KeyText, Stored, partition_key, version_entry};

/// One attribute a member of the event. The laboratory's JSON is text, because `DynamoDB` would keep 38 digits of a
/// number and forget how it was written.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct VersionItem {
    pk: KeyText,
    entry: KeyText,
    event_id: EventId,
    tenant_id: TenantId,
    workflow_id: WorkflowId,
    workflow_type: WorkflowType,
    event_type: EventType,
    version: Version,
    from_state: Option<State>,
    to_state: State,
    #[serde(skip_serializing_if = "Option::is_none")]
    previous_state: Option<State>,
    #[serde(skip_serializing_if = "Option::is_none")]
    state_since: Option<Version>,
    timestamp: Timestamp,
    created_at: Timestamp,
    created_by: PrincipalId,
    requested_by: PrincipalId,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<Reason>,
    metadata: String,
    #[serde(default, skip_serializing_if = "Labels::is_empty")]
    labels: Labels,
    #[serde(skip_serializing_if = "Option::is_none")]
    due_at: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    assignee: Option<PrincipalId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    replaces: Option<WorkflowId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    signature: Option<Signature>,
    #[serde(default, skip_serializing_if = "Signatures::is_empty")]
    signatures: Signatures,
    #[serde(skip_serializing_if = "Option::is_none")]
    validation_context: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    failure: Option<Failure>,
    rules: AppliedRules,
    #[serde(skip_serializing_if = "Option::is_none")]
    correlation_id: Option<CorrelationId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    resumes: Option<Resumes>,
    previous_hash: ChainHash,
    hash: ChainHash,
    accepted: Vec<AcceptedRequest>,
    /// The lower-case hexadecimal SHA-256 of the data that the chain does not cover: see [`unchained_hash`].
    unchained_hash: String,
}

impl Stored for StoredVersion {
    fn attributes(&self) -> Result<Item, ItemError> {
        let event = self.event.clone();
        let metadata = compact(event.metadata.as_object())?;
        let validation_context =
            event.validation_context.as_ref().map(|context| compact(context.as_object())).transpose()?;
        let unchained_hash = unchained_hash(&event.hash, &metadata, validation_context.as_deref(), &self.accepted)?;
        let wire = VersionItem {
            pk: partition_key(&event.key()),
            entry: version_entry(event.version),
            event_id: event.event_id,
            tenant_id: event.tenant_id,
            workflow_id: event.workflow_id,
            workflow_type: event.workflow_type,
            event_type: event.event_type,
            version: event.version,
            from_state: event.from_state,
            to_state: event.to_state,
            previous_state: event.previous_state,
            state_since: event.state_since,
            timestamp: event.timestamp,
            created_at: event.created_at,
            created_by: event.created_by,
            requested_by: event.requested_by,
            reason: event.reason,
            metadata,
            labels: event.labels,
            due_at: event.due_at,
            assignee: event.assignee,
            replaces: event.replaces,
            signature: event.signature,
            signatures: event.signatures,
            validation_context,
            failure: event.failure,
            rules: event.rules,
            correlation_id: event.correlation_id,
            resumes: event.resumes,
            previous_hash: event.previous_hash,
            hash: event.hash,
            accepted: self.accepted.clone(),
            unchained_hash,
        };
        Ok(serde_dynamo::to_item(wire)?)
    }

    fn happened(&self) -> Option<(WorkflowKey, Timestamp)> {
        Some((self.event.key(), self.event.timestamp))
    }

    fn interpret(item: Item) -> Result<Self, ItemError> {
        let wire: VersionItem = serde_dynamo::from_item(item)?;
        let metadata: Metadata = serde_json::from_str(&wire.metadata)?;
        let validation_context: Option<ValidationContext> =
            wire.validation_context.as_deref().map(serde_json::from_str).transpose()?;
        let event = WorkflowEvent {
            event_id: wire.event_id,
            tenant_id: wire.tenant_id,
            workflow_id: wire.workflow_id,
            workflow_type: wire.workflow_type,
            event_type: wire.event_type,
            version: wire.version,
            from_state: wire.from_state,
            to_state: wire.to_state,
            previous_state: wire.previous_state,
            state_since: wire.state_since,
            timestamp: wire.timestamp,
            created_at: wire.created_at,
            created_by: wire.created_by,
            requested_by: wire.requested_by,
            reason: wire.reason,
            metadata,
            labels: wire.labels,
            due_at: wire.due_at,
            assignee: wire.assignee,
            replaces: wire.replaces,
            signature: wire.signature,
            signatures: wire.signatures,
            validation_context,
            failure: wire.failure,
            rules: wire.rules,
            correlation_id: wire.correlation_id,
            resumes: wire.resumes,
            previous_hash: wire.previous_hash,
            hash: wire.hash,
        };
        Ok(Self { event, accepted: wire.accepted })
    }
}

/// Compact JSON with sorted members: the stored text must not depend on whether a build keeps the order of members.
fn compact(object: &Map<String, Value>) -> Result<String, serde_json::Error> {
    let mut value = Value::Object(object.clone());
    value.sort_all_objects();
    serde_json::to_string(&value)
}

/// Protects the data that the chain does not cover: the accepted requests, which no history shows, and the spelling of
/// the laboratory's numbers, because canonical JSON does not distinguish `1.0` from `1`. The version's hash binds it to
/// the version.
fn unchained_hash(
    hash: &ChainHash,
    metadata: &str,
    validation_context: Option<&str>,
    accepted: &[AcceptedRequest],
) -> Result<String, serde_json::Error> {
    let text = serde_json::to_string(&(hash, metadata, validation_context, accepted))?;
    Ok(hex::encode(Sha256::digest(text)))
}
