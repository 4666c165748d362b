//! `cargo xtask`: the workspace's own commands. `test` is everything that CI runs; CI runs nothing else.

mod access;
mod alone;
mod console;
mod contract;
mod cost;
mod debian;
mod deploy;
mod e2e;
mod fuzz;
mod machine;
mod mutants;
mod new_operation;
mod node;
mod openapi;
mod part;
mod prerequisites;
mod rules;
mod runner;
mod sam_local;
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
    /// Run each function in a container with `sam local`, on a laptop's database and bus; needs Linux and root.
    SamLocal(sam_local::Asked),
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
    /// Write template.yaml and docs/metrics.md, docs/permissions.md and docs/timeouts.md from deployment/, the functions'
    /// deployment.toml and the list of metrics.
    Stack,
    /// Check the template and the state machine's definition with SAM CLI, cfn-lint and checkov.
    Template {
        /// Look at the template for every region of AWS, and not only for two: it takes minutes.
        #[arg(long)]
        all_regions: bool,
    },
    /// Check the rules and the policies that the layers ship, then run `sam build` and `sam deploy`.
    Deploy(deploy::Asked),
    /// Play the five scenarios of the demo against a server of their own.
    Demo,
    /// Lint openapi.yaml, generate clients and types from it and from schemas/, and compile and run a use of them.
    Clients,
    /// Check the console's types, its unit tests, its committed build, and its pages in Chromium.
    Console(console::Asked),
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
    /// Write the figures of docs/cost.md, or print a month's bill for a rate of one's own.
    Cost(cost::Asked),
    /// Run an operator's command on a deployed service, or on one on this machine, such as compare-index.
    Admin {
        /// The command and its arguments; `-- --help` lists them.
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        arguments: Vec<String>,
    },
    /// Check whether this machine can build and deploy the service, and say how to get what it lacks.
    Prerequisites(prerequisites::Asked),
    /// Take one workflow through a deployed service and check everything that must follow, after each deployment.
    Smoke {
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
        Some(Task::SamLocal(asked)) => sam_local::run(&workspace, *asked),
        Some(Task::NewOperation(asked)) => new_operation::make(&workspace, asked),
        Some(Task::Openapi) => openapi::write(&workspace),
        Some(Task::Access(shown)) => access::show(&workspace, shown),
        Some(Task::Rules { asked }) => rules::answer(asked),
        Some(Task::Schemas) => schemas::write(&workspace),
        Some(Task::Machine) => machine::write(&workspace),
        Some(Task::Spec { traces: true, operations, seed, .. }) => spec::traces::check(&workspace, *operations, *seed),
        Some(Task::Spec { quick, .. }) => spec::check(&workspace, *quick, &Session::foreground()),
        Some(Task::Stack) => stack::write(&workspace),
        Some(Task::Template { all_regions }) => template::check(&workspace, *all_regions),
        Some(Task::Deploy(asked)) => deploy::run(&workspace, asked),
        Some(Task::Demo) => Step::cargo("demo", &["run", "--package", "alims-local", "--", "demo"]).run(&workspace),
        Some(Task::Clients) => contract::clients::check(&workspace),
        Some(Task::Console(asked)) => console::check(&workspace, asked),
        Some(Task::Schemathesis(asked)) => contract::conformance::build_and_check(&workspace, *asked),
        Some(Task::Fuzz(asked)) => fuzz::run(&workspace, asked),
        Some(Task::Deny) => deny(&workspace),
        Some(Task::Cost(asked)) => cost::answer(&workspace, asked),
        Some(Task::Prerequisites(asked)) => prerequisites::check(&workspace, asked),
        Some(Task::RebuildIndex { arguments }) => operate("rebuild-index", arguments),
        Some(Task::Smoke { arguments }) => operate("smoke", arguments),
        Some(Task::Admin { arguments }) => {
            Step::cargo("admin", &["run", "--package", "alims-admin", "--"]).with(arguments).take_over()
        }
        Some(Task::Mutants { arguments }) => mutants::run(&workspace, arguments),
        Some(Task::Bench { arguments }) => bench(&workspace, arguments),
    }
}

/// Becomes a command of the operator's program.
fn operate(command: &str, arguments: &[String]) -> anyhow::Result<()> {
    Step::cargo(command, &["run", "--quiet", "--package", "alims-admin", "--", command]).with(arguments).take_over()
}

/// Builds the measurement and, if it starts one, the server as one build, side by side, and runs the former.
fn bench(workspace: &Workspace, arguments: &[String]) -> anyhow::Result<()> {
    // What only counts needs no optimised build.
    if arguments.first().is_some_and(|first| first == "lists") {
        Step::cargo("the build", &["build", "--package", "alims-bench"]).run(workspace)?;
        let file = workspace.built(Build::Development, "alims-bench");
        return Step::built("bench", file, &[]).with(arguments).run(workspace);
    }
    let mut build = vec!["build", "--release", "--package", "alims-bench"];
    // A measurement in process needs no server.
    if arguments.first().is_none_or(|first| !["judging", "traces"].contains(&first.as_str())) {
        build.extend(["--package", "alims-local"]);
    }
    Step::cargo("the build to be measured", &build).run(workspace)?;
    let mut bench = Step::built("bench", workspace.built(Build::Release, "alims-bench"), &[]).with(arguments);
    // A start is measured of a function as it is deployed, unless another file is named.
    if arguments.first().is_some_and(|first| first == "start") && !arguments.iter().any(|one| one == "--function") {
        let function = "request-state-transition";
        Step::cargo("the function as deployed", &["build", "--release", "--package", function]).run(workspace)?;
        let file = workspace.target.join("release").join(function).display().to_string();
        bench = bench.with(&["--function".to_owned(), file]);
    }
    bench.run(workspace)
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
