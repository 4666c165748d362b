//! `cargo xtask e2e`: deploys the template with its binaries on an emulator of AWS and runs the scenarios of
//! `tests/tests/e2e` against it, over HTTP and with real tokens.
//!
//! The observations of the scenarios must be a behaviour of the specification.
//!
//! The emulator checks each call of a function against the function's role, so a missing permission fails here.

mod build;
mod edge;
mod place;
mod process;
mod stack;
mod traces;

use std::fs;
use std::path::Path;
use std::time::Instant;

use anyhow::Context as _;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::step::{Step, say};
use crate::tools::{Tools, checked};
use crate::workspace::Workspace;

pub(crate) use self::build::{Built, architecture, staged};
use self::place::{ACCOUNT, Place, REGION, SEEN};
use self::process::{Background, free_port, wait_until_listening};
use self::stack::{Aws, Stack};

/// The running environment of the scenarios; dropping it stops everything.
struct World {
    aws: Aws,
    stack: Stack,
    _emulator: Background,
    _issuer: Background,
    /// The links that the functions read rules and policies by.
    _short: TempDir,
}

/// Sets everything up, runs the scenarios, and stops everything again.
///
/// # Errors
/// The error of the setup, or the failure of a scenario; then the logs are kept, and the error says where.
pub(crate) fn run(workspace: &Workspace, built: Built) -> anyhow::Result<()> {
    let place = Place::new(workspace)?;
    let tools = stage("tools", || Tools::install(workspace))?;
    let template = stage("build", || build::functions(workspace, &tools, &place, built))?;
    let played = set_up(workspace, &tools, &place, &template).and_then(|world| {
        let played = stage("scenarios", || scenarios(workspace, &tools, &place, &world));
        if played.is_err() {
            world.stack.keep_logs(&world.aws, &place.path("logs"));
        }
        played
    });
    played.with_context(|| format!("the logs are in {}", place.path("logs").display()))?;
    stage("traces", || traces::check(workspace, &place))?;
    fs::remove_dir_all(place.path("run")).context("the emulator's files cannot be removed")
}

/// Does one thing and says how long it took.
fn stage<T>(name: &str, work: impl FnOnce() -> anyhow::Result<T>) -> anyhow::Result<T> {
    say(&format!("  e2e: {name} …"));
    let begun = Instant::now();
    let done = work().with_context(|| format!("{name} failed"))?;
    say(&format!("  e2e: {name} done ({:.1} s)", begun.elapsed().as_secs_f32()));
    Ok(done)
}

fn set_up(workspace: &Workspace, tools: &Tools, place: &Place, template: &Path) -> anyhow::Result<World> {
    let (emulator_port, issuer_port) = (free_port()?, free_port()?);
    let endpoint = format!("http://127.0.0.1:{emulator_port}");
    let issuer = format!("http://127.0.0.1:{issuer_port}");
    let aws = Aws::new(tools, &endpoint, place.path("run"))?;
    let (emulator_process, issuer_process) = stage("emulator", || {
        let served = place.path("run/issuer");
        let mut key = tools.python(include_str!("issuer.py"));
        key.arg(place.path("run/signing.der")).arg(&served);
        checked(&mut key, &place.log("issuer"))?;
        let mut server = tools.emulator("python");
        server.args(["-m", "http.server", "--bind", "127.0.0.1", "--directory"]).arg(&served);
        server.arg(issuer_port.to_string());
        let issuer = Background::start(tools, &server, &place.log("issuer"))?;
        let mut ministack = tools.emulator("python");
        ministack.args(["-m", "ministack"]);
        aws.environment_of(&mut ministack);
        // Every call is held to the caller's role; nothing listens but the one port.
        let settings = [("AUTH", "true"), ("IOT_MTLS_ENABLED", "0"), ("SFTP_ENABLED", "0"), ("BIND_HOST", "127.0.0.1")];
        ministack.envs(settings).env("GATEWAY_PORT", emulator_port.to_string());
        ministack.env("MINISTACK_HOST", "localhost").env("MINISTACK_REGION", REGION);
        ministack.env("TMPDIR", place.path("run"));
        let emulator = Background::start(tools, &ministack, &place.log("emulator"))?;
        wait_until_listening(issuer_port)?;
        wait_until_listening(emulator_port)?;
        Ok((emulator, issuer))
    })?;
    let short = tempfile::Builder::new().prefix("alims-").tempdir()?;
    let stack = stage("deployment", || {
        let rules = build::rules(workspace, place)?;
        // The template allows paths of 32 characters, and a checkout may lie deeper.
        let (policies, rules) =
            (linked(&short, "policies", &workspace.root.join("policies"))?, linked(&short, "rules", &rules)?);
        let parameters = [
            ("Architecture", build::architecture()?.to_owned()),
            ("JwtIssuer", issuer.clone()),
            ("JwtScope", "alims/use".to_owned()),
            // The emulator mounts no layers: the functions read what would be in them where it was built from.
            ("PoliciesDirectory", policies),
            ("RulesDirectory", rules),
            // It does not support archives in templates either, so this module creates the archive.
            ("EventArchiveDays", "0".to_owned()),
            // Nor alarms that add up metrics; the others are made, and measure nothing there.
            ("MetricMathAlarms", "off".to_owned()),
            // Nor AWS Backup.
            ("Backup", "off".to_owned()),
            // The scenarios read what a subscriber gets.
            ("SampleSubscriber", "on".to_owned()),
            // Nor saved queries of the logs.
            ("LogQueries", "off".to_owned()),
        ];
        Stack::deploy(&aws, tools, place, template, &parameters)
    })?;
    stage("buckets", || stack.permit_http(&aws))?;
    stage("edge", || complete(&aws, &stack, place))?;
    let described = world(&aws, &stack, &endpoint, &issuer, emulator_port, place);
    write(&place.path("world.json"), &described)?;
    Ok(World { aws, stack, _emulator: emulator_process, _issuer: issuer_process, _short: short })
}

