//! Where the running server's database and bus are, told in the data folder for the commands that work on them.

use aws_types::SdkConfig;
use serde_json::json;
use std::io;
use std::net::SocketAddr;
use std::path::Path;

use crate::database::{INDEX_TABLE, LOG_TABLE};
use crate::folder::{FolderError, replace};

/// What the bus is called. It takes events for any other as well.
const EVENT_BUS: &str = "alims-workflow-events";

/// Tells. Whoever reads it must see as well that a server has locked the folder: one that was killed tells for ever.
pub(crate) fn tell(path: &Path, database: &SdkConfig, events: SocketAddr) -> Result<(), FolderError> {
    let endpoints = json!({
        "dynamodb": database.endpoint_url(),
        "eventbridge": format!("http://{events}"),
        "log_table": LOG_TABLE,
        "index_table": INDEX_TABLE,
        "event_bus": EVENT_BUS,
    });
    replace(path, endpoints.to_string().as_bytes()).map_err(FolderError::at(path))
}

/// Tells no more.
pub(crate) fn forget(path: &Path) {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            tracing::warn!(%error, "the file that tells where the server is stays behind");
        }
        Ok(()) | Err(_) => {}
    }
}
