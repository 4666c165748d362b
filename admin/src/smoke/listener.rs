//! What the smoke test makes in the account to see what arrives: a queue, a rule of the bus, subscriptions of the topics;
//! and an alarm that it sets. All of it is removed at the end, however the test ends.

use std::cell::RefCell;

use anyhow::Context as _;
use serde_json::{Value, json};

use super::stack::Stack;

/// The source of the events by which the test sees that its rule works. The service and its subscribers know no such
/// source.
const PROBE: &str = "alims.smoke-test";
/// Messages of the test's own queue are read once.
const READ_ONCE_SECONDS: &str = "3600";

/// One thing that was made or is about to be: what removes it knows it even when its making was interrupted.
#[derive(Clone, PartialEq, Eq)]
enum Made {
    Rule,
    Queue,
    Subscription { topic: String },
    Alarm { name: String, state: String },
}

/// A queue that receives what the test looks for.
pub(crate) struct Listener<'a> {
    stack: &'a Stack,
    /// The workflow's id; the rule and the queue bear it too.
    name: &'a str,
    /// The bus's ARN and name.
    bus: (&'a str, &'a str),
    made: RefCell<Vec<Made>>,
    /// The queue's URL, once it is made.
    queue: RefCell<Option<String>>,
    received: RefCell<Vec<Value>>,
}

impl<'a> Listener<'a> {
    /// Prepares; nothing is made yet.
    ///
    /// # Errors
    /// When the stack's output is no ARN of a bus.
    pub(crate) fn new(stack: &'a Stack, name: &'a str) -> anyhow::Result<Self> {
        let arn = stack.output("EventBusArn")?;
        let (_, bus) = arn.split_once(":event-bus/").with_context(|| format!("{arn} is no event bus"))?;
        Ok(Self {
            stack,
            name,
            bus: (arn, bus),
            made: RefCell::default(),
            queue: RefCell::default(),
            received: RefCell::default(),
        })
    }

    /// Makes the queue and the rule, and waits until the rule works: EventBridge takes a while for a new one, and what
    /// is published meanwhile does not arrive.
    ///
    /// # Errors
    /// When they cannot be made, or never work.
    pub(crate) async fn open(&self) -> anyhow::Result<()> {
        let (aws, name, bus) = (&self.stack.aws, self.name, self.bus.1);
        self.will_make(Made::Rule);
        let pattern = json!({"detail": {"workflow_id": [name]}}).to_string();
        let asked = ["--name", name, "--event-bus-name", bus, "--event-pattern", &pattern, "--output", "json"];
        let made: Value = aws.call("events put-rule", &asked).await?;
        let rule = made.get("RuleArn").and_then(Value::as_str).context("EventBridge names no rule")?;

        self.will_make(Made::Queue);
        let queue = self.arn("sqs", name)?;
        let mut senders = vec![rule];
        senders.extend(self.stack.outputs_named("TopicArn").map(|(_, topic)| topic));
        let policy = json!({"Version": "2012-10-17", "Statement": [{
            "Effect": "Allow",
            "Principal": {"Service": ["events.amazonaws.com", "sns.amazonaws.com"]},
            "Action": "sqs:SendMessage",
            "Resource": queue,
            "Condition": {"ArnEquals": {"aws:SourceArn": senders}},
        }]});
        let attributes = json!({"Policy": policy.to_string(), "MessageRetentionPeriod": "3600"}).to_string();
        let asked = ["--queue-name", name, "--attributes", &attributes, "--output", "json"];
        let made: Value = aws.call("sqs create-queue", &asked).await?;
        // SQS finds a queue by its name only some time after it was made.
        self.queue.replace(made.get("QueueUrl").and_then(Value::as_str).map(str::to_owned));

        let targets = json!([{"Id": "smoke-test", "Arn": queue}]).to_string();
        let asked = ["--rule", name, "--event-bus-name", bus, "--targets", &targets, "--output", "json"];
        let answer: Value = aws.call("events put-targets", &asked).await?;
        let refused = answer.get("FailedEntryCount").and_then(Value::as_u64).unwrap_or_default();
        anyhow::ensure!(refused == 0, "EventBridge does not take the target: {answer}");
        self.works().await
    }

    async fn works(&self) -> anyhow::Result<()> {
        let detail = json!({"workflow_id": self.name, "synthetic": true});
        let found = self.stack.wait(async || {
            self.stack.put_event(PROBE, "SmokeTestProbe", &detail).await?;
            self.receive().await?;
            Ok(self.received.borrow().iter().any(|event| event.get("source") == Some(&json!(PROBE))).then_some(()))
        });
        found.await?.context("no event from the bus reaches a queue")
    }

