//! Items in general: the keys, and the rule that every stored value has exactly one spelling.
//!
//! This module reads an item, writes it again and compares the two. An item that this service would have written
//! differently is not valid: another spelling of a number, a null in place of a value, an unknown attribute, or a key
//! that does not match the content.

use alims_domain::audit_entry::AuditEntry;
use alims_domain::hashing::{ChainHash, NotCanonical};
use alims_domain::identifiers::{EventId, TenantId, Version, WorkflowKey};
use alims_domain::quarantine::BreakFound;
use alims_domain::stored_name::{Part, StoredName, digest};
use alims_domain::timestamp::{Day, Timestamp};
use alims_operations::ports::{NewerFormat, StoreError};
use serde::{Deserialize, Serialize};
use serde_dynamo::{AttributeValue, Item};

use crate::item_hash::item_hash;

/// The log's and the index's partition key.
pub(crate) const PK: &str = "pk";
/// The log's sort key.
pub(crate) const ENTRY: &str = "entry";
/// The prefix of a version's `entry`.
pub(crate) const VERSION_PREFIX: &str = "v#";
/// The prefix of a refusal's `entry`.
pub(crate) const REFUSAL_PREFIX: &str = "r#";

/// The prefix of the `entry` of a recovery's claim or outcome.
pub(crate) const RECOVERY_PREFIX: &str = "a#";
/// The suffix of a claim's `entry`. In text order it comes before the outcome's.
pub(crate) const CLAIM: &str = "#claim";
/// The suffix of an outcome's `entry`.
pub(crate) const OUTCOME: &str = "#outcome";
/// The prefix of the `entry` of a quarantine or a release.
pub(crate) const QUARANTINE_PREFIX: &str = "q#";
/// The suffix of a quarantine's `entry`.
pub(crate) const QUARANTINED: &str = "#quarantined";
/// The suffix of a release's `entry`.
pub(crate) const RELEASED: &str = "#released";
/// The prefix of the `entry` of the record that a workflow was overdue.
pub(crate) const OVERDUE_PREFIX: &str = "d#";
/// What comes between the key of an entry that cannot be read and the hash of it, in the key of one beside it.
pub(crate) const BESIDE: &str = "#beside#";

/// The partition key of the secondary index: tenant, day and shard.
pub(crate) const ACTIVITY_DAY: &str = "activity_day";
/// The sort key of the secondary index: the entry's own time, the workflow and the entry's sort key. No other entry has
/// it, and it never changes.
pub(crate) const ACTIVITY_KEY: &str = "activity_key";

/// The attribute that says in which format an item is.
pub(crate) const FORMAT: &str = "format";
/// The format that this release writes, and the highest that it reads: docs/decisions/format-evolution.md.
pub(crate) const CURRENT_FORMAT: u64 = 1;

/// The text of a key. It is made of literals and of stored names only, so that no words meant for people get into one.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct KeyText(String);

impl KeyText {
    /// Begins with a literal.
    pub(crate) fn literal(text: &'static str) -> Self {
        Self(text.to_owned())
    }

    /// Begins with a stored name.
    pub(crate) fn of(name: &impl StoredName) -> Self {
        Self(name.stored_name().into_owned())
    }

    /// Appends a literal.
    pub(crate) fn then(mut self, text: &'static str) -> Self {
        self.0.push_str(text);
        self
    }

    /// Appends a stored name.
    pub(crate) fn name(mut self, name: &impl StoredName) -> Self {
        self.0.push_str(&name.stored_name());
        self
    }

    /// Appends ten digits, so that the order of texts is the order of numbers.
    pub(crate) fn ten_digits(mut self, number: u64) -> Self {
        self.0.push_str(&format!("{number:010}"));
        self
    }

    /// Appends the sort key of an item that this service made.
    pub(crate) fn sort_key_of(mut self, item: &Item) -> Self {
        self.0.push_str(text_of(item, ENTRY).unwrap_or_default());
        self
    }

