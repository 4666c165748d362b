//! What functions are given: their settings, how they read tokens, the rules engine that they ask, and what they log.

use alims_edge::reader::token::TokenReader;
use alims_interface::ROUTES;
use alims_local::ContainerHost;
use serde_json::{Value, json};
use std::collections::BTreeSet;

use crate::template::{TEMPLATE, pascal, properties, resources, text, texts};
use crate::workspace::workspace;

#[test]
fn functions_are_given_settings_that_the_runtime_reads_and_sam_local_sets_no_others() {
    let read = ["shared/runtime/src/settings.rs", "functions/sign-workflow/src/settings.rs"];
    let read: BTreeSet<&str> = read.into_iter().flat_map(|file| workspace().text(file).split('"')).collect();
    let globals = TEMPLATE["Globals"]["Function"]["Environment"]["Variables"].as_object().unwrap();
    let rules: BTreeSet<&str> = workspace().text("shared/rules/src/choice.rs").split('"').collect();
    let tokens: BTreeSet<&str> = workspace().text("shared/edge/src/reader/token.rs").split('"').collect();
    assert!(globals.keys().all(|name| name.starts_with("AWS_")), "only the functions that read a setting get it");
    let mut given: BTreeSet<String> = globals.keys().cloned().collect();
    for operation in workspace().operations() {
        let function = properties(&format!("{}Function", pascal(&operation)));
        let reads_rules = reads_rules(function);
        let has_a_route = ROUTES.iter().any(|route| route.name == operation);
        for name in function["Environment"]["Variables"].as_object().unwrap().keys() {
            let known = read.contains(name.as_str())
                || reads_rules && rules.contains(name.as_str())
                || has_a_route && tokens.contains(name.as_str());
            assert!(known, "{operation}: no function reads {name}");
            given.insert(name.clone());
        }
    }
    let anywhere = std::net::SocketAddr::from(([127, 0, 0, 1], 8000));
    let local = "172.17.0.1".parse::<ContainerHost>().unwrap().sam_environment(anywhere, anywhere);
    for name in local["Parameters"].as_object().unwrap().keys() {
        assert!(
            given.contains(name),
            "local/src/containers.rs: SAM passes on only what the template names, not {name}"
        );
    }
}

/// Lambda takes a line without a level for one of INFO. With a higher level of its own it would drop every metric.
#[test]
fn lambda_drops_no_line_and_the_function_itself_leaves_out_what_is_below_the_level() {
    for operation in workspace().operations() {
        let function = properties(&format!("{}Function", pascal(&operation)));
        assert_eq!(function["LoggingConfig"]["ApplicationLogLevel"], "TRACE", "{operation}");
        let given = &function["Environment"]["Variables"];
        assert_eq!((&given["RUST_LOG"], &given["ALIMS_STACK"]), (&json!("LogLevel"), &json!("AWS::StackName")));
    }
}

/// A refused token names no caller: only the address and the user agent say who sent it, and for a short time.
#[test]
fn the_access_log_says_who_sent_a_refused_token_and_nothing_of_a_token() {
    let format = text(&properties("Api")["AccessLogSettings"]["Format"]);
    let line: Value = serde_json::from_str(format).expect("an object of JSON");
    assert_eq!(line["source_ip"], "$context.identity.sourceIp");
    assert_eq!(line["user_agent"], "$context.identity.userAgent");
    assert_eq!(line["authorizer_error"], "$context.authorizer.error");
    assert!(!format.contains("claims") && !format.contains("header"), "{format}");
    assert_eq!(properties("ApiLogGroup")["RetentionInDays"], "AccessLogRetentionDays");
}

#[test]
fn the_token_of_a_rules_engine_is_in_no_variable_and_only_functions_that_judge_may_read_it() {
    for (name, parameter) in TEMPLATE["Parameters"].as_object().unwrap() {
        assert_eq!(parameter["NoEcho"], Value::Null, "{name}: what must not be shown does not belong into a variable");
    }
    for operation in workspace().operations() {
        let function = properties(&format!("{}Function", pascal(&operation)));
        let variables = &function["Environment"]["Variables"];
        assert_eq!(variables["ALIMS_RULES_TOKEN"], Value::Null, "{operation}");
        let secret = if judges(function) { json!("RulesEngineTokenSecretArn") } else { Value::Null };
        assert_eq!(variables["ALIMS_RULES_TOKEN_SECRET"], secret, "{operation}");
        let policy = &properties(&format!("{}Role", pascal(&operation)))["Policies"][0]["PolicyDocument"]["Statement"];
        let under = |action: &str| -> Vec<&Value> {
            let all = policy.as_array().unwrap().iter();
            all.filter(|one| one.get(1).is_some_and(|statement| texts(&statement["Action"]).contains(&action)))
                .collect()
        };
        for (action, condition, on) in [
            ("secretsmanager:GetSecretValue", "HasRulesEngineTokenSecret", "RulesEngineTokenSecretArn"),
            ("kms:Decrypt", "HasRulesEngineTokenKey", "RulesEngineTokenKeyArn"),
            ("execute-api:Invoke", "InvokesRulesEngineByApi", "RulesEngineInvokeArn"),
            ("lambda:InvokeFunctionUrl", "InvokesRulesEngineByUrl", "RulesEngineInvokeArn"),
            ("vpc-lattice-svcs:Invoke", "InvokesRulesEngineByLattice", "RulesEngineInvokeArn"),
        ] {
            let granted: Vec<(&Value, &Value)> =
                under(action).into_iter().map(|one| (&one[0], &one[1]["Resource"])).collect();
            let expected = (json!(condition), json!(on));
            let expected = if judges(function) { vec![(&expected.0, &expected.1)] } else { Vec::new() };
            assert_eq!(granted, expected, "{operation}: {action}");
        }
    }
}

