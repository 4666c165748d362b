//! One server: built from its parts, started in order, and stopped in an order that loses nothing.

use alims_domain::invalid::InvalidValue;
use alims_domain::limits::SWEEP_PART_ENTRIES;
use alims_dynamodb::tables::TableNames;
use alims_dynamodb::{DynamoIndex, DynamoLog};
use alims_edge::reader::token::TokenReader;
use alims_operations::ports::{AccessPolicy, Clock, Ids};
use alims_operations::publish_events as publishing;
use alims_operations::{DecisionPorts, PublishPorts, StartPorts};
use alims_policy::CedarPolicy;
use alims_rules::Engine;
use alims_runtime::{FreshIds, SystemClock};
use aws_sdk_dynamodb::config::timeout::TimeoutConfig;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Notify;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::access_key::AccessKey;
use crate::anchoring::{self, AnchorPorts};
use crate::archive::Archive;
use crate::background::{self, Background, Every, Waiting};
use crate::bus::{LocalBus, LocalDeadLetters};
use crate::console::Console;
use crate::containers::ContainerHost;
use crate::database::{EmbeddedDatabase, INDEX_TABLE, LOG_TABLE, sdk_config};
use crate::edge::elsewhere::{Elsewhere, LambdaEndpoint};
use crate::edge::functions::{Functions, Publishes};
use crate::edge::{Parts, router};
use crate::endpoints::ServiceEndpoint;
use crate::exports::{self, ExportJobs};
use crate::folder::{DataFolder, FolderError, FolderLock, make_private, shipped_in};
use crate::guard::Guard;
use crate::key::SigningKey;
use crate::listening::{Port, listen};
use crate::login::Provider;
use crate::login::pin::{Pin, PinError};
use crate::pump::{Pump, Source};
use crate::recoveries::{self, LocalStarter};
use crate::rules::SharedRules;
use crate::serving::{Patience, serve};
use crate::shipped::{self, Defaults};
use crate::start_error::StartError;
use crate::token::{self, ISSUER_DEFAULT, TENANT_DEFAULT, TokenRequest, Verifier};
use crate::{endpoints, put_events};

/// How long one try at the embedded database may take. It does one thing at a time, in a build that is not optimised.
const DATABASE_ATTEMPT_TIMEOUT: Duration = Duration::from_secs(5);
/// How long all tries together may take.
const DATABASE_TIMEOUT: Duration = Duration::from_secs(15);
/// The template's default of `RolePrefix`.
const ROLE_PREFIX_ELSEWHERE: &str = "alims:";
/// How often the sweep runs. A laptop's server is seldom up for hours.
const SWEEP_EVERY: Duration = Duration::from_mins(10);
/// How often the sweep of due dates runs: so that a person who tries it sees the event. Its calls stay on this machine.
const SWEEP_DEADLINES_EVERY: Duration = Duration::from_secs(10);
/// How often anchors are made.
const ANCHOR_EVERY: Duration = Duration::from_hours(1);

/// The configuration of a server.
#[derive(Clone, Debug)]
pub struct Config {
    /// The port of 127.0.0.1 to listen on; 0 for a free one.
    pub port: u16,
    /// The port of 127.0.0.1 for the embedded database's own API; 0 for a free one.
    pub database_port: u16,
    /// The port of 127.0.0.1 to put events on the bus; 0 for a free one.
    pub events_port: u16,
    /// The data folder.
    pub data: PathBuf,
    /// What judges moves.
    pub rules: Engine,
    /// The folder of the policies.
    pub policies: PathBuf,
    /// The accepted issuer of tokens.
    pub issuer: String,
    /// The scopes of which a token needs one; none are asked for when there are none.
    pub scopes: Vec<String>,
    /// Whether to leave events where they are, as a server does that dies before it publishes them.
    pub hold_events: bool,
    /// Whether the stream's records of changed and removed entries get lost. Then only what the log and the index show is
    /// found.
    pub lose_changes: bool,
    /// Whether to print each event on the standard output.
    pub show_events: bool,
    /// A file; while it exists the rules engine is unavailable.
    pub rules_down_while: Option<PathBuf>,
    /// The interval between sweeps.
    pub sweep_every: Duration,
    /// The interval between sweeps of due dates.
    pub sweep_deadlines_every: Duration,
    /// The interval between anchors of the log.
    pub anchor_every: Duration,
    /// Names and addresses besides the loopback's by which clients reach the server.
    pub allowed_hosts: Vec<String>,
    /// Where to call the functions, if not in this process.
    pub functions_at: Option<LambdaEndpoint>,
    /// How containers reach the database's and the bus's ports, if they are to.
    pub containers: Option<ContainerHost>,
    /// How long the server waits for its clients.
    pub patience: Patience,
}

