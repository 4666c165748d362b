//! Activity on `DynamoDB`: one page, merged from the shards of one day after another, and read again from the log.
//!
//! A round reads each shard of a day newest first. Each shard has a *frontier*, the last entry read; all entries newer
//! than the newest frontier are known. A page takes only those, and what comes next never begins beyond it. So no entry
//! is skipped, however early a page ends.

use alims_domain::audit_entry::StoredAuditEntry;
use alims_domain::identifiers::{TenantId, Version, WorkflowKey};
use alims_domain::overdue::{KeptOverdue, Overdue};
use alims_domain::quarantine::QuarantineEntry;
use alims_domain::recovery::records::{KeptRecovery, RecoveryClaim, RecoveryRecord};
use alims_domain::refusal::Refusal;
use alims_domain::stored_version::StoredVersion;
use alims_domain::timestamp::Day;
use alims_operations::ports::{
    ActivityEntry, ActivityLog, ActivityPage, ActivityPosition, ActivityQuery, KeptEntry, NewerFormat, StoreError,
};
use aws_sdk_dynamodb::types::AttributeValue;
use futures_util::future::try_join_all;
use serde_dynamo::Item;
use std::collections::{BTreeMap, HashMap};

use crate::DynamoLog;
use crate::activity_item::{REQUESTED_BY, kind_of, position_named_by, text_of_position};
use crate::audit::{AUDIT_PREFIX, audit_partition};
use crate::batch;
use crate::failure::store_error;
use crate::item::{
    ACTIVITY_DAY, ACTIVITY_KEY, ENTRY, Kept, OUTCOME, PK, QUARANTINE_PREFIX, RECOVERY_PREFIX, REFUSAL_PREFIX, SHARDS,
    Stored, VERSION_PREFIX, activity_day, attempt_named_by, claim_entry, due_date_named_by, named, outcome_entry,
    partition_key, refusal_named_by, stands_at, text_of, version_beside, workflow_named_by,
};
use crate::tables::BY_DAY;

/// How many rounds a page makes: days without entries, and entries that the filters do not let through, cost rounds.
const ROUNDS_MAX: usize = 10;
/// How many entries of a shard a round reads, at least, when a filter may let few of them through.
const FILTERED_READ_ENTRIES: usize = 100;
/// How many entries one read of the log takes.
const READ_ENTRIES: usize = 25;
/// How large the entries of one page may become, in bytes, before the page ends.
const PAGE_BYTES_MAX: usize = 2 * 1024 * 1024;

impl ActivityLog for DynamoLog {
    async fn activity(&self, query: &ActivityQuery) -> Result<ActivityPage, StoreError> {
        if query.limit == 0 {
            return Ok(ActivityPage { items: Vec::new(), next: query.after.clone() });
        }
        let mut search = Search::new(query);
        while search.goes_on() {
            search.round(self).await?;
        }
        let (found, next) = search.ended();
        self.read_again(&query.tenant_id, found, next).await
    }
}

/// An entry as the secondary index shows it.
struct Found {
    position: ActivityPosition,
    item: Item,
}

/// The search for the entries of one page.
struct Search<'q> {
    query: &'q ActivityQuery,
    /// Everything from here on was looked at.
    before: ActivityPosition,
    /// The day that is read next; none when all were.
    day: Option<Day>,
    found: Vec<Found>,
    rounds: usize,
}

impl<'q> Search<'q> {
    fn new(query: &'q ActivityQuery) -> Self {
        let end = ActivityPosition { at: query.to, entry: None };
        let before = query.after.clone().filter(|after| after.at < query.to).unwrap_or(end);
        let mut search = Self { query, before, day: None, found: Vec::new(), rounds: 0 };
        search.day = search.first_day();
        search
    }

    /// The day of what comes next, if the span reaches there.
    fn first_day(&self) -> Option<Day> {
        let day = Day::of(self.before.at);
        let begins_here = self.before.entry.is_none() && day.begins() == self.before.at;
        let day = if begins_here { day.before()? } else { day };
        (self.before.at > self.query.from || self.before.entry.is_some()).then_some(day)
    }

    /// One more than wanted shows whether there is a next page.
    fn wanted(&self) -> usize {
        self.query.limit.saturating_add(1)
    }

