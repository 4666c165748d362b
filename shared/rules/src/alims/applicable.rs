//! The engine's rules that a transition or an amendment must meet. The engine knows neither, so a file lists them.

use alims_domain::event::AppliedRules;
use alims_domain::identifiers::WorkflowType;
use alims_domain::visible_text::shows_something;
use alims_operations::ports::{RulesEngine, Rulesets};
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use crate::embedded::document::OccasionDocument;
use crate::known_types::{self, KnownTypes, TYPES_MAX};
use crate::occasion::Occasion;

/// Where the file is, in the folder of the rules.
pub(crate) const FILE: &str = "predicate-logic/applicable.yaml";
/// The file, in bytes.
const FILE_BYTES_MAX: u64 = 256 * 1024;
/// Rules of one move, or of amendments: each is a request.
const RULES_OF_A_MOVE_MAX: usize = 32;
/// An id or a version, in characters.
const ID_CHARS_MAX: usize = 64;

/// Why the file was not taken. The service does not start without it.
#[derive(Debug, thiserror::Error)]
pub enum ApplicableInvalid {
    /// It cannot be read.
    #[error("cannot read {}", .path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// The system's error.
        #[source]
        source: std::io::Error,
    },
    /// It says something that cannot be meant.
    #[error("{}: {cause}", .path.display())]
    Invalid {
        /// The file.
        path: PathBuf,
        /// The error.
        cause: String,
    },
}

