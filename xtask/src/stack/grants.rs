//! Least privilege: what a function is granted for what it says it does, and the variables that name the same resources.

use std::collections::BTreeMap;

use super::function::{Anchors, Exports, Function, Index, Log, Recoveries};

/// Actions on resources, as one statement of a role.
pub(crate) struct Grant {
    /// Its name in the role.
    pub(crate) sid: &'static str,
    /// The actions.
    pub(crate) actions: &'static [&'static str],
    /// The resources, in YAML.
    pub(crate) resources: Vec<String>,
    /// The service through which alone the key may be used.
    pub(crate) via: Option<&'static str>,
    /// What the partition key of the item begins with.
    pub(crate) keys: Option<&'static str>,
    /// Why the resource is no narrower.
    pub(crate) why: Option<&'static str>,
    /// The condition of the template under which alone it is granted.
    pub(crate) when: Option<&'static str>,
}

const READ_WITH_THE_KEY: &[&str] = &["kms:Decrypt", "kms:DescribeKey"];
const WRITE_WITH_THE_KEY: &[&str] =
    &["kms:Decrypt", "kms:DescribeKey", "kms:Encrypt", "kms:GenerateDataKey*", "kms:ReEncrypt*"];
const EXECUTIONS: &str =
    "!Sub arn:${AWS::Partition}:states:${AWS::Region}:${AWS::AccountId}:execution:${RecoveryMachine.Name}:*";

