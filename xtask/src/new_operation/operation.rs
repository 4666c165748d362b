//! The new operation: its name in every spelling, its route and its kind.

use anyhow::ensure;

/// What is asked for.
#[derive(Debug, clap::Args)]
pub(crate) struct Asked {
    /// Its name: a verb and what it is done to, such as count-workflows.
    pub(crate) name: String,
    /// The method of its route; GET, or POST for an operation that writes.
    #[arg(long)]
    pub(crate) method: Option<String>,
    /// The path of its route; the name's last words beneath `/workflows/{workflow_id}` when it is not given. A path without
    /// `{workflow_id}` makes an operation on the tenant's index.
    #[arg(long)]
    pub(crate) path: Option<String>,
    /// It writes: its request has a reason, and a supervisor may ask.
    #[arg(long)]
    pub(crate) writes: bool,
}

/// What an operation works on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Kind {
    /// Reads one workflow.
    Reading,
    /// Reads the tenant's index.
    Tenant,
    /// Decides on one workflow and appends.
    Writing,
}

/// The operation to make.
#[derive(Clone, Debug)]
pub(crate) struct Operation {
    /// `add-comment`.
    pub(crate) name: String,
    /// `add_comment`.
    pub(crate) snake: String,
    /// `AddComment`.
    pub(crate) pascal: String,
    /// `addComment`.
    pub(crate) camel: String,
    /// `Add comment`.
    pub(crate) title: String,
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) kind: Kind,
}

const METHODS: [&str; 5] = ["DELETE", "GET", "PATCH", "POST", "PUT"];
const WORKFLOW: &str = "{workflow_id}";

impl Operation {
    /// Checks the name and the route.
    ///
    /// # Errors
    /// What is wrong with them, and what to write instead.
    pub(crate) fn new(asked: &Asked) -> anyhow::Result<Self> {
        let name = asked.name.clone();
        let words: Vec<&str> = name.split('-').collect();
        let is_word = |word: &&str| !word.is_empty() && word.chars().all(|c| c.is_ascii_lowercase());
        ensure!(
            words.len() > 1 && words.iter().all(is_word),
            "{name} is no name of an operation: write a verb and what it is done to, in lower case, as in count-workflows"
        );
        let method = asked.method.clone().unwrap_or_else(|| if asked.writes { "POST" } else { "GET" }.to_owned());
        ensure!(METHODS.contains(&method.as_str()), "{method} is no method: choose one of {}", METHODS.join(", "));
        let rest = words.get(1..).unwrap_or_default().join("-");
        let path = asked.path.clone().unwrap_or_else(|| format!("/workflows/{WORKFLOW}/{rest}"));
        let is_part = |part: &str| part == WORKFLOW || is_word(&part.replace(['-', '_'], "x").as_str());
        ensure!(
            path.strip_prefix('/').is_some_and(|path| path.split('/').all(is_part)),
            "{path} is no path: write parts in lower case after slashes, and no parameter but {WORKFLOW}"
        );
        let kind = match (path.contains(WORKFLOW), asked.writes) {
            (true, false) => Kind::Reading,
            (true, true) => Kind::Writing,
            (false, false) => Kind::Tenant,
            (false, true) => {
                anyhow::bail!("{path}: an operation that writes names a workflow: put {WORKFLOW} in its path")
            }
        };
        let pascal: String = words.iter().map(|word| capitalised(word)).collect();
        let (first, others) = pascal.split_at(1);
        let camel = first.to_lowercase() + others;
        let title = capitalised(&words.join(" "));
        Ok(Self { snake: name.replace('-', "_"), pascal, camel, title, method, path, kind, name })
    }

    /// Whether it appends to the log.
    pub(crate) fn writes(&self) -> bool {
        self.kind == Kind::Writing
    }

    /// The path with a workflow's id in it.
    pub(crate) fn path_of(&self, workflow_id: &str) -> String {
        self.path.replace(WORKFLOW, workflow_id)
    }

    /// A text of the list of places, with the name in place of its spellings.
    pub(crate) fn named(&self, text: &str) -> String {
        let text = text.replace("{name}", &self.name).replace("{snake}", &self.snake);
        text.replace("{pascal}", &self.pascal).replace("{camel}", &self.camel)
    }
}

fn capitalised(word: &str) -> String {
    let mut letters = word.chars();
    letters.next().map(|first| first.to_ascii_uppercase()).into_iter().chain(letters).collect()
}
