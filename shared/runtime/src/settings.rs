//! The settings of a function, from environment variables. A function reads each setting when it needs it, so it
//! requires no setting that it does not use.

use std::net::SocketAddr;
use std::path::PathBuf;

/// A variable without which a function cannot work.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the environment variable {0} is not set")]
pub struct MissingVariable(pub &'static str);

/// Reads the settings. A variable that is empty counts as not set.
#[derive(Clone, Copy, Debug)]
pub struct Settings {
    variable: fn(&str) -> Option<String>,
}

impl Settings {
    /// The settings of this process.
    #[must_use]
    pub fn from_environment() -> Self {
        #[expect(clippy::disallowed_methods, reason = "this crate is the one that reads the environment")]
        let variable = |name: &str| std::env::var(name).ok();
        Self { variable }
    }

    /// Settings from anywhere else.
    #[must_use]
    pub fn from_variables(variable: fn(&str) -> Option<String>) -> Self {
        Self { variable }
    }

    /// The table of the log: `ALIMS_LOG_TABLE`.
    ///
    /// # Errors
    /// When it is not set.
    pub fn log_table(&self) -> Result<String, MissingVariable> {
        self.required("ALIMS_LOG_TABLE")
    }

    /// The table of the index: `ALIMS_INDEX_TABLE`.
    ///
    /// # Errors
    /// When it is not set.
    pub fn index_table(&self) -> Result<String, MissingVariable> {
        self.required("ALIMS_INDEX_TABLE")
    }

    /// The event bus: `ALIMS_EVENT_BUS`.
    ///
    /// # Errors
    /// When it is not set.
    pub fn event_bus(&self) -> Result<String, MissingVariable> {
        self.required("ALIMS_EVENT_BUS")
    }

    /// The queue for stream records that cannot be read: `ALIMS_DEAD_LETTER_QUEUE_URL`.
    ///
    /// # Errors
    /// When it is not set.
    pub fn dead_letter_queue_url(&self) -> Result<String, MissingVariable> {
        self.required("ALIMS_DEAD_LETTER_QUEUE_URL")
    }

    /// The state machine of recoveries, by its ARN: `ALIMS_RECOVERY_STATE_MACHINE`.
    ///
    /// # Errors
    /// When it is not set.
    pub fn recovery_state_machine(&self) -> Result<String, MissingVariable> {
        self.required("ALIMS_RECOVERY_STATE_MACHINE")
    }

    /// The bucket of the anchors: `ALIMS_ANCHOR_BUCKET`.
    ///
    /// # Errors
    /// When it is not set.
    pub fn anchor_bucket(&self) -> Result<String, MissingVariable> {
        self.required("ALIMS_ANCHOR_BUCKET")
    }

    /// The bucket of the anchors with which a history is compared: `ALIMS_WITNESS_BUCKET`. None when it is not set.
    #[must_use]
    pub fn witness_bucket(&self) -> Option<String> {
        self.optional("ALIMS_WITNESS_BUCKET")
    }

    /// The key that signs anchors, by its id or ARN: `ALIMS_SIGNING_KEY`.
    ///
    /// # Errors
    /// When it is not set.
    pub fn signing_key(&self) -> Result<String, MissingVariable> {
        self.required("ALIMS_SIGNING_KEY")
    }

    /// The bucket of the exports: `ALIMS_EXPORT_BUCKET`.
    ///
    /// # Errors
    /// When it is not set.
    pub fn export_bucket(&self) -> Result<String, MissingVariable> {
        self.required("ALIMS_EXPORT_BUCKET")
    }

    /// The state machine of exports, by its ARN: `ALIMS_EXPORT_STATE_MACHINE`.
    ///
    /// # Errors
    /// When it is not set.
    pub fn export_state_machine(&self) -> Result<String, MissingVariable> {
        self.required("ALIMS_EXPORT_STATE_MACHINE")
    }

    /// The folder of the rules: `ALIMS_RULES_DIR`, or `rules` next to the program.
    #[must_use]
    pub fn rules_dir(&self) -> PathBuf {
        self.optional("ALIMS_RULES_DIR").unwrap_or_else(|| "rules".to_owned()).into()
    }

    /// Any variable by its name, for what defines the names of its own settings: `alims-rules` for the choice and setup
    /// of a rules engine, `alims-edge` for how tokens are read.
    pub fn variables(self) -> impl Fn(&str) -> Option<String> {
        move |name| self.optional(name)
    }

    /// The folder of the policies: `ALIMS_POLICIES_DIR`, or `policies` next to the program.
    #[must_use]
    pub fn policies_dir(&self) -> PathBuf {
        self.optional("ALIMS_POLICIES_DIR").unwrap_or_else(|| "policies".to_owned()).into()
    }

    /// The stack whose metrics this process records: `ALIMS_STACK`; none to record none.
    #[must_use]
    pub fn stack(&self) -> Option<String> {
        self.optional("ALIMS_STACK")
    }

    /// Where traces go: `AWS_XRAY_DAEMON_ADDRESS`, which Lambda sets, if `ALIMS_TRACING` is `on`.
    #[must_use]
    pub fn trace_daemon(&self) -> Option<SocketAddr> {
        self.optional("ALIMS_TRACING").filter(|switch| switch == "on")?;
        self.optional("AWS_XRAY_DAEMON_ADDRESS")?.parse().ok()
    }

    /// The log filter: `RUST_LOG`, which the template sets, or Lambda's own `AWS_LAMBDA_LOG_LEVEL`, or `info`.
    #[must_use]
    pub fn log_filter(&self) -> String {
        let named = self.optional("RUST_LOG").or_else(|| self.optional("AWS_LAMBDA_LOG_LEVEL"));
        named.unwrap_or_else(|| "info".to_owned())
    }

    fn required(&self, name: &'static str) -> Result<String, MissingVariable> {
        self.optional(name).ok_or(MissingVariable(name))
    }

    fn optional(&self, name: &str) -> Option<String> {
        (self.variable)(name).filter(|value| !value.is_empty())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_variable_is_named() {
        let nothing = Settings::from_variables(|_| None);
        assert_eq!(nothing.log_table(), Err(MissingVariable("ALIMS_LOG_TABLE")));
        let empty = Settings::from_variables(|_| Some(String::new()));
        assert_eq!(empty.variables()("ALIMS_RULES_URL"), None);
        let error = empty.index_table().expect_err("an empty variable is not set");
        assert_eq!(error.to_string(), "the environment variable ALIMS_INDEX_TABLE is not set");
    }

    #[test]
    fn each_setting_reads_its_own_variable() {
        let echo = Settings::from_variables(|name| Some(name.to_owned()));
        assert_eq!(echo.log_table(), Ok("ALIMS_LOG_TABLE".to_owned()));
        assert_eq!(echo.index_table(), Ok("ALIMS_INDEX_TABLE".to_owned()));
        assert_eq!(echo.event_bus(), Ok("ALIMS_EVENT_BUS".to_owned()));
        assert_eq!(echo.dead_letter_queue_url(), Ok("ALIMS_DEAD_LETTER_QUEUE_URL".to_owned()));
        assert_eq!(echo.recovery_state_machine(), Ok("ALIMS_RECOVERY_STATE_MACHINE".to_owned()));
        assert_eq!(echo.anchor_bucket(), Ok("ALIMS_ANCHOR_BUCKET".to_owned()));
        assert_eq!(echo.witness_bucket(), Some("ALIMS_WITNESS_BUCKET".to_owned()));
        assert_eq!(echo.export_bucket(), Ok("ALIMS_EXPORT_BUCKET".to_owned()));
        assert_eq!(echo.export_state_machine(), Ok("ALIMS_EXPORT_STATE_MACHINE".to_owned()));
        assert_eq!(echo.signing_key(), Ok("ALIMS_SIGNING_KEY".to_owned()));
        assert_eq!(echo.rules_dir(), PathBuf::from("ALIMS_RULES_DIR"));
        assert_eq!(echo.policies_dir(), PathBuf::from("ALIMS_POLICIES_DIR"));
        assert_eq!(echo.variables()("ALIMS_RULES_URL"), Some("ALIMS_RULES_URL".to_owned()));
        assert_eq!(echo.stack(), Some("ALIMS_STACK".to_owned()));
        assert_eq!(echo.log_filter(), "RUST_LOG");
    }

    #[test]
    fn traces_go_to_the_daemon_of_lambda_only_while_they_are_on() {
        let daemon = |variable: fn(&str) -> Option<String>| Settings::from_variables(variable).trace_daemon();
        let on = daemon(|name| {
            let value = if name == "ALIMS_TRACING" { "on" } else { "169.254.100.1:2000" };
            Some(value.to_owned())
        });
        assert_eq!(on, "169.254.100.1:2000".parse().ok());
        assert_eq!(daemon(|name| (name != "ALIMS_TRACING").then(|| "169.254.100.1:2000".to_owned())), None);
        let off = |name: &str| Some(if name == "ALIMS_TRACING" { "off" } else { "169.254.100.1:2000" }.to_owned());
        assert_eq!(daemon(off), None);
        assert_eq!(daemon(|_| Some("on".to_owned())), None);
    }

    #[test]
    fn a_setting_that_may_be_missing_has_a_default() {
        let nothing = Settings::from_variables(|_| None);
        assert_eq!(nothing.rules_dir(), PathBuf::from("rules"));
        assert_eq!(nothing.policies_dir(), PathBuf::from("policies"));
        assert_eq!(nothing.log_filter(), "info");
        let lambda = Settings::from_variables(|name| (name == "AWS_LAMBDA_LOG_LEVEL").then(|| "WARN".to_owned()));
        assert_eq!(lambda.log_filter(), "WARN");
    }
}