    fn goes_on(&self) -> bool {
        self.day.is_some() && self.found.len() < self.wanted() && self.rounds < ROUNDS_MAX
    }

    /// Looks at the next entries of a day.
    async fn round(&mut self, log: &DynamoLog) -> Result<(), StoreError> {
        let Some(day) = self.day else { return Ok(()) };
        self.rounds += 1;
        // A shard has about its share of what is wanted, and the bound itself may be an entry.
        let share = (self.wanted() - self.found.len()).div_ceil(SHARDS.len()).saturating_mul(3).div_ceil(2) + 1;
        let filtered = self.query.kind.is_some() || self.query.principal.is_some();
        let entries = share.max(if filtered { FILTERED_READ_ENTRIES } else { 2 });
        let entries =
            log.scanned_max.and_then(|max| usize::try_from(max).ok()).map_or(entries, |max| entries.min(max.max(2)));
        let reads = SHARDS.map(|shard| log.shard(self.query, (day, shard), &self.before, entries));
        let shards = try_join_all(reads).await?;
        let frontier = shards.iter().filter_map(|shard| shard.frontier.clone()).max_by_key(text_of_position);
        let known = |found: &Found| {
            frontier.as_ref().is_none_or(|frontier| text_of_position(&found.position) >= text_of_position(frontier))
        };
        let mut entries: Vec<Found> = shards.into_iter().flat_map(|shard| shard.entries).filter(known).collect();
        entries.sort_by_key(|found| std::cmp::Reverse(text_of_position(&found.position)));
        let query = self.query;
        self.found.extend(entries.into_iter().filter(|found| passes(query, &found.item)));
        self.before = frontier.clone().unwrap_or(ActivityPosition { at: day.begins(), entry: None });
        if frontier.is_none() {
            self.day = if day.begins() > self.query.from { day.before() } else { None };
        }
        Ok(())
    }

    /// What was found for the page, and where the next one begins.
    fn ended(mut self) -> (Vec<Found>, Option<ActivityPosition>) {
        if self.found.len() > self.query.limit {
            self.found.truncate(self.query.limit);
            let next = self.found.last().map(|last| last.position.clone());
            return (self.found, next);
        }
        let next = self.day.is_some().then_some(self.before);
        (self.found, next)
    }
}

fn passes(query: &ActivityQuery, item: &Item) -> bool {
    query.matches(kind_of(item), text_of(item, REQUESTED_BY))
}

/// What one read of a shard gave.
struct Shard {
    entries: Vec<Found>,
    /// The last entry read; none when all were.
    frontier: Option<ActivityPosition>,
}

