//! What is kept on AWS is encrypted with a key of the account that owns it, and each of these keys is rotated.

use serde_json::{Value, json};

use crate::template::{TEMPLATE, properties, resource, resources};
use crate::workspace::{assert_no_complaints, workspace};

/// Where each type of resource that keeps data names its key: a pointer into its properties.
const NAMED_AT: [(&str, &str); 9] = [
    ("AWS::Backup::BackupVault", "/EncryptionKeyArn"),
    ("AWS::CloudTrail::Trail", "/KMSKeyId"),
    ("AWS::DynamoDB::Table", "/SSESpecification/KMSMasterKeyId"),
    ("AWS::Events::Archive", "/KmsKeyIdentifier"),
    ("AWS::Events::EventBus", "/KmsKeyIdentifier"),
    ("AWS::Logs::LogGroup", "/KmsKeyId"),
    (
        "AWS::S3::Bucket",
        "/BucketEncryption/ServerSideEncryptionConfiguration/0/ServerSideEncryptionByDefault/KMSMasterKeyID",
    ),
    ("AWS::SNS::Topic", "/KmsMasterKeyId"),
    ("AWS::SQS::Queue", "/KmsMasterKeyId"),
];

/// What cannot have such a key, and why: the deployment's page says the same.
const WITHOUT: [&str; 5] =
    ["ConsoleBucket", "ExportMachine", "ProtectionChangesQueue", "RecoveryMachine", "UndeliveredEventsQueue"];

/// Types that keep no data of the service. Of functions AWS keeps code and settings, of layers rules and policies.
const KEEPS_NOTHING: [&str; 22] = [
    "AWS::Backup::BackupPlan",
    "AWS::Backup::BackupSelection",
    "AWS::CloudFront::Distribution",
    "AWS::CloudFront::Function",
    "AWS::CloudFront::OriginAccessControl",
    "AWS::CloudFront::ResponseHeadersPolicy",
    "AWS::CloudWatch::Alarm",
    "AWS::CloudWatch::Dashboard",
    "AWS::Events::Rule",
    "AWS::IAM::Role",
    "AWS::KMS::Key",
    "AWS::Lambda::EventInvokeConfig",
    "AWS::Lambda::Permission",
    "AWS::Logs::MetricFilter",
    "AWS::Logs::QueryDefinition",
    "AWS::S3::BucketPolicy",
    "AWS::SNS::Subscription",
    "AWS::SNS::TopicPolicy",
    "AWS::SQS::QueuePolicy",
    "AWS::Serverless::Function",
    "AWS::Serverless::HttpApi",
    "AWS::Serverless::LayerVersion",
];

#[test]
fn everything_that_keeps_data_is_encrypted_with_a_key_of_the_account() {
    let keys: Vec<&str> = resources("AWS::KMS::Key").into_keys().collect();
    let mut seen = 0;
    assert_no_complaints(TEMPLATE["Resources"].as_object().unwrap().iter().filter_map(|(id, resource)| {
        let kind = resource["Type"].as_str().unwrap();
        if KEEPS_NOTHING.contains(&kind) || WITHOUT.contains(&id.as_str()) {
            return None;
        }
        let Some((_, at)) = NAMED_AT.iter().find(|(named, _)| *named == kind) else {
            return Some(format!("{id}: nothing is known of the encryption of {kind}"));
        };
        seen += 1;
        let key = resource["Properties"].pointer(at).and_then(Value::as_str).unwrap_or_default();
        let named = key.strip_suffix(".Arn").unwrap_or(key);
        (!keys.contains(&named)).then(|| format!("{id}: {at} is \"{key}\", which is no key of the template"))
    }));
    assert!(seen > 30, "{seen} resources: this test sees nothing");
}

#[test]
fn every_key_is_rotated() {
    let keys = resources("AWS::KMS::Key");
    assert_no_complaints(
        keys.into_keys().filter(|id| !is_rotated(properties(id))).map(|id| format!("{id} is not rotated")),
    );
}

/// AWS KMS rotates symmetric keys for encryption only (AWS KMS developer guide, "Rotate AWS KMS keys").
fn is_rotated(key: &Value) -> bool {
    key["EnableKeyRotation"] == true || key["KeyUsage"] == "SIGN_VERIFY"
}

#[test]
fn the_exceptions_exist_are_encrypted_by_aws_and_are_explained() {
    let page = workspace().text("docs/deployment.md");
    for id in WITHOUT {
        assert_ne!(*resource(id), Value::Null, "{id}");
        assert!(
            page.contains(&format!("`{id}`")),
            "docs/deployment.md does not say why {id} has no key of the account"
        );
    }
    for id in ["ProtectionChangesQueue", "UndeliveredEventsQueue"] {
        assert_eq!(properties(id)["SqsManagedSseEnabled"], true, "{id}");
    }
}

/// A key that a service may not use makes what it encrypts unusable.
#[test]
fn the_services_may_use_the_keys_that_they_encrypt_with() {
    let allowed = |key: &str, service: &str| -> Vec<Value> {
        let key = properties(key);
        let statements = key["KeyPolicy"]["Statement"].as_array().unwrap().clone();
        let of_service = statements.into_iter().filter(|statement| statement["Principal"]["Service"] == service);
        of_service.flat_map(|statement| statement["Action"].as_array().unwrap().clone()).collect()
    };
    let bus = allowed("DataKey", "events.amazonaws.com");
    for action in ["kms:Decrypt", "kms:DescribeKey", "kms:GenerateDataKey", "kms:ReEncrypt*"] {
        assert!(bus.contains(&json!(action)), "the bus: {action}");
    }
    let logs = allowed("AlarmKey", "logs.${AWS::Region}.amazonaws.com");
    for action in ["kms:Decrypt", "kms:Describe*", "kms:Encrypt", "kms:GenerateDataKey*", "kms:ReEncrypt*"] {
        assert!(logs.contains(&json!(action)), "the logs: {action}");
    }
    assert_eq!(properties("EventBus")["DeadLetterConfig"]["Arn"], "UndeliveredEventsQueue.Arn");
}
