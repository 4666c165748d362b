//! The choice of a rules engine: settings choose it at the start, and every function uses the same one.

use alims_domain::ruling::{RulesQuestion, Verdict};
use alims_operations::metrics::RULES_LATENCY;
use alims_operations::ports::{Clock, Ids, RulesEngine, RulesUnavailable, Rulesets, TransitionRules};
use aws_credential_types::Credentials;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tracing::Instrument;

use crate::alims::{AlimsNotUsable, AlimsRules, Applicable};
use crate::embedded::{EmbeddedRules, RulesInvalid};
use crate::http::{
    Authorization, AwsSigner, BearerToken, DEADLINE_DEFAULT, DEADLINE_MAX, KeptToken, Reach, SecretStore,
};
use crate::remote::RemoteRules;

const ENGINE: &str = "ALIMS_RULES_ENGINE";
const URL: &str = "ALIMS_RULES_URL";
const DEADLINE_MS: &str = "ALIMS_RULES_DEADLINE_MS";
const TOKEN: &str = "ALIMS_RULES_TOKEN";
const TOKEN_SECRET: &str = "ALIMS_RULES_TOKEN_SECRET";
const SIGV4_SERVICE: &str = "ALIMS_RULES_SIGV4_SERVICE";
/// The settings that only a remote engine has.
const OF_ENGINES_ELSEWHERE: [&str; 4] = [URL, TOKEN, TOKEN_SECRET, SIGV4_SERVICE];
/// The settings of how the service identifies itself: at most one is set.
const OF_IDENTITY: [&str; 3] = [TOKEN, TOKEN_SECRET, SIGV4_SERVICE];

/// An engine and its settings.
#[derive(Clone, Debug)]
pub enum Engine {
    /// CEL expressions of a folder, in process.
    Embedded {
        /// The folder.
        rules: PathBuf,
    },
    /// An engine that keeps the contract of `docs/predicate-logic-engine.md`.
    Remote(Reach),
    /// ALIMS's own engine, by the interface it has.
    Alims {
        /// How it is reached.
        reach: Reach,
        /// The folder in which `predicate-logic/applicable.yaml` says which of its rules apply to what.
        rules: PathBuf,
    },
}

/// A setting that cannot be meant.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the environment variable {variable} {what}")]
pub struct SettingInvalid {
    /// Its name.
    pub variable: &'static str,
    /// The error; it completes the sentence.
    pub what: String,
}

