//! `cargo xtask`: the workspace's own commands. `test` is everything that CI runs; CI runs nothing else.

mod access;
mod alone;
mod contract;
mod e2e;
mod fuzz;
mod machine;
mod mutants;
mod new_operation;
mod node;
mod openapi;
mod part;
mod rules;
mod runner;
mod schemas;
mod session;
mod spec;
mod stack;
mod step;
mod suite;
mod template;
mod tools;
mod workspace;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::session::Session;
use crate::step::{Step, cargo_has};
use crate::workspace::{Build, Workspace};

#[derive(Parser)]
#[command(name = "cargo xtask", about, arg_required_else_help = true)]
struct Arguments {
    /// Show the steps of `test`, each with its command, and run none.
    #[arg(long)]
    list: bool,
    #[command(subcommand)]
    task: Option<Task>,
}

#[derive(Subcommand)]
enum Task {
    /// Everything that CI runs, stopping at the first failure.
    Test,
    /// Run the checks before a push: layout, lints, and the tests that take seconds.
    Check,
    /// Check separately each package that is built alone: a workspace build unifies features and hides a missing one.
    Alone {
        /// Check the other packages alone as well.
        #[arg(long)]
        every_package: bool,
    },
    /// Deploy the template on an emulator of AWS and play the scenarios of tests/tests/e2e against it.
    E2e {
        /// Deploy the build that the tests use, as CI does, instead of what would be deployed on AWS.
        #[arg(long)]
        development: bool,
    },
    /// Make every place of a new operation; its author fills in what it does.
    NewOperation(new_operation::Asked),
    /// Write openapi.yaml from the types of the edge.
    Openapi,
    /// Write the table of who may do what into docs/access.md, or print that of other policies.
    Access(access::Shown),
    /// Write schemas/ from the types of the events.
    Schemas,
    /// Write the state machine's definition from the machine that a laptop runs.
    Machine,
    /// Run TLC on the models of spec/, and check that each mutant violates its property.
    Spec {
        /// Only the small model and the mutants: within a minute, instead of ten.
        #[arg(long)]
        quick: bool,
        /// Instead of the models, record runs of the code with faults and have TLC decide whether the specification
        /// allows them.
        #[arg(long, conflicts_with = "quick")]
        traces: bool,
        /// How many operations to record.
        #[arg(long, requires = "traces", default_value_t = spec::traces::OPERATIONS)]
        operations: usize,
        /// The seed of the first run; the others follow.
        #[arg(long, requires = "traces", default_value_t = 1)]
        seed: u64,
    },
    /// Write template.yaml, docs/permissions.md and docs/timeouts.md from deployment/ and the functions' deployment.toml.
    Stack,
    /// Check the template and the state machine's definition with SAM CLI and cfn-lint.
    Template,
    /// Play the four scenarios of the demo against a server of their own.
    Demo,
    /// Lint openapi.yaml, generate clients and types from it and from schemas/, and compile and run a use of them.
    Clients,
    /// Call a server of its own as openapi.yaml allows and forbids, and check every answer against it.
    Schemathesis(contract::conformance::Asked),
    /// Give random bytes to everything that reads bytes of others, some seconds each.
    Fuzz(fuzz::Asked),
    /// Check licences, bans, sources and advisories of every dependency; the advisories need the network.
    Deny,
    /// Rebuild the index of a deployed service, or of one on this machine, from its log.
    RebuildIndex {
        /// Arguments of the operator's command; `-- --help` lists them.
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        arguments: Vec<String>,
    },
    /// For authors of rules: check a folder, or explain a verdict.
    Rules {
        /// Which of the two.
        #[command(subcommand)]
        asked: rules::Asked,
    },
    /// Mutate domain and operations in one place after another and check that their tests fail; takes an hour.
    Mutants {
        /// Further arguments of cargo-mutants; `-- --help` lists them.
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        arguments: Vec<String>,
    },
    /// Run a benchmark; the arguments are its own.
    Bench {
        /// Arguments of the benchmark; `-- --help` lists them.
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        arguments: Vec<String>,
    },
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    match run(&arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            step::complain(&error);
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let workspace = Workspace::read()?;
    if arguments.list {
        suite::list(&workspace);
    }
    match &arguments.task {
        None => Ok(()),
        Some(Task::Test) => suite::test(&workspace),
        Some(Task::Check) => suite::check(&workspace),
        Some(Task::Alone { every_package }) => alone::check(&workspace, *every_package),
        Some(Task::E2e { development: true }) => e2e::run(&workspace, e2e::Built::Development),
        Some(Task::E2e { development: false }) => e2e::run(&workspace, e2e::Built::AsDeployed),
        Some(Task::NewOperation(asked)) => new_operation::make(&workspace, asked),
        Some(Task::Openapi) => openapi::write(&workspace),
        Some(Task::Access(shown)) => access::show(&workspace, shown),
        Some(Task::Rules { asked }) => rules::answer(asked),
        Some(Task::Schemas) => schemas::write(&workspace),
        Some(Task::Machine) => machine::write(&workspace),
        Some(Task::Spec { traces: true, operations, seed, .. }) => spec::traces::check(&workspace, *operations, *seed),
        Some(Task::Spec { quick, .. }) => spec::check(&workspace, *quick, &Session::foreground()),
        Some(Task::Stack) => stack::write(&workspace),
        Some(Task::Template) => template::check(&workspace),
        Some(Task::Demo) => Step::cargo("demo", &["run", "--package", "alims-local", "--", "demo"]).run(&workspace),
        Some(Task::Clients) => contract::clients::check(&workspace),
        Some(Task::Schemathesis(asked)) => contract::conformance::build_and_check(&workspace, *asked),
        Some(Task::Fuzz(asked)) => fuzz::run(&workspace, asked),
        Some(Task::Deny) => deny(&workspace),
        Some(Task::RebuildIndex { arguments }) => {
            let run = ["run", "--package", "alims-admin", "--", "rebuild-index"];
            Step::cargo("rebuild-index", &run).with(arguments).take_over()
        }
        Some(Task::Mutants { arguments }) => mutants::run(&workspace, arguments),
        Some(Task::Bench { arguments }) => bench(&workspace, arguments),
    }
}

/// Builds the measurement and, if it starts one, the server as one build, side by side, and runs the former.
fn bench(workspace: &Workspace, arguments: &[String]) -> anyhow::Result<()> {
    let mut build = vec!["build", "--profile", "measure", "--package", "alims-bench"];
    // A measurement in process needs no server.
    if arguments.first().is_none_or(|first| first != "judging") {
        build.extend(["--package", "alims-local"]);
    }
    Step::cargo("the build to be measured", &build).run(workspace)?;
    Step::built("bench", workspace.built(Build::Measured, "alims-bench"), &[]).with(arguments).run(workspace)
}

/// Two calls, so that a user without network access still gets the results of every offline check.
fn deny(workspace: &Workspace) -> anyhow::Result<()> {
    if !cargo_has(workspace, "deny") {
        anyhow::bail!("cargo-deny is missing; install it with: cargo install --locked cargo-deny");
    }
    Step::cargo("what we may use", &["deny", "check", "licenses", "bans", "sources"]).run(workspace)?;
    Step::cargo("known vulnerabilities", &["deny", "check", "advisories"]).run(workspace).map_err(|error| {
        error.context("the advisory database comes from the network: if it could not be reached, nothing was checked")
    })
}
