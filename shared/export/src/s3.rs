//! Exports in a bucket of Amazon S3. The bucket's lifecycle removes them after a while, with all their versions.

use alims_domain::timestamp::Timestamp;
use alims_operations::ports::{
    ARCHIVE_NAME, ExportDocument, ExportLink, ExportPlace, ExportStore, ExportUpload, StoreError,
};
use aws_sdk_s3::Client;
use aws_sdk_s3::config::retry::RetryConfig;
use aws_sdk_s3::config::timeout::TimeoutConfig;
use aws_sdk_s3::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_s3::presigning::PresigningConfig;
use aws_sdk_s3::primitives::ByteStream;
use aws_sdk_s3::types::{ChecksumAlgorithm, CompletedMultipartUpload, CompletedPart};
use aws_types::SdkConfig;
use std::time::{Duration, SystemTime};

/// What the key of everything of an export begins with.
const PREFIX: &str = "exports/";
/// The size from which a part of an upload is sent, in bytes. All but the last have 5 MiB at least, and there are 10,000
/// at most (Amazon S3 user guide, "Amazon S3 multipart upload limits").
const PART_BYTES: usize = 8 * 1024 * 1024;
/// How often one call is tried.
const ATTEMPTS_MAX: u32 = 3;
/// How long the first pause between two tries is at most; it is drawn at random and doubles.
const INITIAL_BACKOFF: Duration = Duration::from_millis(100);
/// How long any pause between two tries is at most.
const BACKOFF_MAX: Duration = Duration::from_secs(1);

/// How long all tries of a call of a request take together.
pub const REQUEST_TIMEOUT: Duration = Duration::from_secs(2);
/// How long all tries of a call of a job take together: it sends and gets some megabytes.
pub const JOB_TIMEOUT: Duration = Duration::from_secs(60);

/// Error codes with a status of 4xx that pass without a change (Amazon S3 API reference, "Error responses").
const PASSING_CODES: [&str; 4] = ["ConditionalRequestConflict", "OperationAborted", "RequestTimeout", "SlowDown"];
/// The condition of the put did not hold: there is an object with that key.
const TAKEN: &str = "PreconditionFailed";

/// A bucket.
#[derive(Clone, Debug)]
pub struct S3Exports {
    client: Client,
    bucket: String,
}

impl S3Exports {
    /// In this bucket; each call with all its tries takes so long at most.
    #[must_use]
    pub fn new(config: &SdkConfig, bucket: &str, patience: Duration) -> Self {
        let timeouts = TimeoutConfig::builder().operation_timeout(patience).build();
        let retries = RetryConfig::standard()
            .with_max_attempts(ATTEMPTS_MAX)
            .with_initial_backoff(INITIAL_BACKOFF)
            .with_max_backoff(BACKOFF_MAX);
        // An emulator of AWS at a URL does not resolve a bucket's own host name.
        let by_path = config.endpoint_url().is_some();
        let config = aws_sdk_s3::config::Builder::from(config).force_path_style(by_path);
        let config = config.timeout_config(timeouts).retry_config(retries).build();
        Self { client: Client::from_conf(config), bucket: bucket.to_owned() }
    }

    async fn read(&self, key: &str) -> Result<Option<Vec<u8>>, StoreError> {
        let found = match self.client.get_object().bucket(&self.bucket).key(key).send().await {
            Ok(found) => found,
            Err(error) if error.as_service_error().is_some_and(|error| error.is_no_such_key()) => return Ok(None),
            Err(error) => return Err(store_error(error)),
        };
        let bytes = found.body.collect().await.map_err(|error| StoreError::Unavailable(Box::new(error)))?;
        Ok(Some(bytes.to_vec()))
    }
}

fn key_of(place: &ExportPlace, name: &str) -> String {
    format!("{PREFIX}{}/{}/{name}", place.tenant_id.as_str(), place.export_id)
}

