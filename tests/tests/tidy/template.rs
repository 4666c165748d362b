//! What is deployed is what is written elsewhere: operations, routes, tables; and no role may change the log.

use alims_dynamodb::tables::{Holds, INDEX, LOG, Table};
use alims_interface::ROUTES;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::LazyLock;

use crate::settings::token_reader;
use crate::workspace::{assert_no_complaints, workspace};

/// The template. What is written `!Ref X` or `!GetAtt X.Y` is the text behind it.
pub(crate) static TEMPLATE: LazyLock<Value> =
    LazyLock::new(|| serde_saphyr::from_str(workspace().text("template.yaml")).expect("template.yaml is YAML"));

/// What nobody may do to the log, however it is written.
const FORBIDDEN: [&str; 7] = [
    "dynamodb:BatchWriteItem",
    "dynamodb:DeleteItem",
    "dynamodb:DeleteTable",
    "dynamodb:PartiQLDelete",
    "dynamodb:PartiQLUpdate",
    "dynamodb:TransactWriteItems",
    "dynamodb:UpdateItem",
];

#[test]
fn the_template_has_a_function_a_role_and_a_log_group_for_each_folder_in_the_same_order() {
    let text = workspace().text("template.yaml");
    let named = |ending: &str| -> Vec<String> {
        let ids = text.lines().filter_map(|line| line.strip_prefix("  ")?.strip_suffix(':'));
        ids.filter_map(|id| id.strip_suffix(ending))
            .filter(|id| !matches!(*id, "" | "Api" | "Backup" | "Deployment" | "ExportMachine" | "RecoveryMachine"))
            .map(str::to_owned)
            .collect()
    };
    let expected: Vec<String> = workspace().operations().iter().map(|operation| pascal(operation)).collect();
    for ending in ["Function", "Role", "LogGroup"] {
        assert_eq!(named(ending), expected, "{ending}");
    }
    for operation in workspace().operations() {
        let function = properties(&format!("{}Function", pascal(&operation)));
        assert_eq!(function["CodeUri"], format!("functions/{operation}"));
        assert_eq!(function["Role"], format!("{}Role.Arn", pascal(&operation)));
        assert_eq!(function["LoggingConfig"]["LogGroup"], format!("{}LogGroup", pascal(&operation)));
    }
}

/// What is deployed in a test run is built otherwise: nothing there would notice.
#[test]
fn sam_builds_every_function_with_cargo_lambda_for_the_runtime_that_starts_a_bootstrap() {
    for operation in workspace().operations() {
        let resource = &TEMPLATE["Resources"][format!("{}Function", pascal(&operation))];
        assert_eq!(resource["Metadata"]["BuildMethod"], "rust-cargolambda", "{operation}");
        for inherited in ["Architectures", "Handler", "Runtime"] {
            assert_eq!(resource["Properties"][inherited], Value::Null, "{operation}: {inherited} is the same for all");
        }
    }
    let all = &TEMPLATE["Globals"]["Function"];
    assert_eq!((&all["Handler"], &all["Runtime"]), (&json!("bootstrap"), &json!("provided.al2023")));
    assert_eq!(all["Architectures"], json!(["Architecture"]));
}

#[test]
fn every_route_leads_to_the_function_of_its_operation_and_no_other_route_is_there() {
    let mut routes: BTreeMap<String, String> = BTreeMap::new();
    for operation in workspace().operations() {
        let events = &properties(&format!("{}Function", pascal(&operation)))["Events"];
        // The state machine calls one of them, and nothing else does: it has no events.
        let events = events.as_object().into_iter().flat_map(|events| events.values());
        for event in events.filter(|event| event["Type"] == "HttpApi") {
            let route = &event["Properties"];
            assert_eq!(route["ApiId"], "Api", "{operation}");
            assert_eq!(route["Auth"], Value::Null, "{operation}: everybody is verified in the same way");
            routes.insert(operation.clone(), format!("{} {}", text(&route["Method"]), text(&route["Path"])));
        }
    }
    let offered = ROUTES.iter().map(|o| (o.name.to_owned(), format!("{} {}", o.method, o.path)));
    assert_eq!(routes, offered.collect());
    assert_eq!(properties("Api")["Auth"]["DefaultAuthorizer"], "Jwt");
    // An absent parameter leaves the list empty, and API Gateway then asks for no scope.
    let scopes = &properties("Api")["Auth"]["Authorizers"]["Jwt"]["AuthorizationScopes"];
    assert_eq!(*scopes, json!([["HasJwtScope", "JwtScope", "AWS::NoValue"]]));
    assert_eq!(TEMPLATE["Parameters"]["JwtScope"]["Default"], "");
}

