//! Where a seed goes: the server that runs on the data folder, or one that is started for it.

use alims_operations::ports::Clock as _;
use alims_runtime::SystemClock;
use anyhow::{Context as _, Result};
use aws_sdk_dynamodb::Client;
use serde::Deserialize;
use std::path::{Path, PathBuf};

use crate::access_key::AccessKey;
use crate::database::sdk_config;
use crate::folder::{DataFolder, FolderError};
use crate::key::SigningKey;
use crate::person::Person;
use crate::server::{Config, Server};
use crate::token::{self, LIFETIME_DEFAULT_S, TENANT_DEFAULT, TokenRequest};

/// A running service, and the key that signs its tokens.
pub(super) struct Place {
    at: Endpoints,
    key: SigningKey,
    database: Client,
    /// The server, when this command started it.
    own: Option<Server>,
}

/// What the server says of itself in its data folder.
#[derive(Deserialize)]
struct Endpoints {
    service: String,
    issuer: String,
    scopes: Vec<String>,
    dynamodb: String,
}

impl Place {
    /// Finds the server on this folder, or starts one.
    pub(super) async fn find(data: &Path) -> Result<Self> {
        let folder = DataFolder::open(data)?;
        let own = match folder.lock() {
            Ok(lock) => {
                drop(lock);
                let config = Config { port: 0, show_events: false, ..Config::new(data) };
                Some(Server::start(config).await?)
            }
            Err(FolderError::InUse(_)) => None,
            Err(error) => return Err(error.into()),
        };
        let path: PathBuf = folder.endpoints();
        let text = std::fs::read(&path)
            .with_context(|| format!("cannot read {}; is the server still starting?", path.display()))?;
        let at: Endpoints = serde_json::from_slice(&text)
            .with_context(|| format!("{} is not what this version of the server writes", path.display()))?;
        let key = SigningKey::load_or_create(&folder)?;
        let access_key = AccessKey::load_or_create(&folder)?;
        let database = Client::new(&sdk_config(&at.dynamodb, &access_key));
        Ok(Self { at, key, database, own })
    }

    /// A person with these roles.
    pub(super) fn person(&self, sub: &str, roles: &[&str]) -> Result<Person> {
        let request = TokenRequest {
            sub: sub.to_owned(),
            tenant: TENANT_DEFAULT.to_owned(),
            roles: roles.iter().map(|role| (*role).to_owned()).collect(),
            scopes: self.at.scopes.clone(),
            lifetime_s: LIFETIME_DEFAULT_S,
        };
        Person::new(&self.at.service, token::issue(&self.key, &self.at.issuer, &request, SystemClock.now())?)
    }

    /// The database, past every rule of the service.
    pub(super) fn database(&self) -> &Client {
        &self.database
    }

    /// Ends the server, if this command started it.
    pub(super) async fn leave(self) {
        if let Some(server) = self.own {
            server.stop().await;
        }
    }
}
