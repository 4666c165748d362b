//! Electronic signatures: what a person declares of one version of a workflow, and which signatures still count.

use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;

use crate::authentication::AuthenticatedBy;
use crate::hashing::ChainHash;
use crate::identifiers::{PrincipalId, PrintedName, Reason, Role, Version};
use crate::invalid::InvalidValue;
use crate::limits::SIGNATURES_MAX;
use crate::stored_name::named_as_str;
use crate::timestamp::Timestamp;
use crate::workflow_data::WorkflowData;

/// What a signature means.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "lowercase")]
pub enum Meaning {
    /// The signer did the work, or entered its results.
    Authorship,
    /// The signer checked the work of others.
    Review,
    /// The signer approves the results.
    Approval,
    /// The signer is responsible for the work.
    Responsibility,
}

impl Meaning {
    /// Every meaning.
    pub const ALL: [Self; 4] = [Self::Authorship, Self::Review, Self::Approval, Self::Responsibility];

    /// The name on the wire, in policies, rules and storage.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Authorship => "authorship",
            Self::Review => "review",
            Self::Approval => "approval",
            Self::Responsibility => "responsibility",
        }
    }
}

impl fmt::Display for Meaning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Meaning {
    type Err = InvalidValue;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .into_iter()
            .find(|meaning| meaning.as_str() == text)
            .ok_or_else(|| InvalidValue::new("must be one of authorship, review, approval, responsibility"))
    }
}

named_as_str!(Meaning);

/// The signature that a version adds. The signer is the version's `requested_by`, the instant its `timestamp`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct Signature {
    /// What it means.
    pub meaning: Meaning,
    /// The signer's name, from the verified token.
    pub signer_name: PrintedName,
    /// The signer's roles at that time.
    pub roles: BTreeSet<Role>,
    /// The signer's remark.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub comment: Option<Reason>,
    /// The version that is signed: the one that this version continues from.
    pub signed_version: Version,
    /// The hash of the signed version.
    pub signed_hash: ChainHash,
    /// How the signer was authenticated.
    pub authenticated: AuthenticatedBy,
}

/// A signature in the list that every later version carries.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct KeptSignature {
    /// What it means.
    pub meaning: Meaning,
    /// The signer.
    pub by: PrincipalId,
    /// The signer's name.
    pub name: PrintedName,
    /// The signer's roles at that time.
    pub roles: BTreeSet<Role>,
    /// When it was made.
    pub at: Timestamp,
    /// The version that is signed.
    pub version: Version,
    /// The hash of the signed version.
    pub hash: ChainHash,
    /// Whether it counts. A later version that changes metadata or labels makes it false for ever.
    pub current: bool,
}

impl KeptSignature {
    /// A signature as the list keeps it, made by this principal at this instant.
    #[must_use]
    pub fn new(signature: &Signature, by: &PrincipalId, at: Timestamp) -> Self {
        Self {
            meaning: signature.meaning,
            by: by.clone(),
            name: signature.signer_name.clone(),
            roles: signature.roles.clone(),
            at,
            version: signature.signed_version,
            hash: signature.signed_hash.clone(),
            current: true,
        }
    }
}

/// Why a signature cannot be added to a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotAdded {
    /// The signer's signature with this meaning still counts.
    AlreadySigned,
    /// The list is full of signatures that count.
    TooMany,
}

/// The signatures of a workflow so far, in the order in which they were made: at most [`SIGNATURES_MAX`].
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Vec<KeptSignature>", into = "Vec<KeptSignature>")]
pub struct Signatures(Vec<KeptSignature>);

impl Signatures {
    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Each of them.
    pub fn iter(&self) -> impl Iterator<Item = &KeptSignature> {
        self.0.iter()
    }

    /// The list after a version that changes the data from `before` to `after`. Metadata and labels are what is signed:
    /// another label may name another sample.
    #[must_use]
    pub fn over(&self, before: &WorkflowData, after: &WorkflowData) -> Self {
        let same = before.metadata == after.metadata && before.labels == after.labels;
        let kept = self.0.iter().cloned();
        Self(kept.map(|signature| KeptSignature { current: signature.current && same, ..signature }).collect())
    }

    /// The list with one more. In a full one it takes the place of the oldest that no longer counts.
    ///
    /// # Errors
    /// When the signer's signature with this meaning still counts, or all of a full list do.
    pub fn with(&self, added: KeptSignature) -> Result<Self, NotAdded> {
        let same = |kept: &KeptSignature| kept.current && kept.by == added.by && kept.meaning == added.meaning;
        if self.0.iter().any(same) {
            return Err(NotAdded::AlreadySigned);
        }
        let mut list = self.0.clone();
        if list.len() >= SIGNATURES_MAX {
            let oldest = list.iter().position(|kept| !kept.current).ok_or(NotAdded::TooMany)?;
            list.remove(oldest);
        }
        list.push(added);
        Ok(Self(list))
    }
}

impl TryFrom<Vec<KeptSignature>> for Signatures {
    type Error = InvalidValue;

    fn try_from(list: Vec<KeptSignature>) -> Result<Self, InvalidValue> {
        if list.len() > SIGNATURES_MAX {
            return Err(InvalidValue::new(format!("has more than {SIGNATURES_MAX} signatures")));
        }
        Ok(Self(list))
    }
}

impl From<Signatures> for Vec<KeptSignature> {
    fn from(signatures: Signatures) -> Self {
        signatures.0
    }
}

#[cfg(feature = "schema")]
mod schema {
    use utoipa::openapi::schema::ArrayBuilder;
    use utoipa::openapi::{Ref, RefOr, Schema};
    use utoipa::{PartialSchema, ToSchema};

    use super::{KeptSignature, Signatures};
    use crate::limits::SIGNATURES_MAX;

    impl PartialSchema for Signatures {
        fn schema() -> RefOr<Schema> {
            ArrayBuilder::new()
                .items(Ref::from_schema_name(KeptSignature::name()))
                .max_items(Some(SIGNATURES_MAX))
                .description(Some(format!(
                    "The electronic signatures so far, at most {SIGNATURES_MAX}, oldest first. A further one takes the \
                     place of the oldest that is not current."
                )))
                .into()
        }
    }

    impl ToSchema for Signatures {
        fn schemas(schemas: &mut Vec<(String, RefOr<Schema>)>) {
            schemas.push((KeptSignature::name().into_owned(), KeptSignature::schema()));
            KeptSignature::schemas(schemas);
        }
    }
}
