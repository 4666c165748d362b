//! The handler of publish-events: it takes a batch of changes of the log and returns the result.

use alims_domain::identifiers::{CorrelationId, Version};
use alims_operations::metrics::{self, Outcome};
use alims_operations::ports::{DeadLetters, EventBus, QuarantineLog, WorkflowIndex, WorkflowLog};
use alims_operations::publish_events::Ports;
use alims_operations::publish_events::{self as operation, Announced, Image, LogChange, Published, StreamRecord};

/// The operation's name in logs and metrics.
const OPERATION: &str = "publish-events";

/// Publishes the events of one batch and logs the result.
pub async fn publish_events<L, I, B, D>(ports: &Ports<L, I, B>, dead_letters: &D, batch: Vec<StreamRecord>) -> Published
where
    L: WorkflowLog + QuarantineLog,
    I: WorkflowIndex,
    B: EventBus,
    D: DeadLetters,
{
    let records: Vec<(String, Option<Announced>)> =
        batch.iter().map(|record| (record.sequence_number().to_owned(), record.announces())).collect();
    let published = operation::publish_events(ports, dead_letters, batch).await;
    published.changes.iter().for_each(tell_of_change);
    for (sequence_number, announced) in &records {
        log(sequence_number, announced.as_ref(), &published);
    }
    metrics::answered(OPERATION, if published.failed.is_empty() { Outcome::Done } else { Outcome::Failed });
    published
}

/// Logs a change of the log: what identifies the item before and after it, and none of its content.
fn tell_of_change(change: &LogChange) {
    let (before, after) = (change.before.as_ref(), change.after.as_ref());
    let content = |image: Option<&Image>| image.map(|image| image.content.to_string());
    let hash = |image: Option<&Image>| image.and_then(|image| image.hash.as_ref().map(ToString::to_string));
    let event_id = |image: Option<&Image>| image.and_then(|image| image.event_id.map(|id| id.to_string()));
    tracing::error!(
        operation = OPERATION,
        key = change.item,
        break_id = change.found.id().as_str(),
        removed = after.is_none(),
        content_before = content(before),
        content_after = content(after),
        hash_before = hash(before),
        hash_after = hash(after),
        event_id_before = event_id(before),
        event_id_after = event_id(after),
        changed_by = change.by,
        "an item of the log was changed or removed"
    );
}

/// The line of one record. What it announces is on the bus, unless the record is to come again or is a dead letter.
fn log(sequence_number: &str, announced: Option<&Announced>, published: &Published) {
    // The level of a logging macro is fixed at compile time, hence three calls.
    macro_rules! log {
        ($level:ident, $why:expr, $key:expr, $message:literal) => {
            tracing::$level!(
                operation = OPERATION,
                sequence_number,
                correlation_id = announced.and_then(|it| it.correlation_id.as_ref()).map(CorrelationId::as_str),
                key = announced.map(|it| it.key.to_string()).as_deref().or($key),
                version = announced.and_then(|it| it.version).map(Version::get),
                why = $why,
                $message
            )
        };
    }
    let is_it = |number: &str| number == sequence_number;
    if let Some(failed) = published.failed.iter().find(|failed| is_it(&failed.sequence_number)) {
        log!(warn, Some(failed.why.as_str()), None, "a record is to come again");
    } else if let Some(letter) = published.dead.iter().find(|letter| is_it(&letter.sequence_number)) {
        log!(error, Some(letter.why.as_str()), Some(letter.key.as_str()), "a record is now a dead letter");
    } else if announced.is_some() {
        log!(info, None::<&str>, None, "published");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alims_operations::PublishPorts;
    use alims_operations::ports::{BusError, DeadLetter};
    use alims_testing::builders::at;
    use alims_testing::{FixedClock, MemoryBus, MemoryDeadLetters, MemoryIndex, MemoryLog, SequentialIds};
    use std::sync::Arc;

    struct NowhereToPut;

    impl DeadLetters for NowhereToPut {
        async fn put(&self, _: &DeadLetter) -> Result<(), BusError> {
            Err(BusError("down on purpose".into()))
        }
    }

    fn ports() -> Ports<MemoryLog, MemoryIndex, MemoryBus> {
        let (log, index, bus) = (MemoryLog::default(), MemoryIndex::default(), MemoryBus::default());
        let (clock, ids) = (Arc::new(FixedClock::new(at(0))), Arc::new(SequentialIds::default()));
        Ports { publishing: PublishPorts { log, index, bus }, clock, ids }
    }

    fn unreadable(sequence_number: &str) -> StreamRecord {
        let (key, why) = ("lab#wf-1".to_owned(), "altered on purpose".to_owned());
        StreamRecord::Unreadable { sequence_number: sequence_number.to_owned(), key, why }
    }

    #[tokio::test]
    async fn a_record_that_cannot_be_read_becomes_a_dead_letter_and_blocks_no_other() {
        let letters = MemoryDeadLetters::default();
        let batch = vec![unreadable("1"), StreamRecord::Ignored { sequence_number: "2".to_owned() }];
        let published = publish_events(&ports(), &letters, batch).await;
        assert_eq!(published.failed, []);
        let dead: Vec<String> = letters.all().into_iter().map(|letter| letter.sequence_number).collect();
        assert_eq!(dead, ["1"]);
    }

    #[tokio::test]
    async fn a_record_that_can_be_neither_published_nor_kept_is_to_come_again() {
        let batch = vec![StreamRecord::Ignored { sequence_number: "1".to_owned() }, unreadable("2")];
        let published = publish_events(&ports(), &NowhereToPut, batch).await;
        let failed: Vec<&str> = published.failed.iter().map(|failed| failed.sequence_number.as_str()).collect();
        assert_eq!(failed, ["2"]);
    }
}
