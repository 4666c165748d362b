//! `cargo xtask template`: checks the templates and the state machine's definition with tools that know the rules of
//! AWS, runs the code that a template has in itself, and looks at the commands that the pages show.

mod regions;

use std::fs;
use std::path::Path;
use std::process::Command;
use std::thread;

use anyhow::{Context as _, ensure};
use serde_json::{Map, Value, json};

use crate::tools::{Tools, checked};
use crate::workspace::Workspace;

/// The state machine's definition, from the workspace's root on.
pub(crate) const DEFINITION: &str = "recovery/recover-workflow.asl.json";

/// The definition of the state machine of exports, from the workspace's root on.
const DEFINITION_OF_EXPORTS: &str = "functions/export-step/export-records.asl.json";
/// The state machines of the template, each with its definition.
pub(crate) const DEFINITIONS: [(&str, &str); 2] =
    [("RecoveryMachine", DEFINITION), ("ExportMachine", DEFINITION_OF_EXPORTS)];

/// The template of the optional user pool, from the workspace's root on.
const USER_POOL: &str = "deployment/cognito.yaml";

/// Regions that differ in what they have; all of them are looked at before a release.
const REGIONS: [&str; 2] = ["eu-central-1", "us-east-1"];

/// The ways to deploy: SAM makes another template of each.
const DEPLOYMENTS: [&str; 2] = ["off", "Canary10Percent5Minutes"];

/// Runs SAM CLI, cfn-lint with the rules for serverless applications, and checkov on the template, and cfn-lint on what
/// SAM makes of it and on the definition that it names. A finding that is none has its reason in the template. Checks the
/// template of the user pool, runs its trigger on sample events, and looks at the commands of the pages.
///
/// # Errors
/// Their findings, or that they are not available.
pub(crate) fn check(workspace: &Workspace, all_regions: bool) -> anyhow::Result<()> {
    let tools = Tools::install_review(workspace)?;
    let folder = workspace.target.join("template");
    if folder.exists() {
        fs::remove_dir_all(&folder).with_context(|| format!("{} cannot be removed", folder.display()))?;
    }
    fs::create_dir_all(&folder)?;
    // cfn-lint looks into a definition only where the template has it in itself.
    let definition = folder.join("definition.json");
    fs::write(&definition, serde_json::to_string_pretty(&around_definition(workspace)?)?)?;
    let template = workspace.root.join("template.yaml");
    let mut translate = tools.deployment("python");
    translate.args(["-c", include_str!("translated.py")]).arg(&template).arg(&folder);
    checked(&mut translate, &folder.join("translated.log")).context("what SAM makes of the template")?;

    let validate = |template: &str| {
        let mut validate = tools.deployment("sam");
        validate.current_dir(&workspace.root).args(["validate", "--lint", "--region", "eu-central-1"]);
        validate.args(["--template-file", template]);
        validate
    };
    let mut user_pool = tools.deployment("cfn-lint");
    user_pool.arg(workspace.root.join(USER_POOL));
    let sample = folder.join("event.json");
    fs::write(&sample, include_str!("pre-token-event.json"))?;
    let mut trigger = tools.deployment("python");
    trigger.args(["-c", include_str!("trigger.py")]).arg(workspace.root.join(USER_POOL)).arg(sample);
    let mut commands = tools.deployment("python");
    commands.args(["-c", include_str!("commands.py")]).arg(&workspace.root);
    let lint = |regions: &[&str]| {
        let mut lint = tools.deployment("cfn-lint");
        lint.arg("--regions").args(regions);
        lint.args(["--include-checks", "I", "--append-rules", "cfn_lint_serverless.rules", "--template"]);
        lint.arg(&template);
        lint
    };
    let mut machine = tools.deployment("cfn-lint");
    machine.arg(&definition);
    let mut review = tools.review("checkov");
    review.args(["--framework", "cloudformation", "--compact", "--quiet", "--skip-download", "--file"]).arg(&template);
    let mut policies = tools.review("python");
    policies.args(["-c", include_str!("policies.py")]).arg(&workspace.root);
    let mut reviewers = vec![
        ("sam validate --lint", validate("template.yaml")),
        ("cfn-lint", lint(&REGIONS)),
        ("definition", machine),
        ("checkov", review),
        ("sam validate --lint of the user pool", validate(USER_POOL)),
        ("cfn-lint of the user pool", user_pool),
        ("the user pool's trigger", trigger),
        ("the commands that the pages show", commands),
        ("the deployers' policies", policies),
    ];
    for deployment in DEPLOYMENTS {
        let mut lint = tools.deployment("cfn-lint");
        // SAM alone reads the mapping of the deployments, and it has filled in the layers.
        lint.args(["--include-checks", "I", "--ignore-checks", "W1020", "W7001", "--template"]);
        lint.arg(folder.join(format!("{deployment}.json")));
        reviewers.push((deployment, lint));
    }
    side_by_side(reviewers, &folder)?;
    if all_regions {
        regions::lint_every(&tools, &lint, &folder)?;
    }
    Ok(())
}

/// Runs all reviewers at once, each with a log of its name.
///
/// # Errors
/// The findings of all.
fn side_by_side(reviewers: Vec<(&'static str, Command)>, folder: &Path) -> anyhow::Result<()> {
    let findings: Vec<String> = thread::scope(|scope| {
        let running: Vec<_> = reviewers
            .into_iter()
            .map(|(name, mut reviewer)| {
                scope.spawn(move || checked(&mut reviewer, &folder.join(format!("{name}.log"))).context(name))
            })
            .collect();
        let ended = running.into_iter().map(|thread| thread.join());
        let ended = ended.map(|result| result.unwrap_or_else(|_| anyhow::bail!("a reviewer panicked")));
        ended.filter_map(Result::err).map(|found| format!("{found:#}")).collect()
    });
    ensure!(findings.is_empty(), "{}", findings.join("\n"));
    Ok(())
}

/// The least template that has the definitions in itself, with what SAM CLI would put in for their variables.
fn around_definition(workspace: &Workspace) -> anyhow::Result<Value> {
    let mut machines = Map::new();
    for (name, path) in DEFINITIONS {
        let text = fs::read_to_string(workspace.root.join(path)).with_context(|| format!("{path} is missing"))?;
        let mut text = text.replace("${Partition}", "aws");
        for function in ["${ExportStepFunctionArn}", "${RecoveryStepFunctionArn}"] {
            text = text.replace(function, "arn:aws:lambda:eu-central-1:123456789012:function:step");
        }
        let definition: Value = serde_json::from_str(&text).with_context(|| format!("{path} is no JSON"))?;
        let machine = json!({
            "Type": "AWS::StepFunctions::StateMachine",
            "Properties": {"Definition": definition, "RoleArn": "arn:aws:iam::123456789012:role/machine"},
        });
        machines.insert(name.to_owned(), machine);
    }
    Ok(json!({"AWSTemplateFormatVersion": "2010-09-09", "Resources": machines}))
}
