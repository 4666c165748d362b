//! Reads rulesets and finds their errors before the first transition is judged.

use alims_domain::event::AppliedRules;
use alims_domain::identifiers::WorkflowType;
use alims_domain::visible_text::shows_something;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::thread;

use super::document::{RuleDocument, RulesetDocument};
use super::expression::{Engine, Undecided};
use super::limits::{FILE_BYTES_MAX, ID_CHARS_MAX, MESSAGE_CHARS_MAX, PARSER_STACK_BYTES, RULES_MAX, RULESETS_MAX};
use super::trial::Trial;
use super::{EmbeddedRules, Rule, RulesInvalid, Ruleset, RulesetSummary};
use crate::known_types::{self, KnownTypes, TYPES_MAX};

impl RulesInvalid {
    fn in_file(file: &str, cause: impl Into<String>) -> Self {
        Self::Invalid { file: file.to_owned(), rule: None, cause: cause.into() }
    }

    fn in_rule(file: &str, rule: &str, cause: impl Into<String>) -> Self {
        Self::Invalid { file: file.to_owned(), rule: Some(rule.to_owned()), cause: cause.into() }
    }
}

impl EmbeddedRules {
    /// Loads every `*.yaml` and `*.yml` of a folder, in the order of their names.
    ///
    /// # Errors
    /// When a file cannot be read, and as [`EmbeddedRules::from_documents`] says.
    pub fn load(dir: &Path) -> Result<Self, RulesInvalid> {
        Self::from_documents(documents_of(dir)?)
    }

    /// Checks every file of a folder, so that one run reports the first error of each file and the conflicts between
    /// files.
    ///
    /// # Errors
    /// All errors for which [`EmbeddedRules::load`] would fail, as far as files can be checked separately.
    pub fn check(dir: &Path) -> Result<Vec<RulesetSummary>, Vec<RulesInvalid>> {
        let documents = documents_of(dir).map_err(|error| vec![error])?;
        let alone = |document: &(String, String)| {
            if document.0 == known_types::FILE { None } else { Self::from_documents([document.clone()]).err() }
        };
        let mistakes: Vec<RulesInvalid> = documents.iter().filter_map(alone).collect();
        if !mistakes.is_empty() {
            return Err(mistakes);
        }
        Self::from_documents(documents).map(|rules| rules.summaries()).map_err(|error| vec![error])
    }

    /// The loaded rulesets, in the order of their ids.
    #[must_use]
    pub fn summaries(&self) -> Vec<RulesetSummary> {
        let mut summaries: BTreeMap<&str, RulesetSummary> = BTreeMap::new();
        for (workflow_type, ruleset) in &self.rulesets {
            let summary = summaries.entry(&ruleset.id).or_insert_with(|| RulesetSummary {
                ruleset: ruleset.id.clone(),
                ruleset_version: ruleset.version.clone(),
                workflow_types: Vec::new(),
                rules: ruleset.rules.len(),
            });
            summary.workflow_types.push(workflow_type.clone());
        }
        summaries.into_values().collect()
    }

    /// Every workflow type that may be created; none where any may.
    #[must_use]
    pub fn known_types(&self) -> Option<&BTreeSet<WorkflowType>> {
        self.known.types()
    }

    /// The workflow types that may be created and have no rules; empty where any may be created.
    pub fn types_without_rules(&self) -> impl Iterator<Item = &WorkflowType> {
        self.known.without_rules()
    }

    /// Reads rulesets, each the name of a file and its text. A file named `workflow-types.yaml` says which types exist.
    ///
    /// # Errors
    /// When a text is not a ruleset or exceeds a bound; when an id, a workflow type or a transition is invalid; when
    /// two rulesets share an id or a workflow type, or two rules of one ruleset an id; when an expression cannot be
    /// parsed, uses unknown names, cannot be evaluated or does not give a boolean; when there is no ruleset.
    pub fn from_documents(documents: impl IntoIterator<Item = (String, String)>) -> Result<Self, RulesInvalid> {
        let documents: Vec<(String, String)> = documents.into_iter().collect();
        let read = || read_documents(&documents);
        // The parser needs a larger stack than the thread that calls may have left.
        let outcome = thread::scope(|scope| {
            let reader = thread::Builder::new().name("rules".to_owned()).stack_size(PARSER_STACK_BYTES);
            reader.spawn_scoped(scope, read).map(thread::ScopedJoinHandle::join)
        });
        match outcome {
            Ok(Ok(rules)) => rules,
            Ok(Err(_)) => Err(RulesInvalid::in_file("rules", "the CEL parser broke down")),
            Err(error) => Err(RulesInvalid::in_file("rules", format!("no thread to read them on: {error}"))),
        }
    }
}

/// The texts of a folder's files of rules, in the order of their names.
fn documents_of(dir: &Path) -> Result<Vec<(String, String)>, RulesInvalid> {
    let unreadable = |path: &Path| {
        let path = path.to_owned();
        move |source| RulesInvalid::Unreadable { path, source }
    };
    let mut paths = Vec::new();
    for entry in fs::read_dir(dir).map_err(unreadable(dir))? {
        let path = entry.map_err(unreadable(dir))?.path();
        if path.extension().is_some_and(|extension| extension == "yaml" || extension == "yml") {
            paths.push(path);
        }
    }
    paths.sort();
    paths
        .iter()
        .map(|path| {
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            fs::read_to_string(path).map(|text| (name, text)).map_err(unreadable(path))
        })
        .collect()
}