/// The settings of how tokens are read, and the parameter of each.
const TOKEN_SETTINGS: [(&str, &str); 4] = [
    ("ALIMS_DEFAULT_TENANT", "DefaultTenant"),
    ("ALIMS_ROLE_PREFIX", "RolePrefix"),
    ("ALIMS_ROLES_CLAIM", "RolesClaim"),
    ("ALIMS_TENANT_CLAIM", "TenantClaim"),
];

/// How a function reads tokens where the parameters have their defaults.
pub(crate) fn token_reader() -> TokenReader {
    let default = |variable: &str| {
        let (_, parameter) = TOKEN_SETTINGS.iter().find(|(name, _)| *name == variable).unwrap();
        let default = text(&TEMPLATE["Parameters"][parameter]["Default"]);
        (!default.is_empty()).then(|| default.to_owned())
    };
    TokenReader::chosen_by(default).unwrap()
}

#[test]
fn every_function_with_a_route_reads_tokens_as_the_parameters_say_and_by_default_no_token_without_a_tenant() {
    for operation in ROUTES {
        let variables = &properties(&format!("{}Function", pascal(operation.name)))["Environment"]["Variables"];
        for (variable, parameter) in TOKEN_SETTINGS {
            assert_eq!(variables[variable], parameter, "{}", operation.name);
        }
    }
    let claims = |pairs: &[(&str, &str)]| pairs.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
    assert!(token_reader().principal(&claims(&[("sub", "alice")]), None).is_err());
    let plain = claims(&[("sub", "alice"), ("tenant_id", "lab"), ("roles", "supervisor")]);
    let (principal, _) = token_reader().principal(&plain, None).unwrap();
    assert!(principal.roles.is_empty(), "another application's supervisor is none here: {principal:?}");
}

#[test]
fn the_functions_that_evaluate_rules_have_the_engine_s_settings_and_count_open_circuits() {
    let filters = resources("AWS::Logs::MetricFilter");
    let mut judging = 0;
    for operation in workspace().operations() {
        let name = pascal(&operation);
        let function = properties(&format!("{name}Function"));
        let judges = judges(function);
        judging += usize::from(judges);
        let given = |setting: &str| !function["Environment"]["Variables"][format!("ALIMS_RULES_{setting}")].is_null();
        for setting in ["DIR", "ENGINE"] {
            assert_eq!(given(setting), reads_rules(function), "{operation}: {setting}");
        }
        for setting in ["URL", "DEADLINE_MS", "TOKEN_SECRET", "SIGV4_SERVICE"] {
            assert_eq!(given(setting), judges, "{operation}: {setting}");
        }
        let counts = filters.values().any(|filter| {
            filter["LogGroupName"] == format!("{name}LogGroup")
                && text(&filter["FilterPattern"]) == r#"{ $.breaker = "open" }"#
        });
        assert_eq!(counts, judges, "{operation}: the breaker's metric");
    }
    assert_eq!(judging, 7);
    for filter in filters.values() {
        let metric = &filter["MetricTransformations"][0];
        let alarm = properties("RulesEngineCircuitOpenAlarm");
        assert_eq!((&metric["MetricName"], &metric["MetricNamespace"]), (&alarm["MetricName"], &alarm["Namespace"]));
    }
}

/// The one function that reads rules and asks no engine.
const LISTS_RULES: &str = "functions/list-rulesets";

/// Whether a function has the files of the rules.
fn reads_rules(function: &Value) -> bool {
    function["Layers"].as_array().is_some_and(|layers| layers.contains(&json!("RulesLayer")))
}

/// Whether a function reads rules to evaluate them, and so asks whatever engine there is.
fn judges(function: &Value) -> bool {
    reads_rules(function) && function["CodeUri"] != LISTS_RULES
}
