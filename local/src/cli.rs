//! The command line: serve, print a token, play the demo.

use alims_operations::ports::Clock;
use alims_rules::{Authorization, Endpoint, Engine, Reach};
use alims_runtime::SystemClock;
use clap::{Args, Parser, Subcommand};
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use std::error::Error;
use std::io::{self, Read, Write};
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;
use tokio::sync::oneshot;
use tracing_subscriber::EnvFilter;

use crate::args::JudgesArgs;
use crate::demo;
use crate::folder::DataFolder;
use crate::key::SigningKey;
use crate::rules_engine::RulesEngine;
use crate::server::{Config, Server, repository};
use crate::token::{self, ISSUER_DEFAULT, LIFETIME_DEFAULT_S, SHIPPED_ROLES, TokenRequest};

/// What is logged when `RUST_LOG` says nothing. Dynoxide warns of every condition that fails, which is our daily bread.
const LOG_FILTER_DEFAULT: &str = "warn,dynoxide=error";
/// Who the ready-made token is for.
const READY_MADE_SUB: &str = "you";
/// The exit code of a process that was interrupted, as shells have it: 128 and the signal's number.
const INTERRUPTED: u8 = 130;
/// How long what is left may take when the process ends.
const RUNTIME_END_TIMEOUT: Duration = Duration::from_secs(1);

/// The ALIMS Workflow Manager in one process, on an embedded DynamoDB.
#[derive(Debug, Parser)]
#[command(name = "cargo local", bin_name = "cargo local", args_conflicts_with_subcommands = true)]
struct Cli {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    serve: ServeArgs,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Print a token for the server on a data folder, and nothing else.
    Token(TokenArgs),
    /// Play what the service does against a server of its own, and check that it holds.
    Demo(DemoArgs),
    /// Serve the rules over the contract of the remote rules engine, for those who implement it and to try it.
    RulesEngine(RulesEngineArgs),
}

#[derive(Debug, Args)]
struct ServeArgs {
    /// The port of 127.0.0.1 to listen on; 0 for any that is free.
    #[arg(long, default_value_t = 3000)]
    port: u16,
    /// The port of 127.0.0.1 for the embedded database's own API, which asks nobody who they are.
    #[arg(long, value_name = "PORT", default_value_t = 0)]
    database_port: u16,
    /// The port of 127.0.0.1 to put events on the bus, as on Amazon EventBridge; it asks nobody either.
    #[arg(long, value_name = "PORT", default_value_t = 0)]
    events_port: u16,
    /// Where everything is kept [default: .local in the repository].
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    #[command(flatten)]
    judges: JudgesArgs,
    /// Have moves judged by the engine at this address, over the contract of docs/predicate-logic-engine.md.
    #[arg(long, value_name = "URL", conflicts_with = "alims_engine")]
    rules_engine: Option<Endpoint>,
    /// Have moves judged by ALIMS's own PredicateLogic Engine at this address.
    #[arg(long, value_name = "URL")]
    alims_engine: Option<Endpoint>,
    /// How long such an engine may take for one judgement, in milliseconds.
    #[arg(long, value_name = "MS", default_value_t = 300, value_parser = clap::value_parser!(u64).range(1..=5000))]
    rules_deadline: u64,
    /// Whose tokens to take.
    #[arg(long, value_name = "URL", default_value = ISSUER_DEFAULT)]
    issuer: String,
    /// Publish nothing: what a server leaves behind that dies before it publishes.
    #[arg(long, hide = true)]
    hold_events: bool,
    /// Play that the rules engine is down for as long as there is such a file.
    #[arg(long, hide = true, value_name = "FILE")]
    rules_down_while: Option<PathBuf>,
    /// End when the standard input ends, so that no server outlives who started it.
    #[arg(long, hide = true)]
    until_stdin_closes: bool,
}

#[derive(Debug, Args)]
struct TokenArgs {
    /// Whom the token is for.
    #[arg(long)]
    sub: String,
    /// A role it has: viewer, analyst, supervisor, auditor, or one of your policies'. May be repeated.
    #[arg(long = "role", value_name = "ROLE")]
    roles: Vec<String>,
    /// The tenant it is for.
    #[arg(long, default_value = "default")]
    tenant: String,
    /// The data folder of the server [default: .local in the repository].
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// How many seconds it holds; below zero it has expired.
    #[arg(long, value_name = "SECONDS", default_value_t = LIFETIME_DEFAULT_S, allow_hyphen_values = true)]
    expires_in: i64,
    /// Who issues it.
    #[arg(long, value_name = "URL", default_value = ISSUER_DEFAULT)]
    issuer: String,
}

