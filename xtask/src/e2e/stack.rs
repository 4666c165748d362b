//! The stack: deployed by SAM CLI as any user would, and queried for its resources.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Context as _;
use serde_json::Value;

use super::place::{Place, REGION};
use crate::tools::{Tools, checked};

/// The name of the stack.
const NAME: &str = "alims";
/// The bucket for SAM CLI's artifacts.
const BUCKET: &str = "artifacts";

/// The AWS CLI, configured for the emulator only.
pub(crate) struct Aws {
    program: OsString,
    endpoint: String,
    folder: PathBuf,
}

impl Aws {
    /// Prepares the CLI; an empty file replaces the user's own configuration and credentials.
    pub(crate) fn new(tools: &Tools, endpoint: &str, folder: PathBuf) -> anyhow::Result<Self> {
        fs::write(folder.join("nothing"), "")?;
        Ok(Self { program: tools.deployment("aws").get_program().to_owned(), endpoint: endpoint.to_owned(), folder })
    }

    /// The path of the program.
    pub(crate) fn program(&self) -> String {
        self.program.to_string_lossy().into_owned()
    }

    /// Configures a command for the emulator and hides the user's own AWS settings.
    pub(crate) fn environment_of(&self, command: &mut Command) {
        for name in ["AWS_PROFILE", "AWS_SESSION_TOKEN", "AWS_DEFAULT_PROFILE", "AWS_ROLE_ARN"] {
            command.env_remove(name);
        }
        let nothing = self.folder.join("nothing");
        command.env("AWS_CONFIG_FILE", &nothing).env("AWS_SHARED_CREDENTIALS_FILE", &nothing);
        command.env("AWS_ACCESS_KEY_ID", "test").env("AWS_SECRET_ACCESS_KEY", "test");
        command.env("AWS_DEFAULT_REGION", REGION).env("AWS_REGION", REGION).env("AWS_PAGER", "");
        command.env("AWS_ENDPOINT_URL", &self.endpoint).env("AWS_EC2_METADATA_DISABLED", "true");
        command.env("NO_PROXY", "127.0.0.1,localhost").env("no_proxy", "127.0.0.1,localhost");
    }

    /// Calls the CLI; output that is not JSON becomes null.
    ///
    /// # Errors
    /// When it fails; the message is the CLI's own.
    pub(crate) fn call(&self, arguments: &[&str]) -> anyhow::Result<Value> {
        let mut command = Command::new(&self.program);
        self.environment_of(&mut command);
        let output = command.args(arguments).args(["--output", "json"]).output().context("aws could not be started")?;
        let complaint = String::from_utf8_lossy(&output.stderr);
        let said = arguments.get(..2).unwrap_or(arguments).join(" ");
        anyhow::ensure!(output.status.success(), "aws {said} failed: {}", complaint.trim());
        Ok(serde_json::from_slice(&output.stdout).unwrap_or(Value::Null))
    }
}

/// A deployed stack.
pub(crate) struct Stack {
    /// By logical id: what each resource is really called.
    pub(crate) resources: BTreeMap<String, String>,
    /// The template's outputs for clients.
    pub(crate) outputs: BTreeMap<String, String>,
    /// The parameters of the deployment, defaults included.
    pub(crate) parameters: BTreeMap<String, String>,
    /// What SAM made of the template.
    pub(crate) template: Value,
}

