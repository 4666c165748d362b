//! What a page of a list costs while the number of workflows grows: calls and consumed units, on the embedded database.
//! They should stay the same. The index is filled through its port, and asked as list-workflows asks it.

use alims_domain::identifiers::{LabelName, LabelValue, TenantId};
use alims_domain::labels::Labels;
use alims_domain::lifecycle::State;
use alims_domain::projection::IndexEntry;
use alims_dynamodb::DynamoIndex;
use alims_dynamodb::tables::{self, TableNames};
use alims_faults::{FaultyHttp, Service};
use alims_operations::ports::{EntryFilter, IndexQuery, ListOrder, WorkflowIndex as _};
use alims_testing::builders::{a_created, a_key_of, a_list, at};
use anyhow::{Context as _, Result, ensure};
use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_sdk_eventbridge::config::{Credentials, SharedCredentialsProvider};
use dynoxide::{Database, DynoxideError};
use futures_util::stream::{self, StreamExt as _, TryStreamExt as _};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

/// Items of a page.
const PAGE: usize = 50;
/// Pages that are read of each list.
const PAGES: usize = 3;
/// How many workflows have one label in common.
const OF_A_RACK: usize = 200;
/// Entries that are written at once.
const WRITERS: usize = 16;

/// What lists cost.
#[derive(Debug, Serialize)]
pub(crate) struct Figures {
    page_items: usize,
    lists: Vec<List>,
}

/// What one list cost at a number of workflows.
#[derive(Debug, Serialize)]
struct List {
    workflows: usize,
    list: &'static str,
    items: usize,
    pages: usize,
    calls_a_page: f64,
    read_units_a_page: f64,
    millis_a_page: f64,
}

/// Fills an index with each of these numbers of workflows and reads its lists.
pub(crate) async fn measure(workflows: &[usize]) -> Result<Figures> {
    let mut lists = Vec::new();
    for workflows in workflows {
        lists.extend(measure_one(*workflows).await?);
    }
    Ok(Figures { page_items: PAGE, lists })
}

async fn measure_one(workflows: usize) -> Result<Vec<List>> {
    let store = Arc::new(Store { database: Database::memory()?, counted: Mutex::default() });
    let index = index_on(&store).await?;
    let tenant: TenantId = "bench".parse()?;
    let entries = (0..workflows).map(|number| an_entry(&tenant, number));
    stream::iter(entries)
        .map(async |entry| index.advance(&entry?).await.map_err(anyhow::Error::from))
        .buffer_unordered(WRITERS)
        .try_for_each(async |_| Ok(()))
        .await?;
    let list = || a_list(&tenant, PAGE);
    let by_label = |name: &str, value: String| -> Result<IndexQuery> {
        let labels = vec![(name.parse::<LabelName>()?, value.parse::<LabelValue>()?)];
        Ok(IndexQuery { filter: EntryFilter { labels, ..EntryFilter::default() }, ..list() })
    };
    let in_state = EntryFilter { states: [State::Active].into(), ..EntryFilter::default() };
    let queries = [
        ("one sample by its label", by_label("sample", format!("S-{}", workflows / 2))?),
        ("a label of 200 workflows", by_label("rack", "R-0".to_owned())?),
        ("state=ACTIVE", IndexQuery { filter: in_state, ..list() }),
        ("order=updated", list()),
        ("order=created", IndexQuery { order: ListOrder::Created, ..list() }),
        ("order=due", IndexQuery { order: ListOrder::Due, ..list() }),
    ];
    let mut lists = Vec::new();
    for (name, query) in queries {
        lists.push(read(&store, &index, workflows, (name, query)).await?);
    }
    Ok(lists)
}

async fn read(
    store: &Store,
    index: &DynamoIndex,
    workflows: usize,
    (list, mut query): (&'static str, IndexQuery),
) -> Result<List> {
    store.take();
    let (mut items, mut pages, begun) = (0, 0_u32, Instant::now());
    for _ in 0..PAGES {
        let page = index.list(&query).await?;
        items += page.items.len();
        pages += 1;
        let Some(next) = page.next else { break };
        query.after = Some(next);
    }
    let millis = begun.elapsed().as_secs_f64() * 1000.0;
    let counted = store.take();
    ensure!(items > 0, "{list} of {workflows} workflows is empty");
    let each = |sum: f64| sum / f64::from(pages);
    Ok(List {
        workflows,
        list,
        items,
        pages: usize::try_from(pages)?,
        calls_a_page: each(f64::from(counted.calls)),
        read_units_a_page: each(counted.units),
        millis_a_page: each(millis),
    })
}

/// A workflow of a laboratory: its sample is its own, its rack has 200.
fn an_entry(tenant: &TenantId, number: usize) -> Result<IndexEntry> {
    let millis = i64::try_from(number)?;
    let states = State::ALL.len();
    let pairs = [("sample", format!("S-{number}")), ("rack", format!("R-{}", number / OF_A_RACK))];
    let pairs: Result<BTreeMap<LabelName, LabelValue>> =
        pairs.iter().map(|(name, value)| Ok((name.parse()?, value.parse()?))).collect();
    Ok(IndexEntry {
        key: a_key_of(tenant, &format!("sample-{number}")),
        current_state: State::ALL.into_iter().nth(number % states).context("a state")?,
        created_at: at(millis * 10),
        updated_at: at(millis * 10 + 5),
        labels: Labels::new(pairs?)?,
        due_at: Some(at(millis * 10 + 86_400_000)),
        ..IndexEntry::from(&a_created("w").event)
    })
}

async fn index_on(store: &Arc<Store>) -> Result<DynamoIndex> {
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
    Ok(DynamoIndex::new(client, names.index))
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
            "CreateTable" => asked(request, |request| database.create_table(request)),
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
        writeln!(f, "A page of {} workflows:", self.page_items)?;
        writeln!(f, "| workflows | list | items of {PAGES} pages | calls a page | read units a page | ms a page |")?;
        writeln!(f, "|---:|---|---:|---:|---:|---:|")?;
        for list in &self.lists {
            let List { workflows, list, items, pages: _, calls_a_page, read_units_a_page, millis_a_page } = list;
            writeln!(
                f,
                "| {workflows} | {list} | {items} | {calls_a_page:.1} | {read_units_a_page:.1} | {millis_a_page:.1} |"
            )?;
        }
        Ok(())
    }
}
