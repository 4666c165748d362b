//! The deployed stack, reached with the operator's AWS CLI.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use anyhow::Context as _;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::aws_cli::AwsCli;

const BETWEEN_LOOKS: Duration = Duration::from_millis(500);
/// A message that belongs to others is hidden from them for so long. Shorter, a long queue would show the same messages
/// again and again.
const HIDDEN_SECONDS: &str = "20";

/// A stack, its outputs and its parameters.
pub(crate) struct Stack {
    pub(crate) aws: AwsCli,
    pub(crate) name: String,
    outputs: BTreeMap<String, String>,
    parameters: BTreeMap<String, String>,
    /// How long an effect may take before it is called missing.
    pub(crate) patience: Duration,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Described {
    stacks: Vec<DescribedStack>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct DescribedStack {
    #[serde(default)]
    stack_status: String,
    #[serde(default)]
    outputs: Vec<Output>,
    #[serde(default)]
    parameters: Vec<Parameter>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Output {
    output_key: String,
    output_value: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Parameter {
    parameter_key: String,
    #[serde(default)]
    parameter_value: String,
}

/// A message of a queue, and what deletes it.
pub(crate) struct Message {
    pub(crate) body: Value,
    receipt: String,
}

impl Stack {
    /// Finds a stack that is completely deployed.
    ///
    /// # Errors
    /// When there is none, it is being changed or its change failed, or the AWS CLI is of no use.
    pub(crate) async fn find(aws: AwsCli, name: &str, patience: Duration) -> anyhow::Result<Self> {
        let asked = ["--stack-name", name, "--output", "json"];
        let described: Described = aws.call("cloudformation describe-stacks", &asked).await?;
        let stack = described.stacks.into_iter().next().with_context(|| format!("there is no stack {name}"))?;
        let status = stack.stack_status;
        // What was rolled back is complete too: it is the release before.
        let complete = status.ends_with("_COMPLETE") && !status.starts_with("DELETE") && status != "ROLLBACK_COMPLETE";
        anyhow::ensure!(complete, "the stack {name} is not deployed: its status is {status}");
        Ok(Self {
            aws,
            name: name.to_owned(),
            outputs: stack.outputs.into_iter().map(|output| (output.output_key, output.output_value)).collect(),
            parameters: stack.parameters.into_iter().map(|one| (one.parameter_key, one.parameter_value)).collect(),
            patience,
        })
    }

    /// An output.
    ///
    /// # Errors
    /// When the stack has none of that name.
    pub(crate) fn output(&self, name: &str) -> anyhow::Result<&str> {
        let found = self.outputs.get(name).map(String::as_str);
        found.with_context(|| format!("the stack {} has no output {name}: deploy this release's template", self.name))
    }

    /// The outputs whose names end so.
    pub(crate) fn outputs_named(&self, ending: &str) -> impl Iterator<Item = (&str, &str)> {
        let all = self.outputs.iter().filter(move |(name, _)| name.ends_with(ending));
        all.map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// A parameter that has a value.
    pub(crate) fn parameter(&self, name: &str) -> Option<&str> {
        self.parameters.get(name).map(String::as_str).filter(|value| !value.is_empty())
    }

    /// Puts an event on the service's bus.
    ///
    /// # Errors
    /// When the bus refuses it.
    pub(crate) async fn put_event(&self, source: &str, detail_type: &str, detail: &Value) -> anyhow::Result<()> {
        let entries = json!([{
            "EventBusName": self.output("EventBusArn")?,
            "Source": source,
            "DetailType": detail_type,
            "Detail": detail.to_string(),
        }]);
        let entries = entries.to_string();
        let answer: Value = self.aws.call("events put-events", &["--entries", &entries, "--output", "json"]).await?;
        anyhow::ensure!(answer.get("FailedEntryCount") == Some(&json!(0)), "the bus refused the event: {answer}");
        Ok(())
    }

    /// Waits for a message in the queue of an output, and deletes it.
    ///
    /// # Errors
    /// When it does not come.
    pub(crate) async fn take_from(&self, output: &str, wanted: impl Fn(&Value) -> bool) -> anyhow::Result<()> {
        let queue = self.output(output)?;
        let mut others = 0_usize;
        let found = self.wait(async || {
            let messages = self.messages(queue, HIDDEN_SECONDS).await?;
            let (mine, theirs): (Vec<_>, Vec<_>) = messages.into_iter().partition(|message| wanted(&message.body));
            others += theirs.len();
            for message in &mine {
                let asked = ["--queue-url", queue, "--receipt-handle", message.receipt.as_str()];
                let _gone: Value = self.aws.call("sqs delete-message", &asked).await?;
            }
            Ok((!mine.is_empty()).then_some(()))
        });
        let found = found.await?;
        let waited = self.patience.as_secs();
        found.with_context(|| format!("it did not reach {queue} within {waited} s; {others} other messages did"))
    }

    /// The messages that a queue gives now; they are hidden for so many seconds.
    ///
    /// # Errors
    /// When the queue cannot be read.
    pub(crate) async fn messages(&self, queue: &str, hidden_seconds: &str) -> anyhow::Result<Vec<Message>> {
        let how = ["--max-number-of-messages", "10", "--wait-time-seconds", "1", "--visibility-timeout"];
        let asked = [&["--queue-url", queue, "--output", "json"], &how[..], &[hidden_seconds]].concat();
        let answer: Value = self.aws.call("sqs receive-message", &asked).await?;
        let messages = answer.get("Messages").and_then(Value::as_array);
        let read = |message: &Value| {
            let body = message.get("Body").and_then(Value::as_str)?;
            let receipt = message.get("ReceiptHandle").and_then(Value::as_str)?;
            Some(Message { body: serde_json::from_str(body).unwrap_or(Value::Null), receipt: receipt.to_owned() })
        };
        Ok(messages.into_iter().flatten().filter_map(read).collect())
    }

    /// Looks until there is something; nothing when patience ends.
    ///
    /// # Errors
    /// Those of the look.
    pub(crate) async fn wait<T>(
        &self,
        mut look: impl AsyncFnMut() -> anyhow::Result<Option<T>>,
    ) -> anyhow::Result<Option<T>> {
        let begun = Instant::now();
        loop {
            if let Some(found) = look().await? {
                return Ok(Some(found));
            }
            if begun.elapsed() >= self.patience {
                return Ok(None);
            }
            // AWS offers no notification of what is waited for; `patience` bounds the wait.
            tokio::time::sleep(BETWEEN_LOOKS).await;
        }
    }
}