#[test]
fn the_tables_are_those_that_the_store_makes() {
    for (id, table) in [("LogTable", LOG), ("IndexTable", INDEX)] {
        let described = properties(id);
        assert_eq!(described["KeySchema"], key_schema(table.partition_key, table.sort_key), "{id}");
        assert_eq!(described["BillingMode"], "PAY_PER_REQUEST", "{id}");
        let attributes = table.key_attributes();
        let attributes: Vec<Value> =
            attributes.iter().map(|name| json!({"AttributeName": name, "AttributeType": "S"})).collect();
        assert_eq!(described["AttributeDefinitions"], json!(attributes), "{id}");
        assert_eq!(described["StreamSpecification"]["StreamViewType"], json!(table.stream_view), "{id}");
        assert_eq!(described["GlobalSecondaryIndexes"], indexes(&table), "{id}");
        assert_eq!(described["SSESpecification"]["KMSMasterKeyId"], "DataKey.Arn", "{id}");
    }
    for id in ["LogTable", "IndexTable"] {
        let table = properties(id);
        assert_eq!(table["PointInTimeRecoverySpecification"]["PointInTimeRecoveryEnabled"], true, "{id}");
        assert_eq!(table["DeletionProtectionEnabled"], true, "{id}");
    }
    for id in ["AlarmKey", "LogTable", "IndexTable", "DataKey"] {
        assert!(TEMPLATE["Resources"][id]["DeletionPolicy"].is_string(), "{id} outlives its stack");
    }
}

#[test]
fn what_outlives_its_stack_does_not_outlive_a_first_deployment_that_failed() {
    // `Retain` also keeps what a failed creation has made, and its names then block the next try.
    for (id, resource) in TEMPLATE["Resources"].as_object().unwrap() {
        let (deletion, replacement) = (&resource["DeletionPolicy"], &resource["UpdateReplacePolicy"]);
        if deletion != "Delete" && !(deletion.is_null() && replacement.is_null()) {
            assert_eq!(deletion, "RetainExceptOnCreate", "{id}");
            assert_eq!(replacement, "Retain", "{id}");
        }
    }
}

/// Whether a statement is about the hints of the index and nothing else.
fn is_of_hints_only(statement: &Value) -> bool {
    let keys = &statement["Condition"]["ForAllValues:StringLike"]["dynamodb:LeadingKeys"];
    texts(&statement["Resource"]) == ["IndexTable.Arn"] && texts(keys) == ["#term#*"]
}

