//! The event source mapping with faults put into its function: nothing is lost, nothing is held up for ever.

use alims_local::mapping::{BOUNDS, EventSourceMapping};
use alims_operations::ports::{BusError, DeadLetter, DeadLetters};
use aws_lambda_events::dynamodb::{Event, EventRecord};
use aws_lambda_events::streams::{DynamoDbBatchItemFailure, DynamoDbEventResponse};
use std::sync::{Arc, Mutex};

/// What the function does with a batch, given how often it was called before.
type Behaviour = fn(batch: &[String], calls_before: usize) -> Answer;

enum Answer {
    Fine,
    Failed(&'static [&'static str]),
    Panic,
    Hang,
}

#[derive(Clone, Default)]
struct Seen {
    batches: Arc<Mutex<Vec<Vec<String>>>>,
    dead: Arc<Mutex<Vec<DeadLetter>>>,
}

impl Seen {
    fn batches(&self) -> Vec<Vec<String>> {
        self.batches.lock().unwrap().clone()
    }

    fn dead(&self) -> Vec<String> {
        self.dead.lock().unwrap().iter().map(|letter| letter.sequence_number.clone()).collect()
    }
}

impl DeadLetters for Seen {
    async fn put(&self, letter: &DeadLetter) -> Result<(), BusError> {
        self.dead.lock().unwrap().push(letter.clone());
        Ok(())
    }
}

/// Keeps nothing the first two times.
#[derive(Clone)]
struct Reluctant(Seen, Arc<Mutex<u32>>);

impl DeadLetters for Reluctant {
    async fn put(&self, letter: &DeadLetter) -> Result<(), BusError> {
        let tried = {
            let mut tried = self.1.lock().unwrap();
            *tried += 1;
            *tried
        };
        if tried <= 2 { Err(BusError("disk full".into())) } else { self.0.put(letter).await }
    }
}

fn records(numbers: &[&str]) -> Vec<EventRecord> {
    let record = |number: &&str| {
        let mut record = EventRecord::default();
        record.change.sequence_number = Some((*number).to_owned());
        record
    };
    numbers.iter().map(record).collect()
}

/// Delivers a batch to a function that behaves so; gives what was seen and the checkpoints that were set.
async fn deliver(batch: &[&str], behaviour: Behaviour) -> (Seen, Vec<String>) {
    let seen = Seen::default();
    let checkpoints = deliver_to(batch, behaviour, &seen, seen.clone()).await;
    (seen, checkpoints)
}

async fn deliver_to<D: DeadLetters>(batch: &[&str], behaviour: Behaviour, seen: &Seen, dead_letters: D) -> Vec<String> {
    let batches = seen.batches.clone();
    let function = move |event: Event| {
        let numbers: Vec<String> =
            event.records.into_iter().map(|record| record.change.sequence_number.unwrap()).collect();
        let calls_before = batches.lock().unwrap().len();
        batches.lock().unwrap().push(numbers.clone());
        async move {
            let mut response = DynamoDbEventResponse::default();
            match behaviour(&numbers, calls_before) {
                Answer::Fine => {}
                Answer::Failed(failed) => {
                    for number in failed {
                        let mut failure = DynamoDbBatchItemFailure::default();
                        failure.item_identifier = Some((*number).to_owned());
                        response.batch_item_failures.push(failure);
                    }
                }
                Answer::Panic => panic!("the function panics, as this test wants it to"),
                Answer::Hang => std::future::pending().await,
            }
            response
        }
    };
    let mut checkpoints = Vec::new();
    let mapping = EventSourceMapping::new(function, dead_letters, BOUNDS);
    mapping.deliver(records(batch), |number| checkpoints.push(number.to_owned())).await;
    checkpoints
}

#[tokio::test(start_paused = true)]
async fn a_batch_that_is_handled_is_called_for_once() {
    let (seen, checkpoints) = deliver(&["1", "2", "3"], |_, _| Answer::Fine).await;
    assert_eq!(seen.batches(), [["1", "2", "3"]]);
    assert_eq!(checkpoints, ["3"]);
    assert_eq!(seen.dead(), [""; 0]);
}

#[tokio::test(start_paused = true)]
async fn everything_from_the_lowest_failed_record_on_comes_again() {
    let (seen, checkpoints) = deliver(&["1", "2", "3", "4"], |_, calls| match calls {
        0 => Answer::Failed(&["4", "3"]),
        _ => Answer::Fine,
    })
    .await;
    assert_eq!(seen.batches(), [vec!["1", "2", "3", "4"], vec!["3", "4"]]);
    assert_eq!(checkpoints, ["2", "4"]);
    assert_eq!(seen.dead(), [""; 0]);
}

