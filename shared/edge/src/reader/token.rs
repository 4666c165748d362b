//! How the claims of a verified token become a principal. API Gateway hands every claim over as text: a list as
//! `[a b]`, a map as `map[a:b]`, a missing value as one word or another. What such a text can mean is decided here.

use alims_domain::authentication::{Authentication, Claimed};
use alims_domain::call::Principal;
use alims_domain::identifiers::{PrincipalId, Role, TenantId};
use alims_domain::invalid::InvalidValue;
use alims_domain::limits::AUTHENTICATION_METHODS_MAX;
use alims_domain::timestamp::Timestamp;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use lambda_http::Request;
use serde_json::{Map, Value};
use std::collections::{BTreeSet, HashMap};
use std::fmt;
use std::sync::Arc;

/// The claim that names the caller.
const SUBJECT: &str = "sub";
/// The claim of the tenant where the deployment names no other.
const TENANT_CLAIM_DEFAULT: &str = "tenant_id";
/// The claim of the roles where the deployment names no other.
const ROLES_CLAIM_DEFAULT: &str = "roles";
/// The claims whose text is a list by their own standards: names with a space between (RFC 6749, section 3.3).
const SCOPE_CLAIMS: [&str; 2] = ["scope", "scp"];
/// The maximum length of a roles claim in bytes; a longer one is not read. API Gateway takes no token with a longer one.
const ROLES_CLAIM_BYTES_MAX: usize = 8 * 1024;
/// The claims of a signer's name and authentication (OpenID Connect Core 1.0, sections 2 and 5.1).
const NAME: &str = "name";
const AUTH_TIME: &str = "auth_time";
const CLASS: &str = "acr";
const METHODS: &str = "amr";
/// The first second of the year 10000.
const SECONDS_END: f64 = 253_402_300_800.0;
/// What the gateway writes for a claim without a value.
const NO_VALUE: [&str; 3] = ["null", "<nil>", ""];
/// How many of the names that are no roles a log line shows.
const IGNORED_SHOWN_MAX: usize = 8;
/// How many characters of such a name it shows.
const IGNORED_CHARACTERS_MAX: usize = 64;

/// Why a function cannot read tokens as its settings say.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the environment variable {variable} {invalid}")]
pub struct TokenSettingInvalid {
    variable: &'static str,
    invalid: InvalidValue,
}

/// Which claims a deployment reads, and what it makes of a token that names no tenant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TokenReader {
    tenant_claim: String,
    /// Without it, a token that names no tenant is refused.
    tenant_default: Option<TenantId>,
    roles_claim: String,
    /// How the names of roles begin in the claim. Names that begin otherwise belong to other applications.
    role_prefix: String,
}

/// The claims `tenant_id` and `roles`, no prefix, and no tenant but the token's.
impl Default for TokenReader {
    fn default() -> Self {
        Self {
            tenant_claim: TENANT_CLAIM_DEFAULT.to_owned(),
            tenant_default: None,
            roles_claim: ROLES_CLAIM_DEFAULT.to_owned(),
            role_prefix: String::new(),
        }
    }
}

