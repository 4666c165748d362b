//! What a page of a list costs while the number of workflows grows: calls and consumed read units, on the embedded
//! database. They should stay the same. Log and index are filled through their ports, and asked as list-workflows and
//! list-activity ask them. Only what is counted is a figure here, so the build need not be an optimised one.

use alims_domain::identifiers::{LabelName, LabelValue, TenantId};
use alims_domain::labels::Labels;
use alims_domain::lifecycle::State;
use alims_domain::projection::IndexEntry;
use alims_domain::stored_version::StoredVersion;
use alims_domain::timestamp::Timestamp;
use alims_dynamodb::tables::{self, TableNames};
use alims_dynamodb::{DynamoIndex, DynamoLog};
use alims_faults::{FaultyHttp, Service};
use alims_operations::ports::{
    ActivityLog as _, ActivityQuery, Clock as _, EntryFilter, IndexQuery, ListOrder, WorkflowIndex as _,
    WorkflowLog as _,
};
use alims_runtime::SystemClock;
use alims_testing::builders::{a_created_of, a_key_of, a_list, at, sealed};
use anyhow::{Context as _, Result, ensure};
use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_sdk_eventbridge::config::{Credentials, SharedCredentialsProvider};
use dynoxide::{Database, DynoxideError};
use futures_util::stream::{self, StreamExt as _, TryStreamExt as _};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::{fmt, fs};

/// Items of a page.
const PAGE: usize = 50;
/// Pages that are read of each list.
const PAGES: usize = 3;
/// How many workflows have one label in common.
const OF_A_RACK: usize = 200;
/// Workflows that are written at once.
const WRITERS: usize = 16;
/// How much later than the one before a workflow is created. The last pages lie within one day, whatever their number.
const EVERY_MILLIS: i64 = 36_000;
const DAY_MILLIS: i64 = 86_400_000;
/// What stands before this heading of a page stays as it is.
const HEADING: &str = "\n## What a page cost while the log grew\n";

/// What lists cost.
#[derive(Debug, Serialize)]
pub(crate) struct Figures {
    measured_at: Timestamp,
    page_items: usize,
    lists: Vec<List>,
}

/// What one list cost at a number of workflows.
#[derive(Debug, Serialize)]
struct List {
    workflows: usize,
    list: &'static str,
    items: usize,
    calls_a_page: f64,
    read_units_a_page: f64,
}

/// Fills a store with each of these numbers of workflows and reads its lists.
pub(crate) async fn measure(workflows: &[usize]) -> Result<Figures> {
    let mut lists = Vec::new();
    for workflows in workflows {
        lists.extend(measure_one(*workflows).await?);
    }
    Ok(Figures { measured_at: SystemClock.now(), page_items: PAGE, lists })
}

impl Figures {
    /// Replaces what stands under the heading, which is the last one of the page.
    pub(crate) fn write(&self, page: &Path) -> Result<()> {
        let text = fs::read_to_string(page)?;
        let (before, _) = text.split_once(HEADING).context("the page has no such heading")?;
        Ok(fs::write(page, format!("{before}{HEADING}\n{self}"))?)
    }
}

async fn measure_one(workflows: usize) -> Result<Vec<List>> {
    let store = Arc::new(Store { database: Database::memory()?, counted: Mutex::default() });
    let (log, index) = tables_on(&store).await?;
    let tenant: TenantId = "bench".parse()?;
    stream::iter(0..workflows)
        .map(async |number| {
            let (version, entry) = a_workflow(&tenant, number)?;
            log.append(&version).await?;
            index.advance(&entry).await?;
            anyhow::Ok(())
        })
        .buffer_unordered(WRITERS)
        .try_collect::<()>()
        .await?;
    let mut lists = Vec::new();
    for (name, query) in queries(&tenant, workflows)? {
        lists.push(
            store
                .read(workflows, name, query, async |query: &mut IndexQuery| {
                    let page = index.list(query).await?;
                    query.after.clone_from(&page.next);
                    Ok((page.items.len(), page.next.is_some()))
                })
                .await?,
        );
    }
    let ends = at(i64::try_from(workflows)? * EVERY_MILLIS + DAY_MILLIS);
    let all = ActivityQuery {
        tenant_id: tenant,
        from: at(0),
        to: ends,
        principal: None,
        kind: None,
        after: None,
        limit: PAGE,
    };
    lists.push(
        store
            .read(workflows, "activity", all, async |query: &mut ActivityQuery| {
                let page = log.activity(query).await?;
                query.after.clone_from(&page.next);
                Ok((page.items.len(), page.next.is_some()))
            })
            .await?,
    );
    Ok(lists)
}

