//! The embedded DynamoDB: dynoxide on a SQLite file, served on a port of this machine and reached through the real SDK.
//!
//! It has a thread of its own, because it makes blocking calls under one lock: on the service's threads it would delay
//! every request, even those that do not need it.

use aws_sdk_dynamodb::config::{BehaviorVersion, Region};
use aws_types::SdkConfig;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;
use tokio::sync::oneshot;
use tokio_util::sync::CancellationToken;

use crate::access_key::AccessKey;
use crate::account::REGION;
use crate::dynamodb_api;
use crate::guard::Guard;
use crate::listening::Port;
use crate::serving::Patience;

/// The log's table.
pub(crate) const LOG_TABLE: &str = "WorkflowLog";
/// The index's table.
pub(crate) const INDEX_TABLE: &str = "WorkflowIndex";
/// How long the last requests may take when the database stops.
const STOP_TIMEOUT: Duration = Duration::from_secs(5);
/// How long `SQLite` waits for another connection's lock, in milliseconds; ours is the only other one.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);

/// Makes the stream's two queries independent of its length.
///
/// Dynoxide keeps a table's stream in this table for ever and finds the last sequence number, on every write, by
/// looking at every record. This index holds exactly the expressions of its queries.
const STREAM_INDEX: &str = "CREATE INDEX IF NOT EXISTS alims_stream_records_by_sequence \
     ON _stream_records (table_name, CAST(sequence_number AS INTEGER))";

/// Why there is no database.
#[derive(Debug, thiserror::Error)]
pub enum DatabaseError {
    /// The file is no database, or of another version, or cannot be used.
    #[error("cannot use {} as a database: {why}", .path.display())]
    Unusable {
        /// The file.
        path: PathBuf,
        /// The error.
        why: String,
    },
    /// No port or no thread was available.
    #[error("cannot serve the embedded database")]
    NotServed(#[source] std::io::Error),
}

/// A running database.
pub(crate) struct EmbeddedDatabase {
    address: SocketAddr,
    key: AccessKey,
    stop: CancellationToken,
    ended: oneshot::Receiver<()>,
}

impl EmbeddedDatabase {
    /// Opens the database in `path`, making it when it is not there, and serves it at `port` to those who have the
    /// key.
    pub(crate) fn start(
        path: &Path,
        port: Port,
        guard: &Guard,
        key: AccessKey,
        patience: Patience,
    ) -> Result<Self, DatabaseError> {
        let unusable = |why: String| DatabaseError::Unusable { path: path.to_owned(), why };
        let text = path.to_str().ok_or_else(|| unusable("its path is not UTF-8".to_owned()))?;
        let database = dynoxide::Database::new(text).map_err(|error| unusable(error.to_string()))?;
        index_stream(path).map_err(|error| unusable(error.to_string()))?;

        let address = port.address();
        let port = port.into_std().map_err(DatabaseError::NotServed)?;
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let runtime = runtime.map_err(DatabaseError::NotServed)?;
        let stop = CancellationToken::new();
        let (end, ended) = oneshot::channel();
        let (routes, stopped) = (dynamodb_api::router(database, guard, &key), stop.clone());
        let serving = move || {
            runtime.block_on(async {
                match port.into_tokio() {
                    Ok(port) => port.serve(routes, patience, stopped).await,
                    Err(error) => tracing::error!(%error, "the embedded database ended"),
                }
            });
            drop(runtime);
            // The receiver is gone when the stop took too long.
            let _ = end.send(());
        };
        std::thread::Builder::new().name("dynamodb".to_owned()).spawn(serving).map_err(DatabaseError::NotServed)?;
        Ok(Self { address, key, stop, ended })
    }

    /// Where it is on the loopback.
    pub(crate) const fn address(&self) -> SocketAddr {
        self.address
    }

    /// How the SDK reaches it.
    pub(crate) fn sdk_config(&self) -> SdkConfig {
        sdk_config(&format!("http://{}", self.address), &self.key)
    }

    /// Lets the last requests finish and closes the file.
    pub(crate) async fn stop(self) {
        self.stop.cancel();
        if tokio::time::timeout(STOP_TIMEOUT, self.ended).await.is_err() {
            // Nothing is lost: SQLite's log is replayed when the file is opened next.
            tracing::warn!("the embedded database did not end in time");
        }
    }
}

/// The SDK's configuration for a port of the server.
pub(crate) fn sdk_config(endpoint: &str, key: &AccessKey) -> SdkConfig {
    SdkConfig::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new(REGION))
        .credentials_provider(key.credentials())
        .endpoint_url(endpoint)
        .build()
}

/// Beside dynoxide's own connection; it is closed before anything is served.
fn index_stream(path: &Path) -> rusqlite::Result<()> {
    let connection = rusqlite::Connection::open(path)?;
    connection.busy_timeout(BUSY_TIMEOUT)?;
    connection.execute_batch(STREAM_INDEX)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Both queries are dynoxide's own; if a later release changes their text, the stream needs a new index.
    #[test]
    fn the_stream_is_read_by_its_index() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("dynamodb.sqlite");
        drop(dynoxide::Database::new(path.to_str().unwrap()).unwrap());
        index_stream(&path).unwrap();
        let connection = rusqlite::Connection::open(&path).unwrap();
        for query in [
            "SELECT COALESCE(MAX(CAST(sequence_number AS INTEGER)), 0) + 1 FROM _stream_records WHERE table_name = 't'",
            "SELECT new_image FROM _stream_records
             WHERE table_name = 't' AND shard_id = 's' AND CAST(sequence_number AS INTEGER) > 5
             ORDER BY CAST(sequence_number AS INTEGER) ASC LIMIT 10",
        ] {
            let mut explained = connection.prepare(&format!("EXPLAIN QUERY PLAN {query}")).unwrap();
            let steps: Vec<String> =
                explained.query_map([], |row| row.get(3)).unwrap().collect::<Result<_, _>>().unwrap();
            assert_eq!(steps.len(), 1, "{steps:?}");
            assert!(steps[0].starts_with("SEARCH _stream_records USING"), "{steps:?}");
            assert!(steps[0].contains("alims_stream_records_by_sequence"), "{steps:?}");
        }
    }
}
