//! Claims, outcomes and quarantines as items: altered ones are noticed, and the position of the sweep is kept apart.

use alims_domain::hash_chain::BreakKind;
use alims_domain::projection::IndexEntry;
use alims_dynamodb::{DynamoIndex, DynamoLog};
use alims_operations::ports::{
    Claimed, DeadlinePosition, DueWorkflows, LogError, QuarantineLog, RecoveryLog, SweepPosition, SweepPositions,
    WalkPosition, WorkflowIndex, WorkflowLog, entry_of,
};
use alims_testing::builders::{
    a_break, a_chain, a_claim, a_created, a_full_record, a_key, a_quarantine, a_release, at, version,
};
use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::AttributeValue;

use crate::on_dynoxide;

/// Sets an attribute of the one item whose sort key begins and ends so.
async fn alter(client: &Client, log: &str, (begins, ends): (&str, &str), name: &str, value: AttributeValue) {
    let items = client.scan().table_name(log).send().await.unwrap().items.unwrap();
    let is_it = |entry: &str| entry.starts_with(begins) && entry.ends_with(ends);
    let mut item = items.into_iter().find(|item| is_it(item["entry"].as_s().unwrap())).unwrap();
    item.insert(name.to_owned(), value);
    client.put_item().table_name(log).set_item(Some(item)).send().await.unwrap();
}

#[tokio::test]
async fn an_altered_record_is_not_taken_for_one() {
    let text = |text: &str| AttributeValue::S(text.to_owned());
    for (which, name, value) in [
        (("a#", "#claim"), "roles", text("supervisor")),
        (("a#", "#claim"), "delay_seconds", text("5")),
        (("a#", "#claim"), "version", AttributeValue::N("2".to_owned())),
        (("a#", "#outcome"), "unknown", text("x")),
        (("a#", "#outcome"), "workflow_id", text("w-2")),
    ] {
        let (client, names) = on_dynoxide::tables().await;
        let log = DynamoLog::new(client.clone(), &names.log);
        let claim = a_claim(&a_key("w-1"), 1, 1);
        log.claim_recovery(&claim).await.unwrap();
        log.record_recovery(&a_full_record(&claim)).await.unwrap();
        alter(&client, &names.log, which, name, value).await;
        let read = log.recoveries(&a_key("w-1"), 5).await.unwrap();
        let faults: Vec<_> = read.unreadable.iter().map(|found| (found.at, found.fault)).collect();
        assert_eq!(faults, [(version(1), BreakKind::UnreadableRecovery)], "{which:?} {name}: {read:?}");
        let is_claim = which.1 == "#claim";
        assert_eq!((read.attempts.len(), read.attempts_at(version(1))), (usize::from(!is_claim), 1));
        if let Some(attempt) = read.newest() {
            assert_eq!(attempt.ended, Some(claim.ended_unreadably()), "what ended it is not known");
        }
        let next = a_claim(&a_key("w-1"), 1, 1 + read.attempts_at(version(1)));
        assert_eq!(log.claim_recovery(&claim).await.unwrap() == Claimed::Ours, !is_claim);
        assert_eq!(log.claim_recovery(&next).await.unwrap(), Claimed::Ours);
    }
    for (which, name, value) in [
        (("q#", "#quarantined"), "fault", text("missing")),
        (("q#", "#quarantined"), "event_type", text("WorkflowReleased")),
        (("q#", "#released"), "broken_at_version", AttributeValue::N("3".to_owned())),
        (("q#", "#released"), "reason", text(" ")),
    ] {
        let (client, names) = on_dynoxide::tables().await;
        let log = DynamoLog::new(client.clone(), &names.log);
        for entry in [a_quarantine(&a_key("w-1"), &a_break(2)), a_release(&a_key("w-1"), &a_break(2))] {
            log.record_quarantine(&entry).await.unwrap();
        }
        alter(&client, &names.log, which, name, value).await;
        let read = log.quarantine(&a_key("w-1")).await.unwrap();
        assert_eq!((read.entries.len(), read.unreadable.len()), (1, 1), "{which:?} {name}: {read:?}");
        let unreadable = read.unreadable[0].clone();
        assert_eq!((unreadable.at, unreadable.fault), (version(2), BreakKind::UnreadableQuarantine));
        // What cannot be read may have been a quarantine, so it is in force itself, until it is released.
        assert!(read.in_force().iter().any(|in_force| in_force.found == unreadable && in_force.recorded.is_none()));
        log.record_quarantine(&a_release(&a_key("w-1"), &unreadable)).await.unwrap();
        // The entry is recorded once more, beside the one that cannot be read, and once only.
        let again = [a_quarantine(&a_key("w-1"), &a_break(2)), a_release(&a_key("w-1"), &a_break(2))];
        for entry in &again {
            let first = log.record_quarantine(entry).await.unwrap();
            assert_eq!(log.record_quarantine(entry).await.unwrap(), first);
        }
        let read = log.quarantine(&a_key("w-1")).await.unwrap();
        assert_eq!((read.entries.len(), read.in_force().len()), (3, 0), "{which:?} {name}: {read:?}");
    }
}