#[test]
fn no_role_may_do_more_than_named_actions_on_named_things_and_none_may_change_the_log() {
    let mut complaints = Vec::new();
    let mut seen = 0;
    for operation in workspace().operations() {
        for statement in statements(&format!("{}Role", pascal(&operation))) {
            seen += 1;
            for action in texts(&statement["Action"]) {
                // Of the key's actions, AWS itself names some by their beginning only.
                let removes_hints = action == "dynamodb:DeleteItem" && is_of_hints_only(statement);
                if (FORBIDDEN.contains(&action) && !removes_hints)
                    || (action.contains('*') && !action.starts_with("kms:"))
                {
                    complaints.push(format!("{operation}: {action}"));
                }
                if texts(&statement["Resource"]).contains(&"*")
                    && action != "dynamodb:ListStreams"
                    && !action.starts_with("xray:Put")
                {
                    complaints.push(format!("{operation}: {action} on everything"));
                }
            }
        }
    }
    assert!(seen > workspace().operations().len(), "{seen} statements: this test would see nothing");
    assert_no_complaints(complaints);
    let [denied, added] = properties("LogTable")["ResourcePolicy"]["PolicyDocument"]["Statement"]
        .as_array()
        .and_then(|statements| <&[Value; 2]>::try_from(statements.as_slice()).ok())
        .unwrap();
    for statement in [denied, added] {
        assert_eq!((&statement["Effect"], &statement["Principal"]), (&json!("Deny"), &json!("*")));
    }
    for action in ["BatchWriteItem", "DeleteItem", "PartiQLInsert", "UpdateItem", "UpdateTimeToLive"] {
        assert!(texts(&denied["Action"]).contains(&format!("dynamodb:{action}").as_str()), "{action}");
    }
    assert_eq!(denied["Condition"], Value::Null);
    assert_eq!(added["Action"], "dynamodb:PutItem");
    assert_eq!(added["Condition"], json!({"StringNotEquals": {"aws:PrincipalTag/alims-appends-to": "AWS::StackName"}}));
}

/// Whether a resource is the log in use, its own table or a restored one.
fn is_the_log(resource: &Value) -> bool {
    let choice = resource.as_array().map(Vec::as_slice);
    matches!(choice, Some([condition, restored, own]) if condition == "LogIsRestored"
        && text(restored).ends_with(":table/${RestoredLogTable}") && own == "LogTable.Arn")
}

#[test]
fn a_restored_log_takes_the_place_of_the_stacks_own_everywhere() {
    let text = workspace().text("template.yaml");
    let outside = text.lines().filter(|line| line.contains("LogTable") && !line.trim_start().starts_with('#'));
    let mentions = outside.filter(|line| line.contains("!Ref LogTable") || line.contains("!GetAtt LogTable"));
    let mentions: Vec<&str> = mentions.filter(|line| !line.contains("!Ref LogTableClass")).collect();
    assert!(mentions.len() > 20, "{} mentions: this test sees nothing", mentions.len());
    assert_no_complaints(mentions.into_iter().filter(|line| !line.contains("!If [LogIsRestored, ")).map(str::to_owned));
    let used = properties("PublishEventsFunction")["Events"]["Notification"]["Properties"]["Stream"].clone();
    assert_eq!((&used[0], &used[2]), (&json!("LogIsRestored"), &json!("LogTable.StreamArn")));
}

#[test]
fn both_tables_are_backed_up_under_a_key_and_in_a_vault_that_outlive_the_stack() {
    let selection = &properties("BackupSelection")["BackupSelection"];
    let [log, index] = selection["Resources"].as_array().map(Vec::as_slice).unwrap() else {
        panic!("{selection}: not both tables");
    };
    assert!(is_the_log(log) && index == "IndexTable.Arn", "{selection}");
    assert_eq!(properties("BackupVault")["EncryptionKeyArn"], "BackupKey.Arn", "not with the key of the tables");
    for id in ["BackupVault", "BackupKey"] {
        assert_eq!(TEMPLATE["Resources"][id]["DeletionPolicy"], "RetainExceptOnCreate", "{id}");
    }
    let parameter = |name: &str, member: &str| TEMPLATE["Parameters"][name][member].as_u64().unwrap();
    let rules = properties("BackupPlan")["BackupPlan"]["BackupPlanRule"].as_array().unwrap();
    for (rule, days) in rules.iter().zip(["BackupWeeklyDays", "BackupMonthlyDays"]) {
        assert_eq!(rule["Lifecycle"]["DeleteAfterDays"], days);
        // A vault refuses backups that are kept for less than its lock demands.
        assert!(parameter(days, "Default") >= parameter("BackupLockMinDays", "Default"), "{days}");
        let cold = rule["Lifecycle"]["MoveToColdStorageAfterDays"].as_u64();
        assert!(cold.is_none_or(|cold| parameter(days, "MinValue") >= cold + 90), "{days}: AWS keeps it for 90 days");
    }
}