/// What happens to a transition whose rule the engine has, but not as an active one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Inactive {
    /// It is refused: a person must decide whether the rule applies.
    Refuse,
    /// It is judged as if the rule were not named.
    Skip,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Document {
    ruleset: String,
    version: String,
    inactive_rules: Inactive,
    applicable: Vec<EntryDocument>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct EntryDocument {
    workflow_types: BTreeSet<WorkflowType>,
    moves: Vec<OccasionDocument>,
    rules: Vec<String>,
}

type Occasions = BTreeMap<Occasion, Vec<String>>;

/// The file, checked.
#[derive(Debug)]
pub(crate) struct Applicable {
    ruleset: String,
    version: String,
    pub(crate) inactive: Inactive,
    types: BTreeMap<WorkflowType, Occasions>,
    pub(crate) known: KnownTypes,
}

impl Applicable {
    /// Reads the file in a folder of rules.
    ///
    /// `workflow-types.yaml` beside it may say which workflow types exist.
    ///
    /// # Errors
    /// When it cannot be read; when a member is missing or unknown, a workflow type or a transition is invalid, an id
    /// is empty or too long, a transition has more rules than the engine is asked at once, or no rule applies to
    /// anything.
    pub(crate) fn load(rules: &Path) -> Result<Self, ApplicableInvalid> {
        let path = rules.join(FILE);
        let mut applicable =
            Self::read(&text_of(&path)?).map_err(|cause| ApplicableInvalid::Invalid { path, cause })?;
        let path = rules.join(known_types::FILE);
        match text_of(&path) {
            Ok(text) => {
                let ruled = applicable.types.keys().cloned().collect();
                applicable.known =
                    KnownTypes::read(&text, &ruled).map_err(|cause| ApplicableInvalid::Invalid { path, cause })?;
            }
            Err(ApplicableInvalid::Unreadable { source, .. }) if source.kind() == ErrorKind::NotFound => {}
            Err(error) => return Err(error),
        }
        Ok(applicable)
    }

    fn read(text: &str) -> Result<Self, String> {
        let document: Document = serde_saphyr::from_str(text).map_err(|error| error.to_string())?;
        let mut types: BTreeMap<WorkflowType, Occasions> = BTreeMap::new();
        for (number, entry) in document.applicable.iter().enumerate() {
            if entry.workflow_types.is_empty() || entry.moves.is_empty() || entry.rules.is_empty() {
                return Err("an entry of applicable names no workflow type, no move or no rule".to_owned());
            }
            for id in &entry.rules {
                named("a rule's id", id)?;
            }
            for moves in &entry.moves {
                for meant in
                    moves.occasions().map_err(|cause| format!("entry {} of applicable: {cause}", number + 1))?
                {
                    for workflow_type in &entry.workflow_types {
                        let rules = types.entry(workflow_type.clone()).or_default().entry(meant).or_default();
                        add(rules, &entry.rules, workflow_type, meant)?;
                    }
                }
            }
        }
        if types.len() > TYPES_MAX {
            return Err(format!("applicable names more than {TYPES_MAX} workflow types"));
        }
        if types.is_empty() {
            return Err("applicable is empty: nothing would be judged".to_owned());
        }
        named("the ruleset", &document.ruleset)?;
        named("the version", &document.version)?;
        for taken in [AppliedRules::LIFECYCLE_ONLY, known_types::RULESET] {
            if document.ruleset == taken {
                return Err(format!("the ruleset must not be called {taken}"));
            }
        }
        let Document { ruleset, version, inactive_rules: inactive, .. } = document;
        Ok(Self { ruleset, version, inactive, types, known: KnownTypes::default() })
    }

    /// The rules of a move or of amendments, in the order of the file; none when the file does not name the type.
    pub(crate) fn to(&self, workflow_type: &WorkflowType, occasion: Occasion) -> Option<&[String]> {
        self.types.get(workflow_type).map(|occasions| occasions.get(&occasion).map_or(&[][..], Vec::as_slice))
    }

    /// What is known here of the engine's rules: their ids but not their conditions, so none is listed.
    pub(crate) fn rulesets(&self) -> Rulesets {
        Rulesets {
            workflow_types: self.known.types().cloned(),
            types_without_rules: self.known.without_rules().cloned().collect(),
            ..Rulesets::elsewhere(RulesEngine::Alims)
        }
    }

    /// Every rule that the file names.
    pub(crate) fn rules(&self) -> BTreeSet<&str> {
        self.types.values().flat_map(Occasions::values).flatten().map(String::as_str).collect()
    }

    /// The record of a decision that these rules made.
    pub(crate) fn applied(&self, evaluated: Vec<String>) -> AppliedRules {
        AppliedRules { ruleset: self.ruleset.clone(), ruleset_version: self.version.clone(), evaluated }
    }
}

fn text_of(path: &Path) -> Result<String, ApplicableInvalid> {
    let unreadable = |source| ApplicableInvalid::Unreadable { path: path.to_owned(), source };
    if std::fs::metadata(path).map_err(unreadable)?.len() > FILE_BYTES_MAX {
        let cause = format!("it has more than {FILE_BYTES_MAX} bytes");
        return Err(ApplicableInvalid::Invalid { path: path.to_owned(), cause });
    }
    std::fs::read_to_string(path).map_err(unreadable)
}

fn add(
    rules: &mut Vec<String>,
    ids: &[String],
    workflow_type: &WorkflowType,
    occasion: Occasion,
) -> Result<(), String> {
    for id in ids {
        if rules.contains(id) {
            return Err(format!("rule {id} is named twice for {workflow_type}, {occasion}"));
        }
        if rules.len() == RULES_OF_A_MOVE_MAX {
            return Err(format!("{workflow_type}, {occasion}: more than {RULES_OF_A_MOVE_MAX} rules"));
        }
        rules.push(id.clone());
    }
    Ok(())
}

fn named(what: &str, text: &str) -> Result<(), String> {
    let good = shows_something(text) && text.chars().count() <= ID_CHARS_MAX && !text.chars().any(char::is_control);
    if good { Ok(()) } else { Err(format!("{what} must have 1 to {ID_CHARS_MAX} characters")) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alims_domain::lifecycle::State;

    const HEAD: &str = "ruleset: lab\nversion: \"1\"\ninactive_rules: refuse\napplicable:\n";

    fn entry(types: &str, moves: &str, rules: &str) -> String {
        format!("  - workflow_types: [{types}]\n    moves: [{moves}]\n    rules: [{rules}]\n")
    }

    #[test]
    fn entries_for_the_same_move_add_up_in_their_order() {
        let text = HEAD.to_owned()
            + &entry("test-run, sample-analysis", "{ from: ACTIVE, to: COMPLETED }", "R-2")
            + &entry("test-run", "{ to: COMPLETED }, { to: CANCELLED }", "R-1")
            + &entry("test-run", "{ amendment: true }", "R-3");
        let applicable = Applicable::read(&text).expect("a file");
        let to = |workflow_type: &str, from, to| {
            let occasion = Occasion::Move(Some(from), to);
            applicable.to(&workflow_type.parse().expect("a type"), occasion).map(<[String]>::to_vec)
        };
        let ids = |ids: &[&str]| Some(ids.iter().map(|&id| id.to_owned()).collect::<Vec<_>>());
        assert_eq!(to("test-run", State::Active, State::Completed), ids(&["R-2", "R-1"]));
        assert_eq!(to("test-run", State::Failed, State::Cancelled), ids(&["R-1"]));
        assert_eq!(to("test-run", State::Active, State::Paused), ids(&[]));
        assert_eq!(to("other", State::Active, State::Completed), None);
        assert_eq!(to("test-run", State::Active, State::Active), ids(&[]), "no move");
        let amended = applicable.to(&"test-run".parse().expect("a type"), Occasion::Amendment);
        assert_eq!(amended.map(<[String]>::to_vec), ids(&["R-3"]));
        assert_eq!(applicable.rules().into_iter().collect::<Vec<_>>(), ["R-1", "R-2", "R-3"]);
    }

    #[test]
    fn the_example_that_is_shipped_is_one() {
        let shipped = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../rules");
        assert_eq!(Applicable::load(&shipped).expect("a file").rules().len(), 3);
    }

    #[test]
    fn a_file_that_cannot_be_meant_is_refused_with_its_cause() {
        let one = entry("test-run", "{ to: COMPLETED }", "R-1");
        let many = (0..=RULES_OF_A_MOVE_MAX).map(|n| format!("R-{n}")).collect::<Vec<_>>().join(", ");
        let types = (0..=TYPES_MAX).map(|n| format!("t{n}")).collect::<Vec<_>>().join(", ");
        let bad = [
            (String::new(), "end of input"),
            (HEAD.to_owned() + "  []\n", "nothing would be judged"),
            (HEAD.replace("refuse", "allow") + &one, "allow"),
            (HEAD.replace("inactive_rules: refuse\n", "") + &one, "inactive_rules"),
            (HEAD.replace("lab", "lifecycle-only") + &one, "lifecycle-only"),
            (HEAD.replace("lab", "workflow-types") + &one, "workflow-types"),
            (HEAD.replace("lab", "\"\"") + &one, "1 to 64"),
            (HEAD.to_owned() + &one + "extra: 1\n", "extra"),
            (HEAD.to_owned() + &entry("Test Run", "{ to: COMPLETED }", "R-1"), "allowed: a-z 0-9 -"),
            (HEAD.to_owned() + &entry("test-run", "{ from: PAUSED, to: COMPLETED }", "R-1"), "no move"),
            (HEAD.to_owned() + &entry("test-run", "{ to: DONE }", "R-1"), "DONE"),
            (HEAD.to_owned() + &one + &entry("test-run", "{ amendment: false }", "R-1"), "entry 2 of applicable"),
            (HEAD.to_owned() + &entry("test-run", "{ amendment: true, to: COMPLETED }", "R-1"), "two entries"),
            (HEAD.to_owned() + &entry("test-run", "{ amendment: true }", "R-1, R-1"), "test-run, amendment"),
            (HEAD.to_owned() + &entry("test-run", "{ to: COMPLETED }", ""), "no rule"),
            (HEAD.to_owned() + &entry("test-run", "{ to: COMPLETED }", "\"\""), "1 to 64"),
            (HEAD.to_owned() + &entry("test-run", "{ to: COMPLETED }", "R-1, R-1"), "twice"),
            (HEAD.to_owned() + &entry("test-run", "{ to: COMPLETED }", &many), "more than 32"),
            (HEAD.to_owned() + &entry(&types, "{ to: COMPLETED }", "R-1"), "more than 1000 workflow types"),
        ];
        for (text, cause) in bad {
            let refused = Applicable::read(&text).expect_err(&text);
            assert!(refused.contains(cause), "{refused}\n{text}");
        }
    }
}