#[tokio::test(start_paused = true)]
async fn an_empty_or_foreign_identifier_fails_the_whole_batch() {
    for failed in [&[""], &["9"]] {
        let behaviour: Behaviour = match failed {
            [""] => |_, calls| if calls == 0 { Answer::Failed(&[""]) } else { Answer::Fine },
            _ => |_, calls| if calls == 0 { Answer::Failed(&["9"]) } else { Answer::Fine },
        };
        let (seen, checkpoints) = deliver(&["1", "2"], behaviour).await;
        assert_eq!(seen.batches(), [["1", "2"], ["1", "2"]]);
        assert_eq!(checkpoints, ["2"]);
    }
}

#[tokio::test(start_paused = true)]
async fn a_function_that_panics_on_one_record_is_bisected_down_to_it() {
    let poisoned: Behaviour =
        |batch, _| if batch.iter().any(|number| number == "6") { Answer::Panic } else { Answer::Fine };
    let (seen, checkpoints) = deliver(&["1", "2", "3", "4", "5", "6", "7", "8"], poisoned).await;
    assert_eq!(seen.dead(), ["6"], "the poisoned record and no other");
    assert_eq!(checkpoints, ["4", "5", "6", "8"]);
    let alone = seen.batches().iter().filter(|batch| **batch == ["6"]).count();
    assert_eq!(alone, BOUNDS.attempts_max as usize, "bisecting is no attempt");
    assert_eq!(seen.batches().last().unwrap(), &["7", "8"]);
}

#[tokio::test(start_paused = true)]
async fn a_record_that_keeps_failing_is_put_aside_and_the_others_go_on() {
    let (seen, checkpoints) = deliver(&["1", "2", "3"], |batch, _| {
        if batch.iter().any(|number| number == "2") { Answer::Failed(&["2"]) } else { Answer::Fine }
    })
    .await;
    assert_eq!(seen.dead(), ["2"]);
    assert_eq!(checkpoints, ["1", "2", "3"]);
    // Once behind record 1, and then at the head until it is given up.
    assert_eq!(seen.batches().len(), 1 + (BOUNDS.attempts_max as usize - 1) + 1);
    assert_eq!(seen.batches().last().unwrap(), &["3"]);
    let letter = seen.dead.lock().unwrap()[0].clone();
    assert!(letter.why.contains("given up after 10 attempts"), "{}", letter.why);
}

#[tokio::test(start_paused = true)]
async fn a_function_that_hangs_has_failed() {
    let (seen, checkpoints) = deliver(&["1"], |_, calls| if calls == 0 { Answer::Hang } else { Answer::Fine }).await;
    assert_eq!(seen.batches(), [["1"], ["1"]]);
    assert_eq!(checkpoints, ["1"]);
}

#[tokio::test(start_paused = true)]
async fn a_record_that_blocks_others_too_long_is_a_dead_letter_before_its_attempts_are_used_up() {
    let (seen, checkpoints) =
        deliver(
            &["1", "2"],
            |batch, _| {
                if batch.iter().any(|number| number == "1") { Answer::Hang } else { Answer::Fine }
            },
        )
        .await;
    assert_eq!(seen.dead(), ["1"]);
    assert_eq!(checkpoints, ["1", "2"]);
    assert!(seen.batches().len() < BOUNDS.attempts_max as usize, "{:?}", seen.batches());
}

#[tokio::test(start_paused = true)]
async fn a_record_behind_one_that_hangs_has_its_own_time() {
    let (seen, checkpoints) = deliver(&["1", "2"], |batch, _| match batch {
        [one] if one == "2" => Answer::Failed(&["2"]),
        _ => Answer::Hang,
    })
    .await;
    assert_eq!(seen.dead(), ["1", "2"]);
    assert_eq!(checkpoints, ["1", "2"]);
    let alone = seen.batches().iter().filter(|batch| **batch == ["2"]).count();
    assert_eq!(alone, BOUNDS.attempts_max as usize);
}

#[tokio::test(start_paused = true)]
async fn a_dead_letter_that_cannot_be_kept_is_tried_until_it_can() {
    let seen = Seen::default();
    let behaviour: Behaviour = |batch, _| if batch == ["1"] { Answer::Failed(&["1"]) } else { Answer::Fine };
    let checkpoints = deliver_to(&["1"], behaviour, &seen, Reluctant(seen.clone(), Arc::default())).await;
    assert_eq!(seen.dead(), ["1"]);
    assert_eq!(checkpoints, ["1"]);
}
