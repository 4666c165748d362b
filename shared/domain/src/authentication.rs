//! How a caller was authenticated, as the verified token says, and whether that is enough to sign (RFC 9470).

use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::fmt;

use crate::identifiers::{AuthenticationName, PrintedName, Role};
use crate::limits::{AUTH_TIME_AHEAD_SECONDS, SIGNATURE_ROLES_MAX};
use crate::stored_name::named_as_str;
use crate::timestamp::Timestamp;

/// A claim that a token need not have.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Claimed<T> {
    /// The token does not have it.
    #[default]
    Absent,
    /// The token has it with a value that cannot be meant.
    Unusable,
    /// It is this.
    Is(T),
}

/// What a verified token says about its bearer's authentication. The default says nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Authentication {
    /// The claim `name`: the name that a signature shows.
    pub name: Claimed<PrintedName>,
    /// The claim `auth_time`: when the bearer was last asked to authenticate.
    pub auth_time: Claimed<Timestamp>,
    /// The claim `acr`: the class of the authentication.
    pub acr: Option<AuthenticationName>,
    /// The claim `amr`: the methods of the authentication.
    pub amr: Vec<AuthenticationName>,
}

/// How a signer was authenticated.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct AuthenticatedBy {
    /// When the identity provider last asked the signer to authenticate.
    pub auth_time: Timestamp,
    /// The class of the authentication (`acr`), where the token has one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub acr: Option<AuthenticationName>,
    /// The methods of the authentication (`amr`), where the token has them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[cfg_attr(feature = "schema", schema(required = false))]
    pub amr: Vec<AuthenticationName>,
}

/// A signer whose authentication is enough.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signer {
    /// The printed name.
    pub name: PrintedName,
    /// The roles.
    pub roles: BTreeSet<Role>,
    /// How the signer was authenticated.
    pub authenticated: AuthenticatedBy,
}

/// Why an authentication is not enough to sign.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "kebab-case")]
pub enum WhyInsufficient {
    /// The token does not say when the caller authenticated.
    NoAuthTime,
    /// The token's `auth_time` is no instant.
    UnreadableAuthTime,
    /// The token's `auth_time` has not come yet.
    FutureAuthTime,
    /// The caller authenticated too long ago.
    TooOld,
    /// The class of the authentication is none of those that are asked for.
    OtherClass,
    /// None of the methods that are asked for was used.
    OtherMethods,
    /// The token does not name the caller.
    NoName,
    /// The token's `name` cannot be printed.
    UnprintableName,
    /// The caller has more roles than a signature keeps.
    TooManyRoles,
}

impl WhyInsufficient {
    /// Each of them.
    pub const ALL: [Self; 9] = [
        Self::NoAuthTime,
        Self::UnreadableAuthTime,
        Self::FutureAuthTime,
        Self::TooOld,
        Self::OtherClass,
        Self::OtherMethods,
        Self::NoName,
        Self::UnprintableName,
        Self::TooManyRoles,
    ];

    /// The name in storage and on the wire.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::NoAuthTime => "no-auth-time",
            Self::UnreadableAuthTime => "unreadable-auth-time",
            Self::FutureAuthTime => "future-auth-time",
            Self::TooOld => "too-old",
            Self::OtherClass => "other-class",
            Self::OtherMethods => "other-methods",
            Self::NoName => "no-name",
            Self::UnprintableName => "unprintable-name",
            Self::TooManyRoles => "too-many-roles",
        }
    }
}

/// For people: what is wrong with the token.
impl fmt::Display for WhyInsufficient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NoAuthTime => "The token has no claim `auth_time`",
            Self::UnreadableAuthTime => "The token's claim `auth_time` is no time",
            Self::FutureAuthTime => "The token's claim `auth_time` is in the future",
            Self::TooOld => "You signed in too long ago to sign",
            Self::OtherClass => "The token's claim `acr` is not among those that signing needs",
            Self::OtherMethods => "The token's claim `amr` has no method that signing needs",
            Self::NoName => "The token has no claim `name`",
            Self::UnprintableName => "The token's claim `name` cannot be printed",
            Self::TooManyRoles => "The token has more roles than a signature keeps",
        })
    }
}

named_as_str!(WhyInsufficient);

/// The authentication that a signature needs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FreshAuthentication {
    /// How long ago the signer may have authenticated, in seconds.
    pub max_age_s: u32,
    /// The classes of which the token must have one; any where there are none.
    pub acr: Vec<AuthenticationName>,
    /// The methods of which the token must have one; any where there are none.
    pub amr: Vec<AuthenticationName>,
}

impl Default for FreshAuthentication {
    fn default() -> Self {
        Self { max_age_s: crate::limits::SIGNATURE_AGE_SECONDS_DEFAULT, acr: Vec::new(), amr: Vec::new() }
    }
}

impl FreshAuthentication {
    /// The signer, when the authentication of a caller with these roles is enough at this instant.
    ///
    /// # Errors
    /// Why it is not.
    pub fn signer(
        &self,
        Authentication { name, auth_time, acr, amr }: &Authentication,
        roles: &BTreeSet<String>,
        now: Timestamp,
    ) -> Result<Signer, WhyInsufficient> {
        let auth_time = match auth_time {
            Claimed::Is(auth_time) => *auth_time,
            Claimed::Absent => return Err(WhyInsufficient::NoAuthTime),
            Claimed::Unusable => return Err(WhyInsufficient::UnreadableAuthTime),
        };
        let age_ms = now.unix_millis().saturating_sub(auth_time.unix_millis());
        if age_ms < -millis(AUTH_TIME_AHEAD_SECONDS) {
            return Err(WhyInsufficient::FutureAuthTime);
        }
        if age_ms > millis(self.max_age_s) {
            return Err(WhyInsufficient::TooOld);
        }
        if !self.acr.is_empty() && acr.as_ref().is_none_or(|acr| !self.acr.contains(acr)) {
            return Err(WhyInsufficient::OtherClass);
        }
        if !self.amr.is_empty() && !amr.iter().any(|method| self.amr.contains(method)) {
            return Err(WhyInsufficient::OtherMethods);
        }
        let name = match name {
            Claimed::Is(name) => name.clone(),
            Claimed::Absent => return Err(WhyInsufficient::NoName),
            Claimed::Unusable => return Err(WhyInsufficient::UnprintableName),
        };
        let roles: BTreeSet<Role> = roles.iter().filter_map(|role| role.parse().ok()).collect();
        if roles.len() > SIGNATURE_ROLES_MAX {
            return Err(WhyInsufficient::TooManyRoles);
        }
        Ok(Signer { name, roles, authenticated: AuthenticatedBy { auth_time, acr: acr.clone(), amr: amr.clone() } })
    }
}

fn millis(seconds: u32) -> i64 {
    i64::from(seconds).saturating_mul(1000)
}
