//! The endpoints file in the data folder: the addresses and the key of the running server's database and bus, for
//! operators' commands.

use aws_types::SdkConfig;
use serde_json::json;
use std::io;
use std::net::SocketAddr;
use std::path::Path;

use crate::access_key::AccessKey;
use crate::database::{INDEX_TABLE, LOG_TABLE};
use crate::folder::{FolderError, replace};

/// The name of the bus. It accepts events for any other name as well.
const EVENT_BUS: &str = "alims-workflow-events";

/// Writes the endpoints file. It may be stale after a crash, so a reader must check the folder lock as well.
pub(crate) fn tell(path: &Path, database: &SdkConfig, events: SocketAddr, key: &AccessKey) -> Result<(), FolderError> {
    let endpoints = json!({
        "access_key_id": key.id(),
        "secret_access_key": key.secret(),
        "dynamodb": database.endpoint_url(),
        "eventbridge": format!("http://{events}"),
        "log_table": LOG_TABLE,
        "index_table": INDEX_TABLE,
        "event_bus": EVENT_BUS,
    });
    replace(path, endpoints.to_string().as_bytes()).map_err(FolderError::at(path))
}

/// Removes the endpoints file.
pub(crate) fn forget(path: &Path) {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            tracing::warn!(%error, "the file that tells where the server is stays behind");
        }
        Ok(()) | Err(_) => {}
    }
}
