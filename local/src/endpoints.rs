//! The endpoints file in the data folder: where the running server is, which tokens it takes, and the addresses and the
//! key of its database and bus, for operators' commands.

use aws_types::SdkConfig;
use serde_json::{Value, json};
use std::io;
use std::net::SocketAddr;
use std::path::Path;

use crate::access_key::AccessKey;
use crate::database::{INDEX_TABLE, LOG_TABLE};
use crate::folder::{FolderError, replace};

/// The name of the bus. It accepts events for any other name as well.
pub(crate) const EVENT_BUS: &str = "alims-workflow-events";

/// Where the service listens, and which tokens it takes.
pub(crate) struct ServiceEndpoint<'a> {
    pub(crate) address: SocketAddr,
    pub(crate) issuer: &'a str,
    pub(crate) scopes: &'a [String],
}

/// Writes the endpoints file. It may be stale after a crash, so a reader must check the folder lock as well.
pub(crate) fn tell(
    path: &Path,
    service: &ServiceEndpoint<'_>,
    database: &SdkConfig,
    events: SocketAddr,
    key: &AccessKey,
) -> Result<(), FolderError> {
    let endpoints = json!({
        "service": format!("http://{}", service.address),
        "issuer": service.issuer,
        "scopes": service.scopes,
        "access_key_id": key.id(),
        "secret_access_key": key.secret(),
        "dynamodb": database.endpoint_url(),
        "eventbridge": format!("http://{events}"),
        "log_table": LOG_TABLE,
        "index_table": INDEX_TABLE,
        "event_bus": EVENT_BUS,
    });
    write(path, &endpoints)
}

/// Writes a file that a person or a tool reads.
pub(crate) fn write(path: &Path, value: &Value) -> Result<(), FolderError> {
    replace(path, format!("{value:#}\n").as_bytes()).map_err(FolderError::at(path))
}

/// Removes the endpoints file.
pub(crate) fn forget(path: &Path) {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            let path = path.display();
            tracing::warn!(%error, %path, "the file that says where the server is cannot be removed");
        }
        Ok(()) | Err(_) => {}
    }
}
