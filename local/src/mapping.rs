//! Lambda's event source mapping between a stream and a function: batches, retries, bisection, and a bound on them.
//!
//! It calls the function with one batch at a time, in the order of the stream; the function may confirm a part of a
//! batch. A record that keeps failing becomes a dead letter after a bounded time, and the records behind it continue.

use alims_operations::ports::{DeadLetter, DeadLetters};
use aws_lambda_events::dynamodb::{Event, EventRecord};
use aws_lambda_events::streams::DynamoDbEventResponse;
use std::collections::VecDeque;
use std::time::Duration;
use tokio::time::Instant;
use tokio_util::task::AbortOnDropHandle;

/// The bounds of an event source mapping, each under the name that Lambda has for it.
#[derive(Clone, Copy, Debug)]
pub struct Bounds {
    /// `BatchSize`: how many records one call gets at most.
    pub batch_records_max: i32,
    /// The function's `Timeout`: a call that takes longer has failed.
    pub call_timeout: Duration,
    /// `MaximumRetryAttempts` plus the first: how often one record is tried at the head of its batch.
    pub attempts_max: u32,
    /// `MaximumRecordAgeInSeconds`, but counted from the first attempt: how long one record may delay the others. So a
    /// laptop that was off for a week still publishes its week-old records.
    pub held_up_max: Duration,
    /// The first pause before a repetition; it doubles.
    pub backoff_first: Duration,
    /// The longest pause before a repetition.
    pub backoff_max: Duration,
}

/// The bounds the local server works with. Together they try a record for some twenty seconds.
pub const BOUNDS: Bounds = Bounds {
    batch_records_max: 100,
    call_timeout: Duration::from_secs(30),
    attempts_max: 10,
    held_up_max: Duration::from_secs(60),
    backoff_first: Duration::from_millis(50),
    backoff_max: Duration::from_secs(5),
};

/// Calls a function for batches of records.
pub struct EventSourceMapping<F, D> {
    function: F,
    dead_letters: D,
    bounds: Bounds,
}

/// Consecutive records that are tried together.
struct Lot {
    records: Vec<EventRecord>,
    /// How often its first record was tried at the head of a lot, and since when.
    attempts: u32,
    since: Option<Instant>,
}

impl Lot {
    fn new(records: Vec<EventRecord>) -> Self {
        Self { records, attempts: 0, since: None }
    }
}

/// The result of a call.
enum Answer {
    /// The function handled every record.
    All,
    /// The function handled the records before this position.
    UpTo(usize),
    /// The function failed as a whole, for this reason.
    Failed(String),
}

