//! Exports on a laptop: kept in the data folder, made by tasks of this process, downloaded from this server.
//!
//! A task that ends with the process has lost nothing: the server starts those again that have not ended, and each
//! continues behind the last part that was kept.

use alims_domain::export::{ExportEnding, ExportTurn, NextTurn};
use alims_domain::timestamp::Timestamp;
use alims_dynamodb::DynamoLog;
use alims_export::{FolderExports, ZipFormat};
use alims_operations::exporting::ExportPorts;
use alims_operations::ports::{
    AccessPolicy, Clock, ExportDocument, ExportPlace, ExportStarter, ExportStore, StoreError,
};
use alims_operations::{DecisionPorts, export_records, get_export};
use alims_signing::FileKey;
use aws_lc_rs::hmac;
use axum::Router;
use axum::body::Body;
use axum::extract::{Path, RawQuery};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use futures_util::stream;
use http::StatusCode;
use http::header::{CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_LENGTH, CONTENT_TYPE, X_CONTENT_TYPE_OPTIONS};
use std::collections::HashSet;
use std::fs::File;
use std::io::Read;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::anchoring::signer;
use crate::folder::DataFolder;
use crate::start_error::StartError;

/// The ports of exports here.
pub(crate) type Exports = ExportPorts<DynamoLog, FolderExports, FileKey>;

/// How often a step that failed is tried again before the export fails.
const TRIES_MAX: u32 = 10;
/// How many exports take steps at once. The others wait: the embedded database does one thing at a time.
const AT_ONCE: usize = 2;
/// How long an export waits before it tries a step again.
const RETRY_WAIT: Duration = Duration::from_secs(1);
/// The part of an archive that is sent at once, in bytes.
const CHUNK_BYTES: usize = 64 * 1024;

/// The addresses under which this server gives archives away, each for a while.
#[derive(Clone)]
struct Downloads {
    key: hmac::Key,
    here: SocketAddr,
}

impl Downloads {
    /// With a key that ends with the process, and the addresses with it.
    fn new(here: SocketAddr) -> Option<Self> {
        let key = hmac::Key::generate(hmac::HMAC_SHA256, &aws_lc_rs::rand::SystemRandom::new()).ok()?;
        Some(Self { key, here })
    }

    fn link(&self, place: &ExportPlace, until: Timestamp) -> String {
        let ExportPlace { tenant_id, export_id } = place;
        let until = until.unix_millis();
        let tag = hmac::sign(&self.key, signed(place, until).as_bytes());
        let tag: String = tag.as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
        format!("http://{}/downloads/{tenant_id}/{export_id}.zip?until={until}&signature={tag}", self.here)
    }

    /// Whether the address was given out by this server and still works.
    fn is_open(&self, place: &ExportPlace, query: &str, now: Timestamp) -> bool {
        let (mut until, mut tag) = (None, None);
        for (name, value) in form_urlencoded::parse(query.as_bytes()) {
            match &*name {
                "until" => until = value.parse::<i64>().ok(),
                "signature" => tag = bytes_of(&value),
                _ => return false,
            }
        }
        let (Some(until), Some(tag)) = (until, tag) else { return false };
        hmac::verify(&self.key, signed(place, until).as_bytes(), &tag).is_ok() && now.unix_millis() < until
    }
}

/// The route of the archives, and what makes them. Exports that had not ended go on.
pub(crate) fn ready<R>(
    folder: &DataFolder,
    here: SocketAddr,
    decides: &DecisionPorts<DynamoLog, R>,
) -> Result<(Router, ExportJobs), StartError> {
    let DecisionPorts { log, clock, ids, .. } = decides;
    let signer = signer(folder)?;
    let downloads = Downloads::new(here).ok_or_else(|| StartError::Bug("no key for downloads".to_owned()))?;
    let links = downloads.clone();
    let store = FolderExports::new(folder.exports(), Arc::new(move |place, until| links.link(place, until)));
    let routes = routes(downloads, store.clone(), clock.clone());
    let (log, clock, ids) = (log.clone(), clock.clone(), ids.clone());
    let exports = Exports { log, store, signer, format: Arc::new(ZipFormat), clock, ids };
    Ok((routes, ExportJobs::start_over(exports)))
}

fn signed(place: &ExportPlace, until: i64) -> String {
    format!("{}/{}/{until}", place.tenant_id, place.export_id)
}

fn bytes_of(hex: &str) -> Option<Vec<u8>> {
    let digits = hex.as_bytes().chunks(2);
    digits.map(|pair| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok()).collect()
}

/// The route of archives. It needs no token: the address is the permission.
fn routes(downloads: Downloads, store: FolderExports, clock: Arc<dyn Clock>) -> Router {
    let answer = async move |Path((tenant, file)): Path<(String, String)>, RawQuery(query): RawQuery| {
        let place = tenant.parse().ok().zip(file.strip_suffix(".zip").and_then(|id| id.parse().ok()));
        let place = place.map(|(tenant_id, export_id)| ExportPlace { tenant_id, export_id });
        let Some(place) = place.filter(|place| downloads.is_open(place, &query.unwrap_or_default(), clock.now()))
        else {
            return refused();
        };
        sent(&store, &place).await.unwrap_or_else(gone)
    };
    Router::new().route("/downloads/{tenant}/{file}", get(answer))
}

