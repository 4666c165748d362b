//! Anchors in Amazon S3. How long an anchor is locked is the bucket's default, so that this code cannot shorten it.

use alims_domain::identifiers::TenantId;
use alims_operations::ports::{AnchorStore, Kept, StoreError};
use aws_sdk_s3::Client;
use aws_sdk_s3::config::retry::RetryConfig;
use aws_sdk_s3::config::timeout::TimeoutConfig;
use aws_sdk_s3::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_s3::primitives::ByteStream;
use aws_types::SdkConfig;
use std::time::Duration;

use crate::names::{name_of, number_of, tenant_of};

/// What the key of every anchor begins with.
const PREFIX: &str = "anchors/";
/// How long one try may take: an anchor is a few megabytes.
const ATTEMPT_TIMEOUT: Duration = Duration::from_secs(10);
/// How long all tries of one call may take together.
const OPERATION_TIMEOUT: Duration = Duration::from_secs(30);
/// How often one call is tried.
const ATTEMPTS_MAX: u32 = 3;

/// Error codes with a status of 4xx that pass without a change (Amazon S3 API reference, "Error responses").
const PASSING_CODES: [&str; 4] = ["ConditionalRequestConflict", "OperationAborted", "RequestTimeout", "SlowDown"];
/// The condition of the put did not hold: there is an object with that key.
const TAKEN: &str = "PreconditionFailed";

/// A bucket.
#[derive(Clone, Debug)]
pub struct S3Anchors {
    client: Client,
    bucket: String,
}

impl S3Anchors {
    /// In this bucket.
    #[must_use]
    pub fn new(config: &SdkConfig, bucket: &str) -> Self {
        let timeouts = TimeoutConfig::builder()
            .connect_timeout(ATTEMPT_TIMEOUT)
            .operation_attempt_timeout(ATTEMPT_TIMEOUT)
            .operation_timeout(OPERATION_TIMEOUT)
            .build();
        let retries = RetryConfig::standard().with_max_attempts(ATTEMPTS_MAX);
        // An emulator of AWS at a URL does not resolve a bucket's own host name.
        let by_path = config.endpoint_url().is_some();
        let config = aws_sdk_s3::config::Builder::from(config).force_path_style(by_path);
        let config = config.timeout_config(timeouts).retry_config(retries).build();
        Self { client: Client::from_conf(config), bucket: bucket.to_owned() }
    }
}

fn of_tenant(tenant: &TenantId) -> String {
    format!("{PREFIX}{}/", tenant.as_str())
}

fn key_of(tenant: &TenantId, number: u64) -> String {
    format!("{}{}", of_tenant(tenant), name_of(number))
}

fn store_error<E>(error: SdkError<E>) -> StoreError
where
    E: std::error::Error + ProvideErrorMetadata + Send + Sync + 'static,
{
    let passing = match &error {
        // The request never came about: the next try would be the same.
        SdkError::ConstructionFailure(_) => false,
        SdkError::ServiceError(answer) => {
            let status = answer.raw().status();
            status.is_success()
                || status.is_server_error()
                || status.as_u16() == 429
                || error.code().is_some_and(|code| PASSING_CODES.contains(&code))
        }
        // Unreachable, timed out, or an unreadable answer.
        SdkError::TimeoutError(_) | SdkError::DispatchFailure(_) | SdkError::ResponseError(_) | _ => true,
    };
    if passing { StoreError::Unavailable(Box::new(error)) } else { StoreError::Refused(Box::new(error)) }
}

impl AnchorStore for S3Anchors {
    async fn tenants(&self) -> Result<Vec<TenantId>, StoreError> {
        let (mut tenants, mut next) = (Vec::new(), None);
        loop {
            let call = self.client.list_objects_v2().bucket(&self.bucket).prefix(PREFIX).delimiter("/");
            let page = call.set_continuation_token(next).send().await.map_err(store_error)?;
            let folders = page.common_prefixes.unwrap_or_default().into_iter().filter_map(|folder| folder.prefix);
            tenants.extend(folders.filter_map(|folder| tenant_of(folder.strip_prefix(PREFIX)?.strip_suffix('/')?)));
            next = page.next_continuation_token;
            if next.is_none() {
                return Ok(tenants);
            }
        }
    }

    async fn newest_below(&self, tenant: &TenantId, limit: u64) -> Result<Option<u64>, StoreError> {
        let prefix = of_tenant(tenant);
        let (mut newest, mut next) = (None, None);
        loop {
            let call = self.client.list_objects_v2().bucket(&self.bucket).prefix(&prefix);
            let page = call.set_continuation_token(next).send().await.map_err(store_error)?;
            let keys = page.contents.unwrap_or_default().into_iter().filter_map(|object| object.key);
            let numbers = keys.filter_map(|key| number_of(key.strip_prefix(&prefix)?));
            newest = numbers.filter(|number| *number < limit).max().max(newest);
            next = page.next_continuation_token;
            if next.is_none() {
                return Ok(newest);
            }
        }
    }

    async fn get(&self, tenant: &TenantId, number: u64) -> Result<Option<Vec<u8>>, StoreError> {
        let call = self.client.get_object().bucket(&self.bucket).key(key_of(tenant, number));
        let found = match call.send().await {
            Ok(found) => found,
            Err(error) if error.as_service_error().is_some_and(|error| error.is_no_such_key()) => return Ok(None),
            Err(error) => return Err(store_error(error)),
        };
        let bytes = found.body.collect().await.map_err(|error| StoreError::Unavailable(Box::new(error)))?;
        Ok(Some(bytes.to_vec()))
    }

    async fn put_new(&self, tenant: &TenantId, number: u64, bytes: Vec<u8>) -> Result<Kept, StoreError> {
        let call = self.client.put_object().bucket(&self.bucket).key(key_of(tenant, number)).if_none_match("*");
        match call.content_type("application/json").body(ByteStream::from(bytes)).send().await {
            Ok(_) => Ok(Kept::Now),
            Err(error) if error.code() == Some(TAKEN) => Ok(Kept::Already),
            Err(error) => Err(store_error(error)),
        }
    }
}