impl Config {
    /// A quiet server on a free port, with the rules and policies of the repository, or the shipped ones elsewhere.
    #[must_use]
    pub fn new(data: &Path) -> Self {
        let Defaults { rules, policies } = Defaults::beside(&shipped_in(data));
        Self {
            port: 0,
            database_port: 0,
            events_port: 0,
            data: data.to_owned(),
            rules: Engine::Embedded { rules },
            policies,
            issuer: ISSUER_DEFAULT.to_owned(),
            scopes: Vec::new(),
            hold_events: false,
            lose_changes: false,
            show_events: false,
            rules_down_while: None,
            sweep_every: SWEEP_EVERY,
            sweep_deadlines_every: SWEEP_DEADLINES_EVERY,
            anchor_every: ANCHOR_EVERY,
            allowed_hosts: Vec::new(),
            functions_at: None,
            containers: None,
            patience: Patience::default(),
        }
    }

    fn every(&self) -> Every {
        Every { workflows: self.sweep_every, deadlines: self.sweep_deadlines_every, anchors: self.anchor_every }
    }

    /// Whether rules or policies come from this folder.
    fn uses(&self, folder: &Path) -> bool {
        let rules = match &self.rules {
            Engine::Embedded { rules } | Engine::Alims { rules, .. } => Some(rules),
            Engine::Remote(_) => None,
        };
        rules.is_some_and(|rules| rules.starts_with(folder)) || self.policies.starts_with(folder)
    }
}

/// A running server.
pub struct Server {
    address: SocketAddr,
    events_address: SocketAddr,
    issuer: String,
    key: SigningKey,
    access_key: AccessKey,
    provider: Arc<Provider>,
    stop: CancellationToken,
    serving: JoinHandle<((), ())>,
    pump: Option<Pump>,
    background: Background,
    exports: ExportJobs,
    database: EmbeddedDatabase,
    /// The files that say where it is, gone when it has stopped.
    told: [PathBuf; 2],
    _lock: FolderLock,
}

impl Server {
    /// Starts a server. It accepts requests when this returns.
    ///
    /// # Errors
    /// When anything that it needs is missing, in use or invalid. No part of it is left running then.
    pub async fn start(config: Config) -> Result<Self, StartError> {
        let folder = DataFolder::open(&config.data)?;
        let lock = folder.lock()?;
        let started = Self::start_on(&folder, lock, config).await;
        started
            .map_err(|error| if folder.is_full() { FolderError::Full(folder.root().to_owned()).into() } else { error })
    }

