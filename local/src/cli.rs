//! The command line: run the server, print a token, run the demo.

use alims_domain::identifiers::{PrincipalId, Role, TenantId};
use alims_domain::invalid::InvalidValue;
use alims_operations::errors::with_causes;
use alims_operations::ports::Clock;
use alims_rules::{Authorization, Endpoint, Engine, Reach};
use alims_runtime::SystemClock;
use clap::{Args, CommandFactory, FromArgMatches, Parser, Subcommand};
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use std::error::Error;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;
use tokio::sync::oneshot;
use tracing_subscriber::EnvFilter;

use crate::args::JudgesArgs;
use crate::containers::ContainerHost;
use crate::demo;
use crate::edge::elsewhere::LambdaEndpoint;
use crate::folder::{DataFolder, shipped_in};
use crate::key::SigningKey;
use crate::printable::{LogLines, printable};
use crate::rules_engine::RulesEngine;
use crate::seed::{self, SeedArgs};
use crate::server::{Config, Server};
use crate::shipped::{self, Defaults, repository};
use crate::token::{self, ISSUER_DEFAULT, LIFETIME_DEFAULT_S, TENANT_DEFAULT, TokenRequest};

/// The log filter when `RUST_LOG` is not set. Dynoxide warns of every failed condition, which is normal here.
const LOG_FILTER_DEFAULT: &str = "warn,dynoxide=error";
/// The exit code of a process that was interrupted, as shells have it: 128 and the signal's number.
const INTERRUPTED: u8 = 130;
/// How long background work may take when the process ends.
const RUNTIME_END_TIMEOUT: Duration = Duration::from_secs(1);

/// Run the ALIMS Workflow Manager in one process, on an embedded DynamoDB.
#[derive(Debug, Parser)]
#[command(args_conflicts_with_subcommands = true)]
struct Cli {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    serve: ServeArgs,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Print a token for the server that uses a data folder.
    Token(TokenArgs),
    /// Run five scenarios against a temporary server and check the results.
    Demo(DemoArgs),
    /// Fill the data folder with a believable laboratory, through the API.
    Seed(SeedArgs),
    /// Run a reference rules engine over HTTP, to try the contract or to implement it.
    RulesEngine(RulesEngineArgs),
}

#[derive(Debug, Args)]
struct ServeArgs {
    /// Port to listen on, on 127.0.0.1; 0 selects a free port.
    #[arg(long, default_value_t = 3000)]
    port: u16,
    /// Port of the embedded DynamoDB API, on 127.0.0.1; 0 selects a free port.
    #[arg(long, value_name = "PORT", default_value_t = 0)]
    database_port: u16,
    /// Port of the EventBridge PutEvents API, on 127.0.0.1; 0 selects a free port.
    #[arg(long, value_name = "PORT", default_value_t = 0)]
    events_port: u16,
    /// Name or address besides 127.0.0.1 and localhost by which clients reach the ports. Repeatable.
    #[arg(long = "allow-host", value_name = "HOST")]
    allowed_hosts: Vec<String>,
    /// Serve database and bus to containers, which reach this machine as HOST: the address of their bridge
    /// (172.17.0.1), where both ports are opened too, or a name (host.docker.internal).
    #[arg(long, value_name = "HOST")]
    containers: Option<ContainerHost>,
    /// Call the functions at this URL, by Lambda's interface: those of `sam local start-lambda`.
    #[arg(long, value_name = "URL")]
    functions_at: Option<LambdaEndpoint>,
    /// Data folder [default: .local in the repository; without it .local in the current folder].
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    #[command(flatten)]
    judges: JudgesArgs,
    /// Evaluate rules with the remote engine at this URL (contract: docs/predicate-logic-engine.md).
    #[arg(long, value_name = "URL", conflicts_with = "alims_engine")]
    rules_engine: Option<Endpoint>,
    /// Evaluate rules with ALIMS's own PredicateLogic Engine at this URL.
    #[arg(long, value_name = "URL")]
    alims_engine: Option<Endpoint>,
    /// Deadline of a remote engine for one evaluation, in milliseconds, from 1 to 2000.
    #[arg(long, value_name = "MS", default_value_t = 300, value_parser = clap::value_parser!(u64).range(1..=2000))]
    rules_deadline: u64,
    /// Accepted token issuer.
    #[arg(long, value_name = "URL", default_value = ISSUER_DEFAULT)]
    issuer: String,
    /// Scope that a token must have, as JwtScope on AWS.
    #[arg(long, value_name = "SCOPE", value_parser = scope)]
    scope: Option<String>,
    /// Publish no events, as if the server died before it published.
    #[arg(long, hide = true)]
    hold_events: bool,
    /// Simulate an unavailable rules engine while this file exists.
    #[arg(long, hide = true, value_name = "FILE")]
    rules_down_while: Option<PathBuf>,
    /// Stop when standard input closes, so that the server does not outlive its parent process.
    #[arg(long, hide = true)]
    until_stdin_closes: bool,
}