fn refused() -> Response {
    let told = "This address does not work, or no longer. Read the export again to get another one.\n";
    (StatusCode::FORBIDDEN, told).into_response()
}

fn gone() -> Response {
    let told = "The archive is no longer in the data folder, or not as it was made. Export the records again.\n";
    (StatusCode::GONE, told).into_response()
}

/// The archive in small parts; none when it is not there, or not whole.
async fn sent(store: &FolderExports, place: &ExportPlace) -> Option<Response> {
    let ending = store.kept(place, ExportDocument::Ending).await.ok()??;
    let made = serde_json::from_slice::<ExportEnding>(&ending).ok()?.archive?;
    let file = File::open(store.archive_path(place)).ok()?;
    let bytes = file.metadata().ok()?.len();
    if bytes != made.bytes {
        return None;
    }
    let parts = stream::unfold(Some(file), async |file| {
        let mut file = file?;
        let read = tokio::task::spawn_blocking(move || {
            let mut part = vec![0; CHUNK_BYTES];
            let read = file.read(&mut part)?;
            part.truncate(read);
            std::io::Result::Ok((part, file))
        });
        match read.await.map_err(std::io::Error::other).flatten() {
            Ok((part, _)) if part.is_empty() => None,
            Ok((part, file)) => Some((Ok(part), Some(file))),
            Err(error) => Some((Err(error), None)),
        }
    });
    let headers = [
        (CONTENT_TYPE, "application/zip".to_owned()),
        (CONTENT_LENGTH, bytes.to_string()),
        (CONTENT_DISPOSITION, format!("attachment; filename=\"export-{}.zip\"", place.export_id)),
        (CACHE_CONTROL, "no-store".to_owned()),
        (X_CONTENT_TYPE_OPTIONS, "nosniff".to_owned()),
    ];
    Some((headers, Body::from_stream(parts)).into_response())
}

/// Carries on with large exports as tasks of this process. Clones share them.
#[derive(Clone)]
pub(crate) struct ExportJobs(Arc<Shared>);

struct Shared {
    exports: Exports,
    running: Mutex<HashSet<ExportPlace>>,
    steps: Semaphore,
    tasks: TaskTracker,
    stop: CancellationToken,
}

impl ExportJobs {
    /// The jobs over these ports. Those that had not ended are started again.
    fn start_over(exports: Exports) -> Self {
        let jobs = Self(Arc::new(Shared {
            exports,
            running: Mutex::default(),
            steps: Semaphore::new(AT_ONCE),
            tasks: TaskTracker::new(),
            stop: CancellationToken::new(),
        }));
        match jobs.0.exports.store.unfinished() {
            Ok(unfinished) => unfinished.into_iter().for_each(|place| jobs.spawn(place)),
            Err(error) => tracing::error!(%error, "unfinished exports cannot be found"),
        }
        jobs
    }

    /// Cancels the running ones, between two effects or during one: the next start continues.
    pub(crate) async fn stop(&self) {
        self.0.stop.cancel();
        self.0.tasks.close();
        self.0.tasks.wait().await;
    }

    /// What export-records works with.
    pub(crate) fn requesting(
        &self,
        policy: Arc<dyn AccessPolicy>,
    ) -> export_records::Ports<DynamoLog, FolderExports, FileKey, Self> {
        export_records::Ports { exporting: self.0.exports.clone(), starter: self.clone(), policy }
    }

    /// What get-export works with.
    pub(crate) fn reading(&self, policy: Arc<dyn AccessPolicy>) -> get_export::Ports<FolderExports> {
        let Exports { store, clock, .. } = &self.0.exports;
        get_export::Ports { store: store.clone(), policy, clock: clock.clone() }
    }

    fn spawn(&self, place: ExportPlace) {
        if !self.running().insert(place.clone()) {
            return;
        }
        let jobs = self.clone();
        self.0.tasks.spawn(self.0.stop.clone().run_until_cancelled_owned(async move {
            jobs.carry_out(&place).await;
            jobs.running().remove(&place);
        }));
    }

    fn running(&self) -> std::sync::MutexGuard<'_, HashSet<ExportPlace>> {
        self.0.running.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Calls the function until there is no more to do, as the state machine of a deployment does.
    async fn carry_out(&self, place: &ExportPlace) {
        let ExportPlace { tenant_id, export_id } = place.clone();
        let mut turn = ExportTurn { tenant_id, export_id, next: NextTurn::Step };
        let mut failed = 0;
        while turn.next != NextTurn::Nothing {
            let made = {
                let _step = self.0.steps.acquire().await;
                export_step::export_step(&self.0.exports, turn.clone()).await
            };
            match made {
                Ok(next) => (turn, failed) = (next, 0),
                Err(_) if failed < TRIES_MAX => {
                    failed += 1;
                    tokio::time::sleep(RETRY_WAIT).await;
                }
                // The function has logged why. Not even that can be recorded: the next start tries again.
                Err(_) if turn.next == NextTurn::Fail => return,
                Err(_) => (turn.next, failed) = (NextTurn::Fail, 0),
            }
        }
    }
}

impl ExportStarter for ExportJobs {
    async fn start(&self, place: &ExportPlace) -> Result<(), StoreError> {
        self.spawn(place.clone());
        Ok(())
    }
}