/// Why no rules engine is available. The service does not start without one.
#[derive(Debug, thiserror::Error)]
pub enum RulesNotStarted {
    /// A setting is wrong.
    #[error(transparent)]
    Setting(#[from] SettingInvalid),
    /// The embedded rules are wrong.
    #[error("the rules in {} are not valid", .folder.display())]
    Invalid {
        /// Where they are.
        folder: PathBuf,
        /// The error.
        #[source]
        source: RulesInvalid,
    },
    /// ALIMS's own engine cannot be asked.
    #[error(transparent)]
    Alims(#[from] AlimsNotUsable),
    /// The connection to the engine needs TLS.
    #[error("no certificate authority to trust is installed")]
    NobodyToTrust(#[source] std::io::Error),
}

/// The laboratory's rules, independent of the engine.
pub enum Rules {
    /// In process.
    Embedded(Box<EmbeddedRules>),
    /// Over the contract.
    Remote(Box<RemoteRules>),
    /// Over the interface of ALIMS's own engine.
    Alims(Box<AlimsRules>),
}

impl Engine {
    /// The engine that environment variables choose: `ALIMS_RULES_ENGINE` is `embedded` (or not set), `remote` or
    /// `alims`; `docs/predicate-logic-engine.md` describes the others. Pass an empty variable as none. `rules` is the
    /// folder of the embedded engine and of the ALIMS engine; `secrets` finds the secret of a name.
    ///
    /// # Errors
    /// When a variable is missing or wrong, or sets a remote engine although none is chosen.
    pub fn chosen_by(
        variable: impl Fn(&str) -> Option<String>,
        rules: &Path,
        clock: Arc<dyn Clock>,
        secrets: impl FnOnce(&str) -> Arc<dyn SecretStore>,
    ) -> Result<Self, SettingInvalid> {
        let rules = rules.to_owned();
        match variable(ENGINE).as_deref() {
            None | Some("embedded") => match OF_ENGINES_ELSEWHERE.iter().find(|name| variable(name).is_some()) {
                // The operator who sets this variable expects that engine to judge.
                Some(name) => Err(invalid(name, format!("is set, but {ENGINE} is not remote or alims"))),
                None => Ok(Self::Embedded { rules }),
            },
            Some("remote") => Ok(Self::Remote(reach(variable, clock, secrets)?)),
            Some("alims") => Ok(Self::Alims { reach: reach(variable, clock, secrets)?, rules }),
            Some(other) => Err(no_engine(other)),
        }
    }
}

fn no_engine(other: &str) -> SettingInvalid {
    invalid(ENGINE, format!("must be embedded, remote or alims, not {other:?}"))
}

/// The rulesets of the engine that environment variables choose, as [`Rules::rulesets`] says, without an engine that can
/// judge. An engine elsewhere needs no address for it.
///
/// # Errors
/// When the engine's name, or a file that it needs, is invalid.
pub fn rulesets_chosen_by(
    variable: impl Fn(&str) -> Option<String>,
    rules: &Path,
) -> Result<Rulesets, RulesNotStarted> {
    match variable(ENGINE).as_deref() {
        None | Some("embedded") => Ok(embedded(rules)?.rulesets()),
        Some("remote") => Ok(Rulesets::elsewhere(RulesEngine::Remote)),
        Some("alims") => Ok(Applicable::load(rules).map_err(AlimsNotUsable::from)?.rulesets()),
        Some(other) => Err(no_engine(other).into()),
    }
}

fn invalid(variable: &'static str, what: impl Into<String>) -> SettingInvalid {
    SettingInvalid { variable, what: what.into() }
}

fn reach(
    variable: impl Fn(&str) -> Option<String>,
    clock: Arc<dyn Clock>,
    secrets: impl FnOnce(&str) -> Arc<dyn SecretStore>,
) -> Result<Reach, SettingInvalid> {
    let Some(url) = variable(URL) else {
        return Err(invalid(URL, "is not set: the rules engine has no address"));
    };
    let endpoint: crate::http::Endpoint = url.parse().map_err(|error| invalid(URL, format!("{error}")))?;
    let deadline = match variable(DEADLINE_MS) {
        None => DEADLINE_DEFAULT,
        Some(text) => {
            let most = DEADLINE_MAX.as_millis();
            let wrong = || invalid(DEADLINE_MS, format!("must be a whole number from 1 to {most}, not {text:?}"));
            let millis: u64 = text.parse().map_err(|_| wrong())?;
            Some(Duration::from_millis(millis)).filter(|d| !d.is_zero() && *d <= DEADLINE_MAX).ok_or_else(wrong)?
        }
    };
    let set: Vec<(&'static str, String)> =
        OF_IDENTITY.into_iter().filter_map(|name| Some((name, variable(name)?))).collect();
    let authorization = match set.as_slice() {
        [] => Authorization::None,
        [(SIGV4_SERVICE, service)] => Authorization::SigV4(signer(variable, service.clone(), clock)?),
        [(name, _)] if !endpoint.is_private() && !endpoint.is_on_this_machine() => {
            return Err(invalid(name, format!("would be sent in the clear: {URL} must begin with https://")));
        }
        [(TOKEN_SECRET, secret)] => Authorization::Kept(Arc::new(KeptToken::new(secrets(secret)))),
        [(name, token)] => {
            let token = BearerToken::new(token);
            Authorization::Bearer(token.ok_or_else(|| invalid(name, "holds characters that no bearer token has"))?)
        }
        [(first, _), (second, _), ..] => return Err(invalid(first, format!("is set, and so is {second}: choose one"))),
    };
    Ok(Reach { endpoint, deadline, authorization })
}

/// Lambda puts the credentials of a function's role into its environment, where they hold for as long as it lives.
fn signer(
    variable: impl Fn(&str) -> Option<String>,
    service: String,
    clock: Arc<dyn Clock>,
) -> Result<AwsSigner, SettingInvalid> {
    let required = |name: &'static str| {
        variable(name).ok_or_else(|| invalid(name, format!("is not set: {SIGV4_SERVICE} has requests signed with it")))
    };
    let (key, secret) = (required("AWS_ACCESS_KEY_ID")?, required("AWS_SECRET_ACCESS_KEY")?);
    let credentials = Credentials::new(key, secret, variable("AWS_SESSION_TOKEN"), None, "environment");
    Ok(AwsSigner { credentials, region: required("AWS_REGION")?, service, clock })
}

impl Rules {
    /// The engine that environment variables choose, ready to judge: see [`Engine::chosen_by`].
    ///
    /// # Errors
    /// When a setting, or a file that it names, is invalid. This does not check whether a remote engine answers.
    pub fn chosen_by(
        variable: impl Fn(&str) -> Option<String>,
        rules: &Path,
        clock: Arc<dyn Clock>,
        ids: Arc<dyn Ids>,
        secrets: impl FnOnce(&str) -> Arc<dyn SecretStore>,
    ) -> Result<Self, RulesNotStarted> {
        Self::of(Engine::chosen_by(variable, rules, clock, secrets)?, ids)
    }

    /// An engine, ready to judge.
    ///
    /// # Errors
    /// When a file or setting that it needs is missing or invalid.
    pub fn of(engine: Engine, ids: Arc<dyn Ids>) -> Result<Self, RulesNotStarted> {
        match engine {
            Engine::Embedded { rules } => embedded(&rules).map(Box::new).map(Self::Embedded),
            Engine::Remote(reach) => {
                RemoteRules::new(reach).map(Box::new).map(Self::Remote).map_err(RulesNotStarted::NobodyToTrust)
            }
            Engine::Alims { reach, rules } => Ok(Self::Alims(Box::new(AlimsRules::load(reach, &rules, ids)?))),
        }
    }

    /// What is known of the rules: all of the embedded engine; of the others which workflow types exist, if that.
    #[must_use]
    pub fn rulesets(&self) -> Rulesets {
        match self {
            Self::Embedded(rules) => rules.rulesets(),
            Self::Remote(_) => Rulesets::elsewhere(RulesEngine::Remote),
            Self::Alims(rules) => rules.rulesets(),
        }
    }

    /// Connects before the first question, which then need not wait for a connection. It cannot fail: an engine that
    /// does not answer now may answer later.
    pub async fn warm(&self) {
        match self {
            Self::Embedded(_) => {}
            Self::Remote(rules) => rules.warm().await,
            Self::Alims(rules) => rules.warm().await,
        }
    }
}

fn embedded(folder: &Path) -> Result<EmbeddedRules, RulesNotStarted> {
    EmbeddedRules::load(folder).map_err(|source| RulesNotStarted::Invalid { folder: folder.to_owned(), source })
}

impl TransitionRules for Rules {
    async fn judge(&self, question: &RulesQuestion<'_>) -> Result<Verdict, RulesUnavailable> {
        let asked = Instant::now();
        let judging = async {
            match self {
                Self::Embedded(rules) => rules.judge(question).await,
                Self::Remote(rules) => rules.judge(question).await,
                Self::Alims(rules) => rules.judge(question).await,
            }
        };
        let verdict = judging.instrument(tracing::debug_span!("rules.judge")).await;
        RULES_LATENCY.record(asked.elapsed().as_secs_f64() * 1000.0, &[]);
        verdict
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alims_testing::FixedClock;
    use alims_testing::builders::at;

    /// A secret that cannot be read.
    #[derive(Debug)]
    struct NoSecret;

    impl SecretStore for NoSecret {
        fn read(
            &self,
        ) -> futures_util::future::BoxFuture<'_, Result<crate::SecretText, alims_operations::ports::Cause>> {
            Box::pin(async { Err("there is none".into()) })
        }
    }

    const HTTPS: (&str, &str) = (URL, "https://rules.example.org");
    const REMOTE: (&str, &str) = (ENGINE, "remote");

    fn chosen(settings: &[(&str, &str)]) -> Result<Engine, SettingInvalid> {
        let variable =
            |name: &str| settings.iter().find(|(given, _)| *given == name).map(|(_, value)| (*value).to_owned());
        Engine::chosen_by(variable, Path::new("rules"), Arc::new(FixedClock::new(at(0))), |_| Arc::new(NoSecret))
    }

    fn reached(settings: &[(&str, &str)]) -> Reach {
        match chosen(settings).expect("settings that can be meant") {
            Engine::Remote(reach) | Engine::Alims { reach, .. } => reach,
            Engine::Embedded { .. } => panic!("an engine elsewhere"),
        }
    }

    #[test]
    fn nothing_said_is_the_embedded_engine() {
        for settings in [&[][..], &[(ENGINE, "embedded")], &[(DEADLINE_MS, "300")]] {
            assert!(matches!(chosen(settings), Ok(Engine::Embedded { rules }) if rules == Path::new("rules")));
        }
    }

    #[test]
    fn an_engine_elsewhere_has_an_address_a_deadline_and_knows_who_we_are() {
        let reach = reached(&[REMOTE, HTTPS]);
        assert_eq!((reach.endpoint.to_string(), reach.deadline), (HTTPS.1.to_owned(), DEADLINE_DEFAULT));
        assert!(matches!(reach.authorization, Authorization::None));
        let reach = reached(&[(ENGINE, "alims"), HTTPS, (DEADLINE_MS, "2000"), (TOKEN, "s3cret-token")]);
        assert_eq!(reach.deadline, DEADLINE_MAX);
        assert!(matches!(reach.authorization, Authorization::Bearer(_)));
        assert!(!format!("{reach:?}").contains("s3cret"), "{reach:?}");
        let reach = reached(&[REMOTE, HTTPS, (TOKEN_SECRET, "arn:of-the-token")]);
        assert!(matches!(reach.authorization, Authorization::Kept(_)));
        let aws = [("AWS_ACCESS_KEY_ID", "AKID"), ("AWS_SECRET_ACCESS_KEY", "s3cret"), ("AWS_REGION", "eu-central-1")];
        let reach = reached(&[&[REMOTE, HTTPS, (SIGV4_SERVICE, "execute-api")], &aws[..]].concat());
        let Authorization::SigV4(signer) = &reach.authorization else { panic!("{reach:?}") };
        assert_eq!((signer.region.as_str(), signer.service.as_str()), ("eu-central-1", "execute-api"));
        assert!(!format!("{reach:?}").contains("s3cret"), "{reach:?}");
    }

    #[test]
    fn a_token_goes_in_the_clear_to_this_machine_only() {
        let token = (TOKEN, "token");
        assert!(chosen(&[REMOTE, (URL, "http://127.0.0.1:8080"), token]).is_ok());
        assert!(chosen(&[REMOTE, (URL, "http://rules.example.org")]).is_ok());
        let refused = chosen(&[REMOTE, (URL, "http://rules.example.org"), token]).expect_err("in the clear");
        assert_eq!(refused.variable, TOKEN);
    }

    #[test]
    fn a_wrong_setting_is_named() {
        let sigv4 = (SIGV4_SERVICE, "execute-api");
        let secret = (TOKEN_SECRET, "arn");
        let bad: [(&[(&str, &str)], &str); 19] = [
            (&[(ENGINE, "Remote")], ENGINE),
            (&[HTTPS], URL),
            (&[(ENGINE, "embedded"), (TOKEN, "t")], TOKEN),
            (&[sigv4], SIGV4_SERVICE),
            (&[REMOTE], URL),
            (&[secret], TOKEN_SECRET),
            (&[REMOTE, HTTPS, secret, sigv4], TOKEN_SECRET),
            (&[REMOTE, HTTPS, (TOKEN, "t"), secret], TOKEN),
            (&[REMOTE, HTTPS, (TOKEN, "t"), secret, sigv4], TOKEN),
            (&[REMOTE, (URL, "http://rules.example.org"), secret], TOKEN_SECRET),
            (&[(ENGINE, "alims")], URL),
            (&[REMOTE, (URL, "rules.example.org")], URL),
            (&[REMOTE, HTTPS, (DEADLINE_MS, "0")], DEADLINE_MS),
            (&[REMOTE, HTTPS, (DEADLINE_MS, "2001")], DEADLINE_MS),
            (&[REMOTE, HTTPS, (DEADLINE_MS, "300ms")], DEADLINE_MS),
            (&[REMOTE, HTTPS, (TOKEN, "a\nb")], TOKEN),
            (&[REMOTE, HTTPS, (TOKEN, "t"), sigv4], TOKEN),
            (&[REMOTE, HTTPS, sigv4], "AWS_ACCESS_KEY_ID"),
            (&[REMOTE, HTTPS, sigv4, ("AWS_ACCESS_KEY_ID", "a"), ("AWS_SECRET_ACCESS_KEY", "b")], "AWS_REGION"),
        ];
        for (settings, name) in bad {
            let refused = chosen(settings).expect_err("it cannot be meant");
            assert_eq!(refused.variable, name, "{refused}");
            assert!(refused.to_string().contains(name), "{refused}");
        }
    }
}