impl<F, D, Called> EventSourceMapping<F, D>
where
    F: Fn(Event) -> Called,
    Called: Future<Output = DynamoDbEventResponse> + Send + 'static,
    D: DeadLetters,
{
    /// Maps a stream to `function`, which returns the records that it could not handle.
    pub const fn new(function: F, dead_letters: D, bounds: Bounds) -> Self {
        Self { function, dead_letters, bounds }
    }

    /// Delivers a batch until every record of it is handled or a dead letter. After each progress, `handled` receives
    /// the sequence number of the last record that need not be delivered again.
    ///
    /// Dropping the future is safe: records that `handled` has not confirmed are delivered again.
    pub async fn deliver(&self, batch: Vec<EventRecord>, mut handled: impl FnMut(&str)) {
        let mut lots = VecDeque::from([Lot::new(batch)]);
        while let Some(mut lot) = lots.pop_front() {
            if lot.records.is_empty() {
                continue;
            }
            let mut since = *lot.since.get_or_insert_with(Instant::now);
            let (done, why) = match self.call(&lot.records).await {
                Answer::All => (lot.records.len(), String::new()),
                Answer::UpTo(done) => (done, "the function could not handle it".to_owned()),
                Answer::Failed(why) if lot.records.len() > 1 => {
                    // One record may be the cause: it is found by halving, which counts as no attempt.
                    tracing::warn!(why, records = lot.records.len(), "the batch is bisected");
                    let second = lot.records.split_off(lot.records.len() / 2);
                    lots.push_front(Lot::new(second));
                    lots.push_front(lot);
                    continue;
                }
                Answer::Failed(why) => (0, why),
            };
            if let Some(last) = done.checked_sub(1).and_then(|last| lot.records.get(last)) {
                handled(sequence_number(last));
                lot = Lot::new(lot.records.split_off(done));
                since = *lot.since.insert(Instant::now());
            }
            if lot.records.is_empty() {
                continue;
            }
            lot.attempts += 1;
            if lot.attempts >= self.bounds.attempts_max || since.elapsed() >= self.bounds.held_up_max {
                let rest = lot.records.split_off(1);
                for given_up in lot.records {
                    self.keep_dead_letter(&given_up, lot.attempts, &why).await;
                    handled(sequence_number(&given_up));
                }
                lots.push_front(Lot::new(rest));
            } else {
                tokio::time::sleep(self.backoff(lot.attempts)).await;
                lots.push_front(lot);
            }
        }
    }

    /// One call, in a task of its own: a panic in the function does not stop the server.
    async fn call(&self, records: &[EventRecord]) -> Answer {
        let event = match over_the_wire(records) {
            Ok(event) => event,
            Err(error) => return Answer::Failed(format!("the batch has no JSON: {error}")),
        };
        let called = AbortOnDropHandle::new(tokio::spawn((self.function)(event)));
        match tokio::time::timeout(self.bounds.call_timeout, called).await {
            Ok(Ok(response)) => judged(&response, records),
            Ok(Err(_)) => Answer::Failed("the function panicked".to_owned()),
            Err(_) => Answer::Failed("the function took too long".to_owned()),
        }
    }

    /// Keeps a record as a dead letter. There is no other place for it, so the mapping retries until that works.
    async fn keep_dead_letter(&self, record: &EventRecord, attempts: u32, why: &str) {
        let letter = DeadLetter {
            sequence_number: sequence_number(record).to_owned(),
            key: serde_json::to_string(&record.change.keys).unwrap_or_default(),
            why: format!("given up after {attempts} attempts: {why}"),
            refused: None,
        };
        while let Err(error) = self.dead_letters.put(&letter).await {
            tracing::error!(%error, cause = ?std::error::Error::source(&error), "a dead letter could not be kept");
            tokio::time::sleep(self.bounds.backoff_max).await;
        }
    }

    /// The pause after the given number of attempts.
    fn backoff(&self, attempts: u32) -> Duration {
        let doubled = 2_u32.saturating_pow(attempts.saturating_sub(1));
        self.bounds.backoff_first.saturating_mul(doubled).min(self.bounds.backoff_max)
    }
}

/// The event in Lambda's form: written as JSON and parsed again.
fn over_the_wire(records: &[EventRecord]) -> Result<Event, serde_json::Error> {
    let mut event = Event::default();
    event.records = records.to_vec();
    serde_json::from_str(&serde_json::to_string(&event)?)
}

/// The lowest failed record counts. An identifier that is empty or of no record of the batch fails all of it.
fn judged(response: &DynamoDbEventResponse, records: &[EventRecord]) -> Answer {
    let place = |identifier: &Option<String>| {
        let named = identifier.as_deref().filter(|named| !named.is_empty());
        named.and_then(|named| records.iter().position(|record| sequence_number(record) == named)).unwrap_or(0)
    };
    let failed = response.batch_item_failures.iter().map(|failure| place(&failure.item_identifier));
    failed.min().map_or(Answer::All, Answer::UpTo)
}

/// A record's place in the stream.
pub(crate) fn sequence_number(record: &EventRecord) -> &str {
    record.change.sequence_number.as_deref().unwrap_or_default()
}
