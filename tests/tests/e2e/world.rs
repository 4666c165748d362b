//! What was deployed, as `cargo xtask e2e` describes it, and its queues.

use aws_config::SdkConfig;
use serde_json::Value;
use std::collections::BTreeMap;
use std::fs;
use std::process::Command;
use std::sync::{LazyLock, Mutex};
use std::time::{Duration, Instant};
use tokio::sync::Mutex as Turn;

use crate::recorder;

/// How long something that follows by itself may take before a test calls it missing.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

/// What was deployed.
pub(crate) static WORLD: LazyLock<World> = LazyLock::new(World::read);

pub(crate) struct World {
    described: Value,
    /// The private half of the issuer's key.
    pub(crate) signing_key: Vec<u8>,
}

impl World {
    fn read() -> Self {
        let path = std::env::var_os("ALIMS_E2E").expect("run these tests with `cargo xtask e2e`");
        let described: Value = serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap();
        let signing_key = fs::read(described["signing_key"].as_str().unwrap()).unwrap();
        Self { described, signing_key }
    }

    /// A member of the description.
    #[track_caller]
    pub(crate) fn text(&self, name: &str) -> &str {
        self.described[name].as_str().unwrap_or_else(|| panic!("the description has no {name}"))
    }

    /// An output of the template.
    #[track_caller]
    pub(crate) fn output(&self, name: &str) -> &str {
        self.described["outputs"][name].as_str().unwrap_or_else(|| panic!("the template has no output {name}"))
    }

    /// What a resource is really called.
    #[track_caller]
    pub(crate) fn resource(&self, id: &str) -> &str {
        self.described["resources"][id].as_str().unwrap_or_else(|| panic!("the template has no {id}"))
    }

    /// The resources whose logical id ends so: what they are really called, by what comes before the ending.
    pub(crate) fn resources(&self, ending: &str) -> BTreeMap<&str, &str> {
        let all = self.described["resources"].as_object().unwrap().iter();
        all.filter_map(|(id, name)| Some((id.strip_suffix(ending)?, name.as_str().unwrap()))).collect()
    }
}

/// Calls the AWS CLI; the environment says where the emulator is. What is not JSON is null.
#[track_caller]
pub(crate) fn cli(arguments: &[&str]) -> Value {
    let output = Command::new(WORLD.text("aws")).args(arguments).args(["--output", "json"]).output().unwrap();
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap_or(Value::Null)
}

/// How to reach the emulator: the environment says.
pub(crate) async fn aws() -> SdkConfig {
    aws_config::load_from_env().await
}

/// One queue; what was received from it stays known to all tests of this process.
pub(crate) struct Queue {
    output: &'static str,
    /// One receives at a time: so the order in which messages come is that of the queue.
    turn: Turn<()>,
    received: Mutex<Vec<Value>>,
}

/// What the rule of the sample subscriber delivers.
pub(crate) static SUBSCRIBER: Queue = Queue::at("SubscriberQueueUrl");
/// What the publisher could not read.
pub(crate) static UNREADABLE: Queue = Queue::at("UnreadableRecordsQueueUrl");
/// Workflows whose stored history is broken.
pub(crate) static QUARANTINED: Queue = Queue::at("QuarantinedWorkflowsQueueUrl");
/// Executions that ended badly.
pub(crate) static FAILED_RECOVERIES: Queue = Queue::at("FailedRecoveriesQueueUrl");

impl Queue {
    const fn at(output: &'static str) -> Self {
        Self { output, turn: Turn::const_new(()), received: Mutex::new(Vec::new()) }
    }

    /// Receives until the messages that pass the filter are enough, and gives those, in the order they came.
    pub(crate) async fn until(
        &self,
        of_interest: impl Fn(&Value) -> bool,
        enough: impl Fn(&[Value]) -> bool,
    ) -> Vec<Value> {
        let client = aws_sdk_sqs::Client::new(&aws().await);
        let begun = Instant::now();
        loop {
            let found: Vec<Value> =
                self.received.lock().unwrap().iter().filter(|message| of_interest(message)).cloned().collect();
            if enough(&found) {
                return found;
            }
            assert!(begun.elapsed() < PATIENCE, "{} had only: {found:#?}", self.output);
            if !self.receive(&client).await {
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
        }
    }

    /// Receives what is there; whether that was anything.
    async fn receive(&self, client: &aws_sdk_sqs::Client) -> bool {
        let _turn = self.turn.lock().await;
        let url = WORLD.output(self.output);
        let request = client.receive_message().queue_url(url).max_number_of_messages(10);
        let messages = request.send().await.unwrap().messages.unwrap_or_default();
        for message in &messages {
            let body = serde_json::from_str(message.body().unwrap()).unwrap();
            if self.output == SUBSCRIBER.output {
                recorder::received(&body);
            }
            self.received.lock().unwrap().push(body);
            let handle = message.receipt_handle().unwrap();
            client.delete_message().queue_url(url).receipt_handle(handle).send().await.unwrap();
        }
        !messages.is_empty()
    }
}

/// The events of a workflow that the subscriber has, once there are as many as that, in the order they came.
pub(crate) async fn events_of(workflow_id: &str, at_least: usize) -> Vec<Value> {
    let of_it = |event: &Value| event["detail"]["workflow_id"] == workflow_id;
    SUBSCRIBER.until(of_it, |events| events.len() >= at_least).await
}