#[test]
fn only_roles_that_append_to_the_log_carry_the_tag_that_the_tables_policy_asks_for() {
    let tag = json!([{"Key": "alims-appends-to", "Value": "AWS::StackName"}]);
    // AWS's own policies say what the role of AWS Backup may do; the table's policy holds for it as for all.
    for (id, role) in resources("AWS::IAM::Role").into_iter().filter(|(id, _)| *id != "BackupRole") {
        let appends = !matches!(id, "DeploymentRole" | "RecoveryMachineRole")
            && statements(id).iter().any(|statement| {
                texts(&statement["Action"]).contains(&"dynamodb:PutItem") && is_the_log(&statement["Resource"])
            });
        assert_eq!(role["Tags"], if appends { tag.clone() } else { Value::Null }, "{id}");
    }
}

#[test]
fn the_console_groups_every_parameter_once_and_each_says_what_it_is() {
    let groups = TEMPLATE["Metadata"]["AWS::CloudFormation::Interface"]["ParameterGroups"].as_array().unwrap();
    let mut grouped: Vec<&str> = groups.iter().flat_map(|group| texts(&group["Parameters"])).collect();
    grouped.sort_unstable();
    let parameters = parameters().as_object().unwrap();
    let mut named: Vec<&str> = parameters.keys().map(String::as_str).collect();
    named.sort_unstable();
    assert_eq!(grouped, named, "each in one group, and no other");
    let units = ["second", "minute", "day", "mib", "%", "number of", "burst"];
    let mut complaints = Vec::new();
    for (name, parameter) in parameters {
        let said = parameter["Description"].as_str().unwrap_or_default();
        if said.len() < 20 || !said.ends_with('.') {
            complaints.push(format!("{name} is not explained"));
        }
        let number = parameter["Type"] == "Number";
        if number && !units.iter().any(|unit| said.to_lowercase().contains(unit)) {
            complaints.push(format!("{name}: {said} In which unit?"));
        }
        if number && parameter["MinValue"].is_null() && parameter["AllowedValues"].is_null() {
            complaints.push(format!("{name} has no bounds"));
        }
        let free = parameter["Type"] == "String" && parameter["AllowedValues"].is_null();
        if free && parameter["Default"] == "" && !said.contains("mpty") && !said.contains("only on an emulator") {
            complaints.push(format!("{name}: what does it mean to leave it empty?"));
        }
    }
    assert_no_complaints(complaints);
}

#[test]
fn every_operation_with_a_route_has_a_sample_event_for_its_route() {
    for operation in ROUTES {
        let event: Value = serde_json::from_str(workspace().text(&format!("events/{}.json", operation.name))).unwrap();
        assert_eq!(event["routeKey"], format!("{} {}", operation.method, operation.path));
        let claims = serde_json::from_value(event["requestContext"]["authorizer"]["jwt"]["claims"].clone()).unwrap();
        let (principal, ignored) = token_reader().principal(&claims, None).unwrap();
        assert!(!principal.roles.is_empty(), "{}: {ignored}", operation.name);
    }
}

/// What a role of the template may do, under whatever condition.
pub(crate) fn statements(role: &str) -> Vec<&'static Value> {
    let described = properties(role);
    assert_eq!(described["ManagedPolicyArns"], Value::Null, "{role}: policies of others say too much");
    let policies = described["Policies"].as_array().unwrap();
    let all = policies.iter().flat_map(|policy| policy["PolicyDocument"]["Statement"].as_array().unwrap());
    // `!If [condition, statement, nothing]`
    all.map(|statement| statement.get(1).unwrap_or(statement)).collect()
}

