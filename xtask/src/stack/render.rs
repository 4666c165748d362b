//! A function's part of the template: the function, its role, its log group, and the filter that counts open circuits.

use std::fmt::Write as _;

use super::alarms;
use super::function::{ALIAS, Function, Log};
use super::grants::{Grant, grants, variables};
use super::parameters::Parameters;

const NOT_FOR_A_FUNCTION: [(&str, &str); 4] = [
    ("CKV_AWS_115", "functions share the concurrency of the account; ConcurrencyAlarm watches it"),
    ("CKV_AWS_116", "a caller or the stream tries again; asynchronous events have a destination"),
    ("CKV_AWS_117", "it calls AWS and the rules engine only and needs no private network"),
    ("CKV_AWS_173", "the variables are names and settings and no secrets"),
];

/// The resources of one function.
pub(crate) fn resources(function: &Function, parameters: &Parameters) -> anyhow::Result<String> {
    let settings = called(function)?;
    let called = settings.clone() + &versions(function, &settings, parameters)? + &events(function)?;
    let mut parts = vec![called, role(function)?, log_group(function)];
    if function.rules {
        parts.push(open_circuits(function));
    }
    Ok(parts.join("\n"))
}

fn called(function: &Function) -> anyhow::Result<String> {
    let (name, pascal) = (&function.name, function.pascal());
    let mut yaml = format!(
        "  {pascal}Function:
    Type: AWS::Serverless::Function
    Metadata:
      BuildMethod: rust-cargolambda
{}    Properties:
      Description: {}
      CodeUri: functions/{name}
      Role: !GetAtt {pascal}Role.Arn
",
        skipped(&NOT_FOR_A_FUNCTION),
        function.description
    );
    let layers =
        [(function.request.is_some(), "!Ref PoliciesLayer"), (function.rules || function.rulesets, "!Ref RulesLayer")];
    let layers: Vec<&str> = layers.into_iter().filter(|(has, _)| *has).map(|(_, layer)| layer).collect();
    if !layers.is_empty() {
        writeln!(yaml, "      Layers: [{}]", layers.join(", "))?;
    }
    if let Some(seconds) = function.timeout_seconds {
        writeln!(yaml, "      Timeout: {seconds}")?;
    }
    if let Some(parameter) = &function.reserved_concurrency {
        let none = "!Ref AWS::NoValue";
        writeln!(yaml, "      ReservedConcurrentExecutions: !If [Has{parameter}, !Ref {parameter}, {none}]")?;
    }
    if let (true, Some(queue)) = (function.asynchronous, function.dead_letters.first()) {
        write!(
            yaml,
            "      # After three failed tries Lambda sends the event to the dead-letter queue.
      EventInvokeConfig:
        MaximumEventAgeInSeconds: 3600
        MaximumRetryAttempts: 2
        DestinationConfig:
          OnFailure:
            Type: SQS
            Destination: !GetAtt {queue}.Arn
"
        )?;
    }
    write!(
        yaml,
        "      LoggingConfig:
        LogFormat: JSON
        # Lambda takes a line without a level, as those of metrics are, for INFO: the function itself leaves out what is
        # below LogLevel (Lambda developer guide, \"Log-level filtering\").
        ApplicationLogLevel: TRACE
        LogGroup: !Ref {pascal}LogGroup
      Environment:
        Variables:
"
    )?;
    for (variable, value) in variables(function) {
        writeln!(yaml, "          {variable}: {value}")?;
    }
    Ok(yaml)
}

/// What SAM needs to publish a version and to move the alias to it.
fn versions(function: &Function, settings: &str, parameters: &Parameters) -> anyhow::Result<String> {
    let mut yaml = String::new();
    write!(
        yaml,
        "      # Any change of the function or of its layers publishes a version (AWS SAM developer guide,
      # \"AWS::Serverless::Function\"), and any change of these parameters (\"AWS::Lambda::Version\": Description).
      AutoPublishAliasAllProperties: true
      VersionDescription: {}
",
        parameters.in_force(settings)?,
    )?;
    if let Some(alarm) = alarms::of_release(function) {
        write!(
            yaml,
            "      DeploymentPreference:
        Alarms: !If [HasGradualDeployment, [!Ref {alarm}], [!Ref AWS::NoValue]]
"
        )?;
    }
    Ok(yaml)
}

/// The role by which AWS CodeDeploy moves the aliases.
pub(crate) fn alias_mover(functions: &[Function]) -> String {
    let aliases = functions.iter().flat_map(|function| {
        let name = function.pascal();
        [format!("!GetAtt {name}Function.Arn"), format!("!Sub \"${{{name}Function.Arn}}:{ALIAS}\"")]
    });
    aliases.map(|resource| format!("                  - {resource}\n")).collect()
}