/// An answer without what it must have.
#[derive(Debug, thiserror::Error)]
#[error("Amazon S3 answered without {0}")]
struct OddAnswer(&'static str);

fn odd(what: &'static str) -> StoreError {
    StoreError::Unavailable(Box::new(OddAnswer(what)))
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

impl ExportStore for S3Exports {
    type Upload = S3Upload;

    async fn keep(&self, place: &ExportPlace, document: ExportDocument, bytes: Vec<u8>) -> Result<Vec<u8>, StoreError> {
        let key = key_of(place, &document.stored_name());
        let call = self.client.put_object().bucket(&self.bucket).key(&key).if_none_match("*");
        match call.body(ByteStream::from(bytes.clone())).send().await {
            Ok(_) => Ok(bytes),
            // Another writer was first, or an earlier try of ours whose answer was lost.
            Err(error) if error.code() == Some(TAKEN) => self.read(&key).await?.ok_or_else(|| odd("a kept object")),
            Err(error) => Err(store_error(error)),
        }
    }

    async fn kept(&self, place: &ExportPlace, document: ExportDocument) -> Result<Option<Vec<u8>>, StoreError> {
        self.read(&key_of(place, &document.stored_name())).await
    }

    async fn archive(&self, place: &ExportPlace) -> Result<S3Upload, StoreError> {
        let (client, bucket, key) = (self.client.clone(), self.bucket.clone(), key_of(place, ARCHIVE_NAME));
        Ok(S3Upload { client, bucket, key, waiting: Vec::new(), begun: None })
    }

    async fn link(&self, place: &ExportPlace, now: Timestamp, seconds: u32) -> Result<ExportLink, StoreError> {
        let signed_at = SystemTime::from(now.as_chrono());
        let config = PresigningConfig::builder().start_time(signed_at).expires_in(Duration::from_secs(seconds.into()));
        let config = config.build().map_err(|error| StoreError::Refused(Box::new(error)))?;
        let file = format!("attachment; filename=\"export-{}.zip\"", place.export_id);
        let call = self.client.get_object().bucket(&self.bucket).key(key_of(place, ARCHIVE_NAME));
        let call = call.response_content_type("application/zip").response_content_disposition(file);
        let signed = call.presigned(config).await.map_err(store_error)?;
        Ok(ExportLink { url: signed.uri().to_owned(), expires_at: now.later_by_seconds(seconds) })
    }
}

/// An archive that is being written to a bucket. One that is never completed has no name there, and the bucket's
/// lifecycle removes its parts.
#[derive(Debug)]
pub struct S3Upload {
    client: Client,
    bucket: String,
    key: String,
    /// What no part holds yet.
    waiting: Vec<u8>,
    /// The upload of an archive that is larger than one part.
    begun: Option<Begun>,
}

#[derive(Debug)]
struct Begun {
    upload_id: String,
    parts: Vec<CompletedPart>,
}

impl S3Upload {
    async fn send_part(&mut self) -> Result<(), StoreError> {
        let begun = match self.begun.take() {
            Some(begun) => begun,
            None => {
                let call = self.client.create_multipart_upload().bucket(&self.bucket).key(&self.key);
                let call = call.content_type("application/zip").checksum_algorithm(ChecksumAlgorithm::Crc32);
                let answer = call.send().await.map_err(store_error)?;
                let upload_id = answer.upload_id.ok_or_else(|| odd("the id of an upload"))?;
                Begun { upload_id, parts: Vec::new() }
            }
        };
        let begun = self.begun.insert(begun);
        let number = i32::try_from(begun.parts.len().saturating_add(1));
        let number = number.map_err(|error| StoreError::Refused(Box::new(error)))?;
        let call = self.client.upload_part().bucket(&self.bucket).key(&self.key).upload_id(&begun.upload_id);
        let body = ByteStream::from(std::mem::take(&mut self.waiting));
        let call = call.part_number(number).checksum_algorithm(ChecksumAlgorithm::Crc32);
        let sent = call.body(body).send().await.map_err(store_error)?;
        let tag = sent.e_tag.ok_or_else(|| odd("the tag of a part"))?;
        let part = CompletedPart::builder().part_number(number).e_tag(tag);
        begun.parts.push(part.set_checksum_crc32(sent.checksum_crc32).build());
        Ok(())
    }
}

impl ExportUpload for S3Upload {
    async fn write(&mut self, bytes: Vec<u8>) -> Result<(), StoreError> {
        self.waiting.extend(bytes);
        if self.waiting.len() >= PART_BYTES { self.send_part().await } else { Ok(()) }
    }

    async fn finish(mut self) -> Result<(), StoreError> {
        if self.begun.is_none() {
            let call = self.client.put_object().bucket(&self.bucket).key(&self.key).content_type("application/zip");
            return call.body(ByteStream::from(self.waiting)).send().await.map(drop).map_err(store_error);
        }
        if !self.waiting.is_empty() {
            self.send_part().await?;
        }
        let Some(Begun { upload_id, parts }) = self.begun else { return Err(odd("an upload")) };
        let parts = CompletedMultipartUpload::builder().set_parts(Some(parts)).build();
        let call = self.client.complete_multipart_upload().bucket(&self.bucket).key(&self.key).upload_id(upload_id);
        call.multipart_upload(parts).send().await.map(drop).map_err(store_error)
    }
}
