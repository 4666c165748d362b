//! What a function has on AWS beside its code: `functions/<operation>/deployment.toml`.

use std::collections::BTreeMap;
use std::fs;

use anyhow::Context as _;
use serde::Deserialize;

use crate::workspace::Workspace;

/// The alias that the API, the stream, the rules and the state machine call.
pub(crate) const ALIAS: &str = "live";

/// One function's file, and its name.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Function {
    /// Its operation, such as `create-workflow`.
    #[serde(skip)]
    pub(crate) name: String,
    /// What it does, in a sentence.
    pub(crate) description: String,
    /// Its method and path when the API calls it. It is then given the policies.
    pub(crate) request: Option<String>,
    /// What a request waits for, one call after another, on its longest way: a test holds the operation to it. Calls
    /// for further pages, events or breaks are not counted: the deadline of a request ends them.
    #[serde(default)]
    pub(crate) waits: Vec<Wait>,
    /// When it needs another time than the others.
    pub(crate) timeout_seconds: Option<u32>,
    /// The parameter with the concurrent executions that are reserved for it, which has a condition `Has` and its name.
    pub(crate) reserved_concurrency: Option<String>,
    /// What it may do with the log.
    pub(crate) log: Option<Log>,
    /// What it may do with the index.
    pub(crate) index: Option<Index>,
    /// Whether it reads the log's stream.
    #[serde(default)]
    pub(crate) stream: bool,
    /// Whether it puts events on the bus.
    #[serde(default)]
    pub(crate) bus: bool,
    /// What it may do with the anchors.
    pub(crate) anchors: Option<Anchors>,
    /// What it may do with the exports.
    pub(crate) exports: Option<Exports>,
    /// What it may do with executions of the recovery's state machine.
    pub(crate) recoveries: Option<Recoveries>,
    /// Whether it evaluates the laboratory's rules.
    #[serde(default)]
    pub(crate) rules: bool,
    /// Whether it reads the laboratory's rules and evaluates none: it is given the files, and reaches no engine.
    #[serde(default)]
    pub(crate) rulesets: bool,
    /// Whether Lambda calls it asynchronously: after failed tries the event goes to the first of the dead letters.
    #[serde(default)]
    pub(crate) asynchronous: bool,
    /// The queues that it, or Lambda in its name, sends dead letters to.
    #[serde(default)]
    pub(crate) dead_letters: Vec<String>,
    /// Further environment variables, each with the resource or parameter that it names.
    #[serde(default)]
    pub(crate) settings: BTreeMap<String, String>,
    /// What else calls it, in the words of SAM.
    pub(crate) events: Option<String>,
}

/// A call that is bounded by its adapter.
#[derive(Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Wait {
    /// A read or a write of the log.
    Log,
    /// A read or a write of the index.
    Index,
    /// A judgement of the rules.
    Rules,
    /// A call about recoveries.
    Starter,
    /// Events put on the bus.
    Bus,
    /// A read or a write of the bucket of exports.
    Exports,
    /// No call: how long a batch goes on to begin what it is asked for.
    Begins,
    /// No call: how long a request makes an export before a job continues.
    Making,
}

/// What a function may do with the log.
#[derive(Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Log {
    /// Read one workflow's items.
    Read,
    /// Read the items of many workflows.
    ReadMany,
    /// Read one workflow's items, and those of a tenant by their time.
    Activity,
    /// Read one workflow's items and add items.
    Append,
    /// The same, and look up by their keys which of many items there are.
    Note,
    /// The same as `append`, and read the items of a tenant by their time.
    AppendAndList,
    /// Read one workflow's items, add items, and walk all workflows.
    Walk,
}

/// What a function may do with the index.
#[derive(Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Index {
    /// Count entries by state.
    Count,
    /// List entries by all that they are looked up by.
    List,
    /// Read entries by their workflow.
    Read,
    /// Read entries and write them.
    Write,
    /// The same, and keep a checkpoint of its own there.
    Checkpoint,
    /// Walk the due workflows, and keep a checkpoint of its own there.
    Due,
    /// Walk all entries.
    Walk,
}

/// What a function may do with the anchors of the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Anchors {
    /// Put them into their bucket, and sign them.
    Make,
    /// Read them, and the public key.
    Read,
}

/// What a function may do with the exports.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Exports {
    /// Read them in their bucket, and give out the addresses of archives.
    Read,
    /// Put them into their bucket, and sign them.
    Make,
    /// The same, and have the state machine continue with them.
    Start,
}

/// What a function may do with executions of the recovery's state machine.
#[derive(Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Recoveries {
    /// Look at them.
    See,
    /// Look at them and start them.
    Start,
}

impl Function {
    /// The functions of the workspace, in the order of their names.
    ///
    /// # Errors
    /// When a file is missing, or has what it should not have.
    pub(crate) fn all(workspace: &Workspace) -> anyhow::Result<Vec<Self>> {
        let names = workspace.packages.iter().filter(|package| package.is_function);
        names.map(|package| Self::read(workspace, package.name.trim_start_matches("alims-"))).collect()
    }

    fn read(workspace: &Workspace, name: &str) -> anyhow::Result<Self> {
        let path = format!("functions/{name}/deployment.toml");
        let text = fs::read_to_string(workspace.root.join(&path)).with_context(|| format!("{path} is missing"))?;
        let function: Self = toml::from_str(&text).with_context(|| format!("{path} is not as it should be"))?;
        anyhow::ensure!(
            !function.asynchronous || !function.dead_letters.is_empty(),
            "{path}: an asynchronous function needs a queue among its dead_letters"
        );
        anyhow::ensure!(
            function.request.is_none() || function.calls_nothing() || !function.waits.is_empty(),
            "{path}: a request needs waits, the calls that it makes one after another"
        );
        Ok(Self { name: name.to_owned(), ..function })
    }

    /// Whether there is nothing that it could wait for.
    const fn calls_nothing(&self) -> bool {
        self.log.is_none()
            && self.index.is_none()
            && self.exports.is_none()
            && self.recoveries.is_none()
            && !self.bus
            && !self.rules
    }

    /// Its name as the template's resources have it, such as `CreateWorkflow`.
    pub(crate) fn pascal(&self) -> String {
        let capital = |word: &str| {
            word.chars().take(1).map(|c| c.to_ascii_uppercase()).chain(word.chars().skip(1)).collect::<String>()
        };
        self.name.split('-').map(capital).collect()
    }

    /// Its name as the metrics of an alarm have it, such as `createWorkflow`.
    pub(crate) fn camel(&self) -> String {
        let pascal = self.pascal();
        pascal.chars().take(1).map(|c| c.to_ascii_lowercase()).chain(pascal.chars().skip(1)).collect()
    }
}