/// A short path to a folder.
fn linked(short: &TempDir, name: &str, folder: &Path) -> anyhow::Result<String> {
    let link = short.path().join(name);
    std::os::unix::fs::symlink(folder, &link).with_context(|| format!("{} cannot be made", link.display()))?;
    Ok(link.display().to_string())
}

/// Adds the parts of the template that the emulator ignores: routes and authorizer, and the archive.
fn complete(aws: &Aws, stack: &Stack, place: &Place) -> anyhow::Result<()> {
    let file = place.path("run/edge.json");
    write(&file, &edge::completion(stack)?)?;
    let file = file.display().to_string();
    aws.call(&["cloudformation", "deploy", "--stack-name", "alims-edge", "--template-file", &file])?;
    let archive = stack.property("EventArchive", "EventPattern")?.to_string();
    let bus = stack.output("EventBusArn")?;
    let create = ["events", "create-archive", "--archive-name", "alims", "--event-source-arn", bus];
    aws.call(&[&create[..], &["--event-pattern", &archive]].concat())?;
    Ok(())
}

/// The parameters of the scenarios.
fn world(aws: &Aws, stack: &Stack, endpoint: &str, issuer: &str, port: u16, place: &Place) -> Value {
    json!({
        "endpoint": endpoint,
        "region": REGION,
        "account": ACCOUNT,
        "api_host": format!("{}.execute-api.localhost:{port}", stack.resource("Api").unwrap_or_default()),
        "issuer": issuer,
        "key_id": "e2e",
        "signing_key": place.path("run/signing.der"),
        "aws": aws.program(),
        "outputs": stack.outputs,
        "resources": stack.resources,
    })
}

/// The scenarios that affect all others, and the one that checks the final state of all. They run one by one.
const ONE_BY_ONE: [&str; 2] = ["alone::", "ending::"];
/// The scenarios that write to the log past the service, so the specification must not judge what is seen of them.
const UNRECORDED: [&str; 3] = ["anchored::", "exported::", "restored::"];

/// Runs first the independent scenarios, in parallel, then each of the other groups.
fn scenarios(workspace: &Workspace, tools: &Tools, place: &Place, world: &World) -> anyhow::Result<()> {
    // One of them runs the operator's program; cargo builds it for the tests of its own package only.
    let operator = ["test", "--workspace", "--features", "alims-tests/e2e", "--test", "smoke", "--no-run"];
    Step::cargo("the operator's program", &operator).run(workspace)?;
    let run = |arguments: &[&str], recorded: bool| {
        // All of the workspace is named so that no dependency is built again with other features.
        let cargo = ["test", "--workspace", "--features", "alims-tests/e2e", "--test", "e2e", "--"];
        let mut cargo = Step::cargo("the scenarios", &[&cargo[..], arguments].concat()).command(workspace);
        tools.on_path(&mut cargo);
        world.aws.environment_of(&mut cargo);
        cargo.env("ALIMS_E2E", place.path("world.json"));
        if recorded {
            cargo.env("ALIMS_E2E_SEEN", place.path(SEEN));
        }
        let status = cargo.status().context("cargo could not be started")?;
        anyhow::ensure!(status.success(), "a scenario does not hold");
        Ok(())
    };
    let together: Vec<&str> = ONE_BY_ONE.iter().chain(&UNRECORDED).flat_map(|name| ["--skip", name]).collect();
    run(&together, true)?;
    ONE_BY_ONE.iter().try_for_each(|group| run(&[group, "--test-threads", "1"], true))?;
    UNRECORDED.iter().try_for_each(|group| run(&[group, "--test-threads", "1"], false))
}

fn write(path: &Path, value: &Value) -> anyhow::Result<()> {
    let text = serde_json::to_string_pretty(value)?;
    fs::write(path, text).with_context(|| format!("{} cannot be written", path.display()))
}