fn log_group(function: &Function) -> String {
    format!(
        "  {}LogGroup:
    Type: AWS::Logs::LogGroup
    UpdateReplacePolicy: Retain
    DeletionPolicy: RetainExceptOnCreate
    Properties:
      LogGroupName: !Sub /alims/${{AWS::StackName}}/{}
      KmsKeyId: !GetAtt AlarmKey.Arn
      RetentionInDays: !Ref LogRetentionDays
",
        function.pascal(),
        function.name
    )
}

/// Findings of checkov that are none, each with its reason.
fn skipped(checks: &[(&str, &str)]) -> String {
    let skip = |(id, reason): &(&str, &str)| format!("          - {{ id: {id}, comment: {reason} }}\n");
    format!("      checkov:\n        skip:\n{}", checks.iter().map(skip).collect::<String>())
}

/// Counts in the log how often the circuit to the rules engine was open.
fn open_circuits(function: &Function) -> String {
    let pascal = function.pascal();
    format!(
        "  {pascal}SparedRulesEngine:
    Type: AWS::Logs::MetricFilter
    Properties:
      LogGroupName: !Ref {pascal}LogGroup
      FilterPattern: '{{ $.breaker = \"open\" }}'
      MetricTransformations:
        - {{ MetricName: RulesEngineCircuitOpen, MetricNamespace: !Sub \"alims/${{AWS::StackName}}\", MetricValue: \"1\", Unit: Count }}
"
    )
}

fn events(function: &Function) -> anyhow::Result<String> {
    let mut yaml = String::new();
    if function.request.is_none() && function.events.is_none() {
        return Ok(yaml);
    }
    yaml.push_str("      Events:\n");
    if let Some(request) = &function.request {
        let (method, path) = request.split_once(' ').unwrap_or_default();
        write!(
            yaml,
            "        Request:
          Type: HttpApi
          Properties:
            ApiId: !Ref Api
            Method: {method}
            Path: {path}
"
        )?;
    }
    for line in function.events.iter().flat_map(|events| events.lines()) {
        writeln!(yaml, "        {line}")?;
    }
    Ok(yaml)
}

fn role(function: &Function) -> anyhow::Result<String> {
    let (name, pascal) = (&function.name, function.pascal());
    // The table's policy lets no other principal put an item.
    let tags = match function.log {
        Some(Log::Append | Log::AppendAndList | Log::Note | Log::Walk) => {
            "      Tags: [{ Key: alims-appends-to, Value: !Ref AWS::StackName }]\n"
        }
        Some(Log::Read | Log::ReadMany | Log::Activity) | None => "",
    };
    let mut yaml = format!(
        "  {pascal}Role:
    Type: AWS::IAM::Role
    Properties:
      Description: Permissions of {name}.
{tags}      AssumeRolePolicyDocument:
        Version: \"2012-10-17\"
        Statement:
          - Effect: Allow
            Principal: {{ Service: lambda.amazonaws.com }}
            Action: sts:AssumeRole
      Policies:
        - PolicyName: {name}
          PolicyDocument:
            Version: \"2012-10-17\"
            Statement:
"
    );
    for grant in grants(function) {
        yaml.push_str(&statement(&grant)?);
    }
    Ok(yaml)
}

fn statement(grant: &Grant) -> anyhow::Result<String> {
    let mut yaml = String::new();
    writeln!(yaml, "              - Sid: {}\n                Effect: Allow", grant.sid)?;
    match grant.actions {
        [only] => writeln!(yaml, "                Action: {only}")?,
        several => writeln!(yaml, "                Action: [{}]", several.join(", "))?,
    }
    if let Some(why) = grant.why {
        writeln!(yaml, "                # {why}")?;
    }
    match grant.resources.as_slice() {
        [only] => writeln!(yaml, "                Resource: {only}")?,
        several => {
            yaml.push_str("                Resource:\n");
            for resource in several {
                writeln!(yaml, "                  - {resource}")?;
            }
        }
    }
    if let Some(service) = grant.via {
        write!(
            yaml,
            "                Condition:
                  StringEquals: {{ kms:ViaService: !Sub \"{service}.${{AWS::Region}}.amazonaws.com\" }}
"
        )?;
    }
    if let Some(prefix) = grant.keys {
        write!(
            yaml,
            "                Condition:
                  ForAllValues:StringLike: {{ dynamodb:LeadingKeys: \"{prefix}*\" }}
"
        )?;
    }
    let Some(condition) = grant.when else { return Ok(yaml) };
    let inner: String = yaml.lines().map(|line| format!("  {line}\n")).collect();
    Ok(format!("              - !If\n                - {condition}\n{inner}                - !Ref AWS::NoValue\n"))
}
