//! The bus of one laptop: events go into the archive, where listeners find them, and a line goes to the console.

use alims_domain::bus_event::BusEvent;
use alims_domain::overdue::WORKFLOW_OVERDUE;
use alims_domain::refusal::WORKFLOW_TRANSITION_REFUSED;
use alims_domain::timestamp::Timestamp;
use alims_operations::ports::{BusError, DeadLetter, DeadLetters, EntryRefused, EventBus};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::account::{ACCOUNT, REGION};
use crate::archive::Archive;
use crate::console::Console;
use crate::folder::private;

/// Who publishes, in every event.
pub const EVENT_SOURCE: &str = "alims.workflow-manager";

/// An event as `EventBridge` hands it to its targets.
#[derive(Serialize)]
pub(crate) struct Envelope<'a> {
    version: &'static str,
    id: String,
    #[serde(rename = "detail-type")]
    detail_type: &'a str,
    source: &'a str,
    account: &'static str,
    time: String,
    region: &'static str,
    resources: &'a [String],
    /// Without line feeds, as an event is a line of the archive.
    detail: Box<RawValue>,
}

impl<'a> Envelope<'a> {
    /// What the publisher of this source says happened then.
    pub(crate) fn new(id: String, source: &'a str, detail_type: &'a str, detail: Box<RawValue>, at: Timestamp) -> Self {
        let (time, resources) = (at.to_string(), [].as_slice());
        Self { version: "0", id, detail_type, source, account: ACCOUNT, time, region: REGION, resources, detail }
    }

    /// The same, and what it concerns besides.
    pub(crate) fn concerning(self, resources: &'a [String]) -> Self {
        Self { resources, ..self }
    }

    /// What kind of event it is.
    pub(crate) fn detail_type(&self) -> &str {
        self.detail_type
    }

    /// The event's own part, as JSON.
    pub(crate) fn detail(&self) -> &str {
        self.detail.get()
    }
}

/// Sees every event that the bus accepted, as a rule of `EventBridge` does.
pub(crate) type Rule = Arc<dyn Fn(&Envelope<'_>) + Send + Sync>;

/// Takes events into the archive. An event it confirmed survives the end of the process.
#[derive(Clone)]
pub(crate) struct LocalBus {
    archive: Arc<Archive>,
    console: Console,
    rule: Option<Rule>,
}

impl LocalBus {
    pub(crate) fn new(archive: Arc<Archive>, console: Console) -> Self {
        Self { archive, console, rule: None }
    }

    /// The same bus, with a rule.
    pub(crate) fn with_rule(self, rule: Rule) -> Self {
        Self { rule: Some(rule), ..self }
    }

    /// Takes events as they are. Those who listen see them when this returns.
    pub(crate) fn take(&self, events: &[Envelope<'_>]) -> io::Result<()> {
        let lines: Vec<String> = events.iter().map(serde_json::to_string).collect::<Result<_, _>>()?;
        let first = self.archive.append(&lines).map_err(io::Error::other)?;
        for (number, event) in (first..).zip(events) {
            self.console.line(&described(number, event));
            self.rule.iter().for_each(|rule| rule(event));
        }
        Ok(())
    }
}

impl EventBus for LocalBus {
    async fn put(&self, entries: &[BusEvent]) -> Result<Vec<Result<(), EntryRefused>>, BusError> {
        let events: Result<Vec<Envelope<'_>>, _> = entries.iter().map(envelope).collect();
        let taken = events.map_err(io::Error::from).and_then(|events| self.take(&events));
        taken.map_err(|error| BusError(Box::new(error)))?;
        Ok(vec![Ok(()); entries.len()])
    }
}

fn envelope(event: &BusEvent) -> Result<Envelope<'_>, serde_json::Error> {
    let detail = RawValue::from_string(event.detail.clone())?;
    Ok(Envelope::new(event.event_id.to_string(), EVENT_SOURCE, event.detail_type, detail, event.at))
}

/// What the console says of an event; what cannot be told is left out.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Told {
    tenant_id: String,
    workflow_id: String,
    version: Option<u64>,
    from_state: Option<String>,
    current_state: Option<String>,
    to_state: Option<String>,
    target_state: Option<String>,
    broken_at_version: Option<u64>,
    due_at: Option<String>,
    requested_by: String,
    replay: bool,
}

