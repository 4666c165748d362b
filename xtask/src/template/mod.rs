//! `cargo xtask template`: checks the templates and the state machine's definition with tools that know the rules of
//! AWS, runs the code that a template has in itself, and looks at the commands that the pages show.

use std::fs;

use anyhow::Context as _;
use serde_json::{Value, json};

use crate::tools::{Tools, checked};
use crate::workspace::Workspace;

/// The state machine's definition, from the workspace's root on.
pub(crate) const DEFINITION: &str = "recovery/recover-workflow.asl.json";

/// The template of the optional user pool, from the workspace's root on.
const USER_POOL: &str = "deployment/cognito.yaml";

/// Runs SAM CLI and cfn-lint on the templates, cfn-lint on the definition that the service's template names, and the
/// user pool's trigger on sample events. Looks at the commands of the pages.
///
/// # Errors
/// Their findings, or that they are not available.
pub(crate) fn check(workspace: &Workspace) -> anyhow::Result<()> {
    let tools = Tools::install(workspace)?;
    let folder = workspace.target.join("template");
    if folder.exists() {
        fs::remove_dir_all(&folder).with_context(|| format!("{} cannot be removed", folder.display()))?;
    }
    fs::create_dir_all(&folder)?;
    let log = folder.join("findings.log");
    // cfn-lint looks into a definition only where the template has it in itself.
    let definition = folder.join("definition.json");
    fs::write(&definition, serde_json::to_string_pretty(&around_definition(workspace)?)?)?;

    for template in ["template.yaml", USER_POOL] {
        let mut validate = tools.deployment("sam");
        validate.current_dir(&workspace.root).args(["validate", "--lint", "--region", "eu-central-1"]);
        validate.args(["--template-file", template]);
        checked(&mut validate, &log).with_context(|| format!("sam validate --lint {template}"))?;
    }
    for template in [workspace.root.join("template.yaml"), workspace.root.join(USER_POOL), definition] {
        let mut lint = tools.deployment("cfn-lint");
        lint.arg(&template);
        checked(&mut lint, &log).with_context(|| format!("cfn-lint {}", template.display()))?;
    }
    let sample = folder.join("event.json");
    fs::write(&sample, include_str!("pre-token-event.json"))?;
    let mut trigger = tools.deployment("python");
    trigger.args(["-c", include_str!("trigger.py")]).arg(workspace.root.join(USER_POOL)).arg(sample);
    checked(&mut trigger, &log).with_context(|| format!("the trigger in {USER_POOL}"))?;
    let mut commands = tools.deployment("python");
    commands.args(["-c", include_str!("commands.py")]).arg(&workspace.root);
    checked(&mut commands, &log).context("the commands that the pages show")
}

/// The least template that has the definition in itself, with what SAM CLI would put in for its variables.
fn around_definition(workspace: &Workspace) -> anyhow::Result<Value> {
    let text =
        fs::read_to_string(workspace.root.join(DEFINITION)).with_context(|| format!("{DEFINITION} is missing"))?;
    let text = text.replace("${Partition}", "aws");
    let text = text.replace("${RecoveryStepFunctionArn}", "arn:aws:lambda:eu-central-1:123456789012:function:step");
    let definition: Value = serde_json::from_str(&text).with_context(|| format!("{DEFINITION} is no JSON"))?;
    Ok(json!({
        "AWSTemplateFormatVersion": "2010-09-09",
        "Resources": {
            "RecoveryMachine": {
                "Type": "AWS::StepFunctions::StateMachine",
                "Properties": {"Definition": definition, "RoleArn": "arn:aws:iam::123456789012:role/recovery"},
            },
        },
    }))
}
