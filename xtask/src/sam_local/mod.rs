//! `cargo xtask sam-local`: runs each function in a container, as docs/sam-local.md says, and checks its answer and what
//! it did on a laptop's database and bus.
//!
//! It uses no container engine of this machine. It starts one of its own, in namespaces of its own for processes,
//! mounts and network (`unshare(1)`): when the first process there ends, in any way, the kernel ends all others and takes
//! mounts and network away.

mod calls;
mod engine;
mod image;
mod laptop;
mod needs;
mod place;

use std::fs;
use std::io::Read as _;
use std::process::Stdio;
use std::thread;
use std::time::Instant;

use anyhow::Context as _;
use clap::Args;

use crate::e2e::staged;
use crate::step::{Step, say};
use crate::tools::Tools;
use crate::workspace::{Build, Workspace};

use self::engine::Engine;
use self::laptop::Laptop;
use self::place::Place;

/// How to run it.
#[derive(Args, Clone, Copy, Debug)]
pub(crate) struct Asked {
    /// Use the binaries of the last build.
    #[arg(long)]
    no_build: bool,
    /// This process is the first one in the namespaces.
    #[arg(long, hide = true)]
    inside: bool,
}

impl Asked {
    /// As CI runs it.
    pub(crate) const IN_CI: Self = Self { no_build: false, inside: false };
}

/// Runs it where this machine can, and says what is missing where it cannot.
///
/// # Errors
/// As [`run`]; not when something is missing.
pub(crate) fn run_where_possible(workspace: &Workspace) -> anyhow::Result<()> {
    match needs::met() {
        Ok(()) => run(workspace, Asked::IN_CI),
        Err(missing) => {
            say(&format!("   NOT RUN, because this machine cannot: {missing}"));
            Ok(())
        }
    }
}

/// Sets everything up, calls each function in a container, and takes everything away again.
///
/// # Errors
/// What is missing, or what a function or a server did otherwise; then the logs stay, and the error says where.
pub(crate) fn run(workspace: &Workspace, asked: Asked) -> anyhow::Result<()> {
    let place = Place::of(workspace);
    if asked.inside {
        end_with_the_parent();
        return check(workspace, &place);
    }
    needs::met().map_err(|missing| anyhow::anyhow!("{missing}"))?;
    clear(&place)?;
    for folder in ["logs", "run/home"] {
        fs::create_dir_all(place.path(folder))?;
    }
    let tools = stage("tools", || Tools::install(workspace))?;
    drop(tools);
    stage("build", || {
        if !asked.no_build {
            Step::build_of_everything("the functions").run(workspace)?;
        }
        staged(workspace, &place.path("functions"))?;
        image::write(&place.path("functions"), &place.path("run/base.tar"))
    })?;
    let checked = in_namespaces(workspace);
    clear(&place)?;
    checked.with_context(|| format!("the logs are in {}", place.path("logs").display()))
}

/// Removes what a run leaves, but for its logs.
fn clear(place: &Place) -> anyhow::Result<()> {
    place.clear()?;
    engine::clear_cgroups();
    Ok(())
}

/// Runs this program again as the first process of new namespaces, until it ends.
///
/// It names the program by where cargo puts it: a build of everything replaces the file that this process runs, which
/// then has no path of its own.
fn in_namespaces(workspace: &Workspace) -> anyhow::Result<()> {
    let program = workspace.built(Build::Development, "alims-xtask");
    let mut unshare = needs::in_namespaces(&program);
    unshare.args(["sam-local", "--inside"]);
    let mut inside = unshare.stdin(Stdio::piped()).spawn().context("unshare could not be started")?;
    // Its input ends when this program does, in any way: so it knows. To wait for it would close the input at once.
    let input = inside.stdin.take();
    let status = inside.wait()?;
    drop(input);
    anyhow::ensure!(status.success(), "a function in a container does not do what it should ({status})");
    Ok(())
}

/// Ends this process, and so its namespaces, when the process that started it has ended.
fn end_with_the_parent() {
    thread::spawn(|| {
        let _ended = std::io::stdin().read_to_end(&mut Vec::new());
        std::process::exit(1);
    });
}

/// The work in the namespaces.
fn check(workspace: &Workspace, place: &Place) -> anyhow::Result<()> {
    let tools = Tools::install(workspace)?;
    let engine = stage("engine", || Engine::start(place))?;
    let laptop = stage("laptop", || Laptop::start(workspace, place, engine::BRIDGE, None))?;
    let sam = calls::Sam { tools: &tools, place, laptop: &laptop, engine: &engine };
    stage("functions", || calls::each_function(workspace, &sam))?;
    stage("laptop's state", || laptop.holds_what_the_functions_did())?;
    stage("start-api", || calls::start_api(&sam))?;
    stage("laptop's state", || laptop.holds_what_the_functions_did())?;
    laptop.stop()?;
    let laptop = stage("laptop as gateway", || Laptop::start(workspace, place, engine::BRIDGE, Some(calls::LAMBDA)))?;
    stage("start-lambda", || {
        calls::start_lambda(&calls::Sam { tools: &tools, place, laptop: &laptop, engine: &engine })
    })?;
    laptop.stop()
}

/// Does one thing and says how long it took.
fn stage<T>(name: &str, work: impl FnOnce() -> anyhow::Result<T>) -> anyhow::Result<T> {
    say(&format!("  sam-local: {name} …"));
    let begun = Instant::now();
    let done = work().with_context(|| format!("{name} failed"))?;
    say(&format!("  sam-local: {name} done ({:.1} s)", begun.elapsed().as_secs_f32()));
    Ok(done)
}
