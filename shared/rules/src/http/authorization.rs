//! How the service identifies itself to an engine: not at all, by a bearer token, or by a signature with the function's
//! AWS credentials.

use alims_operations::ports::{Cause, Clock};
use aws_credential_types::Credentials;
use aws_sigv4::http_request::{SignableBody, SignableRequest, SigningSettings, sign};
use aws_sigv4::sign::v4;
use bytes::Bytes;
use http::Request;
use http::header::AUTHORIZATION;
use http_body_util::Full;
use std::fmt;
use std::sync::Arc;
use std::time::{Duration, UNIX_EPOCH};

use super::bearer_token::BearerToken;
use super::kept_token::{KeptToken, NoToken};

/// How requests to an engine are authorised.
#[derive(Clone, Default)]
pub enum Authorization {
    /// No identification: the network restricts access to the engine.
    #[default]
    None,
    /// A bearer token.
    Bearer(BearerToken),
    /// A bearer token that is kept elsewhere and may change.
    Kept(Arc<KeptToken>),
    /// AWS Signature Version 4.
    SigV4(AwsSigner),
}

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

impl Authorization {
    /// Has what it needs to identify the service; by this number [`Authorization::renewed`] knows what was used.
    pub(crate) async fn ready(&self) -> Result<u64, NoToken> {
        match self {
            Self::Kept(token) => token.ready().await,
            Self::None | Self::Bearer(_) | Self::SigV4(_) => Ok(0),
        }
    }

    /// Whether the service can identify itself in another way than the one that was refused.
    pub(crate) async fn renewed(&self, refused: u64) -> bool {
        match self {
            Self::Kept(token) => token.renewed(refused).await,
            Self::None | Self::Bearer(_) | Self::SigV4(_) => false,
        }
    }

    /// Adds the identification to a request.
    pub(crate) fn apply(&self, request: &mut Request<Full<Bytes>>, body: &[u8]) -> Result<(), Cause> {
        match self {
            Self::None => Ok(()),
            Self::Bearer(token) => {
                request.headers_mut().insert(AUTHORIZATION, token.header());
                Ok(())
            }
            Self::Kept(token) => {
                let token = token.known_token().ok_or("the token has not been read yet")?;
                request.headers_mut().insert(AUTHORIZATION, token.header());
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
            Self::Kept(token) => token.fmt(f),
            Self::SigV4(signer) => write!(f, "SigV4({} in {})", signer.service, signer.region),
        }
    }
}
