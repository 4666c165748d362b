//! The template's parameters, as far as they decide what a published version of a function is.

use anyhow::Context as _;

/// What is a setting of the function or of its alias, and not of a version. A version whose function is the same as the
/// one before is not published, and the deployment then fails.
const NOT_OF_A_VERSION: [&str; 2] = ["ReservedConcurrentExecutions", "GradualDeployment"];

/// The parameters that the template names, and the settings of all functions.
pub(crate) struct Parameters {
    /// Their names in their order, but the secret ones.
    names: Vec<String>,
    /// The template's `Globals`.
    globals: String,
    /// The template's conditions, each in a line.
    conditions: String,
    /// The timeout of a function that names none.
    pub(crate) timeout_seconds: u32,
}

impl Parameters {
    /// Those of the shared part of the template.
    ///
    /// # Errors
    /// When that is not as it should be.
    pub(crate) fn of(shared: &str) -> anyhow::Result<Self> {
        let section = |name: &str| {
            let (_, after) = shared.split_once(&format!("\n{name}:\n")).with_context(|| format!("no {name}"))?;
            let end = after.match_indices('\n').find(|(at, _)| {
                after.get(at + 1..).and_then(|rest| rest.chars().next()).is_some_and(char::is_alphabetic)
            });
            anyhow::Ok(after.get(..end.map_or(after.len(), |(at, _)| at)).unwrap_or(after).to_owned())
        };
        let globals = section("Globals")?;
        let timeout = globals.lines().find_map(|line| line.trim().strip_prefix("Timeout: "));
        let timeout_seconds = timeout.and_then(|timeout| timeout.parse().ok()).context("Globals has no Timeout")?;
        let parameters = section("Parameters")?;
        let mut names: Vec<String> = Vec::new();
        for line in parameters.lines() {
            if let Some(name) = line.strip_prefix("  ").filter(|line| !line.starts_with(' ')) {
                names.extend(name.strip_suffix(':').map(str::to_owned));
            } else if line.trim() == "NoEcho: true" {
                names.pop();
            }
        }
        Ok(Self { names, globals, conditions: section("Conditions")?, timeout_seconds })
    }

    /// The parameters that a function's settings depend on, as a description of its version.
    ///
    /// SAM makes a new version of a function when its part of the template changes, and a parameter's value is not in
    /// there; CloudFormation makes one when the description changes. Without this a function would go on with the old
    /// value. A description is at most 256 characters long, so it has no names.
    pub(crate) fn in_force(&self, settings: &str) -> String {
        let versioned = |line: &&str| !NOT_OF_A_VERSION.iter().any(|word| line.contains(word));
        let lines: Vec<&str> = self.globals.lines().chain(settings.lines()).filter(versioned).collect();
        let own = lines.join("\n");
        let asked =
            |line: &&str| line.trim().split_once(": ").is_some_and(|(name, _)| own.contains(&format!("[{name},")));
        let conditions: Vec<&str> = self.conditions.lines().filter(asked).collect();
        let text = format!("{own}\n{}", conditions.join("\n"));
        let named = |name: &&String| {
            let ends = |rest: &str| !rest.starts_with(|next: char| next.is_alphanumeric());
            let found = |before: &str| text.split(&format!("{before}{name}")).skip(1).any(ends);
            found("!Ref ") || found("${")
        };
        let values: Vec<String> = self.names.iter().filter(named).map(|name| format!("${{{name}}}")).collect();
        values.join(" ")
    }
}
