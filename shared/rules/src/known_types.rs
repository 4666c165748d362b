//! Which workflow types exist. Where a laboratory says so, a creation of any other type is refused: a misspelt type would
//! have no rules.
//!
//! Only creations are checked. A workflow keeps its type for ever, and a type may be removed while workflows of it exist:
//! they go on, end and recover, by the rules that still name it or by the lifecycle alone.

use alims_domain::event::AppliedRules;
use alims_domain::identifiers::WorkflowType;
use alims_domain::refusal::RuleReason;
use alims_domain::ruling::{RulesQuestion, Verdict};
use serde::Deserialize;
use std::collections::BTreeSet;

/// The file's name, in the folder of the rules.
pub(crate) const FILE: &str = "workflow-types.yaml";
/// The ruleset that a refusal names: the file's own.
pub(crate) const RULESET: &str = "workflow-types";
/// The rule that a refusal names.
pub(crate) const RULE: &str = "known-workflow-type";
/// Types that a file may add, and that all rulesets may name.
pub(crate) const TYPES_MAX: usize = 1000;
/// The version, in characters.
const VERSION_CHARS_MAX: usize = 64;
/// The part of a message that lists types, in bytes: the whole is no longer than that of any other rule.
const LISTED_BYTES_MAX: usize = 380;

/// Whether other types may be created than those that are known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Openness {
    /// No.
    Closed,
    /// Yes: the lifecycle alone decides on them.
    Open,
}

/// The file.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Document {
    version: String,
    workflow_types: Openness,
    #[serde(default)]
    without_rules: Vec<WorkflowType>,
}

/// The types that exist; none where any type may be created.
#[derive(Debug, Default)]
pub(crate) struct KnownTypes(Option<Closed>);

#[derive(Debug)]
struct Closed {
    version: String,
    types: BTreeSet<WorkflowType>,
    without_rules: BTreeSet<WorkflowType>,
}

impl KnownTypes {
    /// Reads the file. `ruled` are the types that have rules.
    ///
    /// # Errors
    /// When it is not such a file, or names a type twice or one that has rules.
    pub(crate) fn read(text: &str, ruled: &BTreeSet<WorkflowType>) -> Result<Self, String> {
        let document: Document = serde_saphyr::from_str(text).map_err(|error| error.to_string())?;
        let Document { version, workflow_types, without_rules } = document;
        if version.trim().is_empty()
            || version.chars().count() > VERSION_CHARS_MAX
            || version.chars().any(char::is_control)
        {
            return Err(format!("version: must be 1 to {VERSION_CHARS_MAX} characters on one line"));
        }
        if without_rules.len() > TYPES_MAX {
            return Err(format!("without_rules: has more than {TYPES_MAX} workflow types"));
        }
        let mut named = BTreeSet::new();
        for workflow_type in without_rules {
            if ruled.contains(&workflow_type) {
                return Err(format!("without_rules: the workflow type {workflow_type} has rules"));
            }
            if !named.insert(workflow_type.clone()) {
                return Err(format!("without_rules: the workflow type {workflow_type} is named twice"));
            }
        }
        Ok(match workflow_types {
            Openness::Open if named.is_empty() => Self::default(),
            Openness::Open => return Err("without_rules: is for closed workflow types".to_owned()),
            Openness::Closed => {
                Self(Some(Closed { version, types: ruled.union(&named).cloned().collect(), without_rules: named }))
            }
        })
    }

    /// Every type that exists; none where any type may be created.
    pub(crate) fn types(&self) -> Option<&BTreeSet<WorkflowType>> {
        self.0.as_ref().map(|closed| &closed.types)
    }

    /// The types that exist and have no rules.
    pub(crate) fn without_rules(&self) -> impl Iterator<Item = &WorkflowType> {
        self.0.iter().flat_map(|closed| &closed.without_rules)
    }

