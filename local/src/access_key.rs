//! The key of the database's and the bus's ports: AWS credentials that the data folder keeps and every SDK can read.
//!
//! The secret is the access key id. It travels in the header that an SDK signs, and the ports compare it; they do not
//! verify the signature, which protects against who can read and repeat what goes over the loopback: only the machine's
//! administrator.

use aws_lc_rs::constant_time::verify_slices_are_equal;
use aws_lc_rs::rand;
use aws_sdk_dynamodb::config::{Credentials, SharedCredentialsProvider};
use axum::Router;
use axum::extract::Request;
use axum::middleware::{Next, from_fn};
use axum::response::Response;
use http::HeaderMap;
use http::header::AUTHORIZATION;
use std::fmt::Write as _;
use std::sync::Arc;

use crate::folder::{DataFolder, FolderError};

/// How a key of this server begins, so that no reader takes it for one of AWS.
const PREFIX: &str = "ALIMS";
/// The random bytes of each half.
const RANDOM_BYTES: usize = 16;
/// The members of the credentials file that the SDKs share.
const ID: &str = "aws_access_key_id";
/// See [`ID`].
const SECRET: &str = "aws_secret_access_key";

/// Why there is no key.
#[derive(Debug, thiserror::Error)]
pub enum AccessKeyError {
    /// Its file.
    #[error(transparent)]
    Folder(#[from] FolderError),
    /// The file holds something else.
    #[error("{} has no {ID} and {SECRET} of this server; remove it to get new ones", .0.display())]
    NotAKey(std::path::PathBuf),
    /// The system gave no random bytes.
    #[error("no access key could be generated")]
    NotGenerated,
}

/// Why a request may not use a port.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum KeyRefused {
    /// It carries none.
    Missing,
    /// It carries another one.
    Other,
}

impl KeyRefused {
    /// The code and the message, as DynamoDB and EventBridge have them, and what to do here.
    pub(crate) fn as_aws(self) -> (&'static str, &'static str) {
        match self {
            Self::Missing => (
                "MissingAuthenticationTokenException",
                "Request is missing Authentication Token. Sign with the credentials in the server's data folder.",
            ),
            Self::Other => (
                "UnrecognizedClientException",
                "The security token included in the request is invalid. Use the credentials in the server's data folder.",
            ),
        }
    }
}

/// AWS credentials for this server only.
#[derive(Clone)]
pub struct AccessKey {
    id: Arc<str>,
    secret: Arc<str>,
}

impl AccessKey {
    /// Reads the folder's key, making one when there is none.
    ///
    /// # Errors
    /// When the key can be neither read nor made.
    pub fn load_or_create(folder: &DataFolder) -> Result<Self, AccessKeyError> {
        let path = folder.credentials();
        let fresh = || {
            let (id, secret) = (random_hex()?, random_hex()?);
            Ok::<_, AccessKeyError>(format!("[default]\n{ID} = {PREFIX}{id}\n{SECRET} = {secret}\n"))
        };
        let text = folder.secret(&path, fresh)?;
        String::from_utf8(text).ok().and_then(|text| Self::of(&text)).ok_or(AccessKeyError::NotAKey(path))
    }

    /// Of the text of a credentials file.
    fn of(text: &str) -> Option<Self> {
        let value = |name: &str| {
            let mut members = text.lines().filter_map(|line| line.split_once('='));
            members.find(|(member, _)| member.trim() == name).map(|(_, value)| value.trim())
        };
        let (id, secret) = (value(ID)?, value(SECRET)?);
        let is_whole = id.strip_prefix(PREFIX)?.len() >= 2 * RANDOM_BYTES && !secret.is_empty();
        is_whole.then(|| Self { id: id.into(), secret: secret.into() })
    }

    /// Its public half, which is as secret as the other here.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }

    /// What an SDK signs with.
    #[must_use]
    pub fn secret(&self) -> &str {
        &self.secret
    }

    /// For the configuration of an SDK.
    pub(crate) fn credentials(&self) -> SharedCredentialsProvider {
        SharedCredentialsProvider::new(Credentials::new(self.id(), self.secret(), None, None, "laptop"))
    }

