//! A signing key in AWS KMS: the private half never leaves it.

use alims_operations::ports::{PublicKey, SignatureBytes, Signer, SignerError};
use aws_lc_rs::digest::{SHA256, digest};
use aws_sdk_kms::Client;
use aws_sdk_kms::config::retry::RetryConfig;
use aws_sdk_kms::config::timeout::TimeoutConfig;
use aws_sdk_kms::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_kms::primitives::Blob;
use aws_sdk_kms::types::{MessageType, SigningAlgorithmSpec};
use aws_types::SdkConfig;
use std::time::Duration;

/// How long one try may take.
const ATTEMPT_TIMEOUT: Duration = Duration::from_secs(2);
/// How long all tries of one call may take together.
const OPERATION_TIMEOUT: Duration = Duration::from_secs(6);
/// How often one call is tried.
const ATTEMPTS_MAX: u32 = 3;

/// Error codes with a status of 4xx that pass without a change (AWS KMS API reference, `Sign` and "Common errors").
const PASSING_CODES: [&str; 4] =
    ["KeyUnavailableException", "LimitExceededException", "ThrottlingException", "RequestLimitExceeded"];

/// An asymmetric key of KMS: `ECC_NIST_P256`, `SIGN_VERIFY`.
#[derive(Clone, Debug)]
pub struct KmsKey {
    client: Client,
    key_id: String,
}

/// KMS answered without what was asked for.
#[derive(Debug, thiserror::Error)]
#[error("the answer of KMS lacks {0}")]
struct Incomplete(&'static str);

impl KmsKey {
    /// The key with this id, ARN or alias.
    #[must_use]
    pub fn new(config: &SdkConfig, key_id: &str) -> Self {
        let timeouts = TimeoutConfig::builder()
            .connect_timeout(ATTEMPT_TIMEOUT)
            .operation_attempt_timeout(ATTEMPT_TIMEOUT)
            .operation_timeout(OPERATION_TIMEOUT)
            .build();
        let retries = RetryConfig::standard().with_max_attempts(ATTEMPTS_MAX);
        let config = aws_sdk_kms::config::Builder::from(config).timeout_config(timeouts).retry_config(retries).build();
        Self { client: Client::from_conf(config), key_id: key_id.to_owned() }
    }
}

impl Signer for KmsKey {
    async fn sign(&self, message: &[u8]) -> Result<SignatureBytes, SignerError> {
        // KMS takes 4096 bytes of a message, and the digest of any.
        let digest = digest(&SHA256, message);
        let call = self.client.sign().key_id(&self.key_id).message(Blob::new(digest.as_ref()));
        let call = call.message_type(MessageType::Digest).signing_algorithm(SigningAlgorithmSpec::EcdsaSha256);
        let signature = call.send().await.map_err(failed)?.signature;
        let signature = signature.ok_or_else(|| SignerError::Unavailable(Box::new(Incomplete("the signature"))))?;
        Ok(SignatureBytes(signature.into_inner()))
    }

    async fn public_key(&self) -> Result<PublicKey, SignerError> {
        let key = self.client.get_public_key().key_id(&self.key_id).send().await.map_err(failed)?.public_key;
        let key = key.ok_or_else(|| SignerError::Unavailable(Box::new(Incomplete("the public key"))))?;
        Ok(PublicKey(key.into_inner()))
    }
}

fn failed<E>(error: SdkError<E>) -> SignerError
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
    if passing { SignerError::Unavailable(Box::new(error)) } else { SignerError::Refused(Box::new(error)) }
}