#[derive(Debug, Args)]
struct RulesEngineArgs {
    /// The port of 127.0.0.1 to listen on; 0 for any that is free.
    #[arg(long, default_value_t = 3001)]
    port: u16,
    /// The folder of the rules [default: rules in the repository].
    #[arg(long, value_name = "DIR")]
    rules: Option<PathBuf>,
    /// End when the standard input ends, so that no engine outlives who started it.
    #[arg(long, hide = true)]
    until_stdin_closes: bool,
}

#[derive(Debug, Args)]
struct DemoArgs {
    /// Print the outcome as JSON instead of telling it.
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    judges: JudgesArgs,
}

/// Does what the command line says.
#[must_use]
pub fn run() -> ExitCode {
    let cli = Cli::parse();
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new(LOG_FILTER_DEFAULT));
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(io::stderr).init();
    let done = match cli.command {
        None => on_runtime(serve(cli.serve)),
        Some(Command::Token(args)) => print_token(args).map(|()| ExitCode::SUCCESS),
        Some(Command::Demo(args)) => on_runtime(demo::play(args.json, args.judges)),
        Some(Command::RulesEngine(args)) => on_runtime(serve_rules(args)),
    };
    done.unwrap_or_else(|error| {
        // Where the standard error is closed, the exit code says it alone.
        let _ = writeln!(io::stderr(), "error: {}", in_one_line(error.as_ref()));
        ExitCode::FAILURE
    })
}

/// An error and what caused it.
fn in_one_line(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text.push_str(": ");
        text.push_str(&error.to_string());
        cause = error.source();
    }
    text.replace('\n', " ")
}

type Failure = Box<dyn Error + Send + Sync>;

fn on_runtime(work: impl Future<Output = Result<ExitCode, Failure>>) -> Result<ExitCode, Failure> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let done = runtime.block_on(work);
    runtime.shutdown_timeout(RUNTIME_END_TIMEOUT);
    done
}

fn data_folder(named: Option<PathBuf>) -> PathBuf {
    named.unwrap_or_else(|| repository().join(".local"))
}

fn print_token(args: TokenArgs) -> Result<(), Failure> {
    let key = SigningKey::load_or_create(&DataFolder::open(&data_folder(args.data))?)?;
    let request = TokenRequest { sub: args.sub, tenant: args.tenant, roles: args.roles, lifetime_s: args.expires_in };
    let token = token::issue(&key, &args.issuer, &request, SystemClock.now())?;
    writeln!(io::stdout(), "{token}")?;
    Ok(())
}

/// Serves until told to end.
async fn serve(args: ServeArgs) -> Result<ExitCode, Failure> {
    let named_data = args.data.is_some();
    let defaults = Config::new(&data_folder(args.data));
    let folder = args.judges.rules.unwrap_or_else(|| repository().join("rules"));
    let reach = |endpoint| Reach {
        endpoint,
        deadline: Duration::from_millis(args.rules_deadline),
        authorization: Authorization::None,
    };
    let rules = match (args.rules_engine, args.alims_engine) {
        (Some(endpoint), _) => Engine::Remote(reach(endpoint)),
        (None, Some(endpoint)) => Engine::Alims { reach: reach(endpoint), rules: folder },
        (None, None) => Engine::Embedded { rules: folder },
    };
    let config = Config {
        port: args.port,
        database_port: args.database_port,
        events_port: args.events_port,
        rules,
        policies: args.judges.policies.unwrap_or(defaults.policies),
        issuer: args.issuer,
        hold_events: args.hold_events,
        show_events: true,
        rules_down_while: args.rules_down_while,
        sweep_every: defaults.sweep_every,
        data: defaults.data,
    };
    let mut told_to_end = std::pin::pin!(told_to_end(args.until_stdin_closes)?);
    let server = tokio::select! {
        started = Server::start(config.clone()) => started?,
        () = &mut told_to_end => return Ok(ExitCode::SUCCESS),
    };
    // A closed standard output is no reason to end: the service is for those who call it.
    let _ = write!(io::stdout(), "{}", banner(&server, &config, named_data)?);
    told_to_end.await;
    let _ = writeln!(io::stderr(), "stopping");
    tokio::select! {
        () = server.stop() => Ok(ExitCode::SUCCESS),
        // Somebody has no patience. Nothing is lost: it is as if the process were killed.
        _ = tokio::signal::ctrl_c() => Ok(ExitCode::from(INTERRUPTED)),
    }
}