fn read_documents(documents: &[(String, String)]) -> Result<EmbeddedRules, RulesInvalid> {
    let engine = Engine::new();
    let mut file_of_id: BTreeMap<String, &str> = BTreeMap::new();
    let mut file_of_type: BTreeMap<WorkflowType, &str> = BTreeMap::new();
    let mut rulesets = BTreeMap::new();
    let is_ruleset = |(file, _): &&(String, String)| file != known_types::FILE;
    for (file, text) in documents.iter().filter(is_ruleset) {
        if file_of_id.len() == RULESETS_MAX {
            return Err(RulesInvalid::in_file(file, format!("there are more than {RULESETS_MAX} rulesets")));
        }
        let (ruleset, workflow_types) = read_ruleset(&engine, file, text)?;
        if let Some(other) = file_of_id.insert(ruleset.id.clone(), file) {
            return Err(RulesInvalid::in_file(file, format!("the ruleset {} is in {other} already", ruleset.id)));
        }
        let ruleset = Arc::new(ruleset);
        for workflow_type in workflow_types {
            if let Some(other) = file_of_type.insert(workflow_type.clone(), file) {
                let cause = format!("the workflow type {workflow_type} is named in {other} already");
                return Err(RulesInvalid::in_file(file, cause));
            }
            rulesets.insert(workflow_type, Arc::clone(&ruleset));
        }
        if rulesets.len() > TYPES_MAX {
            let cause = format!("with it there are more than {TYPES_MAX} workflow types with rules");
            return Err(RulesInvalid::in_file(file, cause));
        }
    }
    if rulesets.is_empty() {
        return Err(RulesInvalid::NoRulesets);
    }
    let known = match documents.iter().find(|(file, _)| file == known_types::FILE) {
        Some((file, text)) if text.len() > FILE_BYTES_MAX => {
            return Err(RulesInvalid::in_file(file, format!("it is longer than {FILE_BYTES_MAX} bytes")));
        }
        Some((file, text)) => KnownTypes::read(text, &rulesets.keys().cloned().collect())
            .map_err(|cause| RulesInvalid::in_file(file, cause))?,
        None => KnownTypes::default(),
    };
    Ok(EmbeddedRules { engine, rulesets, known })
}

fn read_ruleset(engine: &Engine, file: &str, text: &str) -> Result<(Ruleset, Vec<WorkflowType>), RulesInvalid> {
    let in_file = |cause: String| RulesInvalid::in_file(file, cause);
    if text.len() > FILE_BYTES_MAX {
        return Err(in_file(format!("it is {} bytes long; the limit is {FILE_BYTES_MAX}", text.len())));
    }
    let document: RulesetDocument = serde_saphyr::from_str(text).map_err(|error| in_file(error.to_string()))?;
    checked_id(&document.ruleset).map_err(|cause| in_file(format!("ruleset: {cause}")))?;
    if document.ruleset == AppliedRules::LIFECYCLE_ONLY {
        return Err(in_file(format!("ruleset: {} is what the absence of rules is called", document.ruleset)));
    }
    if document.ruleset == known_types::RULESET {
        return Err(in_file(format!("ruleset: {} is what {} is called", document.ruleset, known_types::FILE)));
    }
    checked_text(&document.version, ID_CHARS_MAX).map_err(|cause| in_file(format!("version: {cause}")))?;
    if document.workflow_types.is_empty() || document.rules.is_empty() {
        return Err(in_file("it needs at least one workflow type and one rule".to_owned()));
    }
    if document.rules.len() > RULES_MAX {
        return Err(in_file(format!("it has {} rules; the limit is {RULES_MAX}", document.rules.len())));
    }
    let mut ids = BTreeSet::new();
    let mut rules = Vec::with_capacity(document.rules.len());
    for rule in document.rules {
        let in_rule = |cause| RulesInvalid::in_rule(file, &rule.id, cause);
        if !ids.insert(rule.id.clone()) {
            return Err(in_rule("another rule of this ruleset has the same id".to_owned()));
        }
        rules.push(read_rule(engine, &rule).map_err(in_rule)?);
    }
    Ok((Ruleset { id: document.ruleset, version: document.version, rules }, document.workflow_types))
}

fn read_rule(engine: &Engine, rule: &RuleDocument) -> Result<Rule, String> {
    checked_id(&rule.id).map_err(|cause| format!("id: {cause}"))?;
    checked_text(&rule.message, MESSAGE_CHARS_MAX).map_err(|cause| format!("message: {cause}"))?;
    let mut occasions = BTreeSet::new();
    for named in &rule.applies_to {
        occasions.append(&mut named.occasions().map_err(|cause| format!("applies_to: {cause}"))?);
    }
    if occasions.is_empty() {
        return Err("applies_to: it needs at least one move, or `amendment: true`".to_owned());
    }
    let expression = engine.compile(&rule.expression)?;
    for occasion in &occasions {
        for trial in Trial::of(*occasion).map_err(|error| error.to_string())? {
            let gives_a_boolean =
                trial.on(engine, |evaluation| evaluation.holds(&expression) != Err(Undecided::NotBoolean))?;
            if !gives_a_boolean {
                return Err("its expression gives something else than true or false".to_owned());
            }
        }
    }
    Ok(Rule { id: rule.id.clone(), occasions, message: rule.message.clone(), expression })
}

fn checked_id(id: &str) -> Result<(), String> {
    let allowed = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    if !id.is_empty() && id.len() <= ID_CHARS_MAX && id.chars().all(allowed) {
        Ok(())
    } else {
        Err(format!("must be 1 to {ID_CHARS_MAX} lower-case letters, digits and -"))
    }
}

fn checked_text(text: &str, most: usize) -> Result<(), String> {
    if shows_something(text) && text.chars().count() <= most && !text.trim_end().chars().any(char::is_control) {
        Ok(())
    } else {
        Err(format!("must be 1 to {most} characters on one line, of which one at least is visible"))
    }
}