    /// The routes, for requests with this key; the others get an answer of `refuse`.
    pub(crate) fn before(&self, routes: Router, refuse: fn(KeyRefused) -> Response) -> Router {
        let key = self.clone();
        routes.layer(from_fn(move |request: Request, next: Next| {
            let checked = key.check(request.headers());
            async move {
                match checked {
                    Ok(()) => next.run(request).await,
                    Err(refused) => refuse(refused),
                }
            }
        }))
    }

    fn check(&self, headers: &HeaderMap) -> Result<(), KeyRefused> {
        let header = headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok()).unwrap_or_default();
        // `AWS4-HMAC-SHA256 Credential=<id>/<date>/<region>/<service>/aws4_request, SignedHeaders=…, Signature=…`
        let named = header.strip_prefix("AWS4-").and_then(|header| header.split_once("Credential="));
        let id = named.and_then(|(_, scope)| scope.split_once('/')).map(|(id, _)| id).ok_or(KeyRefused::Missing)?;
        verify_slices_are_equal(id.as_bytes(), self.id.as_bytes()).map_err(|_| KeyRefused::Other)
    }
}

fn random_hex() -> Result<String, AccessKeyError> {
    let mut bytes = [0; RANDOM_BYTES];
    rand::fill(&mut bytes).map_err(|_| AccessKeyError::NotGenerated)?;
    let mut text = String::new();
    for byte in bytes {
        write!(text, "{byte:02X}").map_err(|_| AccessKeyError::NotGenerated)?;
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderValue;

    #[test]
    fn a_folder_keeps_one_key_and_another_folder_has_another() {
        let folders = [tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap()];
        let key = |at: usize| AccessKey::load_or_create(&DataFolder::open(folders[at].path()).unwrap()).unwrap();
        assert_eq!((key(0).id(), key(0).secret()), (key(0).id(), key(0).secret()));
        assert_ne!(key(0).id(), key(1).id());
        assert_ne!(key(0).secret(), key(1).secret());
        assert_eq!(key(0).id().len(), PREFIX.len() + 2 * RANDOM_BYTES);
    }

    #[test]
    fn a_file_that_holds_no_key_is_refused_and_stays() {
        let folder = tempfile::tempdir().unwrap();
        let data = DataFolder::open(folder.path()).unwrap();
        let of_aws = "[default]\naws_access_key_id = AKIAIOSFODNN7EXAMPLE\naws_secret_access_key = x\n";
        for text in ["", "[default]\n", of_aws, "aws_access_key_id = ALIMS\naws_secret_access_key = x\n"] {
            std::fs::remove_file(data.credentials()).unwrap_or_default();
            data.secret(&data.credentials(), || Ok::<_, FolderError>(text.to_owned())).unwrap();
            let refused = AccessKey::load_or_create(&data).err().unwrap();
            assert!(refused.to_string().contains("remove it to get new ones"), "{refused}");
            assert_eq!(std::fs::read_to_string(data.credentials()).unwrap(), text);
        }
    }

    #[test]
    fn only_the_header_that_an_sdk_signs_with_this_key_passes() {
        let key = AccessKey { id: "ALIMS0123".into(), secret: "secret".into() };
        let check = |header: Option<&str>| {
            let mut headers = HeaderMap::new();
            header.map(|header| headers.insert(AUTHORIZATION, HeaderValue::from_str(header).unwrap()));
            key.check(&headers)
        };
        let scope = "20261128/local/dynamodb/aws4_request, SignedHeaders=host;x-amz-date, Signature=00";
        assert_eq!(check(Some(&format!("AWS4-HMAC-SHA256 Credential=ALIMS0123/{scope}"))), Ok(()));
        for id in ["", "ALIMS012", "ALIMS01234", "alims0123", "local", "AKIAIOSFODNN7EXAMPLE", "secret"] {
            let header = format!("AWS4-HMAC-SHA256 Credential={id}/{scope}");
            assert_eq!(check(Some(&header)), Err(KeyRefused::Other), "{id}");
        }
        let none = [None, Some(""), Some("Bearer ALIMS0123/x"), Some("AWS4-HMAC-SHA256 Credential=ALIMS0123")];
        for header in none {
            assert_eq!(check(header), Err(KeyRefused::Missing), "{header:?}");
        }
    }
}