/// The resources of a type: their names and properties.
pub(crate) fn resources(kind: &str) -> BTreeMap<&'static str, &'static Value> {
    let all = TEMPLATE["Resources"].as_object().unwrap().iter().filter(|(_, resource)| resource["Type"] == kind);
    all.map(|(id, resource)| (id.as_str(), &resource["Properties"])).collect()
}

/// A resource of the template as a whole.
pub(crate) fn resource(id: &str) -> &'static Value {
    &TEMPLATE["Resources"][id]
}

/// The parameters by their names.
pub(crate) fn parameters() -> &'static Value {
    &TEMPLATE["Parameters"]
}

pub(crate) fn properties(id: &str) -> &'static Value {
    let found = &TEMPLATE["Resources"][id]["Properties"];
    assert!(found.is_object(), "the template has no {id}");
    found
}

fn key_schema(partition_key: &str, sort_key: Option<&str>) -> Value {
    let keys = [Some((partition_key, "HASH")), sort_key.map(|key| (key, "RANGE"))].into_iter().flatten();
    keys.map(|(name, kind)| json!({"AttributeName": name, "KeyType": kind})).collect()
}

fn projection(holds: Holds) -> Value {
    match holds {
        Holds::Keys => json!({"ProjectionType": "KEYS_ONLY"}),
        Holds::Also(names) => json!({"ProjectionType": "INCLUDE", "NonKeyAttributes": names}),
        Holds::Everything => json!({"ProjectionType": "ALL"}),
    }
}

fn indexes(table: &Table) -> Value {
    let described = table.secondary_indexes.iter().map(|index| {
        json!({
            "IndexName": index.name,
            "KeySchema": key_schema(index.partition_key, index.sort_key),
            "Projection": projection(index.holds),
        })
    });
    let described: Vec<Value> = described.collect();
    if described.is_empty() { Value::Null } else { Value::Array(described) }
}

/// One text, or each of a list.
pub(crate) fn texts(value: &Value) -> Vec<&str> {
    value.as_array().map_or_else(|| vec![text(value)], |items| items.iter().map(text).collect())
}

#[track_caller]
pub(crate) fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_else(|| panic!("{value} is no text"))
}

pub(crate) fn pascal(operation: &str) -> String {
    operation.split('-').map(|word| word[..1].to_uppercase() + &word[1..]).collect()
}

/// Only the emulator holds a call to the caller's role: a laptop permits what no role permits. What makes tables is not
/// among these calls, because a function makes none.
#[test]
fn the_store_is_asked_for_nothing_that_no_role_permits() {
    const CALLS: [(&str, &str); 12] = [
        ("batch_execute_statement", "PartiQLSelect"),
        ("batch_get_item", "BatchGetItem"),
        ("batch_write_item", "BatchWriteItem"),
        ("delete_item", "DeleteItem"),
        ("execute_statement", "PartiQLSelect"),
        ("get_item", "GetItem"),
        ("put_item", "PutItem"),
        ("query", "Query"),
        ("scan", "Scan"),
        ("transact_get_items", "TransactGetItems"),
        ("transact_write_items", "TransactWriteItems"),
        ("update_item", "UpdateItem"),
    ];
    let resources = TEMPLATE["Resources"].as_object().unwrap().values();
    let roles = resources.filter(|resource| resource["Type"] == "AWS::IAM::Role").map(Value::to_string);
    let roles: String = roles.collect();
    let adapters = workspace().files(".rs").filter(|file| file.path.starts_with("shared/dynamodb/src/"));
    let complaints = adapters.flat_map(|file| {
        let called = CALLS.iter().filter(|(call, _)| file.text.contains(&format!(".{call}()")));
        let refused = called.filter(|(_, action)| !roles.contains(&format!("\"dynamodb:{action}\"")));
        refused.map(|(call, action)| format!("{}: {call}() needs dynamodb:{action}", file.path)).collect::<Vec<_>>()
    });
    assert_no_complaints(complaints);
}