/// Serves the rules until told to end.
async fn serve_rules(args: RulesEngineArgs) -> Result<ExitCode, Failure> {
    let told_to_end = told_to_end(args.until_stdin_closes)?;
    let rules = args.rules.unwrap_or_else(|| repository().join("rules"));
    let engine = RulesEngine::start(args.port, &rules).await?;
    let _ = writeln!(io::stdout(), "listening on http://{}", engine.address());
    told_to_end.await;
    engine.stop().await;
    Ok(ExitCode::SUCCESS)
}

/// Ends on SIGINT, on SIGTERM and, when asked to, at the end of the standard input. The handlers are in place when
/// this returns.
fn told_to_end(with_stdin: bool) -> io::Result<impl Future<Output = ()>> {
    #[cfg(unix)]
    let mut terminated = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate())?;
    let stdin_closed: BoxFuture<'static, ()> = if with_stdin {
        let (close, closed) = oneshot::channel();
        // A thread of its own: reading the standard input cannot be cancelled.
        std::thread::spawn(move || {
            let _ = io::stdin().read_to_end(&mut Vec::new());
            let _ = close.send(());
        });
        Box::pin(closed.map(|_| ()))
    } else {
        Box::pin(std::future::pending())
    };
    Ok(async move {
        #[cfg(unix)]
        let terminated = terminated.recv();
        #[cfg(not(unix))]
        let terminated = std::future::pending::<Option<()>>();
        tokio::select! {
            _ = tokio::signal::ctrl_c() => {}
            _ = terminated => {}
            () = stdin_closed => {}
        }
    })
}

/// What a person needs to begin. The last line says that the server is ready.
fn banner(server: &Server, config: &Config, named_data: bool) -> Result<String, Failure> {
    let base = format!("http://{}", server.address());
    let roles = SHIPPED_ROLES.map(str::to_owned).to_vec();
    let request = TokenRequest {
        sub: READY_MADE_SUB.to_owned(),
        tenant: "default".to_owned(),
        roles,
        lifetime_s: LIFETIME_DEFAULT_S,
    };
    let token = server.token(&request)?;
    let (database, bus) = (server.dynamodb(), server.eventbridge());
    let [database, bus] = [&database, &bus].map(|config| config.endpoint_url().unwrap_or_default());
    let data = std::path::absolute(&config.data)?;
    let (data, policies) = (data.display(), config.policies.display());
    let rules = match &config.rules {
        Engine::Embedded { rules } => rules.display().to_string(),
        Engine::Remote(reach) => format!("{} judges", reach.endpoint),
        Engine::Alims { reach, rules } => format!("{} judges, by what {} names", reach.endpoint, rules.display()),
    };
    let flag = if named_data { format!(" --data {data}") } else { String::new() };
    let held = if config.hold_events { "\n  events    are held back" } else { "" };
    let all_roles = SHIPPED_ROLES.join(", ");
    Ok(format!(
        r#"ALIMS Workflow Manager on this machine

  service   {base}
  docs      {base}/docs
  events    {base}/events (server-sent), and below{held}
  database  {database} (the DynamoDB API, for tools of this machine)
  bus       {bus} (PutEvents of the EventBridge API, likewise)
  data      {data} (embedded DynamoDB, key, events)
  rules     {rules}
  policies  {policies}

A token for "{READY_MADE_SUB}" with the roles {all_roles}; it holds for {hours} hours:

export TOKEN={token}

To begin with, in another terminal, with that token:

curl -s {base}/workflows -H "Authorization: Bearer $TOKEN" -H 'Content-Type: application/json' \
  -d '{{"workflow_id": "sample-1", "workflow_type": "sample-analysis", "metadata": {{"sample_id": "S-1"}}}}'
curl -s {base}/workflows/sample-1/transitions -H "Authorization: Bearer $TOKEN" -H 'Content-Type: application/json' \
  -d '{{"target_state": "ACTIVE", "reason": "the analysis begins"}}'
curl -s {base}/workflows/sample-1/history -H "Authorization: Bearer $TOKEN"

Somebody else's token, for what needs two people: cargo local token --sub bob --role supervisor{flag}
Ctrl-C ends the server; the data stays.

listening on {base}
"#,
        hours = LIFETIME_DEFAULT_S / 3600,
    ))
}
