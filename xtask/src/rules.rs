//! `cargo xtask rules`: for authors of rules. It checks a folder, or explains the verdict on a transition; the rules'
//! own crate does the work.

mod asked;

pub(crate) use asked::Asked;

/// Runs the command.
///
/// # Errors
/// When the rules are invalid, an input of the explanation cannot be read, or the check refuses the transition.
#[cfg(feature = "rules")]
pub(crate) fn answer(asked: &Asked) -> anyhow::Result<()> {
    match asked {
        Asked::Check { rules, json } => with_rules::check(rules, *json),
        Asked::Explain(explain) => with_rules::explain(explain),
    }
}

/// Starts this program again, built with the rules' engine; where it was called, so that paths mean the same.
///
/// # Errors
/// When that does not build, or cannot be started.
#[cfg(not(feature = "rules"))]
pub(crate) fn answer(_asked: &Asked) -> anyhow::Result<()> {
    let run = ["run", "--quiet", "--package", "alims-xtask", "--features", "rules", "--"];
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    crate::step::Step::cargo("rules", &run).with(&arguments).take_over()
}

#[cfg(feature = "rules")]
mod with_rules {
    use super::asked::Explain;
    use crate::step::say;
    use alims_domain::identifiers::WorkflowType;
    use alims_domain::timestamp::Timestamp;
    use alims_rules::{Asker, Case, EmbeddedRules};
    use anyhow::Context as _;
    use std::fs;
    use std::io::Write as _;
    use std::path::Path;
    use std::process::{Command, Stdio};
    use std::time::{SystemTime, UNIX_EPOCH};

    pub(super) fn check(folder: &Path, json: bool) -> anyhow::Result<()> {
        let checked = EmbeddedRules::check(folder);
        if json {
            let document = match &checked {
                Ok(rulesets) => serde_json::json!({"valid": true, "rulesets": rulesets}),
                Err(mistakes) => {
                    let mistakes: Vec<String> = mistakes.iter().map(ToString::to_string).collect();
                    serde_json::json!({"valid": false, "mistakes": mistakes})
                }
            };
            say(&serde_json::to_string_pretty(&document)?);
        }
        match checked {
            Ok(rulesets) => {
                for set in rulesets.iter().filter(|_| !json) {
                    let types: Vec<&str> = set.workflow_types.iter().map(|kind| kind.as_str()).collect();
                    let (id, version, rules) = (&set.ruleset, &set.ruleset_version, set.rules);
                    say(&format!("{id}, version {version}: {rules} rules for {}", types.join(", ")));
                }
                if !json {
                    say(&which_types(&EmbeddedRules::load(folder)?));
                }
                Ok(())
            }
            Err(mistakes) => {
                for mistake in mistakes.iter().filter(|_| !json) {
                    say(&mistake.to_string());
                }
                anyhow::bail!("{} to put right in {}", mistakes.len(), folder.display())
            }
        }
    }

    fn which_types(rules: &EmbeddedRules) -> String {
        let names = |types: &mut dyn Iterator<Item = &WorkflowType>| {
            types.map(WorkflowType::as_str).collect::<Vec<_>>().join(", ")
        };
        match rules.known_types() {
            None => "any other workflow type may be created, without rules".to_owned(),
            Some(_) => {
                let without = names(&mut rules.types_without_rules());
                let without = if without.is_empty() { "none".to_owned() } else { without };
                format!("no other workflow type may be created; without rules: {without}")
            }
        }
    }

    pub(super) fn explain(asked: &Explain) -> anyhow::Result<()> {
        let rules = EmbeddedRules::load(&asked.rules)?;
        let now = match &asked.now {
            Some(now) => now.parse().map_err(|error| anyhow::anyhow!("--now {error}"))?,
            None => present()?,
        };
        let asker = Asker { id: asked.actor.clone(), roles: asked.roles.clone(), now };
        let workflow = match (&asked.workflow, &asked.server) {
            (Some(file), _) => read(file)?,
            (None, Some(server)) => state_of(server, asked)?,
            (None, None) => anyhow::bail!("--workflow or --server says which workflow"),
        };
        let case = match (&asked.request, &asked.amendment) {
            (Some(file), _) => Case::of_move(&workflow, &read(file)?, &asker)?,
            (None, Some(file)) => Case::of_amendment(&workflow, &read(file)?, &asker)?,
            (None, None) => Case::of_creation(&workflow, &asker)?,
        };
        let explanation = rules.explain(&case.question())?;
        if asked.json {
            say(&serde_json::to_string_pretty(&explanation)?);
        } else {
            say(explanation.to_string().trim_end());
        }
        Ok(())
    }

    fn read(file: &Path) -> anyhow::Result<String> {
        fs::read_to_string(file).with_context(|| format!("cannot read {}", file.display()))
    }

    /// The state of a workflow of a running service. It needs `curl`, like the quick start.
    fn state_of(server: &str, asked: &Explain) -> anyhow::Result<String> {
        let (token, id) =
            (asked.token.as_deref().unwrap_or_default(), asked.workflow_id.as_deref().unwrap_or_default());
        let url = format!("{}/workflows/{id}", server.trim_end_matches('/'));
        let mut curl = Command::new("curl");
        curl.args(["--silent", "--show-error", "--fail-with-body", "--noproxy", "127.0.0.1,localhost", "--header"]);
        // On standard input, so that no list of processes shows the token.
        curl.arg("@-").arg(&url).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = curl.spawn().context("curl is missing")?;
        if let Some(mut input) = child.stdin.take() {
            writeln!(input, "Authorization: Bearer {token}")?;
        }
        let answer = child.wait_with_output()?;
        let text = String::from_utf8(answer.stdout).with_context(|| format!("{url} answered no text"))?;
        // The service explains its own refusals; curl explains a missing answer.
        let said =
            if text.trim().is_empty() { String::from_utf8_lossy(&answer.stderr).into_owned() } else { text.clone() };
        anyhow::ensure!(answer.status.success(), "{url}: {}", said.trim());
        Ok(text)
    }

    fn present() -> anyhow::Result<Timestamp> {
        #[expect(clippy::disallowed_methods, reason = "a person asks about the present; the service is not asked")]
        let since = SystemTime::now().duration_since(UNIX_EPOCH)?;
        Timestamp::from_unix_millis(i64::try_from(since.as_millis())?).context("the clock shows no year of four digits")
    }
}
