//! Tests of what is written.

use super::{Parameters, files, grants};
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
    assert!(grants::variables(&function).is_empty());
}

#[test]
fn a_file_with_an_unknown_word_is_refused() {
    for wrong in ["log = \"delete\"", "bus = \"yes\"", "tables = true"] {
        assert!(toml::from_str::<Function>(&format!("description = \"x\"\n{wrong}")).is_err(), "{wrong}");
    }
}

#[test]
fn a_version_is_described_by_the_parameters_that_its_function_depends_on_and_by_no_other() {
    let shared = "
Parameters:
  Level:
    Type: String
  LevelOfAll:
    Type: String
  Secret:
    Type: String
    NoEcho: true
  Traces:
    Type: String
  Reserved:
    Type: Number
  GradualDeployment:
    Type: String
  Table:
    Type: String

Conditions:
  HasTraces: !Equals [!Ref Traces, on]

Globals:
  Function:
    Timeout: 10
    MemorySize: !Ref LevelOfAll
    Type: !Ref GradualDeployment

Resources:
";
    let parameters = Parameters::of(shared).unwrap();
    assert_eq!(parameters.timeout_seconds, 10);
    assert_eq!(parameters.in_force("Description: Level Table"), "${LevelOfAll}");
    let settings = "
      Level: !Ref Level
      Token: !Ref Secret
      Tracing: !If [HasTraces, Active, PassThrough]
      ReservedConcurrentExecutions: !Ref Reserved
      Name: !Sub \"a/${Table}\"";
    assert_eq!(parameters.in_force(settings), "${Level} ${LevelOfAll} ${Traces} ${Table}");
}