#[derive(Debug, Args)]
struct TokenArgs {
    /// Subject: the principal who uses the token.
    #[arg(long, value_parser = subject)]
    sub: PrincipalId,
    /// Role: viewer, analyst, supervisor, auditor, or a role of your own policies. Repeatable.
    #[arg(long = "role", value_name = "ROLE")]
    roles: Vec<Role>,
    /// Tenant.
    #[arg(long, default_value = TENANT_DEFAULT)]
    tenant: TenantId,
    /// Scope the token is issued for. Repeatable.
    #[arg(long = "scope", value_name = "SCOPE", value_parser = scope)]
    scopes: Vec<String>,
    /// Data folder of the server [default: .local in the repository; without it .local in the current folder].
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// Lifetime in seconds; negative: already expired.
    #[arg(long, value_name = "SECONDS", default_value_t = LIFETIME_DEFAULT_S, allow_hyphen_values = true)]
    expires_in: i64,
    /// Issuer.
    #[arg(long, value_name = "URL", default_value = ISSUER_DEFAULT)]
    issuer: String,
}

#[derive(Debug, Args)]
struct RulesEngineArgs {
    /// Port to listen on, on 127.0.0.1; 0 selects a free port.
    #[arg(long, default_value_t = 3001)]
    port: u16,
    /// Folder of the rules [default: rules in the repository; without it the built-in ones].
    #[arg(long, value_name = "DIR", env = "ALIMS_RULES_DIR")]
    rules: Option<PathBuf>,
    /// Stop when standard input closes, so that the engine does not outlive its parent process.
    #[arg(long, hide = true)]
    until_stdin_closes: bool,
}

#[derive(Debug, Args)]
struct DemoArgs {
    /// Print the results as JSON.
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    judges: JudgesArgs,
}

/// Runs the command line.
#[must_use]
pub fn run() -> ExitCode {
    let matches = Cli::command().name(shipped::command()).bin_name(shipped::command()).get_matches();
    let cli = Cli::from_arg_matches(&matches).unwrap_or_else(|error| error.exit());
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new(LOG_FILTER_DEFAULT));
    tracing_subscriber::fmt().with_env_filter(filter).with_ansi(false).with_writer(LogLines::new).init();
    let done = match cli.command {
        None => on_runtime(serve(cli.serve)),
        Some(Command::Token(args)) => print_token(args).map(|()| ExitCode::SUCCESS),
        Some(Command::Demo(args)) => on_runtime(demo::play(args.json, args.judges)),
        Some(Command::Seed(args)) => {
            let data = data_folder(args.data.clone());
            on_runtime(async { seed::seed(args, data).await.map(|()| ExitCode::SUCCESS).map_err(Into::into) })
        }
        Some(Command::RulesEngine(args)) => on_runtime(serve_rules(args)),
    };
    done.unwrap_or_else(|error| {
        // If standard error is closed, only the exit code reports the error.
        let text = printable(&with_causes(error.as_ref()).replace('\n', " "));
        let _ = writeln!(io::stderr(), "error: {text}");
        ExitCode::FAILURE
    })
}

