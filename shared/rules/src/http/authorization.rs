//! How the service identifies itself to an engine: not at all, by a bearer token, or by a signature with the function's
//! AWS credentials.

use alims_operations::ports::{Cause, Clock};
use aws_credential_types::Credentials;
use aws_sigv4::http_request::{SignableBody, SignableRequest, SigningSettings, sign};
use aws_sigv4::sign::v4;
use bytes::Bytes;
use http::header::AUTHORIZATION;
use http::{HeaderValue, Request};
use http_body_util::Full;
use std::fmt;
use std::sync::Arc;
use std::time::{Duration, UNIX_EPOCH};

/// How requests to an engine are authorised.
#[derive(Clone, Default)]
pub enum Authorization {
    /// No identification: the network restricts access to the engine.
    #[default]
    None,
    /// A bearer token.
    Bearer(BearerToken),
    /// AWS Signature Version 4.
    SigV4(AwsSigner),
}

/// A token as it appears in the header, marked so that it is never printed.
#[derive(Clone)]
pub struct BearerToken(HeaderValue);

/// What requests are signed with.
#[derive(Clone)]
pub struct AwsSigner {
    /// The credentials of this process; on Lambda they hold for as long as it lives.
    pub credentials: Credentials,
    /// The region the engine is in.
    pub region: String,
    /// The AWS service in front of the engine: `execute-api` for API Gateway, `lambda` for a function's URL,
    /// `vpc-lattice-svcs`.
    pub service: String,
    /// A signature holds for some minutes.
    pub clock: Arc<dyn Clock>,
}

impl BearerToken {
    /// Accepts a token; none when it is not valid in a header.
    #[must_use]
    pub fn new(token: &str) -> Option<Self> {
        // The characters of RFC 6750's b64token: a line break read from a file would otherwise pass unnoticed.
        let allowed = |c: char| c.is_ascii_alphanumeric() || "-._~+/=".contains(c);
        if token.is_empty() || !token.chars().all(allowed) {
            return None;
        }
        let mut value = HeaderValue::from_str(&format!("Bearer {token}")).ok()?;
        value.set_sensitive(true);
        Some(Self(value))
    }
}

impl Authorization {
    /// Adds the identification to a request.
    pub(crate) fn apply(&self, request: &mut Request<Full<Bytes>>, body: &[u8]) -> Result<(), Cause> {
        match self {
            Self::None => Ok(()),
            Self::Bearer(BearerToken(value)) => {
                request.headers_mut().insert(AUTHORIZATION, value.clone());
                Ok(())
            }
            Self::SigV4(signer) => signer.sign(request, body),
        }
    }
}

impl AwsSigner {
    fn sign(&self, request: &mut Request<Full<Bytes>>, body: &[u8]) -> Result<(), Cause> {
        let identity = self.credentials.clone().into();
        let millis = u64::try_from(self.clock.now().unix_millis())?;
        let params = v4::SigningParams::builder()
            .identity(&identity)
            .region(&self.region)
            .name(&self.service)
            .time(UNIX_EPOCH + Duration::from_millis(millis))
            .settings(SigningSettings::default())
            .build()?
            .into();
        let headers = request.headers().iter().filter_map(|(name, value)| Some((name.as_str(), value.to_str().ok()?)));
        let uri = request.uri().to_string();
        let signable = SignableRequest::new(request.method().as_str(), uri, headers, SignableBody::Bytes(body))?;
        let (instructions, _) = sign(signable, &params)?.into_parts();
        instructions.apply_to_request_http1x(request);
        Ok(())
    }
}

impl fmt::Debug for Authorization {
    /// No secret is ever shown.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::None => f.write_str("None"),
            Self::Bearer(_) => f.write_str("Bearer(…)"),
            Self::SigV4(signer) => write!(f, "SigV4({} in {})", signer.service, signer.region),
        }
    }
}