/// The lists of workflows that are read.
fn queries(tenant: &TenantId, workflows: usize) -> Result<Vec<(&'static str, IndexQuery)>> {
    let list = || a_list(tenant, PAGE);
    let by_label = |name: &str, value: String| -> Result<IndexQuery> {
        let labels = vec![(name.parse::<LabelName>()?, value.parse::<LabelValue>()?)];
        Ok(IndexQuery { filter: EntryFilter { labels, ..EntryFilter::default() }, ..list() })
    };
    let in_state = EntryFilter { states: [State::Active].into(), ..EntryFilter::default() };
    let now = at(i64::try_from(workflows)? * EVERY_MILLIS + DAY_MILLIS);
    let overdue = EntryFilter { overdue_at: Some(now), ..EntryFilter::default() };
    Ok(vec![
        ("`label`, of one workflow", by_label("sample", format!("S-{}", workflows / 2))?),
        ("`label`, of 200 workflows", by_label("rack", "R-0".to_owned())?),
        ("`state=ACTIVE`", IndexQuery { filter: in_state, ..list() }),
        ("`order=updated`", list()),
        ("`order=created`", IndexQuery { order: ListOrder::Created, ..list() }),
        ("`order=due`, `overdue=true`", IndexQuery { filter: overdue, order: ListOrder::Due, ..list() }),
    ])
}

/// A workflow of a laboratory: its sample is its own, its rack has 200. Its state in the index is not that of its first
/// version: a list does not look.
fn a_workflow(tenant: &TenantId, number: usize) -> Result<(StoredVersion, IndexEntry)> {
    let created_at = at(i64::try_from(number)? * EVERY_MILLIS);
    let pairs = [("sample", format!("S-{number}")), ("rack", format!("R-{}", number / OF_A_RACK))];
    let pairs: Result<BTreeMap<LabelName, LabelValue>> =
        pairs.iter().map(|(name, value)| Ok((name.parse()?, value.parse()?))).collect();
    let mut created = a_created_of(&a_key_of(tenant, &format!("sample-{number}"))).event;
    created.labels = Labels::new(pairs?)?;
    created.due_at = Some(created_at.later_by_seconds(24 * 60 * 60));
    (created.created_at, created.timestamp) = (created_at, created_at);
    let version = sealed(created);
    let state = State::ALL.into_iter().nth(number % State::ALL.len()).context("a state")?;
    let entry = IndexEntry { current_state: state, ..IndexEntry::from(&version.event) };
    Ok((version, entry))
}

async fn tables_on(store: &Arc<Store>) -> Result<(DynamoLog, DynamoIndex)> {
    let credentials = Credentials::new("bench", "bench", None, None, "bench");
    let config = SdkConfig::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new("bench"))
        .credentials_provider(SharedCredentialsProvider::new(credentials))
        .endpoint_url("http://aws.invalid")
        .http_client(FaultyHttp::new(store.clone()))
        .build();
    let client = alims_dynamodb::client(&config);
    let names = TableNames { log: "log".to_owned(), index: "index".to_owned() };
    tables::create(&client, &names).await?;
    Ok((DynamoLog::new(client.clone(), names.log), DynamoIndex::new(client, names.index)))
}

/// The database, and what the calls since the last look consumed.
struct Store {
    database: Database,
    counted: Mutex<Counted>,
}

#[derive(Default)]
struct Counted {
    calls: u32,
    units: f64,
}

