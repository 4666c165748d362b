//! The template's parameters, as far as they decide what a published version of a function is.

use std::collections::BTreeMap;

use anyhow::Context as _;

use super::log_in_use;

/// What is a setting of the function or of its alias, and not of a version. A version whose function is the same as the
/// one before is not published, and the deployment then fails.
const NOT_OF_A_VERSION: [&str; 2] = ["ReservedConcurrentExecutions", "GradualDeployment"];

/// The parameters that the template names, and the settings of all functions.
pub(crate) struct Parameters {
    /// Their names in their order, but the secret ones.
    names: Vec<String>,
    /// The template's `Globals`.
    globals: String,
    /// The template's conditions, each with what it asks.
    conditions: BTreeMap<String, String>,
    /// The resources, each with the names that it is given. One that gets another name is replaced.
    resources: BTreeMap<String, String>,
    /// The layers, each with its description.
    layers: BTreeMap<String, String>,
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
        let conditions = section("Conditions")?;
        let conditions = conditions.lines().filter_map(|line| line.trim().split_once(": "));
        let resources = section("Resources").unwrap_or_default();
        let resources = by_resource(&resources);
        let lines_of = |text: &str, is: fn(&str) -> bool| {
            let property = |line: &&str| {
                let name = line.strip_prefix("      ").and_then(|line| line.split_once(':'));
                name.is_some_and(|(name, _)| is(name))
            };
            text.lines().filter(property).collect::<Vec<_>>().join("\n")
        };
        let layers = resources.iter().filter(|(id, _)| id.ends_with("Layer"));
        let names_of = |(id, text): (&String, &String)| {
            (id.clone(), lines_of(text, |name| !name.starts_with(' ') && name.ends_with("Name")))
        };
        Ok(Self {
            names,
            globals,
            conditions: conditions.map(|(name, asks)| (name.to_owned(), asks.to_owned())).collect(),
            layers: layers.map(|(id, text)| (id.clone(), lines_of(text, |name| name == "Description"))).collect(),
            resources: resources.iter().map(names_of).collect(),
            timeout_seconds,
        })
    }

    /// The description of a function's version, in YAML: the parameters that the function depends on.
    ///
    /// SAM makes a new version of a function when its part of the template changes, and a parameter's value is not in
    /// there; CloudFormation makes one when the description changes. Without this a function would go on with the old
    /// value. A description is at most 256 characters long: it has no names, and for the parameters that a layer is
    /// described by it has the number of the layer's version, which CloudFormation replaces in the same way.
    ///
    /// # Errors
    /// When the settings mention the log's table in a way in which the choice of a restored one cannot be written.
    pub(crate) fn in_force(&self, settings: &str) -> anyhow::Result<String> {
        let versioned = |line: &&str| !NOT_OF_A_VERSION.iter().any(|word| line.contains(word));
        let lines: Vec<&str> = self.globals.lines().chain(settings.lines()).filter(versioned).collect();
        let text = self.with_what_it_names(&log_in_use::chosen(&lines.join("\n"))?);
        let layers: Vec<(&String, &String)> = self.layers.iter().filter(|(layer, _)| names(&text, layer)).collect();
        let by_a_layer = |name: &String| layers.iter().any(|(_, described)| names(described, name));
        let own = self.names.iter().filter(|name| names(&text, name) && !by_a_layer(name));
        // Not the layer's own name: SAM gives a layer another id wherever it finds its name.
        let short = |layer: &String| layer.trim_end_matches("Layer").to_owned();
        let values = own.cloned().chain(layers.iter().map(|(layer, _)| short(layer)));
        let values: Vec<String> = values.map(|name| format!("${{{name}}}")).collect();
        if layers.is_empty() {
            return Ok(format!("!Sub \"{}\"", values.join(" ")));
        }
        // The ARN of a layer's version ends with its number.
        let number = |(layer, _): &(&String, &String)| {
            format!("\n          {}: !Select [7, !Split [\":\", !Ref {layer}]]", short(layer))
        };
        let numbers: String = layers.iter().map(number).collect();
        Ok(format!("!Sub\n        - \"{}\"\n        -{}", values.join(" "), numbers.trim_start_matches("\n         ")))
    }

    /// A text, with the conditions that it asks and the names of the resources that it mentions, and what those ask and
    /// mention.
    fn with_what_it_names(&self, settings: &str) -> String {
        let mut text = settings.to_owned();
        loop {
            let asks = |name: &str| text.contains(&format!("[{name},")) || names_as(&text, "!Condition ", name);
            let asked = self.conditions.iter().filter(|(name, _)| asks(name));
            let mentioned = self.resources.iter().filter(|(name, _)| names(&text, name));
            let more = asked.chain(mentioned).map(|(_, more)| more).filter(|more| !text.contains(more.as_str()));
            let more: Vec<&str> = more.map(String::as_str).collect();
            if more.is_empty() {
                return text;
            }
            text = format!("{text}\n{}", more.join("\n"));
        }
    }
}

/// Whether a text mentions a parameter or a resource.
fn names(text: &str, name: &str) -> bool {
    ["!Ref ", "!GetAtt ", "${"].iter().any(|before| names_as(text, before, name))
}

fn names_as(text: &str, before: &str, name: &str) -> bool {
    let ends = |rest: &str| !rest.starts_with(|next: char| next.is_alphanumeric());
    text.split(&format!("{before}{name}")).skip(1).any(ends)
}

/// The resources, each with its text.
fn by_resource(section: &str) -> BTreeMap<String, String> {
    let mut resources: BTreeMap<String, String> = BTreeMap::new();
    let mut current = String::new();
    for line in section.lines() {
        let id = line.strip_prefix("  ").filter(|line| line.starts_with(char::is_alphabetic));
        if let Some(id) = id.and_then(|id| id.strip_suffix(':')) {
            id.clone_into(&mut current);
        } else if !current.is_empty() {
            let text = resources.entry(current.clone()).or_default();
            text.push_str(line);
            text.push('\n');
        }
    }
    resources
}