#[tokio::test]
async fn the_content_of_an_unreadable_version_names_the_bytes_that_are_there() {
    let (client, names) = on_dynoxide::tables().await;
    let log = DynamoLog::new(client.clone(), &names.log);
    log.append(&a_chain(&a_key("w-1"), 1, 1)[0]).await.unwrap();
    let mut told = Vec::new();
    for spelling in ["LOST", "LOST", "GONE"] {
        alter(&client, &names.log, ("v#", ""), "to_state", AttributeValue::S(spelling.to_owned())).await;
        match log.head(&a_key("w-1")).await {
            Err(LogError::Unreadable { content, .. }) => told.push(content),
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(told[0], told[1]);
    assert_ne!(told[1], told[2]);
}

#[tokio::test]
async fn the_sweep_s_position_is_kept_and_lies_in_nobody_s_way() {
    let (client, names) = on_dynoxide::tables().await;
    let index = DynamoIndex::new(client, names.index);
    assert_eq!(index.sweep_position().await.unwrap(), SweepPosition::default());
    let whole = SweepPosition {
        round: Some(WalkPosition(r#"["default#w","v#0000000001"]"#.to_owned())),
        round_began: Some(at(1)),
        round_ended: Some(at(2)),
        open: Some(WalkPosition(r#"{"open_after":"default#w"}"#.to_owned())),
        open_met: 3,
        open_total: u64::MAX,
        swept_at: Some(at(3)),
        open_percent: Some(0),
    };
    let rounds = SweepPosition { open: None, open_met: 0, open_percent: None, ..whole.clone() };
    for kept in [&whole, &whole, &rounds, &SweepPosition::default()] {
        index.keep_sweep_position(kept).await.unwrap();
        assert_eq!(index.sweep_position().await.unwrap(), *kept);
    }
    index.keep_sweep_position(&whole).await.unwrap();
    let entry = IndexEntry::from(&a_created("w-1").event);
    index.advance(&entry).await.unwrap();
    assert_eq!(entry_of(&index, &a_key("w-1")).await.unwrap().unwrap().published_version, version(1));
    assert_eq!(index.sweep_position().await.unwrap(), whole);
}

/// Any release finds them by these names. A value that is absent or unreadable is read as none.
#[tokio::test]
async fn when_the_sweep_ran_is_read_from_the_stored_names() {
    let (client, names) = on_dynoxide::tables().await;
    let index = DynamoIndex::new(client.clone(), &names.index);
    let text = |text: &str| AttributeValue::S(text.to_owned());
    let number = |digits: &str| AttributeValue::N(digits.to_owned());
    let (when, old) = ("1970-01-01T00:00:00.003Z", "2026-11-28");
    for (swept_at, open_percent, expected) in [
        (Some(text(when)), Some(number("0")), (Some(when.parse().unwrap()), Some(0))),
        (Some(text(when)), Some(number("100")), (Some(when.parse().unwrap()), Some(100))),
        (Some(text(old)), Some(number("101")), (None, None)),
        (Some(number("3")), Some(text("7")), (None, None)),
        (Some(text("")), Some(number("-1")), (None, None)),
        (None, None, (None, None)),
    ] {
        let put = client.put_item().table_name(&names.index).item("pk", text("#sweep")).item("format", number("1"));
        let item = [("swept_at", swept_at), ("open_percent", open_percent)];
        let put = item.into_iter().fold(put, |put, (name, value)| match value {
            Some(value) => put.item(name, value),
            None => put,
        });
        put.send().await.unwrap();
        let read = index.sweep_position().await.unwrap();
        assert_eq!((read.swept_at, read.open_percent), expected);
    }
}

#[tokio::test]
async fn the_position_of_the_sweep_of_due_dates_is_kept_beside_the_other_one() {
    let (client, names) = on_dynoxide::tables().await;
    let index = DynamoIndex::new(client, names.index);
    let sweep = SweepPosition { open_total: 7, ..SweepPosition::default() };
    index.keep_sweep_position(&sweep).await.unwrap();
    assert_eq!(index.deadline_position().await.unwrap(), DeadlinePosition::default());
    let whole = DeadlinePosition { next: Some(WalkPosition("x".to_owned())), began: Some(at(1)), ended: Some(at(2)) };
    for kept in [&whole, &DeadlinePosition { next: None, began: None, ..whole.clone() }, &DeadlinePosition::default()] {
        index.keep_deadline_position(kept).await.unwrap();
        assert_eq!(index.deadline_position().await.unwrap(), *kept);
    }
    assert_eq!(index.sweep_position().await.unwrap(), sweep);
    assert_eq!(index.due_part(at(1_000_000), None).await.unwrap().deadlines, []);
}