impl Store {
    fn take(&self) -> Counted {
        std::mem::take(&mut *self.counted.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Reads the first pages of a list. `page` reads one, moves the query on, and says how many items the page has and
    /// whether it has a next one.
    async fn read<Q>(
        &self,
        workflows: usize,
        list: &'static str,
        mut query: Q,
        page: impl AsyncFn(&mut Q) -> Result<(usize, bool)>,
    ) -> Result<List> {
        self.take();
        let (mut items, mut pages) = (0, 0_u32);
        loop {
            let (found, more) = page(&mut query).await?;
            items += found;
            pages += 1;
            if !more || usize::try_from(pages)? == PAGES {
                break;
            }
        }
        let Counted { calls, units } = self.take();
        ensure!(items > 0, "{list} of {workflows} workflows is empty");
        let each = |sum: f64| sum / f64::from(pages);
        Ok(List { workflows, list, items, calls_a_page: each(f64::from(calls)), read_units_a_page: each(units) })
    }

    fn count(&self, answer: &Value) {
        let consumed = &answer["ConsumedCapacity"];
        let tables = consumed.as_array().map_or_else(|| vec![consumed], |tables| tables.iter().collect());
        let units = tables.into_iter().filter_map(|table| table["CapacityUnits"].as_f64()).sum::<f64>();
        let mut counted = self.counted.lock().unwrap_or_else(PoisonError::into_inner);
        counted.calls += 1;
        counted.units += units;
    }
}

impl Service for Store {
    fn answer(&self, target: &str, body: &str) -> (u16, String) {
        let mut request: Value = serde_json::from_str(body).unwrap_or_default();
        let operation = target.rsplit('.').next().unwrap_or_default();
        if ["BatchGetItem", "Query", "PutItem", "DeleteItem"].contains(&operation) {
            request["ReturnConsumedCapacity"] = json!("TOTAL");
        }
        let database = &self.database;
        let answered = match operation {
            "CreateTable" => asked(without_stream(request), |request| database.create_table(request)),
            "DescribeTable" => asked(request, |request| database.describe_table(request)),
            "PutItem" => asked(request, |request| database.put_item(request)),
            "DeleteItem" => asked(request, |request| database.delete_item(request)),
            "Query" => asked(request, |request| database.query(request)),
            "BatchGetItem" => asked(request, |request| database.batch_get_item(request)),
            other => Err((400, json!({ "__type": "UnknownOperationException", "message": other }).to_string())),
        };
        match answered {
            Ok(answer) => {
                self.count(&answer);
                (200, answer.to_string())
            }
            Err(failure) => failure,
        }
    }
}

/// No list reads the stream, and the embedded database goes through all of its records at each write.
fn without_stream(mut table: Value) -> Value {
    if let Some(members) = table.as_object_mut() {
        members.remove("StreamSpecification");
    }
    table
}

fn asked<T: DeserializeOwned, A: Serialize>(
    request: Value,
    work: impl FnOnce(T) -> std::result::Result<A, DynoxideError>,
) -> std::result::Result<Value, (u16, String)> {
    let invalid = |error: serde_json::Error| (400, json!({ "message": error.to_string() }).to_string());
    let request = serde_json::from_value(request).map_err(invalid)?;
    let answer = work(request).map_err(|error| (error.status_code(), error.to_json()))?;
    serde_json::to_value(answer).map_err(invalid)
}

impl fmt::Display for Figures {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let day = self.measured_at.to_string();
        let day = day.split('T').next().unwrap_or(&day);
        let numbers: BTreeSet<usize> = self.lists.iter().map(|list| list.workflows).collect();
        let numbers: String = numbers.iter().map(|number| format!(" --workflows {number}")).collect();
        writeln!(f, "On {day} this command counted it on the embedded database, and wrote everything from here on:")?;
        writeln!(f, "\n```bash\ncargo xtask bench lists --page docs/limits.md{numbers}\n```\n")?;
        writeln!(f, "Each row is the mean of the first {PAGES} pages of at most {} items.", self.page_items)?;
        writeln!(f)?;
        writeln!(f, "| list | workflows | items read | calls a page | read units a page |")?;
        writeln!(f, "|---|---:|---:|---:|---:|")?;
        let mut lists: Vec<&List> = self.lists.iter().collect();
        let place = |list: &List| self.lists.iter().position(|first| first.list == list.list);
        lists.sort_by_key(|list| place(list));
        for List { workflows, list, items, calls_a_page, read_units_a_page } in lists {
            writeln!(f, "| {list} | {workflows} | {items} | {calls_a_page:.1} | {read_units_a_page:.1} |")?;
        }
        Ok(())
    }
}
