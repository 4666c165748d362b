//! The account to deploy to: credentials, region, and, if one asks, the quota that a fresh account lacks.

use serde_json::Value;

use super::finding::{Asked, Finding};
use super::program::Programs;

/// Fewer functions at once do not carry what the API lets through by default: 100 requests a second of a tenth of a
/// second each need ten, but a burst of 100 needs one for each.
const CONCURRENT_FUNCTIONS_MIN: u64 = 100;
/// The number of the quota "Concurrent executions" of Lambda.
const RAISE_QUOTA: &str = "aws service-quotas request-service-quota-increase --service-code lambda --quota-code L-B99A9384 \
                           --desired-value 1000";

/// What the AWS CLI knows without asking AWS, and with `--account` what AWS says.
pub(super) fn findings(programs: &Programs, asked: &Asked) -> Vec<Finding> {
    let mut options: Vec<&str> = Vec::new();
    for (name, value) in [("--profile", &asked.profile), ("--region", &asked.region)] {
        if let Some(value) = value {
            options.extend([name, value]);
        }
    }
    let list = programs.output("aws", &[&["configure", "list"], options.as_slice()].concat());
    let configured = |row: &str| -> Result<String, String> {
        let list = list.clone()?;
        let line = list.lines().find_map(|line| line.trim().strip_prefix(row));
        // Version 1 has columns, later ones have colons between them.
        let value = line.map(|line| line.trim_start_matches([' ', ':'])).unwrap_or_default();
        let value = value.split_whitespace().next().unwrap_or_default();
        // `<not set>` is two words.
        if value.is_empty() || value.starts_with("<not") {
            Err("none is configured".to_owned())
        } else {
            Ok(value.to_owned())
        }
    };
    // The rest of the key is hidden by the AWS CLI; nothing of it needs to be shown.
    let credentials = configured("access_key").map(|_| "configured".to_owned());
    let region = asked.region.clone().map_or_else(|| configured("region"), Ok);
    let ask = asked.account && credentials.is_ok() && region.is_ok();
    let mut findings = vec![
        Finding::new("credentials", credentials, "aws configure sso, or aws configure; then export AWS_PROFILE"),
        Finding::new("region", region, "export AWS_REGION=eu-central-1 AWS_DEFAULT_REGION=eu-central-1"),
    ];
    if ask {
        let who = answer(programs, &["sts", "get-caller-identity"], &options);
        let who = who.and_then(|who| text(&who, "/Arn").ok_or_else(|| "AWS does not say who you are".to_owned()));
        let settings = answer(programs, &["lambda", "get-account-settings"], &options);
        findings.push(Finding::new("identity", who, "aws sso login, or renew the credentials"));
        findings.push(Finding::new("Lambda quota", settings.and_then(|found| quota(&found)), RAISE_QUOTA));
    }
    findings
}

fn answer(programs: &Programs, command: &[&str], options: &[&str]) -> Result<Value, String> {
    let said = programs.output("aws", &[command, options, &["--output", "json"]].concat())?;
    serde_json::from_str(&said).map_err(|_| format!("`aws {}` gives no JSON", command.join(" ")))
}

fn text(answer: &Value, pointer: &str) -> Option<String> {
    answer.pointer(pointer).and_then(Value::as_str).map(str::to_owned)
}

fn quota(settings: &Value) -> Result<String, String> {
    let found = settings.pointer("/AccountLimit/ConcurrentExecutions").and_then(Value::as_u64);
    match found {
        None => Err("AWS does not say how many functions may run at once".to_owned()),
        Some(found) if found < CONCURRENT_FUNCTIONS_MIN => {
            Err(format!("{found} functions may run at once: {CONCURRENT_FUNCTIONS_MIN} at least, 1000 are usual"))
        }
        Some(found) => Ok(format!("{found} functions may run at once")),
    }
}