    /// Waits until versions of the workflow have arrived.
    ///
    /// # Errors
    /// When one does not come.
    pub(crate) async fn versions_arrive(&self, versions: &[u32]) -> anyhow::Result<()> {
        let has = |version: &u32| {
            let of_it = |event: &Value| {
                event.get("source") == Some(&json!("alims.workflow-manager"))
                    && event.pointer("/detail/version") == Some(&json!(version))
                    && event.pointer("/detail/hash").is_some()
            };
            self.received.borrow().iter().any(of_it)
        };
        let all = self.stack.wait(async || {
            self.receive().await?;
            Ok(versions.iter().all(has).then_some(()))
        });
        if all.await?.is_some() {
            return Ok(());
        }
        let missing: Vec<&u32> = versions.iter().filter(|version| !has(version)).collect();
        anyhow::bail!("versions {missing:?} were not published within {} s", self.stack.patience.as_secs())
    }

    /// Subscribes to a topic, sets an alarm that tells it, and waits for the message.
    ///
    /// # Errors
    /// When the topic has no alarm, or nothing comes.
    pub(crate) async fn alarm_arrives(&self, topic: &str) -> anyhow::Result<()> {
        let aws = &self.stack.aws;
        self.will_make(Made::Subscription { topic: topic.to_owned() });
        let queue = self.arn("sqs", self.name)?;
        let asked = ["--topic-arn", topic, "--protocol", "sqs", "--notification-endpoint", &queue, "--output", "json"];
        let _subscribed: Value = aws.call("sns subscribe", &asked).await?;
        let (alarm, state) = self.alarm_of(topic).await?;
        let set_back = Made::Alarm { name: alarm.clone(), state };
        self.will_make(set_back.clone());
        let reason = format!("{}: a smoke test, no action is needed", self.name);
        let set = ["--alarm-name", &alarm, "--state-value", "ALARM", "--state-reason", &reason];
        let _set: Value = aws.call("cloudwatch set-alarm-state", &set).await?;
        let told =
            |message: &Value| message.get("TopicArn") == Some(&json!(topic)) && message.to_string().contains(self.name);
        let found = self.stack.wait(async || {
            self.receive().await?;
            Ok(self.received.borrow().iter().any(told).then_some(()))
        });
        let waited = self.stack.patience.as_secs();
        found.await?.with_context(|| format!("the alarm {alarm} did not reach {topic} within {waited} s"))?;
        // At once, so that the same alarm can be set for another topic.
        self.remove(&set_back).await?;
        self.made.borrow_mut().retain(|left| *left != set_back);
        Ok(())
    }

    /// An alarm of the stack that tells a topic and is not on, and its state.
    async fn alarm_of(&self, topic: &str) -> anyhow::Result<(String, String)> {
        let aws = &self.stack.aws;
        let asked = ["--stack-name", &self.stack.name, "--output", "json"];
        let listed: Value = aws.call("cloudformation list-stack-resources", &asked).await?;
        let text = |thing: &Value, name: &str| thing.get(name).and_then(Value::as_str).map(str::to_owned);
        let resources = listed.get("StackResourceSummaries").and_then(Value::as_array).into_iter().flatten();
        let alarms = resources.filter(|one| one.get("ResourceType") == Some(&json!("AWS::CloudWatch::Alarm")));
        let names: Vec<String> = alarms.filter_map(|alarm| text(alarm, "PhysicalResourceId")).collect();
        anyhow::ensure!(!names.is_empty(), "the stack has no alarm");
        let mut asked = vec!["--output", "json", "--alarm-names"];
        asked.extend(names.iter().map(String::as_str));
        let described: Value = aws.call("cloudwatch describe-alarms", &asked).await?;
        let described = described.get("MetricAlarms").and_then(Value::as_array).into_iter().flatten();
        let tells = |alarm: &&Value| {
            let actions = alarm.get("AlarmActions").and_then(Value::as_array);
            actions.is_some_and(|actions| actions.contains(&json!(topic)))
                && alarm.get("ActionsEnabled") != Some(&json!(false))
        };
        let of_topic: Vec<&Value> = described.filter(tells).collect();
        anyhow::ensure!(!of_topic.is_empty(), "no alarm of the stack tells {topic}");
        // An alarm acts only when its state changes.
        let quiet = of_topic.iter().filter_map(|alarm| Some((text(alarm, "AlarmName")?, text(alarm, "StateValue")?)));
        let quiet = quiet.filter(|(_, state)| state != "ALARM").min();
        quiet.with_context(|| format!("every alarm that tells {topic} is on already"))
    }