impl TokenReader {
    /// Reads `ALIMS_TENANT_CLAIM`, `ALIMS_DEFAULT_TENANT`, `ALIMS_ROLES_CLAIM` and `ALIMS_ROLE_PREFIX`. Each may be
    /// missing.
    ///
    /// # Errors
    /// When one has a value that cannot be meant.
    pub fn chosen_by(variable: impl Fn(&str) -> Option<String>) -> Result<Self, TokenSettingInvalid> {
        let read = |variable_name: &'static str, rule: fn(&str) -> Result<(), InvalidValue>| {
            let value = variable(variable_name);
            let checked = value.as_deref().map_or(Ok(()), rule);
            checked.map(|()| value).map_err(|invalid| TokenSettingInvalid { variable: variable_name, invalid })
        };
        let unset = Self::default();
        let tenant_default = read("ALIMS_DEFAULT_TENANT", |text| text.parse::<TenantId>().map(drop))?;
        Ok(Self {
            tenant_claim: read("ALIMS_TENANT_CLAIM", visible)?.unwrap_or(unset.tenant_claim),
            tenant_default: tenant_default.and_then(|text| text.parse().ok()),
            roles_claim: read("ALIMS_ROLES_CLAIM", visible)?.unwrap_or(unset.roles_claim),
            role_prefix: read("ALIMS_ROLE_PREFIX", prefix)?.unwrap_or(unset.role_prefix),
        })
    }

    /// The same, with a tenant for tokens that name none.
    #[must_use]
    pub fn with_default_tenant(self, tenant_id: TenantId) -> Self {
        Self { tenant_default: Some(tenant_id), ..self }
    }

    /// Has a request's caller read in this way. A request without a reader is answered with an internal error.
    #[must_use]
    pub fn attach(self: &Arc<Self>, mut request: Request) -> Request {
        request.extensions_mut().insert(Arc::clone(self));
        request
    }

    /// Reads the caller from the claims that the gateway verified, and from the header `Authorization` where names end
    /// in a list.
    ///
    /// # Errors
    /// A sentence without its full stop that says what is wrong with the token.
    pub fn principal(
        &self,
        claims: &HashMap<String, String>,
        authorization: Option<&str>,
    ) -> Result<(Principal, IgnoredNames), &'static str> {
        let id = claims.get(SUBJECT).filter(|text| is_text(text)).and_then(|sub| sub.parse::<PrincipalId>().ok());
        let id = id.ok_or("The token's claim `sub` is missing or invalid")?;
        if id.is_reserved() {
            return Err("The token's claim `sub` is a name reserved for the service");
        }
        let tenant_id = match claims.get(&self.tenant_claim) {
            Some(text) => text.parse().map_err(|_invalid| "The token's tenant claim is invalid")?,
            None => self.tenant_default.clone().ok_or("The token names no tenant, and there is no default tenant")?,
        };
        let (roles, ignored) = self.roles(claims.get(&self.roles_claim), authorization);
        Ok((Principal { id, tenant_id, roles }, ignored))
    }

    /// Reads how the caller was authenticated from the claims that the gateway verified, and the methods from the header
    /// `Authorization`, where they are a list.
    #[must_use]
    pub fn authentication(claims: &HashMap<String, String>, authorization: Option<&str>) -> Authentication {
        let claimed = |name: &str| claims.get(name).filter(|text| !NO_VALUE.contains(&text.as_str()));
        let amr = match claimed(METHODS) {
            Some(list) if list.starts_with('[') => authorization
                .and_then(|token| claim_of(token, METHODS))
                .filter(|value| rendered(value) == *list)
                .and_then(|value| {
                    if let Value::Array(methods) = value { methods.into_iter().map(text).collect() } else { None }
                })
                .unwrap_or_default(),
            Some(one) => vec![one.clone()],
            None => Vec::new(),
        };
        Authentication {
            name: claimed(NAME).map_or(Claimed::Absent, |name| {
                name.parse().ok().filter(|_| is_text(name)).map_or(Claimed::Unusable, Claimed::Is)
            }),
            auth_time: claimed(AUTH_TIME)
                .map_or(Claimed::Absent, |seconds| numeric_date(seconds).map_or(Claimed::Unusable, Claimed::Is)),
            acr: claimed(CLASS).and_then(|class| class.parse().ok()),
            amr: amr.iter().filter_map(|method| method.parse().ok()).take(AUTHENTICATION_METHODS_MAX).collect(),
        }
    }

    fn roles(&self, claim: Option<&String>, authorization: Option<&str>) -> (BTreeSet<String>, IgnoredNames) {
        let Some(claim) = claim else { return Default::default() };
        let Some(names) = self.names(claim, authorization) else {
            return (BTreeSet::new(), IgnoredNames::of([claim.as_str()]));
        };
        let mut roles = BTreeSet::new();
        let (mut malformed, mut of_others) = (Vec::new(), Vec::new());
        for name in names.iter().map(String::as_str).filter(|name| !name.is_empty()) {
            match name.strip_prefix(self.role_prefix.as_str()).map(str::parse::<Role>) {
                Some(Ok(role)) => drop(roles.insert(String::from(role))),
                Some(Err(_invalid)) => malformed.push(name),
                None => of_others.push(name),
            }
        }
        // The groups of other applications are nothing to tell, unless they are all there is: then perhaps the prefix
        // is wrong.
        let others = if roles.is_empty() { of_others } else { Vec::new() };
        (roles, IgnoredNames::of(malformed.into_iter().chain(others)))
    }

    /// The names in a roles claim; none when its text does not say where they end.
    ///
    /// `[former supervisor]` is the text of one name and of two. So a list is taken from the token itself, and only when
    /// it gives the text that the gateway verified. Every other text is one name, or a scope.
    fn names(&self, claim: &str, authorization: Option<&str>) -> Option<Vec<String>> {
        if claim.len() > ROLES_CLAIM_BYTES_MAX {
            return None;
        }
        let claimed = if claim.starts_with('[') {
            claim_of(authorization?, &self.roles_claim).filter(|value| rendered(value) == claim)?
        } else {
            Value::from(claim)
        };
        match claimed {
            Value::Array(names) => names.into_iter().map(text).collect(),
            Value::String(scope) if SCOPE_CLAIMS.contains(&self.roles_claim.as_str()) => {
                Some(scope.split(' ').map(str::to_owned).collect())
            }
            Value::String(name) => Some(vec![name]),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::Object(_) => None,
        }
    }
}