impl Stack {
    /// Deploys a build.
    ///
    /// # Errors
    /// When that fails, or the emulator does not report the result.
    pub(crate) fn deploy(
        aws: &Aws,
        tools: &Tools,
        place: &Place,
        template: &Path,
        parameters: &[(&str, String)],
    ) -> anyhow::Result<Self> {
        aws.call(&["s3", "mb", &format!("s3://{BUCKET}")])?;
        let mut sam = tools.deployment("sam");
        aws.environment_of(&mut sam);
        sam.args(["deploy", "--stack-name", NAME, "--s3-bucket", BUCKET, "--capabilities", "CAPABILITY_IAM"]);
        sam.args(["--no-confirm-changeset", "--no-progressbar"]);
        sam.arg("--template-file").arg(template);
        sam.arg("--parameter-overrides").args(parameters.iter().map(|(name, value)| format!("{name}={value}")));
        checked(&mut sam, &place.log("deployment"))?;

        let described = aws.call(&["cloudformation", "describe-stacks", "--stack-name", NAME])?;
        let stack = described.pointer("/Stacks/0").context("the stack is not described")?;
        let resources = aws.call(&["cloudformation", "describe-stack-resources", "--stack-name", NAME])?;
        let processed = ["cloudformation", "get-template", "--stack-name", NAME, "--template-stage", "Processed"];
        let template = aws.call(&processed)?.get("TemplateBody").cloned().unwrap_or_default();
        Ok(Self {
            resources: pairs(resources.get("StackResources"), "LogicalResourceId", "PhysicalResourceId"),
            outputs: pairs(stack.get("Outputs"), "OutputKey", "OutputValue"),
            parameters: pairs(stack.get("Parameters"), "ParameterKey", "ParameterValue"),
            template,
        })
    }

    /// Lets the buckets be reached without TLS, which the emulator does not speak. Everything else that their policies
    /// deny stays denied.
    ///
    /// # Errors
    /// When a bucket has no policy, or that cannot be replaced.
    pub(crate) fn permit_http(&self, aws: &Aws) -> anyhow::Result<()> {
        for id in ["AnchorBucket", "ExportBucket"] {
            let bucket = self.resource(id)?;
            let kept = aws.call(&["s3api", "get-bucket-policy", "--bucket", bucket])?;
            let text = kept.get("Policy").and_then(Value::as_str).context("the bucket has no policy")?;
            let mut policy: Value = serde_json::from_str(text)?;
            let statements = policy.get_mut("Statement").and_then(Value::as_array_mut).context("no statements")?;
            statements.retain(|statement| statement.pointer("/Condition/Bool/aws:SecureTransport").is_none());
            if statements.is_empty() {
                aws.call(&["s3api", "delete-bucket-policy", "--bucket", bucket])?;
            } else {
                aws.call(&["s3api", "put-bucket-policy", "--bucket", bucket, "--policy", &policy.to_string()])?;
            }
        }
        Ok(())
    }

    /// The physical id of a resource.
    pub(crate) fn resource(&self, logical_id: &str) -> anyhow::Result<&str> {
        self.resources.get(logical_id).map(String::as_str).with_context(|| format!("there is no {logical_id}"))
    }

    /// An output of the template.
    pub(crate) fn output(&self, name: &str) -> anyhow::Result<&str> {
        self.outputs.get(name).map(String::as_str).with_context(|| format!("there is no output {name}"))
    }

    /// A property of a resource, as the processed template has it.
    pub(crate) fn property(&self, logical_id: &str, name: &str) -> anyhow::Result<&Value> {
        let found = self.template.pointer(&format!("/Resources/{logical_id}/Properties/{name}"));
        found.with_context(|| format!("the template has no {logical_id}.{name}"))
    }

    /// Keeps the functions' logs, as far as they are available: this runs only after a failure.
    pub(crate) fn keep_logs(&self, aws: &Aws, folder: &Path) {
        for (logical_id, group) in self.resources.iter().filter(|(logical_id, _)| logical_id.ends_with("LogGroup")) {
            let Ok(answer) = aws.call(&["logs", "filter-log-events", "--log-group-name", group]) else { continue };
            let events = answer.get("events").and_then(Value::as_array).cloned().unwrap_or_default();
            let lines = events.iter().filter_map(|event| event.get("message").and_then(Value::as_str));
            let text = lines.collect::<Vec<_>>().join("\n");
            if !text.is_empty() {
                let _kept = fs::write(folder.join(format!("{logical_id}.log")), text);
            }
        }
    }
}

/// A list of objects as a map of one member to another.
fn pairs(list: Option<&Value>, key: &str, value: &str) -> BTreeMap<String, String> {
    let text = |object: &Value, name: &str| object.get(name).and_then(Value::as_str).map(str::to_owned);
    let objects = list.and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    objects.iter().filter_map(|object| Some((text(object, key)?, text(object, value)?))).collect()
}