type Failure = Box<dyn Error + Send + Sync>;

fn on_runtime(work: impl Future<Output = Result<ExitCode, Failure>>) -> Result<ExitCode, Failure> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let done = runtime.block_on(work);
    runtime.shutdown_timeout(RUNTIME_END_TIMEOUT);
    done
}

fn data_folder(named: Option<PathBuf>) -> PathBuf {
    named.unwrap_or_else(|| repository().unwrap_or_default().join(".local"))
}

/// A subject that the service takes.
fn subject(text: &str) -> Result<PrincipalId, InvalidValue> {
    let id: PrincipalId = text.parse()?;
    if id.is_reserved() { Err(InvalidValue::new("must not be a name of the service itself")) } else { Ok(id) }
}

/// A scope as `JwtScope` of the template takes it.
fn scope(text: &str) -> Result<String, InvalidValue> {
    let allowed = |b: u8| b.is_ascii_alphanumeric() || b"._~:/@*+-".contains(&b);
    let is_scope = (1..=256).contains(&text.len()) && text.bytes().all(allowed);
    is_scope
        .then(|| text.to_owned())
        .ok_or_else(|| InvalidValue::new("must be 1 to 256 characters; allowed: A-Z a-z 0-9 . _ ~ : / @ * + -"))
}

fn print_token(args: TokenArgs) -> Result<(), Failure> {
    let key = SigningKey::load_or_create(&DataFolder::open(&data_folder(args.data))?)?;
    let request = TokenRequest {
        sub: args.sub.into(),
        tenant: args.tenant.into(),
        roles: args.roles.into_iter().map(String::from).collect(),
        scopes: args.scopes,
        lifetime_s: args.expires_in,
    };
    let token = token::issue(&key, &args.issuer, &request, SystemClock.now())?;
    writeln!(io::stdout(), "{token}")?;
    Ok(())
}

/// Serves until a signal arrives.
async fn serve(args: ServeArgs) -> Result<ExitCode, Failure> {
    let named_data = args.data.is_some();
    let defaults = Config::new(&data_folder(args.data));
    let folder = args.judges.rules.unwrap_or_else(|| Defaults::beside(&shipped_in(&defaults.data)).rules);
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
        scopes: args.scope.into_iter().collect(),
        hold_events: args.hold_events,
        show_events: true,
        rules_down_while: args.rules_down_while,
        allowed_hosts: args.allowed_hosts,
        containers: args.containers,
        functions_at: args.functions_at,
        ..defaults
    };
    let mut told_to_end = std::pin::pin!(told_to_end(args.until_stdin_closes)?);
    let server = tokio::select! {
        started = Server::start(config.clone()) => started?,
        () = &mut told_to_end => return Ok(ExitCode::SUCCESS),
    };
    // The server continues without standard output: its callers need it.
    let _ = write!(io::stdout(), "{}", banner(&server, &config, named_data)?);
    told_to_end.await;
    let _ = writeln!(io::stderr(), "stopping");
    tokio::select! {
        () = server.stop() => Ok(ExitCode::SUCCESS),
        // A second Ctrl-C ends the process at once. Nothing is lost: it is as if the process were killed.
        _ = tokio::signal::ctrl_c() => Ok(ExitCode::from(INTERRUPTED)),
    }
}

