//! Every operation stands in each place that `cargo xtask new-operation` makes, and CONTRIBUTING names each of them.

use std::sync::LazyLock;

use alims_interface::ROUTES;
use serde::Deserialize;

use crate::names::{camel, snake, writes};
use crate::template::pascal;
use crate::workspace::{assert_no_complaints, workspace};

/// The list that the generator works from, which explains its fields.
static PLACES: LazyLock<Vec<Place>> = LazyLock::new(|| {
    let list: List = toml::from_str(workspace().text("xtask/operation-places.toml")).unwrap();
    list.place
});

#[derive(Deserialize)]
struct List {
    place: Vec<Place>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Place {
    file: String,
    #[serde(default)]
    or: Vec<String>,
    holds: Vec<String>,
    of: Of,
    #[serde(rename = "made")]
    _made: String,
    #[serde(default)]
    only: Vec<String>,
    #[serde(default)]
    unless: Vec<String>,
    what: String,
}

#[derive(Clone, Copy, PartialEq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Of {
    Every,
    Route,
    /// The route is no GET.
    Writing,
}

impl Place {
    fn is_of(&self, operation: &str) -> bool {
        let route = ROUTES.iter().find(|route| route.name == operation);
        let routed = match self.of {
            Of::Every => true,
            Of::Route => route.is_some(),
            Of::Writing => route.is_some_and(|route| writes(route)),
        };
        routed && self.only.is_empty() && !self.unless.iter().any(|name| name == operation)
    }

    /// What is missing of an operation, when anything is.
    fn complaint(&self, operation: &str) -> Option<String> {
        let files: Vec<String> =
            std::iter::once(&self.file).chain(&self.or).map(|file| named(file, operation)).collect();
        let held: Vec<String> = self.holds.iter().map(|held| named(held, operation)).collect();
        let texts = files.iter().filter_map(|file| workspace().text_if_any(file));
        let is_whole = |text: &str| held.iter().all(|held| text.contains(held));
        let what = &self.what;
        (!texts.into_iter().any(is_whole))
            .then(|| format!("{operation}, {what}: {} does not hold {held:?}", files.join(" or ")))
    }
}

fn named(text: &str, operation: &str) -> String {
    let text = text.replace("{name}", operation).replace("{snake}", &snake(operation));
    text.replace("{pascal}", &pascal(operation)).replace("{camel}", &camel(operation))
}

#[test]
fn every_operation_has_what_the_generator_makes() {
    let operations = workspace().operations();
    assert_no_complaints(operations.iter().flat_map(|operation| {
        PLACES.iter().filter(|place| place.is_of(operation)).filter_map(|place| place.complaint(operation))
    }));
}

#[test]
fn contributing_names_each_place_of_an_operation() {
    let contributing = workspace().text("CONTRIBUTING.md");
    let shown = |place: &Place| place.file.replace("{name}", "<operation>").replace("{snake}", "<operation>");
    let missing = PLACES.iter().filter(|place| !contributing.contains(&format!("`{}`", shown(place))));
    assert_no_complaints(
        missing.map(|place| format!("CONTRIBUTING.md does not name {}, {}", shown(place), place.what)),
    );
}
