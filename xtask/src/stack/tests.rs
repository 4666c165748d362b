//! Tests of what is written.

use super::{files, grants};
use crate::stack::function::Function;
use crate::workspace::Workspace;

#[test]
fn the_template_and_the_table_of_permissions_are_what_their_sources_make() {
    let workspace = Workspace::read().unwrap();
    for (path, text) in files(&workspace).unwrap() {
        let committed = std::fs::read_to_string(workspace.root.join(path)).unwrap();
        assert!(committed == text, "{path} is stale: run `cargo xtask stack` and commit what it writes");
    }
}

#[test]
fn a_function_is_granted_nothing_that_it_does_not_ask_for() {
    let function: Function = toml::from_str("description = \"Does nothing.\"").unwrap();
    let granted: Vec<&str> = grants::grants(&function).iter().map(|grant| grant.sid).collect();
    assert_eq!(granted, ["WriteLogs"]);
    let given: Vec<String> = grants::variables(&function).into_keys().collect();
    assert_eq!(given, ["ALIMS_STACK", "ALIMS_TRACING", "RUST_LOG"]);
}

#[test]
fn a_file_with_an_unknown_word_is_refused() {
    for wrong in ["log = \"delete\"", "bus = \"yes\"", "tables = true"] {
        assert!(toml::from_str::<Function>(&format!("description = \"x\"\n{wrong}")).is_err(), "{wrong}");
    }
}