    async fn receive(&self) -> anyhow::Result<()> {
        let queue = self.queue_url().await?;
        let messages = self.stack.messages(&queue, READ_ONCE_SECONDS).await?;
        self.received.borrow_mut().extend(messages.into_iter().map(|message| message.body));
        Ok(())
    }

    async fn queue_url(&self) -> anyhow::Result<String> {
        let known = self.queue.borrow().clone();
        if let Some(known) = known {
            return Ok(known);
        }
        let asked = ["--queue-name", self.name, "--output", "json"];
        let answer: Value = self.stack.aws.call("sqs get-queue-url", &asked).await?;
        answer.get("QueueUrl").and_then(Value::as_str).map(str::to_owned).context("SQS names no queue")
    }

    /// An ARN in the account and region of the bus.
    fn arn(&self, service: &str, resource: &str) -> anyhow::Result<String> {
        let parts: Vec<&str> = self.bus.0.splitn(6, ':').collect();
        let [arn, partition, _, region, account, _] = parts.as_slice() else {
            anyhow::bail!("{} is no ARN", self.bus.0)
        };
        Ok(format!("{arn}:{partition}:{service}:{region}:{account}:{resource}"))
    }

    fn will_make(&self, thing: Made) {
        self.made.borrow_mut().push(thing);
    }

    /// Removes everything that was made, the last first, and goes on where something cannot be removed.
    ///
    /// # Errors
    /// What could not be removed, and why.
    pub(crate) async fn close(&self) -> anyhow::Result<()> {
        let made = self.made.borrow().clone();
        let mut wrong = Vec::new();
        for thing in made.iter().rev() {
            match self.remove(thing).await {
                Ok(()) => self.made.borrow_mut().retain(|left| left != thing),
                Err(error) => wrong.push(format!("{}: {error:#}", self.described(thing))),
            }
        }
        anyhow::ensure!(wrong.is_empty(), "{}", wrong.join("; "));
        Ok(())
    }

    /// What was made and not removed.
    pub(crate) fn left_behind(&self) -> Vec<String> {
        self.made.borrow().iter().map(|thing| self.described(thing)).collect()
    }

    async fn remove(&self, thing: &Made) -> anyhow::Result<()> {
        let (aws, name) = (&self.stack.aws, self.name);
        let done: Result<Value, _> = match thing {
            Made::Rule => {
                let of_rule = ["--event-bus-name", self.bus.1];
                let asked = [&["--rule", name, "--ids", "smoke-test"], &of_rule[..]].concat();
                let removed: Result<Value, _> = aws.call("events remove-targets", &asked).await;
                // A rule without targets, and none at all, are refused: the deletion says what is wrong.
                drop(removed);
                aws.call("events delete-rule", &[&["--name", name], &of_rule[..]].concat()).await
            }
            Made::Queue => match self.queue_url().await {
                Ok(queue) => aws.call("sqs delete-queue", &["--queue-url", &queue]).await,
                Err(error) if error.to_string().contains("NonExistentQueue") => return Ok(()),
                Err(error) => return Err(error),
            },
            Made::Subscription { topic } => return self.unsubscribe(topic).await,
            Made::Alarm { name, state } => {
                let reason = format!("{}: the smoke test ended", self.name);
                let set = ["--alarm-name", name, "--state-value", state, "--state-reason", &reason];
                aws.call("cloudwatch set-alarm-state", &set).await
            }
        };
        done?;
        Ok(())
    }

    async fn unsubscribe(&self, topic: &str) -> anyhow::Result<()> {
        let queue = self.arn("sqs", self.name)?;
        let asked = ["--topic-arn", topic, "--output", "json"];
        let listed: Value = self.stack.aws.call("sns list-subscriptions-by-topic", &asked).await?;
        let all = listed.get("Subscriptions").and_then(Value::as_array).into_iter().flatten();
        for subscription in all.filter(|one| one.get("Endpoint") == Some(&json!(queue))) {
            let arn = subscription.get("SubscriptionArn").and_then(Value::as_str).unwrap_or_default();
            let _gone: Value = self.stack.aws.call("sns unsubscribe", &["--subscription-arn", arn]).await?;
        }
        Ok(())
    }

    fn described(&self, thing: &Made) -> String {
        match thing {
            Made::Rule => format!("the rule {} of the bus {}", self.name, self.bus.1),
            Made::Queue => format!("the queue {}", self.name),
            Made::Subscription { topic } => format!("the subscription of the queue {} to {topic}", self.name),
            Made::Alarm { name, state } => format!("the state {state} of the alarm {name}"),
        }
    }
}
