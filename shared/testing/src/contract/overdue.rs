//! The contract of the records of due dates that passed: one for each workflow and due date, for ever.

use alims_domain::identifiers::WorkflowKey;
use alims_domain::labels::Labels;
use alims_domain::overdue::{Deadline, KeptOverdue, Overdue};
use alims_domain::timestamp::Timestamp;
use alims_operations::ports::{Noted, OverdueLog, WorkflowLog};
use futures_util::future::join_all;

use crate::builders::{a_created_of, an_overdue, at};
use crate::contract::log::a_fresh_key;

/// Every readable record of a workflow.
async fn all<L: OverdueLog>(log: &L, key: &WorkflowKey) -> Vec<Overdue> {
    let kept = log.overdue(key, None, 1000).await.unwrap();
    kept.into_iter().filter_map(|kept| if let KeptOverdue::Overdue(it) = kept { Some(*it) } else { None }).collect()
}

fn deadline(key: &WorkflowKey, due_at: Timestamp) -> Deadline {
    Deadline { key: key.clone(), due_at }
}

/// Neither is one of its due dates noted.
pub async fn a_workflow_that_was_never_overdue_has_no_record<L: OverdueLog>(log: L) {
    let key = a_fresh_key();
    assert_eq!(log.overdue(&key, None, 10).await.unwrap(), []);
    assert!(log.overdue_noted(&[deadline(&key, at(0))]).await.unwrap().is_empty());
    assert!(log.overdue_noted(&[]).await.unwrap().is_empty());
}

/// With every member that it can have, and with the fewest.
pub async fn a_record_of_a_due_date_comes_back_as_it_went_in<L: OverdueLog>(log: L) {
    let key = a_fresh_key();
    let whole = an_overdue(&key, at(1000));
    let least = Overdue { assignee: None, labels: Labels::default(), ..an_overdue(&key, at(2000)) };
    for record in [&whole, &least] {
        assert_eq!(log.record_overdue(record).await.unwrap(), Noted::Now);
    }
    assert_eq!(all(&log, &key).await, [whole, least]);
}

/// Also when another sweep has found the workflow in another state.
pub async fn the_first_record_of_a_due_date_stays<L: OverdueLog>(log: L) {
    let key = a_fresh_key();
    let (first, second) = (an_overdue(&key, at(1000)), an_overdue(&key, at(1000)));
    assert_eq!(log.record_overdue(&first).await.unwrap(), Noted::Now);
    assert_eq!(log.record_overdue(&second).await.unwrap(), Noted::Already);
    assert_eq!(all(&log, &key).await, [first]);
}

/// A repetition finds what it wrote.
pub async fn our_own_record_is_recognised_when_its_answer_was_lost<L: OverdueLog>(log: L) {
    let record = an_overdue(&a_fresh_key(), at(1000));
    for _ in 0..2 {
        assert_eq!(log.record_overdue(&record).await.unwrap(), Noted::Now);
    }
}

/// Several sweeps may run at the same time.
pub async fn racing_sweeps_record_a_due_date_once<L: OverdueLog>(log: L) {
    let key = a_fresh_key();
    let records: Vec<Overdue> = (0..8).map(|_| an_overdue(&key, at(1000))).collect();
    let noted = join_all(records.iter().map(|record| log.record_overdue(record))).await;
    let winners: Vec<&Overdue> = records
        .iter()
        .zip(noted)
        .filter_map(|(record, noted)| (noted.unwrap() == Noted::Now).then_some(record))
        .collect();
    assert_eq!(winners.len(), 1);
    assert_eq!(all(&log, &key).await.iter().collect::<Vec<_>>(), winners);
}

/// Whatever the order of writing.
pub async fn records_come_in_the_order_of_their_due_dates_and_in_pages<L: OverdueLog>(log: L) {
    let key = a_fresh_key();
    for number in [3, 1, 5, 2, 4] {
        log.record_overdue(&an_overdue(&key, at(number))).await.unwrap();
    }
    for limit in 1..=6 {
        let (mut seen, mut after) = (Vec::new(), None);
        loop {
            let page = log.overdue(&key, after, limit).await.unwrap();
            after = page.last().map(KeptOverdue::due_at).or(after);
            let is_last = page.len() < limit;
            seen.extend(page.iter().map(KeptOverdue::due_at));
            if is_last {
                break;
            }
        }
        assert_eq!(seen, (1..=5).map(at).collect::<Vec<_>>(), "at most {limit}");
    }
}

/// More than one call takes, some of them twice, of several workflows and due dates.
pub async fn any_number_of_deadlines_is_looked_up_at_once<L: OverdueLog>(log: L) {
    let (one, other) = (a_fresh_key(), a_fresh_key());
    for number in (0..250).step_by(10) {
        log.record_overdue(&an_overdue(&one, at(number))).await.unwrap();
    }
    log.record_overdue(&an_overdue(&other, at(1))).await.unwrap();
    let asked: Vec<Deadline> =
        (0..250).flat_map(|number| [&one, &other, &one].map(|key| deadline(key, at(number)))).collect();
    let noted = log.overdue_noted(&asked).await.unwrap();
    let expected =
        (0..250).step_by(10).map(|number| deadline(&one, at(number))).chain([deadline(&other, at(1))]).collect();
    assert_eq!(noted, expected);
}

/// The workflow stays as it is.
pub async fn records_of_due_dates_change_no_version_and_are_no_refusals<L: WorkflowLog + OverdueLog>(log: L) {
    let key = a_fresh_key();
    let created = a_created_of(&key);
    log.append(&created).await.unwrap();
    log.record_overdue(&an_overdue(&key, at(1000))).await.unwrap();
    assert_eq!(log.head(&key).await.unwrap(), Some(created));
    assert_eq!(log.refusals(&key, None, 10).await.unwrap(), []);
}
