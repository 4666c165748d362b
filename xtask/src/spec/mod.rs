//! `cargo xtask spec`: runs TLC on every model of `spec/models.toml`, and checks that every mutant violates its
//! property.

pub(crate) mod traces;

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Instant;

use anyhow::Context as _;
use serde::Deserialize;

use crate::session::Session;
use crate::tools::Tools;
use crate::workspace::Workspace;

/// The module that a configuration is checked with, unless its model names another.
const MODULE: &str = "MCWorkflowManager.tla";
/// How much memory TLC may take.
const HEAP_MAX: &str = "-Xmx4g";

/// The error when Java does not start.
const JAVA_IS_NEEDED: &str = "a Java runtime is needed (Debian: default-jre-headless)";
/// What `nice` exits with when there is no such program.
const NOT_FOUND: i32 = 127;
/// A run of some seconds gains nothing from Java's second compiler, which takes half of its time.
const SHORT: &str = "-XX:TieredStopAtLevel=1";

/// The models to check.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Models {
    #[allow(dead_code, reason = "spec/README.md shows it, and the tidy tests compare the two")]
    minutes: Minutes,
    model: Vec<Model>,
}

/// How long a run takes on two processors.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(dead_code, reason = "see `Models::minutes`")]
struct Minutes {
    all: u32,
    quick: u32,
}

/// One configuration, and what TLC must make of it.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Model {
    name: String,
    kind: Kind,
    cfg: String,
    #[serde(default)]
    module: Option<String>,
    #[serde(default)]
    violates: Option<String>,
    exit: i32,
    #[serde(default)]
    #[allow(dead_code, reason = "see `Models::minutes`")]
    about: Option<String>,
    /// How many distinct states there are. A mutant has none: TLC stops at its error.
    #[serde(default)]
    states: Option<u64>,
}

#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "kebab-case")]
enum Kind {
    Small,
    Full,
    Liveness,
    Mutant,
}

/// What TLC made of a configuration.
struct Checked {
    exit: Option<i32>,
    output: String,
    seconds: f32,
}

/// Checks the models: all of them, or only the small one and the mutants.
///
/// # Errors
/// When TLC is not available, or a model does not end as expected; then the output is kept, and the error says where.
pub(crate) fn check(workspace: &Workspace, quick: bool, session: &Session) -> anyhow::Result<()> {
    let folder = workspace.root.join("spec");
    let text = fs::read_to_string(folder.join("models.toml")).context("spec/models.toml cannot be read")?;
    let models: Models = toml::from_str(&text).context("spec/models.toml is not understood")?;
    let jar = Tools::install_tlc(workspace)?;
    let kept = workspace.target.join("tlc");
    if kept.exists() {
        fs::remove_dir_all(&kept).with_context(|| format!("{} cannot be removed", kept.display()))?;
    }
    fs::create_dir_all(&kept)?;
    session.say(&format!("  {:<34} {:>11} {:>6} {:>7}  {}", "model", "distinct", "depth", "seconds", "outcome"));
    let (mut states, mut killed) = (0, 0);
    let begun = Instant::now();
    for model in models.model.iter().filter(|model| !quick || matches!(model.kind, Kind::Small | Kind::Mutant)) {
        let checked = tlc(session, &jar, &folder, &kept, model)?;
        let outcome = judged(model, &checked).with_context(|| {
            let output = kept.join(format!("{}.log", model.name));
            let _kept = fs::write(&output, &checked.output);
            format!("{} did not end as it must; what TLC said is in {}", model.name, output.display())
        })?;
        let (distinct, depth) = (number_before(&checked.output, " distinct states found"), depth(&checked.output));
        let shown = |number: Option<u64>| number.map_or_else(|| "-".to_owned(), |number| number.to_string());
        let (name, seconds) = (&model.name, checked.seconds);
        session.say(&format!("  {name:<34} {:>11} {:>6} {seconds:>7.1}  {outcome}", shown(distinct), shown(depth)));
        if model.kind == Kind::Mutant {
            killed += 1;
        } else {
            states += distinct.unwrap_or_default();
        }
    }
    let minutes = begun.elapsed().as_secs_f32() / 60.0;
    session
        .say(&format!("  {states} distinct states without a finding, {killed} mutants killed, {minutes:.1} minutes"));
    fs::remove_dir_all(&kept).context("what TLC left cannot be removed")
}

