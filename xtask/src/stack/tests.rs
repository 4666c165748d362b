//! Tests of what is written.

use super::metrics::Metric;
use super::{Parameters, dashboard, files, grants};
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
    assert_eq!(granted, ["WriteLogs", "SendTraces"]);
    let given: Vec<String> = grants::variables(&function).into_keys().collect();
    assert_eq!(given, ["ALIMS_STACK", "ALIMS_TRACING", "RUST_LOG"]);
}

#[test]
fn a_file_with_an_unknown_word_is_refused() {
    for wrong in ["log = \"delete\"", "bus = \"yes\"", "tables = true"] {
        assert!(toml::from_str::<Function>(&format!("description = \"x\"\n{wrong}")).is_err(), "{wrong}");
    }
}

#[test]
fn a_metric_that_no_row_of_the_dashboard_shows_is_refused() {
    let workspace = Workspace::read().unwrap();
    let (functions, mut metrics) = (Function::all(&workspace).unwrap(), Metric::all(&workspace).unwrap());
    let shared = std::fs::read_to_string(workspace.root.join(super::SHARED)).unwrap();
    let made = |metrics: &[Metric]| dashboard::resource(metrics, &functions, &shared);
    assert!(made(&metrics).is_ok());
    let new = Metric { name: "New".to_owned(), unit: "Count".to_owned(), labels: vec![], about: "New.".to_owned() };
    metrics.push(new);
    assert!(made(&metrics).unwrap_err().to_string().contains("New"));
    assert!(made(&metrics[1..metrics.len() - 1]).unwrap_err().to_string().contains("Operations"));
}

/// Amazon CloudWatch API reference, "Dashboard body structure and syntax".
#[test]
fn the_dashboard_is_a_body_that_cloudwatch_takes() {
    let workspace = Workspace::read().unwrap();
    let template = std::fs::read_to_string(workspace.root.join("template.yaml")).unwrap();
    let (_, body) = template.split_once("      DashboardBody: !Sub\n        - |\n").unwrap();
    let (body, _) = body.split_once("        - LogInUse: ").unwrap();
    let body: serde_json::Value = serde_json::from_str(body).unwrap();
    let widgets = body["widgets"].as_array().unwrap();
    assert!((10..=500).contains(&widgets.len()));
    for widget in widgets {
        let number = |name: &str| widget[name].as_u64().unwrap();
        assert!(number("x") + number("width") <= 24, "{widget}");
        if widget["type"] == "metric" {
            let metrics = widget["properties"]["metrics"].as_array().unwrap();
            assert!((1..=100).contains(&metrics.len()) && metrics.iter().all(|metric| metric.is_array()), "{widget}");
            assert_eq!(widget["properties"]["region"], "${AWS::Region}");
        }
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
  RestoredLogTable:
    Type: String
  BusName:
    Type: String
  Engine:
    Type: String
  Url:
    Type: String

Conditions:
  HasTraces: !Equals [!Ref Traces, on]
  LogIsRestored: !And [!Condition HasTable, !Condition HasTraces]
  HasTable: !Not [!Equals [!Ref RestoredLogTable, x]]

Globals:
  Function:
    Timeout: 10
    MemorySize: !Ref LevelOfAll
    Type: !Ref GradualDeployment

Resources:
  Bus:
    Type: AWS::Events::EventBus
    Properties:
      Name: !Ref BusName
      Description: !Ref Reserved
  LogTable:
    Type: AWS::DynamoDB::Table
    Properties:
      TableClass: !Ref Table
  RulesLayer:
    Type: AWS::Serverless::LayerVersion
    Properties:
      Description: !Sub ${Engine} ${Url}
";
    let parameters = Parameters::of(shared).unwrap();
    let described = |settings: &str| parameters.in_force(settings).unwrap();
    assert_eq!(parameters.timeout_seconds, 10);
    assert_eq!(described("Description: Level Table"), "!Sub \"${LevelOfAll}\"");
    let settings = "
      Level: !Ref Level
      Token: !Ref Secret
      Tracing: !If [HasTraces, Active, PassThrough]
      ReservedConcurrentExecutions: !Ref Reserved
      Name: !Sub \"a/${Table}\"";
    assert_eq!(described(settings), "!Sub \"${Level} ${LevelOfAll} ${Traces} ${Table}\"");
    // Through the choice of the log, conditions of conditions, and the name of a resource; not through other properties.
    assert_eq!(described("ALIMS_LOG_TABLE: !Ref LogTable"), "!Sub \"${LevelOfAll} ${Traces} ${RestoredLogTable}\"");
    assert_eq!(described("ALIMS_EVENT_BUS: !Ref Bus"), "!Sub \"${LevelOfAll} ${BusName}\"");
    // A layer stands for what it is described by.
    let number = "        - Rules: !Select [7, !Split [\":\", !Ref RulesLayer]]";
    assert_eq!(
        described("Layers: [!Ref RulesLayer]\n  Url: !Ref Url"),
        format!("!Sub\n        - \"${{LevelOfAll}} ${{Rules}}\"\n{number}")
    );
}