/// Names in a roles claim that are no roles here, for the log: so many, and the first of them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct IgnoredNames {
    count: usize,
    shown: Vec<String>,
}

impl IgnoredNames {
    fn of<'a>(names: impl IntoIterator<Item = &'a str>) -> Self {
        let mut ignored = Self::default();
        for name in names {
            ignored.count = ignored.count.saturating_add(1);
            if ignored.shown.len() < IGNORED_SHOWN_MAX {
                let cut = name.chars().take(IGNORED_CHARACTERS_MAX);
                ignored.shown.push(cut.flat_map(char::escape_debug).collect());
            }
        }
        ignored
    }

    /// Writes one line about them, if there are any.
    pub fn log(&self, request_id: &str) {
        if self.count > 0 {
            let names = self.to_string();
            tracing::info!(request_id, names, "names in the token's roles claim are no roles");
        }
    }
}

impl fmt::Display for IgnoredNames {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.shown.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", "))?;
        match self.count.saturating_sub(self.shown.len()) {
            0 => Ok(()),
            more => write!(f, " and {more} more"),
        }
    }
}

/// Whether a claim can be a text: a list or a map is rendered as a text that begins so.
pub(crate) fn is_text(claim: &str) -> bool {
    !["[", "{", "map["].iter().any(|shape| claim.starts_with(shape))
}

/// A claim as API Gateway's HTTP API renders it for a function: a list as `[a b]`, a map as `map[a:b c:d]`.
#[must_use]
pub fn rendered(claim: &Value) -> String {
    match claim {
        Value::String(text) => text.clone(),
        Value::Array(items) => format!("[{}]", items.iter().map(rendered).collect::<Vec<_>>().join(" ")),
        Value::Object(members) => {
            let members: std::collections::BTreeMap<_, _> = members.iter().collect();
            let members = members.into_iter().map(|(name, value)| format!("{name}:{}", rendered(value)));
            format!("map[{}]", members.collect::<Vec<_>>().join(" "))
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => claim.to_string(),
    }
}

/// A claim of the one token in a header `Authorization`. The gateway verified it; nothing is verified here. API Gateway
/// joins repeated headers by commas: of several tokens it is not known which one it verified, so none is read.
fn claim_of(authorization: &str, name: &str) -> Option<Value> {
    let token = match authorization.split_once(' ') {
        Some((scheme, token)) => Some(token.trim()).filter(|_| scheme.eq_ignore_ascii_case("bearer"))?,
        None => authorization,
    };
    let mut parts = token.split('.');
    let (Some(_header), Some(payload), Some(_signature), None) =
        (parts.next(), parts.next(), parts.next(), parts.next())
    else {
        return None;
    };
    if !token.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(&b)) {
        return None;
    }
    let payload = URL_SAFE_NO_PAD.decode(payload).ok()?;
    serde_json::from_slice::<Map<String, Value>>(&payload).ok()?.remove(name)
}

/// A NumericDate (RFC 7519, section 2), in the digits of the token or in the exponential notation of a gateway that read
/// it as a floating-point number. A fraction of a second is cut off.
fn numeric_date(text: &str) -> Option<Timestamp> {
    let digits = text.bytes().all(|b| b.is_ascii_digit() || b".eE+-".contains(&b));
    let seconds: f64 = text.parse().ok().filter(|_| digits)?;
    if !(0.0..SECONDS_END).contains(&seconds) {
        return None;
    }
    #[allow(clippy::cast_possible_truncation, reason = "the range is checked, and a fraction is to be cut off")]
    let whole = seconds as i64;
    Timestamp::from_unix_millis(whole.checked_mul(1000)?)
}

fn text(value: Value) -> Option<String> {
    if let Value::String(text) = value { Some(text) } else { None }
}

fn visible(text: &str) -> Result<(), InvalidValue> {
    let is_name = (1..=128).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_graphic());
    is_name.then_some(()).ok_or_else(|| InvalidValue::new("must be 1 to 128 visible ASCII characters"))
}

fn prefix(text: &str) -> Result<(), InvalidValue> {
    let allowed = |b: u8| b.is_ascii_alphanumeric() || b"._:/-".contains(&b);
    let is_prefix = (1..=64).contains(&text.len()) && text.bytes().all(allowed);
    is_prefix
        .then_some(())
        .ok_or_else(|| InvalidValue::new("must be 1 to 64 characters; allowed: A-Z a-z 0-9 . _ : / -"))
}
