//! The generator on a copy of this workspace: every place is found and holds what the list says. Nothing is built.

use super::*;
use std::path::PathBuf;

use crate::new_operation::places::Made;
use crate::new_operation::plan::Change;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

/// The files that the generator reads, in a folder of their own: those that get a line, and every route.
fn copy() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let functions = std::fs::read_dir(root().join("functions")).unwrap();
    let routes =
        functions.map(|entry| format!("functions/{}/src/route.rs", entry.unwrap().file_name().into_string().unwrap()));
    let lines = places().unwrap().into_iter().filter(|place| place.made == Made::Line).map(|place| place.file);
    for path in routes.chain(lines).filter(|path| root().join(path).is_file()) {
        let target = folder.path().join(&path);
        std::fs::create_dir_all(target.parent().unwrap()).unwrap();
        std::fs::copy(root().join(&path), target).unwrap();
    }
    folder
}

fn asked(name: &str, path: Option<&str>, writes: bool) -> Asked {
    Asked { name: name.to_owned(), method: None, path: path.map(str::to_owned), writes }
}

/// Why there is no plan.
fn refused(root: &Path, operation: &Operation) -> String {
    plan(root, operation, &places().unwrap()).map_or_else(|error| format!("{error:#}"), |plan| plan.to_string())
}

#[test]
fn the_generator_makes_every_place_of_each_kind_of_operation() {
    let copy = copy();
    let all = places().unwrap();
    // One after the other into the same copy: what was made is no obstacle, nor is another of its kind. One name comes
    // before all others, one after.
    // The files of each are counted, without the three that a command renews, so that an operation stays small.
    for (asked, files_max) in [
        (asked("add-widget", Some("/workflows/{workflow_id}/widgets"), true), 30),
        (asked("paint-widget", Some("/workflows/{workflow_id}/painted-widgets"), true), 30),
        (asked("count-widgets", Some("/widgets"), false), 22),
        (asked("sum-widgets", Some("/widget-sums"), false), 22),
        (asked("measure-widgets", Some("/workflows/{workflow_id}/widget-sizes"), false), 19),
        (asked("weigh-widgets", None, false), 19),
    ] {
        let operation = Operation::new(&asked).unwrap();
        let planned = plan(copy.path(), &operation, &all).unwrap();
        assert!(!copy.path().join("functions").join(&operation.name).exists(), "a plan writes nothing");
        assert!(planned.changes.len() <= files_max, "{}: {} files", operation.name, planned.changes.len());
        write(copy.path(), &planned).unwrap();
        for place in all.iter().filter(|place| place.is_for(operation.kind) && place.made != Made::Renewed) {
            let path = operation.named(&place.file);
            let text = std::fs::read_to_string(copy.path().join(&path)).unwrap();
            for held in place.holds.iter().map(|held| operation.named(held)) {
                assert!(text.contains(&held), "{path} does not hold {held}");
            }
            assert!(
                !text.contains(concat!("{", "{")) || !path.contains("widget"),
                "{path}: something is not filled in"
            );
        }
        let again = refused(copy.path(), &operation);
        assert!(again.contains("choose another name"), "{again}");
    }
}

/// As when its author decided first who may.
#[test]
fn an_action_that_is_there_already_stays_as_it_is() {
    const OF_THE_ACTION: [&str; 4] = [
        "shared/domain/src/access.rs",
        "policies/schema.cedarschema",
        "policies/roles.cedar",
        "shared/policy/tests/policies/roles.rs",
    ];
    for (path, writes) in [(None, true), (None, false), (Some("/widgets"), false)] {
        let copy = copy();
        let operation = Operation::new(&asked("add-widget", path, writes)).unwrap();
        let first = plan(copy.path(), &operation, &places().unwrap()).unwrap();
        let of_the_action: Vec<&Change> =
            first.changes.iter().filter(|change| OF_THE_ACTION.contains(&change.path.as_str())).collect();
        for change in &of_the_action {
            std::fs::write(copy.path().join(&change.path), &change.text).unwrap();
        }
        let again = plan(copy.path(), &operation, &places().unwrap()).unwrap();
        let second = |path: &str| again.changes.iter().find(|change| change.path == path);
        for change in of_the_action {
            assert_eq!(second(&change.path).map(|second| &second.text), Some(&change.text), "{}", change.path);
        }
    }
}

#[test]
fn a_missing_anchor_is_named_and_nothing_is_planned() {
    let copy = copy();
    let table = copy.path().join("local/src/edge/functions.rs");
    let text = std::fs::read_to_string(&table).unwrap().replace("HashMap::from([", "map([");
    std::fs::write(&table, text).unwrap();
    let operation = Operation::new(&asked("weigh-widgets", None, false)).unwrap();
    let refused = refused(copy.path(), &operation);
    assert!(refused.contains("local/src/edge/functions.rs") && refused.contains("let handlers"), "{refused}");
}

#[test]
fn a_name_or_a_route_that_will_not_do_is_refused() {
    for (name, path, writes) in [
        ("widgets", None, false),
        ("CountWidgets", None, false),
        ("count_widgets", None, false),
        ("count--widgets", None, false),
        ("count-widgets", Some("widgets"), false),
        ("count-widgets", Some("/widgets/{widget_id}"), false),
        ("count-widgets", Some("/widgets"), true),
    ] {
        assert!(Operation::new(&asked(name, path, writes)).is_err(), "{name} {path:?}");
    }
    let taken = Operation::new(&asked("count-widgets", Some("/workflows"), false)).unwrap();
    let refused = refused(&root(), &taken);
    assert!(refused.contains("list-workflows"), "{refused}");
}