fn described(number: u64, event: &Envelope<'_>) -> String {
    let told: Told = serde_json::from_str(event.detail.get()).unwrap_or_default();
    let broken = told.broken_at_version.map(|version| format!("broken at v{version}"));
    let from = told.from_state.or(told.current_state).or(broken).unwrap_or_else(|| "nothing".to_owned());
    let to = told.to_state.or(told.target_state).map(|to| format!(" → {to}")).unwrap_or_default();
    let is_overdue = event.detail_type == WORKFLOW_OVERDUE;
    // What was refused or is overdue made no version; it names the one that was met.
    let made = told.version.filter(|_| event.detail_type != WORKFLOW_TRANSITION_REFUSED && !is_overdue);
    let version = made.map(|version| format!(" v{version}")).unwrap_or_default();
    let replay = if told.replay { " (replay)" } else { "" };
    let Told { tenant_id, workflow_id, requested_by, due_at, .. } = told;
    let key = format!("{tenant_id}/{workflow_id}");
    // Time makes a workflow overdue, and no principal.
    let cause = due_at.filter(|_| is_overdue).map_or_else(|| format!("by {requested_by}"), |at| format!("due {at}"));
    format!("event {number}  {}  {key}{version}  {from}{to}  {cause}{replay}", event.detail_type)
}

/// Keeps dead letters in a file, one a line.
#[derive(Clone, Debug)]
pub(crate) struct LocalDeadLetters {
    path: PathBuf,
}

impl LocalDeadLetters {
    pub(crate) fn new(path: PathBuf) -> Self {
        Self { path }
    }
}

impl DeadLetters for LocalDeadLetters {
    async fn put(&self, letter: &DeadLetter) -> Result<(), BusError> {
        tracing::warn!(key = letter.key, why = letter.why, "a stream record is now a dead letter");
        let path = self.path.clone();
        let kept = match serde_json::to_string(letter) {
            Ok(line) => tokio::task::spawn_blocking(move || keep(&path, &line)).await.map_err(io::Error::other),
            Err(error) => Err(error.into()),
        };
        kept.flatten().map_err(|error| BusError(Box::new(error)))
    }
}

