//! The adapters on a real store: the contract of the ports, altered items, odd answers, stream records.

#![allow(
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    clippy::wildcard_enum_match_arm,
    reason = "a broken expectation must fail the test, in what tests share too"
)]

mod altered_items;
mod anchor_detection;
mod detection;
mod foreign_keys;
mod golden;
mod hints;
mod newer_format;
mod odd_answers;
mod on_dynoxide;
mod records;
mod sizes;
mod stream_records;
mod tables;
mod tampered_log;
mod walk;

use alims_dynamodb::{DynamoIndex, DynamoLog};

async fn a_log() -> DynamoLog {
    let (client, names) = on_dynoxide::tables().await;
    DynamoLog::new(client, names.log)
}

async fn an_index() -> DynamoIndex {
    let (client, names) = on_dynoxide::tables().await;
    DynamoIndex::new(client, names.index)
}

alims_testing::log_contract!(a_log().await);
alims_testing::records_contract!(a_log().await);
alims_testing::tampered_contract!(tampered_log::a_tampered_log().await);
alims_testing::audit_contract!(tampered_log::a_tampered_log().await);

/// As the service uses it.
mod activity_with_long_pages {
    use super::tampered_log;

    alims_testing::activity_contract!(tampered_log::a_tampered_log().await);
}

/// With so few entries read that every shard ends a round somewhere.
mod activity_with_short_pages {
    use super::tampered_log;

    alims_testing::activity_contract!(tampered_log::a_tampered_log().await.reading_at_most(2));
}

/// As the service uses it.
mod index_with_long_pages {
    use super::an_index;

    alims_testing::index_contract!(an_index().await);
}

/// With so few entries looked at that every partition ends a page somewhere.
mod index_with_short_pages {
    use super::an_index;

    alims_testing::index_contract!(an_index().await.evaluating_at_most(3).walking_at_most(2));
}