fn tlc(session: &Session, jar: &Path, folder: &Path, kept: &Path, model: &Model) -> anyhow::Result<Checked> {
    let scratch: PathBuf = kept.join(&model.name);
    let begun = Instant::now();
    let mut java = session.command("java");
    java.args(["-XX:+UseParallelGC", HEAP_MAX]);
    if matches!(model.kind, Kind::Small | Kind::Mutant) {
        java.arg(SHORT);
    }
    java.arg("-cp").arg(jar);
    java.args(["tlc2.TLC", "-deadlock", "-workers", "2", "-metadir"]).arg(&scratch);
    java.args(["-config", &model.cfg, model.module.as_deref().unwrap_or(MODULE)]).current_dir(folder);
    let (status, output) = session.run(&mut java).context(JAVA_IS_NEEDED)?;
    anyhow::ensure!(status.code() != Some(NOT_FOUND), JAVA_IS_NEEDED);
    Ok(Checked { exit: status.code(), output, seconds: begun.elapsed().as_secs_f32() })
}

/// Whether a model ended as it must, and in what words.
fn judged(model: &Model, checked: &Checked) -> anyhow::Result<String> {
    anyhow::ensure!(checked.exit == Some(model.exit), "TLC exited with {:?}, not {}", checked.exit, model.exit);
    let Some(property) = &model.violates else {
        anyhow::ensure!(checked.output.contains("No error has been found"), "TLC did not come to the end");
        let found = number_before(&checked.output, " distinct states found");
        let expected = model.states;
        anyhow::ensure!(found == expected, "{found:?} distinct states, not {expected:?} as spec/models.toml says");
        return Ok("no error".to_owned());
    };
    // Of temporal properties TLC does not say which one broke: a mutant's configuration names but one.
    let named = [format!("Invariant {property} is violated"), format!("Action property {property} is violated")];
    let broken = named.iter().any(|said| checked.output.contains(said))
        || checked.output.contains("Temporal properties were violated");
    anyhow::ensure!(broken, "it broke something else than {property}");
    Ok(format!("breaks {property}, as it must"))
}

/// The last number before a phrase, its thousands separated or not.
fn number_before(output: &str, phrase: &str) -> Option<u64> {
    let (before, _) = output.rsplit_once(phrase)?;
    let digits: Vec<char> = before.chars().rev().take_while(|c| c.is_ascii_digit() || *c == ',').collect();
    digits.iter().rev().filter(|c| c.is_ascii_digit()).collect::<String>().parse().ok()
}

fn depth(output: &str) -> Option<u64> {
    let (_, after) = output.rsplit_once("The depth of the complete state graph search is ")?;
    after.chars().take_while(char::is_ascii_digit).collect::<String>().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn model(exit: i32, violates: Option<&str>) -> Model {
        let (name, cfg) = ("m".to_owned(), "m.cfg".to_owned());
        let violates = violates.map(str::to_owned);
        Model { name, kind: Kind::Mutant, cfg, module: None, violates, exit, about: None, states: None }
    }

    fn checked(exit: i32, output: &str) -> Checked {
        Checked { exit: Some(exit), output: output.to_owned(), seconds: 0.0 }
    }

    #[test]
    fn a_mutant_that_survives_or_breaks_something_else_fails_the_run() {
        let mutant = model(12, Some("EventOrdering"));
        assert!(judged(&mutant, &checked(12, "Error: Invariant EventOrdering is violated.")).is_ok());
        assert!(judged(&mutant, &checked(12, "Error: Invariant StateConsistency is violated.")).is_err());
        assert!(judged(&mutant, &checked(0, "Model checking completed. No error has been found.")).is_err());
    }

    #[test]
    fn a_model_without_an_error_must_have_come_to_its_end() {
        let sound = Model { states: Some(41), ..model(0, None) };
        let ended = |states: &str| {
            format!("Model checking completed. No error has been found.\n{states} distinct states found")
        };
        assert!(judged(&sound, &checked(0, &ended("41"))).is_ok());
        assert!(judged(&sound, &checked(0, "")).is_err());
        assert!(judged(&sound, &checked(0, &ended("40"))).is_err(), "it checks less than it did");
    }

    #[test]
    fn the_figures_are_read_from_the_end_of_what_tlc_says() {
        let said = "Progress(3): 7 distinct states found\n5,290,117 states generated, 1,204,511 distinct states found, \
                    0 states left on queue.\nThe depth of the complete state graph search is 41.\n";
        assert_eq!((number_before(said, " distinct states found"), depth(said)), (Some(1_204_511), Some(41)));
    }
}