impl Grant {
    fn on(sid: &'static str, actions: &'static [&'static str], resource: &str) -> Self {
        Self { sid, actions, resources: vec![resource.to_owned()], via: None, keys: None, why: None, when: None }
    }

    fn key(sid: &'static str, actions: &'static [&'static str], service: &'static str) -> Self {
        Self { via: Some(service), ..Self::on(sid, actions, "!GetAtt DataKey.Arn") }
    }
}

/// Everything a function is granted.
pub(crate) fn grants(function: &Function) -> Vec<Grant> {
    let mut grants = Vec::new();
    grants.extend(function.log.into_iter().flat_map(of_the_log));
    grants.extend(function.index.into_iter().flat_map(of_the_index));
    if function.stream {
        let stream = "!GetAtt LogTable.StreamArn";
        let read = &["dynamodb:DescribeStream", "dynamodb:GetRecords", "dynamodb:GetShardIterator"];
        grants.push(Grant::on("ReadTheStream", read, stream));
        let why = Some("AWS does not support a narrower resource for this action.");
        grants.push(Grant { why, ..Grant::on("FindTheStream", &["dynamodb:ListStreams"], "\"*\"") });
    }
    if function.bus {
        grants.push(Grant::on("Publish", &["events:PutEvents"], "!GetAtt EventBus.Arn"));
    }
    grants.extend(function.anchors.into_iter().flat_map(of_the_anchors));
    grants.extend(function.exports.into_iter().flat_map(of_the_exports));
    if function.recoveries == Some(Recoveries::Start) {
        grants.push(Grant::on("StartRecoveries", &["states:StartExecution"], "!Ref RecoveryMachine"));
    }
    if function.recoveries.is_some() {
        grants.push(Grant::on("SeeRecoveries", &["states:DescribeExecution"], EXECUTIONS));
    }
    if !function.dead_letters.is_empty() {
        let resources = function.dead_letters.iter().map(|queue| format!("!GetAtt {queue}.Arn")).collect();
        grants.push(Grant { resources, ..Grant::on("SendDeadLetters", &["sqs:SendMessage"], "") });
    }
    if function.rules {
        grants.extend(of_the_engine());
    }
    grants.extend(of_the_key(function));
    let logs = format!("!GetAtt {}LogGroup.Arn", function.pascal());
    grants.push(Grant::on("WriteLogs", &["logs:CreateLogStream", "logs:PutLogEvents"], &logs));
    // Also without traces: Lambda refuses to switch them on for a function whose role may not send them, and a change of
    // a role takes a while to be in force everywhere (IAM user guide, "Troubleshoot IAM").
    let why = Some("AWS does not support a narrower resource for these actions.");
    let send = &["xray:PutTelemetryRecords", "xray:PutTraceSegments"];
    grants.push(Grant { why, ..Grant::on("SendTraces", send, "\"*\"") });
    grants
}

fn of_the_log(may: Log) -> Vec<Grant> {
    let log = "!GetAtt LogTable.Arn";
    match may {
        Log::Read => vec![Grant::on("ReadTheLog", &["dynamodb:Query"], log)],
        Log::ReadMany => vec![Grant::on("ReadTheLog", &["dynamodb:BatchGetItem", "dynamodb:Query"], log)],
        Log::Activity => {
            vec![
                // The secondary index of the log in use: log_in_use.rs knows this name.
                Grant::on("ListActivity", &["dynamodb:Query"], "!GetAtt LogTable.ByDayArn"),
                // A query opens the connection before the first request.
                Grant::on("ReadTheLog", &["dynamodb:BatchGetItem", "dynamodb:Query"], log),
            ]
        }
        Log::Append => vec![Grant::on("AppendToTheLog", &["dynamodb:PutItem", "dynamodb:Query"], log)],
        Log::Note => {
            vec![Grant::on("NoteInTheLog", &["dynamodb:BatchGetItem", "dynamodb:PutItem", "dynamodb:Query"], log)]
        }
        Log::AppendAndList => vec![
            Grant::on("ListActivity", &["dynamodb:Query"], "!GetAtt LogTable.ByDayArn"),
            Grant::on("AppendToTheLog", &["dynamodb:BatchGetItem", "dynamodb:PutItem", "dynamodb:Query"], log),
        ],
        Log::Walk => vec![Grant::on("WalkTheLog", &["dynamodb:PutItem", "dynamodb:Query", "dynamodb:Scan"], log)],
    }
}

fn of_the_index(may: Index) -> Vec<Grant> {
    let index = "!GetAtt IndexTable.Arn";
    match may {
        Index::Count => vec![
            Grant::on("ListTheIndex", &["dynamodb:Query"], "!Sub ${IndexTable.Arn}/index/by-state"),
            // A read that opens the connection before the first request.
            Grant::on("ReadTheIndex", &["dynamodb:BatchGetItem"], index),
        ],
        Index::List => {
            let indexes = ["by-state", "by-creation", "by-due-date", "by-term"];
            let resources = indexes.map(|index| format!("!Sub ${{IndexTable.Arn}}/index/{index}")).to_vec();
            vec![
                Grant { resources, ..Grant::on("ListTheIndex", &["dynamodb:Query"], "") },
                Grant::on("ReadTheIndex", &["dynamodb:BatchGetItem"], index),
            ]
        }
        Index::Read => vec![Grant::on("ReadTheIndex", &["dynamodb:BatchGetItem"], index)],
        Index::Write => vec![
            Grant::on("WriteTheIndex", &["dynamodb:BatchGetItem", "dynamodb:PutItem"], index),
            // No entry of a workflow is ever removed by a function.
            Grant { keys: Some("#term#"), ..Grant::on("RemoveHints", &["dynamodb:DeleteItem"], index) },
        ],
        Index::Checkpoint => {
            let actions = &["dynamodb:BatchGetItem", "dynamodb:PutItem"];
            vec![
                Grant::on("WriteTheIndexAndItsCheckpoint", actions, index),
                Grant::on("FindOpenWorkflows", &["dynamodb:Scan"], "!Sub ${IndexTable.Arn}/index/open-workflows"),
            ]
        }
        Index::Due => vec![
            Grant::on("KeepACheckpoint", &["dynamodb:BatchGetItem", "dynamodb:PutItem"], index),
            Grant::on("FindDueWorkflows", &["dynamodb:Scan"], "!Sub ${IndexTable.Arn}/index/by-due-date"),
        ],
        Index::Walk => vec![Grant::on("WalkTheIndex", &["dynamodb:Scan"], index)],
    }
}

/// What making or reading anchors needs. Nothing here can change or remove one, or shorten how long it is locked.
fn of_the_anchors(may: Anchors) -> Vec<Grant> {
    let of_anchors = "!Sub ${AnchorBucket.Arn}/anchors/*";
    // With it Amazon S3 answers for an object that is not there that it is not there (API reference, "GetObject").
    let list = Grant::on("ListTheAnchors", &["s3:ListBucket"], "!GetAtt AnchorBucket.Arn");
    let with_the_key = |actions| {
        let grant = Grant::on("UseTheKeyOfTheAnchors", actions, "!GetAtt AnchorKey.Arn");
        Grant { via: Some("s3"), ..grant }
    };
    let signing = "!GetAtt SigningKey.Arn";
    match may {
        Anchors::Make => vec![
            list,
            Grant::on("ReadAndAddAnchors", &["s3:GetObject", "s3:PutObject"], of_anchors),
            Grant::on("SignAnchors", &["kms:GetPublicKey", "kms:Sign"], signing),
            with_the_key(&["kms:Decrypt", "kms:GenerateDataKey"]),
        ],
        Anchors::Read => vec![
            list,
            Grant::on("ReadAnchors", &["s3:GetObject"], of_anchors),
            Grant::on("CheckAnchors", &["kms:GetPublicKey"], signing),
            with_the_key(&["kms:Decrypt"]),
        ],
    }
}

/// What making or reading exports needs. Nothing here can remove one: the bucket's lifecycle does.
fn of_the_exports(may: Exports) -> Vec<Grant> {
    let of_exports = "!Sub ${ExportBucket.Arn}/exports/*";
    // As for the anchors.
    let list = Grant::on("ListTheExports", &["s3:ListBucket"], "!GetAtt ExportBucket.Arn");
    let with_the_key = |actions| Grant { sid: "UseTheKeyOfTheExports", ..Grant::key("", actions, "s3") };
    if may == Exports::Read {
        return vec![list, Grant::on("ReadExports", &["s3:GetObject"], of_exports), with_the_key(&["kms:Decrypt"])];
    }
    let start = Grant::on("StartExports", &["states:StartExecution"], "!Ref ExportMachine");
    let mut grants = vec![
        list,
        Grant::on("ReadAndAddExports", &["s3:GetObject", "s3:PutObject"], of_exports),
        Grant::on("SignExports", &["kms:GetPublicKey", "kms:Sign"], "!GetAtt SigningKey.Arn"),
        with_the_key(&["kms:Decrypt", "kms:GenerateDataKey"]),
    ];
    grants.extend((may == Exports::Start).then_some(start));
    grants
}

/// What reaching a rules engine elsewhere needs, as far as the parameters name it.
fn of_the_engine() -> [Grant; 5] {
    let (engine, secret) = ("!Ref RulesEngineInvokeArn", "!Ref RulesEngineTokenSecretArn");
    let key = Grant::on("DecryptTheEnginesToken", &["kms:Decrypt"], "!Ref RulesEngineTokenKeyArn");
    let invoked = |sid, actions, when| Grant { when: Some(when), ..Grant::on(sid, actions, engine) };
    // A function's URL asks for both (AWS Lambda developer guide, "Control access to Lambda function URLs").
    let of_a_url = &["lambda:InvokeFunction", "lambda:InvokeFunctionUrl"];
    [
        Grant {
            when: Some("HasRulesEngineTokenSecret"),
            ..Grant::on("ReadTheEnginesToken", &["secretsmanager:GetSecretValue"], secret)
        },
        Grant { via: Some("secretsmanager"), when: Some("HasRulesEngineTokenKey"), ..key },
        invoked("InvokeTheEngineByItsApi", &["execute-api:Invoke"], "InvokesRulesEngineByApi"),
        invoked("InvokeTheEngineByItsUrl", of_a_url, "InvokesRulesEngineByUrl"),
        invoked("InvokeTheEngineByLattice", &["vpc-lattice-svcs:Invoke"], "InvokesRulesEngineByLattice"),
    ]
}

fn of_the_key(function: &Function) -> Vec<Grant> {
    let mut grants = Vec::new();
    let writes = matches!(function.log, Some(Log::Append | Log::AppendAndList | Log::Note | Log::Walk))
        || matches!(function.index, Some(Index::Write | Index::Checkpoint | Index::Due));
    if writes {
        grants.push(Grant::key("UseTheKeyOfTheTables", WRITE_WITH_THE_KEY, "dynamodb"));
    } else if function.log.is_some() || function.index.is_some() {
        grants.push(Grant::key("UseTheKeyOfTheTables", READ_WITH_THE_KEY, "dynamodb"));
    }
    if !function.dead_letters.is_empty() {
        grants.push(Grant::key("UseTheKeyOfTheQueues", &["kms:Decrypt", "kms:GenerateDataKey"], "sqs"));
    }
    grants
}

/// The environment variables of a function, each with its value in YAML.
pub(crate) fn variables(function: &Function) -> BTreeMap<String, String> {
    let mut variables: Vec<(&str, &str)> =
        vec![("ALIMS_STACK", "AWS::StackName"), ("ALIMS_TRACING", "Tracing"), ("RUST_LOG", "LogLevel")];
    if function.log.is_some() {
        variables.push(("ALIMS_LOG_TABLE", "LogTable"));
    }
    if function.index.is_some() {
        variables.push(("ALIMS_INDEX_TABLE", "IndexTable"));
    }
    if function.bus {
        variables.push(("ALIMS_EVENT_BUS", "EventBus"));
    }
    if function.recoveries.is_some() {
        variables.push(("ALIMS_RECOVERY_STATE_MACHINE", "RecoveryMachine"));
    }
    if function.request.is_some() {
        variables.extend([
            ("ALIMS_DEFAULT_TENANT", "DefaultTenant"),
            ("ALIMS_POLICIES_DIR", "PoliciesDirectory"),
            ("ALIMS_ROLE_PREFIX", "RolePrefix"),
            ("ALIMS_ROLES_CLAIM", "RolesClaim"),
            ("ALIMS_TENANT_CLAIM", "TenantClaim"),
        ]);
    }
    if function.rules || function.rulesets {
        variables.extend([("ALIMS_RULES_DIR", "RulesDirectory"), ("ALIMS_RULES_ENGINE", "RulesEngine")]);
    }
    if function.rules {
        variables.extend([
            ("ALIMS_RULES_DEADLINE_MS", "RulesEngineDeadlineMs"),
            ("ALIMS_RULES_SIGV4_SERVICE", "RulesEngineSigV4Service"),
            ("ALIMS_RULES_TOKEN_SECRET", "RulesEngineTokenSecretArn"),
            ("ALIMS_RULES_URL", "RulesEngineUrl"),
        ]);
    }
    variables.extend(function.settings.iter().map(|(name, of)| (name.as_str(), of.as_str())));
    variables.into_iter().map(|(name, of)| (name.to_owned(), format!("!Ref {of}"))).collect()
}
