//! `cargo xtask deploy`: checks what the layers ship, builds, and deploys. A function with rules or policies that it cannot
//! read does not start, and a layer goes to every function at once.

use crate::step::Step;
use crate::workspace::Workspace;

/// What is passed on.
#[derive(Debug, clap::Args)]
pub(crate) struct Asked {
    /// The section of samconfig.toml.
    #[arg(long)]
    config_env: Option<String>,
    /// Further arguments of `sam deploy`, after `--`.
    #[arg(last = true)]
    arguments: Vec<String>,
}

/// Runs everything up to the deployment, and stops at the first failure.
///
/// # Errors
/// What failed, and the command that repeats it.
pub(crate) fn run(workspace: &Workspace, asked: &Asked) -> anyhow::Result<()> {
    steps(asked).iter().try_for_each(|step| step.run_with_input(workspace))
}

/// The folders are those of the template's layers, which `sam deploy` packs as they then are.
fn steps(asked: &Asked) -> [Step; 4] {
    let own = |name: &str, features: &str, arguments: &[&str]| {
        let run = ["run", "--quiet", "--package", "alims-xtask", "--features", features, "--"];
        Step::cargo(name, &[&run, arguments].concat())
    };
    let section: Vec<String> =
        asked.config_env.iter().flat_map(|section| ["--config-env".to_owned(), section.clone()]).collect();
    // The build does not read the parameters of the deployment.
    let architecture = asked.arguments.iter().flat_map(|argument| argument.split_whitespace());
    let architecture = architecture.filter(|word| word.starts_with("Architecture="));
    let architecture: Vec<String> =
        architecture.flat_map(|word| ["--parameter-overrides".to_owned(), word.to_owned()]).collect();
    let sam = |task: &str| Step::built(task, "sam".into(), &[task]).with(&section);
    [
        own("rules", "rules", &["rules", "check", "--rules", "rules"]),
        own("policies", "access", &["access", "--policies", "policies"]),
        sam("build").with(&architecture),
        sam("deploy").with(&asked.arguments),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(config_env: Option<&str>, arguments: &[&str]) -> Vec<String> {
        let arguments = arguments.iter().map(|&argument| argument.to_owned()).collect();
        let asked = Asked { config_env: config_env.map(str::to_owned), arguments };
        steps(&asked).iter().map(|step| step.to_string()).collect()
    }

    #[test]
    fn the_rules_and_the_policies_of_the_layers_are_checked_before_anything_is_built_or_deployed() {
        let [rules, policies, build, deploy] = <[String; 4]>::try_from(shown(Some("prod"), &["--guided"])).unwrap();
        assert!(rules.ends_with("-- rules check --rules rules"), "{rules}");
        assert!(policies.ends_with("-- access --policies policies"), "{policies}");
        assert_eq!(
            (build.as_str(), deploy.as_str()),
            ("sam build --config-env prod", "sam deploy --config-env prod --guided")
        );
        let template = std::fs::read_to_string(Workspace::read().unwrap().root.join("template.yaml")).unwrap();
        let layers: Vec<&str> = template.lines().filter_map(|line| line.trim().strip_prefix("ContentUri: ")).collect();
        assert_eq!(layers, ["rules", "policies"], "each layer of the template is checked");
    }

    #[test]
    fn the_build_is_for_the_architecture_of_the_deployment() {
        let steps = shown(None, &["--parameter-overrides", "Architecture=x86_64", "LogLevel=WARN"]);
        assert!(steps.contains(&"sam build --parameter-overrides Architecture=x86_64".to_owned()), "{steps:?}");
    }
}
