//! The laboratory's rules: engines that judge transitions, in process by CEL expressions or remotely over HTTP.

mod alims;
mod case;
mod choice;
mod embedded;
mod http;
mod known_types;
mod occasion;
mod remote;

pub use alims::{AlimsNotUsable, AlimsRules, ApplicableInvalid};
pub use case::{Asker, Case, CaseInvalid};
pub use choice::{Engine, Rules, RulesNotStarted, SettingInvalid, rulesets_chosen_by};
pub use embedded::{EmbeddedRules, ExplainedInput, ExplainedRule, Explanation, Outcome, RulesInvalid, RulesetSummary};
pub use http::{
    Authorization, AwsSigner, BearerToken, DEADLINE_DEFAULT, DEADLINE_MAX, Endpoint, EndpointInvalid, JUDGEMENT_MAX,
    KeptToken, Reach, SecretStore, SecretText, TOKEN_READ_MAX, WARMING_MAX,
};
#[cfg(feature = "openapi")]
pub use remote::openapi;
pub use remote::{RemoteRules, contract};