/// Appends a line for good. A line torn by the end of a process before is ended first, so that it spoils no other.
fn keep(path: &Path, line: &str) -> io::Result<()> {
    let mut file = private().create(true).read(true).append(true).open(path)?;
    let mut text = String::new();
    if file.seek(SeekFrom::End(0))? > 0 {
        let mut last = [0];
        file.seek(SeekFrom::End(-1))?;
        file.read_exact(&mut last)?;
        if last != *b"\n" {
            text.push('\n');
        }
    }
    text.push_str(line);
    text.push('\n');
    file.write_all(text.as_bytes())?;
    file.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::archive::archived_events;
    use alims_testing::NextPut;
    use alims_testing::contract::bus::{BusStage, OnTheBus};
    use alims_testing::contract::dead_letters::DeadLettersStage;
    use serde_json::Value;
    use std::fs::OpenOptions;
    use tempfile::TempDir;

    /// The bus, and the archive behind it.
    struct Archived {
        archive: Arc<Archive>,
        bus: LocalBus,
        folder: TempDir,
    }

    /// As much of an archived event as the contract looks at.
    #[derive(Deserialize)]
    #[serde(rename_all = "kebab-case")]
    struct Line {
        detail_type: String,
        detail: Box<RawValue>,
        time: Timestamp,
    }

    fn archived() -> Archived {
        let folder = tempfile::tempdir().unwrap();
        let archive = Arc::new(Archive::open(&folder.path().join("events.sqlite")).unwrap());
        Archived { bus: LocalBus::new(archive.clone(), Console::silent()), archive, folder }
    }

    impl BusStage for Archived {
        fn bus(&self) -> &impl EventBus {
            &self.bus
        }

        fn accepted(&self) -> Vec<OnTheBus> {
            let lines = archived_events(&self.folder.path().join("events.sqlite")).unwrap();
            let lines = lines.iter().map(|line| serde_json::from_str::<Line>(line).unwrap());
            lines
                .map(|line| OnTheBus { detail_type: line.detail_type, detail: line.detail.to_string(), at: line.time })
                .collect()
        }

        fn meet_next_put_with(&self, next: NextPut) {
            assert!(
                matches!(next, NextPut::Accept | NextPut::FailBeforeEffect),
                "an archive takes a call whole, or not"
            );
            self.archive.fails(next == NextPut::FailBeforeEffect);
        }
    }

    alims_testing::bus_contract!(archived());

    /// The file of dead letters, and its folder.
    struct Filed {
        dead_letters: LocalDeadLetters,
        folder: TempDir,
    }

    fn filed() -> Filed {
        let folder = tempfile::tempdir().unwrap();
        Filed { dead_letters: LocalDeadLetters::new(folder.path().join("dead-letters.jsonl")), folder }
    }

    impl DeadLettersStage for Filed {
        fn dead_letters(&self) -> &impl DeadLetters {
            &self.dead_letters
        }

        fn kept(&self) -> Vec<DeadLetter> {
            let text = std::fs::read_to_string(self.folder.path().join("dead-letters.jsonl")).unwrap();
            let lines = text.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
            let text = |letter: &Value, member: &str| letter[member].as_str().unwrap().to_owned();
            let letters = lines.map(|letter| DeadLetter {
                sequence_number: text(&letter, "sequence_number"),
                key: text(&letter, "key"),
                why: text(&letter, "why"),
                refused: letter.get("refused").map(|refused| serde_json::from_value(refused.clone()).unwrap()),
            });
            letters.collect()
        }

        /// While a folder has its name, the file cannot be opened.
        fn fails(&self, fails: bool) {
            let (file, aside) = (&self.dead_letters.path, self.folder.path().join("aside"));
            if fails {
                std::fs::rename(file, &aside).unwrap();
                std::fs::create_dir(file).unwrap();
            } else {
                std::fs::remove_dir(file).unwrap();
                std::fs::rename(&aside, file).unwrap();
            }
        }
    }

    alims_testing::dead_letters_contract!(filed());

    #[test]
    fn a_dead_letter_is_kept_beside_a_torn_one() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("dead-letters.jsonl");
        keep(&path, "{\"key\":1}").unwrap();
        OpenOptions::new().append(true).open(&path).unwrap().write_all(b"{\"ke").unwrap();
        keep(&path, "{\"key\":2}").unwrap();
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "{\"key\":1}\n{\"ke\n{\"key\":2}\n");
    }

    #[tokio::test]
    async fn an_event_is_archived_in_the_form_that_event_bridge_delivers() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("events.sqlite");
        let bus = LocalBus::new(Arc::new(Archive::open(&path).unwrap()), Console::silent());
        let event = BusEvent {
            key: alims_domain::identifiers::WorkflowKey {
                tenant_id: "default".parse().unwrap(),
                workflow_id: "w-1".parse().unwrap(),
            },
            event_id: "0197d1c0-0000-7000-8000-000000000001".to_owned().try_into().unwrap(),
            version: None,
            detail_type: "WorkflowTransitionRefused",
            detail: r#"{"workflow_id":"w-1","n":1.0}"#.to_owned(),
            at: "2026-11-23T08:15:00.000Z".parse().unwrap(),
        };
        assert_eq!(bus.put(&[event.clone(), event]).await.unwrap(), [Ok(()), Ok(())]);
        let lines = archived_events(&path).unwrap();
        assert_eq!(lines.len(), 2);
        let detail = r#""detail":{"workflow_id":"w-1","n":1.0}"#;
        assert!(lines.iter().all(|line| line.contains(detail)), "the detail travels as it is: {lines:?}");
        let envelope: Value = serde_json::from_str(&lines[0]).unwrap();
        assert_eq!(envelope["source"], EVENT_SOURCE);
        assert_eq!(envelope["detail-type"], "WorkflowTransitionRefused");
        assert_eq!(envelope["time"], "2026-11-23T08:15:00.000Z");
    }
}