    /// The text itself.
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

/// As the attribute of an item.
impl From<KeyText> for AttributeValue {
    fn from(key: KeyText) -> Self {
        Self::S(key.0)
    }
}

/// As a value of a request.
impl From<KeyText> for aws_sdk_dynamodb::types::AttributeValue {
    fn from(key: KeyText) -> Self {
        Self::S(key.0)
    }
}

/// The partition key of a workflow. A tenant's id holds no `#`, so no two workflows share one.
pub(crate) fn partition_key(key: &WorkflowKey) -> KeyText {
    KeyText::of(&key.tenant_id).then("#").name(&key.workflow_id)
}

/// The sort key of a version: ten digits, so that the order of texts is the order of versions.
pub(crate) fn version_entry(version: Version) -> KeyText {
    KeyText::literal(VERSION_PREFIX).ten_digits(version.get())
}

/// The sort key of a refusal: ids are made in the order of time, so the order of texts is, too.
pub(crate) fn refusal_entry(id: EventId) -> KeyText {
    KeyText::literal(REFUSAL_PREFIX).name(&id)
}

/// The sort key of the record that a workflow was overdue: instants are all of one length, so the order of texts is that of
/// the due dates. A due date has one key, so it has one record.
pub(crate) fn overdue_entry(due_at: Timestamp) -> KeyText {
    KeyText::literal(OVERDUE_PREFIX).name(&due_at)
}

/// The sort key of a claim: the order of texts is the order of versions, and then of attempts.
pub(crate) fn claim_entry(version: Version, attempt: u32) -> KeyText {
    recovery_entry(version, attempt).then(CLAIM)
}

/// The sort key of an outcome: behind the claim that it belongs to.
pub(crate) fn outcome_entry(version: Version, attempt: u32) -> KeyText {
    recovery_entry(version, attempt).then(OUTCOME)
}

/// Behind the claim and the outcome of an attempt, and before those of the next one.
pub(crate) fn behind_attempt((version, attempt): (Version, u32)) -> KeyText {
    recovery_entry(version, attempt).then("~")
}

fn recovery_entry(version: Version, attempt: u32) -> KeyText {
    KeyText::literal(RECOVERY_PREFIX).ten_digits(version.get()).then("#").ten_digits(attempt.into())
}

/// The sort key of a quarantine or of its release: one of either kind a break, and one more for each entry in its place
/// that cannot be read.
pub(crate) fn quarantine_entry(about: &BreakFound, released: bool, beside: Option<&ChainHash>) -> KeyText {
    let kind = if released { RELEASED } else { QUARANTINED };
    let entry = KeyText::literal(QUARANTINE_PREFIX).name(&about.id()).then(kind);
    beside.map_or_else(|| entry.clone(), |beside| entry.clone().then(BESIDE).name(beside))
}

/// The version and the number of the attempt that the sort key of a claim or an outcome names, if it names them.
pub(crate) fn attempt_named_by(entry: &str) -> Option<(Version, u32)> {
    let attempt = entry.strip_suffix(CLAIM).or_else(|| entry.strip_suffix(OUTCOME))?;
    let (version, number) = attempt.strip_prefix(RECOVERY_PREFIX)?.split_once('#')?;
    let named = (version_in_ten_digits(version)?, number.parse().ok()?);
    (recovery_entry(named.0, named.1).as_str() == attempt).then_some(named)
}

/// The version at the start of the sort key of a recovery or a quarantine; the last possible one when it names none, as
/// for a version.
pub(crate) fn version_beside(entry: &str) -> Version {
    let rest = entry.strip_prefix(RECOVERY_PREFIX).or_else(|| entry.strip_prefix(QUARANTINE_PREFIX));
    rest.and_then(|rest| rest.get(..10)).and_then(version_in_ten_digits).unwrap_or(Version::LAST)
}

fn version_in_ten_digits(digits: &str) -> Option<Version> {
    let number = digits.parse().ok().filter(|_| digits.len() == 10);
    number.and_then(|number: u64| Version::try_from(number).ok())
}

/// The identity that the sort key of a refusal names, if it names one.
pub(crate) fn refusal_named_by(item: &Item) -> Option<EventId> {
    EventId::try_from(text_of(item, ENTRY)?.strip_prefix(REFUSAL_PREFIX)?.to_owned()).ok()
}

/// The due date that the sort key of a record of one names, if it is the key that this service gives it.
pub(crate) fn due_date_named_by(entry: &str) -> Option<Timestamp> {
    let due_at = Timestamp::try_from(entry.strip_prefix(OVERDUE_PREFIX)?.to_owned()).ok()?;
    (overdue_entry(due_at).as_str() == entry).then_some(due_at)
}

/// The version that the sort key of a version names, if it is the key that this service gives it.
pub(crate) fn version_named_by(entry: &str) -> Option<Version> {
    let version = version_read_from(entry)?;
    (version_entry(version).as_str() == entry).then_some(version)
}

/// The version in a sort key, in any spelling, if there is one.
pub(crate) fn version_read_from(entry: &str) -> Option<Version> {
    let digits = entry.strip_prefix(VERSION_PREFIX)?;
    digits.parse().ok().and_then(|number: u64| Version::try_from(number).ok())
}

/// The last version whose sort key is equal to this one or sorts before it, if there is one. It gives a place among the
/// versions to an entry whose key is none of theirs. A read that continues at the next version is past that entry,
/// whatever its key.
pub(crate) fn stands_at(entry: &str) -> Option<Version> {
    let rest = entry.strip_prefix(VERSION_PREFIX)?.as_bytes();
    let digits = rest.iter().take(10).take_while(|byte| byte.is_ascii_digit());
    let (count, number) =
        digits.fold((0_u32, 0_u64), |(count, number), digit| (count + 1, number * 10 + u64::from(digit - b'0')));
    let next = usize::try_from(count).ok().and_then(|count| rest.get(count));
    // Of the versions that begin with these digits, as many come before it: all, or none.
    let versions = 10_u64.pow(10 - count);
    let is_behind = count == 10 || next.is_some_and(|next| *next > b'9');
    let after = if is_behind { number.saturating_add(1) } else { number }.saturating_mul(versions);
    after.checked_sub(1).and_then(|last| Version::try_from(last).ok())
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

/// The key as people read it, as far as there is one.
pub(crate) fn named(item: &Item) -> String {
    format!("{} {}", text_of(item, PK).unwrap_or("?"), text_of(item, ENTRY).unwrap_or("?"))
}

/// Says that an item is of a newer format, if it is.
pub(crate) fn newer_format(item: &Item) -> Option<NewerFormat> {
    let Some(AttributeValue::N(number)) = item.get(FORMAT) else { return None };
    let format = number.parse().ok().filter(|format| *format > CURRENT_FORMAT)?;
    Some(NewerFormat { item: named(item).trim_end_matches(" ?").to_owned(), format })
}

/// Why an item cannot be read, or a value not be written. It holds names of attributes and none of their values: these
/// are the laboratory's data, and this is logged.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ItemError {
    /// A newer release wrote it.
    #[error(transparent)]
    NewerFormat(#[from] NewerFormat),
    /// Attributes are missing, unknown, or not of the form they must have.
    #[error("the item is malformed: {0}")]
    Malformed(String),
    /// A text that should be JSON is not.
    #[error("an attribute is not JSON: {0}")]
    NotJson(String),
    /// A value has no canonical JSON, so no hash.
    #[error(transparent)]
    NotCanonical(#[from] NotCanonical),
    /// It can be read, but this service would have written these attributes otherwise.
    #[error("not as this service writes it: {}", .0.join(", "))]
    Misspelt(Vec<String>),
}

impl From<serde_dynamo::Error> for ItemError {
    fn from(error: serde_dynamo::Error) -> Self {
        Self::Malformed(without_values(&error.to_string()))
    }
}

impl From<serde_json::Error> for ItemError {
    fn from(error: serde_json::Error) -> Self {
        Self::NotJson(without_values(&error.to_string()))
    }
}

/// What an error of serde says, without the values that it quotes.
fn without_values(error: &str) -> String {
    for what in ["missing field `", "unknown field `", "duplicate field `"] {
        if let Some((name, _)) = error.strip_prefix(what).and_then(|rest| rest.split_once('`')) {
            return format!("{what}{name}`");
        }
    }
    let named = if error.contains("reserved name") {
        "it has a reserved name"
    } else {
        "a value has not the form it must have"
    };
    named.to_owned()
}

impl ItemError {
    /// The error in one sentence, for operators.
    pub(crate) fn explained(&self) -> String {
        std::error::Error::source(self).map_or_else(|| self.to_string(), |cause| format!("{self}: {cause}"))
    }
}

/// A retry does not repair an invalid item.
impl From<ItemError> for StoreError {
    fn from(error: ItemError) -> Self {
        match error {
            ItemError::NewerFormat(newer) => Self::NewerFormat(newer),
            error @ (ItemError::Malformed(_)
            | ItemError::NotJson(_)
            | ItemError::NotCanonical(_)
            | ItemError::Misspelt(_)) => Self::Refused(Box::new(error)),
        }
    }
}

/// The shards of a day. A partition of a secondary index takes 1000 write units a second, and `DynamoDB` throttles the
/// writes of the table when its secondary index cannot keep up (Amazon `DynamoDB` developer guide, "Understanding
/// `DynamoDB` back-pressure on global secondary indexes"). More shards would cost each page more reads; these take 4000
/// commits of a tenant a second.
pub(crate) const SHARDS: [&str; 4] = ["0", "1", "2", "3"];

/// Gives an item of the log its place in the activity of its tenant: the keys of the secondary index
/// [`crate::tables::BY_DAY`], which every item of the log has.
pub(crate) fn place(item: &mut Item, key: &WorkflowKey, at: Timestamp) {
    let day = activity_day(&key.tenant_id, Day::of(at), shard_of(&key.workflow_id));
    let within = KeyText::of(&at).then("#").name(&key.workflow_id).then("#").sort_key_of(item);
    item.insert(ACTIVITY_DAY.to_owned(), day.into());
    item.insert(ACTIVITY_KEY.to_owned(), within.into());
}

/// Gives an audit entry its place in the activity of its tenant: where a workflow's id stands there stands none.
pub(crate) fn place_audit(item: &mut Item, entry: &AuditEntry) {
    let day = activity_day(&entry.tenant_id, Day::of(entry.timestamp), shard_of(&entry.event_id));
    let within = KeyText::of(&entry.timestamp).then("##").sort_key_of(item);
    item.insert(ACTIVITY_DAY.to_owned(), day.into());
    item.insert(ACTIVITY_KEY.to_owned(), within.into());
}

/// The partition of a day's shard.
pub(crate) fn activity_day(tenant: &TenantId, day: Day, shard: &'static str) -> KeyText {
    KeyText::of(tenant).then("#").name(&day).then("#").then(shard)
}

/// The shard of a workflow, or of an audit entry: the same in every release, so that the place of a stored entry stays
/// right.
fn shard_of(id: &impl StoredName) -> &'static str {
    let [first, ..] = digest(&[Part::literal("activity-shard"), Part::of(id)]);
    let [zeroth, one, two, three] = SHARDS;
    match first % 4 {
        0 => zeroth,
        1 => one,
        2 => two,
        _ => three,
    }
}

/// A type that is stored as one item.
pub(crate) trait Stored: Sized {
    /// Attributes that an earlier release did not write in this format. They follow from the others, and an item is read
    /// with or without them.
    const DERIVED: &'static [&'static str] = &[];

    /// The attributes of the one item that this value is kept as, without its format and its place in the activity.
    fn attributes(&self) -> Result<Item, ItemError>;

    /// The workflow, and the entry's own time. Every entry of a workflow has both; none for what is none.
    fn happened(&self) -> Option<(WorkflowKey, Timestamp)>;

    /// Gives the item its place in the activity of its tenant, which every entry of the log has.
    fn put_in_place(&self, item: &mut Item) {
        if let Some((key, at)) = self.happened() {
            place(item, &key, at);
        }
    }

    /// Makes sense of the attributes of an item, without regard to their spelling.
    fn interpret(attributes: Item) -> Result<Self, ItemError>;

    /// The one item that this value is kept as.
    fn to_item(&self) -> Result<Item, ItemError> {
        let mut item = self.attributes()?;
        item.insert(FORMAT.to_owned(), AttributeValue::N(CURRENT_FORMAT.to_string()));
        self.put_in_place(&mut item);
        Ok(item)
    }

    /// Reads an item, if it is exactly what [`Stored::to_item`] makes of the value it holds, or lacks only what is
    /// [`Stored::DERIVED`].
    fn from_item(item: Item) -> Result<Self, ItemError> {
        if let Some(newer) = newer_format(&item) {
            return Err(newer.into());
        }
        let mut attributes = item.clone();
        for name in [FORMAT, ACTIVITY_DAY, ACTIVITY_KEY] {
            attributes.remove(name);
        }
        let value = Self::interpret(attributes)?;
        let mut expected = value.to_item()?;
        for name in Self::DERIVED.iter().filter(|name| !item.contains_key(**name)) {
            expected.remove(*name);
        }
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

    /// Reads an item that may be anything: what cannot be read is known by the hash of it.
    fn kept(item: Item) -> Result<Kept<Self>, NewerFormat> {
        match Self::from_item(item.clone()) {
            Ok(value) => Ok(Kept::Readable(value)),
            Err(ItemError::NewerFormat(newer)) => Err(newer),
            Err(error) => Ok(Kept::Unreadable { content: item_hash(&item), why: error.explained() }),
        }
    }
}

/// What became of reading an item.
pub(crate) enum Kept<T> {
    /// The item is valid.
    Readable(T),
    /// It is not.
    Unreadable {
        /// The hash of its attributes.
        content: ChainHash,
        /// The error, for people.
        why: String,
    },
}

impl<T> Kept<T> {
    /// The value, or the hash of an item that cannot be read.
    pub(crate) fn readable(self) -> Result<T, ChainHash> {
        match self {
            Self::Readable(value) => Ok(value),
            Self::Unreadable { content, .. } => Err(content),
        }
    }
}

#[cfg(test)]
mod tests;