    /// The refusal of the creation of a type that does not exist; none for every other question.
    pub(crate) fn refused(&self, question: &RulesQuestion<'_>) -> Option<Verdict> {
        let workflow_type = &question.workflow.workflow_type;
        let Closed { version, types, .. } = self.0.as_ref()?;
        if question.transition.from.is_some() || types.contains(workflow_type) {
            return None;
        }
        let rules = AppliedRules {
            ruleset: RULESET.to_owned(),
            ruleset_version: version.clone(),
            evaluated: vec![RULE.to_owned()],
        };
        let message = format!("The workflow type {workflow_type} does not exist. Use one of: {}.", listed(types));
        Some(Verdict::Deny { rules, reasons: vec![RuleReason { rule_id: RULE.to_owned(), message }] })
    }
}

/// The types for a message, as many as it can hold.
fn listed(types: &BTreeSet<WorkflowType>) -> String {
    let (mut text, mut left_out) = (String::new(), 0_usize);
    for workflow_type in types {
        let separator = if text.is_empty() { "" } else { ", " };
        if left_out > 0 || text.len() + separator.len() + workflow_type.as_str().len() > LISTED_BYTES_MAX {
            left_out += 1;
        } else {
            text.push_str(separator);
            text.push_str(workflow_type.as_str());
        }
    }
    if left_out > 0 {
        text.push_str(&format!(" and {left_out} more"));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEAD: &str = "version: \"1\"\nworkflow_types: closed\n";

    fn types(names: &[&str]) -> BTreeSet<WorkflowType> {
        names.iter().map(|name| name.parse().expect("a type")).collect()
    }

    #[test]
    fn closed_types_are_those_with_rules_and_those_that_are_named_without() {
        let known = KnownTypes::read(&format!("{HEAD}without_rules: [c, b]"), &types(&["a"])).expect("a file");
        assert_eq!(known.types(), Some(&types(&["a", "b", "c"])));
        assert_eq!(known.without_rules().cloned().collect::<BTreeSet<_>>(), types(&["b", "c"]));
        assert_eq!(KnownTypes::read(HEAD, &types(&["a"])).expect("a file").types(), Some(&types(&["a"])));
        let open = KnownTypes::read("version: \"1\"\nworkflow_types: open", &types(&["a"])).expect("a file");
        assert_eq!((open.types(), open.without_rules().count()), (None, 0));
    }

    #[test]
    fn a_file_that_cannot_be_meant_is_refused_with_its_cause() {
        for (text, cause) in [
            (String::new(), "end of input"),
            ("version: \"1\"\n".to_owned(), "workflow_types"),
            ("workflow_types: closed".to_owned(), "version"),
            (HEAD.replace("\"1\"", "\" \""), "version"),
            (HEAD.replace("closed", "shut"), "shut"),
            (HEAD.replace("closed", "[a]"), "workflow_types"),
            (format!("{HEAD}without_rules: [a]"), "a has rules"),
            (format!("{HEAD}without_rules: [b, b]"), "b is named twice"),
            (format!("{HEAD}without_rules: [B]"), "allowed: a-z 0-9 -"),
            (format!("{HEAD}with_rules: [b]"), "with_rules"),
            (HEAD.replace("closed", "open") + "without_rules: [b]", "closed"),
        ] {
            let refused = KnownTypes::read(&text, &types(&["a"])).expect_err(&text);
            assert!(refused.contains(cause), "{refused}\n{text}");
        }
    }

    #[test]
    fn a_message_lists_as_many_types_as_it_can_hold() {
        assert_eq!(listed(&types(&["b", "a"])), "a, b");
        let many: Vec<String> = (0..100).map(|number| format!("{number:0>64}")).collect();
        let text = listed(&types(&many.iter().map(String::as_str).collect::<Vec<_>>()));
        assert!(text.len() <= LISTED_BYTES_MAX + " and 100 more".len(), "{text}");
        assert!(text.ends_with(" and 95 more"), "{text}");
    }
}
