//! Items as such: the keys, and the rule that everything stored has exactly one spelling.
//!
//! An item is read, written again and compared with what was read. Whatever this service would not have written so —
//! another spelling of a number, a null where nothing should be, an attribute nobody knows, a key that does not fit
//! the content — is no item of ours.

use alims_core::chain::NotCanonical;
use alims_core::identifiers::{EventId, Version, WorkflowKey};
use alims_core::ports::StoreError;
use alims_core::quarantine::BreakFound;
use serde_dynamo::{AttributeValue, Item};

/// The log's and the index's partition key.
pub(crate) const PK: &str = "pk";
/// The log's sort key.
pub(crate) const ENTRY: &str = "entry";
/// What the `entry` of a version begins with.
pub(crate) const VERSION_PREFIX: &str = "v#";
/// What the `entry` of a refusal begins with.
pub(crate) const REFUSAL_PREFIX: &str = "r#";

/// What the `entry` of a claim or an outcome of a recovery begins with.
pub(crate) const RECOVERY_PREFIX: &str = "a#";
/// What the `entry` of a claim ends with. As a text it comes before that of the outcome.
pub(crate) const CLAIM: &str = "#claim";
/// What the `entry` of an outcome ends with.
pub(crate) const OUTCOME: &str = "#outcome";
/// What the `entry` of a quarantine or a release begins with.
pub(crate) const QUARANTINE_PREFIX: &str = "q#";
/// What the `entry` of a quarantine ends with.
pub(crate) const QUARANTINED: &str = "#quarantined";
/// What the `entry` of a release ends with.
pub(crate) const RELEASED: &str = "#released";

/// The partition key of a workflow. A tenant's id holds no `#`, so no two workflows share one.
pub(crate) fn partition_key(key: &WorkflowKey) -> String {
    format!("{}#{}", key.tenant_id, key.workflow_id)
}

/// The sort key of a version: ten digits, so that the order of texts is the order of versions.
pub(crate) fn version_entry(version: Version) -> String {
    format!("{VERSION_PREFIX}{:010}", version.get())
}

/// The sort key of a refusal: ids are made in the order of time, so the order of texts is, too.
pub(crate) fn refusal_entry(id: EventId) -> String {
    format!("{REFUSAL_PREFIX}{id}")
}

/// The sort key of a claim: the order of texts is the order of versions, and then of attempts.
pub(crate) fn claim_entry(version: Version, attempt: u32) -> String {
    format!("{RECOVERY_PREFIX}{:010}#{attempt:010}{CLAIM}", version.get())
}

/// The sort key of an outcome: behind the claim that it belongs to.
pub(crate) fn outcome_entry(version: Version, attempt: u32) -> String {
    format!("{RECOVERY_PREFIX}{:010}#{attempt:010}{OUTCOME}", version.get())
}

/// The sort key of a quarantine or of its release: one of either kind a break.
pub(crate) fn quarantine_entry(about: &BreakFound, released: bool) -> String {
    format!("{QUARANTINE_PREFIX}{}{}", about.id(), if released { RELEASED } else { QUARANTINED })
}

/// The version an item's sort key names, if it names one.
pub(crate) fn version_named_by(item: &Item) -> Option<Version> {
    let digits = text_of(item, ENTRY)?.strip_prefix(VERSION_PREFIX)?;
    digits.parse().ok().and_then(|number: u64| Version::try_from(number).ok())
}

/// The workflow that a partition key names, if it names one.
pub(crate) fn workflow_named_by(partition_key: &str) -> Option<WorkflowKey> {
    let (tenant, workflow) = partition_key.split_once('#')?;
    Some(WorkflowKey { tenant_id: tenant.parse().ok()?, workflow_id: workflow.parse().ok()? })
}

/// A text attribute of an item; none when it is missing or no text.
pub(crate) fn text_of<'a>(item: &'a Item, name: &str) -> Option<&'a str> {
    if let Some(AttributeValue::S(text)) = item.get(name) { Some(text) } else { None }
}

/// Why an item cannot be read, or a value not be written.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ItemError {
    /// Attributes are missing, unknown, or not of the form they must have.
    #[error("the item is malformed")]
    Malformed(#[from] serde_dynamo::Error),
    /// A text that should be JSON is not.
    #[error("an attribute is not JSON")]
    NotJson(#[from] serde_json::Error),
    /// A value has no canonical JSON, so no hash.
    #[error(transparent)]
    NotCanonical(#[from] NotCanonical),
    /// It can be read, but this service would have written these attributes otherwise.
    #[error("not as this service writes it: {}", .0.join(", "))]
    Misspelt(Vec<String>),
}

impl ItemError {
    /// The whole of it in one sentence, for those who will look into it.
    pub(crate) fn explained(&self) -> String {
        std::error::Error::source(self).map_or_else(|| self.to_string(), |cause| format!("{self}: {cause}"))
    }
}

/// An item that is not what it should be will not become so by asking again.
impl From<ItemError> for StoreError {
    fn from(error: ItemError) -> Self {
        Self::Refused(Box::new(error))
    }
}

/// What is kept as one item.
pub(crate) trait Stored: Sized {
    /// The one item that this value is kept as.
    fn to_item(&self) -> Result<Item, ItemError>;

    /// Makes sense of an item, without regard to its spelling.
    fn interpret(item: Item) -> Result<Self, ItemError>;

    /// Reads an item, if it is exactly what [`Stored::to_item`] makes of the value it holds.
    fn from_item(item: Item) -> Result<Self, ItemError> {
        let value = Self::interpret(item.clone())?;
        let expected = value.to_item()?;
        if expected == item {
            return Ok(value);
        }
        let mut misspelt: Vec<String> = item
            .keys()
            .chain(expected.keys().filter(|name| !item.contains_key(*name)))
            .filter(|name| item.get(*name) != expected.get(*name))
            .cloned()
            .collect();
        misspelt.sort_unstable();
        Err(ItemError::Misspelt(misspelt))
    }
}
