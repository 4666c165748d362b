//! The service on this machine: a running `cargo local` writes the addresses and the key of its database and its bus
//! into its data folder.

use std::fs::{File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use aws_config::Region;
use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use serde::Deserialize;

use crate::service::{Anchoring, Service, reached};

/// The server's addresses.
#[derive(Deserialize)]
struct Endpoints {
    access_key_id: String,
    secret_access_key: String,
    dynamodb: String,
    eventbridge: String,
    log_table: String,
    index_table: String,
    event_bus: String,
}

/// Finds the server that runs on a data folder.
pub(crate) fn find(data: Option<PathBuf>) -> anyhow::Result<Service> {
    let data = data.unwrap_or_else(default_data);
    if !is_in_use(&data)? {
        bail!("no server is running on the data folder {}; start it with: cargo local", data.display());
    }
    let path = data.join("endpoints.json");
    let text = std::fs::read(&path);
    let text = text.with_context(|| format!("cannot read {}; is the server still starting?", path.display()))?;
    let told: Endpoints = serde_json::from_slice(&text)
        .with_context(|| format!("{} is not what this version of the server writes", path.display()))?;
    let credentials = Credentials::new(told.access_key_id, told.secret_access_key, None, None, "laptop");
    let credentials = SharedCredentialsProvider::new(credentials);
    let at = |url| reached(credentials.clone(), Region::new("local"), Some(url));
    Ok(Service {
        dynamodb: at(told.dynamodb),
        eventbridge: at(told.eventbridge),
        log_table: told.log_table,
        index_table: told.index_table,
        event_bus: told.event_bus,
        answers_in_time: false,
        anchoring: Some(Anchoring::Laptop(data)),
    })
}

fn default_data() -> PathBuf {
    let built_in = Path::new(env!("CARGO_MANIFEST_DIR")).parent().filter(|root| root.is_dir());
    built_in.unwrap_or_else(|| Path::new(".")).join(".local")
}

/// Whether a server uses the folder. A killed server leaves its addresses behind, but not its lock.
fn is_in_use(data: &Path) -> anyhow::Result<bool> {
    let path = data.join("lock");
    let lock = match File::open(&path) {
        Ok(lock) => lock,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(false),
        Err(error) => return Err(error).with_context(|| format!("cannot read {}", path.display())),
    };
    match lock.try_lock_shared() {
        Ok(()) => Ok(false),
        Err(TryLockError::WouldBlock) => Ok(true),
        Err(TryLockError::Error(error)) => Err(error).with_context(|| format!("cannot try {}", path.display())),
    }
}