impl DynamoLog {
    /// The newest entries of a shard below a position.
    async fn shard(
        &self,
        query: &ActivityQuery,
        (day, shard): (Day, &'static str),
        before: &ActivityPosition,
        entries: usize,
    ) -> Result<Shard, StoreError> {
        // An instant alone sorts before every entry of that instant: right for the lower bound, which is included, and
        // for the upper one, which is not. The upper bound may itself be an entry, which was passed.
        let (lowest, highest) = (query.from.max(day.begins()).to_string(), text_of_position(before));
        if lowest > highest {
            return Ok(Shard { entries: Vec::new(), frontier: None });
        }
        let page = self
            .client
            .query()
            .table_name(&*self.table)
            .index_name(BY_DAY)
            .scan_index_forward(false)
            .limit(i32::try_from(entries).unwrap_or(i32::MAX))
            .key_condition_expression("#day = :day AND #key BETWEEN :lowest AND :highest")
            .expression_attribute_names("#day", ACTIVITY_DAY)
            .expression_attribute_names("#key", ACTIVITY_KEY)
            .expression_attribute_values(":day", activity_day(&query.tenant_id, day, shard).into())
            .expression_attribute_values(":lowest", AttributeValue::S(lowest))
            .expression_attribute_values(":highest", AttributeValue::S(highest.clone()))
            .send()
            .await
            .map_err(store_error)?;
        let more = page.last_evaluated_key.filter(|key| !key.is_empty()).map(Item::from);
        let (mut entries, mut last) = (Vec::new(), None);
        for item in page.items.unwrap_or_default().into_iter().map(Item::from) {
            let Some(position) = text_of(&item, ACTIVITY_KEY).and_then(position_named_by) else {
                tracing::warn!(key = named(&item), "an entry of the log has no place in its activity");
                continue;
            };
            last = Some(position.clone());
            if text_of_position(&position) != highest {
                entries.push(Found { position, item });
            }
        }
        let Some(more) = more else { return Ok(Shard { entries, frontier: None }) };
        let frontier = text_of(&more, ACTIVITY_KEY).and_then(position_named_by).or(last);
        let frontier = frontier.filter(|frontier| text_of_position(frontier) < highest || !entries.is_empty());
        // This service made no entry of those read, and more may follow.
        let frontier = frontier.ok_or(StoreError::Refused("the activity has too many entries of no use".into()))?;
        Ok(Shard { entries, frontier: Some(frontier) })
    }

    /// Reads the entries themselves, until the page is full.
    async fn read_again(
        &self,
        tenant: &TenantId,
        found: Vec<Found>,
        mut next: Option<ActivityPosition>,
    ) -> Result<ActivityPage, StoreError> {
        let (mut items, mut bytes) = (Vec::with_capacity(found.len()), 0_usize);
        let mut found = found.into_iter().peekable();
        while found.peek().is_some() {
            let part: Vec<Found> = found.by_ref().take(READ_ENTRIES).collect();
            let last = part.last().map(|last| last.position.clone());
            let keys: Vec<Keys> = part.iter().flat_map(|found| keys_of(tenant, &found.item)).collect();
            let stored = self.stored(&keys).await?;
            bytes += stored.values().map(size_of).sum::<usize>();
            for Found { position, item } in part {
                items.extend(entry(tenant, position, &item, &stored)?);
            }
            if bytes > PAGE_BYTES_MAX && found.peek().is_some() {
                next = last;
                break;
            }
        }
        Ok(ActivityPage { items, next })
    }

    /// The items with these keys, as far as they are there.
    async fn stored(&self, keys: &[Keys]) -> Result<BTreeMap<Keys, Item>, StoreError> {
        let names = |(partition, entry): &Keys| {
            let text = |text: &String| AttributeValue::S(text.clone());
            HashMap::from([(PK.to_owned(), text(partition)), (ENTRY.to_owned(), text(entry))])
        };
        let mut keys: Vec<&Keys> = keys.iter().collect();
        keys.sort_unstable();
        keys.dedup();
        let items = batch::items(&self.client, &self.table, keys.into_iter().map(names).collect()).await?;
        let keyed = items.into_iter().filter_map(|item| {
            let keys = (text_of(&item, PK)?.to_owned(), text_of(&item, ENTRY)?.to_owned());
            Some((keys, item))
        });
        Ok(keyed.collect())
    }
}

/// The key of an item.
type Keys = (String, String);

/// The items that show an entry: a recovery's claim and outcome together, and one item for every other entry, an audit
/// entry too. None of another tenant, whatever its place says.
fn keys_of(tenant: &TenantId, found: &Item) -> Vec<Keys> {
    if let Some(entry) = audit_key(tenant, found) {
        return vec![(audit_partition(tenant).as_str().to_owned(), entry.to_owned())];
    }
    let Some((key, entry)) = owner(tenant, found) else { return Vec::new() };
    let partition = partition_key(&key).as_str().to_owned();
    match attempt_named_by(entry) {
        Some((version, attempt)) => [claim_entry(version, attempt), outcome_entry(version, attempt)]
            .map(|entry| (partition.clone(), entry.as_str().to_owned()))
            .to_vec(),
        None => vec![(partition, entry.to_owned())],
    }
}

/// The workflow and the sort key of an entry of this tenant.
fn owner<'a>(tenant: &TenantId, item: &'a Item) -> Option<(WorkflowKey, &'a str)> {
    let key = text_of(item, PK).and_then(workflow_named_by).filter(|key| key.tenant_id == *tenant)?;
    Some((key, text_of(item, ENTRY)?))
}