/// Serves the rules until a signal arrives.
async fn serve_rules(args: RulesEngineArgs) -> Result<ExitCode, Failure> {
    let told_to_end = told_to_end(args.until_stdin_closes)?;
    // Read once: the folder may go when the engine has started.
    let folder = tempfile::tempdir()?;
    let rules = args.rules.unwrap_or_else(|| Defaults::beside(folder.path()).rules);
    if rules.starts_with(folder.path()) {
        shipped::unpack(folder.path())?;
    }
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

/// What is open to containers, and to whom else.
fn for_containers(host: &ContainerHost, environment: &Path) -> String {
    let reached = match host {
        ContainerHost::Address(address) => {
            format!("database and bus are open at {address} too, with the key, to all who reach this address")
        }
        ContainerHost::Name(name) => format!("database and bus answer to the name {name} too, with the key"),
    };
    format!("  containers {reached}\n  sam local {} (for --env-vars)\n", environment.display())
}

/// The addresses, how to sign in, and first commands. The last line says that the server is ready.
fn banner(server: &Server, config: &Config, named_data: bool) -> Result<String, Failure> {
    let base = format!("http://{}", server.address());
    let (database, bus) = (server.dynamodb(), server.eventbridge());
    let [database, bus] = [&database, &bus].map(|config| config.endpoint_url().unwrap_or_default());
    let data = std::path::absolute(&config.data)?;
    let folder = DataFolder::open(&data)?;
    let containers = config.containers.as_ref().map(|host| for_containers(host, &folder.sam_environment()));
    let (credentials, containers) = (folder.credentials(), containers.unwrap_or_default());
    let (credentials, command) = (credentials.display(), shipped::command());
    let (data, policies) = (data.display(), config.policies.display());
    let rules = match &config.rules {
        Engine::Embedded { rules } => rules.display().to_string(),
        Engine::Remote(reach) => format!("{}", reach.endpoint),
        Engine::Alims { reach, rules } => format!("{}, with the rule names of {}", reach.endpoint, rules.display()),
    };
    let scopes: String = config.scopes.iter().map(|scope| format!(" --scope {scope}")).collect();
    let issuer = Some(&config.issuer).filter(|issuer| *issuer != ISSUER_DEFAULT);
    let issuer = issuer.map(|issuer| format!(" --issuer {}", printable(issuer))).unwrap_or_default();
    let flag = if named_data { format!("{scopes}{issuer} --data {data}") } else { scopes + &issuer };
    let elsewhere = config.functions_at.as_ref();
    let elsewhere =
        elsewhere.map(|endpoint| format!("\n  functions {endpoint} (Lambda's interface)")).unwrap_or_default();
    let held = if config.hold_events { "\n  events    are held back" } else { "" };
    let (pin, pin_file) = (printable(server.pin()), folder.pin());
    let (pin_file, prefix) = (pin_file.display(), if config.functions_at.is_some() { "alims:" } else { "" });
    Ok(format!(
        r#"ALIMS Workflow Manager (local)

  console   {base}/
  PIN       {pin} (to sign in and to sign; it stands in {pin_file})

  service   {base}{elsewhere}
  docs      {base}/docs
  events    {base}/events (server-sent), also printed below{held}
  database  {database} (DynamoDB API, for tools on this machine)
  bus       {bus} (EventBridge PutEvents API, for tools on this machine)
  key       {credentials} (AWS credentials of both)
{containers}  data      {data} (embedded DynamoDB, key, events)
  rules     {rules}
  policies  {policies}

Open the console in a browser and sign in. Or take the first steps in another terminal:

export TOKEN=$({command} token --sub alice --role {prefix}analyst{flag})
curl -s {base}/workflows -H "Authorization: Bearer $TOKEN" -H 'Content-Type: application/json' \
  -d '{{"workflow_id": "sample-1", "workflow_type": "sample-analysis", "metadata": {{"sample_id": "S-1"}}}}'
curl -s {base}/workflows/sample-1/transitions -H "Authorization: Bearer $TOKEN" -H 'Content-Type: application/json' \
  -d '{{"target_state": "ACTIVE", "reason": "the analysis begins"}}'
curl -s {base}/workflows/sample-1/history -H "Authorization: Bearer $TOKEN"

A second person's token, for steps that need two people: {command} token --sub bob --role {prefix}supervisor{flag}
Ctrl-C stops the server; the data stays.

listening on {base}
"#
    ))
}
