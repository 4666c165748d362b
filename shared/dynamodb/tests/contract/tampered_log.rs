//! A log on a real store, and somebody with the store's own tools.

use alims_domain::identifiers::{TenantId, WorkflowKey};
use alims_domain::quarantine::QuarantineEntry;
use alims_dynamodb::DynamoLog;
use alims_operations::ports::AuditPlace;
use alims_testing::contract::tampered::{Place, Tampered};
use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::AttributeValue;
use std::collections::HashMap;

use crate::on_dynoxide;

/// A log, and the client and the name of its table.
pub(crate) struct TamperedLog {
    pub(crate) log: DynamoLog,
    client: Client,
    table: String,
}

pub(crate) async fn a_tampered_log() -> TamperedLog {
    let (client, names) = on_dynoxide::tables().await;
    TamperedLog { log: DynamoLog::new(client.clone(), &names.log), client, table: names.log }
}

fn sort_key(place: Place<'_>) -> String {
    match place {
        Place::Version(version) => format!("v#{:010}", version.get()),
        Place::Refusal(event_id) => format!("r#{event_id}"),
        Place::Claim(version, attempt) => format!("a#{:010}#{attempt:010}#claim", version.get()),
        Place::Outcome(version, attempt) => format!("a#{:010}#{attempt:010}#outcome", version.get()),
        Place::Overdue(due_at) => format!("d#{due_at}"),
        Place::Quarantine(entry) => {
            let (kind, beside) = match entry {
                QuarantineEntry::Quarantined(it) => ("quarantined", &it.beside),
                QuarantineEntry::Released(it) => ("released", &it.beside),
            };
            let beside = beside.as_ref().map_or_else(String::new, |beside| format!("#beside#{}", beside.as_str()));
            format!("q#{}#{kind}{beside}", entry.about().id().as_str())
        }
    }
}

impl TamperedLog {
    fn keys(key: &WorkflowKey, entry: &str) -> HashMap<String, AttributeValue> {
        let text = |text: String| AttributeValue::S(text);
        let pk = format!("{}#{}", key.tenant_id, key.workflow_id);
        HashMap::from([("pk".to_owned(), text(pk)), ("entry".to_owned(), text(entry.to_owned()))])
    }

    /// The same log, but a round of the activity reads no more entries of a shard than so many.
    pub(crate) fn reading_at_most(mut self, entries: u16) -> Self {
        self.log = self.log.walking_at_most(entries);
        self
    }

    /// Puts an item under any key of a workflow.
    pub(crate) async fn put(&self, key: &WorkflowKey, entry: &str) {
        self.put_item(Self::keys(key, entry), "no item of this service").await;
    }

    async fn put_item(&self, mut item: HashMap<String, AttributeValue>, how: &str) {
        item.insert("spoilt".to_owned(), AttributeValue::S(how.to_owned()));
        self.client.put_item().table_name(&self.table).set_item(Some(item)).send().await.unwrap();
    }
}

impl Tampered for TamperedLog {
    type Log = DynamoLog;

    fn log(&self) -> &DynamoLog {
        &self.log
    }

    async fn spoil(&self, key: &WorkflowKey, place: Place<'_>, how: &str) {
        let keys = Self::keys(key, &sort_key(place));
        let there = self.client.get_item().table_name(&self.table).set_key(Some(keys)).send().await.unwrap().item;
        self.put_item(there.unwrap(), how).await;
    }

    async fn spoil_audit(&self, tenant: &TenantId, place: &AuditPlace, how: &str) {
        let text = |text: String| AttributeValue::S(text);
        let keys = [("pk".to_owned(), text(format!("#audit#{tenant}"))), ("entry".to_owned(), text(place.0.clone()))];
        let keys = Some(HashMap::from(keys));
        let there = self.client.get_item().table_name(&self.table).set_key(keys).send().await.unwrap().item;
        self.put_item(there.unwrap(), how).await;
    }

    async fn take_out(&self, key: &WorkflowKey, place: Place<'_>) {
        let keys = Self::keys(key, &sort_key(place));
        self.client.delete_item().table_name(&self.table).set_key(Some(keys)).send().await.unwrap();
    }
}