/// The sort key of an audit entry of this tenant, if it is one.
fn audit_key<'a>(tenant: &TenantId, item: &'a Item) -> Option<&'a str> {
    text_of(item, PK).filter(|partition| *partition == audit_partition(tenant).as_str())?;
    text_of(item, ENTRY).filter(|entry| entry.starts_with(AUDIT_PREFIX))
}

/// The entry as it is stored; none when it is gone, or none of this service.
fn entry(
    tenant: &TenantId,
    position: ActivityPosition,
    found: &Item,
    stored: &BTreeMap<Keys, Item>,
) -> Result<Option<ActivityEntry>, NewerFormat> {
    let items: Vec<&Item> = keys_of(tenant, found).iter().filter_map(|keys| stored.get(keys)).collect();
    let kept = match (owner(tenant, found), items.as_slice()) {
        (Some((_, name)), [_, ..]) if name.starts_with(RECOVERY_PREFIX) => recovery(name, &items)?,
        (Some((_, name)), [item]) => kept_entry(name, item)?,
        (None, [item]) => Some(match StoredAuditEntry::kept((*item).clone())? {
            Kept::Readable(stored) => KeptEntry::Audit(Box::new(stored.entry)),
            Kept::Unreadable { content, .. } => KeptEntry::UnreadableAudit(content),
        }),
        _ => None,
    };
    let Some(entry) = kept else {
        tracing::warn!(key = named(found), "an entry in the activity of a tenant is none of its log");
        return Ok(None);
    };
    let workflow_id = owner(tenant, found).map(|(key, _)| key.workflow_id);
    Ok(Some(ActivityEntry { at: position.at, workflow_id, kind: kind_of(found), entry, position }))
}

fn kept_entry(name: &str, item: &Item) -> Result<Option<KeptEntry>, NewerFormat> {
    Ok(if let Some(place) = name.starts_with(VERSION_PREFIX).then(|| stands_at(name)).flatten() {
        Some(match StoredVersion::kept(item.clone())? {
            Kept::Readable(stored) => KeptEntry::Version(Box::new(stored.event)),
            Kept::Unreadable { content, .. } => KeptEntry::UnreadableVersion(place, content),
        })
    } else if let Some(event_id) = name.starts_with(REFUSAL_PREFIX).then(|| refusal_named_by(item)).flatten() {
        Some(match Refusal::kept(item.clone())? {
            Kept::Readable(refusal) => KeptEntry::Refusal(Box::new(refusal)),
            Kept::Unreadable { content, .. } => KeptEntry::UnreadableRefusal(event_id, content),
        })
    } else if let Some(due_at) = due_date_named_by(name) {
        Some(KeptEntry::Overdue(Box::new(match Overdue::kept(item.clone())? {
            Kept::Readable(overdue) => KeptOverdue::Overdue(Box::new(overdue)),
            Kept::Unreadable { content, .. } => KeptOverdue::Unreadable { due_at, content },
        })))
    } else if name.starts_with(QUARANTINE_PREFIX) {
        let version = Some(version_beside(name)).filter(|at| *at != Version::LAST);
        Some(match QuarantineEntry::kept(item.clone())? {
            Kept::Readable(entry) => KeptEntry::Quarantine(Box::new(entry)),
            Kept::Unreadable { content, .. } => KeptEntry::UnreadableQuarantine(version, content),
        })
    } else {
        None
    })
}

/// The attempt with all that the log has of it.
fn recovery(name: &str, items: &[&Item]) -> Result<Option<KeptEntry>, NewerFormat> {
    let Some(place) = attempt_named_by(name) else { return Ok(None) };
    let mut kept = KeptRecovery::named(place);
    for item in items {
        if text_of(item, ENTRY).is_some_and(|entry| entry.ends_with(OUTCOME)) {
            kept.outcome = Some(RecoveryRecord::kept((*item).clone())?.readable());
        } else {
            kept.claim = Some(RecoveryClaim::kept((*item).clone())?.readable());
        }
    }
    Ok(Some(KeptEntry::Recovery(Box::new(kept))))
}

/// About how large an item is: the laboratory's JSON is text.
fn size_of(item: &Item) -> usize {
    let texts = item
        .values()
        .filter_map(|value| if let serde_dynamo::AttributeValue::S(text) = value { Some(text.len()) } else { None });
    texts.sum()
}
