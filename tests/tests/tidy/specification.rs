//! What the specification's page says of models, properties and mutants is what TLC checks.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;

use crate::workspace::{assert_no_complaints, workspace};

const PAGE: &str = "spec/README.md";

#[derive(Deserialize)]
struct Models {
    minutes: Minutes,
    model: Vec<Model>,
}

#[derive(Deserialize)]
struct Minutes {
    all: u32,
    quick: u32,
}

#[derive(Deserialize)]
struct Model {
    name: String,
    kind: String,
    cfg: String,
    #[serde(default = "usual_module")]
    module: String,
    violates: Option<String>,
    about: Option<String>,
    states: Option<u64>,
}

fn usual_module() -> String {
    "WorkflowManager.tla".to_owned()
}

fn models() -> Models {
    toml::from_str(workspace().text("spec/models.toml")).unwrap()
}

/// The properties that a configuration lists.
fn properties_of(cfg: &str) -> impl Iterator<Item = &'static str> {
    let lines = workspace().text(&format!("spec/{cfg}")).lines();
    lines
        .skip_while(|line| !["INVARIANTS", "PROPERTIES"].contains(line))
        .map(str::trim)
        .filter(|line| !["", "INVARIANTS", "PROPERTIES"].contains(line))
}

/// The properties that a model other than a mutant checks.
pub(crate) fn properties_checked() -> BTreeSet<&'static str> {
    let models = models();
    models.model.iter().filter(|model| model.kind != "mutant").flat_map(|model| properties_of(&model.cfg)).collect()
}

#[test]
fn every_configuration_is_a_model() {
    let models = models();
    let named: BTreeSet<&str> = models.model.iter().map(|model| model.cfg.as_str()).collect();
    let in_folder = |folder: &str| workspace().names_in(&format!("spec/{folder}"));
    let mutants = in_folder("mutants").into_iter().map(|name| format!("mutants/{name}"));
    // A recorded run is checked with a module that is made of it.
    let recorded = ["trace.cfg", "outside.cfg"];
    let all = in_folder("").into_iter().chain(mutants).filter(|name| name.ends_with(".cfg"));
    let forgotten = all.filter(|name| !named.contains(name.as_str()) && !recorded.contains(&name.as_str()));
    assert_no_complaints(forgotten.map(|name| format!("spec/models.toml does not name {name}")));
}

#[test]
fn every_property_of_the_specification_has_a_mutant_that_breaks_it() {
    let models = models();
    let broken: BTreeSet<&str> = models.model.iter().filter_map(|model| model.violates.as_deref()).collect();
    let properties = properties_checked();
    assert!(properties.len() > 20, "{} properties: this test sees nothing", properties.len());
    assert_no_complaints(
        properties.into_iter().filter(|property| !broken.contains(property)).map(|it| format!("no mutant breaks {it}")),
    );
}

#[test]
fn the_page_lists_every_property_with_its_mutants() {
    let mut mutants: BTreeMap<(String, String), BTreeSet<String>> = BTreeMap::new();
    for model in models().model {
        if let Some(property) = model.violates {
            mutants.entry((property, model.module)).or_default().insert(model.name);
        }
    }
    let page = workspace().text(PAGE);
    let row_of = |property: &str| page.lines().find(|line| line.starts_with(&format!("| `{property}` ")));
    assert_no_complaints(mutants.into_iter().filter_map(|((property, module), mutants)| {
        let Some(row) = row_of(&property) else { return Some(format!("{PAGE}: no row for {property}")) };
        let (_, last) = row.trim_end_matches(" |").rsplit_once(" | ")?;
        let listed: BTreeSet<String> = last.split(", ").map(|name| name.trim_matches('`').to_owned()).collect();
        let elsewhere = module != usual_module() && !row.contains(&format!("(`{module}`)"));
        (listed != mutants || elsewhere).then(|| format!("{PAGE}: {property} of {module} is broken by {mutants:?}"))
    }));
}

#[test]
fn the_page_shows_each_model_and_the_time_of_a_run_as_the_list_of_models_has_them() {
    let (models, page) = (models(), workspace().text(PAGE));
    let shown = models.model.iter().filter(|model| model.kind != "mutant").map(|model| {
        let (about, states) = (model.about.as_deref().unwrap(), model.states.unwrap());
        format!("| `{}` | {about} | {} |\n", model.name, in_thousands(states))
    });
    let table: String = shown.collect();
    assert!(page.contains(&table), "{PAGE} has not exactly these rows:\n{table}");
    let words = page.split_whitespace().collect::<Vec<_>>().join(" ");
    let Minutes { all, quick } = models.minutes;
    for said in [format!("{all} minutes on two processors"), format!("the mutants: {quick} minutes")] {
        assert!(words.contains(&said), "{PAGE} does not say: {said}");
    }
}

/// 6432210 as 6 432 210.
fn in_thousands(number: u64) -> String {
    let digits = number.to_string();
    let parts = digits.as_bytes().rchunks(3).rev().map(|part| String::from_utf8_lossy(part).into_owned());
    parts.collect::<Vec<_>>().join(" ")
}