    async fn start_on(folder: &DataFolder, lock: FolderLock, config: Config) -> Result<Self, StartError> {
        endpoints::forget(&folder.endpoints());
        endpoints::forget(&folder.sam_environment());
        let (rules, policy) = judges(&config, folder).await?;
        let key = SigningKey::load_or_create(folder)?;
        let access_key = AccessKey::load_or_create(folder)?;
        let (guard, patience) = (Guard::new(&config.allowed_hosts), config.patience);
        let (clock, ids): (Arc<dyn Clock>, Arc<dyn Ids>) = (Arc::new(SystemClock), Arc::new(FreshIds));
        let verifier = Verifier::new(&key, &config.issuer, guard.clone(), config.scopes.clone());
        let verifier = verifier.map_err(|error| StartError::Bug(error.to_string()))?;
        let (listener, address) = listen(config.port, "--port").await?;
        let (database_port, events_port, ports_guard) = ports(&config).await?;
        let events_address = events_port.address();
        let archive = Archive::of(folder)?;
        make_private(&folder.database())?;
        let database =
            EmbeddedDatabase::start(&folder.database(), database_port, &ports_guard, access_key.clone(), patience)?;

        let provider = provider(&config, folder, &key, &clock)?;
        let (failures, waiting) = background::failures();
        let bus = LocalBus::new(archive.clone(), Console::of(config.show_events));
        let bus = bus.with_rule(Arc::new(move |event| failures.see(event)));
        let door = put_events::router(bus.clone(), clock.clone(), ids.clone(), &ports_guard, &access_key);
        let (client, publishes) = stores(&database, bus).await?;
        let decides = DecisionPorts {
            log: publishes.log.clone(),
            rules: rules.clone(),
            policy: policy.clone(),
            clock: clock.clone(),
            ids: ids.clone(),
        };
        let starting = recoveries::starting(&publishes, rules, &clock);
        let anchoring = anchoring::ports(folder, &publishes, clock.clone()).await?;
        let (downloads, exports) = exports::ready(folder, address, &decides)?;
        let witness = anchoring::witness(&anchoring);
        let functions = Functions::new(tokens()?, &decides, &publishes, &starting, &exports, witness);
        let functions = functions.or(elsewhere(&config)?).complete()?;

        let told = tell(folder, &config, address, &database, events_address, &access_key)?;
        let (written, index, log) = (Arc::new(Notify::new()), publishes.index.clone(), publishes.log.clone());
        let pump = (!config.hold_events).then(|| {
            let source = Source::of(&database, client, folder, written.clone(), config.lose_changes);
            start_pump(folder, source, publisher(publishes, &clock, &ids))
        });
        let background = start_background(starting, waiting, index, (ids.clone(), anchoring), config.every());
        let (stop, here) = (CancellationToken::new(), address);
        let parts =
            Parts { functions, verifier, policy, log, archive, clock, ids, here, guard, written, stop: stop.clone() };
        let service = serve(listener, router(parts, &key, provider.clone(), downloads), patience, stop.clone());
        let events = events_port.serve(door, patience, stop.clone());
        let serving = tokio::spawn(async { tokio::join!(service, events) });
        folder.name_onlookers();
        Ok(Self {
            address,
            events_address,
            issuer: config.issuer,
            key,
            access_key,
            provider,
            stop,
            serving,
            pump,
            background,
            exports,
            database,
            told,
            _lock: lock,
        })
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// How the SDK reaches the embedded database, past every rule of the service.
    #[must_use]
    pub fn dynamodb(&self) -> aws_types::SdkConfig {
        self.database.sdk_config()
    }

    /// How the SDK puts events on the bus, past every rule of the service.
    #[must_use]
    pub fn eventbridge(&self) -> aws_types::SdkConfig {
        sdk_config(&format!("http://{}", self.events_address), &self.access_key)
    }

    /// The key of the database's and the bus's ports.
    #[must_use]
    pub fn access_key(&self) -> &AccessKey {
        &self.access_key
    }

    /// The PIN with which people sign in.
    #[must_use]
    pub fn pin(&self) -> &str {
        self.provider.pin()
    }

    /// A token that holds here.
    ///
    /// # Errors
    /// When the key cannot sign.
    pub fn token(&self, request: &TokenRequest) -> Result<String, jsonwebtoken::errors::Error> {
        token::issue(&self.key, &self.issuer, request, SystemClock.now())
    }

    /// Stops: it accepts no new requests, answers those in progress, cancels recoveries, publishes the current batch,
    /// and closes the database.
    pub async fn stop(self) {
        self.told.iter().for_each(|path| endpoints::forget(path));
        self.stop.cancel();
        if let Err(error) = self.serving.await {
            tracing::error!(%error, "serving broke down");
        }
        self.background.stop().await;
        self.exports.stop().await;
        if let Some(pump) = self.pump {
            pump.stop().await;
        }
        self.database.stop().await;
    }
}

/// How a laptop reads tokens: as its own `token` command writes them.
fn tokens() -> Result<Arc<TokenReader>, StartError> {
    let tenant = TENANT_DEFAULT.parse().map_err(|error: InvalidValue| StartError::Bug(error.to_string()))?;
    Ok(Arc::new(TokenReader::default().with_default_tenant(tenant)))
}

/// Where people sign in.
fn provider(
    config: &Config,
    folder: &DataFolder,
    key: &SigningKey,
    clock: &Arc<dyn Clock>,
) -> Result<Arc<Provider>, PinError> {
    // Functions in containers read roles as the template says; those in this process without a prefix.
    let role_prefix = if config.functions_at.is_some() { ROLE_PREFIX_ELSEWHERE } else { "" };
    let pin = Pin::load_or_create(folder)?;
    Ok(Arc::new(Provider::new(key.clone(), clock.clone(), pin, &config.scopes, role_prefix)))
}

/// The functions in another process, if they are to be called there.
fn elsewhere(config: &Config) -> Result<Option<Elsewhere>, StartError> {
    let elsewhere = config.functions_at.clone().map(Elsewhere::new).transpose();
    elsewhere.map_err(|error| StartError::Bug(error.to_string()))
}

/// The rules, and the policies.
async fn judges(config: &Config, folder: &DataFolder) -> Result<(SharedRules, Arc<dyn AccessPolicy>), StartError> {
    if config.uses(&folder.shipped()) {
        shipped::unpack(&folder.shipped())?;
    }
    let rules = SharedRules::ready(config.rules.clone(), config.rules_down_while.clone()).await?;
    let policy = CedarPolicy::load(&config.policies);
    let policy = policy.map_err(|source| StartError::Policies { folder: config.policies.clone(), source })?;
    Ok((rules, Arc::new(policy)))
}

/// Writes the files that say where the server is, for operators' commands and for `sam local`.
fn tell(
    folder: &DataFolder,
    config: &Config,
    address: SocketAddr,
    database: &EmbeddedDatabase,
    events: SocketAddr,
    key: &AccessKey,
) -> Result<[PathBuf; 2], FolderError> {
    let (endpoints, environment) = (folder.endpoints(), folder.sam_environment());
    let service = ServiceEndpoint { address, issuer: &config.issuer, scopes: &config.scopes };
    endpoints::tell(&endpoints, &service, &database.sdk_config(), events, key)?;
    if let Some(host) = &config.containers {
        endpoints::write(&environment, &host.sam_environment(database.address(), events))?;
    }
    Ok([endpoints, environment])
}

/// The ports of database and bus, and the names by which they go. The service's own port is not for containers.
async fn ports(config: &Config) -> Result<(Port, Port, Guard), StartError> {
    let also = config.containers.as_ref().and_then(ContainerHost::address);
    let database = Port::open(config.database_port, "--database-port", also).await?;
    let events = Port::open(config.events_port, "--events-port", also).await?;
    let names = config.containers.iter().map(ToString::to_string).chain(config.allowed_hosts.iter().cloned());
    Ok((database, events, Guard::new(&names.collect::<Vec<_>>())))
}

/// The tables, created when they do not exist, and the stores on them.
pub(crate) async fn stores(
    database: &EmbeddedDatabase,
    bus: LocalBus,
) -> Result<(aws_sdk_dynamodb::Client, Publishes), StartError> {
    let client = alims_dynamodb::client(&database.sdk_config());
    let patience = TimeoutConfig::builder()
        .connect_timeout(DATABASE_ATTEMPT_TIMEOUT)
        .operation_attempt_timeout(DATABASE_ATTEMPT_TIMEOUT)
        .operation_timeout(DATABASE_TIMEOUT)
        .build();
    let client = aws_sdk_dynamodb::Client::from_conf(client.config().to_builder().timeout_config(patience).build());
    let names = TableNames { log: LOG_TABLE.to_owned(), index: INDEX_TABLE.to_owned() };
    alims_dynamodb::tables::create(&client, &names).await.map_err(StartError::Tables)?;
    let log = DynamoLog::new(client.clone(), names.log);
    let index = DynamoIndex::new(client.clone(), names.index);
    Ok((client, PublishPorts { log, index, bus }))
}

/// The rule on failures, the sweeps and the anchors.
fn start_background(
    starting: StartPorts<DynamoLog, LocalStarter>,
    waiting: Waiting,
    index: DynamoIndex,
    (ids, anchoring): (Arc<dyn Ids>, AnchorPorts),
    every: Every,
) -> Background {
    let due = alims_operations::sweep_deadlines::Ports {
        log: starting.log.clone(),
        index: index.clone(),
        clock: starting.clock.clone(),
        ids: ids.clone(),
    };
    let log = starting.log.clone().walking_at_most(SWEEP_PART_ENTRIES);
    let swept = StartPorts { log, ..starting.clone() };
    let sweeping = alims_operations::sweep_workflows::Ports { starting: swept, positions: index.clone(), index, ids };
    Background::start(starting, waiting, sweeping, due, anchoring, every)
}

/// The publisher over these stores.
fn publisher(
    publishing: Publishes,
    clock: &Arc<dyn Clock>,
    ids: &Arc<dyn Ids>,
) -> publishing::Ports<DynamoLog, DynamoIndex, LocalBus> {
    publishing::Ports { publishing, clock: clock.clone(), ids: ids.clone() }
}

fn start_pump(
    folder: &DataFolder,
    source: Source,
    publisher: publishing::Ports<DynamoLog, DynamoIndex, LocalBus>,
) -> Pump {
    let dead_letters = LocalDeadLetters::new(folder.dead_letters());
    let ports = Arc::new((publisher, dead_letters.clone()));
    let function = move |event| {
        let ports = ports.clone();
        let publish = async move |batch| publish_events::publish_events(&ports.0, &ports.1, batch).await;
        alims_dynamodb::publish_batch(event, publish)
    };
    Pump::start(source, function, dead_letters)
}
