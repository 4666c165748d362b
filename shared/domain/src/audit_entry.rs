//! Audit entries of a tenant: entries of the log that belong to no workflow, because they are about many.

use serde::{Deserialize, Serialize};

use crate::activity::ActivityKind;
use crate::hashing::ChainHash;
use crate::idempotency::RepeatableRequest;
use crate::identifiers::{CorrelationId, EventId, PrincipalId, Reason, TenantId, WorkflowId};
use crate::sealed::{LogEntry, Sealed};
use crate::timestamp::Timestamp;

/// An act of a tenant's principal that the log keeps and that is about no one workflow.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct AuditEntry {
    /// The entry's identity, a UUIDv7.
    pub event_id: EventId,
    /// The tenant.
    pub tenant_id: TenantId,
    /// The server's time of the act.
    pub timestamp: Timestamp,
    /// Who did it.
    pub requested_by: PrincipalId,
    /// Why; of a review the comment.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<Reason>,
    /// Links this act to its cause in other services.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub correlation_id: Option<CorrelationId>,
    /// What was done: the members `event_type` and `details`.
    #[serde(flatten)]
    pub act: AuditAct,
}

/// What was done.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(tag = "event_type", content = "details")]
pub enum AuditAct {
    /// Records left the service.
    RecordsExported(RecordsExported),
    /// An auditor reviewed the audit trail of a period.
    AuditTrailReviewed(AuditTrailReviewed),
}

impl AuditAct {
    /// The kind in the activity.
    #[must_use]
    pub const fn kind(&self) -> ActivityKind {
        match self {
            Self::RecordsExported(_) => ActivityKind::RecordsExported,
            Self::AuditTrailReviewed(_) => ActivityKind::AuditTrailReviewed,
        }
    }
}

/// An export: what was asked for, and what it held.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct RecordsExported {
    /// The job that made it; absent when the request itself did.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub job_id: Option<String>,
    /// Only entries of this instant or later.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from: Option<Timestamp>,
    /// Only entries before this instant.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub to: Option<Timestamp>,
    /// The workflows by their ids, when they were asked for so.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub workflow_ids: Vec<WorkflowId>,
    /// The query, when they were asked for so: the parameters of a list as text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub query: Option<String>,
    /// The number of workflows in it.
    pub workflows: u64,
    /// The number of entries in it.
    pub entries: u64,
    /// The SHA-256 of its manifest.
    pub manifest_sha256: ChainHash,
}

/// A review: of which part of the audit trail. The auditor's comment is the reason of the entry.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct AuditTrailReviewed {
    /// Entries of this instant or later.
    pub from: Timestamp,
    /// Entries before this instant.
    pub to: Timestamp,
    /// Only what this principal did; absent: everybody.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub principal: Option<PrincipalId>,
    /// Only entries of this kind; absent: every kind.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kind: Option<ActivityKind>,
}

impl LogEntry for AuditEntry {}

/// An audit entry with its hash.
pub type SealedAuditEntry = Sealed<AuditEntry>;

/// The schemas of audit entries as they are shown: one for each act, which the member `event_type` tells apart.
#[cfg(feature = "schema")]
pub mod schema {
    use std::borrow::Cow;
    use utoipa::openapi::schema::{Object, Schema, Type};
    use utoipa::openapi::{ObjectBuilder, Ref, RefOr};
    use utoipa::{PartialSchema, ToSchema};

    use super::{AuditEntry, AuditTrailReviewed, RecordsExported};
    use crate::sealed::add_hash;

    /// The name of the schema of each act, and the only value of its `event_type`.
    #[must_use]
    pub fn names() -> [(Cow<'static, str>, &'static str); 2] {
        [(RecordsExportedEntry::name(), EXPORTED), (AuditTrailReviewedEntry::name(), REVIEWED)]
    }

    const EXPORTED: &str = "RecordsExported";
    const REVIEWED: &str = "AuditTrailReviewed";

    /// The entry of an export.
    #[derive(Debug)]
    pub struct RecordsExportedEntry;

    /// The entry of a review.
    #[derive(Debug)]
    pub struct AuditTrailReviewedEntry;

    impl PartialSchema for RecordsExportedEntry {
        fn schema() -> RefOr<Schema> {
            of_act::<RecordsExported>(EXPORTED, "Records left the service.")
        }
    }

    impl PartialSchema for AuditTrailReviewedEntry {
        fn schema() -> RefOr<Schema> {
            of_act::<AuditTrailReviewed>(REVIEWED, "An auditor reviewed the audit trail of a period.")
        }
    }

    impl ToSchema for RecordsExportedEntry {
        fn schemas(schemas: &mut Vec<(String, RefOr<Schema>)>) {
            referred_to(schemas);
        }
    }

    impl ToSchema for AuditTrailReviewedEntry {
        fn schemas(schemas: &mut Vec<(String, RefOr<Schema>)>) {
            referred_to(schemas);
        }
    }

    /// The schemas of all audit entries by their names, with those that they refer to.
    pub fn schemas(schemas: &mut Vec<(String, RefOr<Schema>)>) {
        schemas.push((RecordsExportedEntry::name().into_owned(), RecordsExportedEntry::schema()));
        schemas.push((AuditTrailReviewedEntry::name().into_owned(), AuditTrailReviewedEntry::schema()));
        referred_to(schemas);
    }

    fn referred_to(schemas: &mut Vec<(String, RefOr<Schema>)>) {
        AuditEntry::schemas(schemas);
        // The acts stand in the schemas of their entries.
        schemas.retain(|(name, _)| name != "AuditAct");
    }

    fn of_act<D: ToSchema>(event_type: &str, told: &str) -> RefOr<Schema> {
        let mut object = members();
        let only = ObjectBuilder::new().schema_type(Type::String).enum_values(Some([event_type])).build();
        object.properties.insert("event_type".to_owned(), only.into());
        let details = Ref::builder().ref_location_from_schema_name(D::name()).description(Some("What was done."));
        object.properties.insert("details".to_owned(), RefOr::Ref(details.build()));
        object.required.extend(["event_type", "details"].map(str::to_owned));
        add_hash(&mut object);
        object.description = Some(told.to_owned());
        object.into()
    }

    /// The members that all acts have.
    fn members() -> Object {
        let RefOr::T(Schema::AllOf(all)) = AuditEntry::schema() else { return Object::default() };
        let mut objects = all.items.into_iter().filter_map(|item| match item {
            RefOr::T(Schema::Object(object)) => Some(object),
            RefOr::T(_) | RefOr::Ref(_) => None,
        });
        objects.next().unwrap_or_default()
    }
}

/// An audit entry as it is stored: with the request that made it, so that a repetition finds it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredAuditEntry {
    /// The entry.
    pub entry: Sealed<AuditEntry>,
    /// The request; none when it carried no idempotency key.
    pub request: Option<RepeatableRequest>,
}

/// An audit entry as the log has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KeptAuditEntry {
    /// A readable one.
    Entry(Box<Sealed<AuditEntry>>),
    /// An unreadable one.
    Unreadable {
        /// The hash of the stored bytes.
        content: ChainHash,
    },
}
