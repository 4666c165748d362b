//! The deployer's policies: they permit what CloudFormation does in the deployer's name for each type of resource that
//! the template has, and nothing else.

use serde_json::Value;
use std::collections::BTreeSet;

use crate::template::{TEMPLATE, texts};
use crate::workspace::{assert_no_complaints, workspace};

const POLICIES: [&str; 4] = [
    "deployment/deployer-console-policy.json",
    "deployment/deployer-policy.json",
    "deployment/deployer-data-policy.json",
    "deployment/deployer-evidence-policy.json",
];
/// What IAM takes in a managed policy; it does not count white space (IAM user guide, "IAM and AWS STS quotas").
const POLICY_CHARS_MAX: usize = 6144;

/// The statements on every resource: actions for which IAM knows no narrower one, and keys, which get their names when
/// they are made (service authorization reference).
const UNSCOPED: [&str; 7] =
    ["BackupStorage", "ConsoleAccess", "EventSourceMappings", "Keys", "Subscriptions", "Trails", "Unscoped"];
/// What the deployer may attach to a role.
const ATTACHED: [&str; 2] = [
    "arn:aws:iam::aws:policy/service-role/AWSBackupServiceRolePolicyForBackup",
    "arn:aws:iam::aws:policy/service-role/AWSBackupServiceRolePolicyForRestores",
];

/// What SAM makes of its own types, also in a gradual deployment (SAM developer guide, "Generated AWS CloudFormation
/// resources"). A policy of roles is made by the same calls as those that stand in the roles.
const MADE_BY_SAM: &[(&str, &[&str])] = &[
    (
        "AWS::Serverless::Function",
        &[
            "AWS::CodeDeploy::Application",
            "AWS::CodeDeploy::DeploymentGroup",
            "AWS::Lambda::Alias",
            "AWS::Lambda::Function",
            "AWS::Lambda::EventInvokeConfig",
            "AWS::Lambda::EventSourceMapping",
            "AWS::Lambda::Permission",
            "AWS::Lambda::Version",
            "AWS::Events::Rule",
        ],
    ),
    ("AWS::IAM::Policy", &["AWS::IAM::Role"]),
    ("AWS::Serverless::HttpApi", &["AWS::ApiGatewayV2::Api", "AWS::ApiGatewayV2::Stage"]),
    ("AWS::Serverless::LayerVersion", &["AWS::Lambda::LayerVersion"]),
    ("AWS::Serverless::StateMachine", &["AWS::StepFunctions::StateMachine"]),
];

/// What the makers of a type call: the permissions of the handlers in the type's schema in the CloudFormation registry,
/// without those for properties that the template does not set.
const NEEDED: &[(&str, &str)] = &[
    ("AWS::ApiGatewayV2::Api", "apigateway:DELETE apigateway:GET apigateway:PATCH apigateway:POST apigateway:PUT"),
    // HTTP APIs deliver access logs: "Configure logging for HTTP APIs" in the API Gateway developer guide.
    (
        "AWS::ApiGatewayV2::Stage",
        "apigateway:DELETE apigateway:GET apigateway:PATCH apigateway:POST apigateway:PUT apigateway:TagResource \
         iam:CreateServiceLinkedRole logs:CreateLogDelivery logs:DeleteLogDelivery logs:DescribeLogGroups \
         logs:DescribeResourcePolicies logs:GetLogDelivery logs:ListLogDeliveries logs:PutResourcePolicy \
         logs:UpdateLogDelivery",
    ),
    (
        "AWS::Backup::BackupPlan",
        "backup:CreateBackupPlan backup:DeleteBackupPlan backup:GetBackupPlan backup:ListTags backup:TagResource \
         backup:UntagResource backup:UpdateBackupPlan",
    ),
    (
        "AWS::Backup::BackupSelection",
        "backup:CreateBackupSelection backup:DeleteBackupSelection backup:GetBackupSelection \
         iam:CreateServiceLinkedRole iam:GetRole iam:PassRole",
    ),
    // "Backup vault creation and deletion" in the AWS Backup developer guide names the storage and the grants.
    (
        "AWS::Backup::BackupVault",
        "backup-storage:MountCapsule backup:CreateBackupVault backup:DeleteBackupVault \
         backup:DeleteBackupVaultLockConfiguration backup:DescribeBackupVault backup:GetBackupVaultAccessPolicy \
         backup:GetBackupVaultNotifications backup:ListTags backup:PutBackupVaultLockConfiguration \
         backup:TagResource backup:UntagResource kms:CreateGrant kms:Decrypt kms:DescribeKey kms:GenerateDataKey \
         kms:RetireGrant",
    ),
    (
        "AWS::CloudFront::Distribution",
        "cloudfront:CreateDistribution cloudfront:DeleteDistribution cloudfront:GetDistribution \
         cloudfront:GetDistributionConfig cloudfront:ListTagsForResource cloudfront:TagResource \
         cloudfront:UntagResource cloudfront:UpdateDistribution",
    ),
    (
        "AWS::CloudFront::Function",
        "cloudfront:CreateFunction cloudfront:DeleteFunction cloudfront:DescribeFunction cloudfront:GetFunction \
         cloudfront:ListTagsForResource cloudfront:PublishFunction cloudfront:TagResource cloudfront:UntagResource \
         cloudfront:UpdateFunction",
    ),
    (
        "AWS::CloudFront::OriginAccessControl",
        "cloudfront:CreateOriginAccessControl cloudfront:DeleteOriginAccessControl \
         cloudfront:GetOriginAccessControl cloudfront:UpdateOriginAccessControl",
    ),
    (
        "AWS::CloudFront::ResponseHeadersPolicy",
        "cloudfront:CreateResponseHeadersPolicy cloudfront:DeleteResponseHeadersPolicy \
         cloudfront:GetResponseHeadersPolicy cloudfront:UpdateResponseHeadersPolicy",
    ),
    (
        "AWS::CloudTrail::Trail",
        "cloudtrail:AddTags cloudtrail:CreateTrail cloudtrail:DeleteTrail cloudtrail:DescribeTrails \
         cloudtrail:GetEventSelectors cloudtrail:GetInsightSelectors cloudtrail:GetTrail cloudtrail:GetTrailStatus \
         cloudtrail:ListTags cloudtrail:PutEventSelectors cloudtrail:RemoveTags cloudtrail:StartLogging \
         cloudtrail:UpdateTrail",
    ),
    (
        "AWS::CloudWatch::Alarm",
        "cloudwatch:DeleteAlarms cloudwatch:DescribeAlarms cloudwatch:ListTagsForResource cloudwatch:PutMetricAlarm \
         cloudwatch:TagResource cloudwatch:UntagResource",
    ),
    ("AWS::CloudWatch::Dashboard", "cloudwatch:DeleteDashboards cloudwatch:GetDashboard cloudwatch:PutDashboard"),
    (
        "AWS::CodeDeploy::Application",
        "codedeploy:CreateApplication codedeploy:DeleteApplication codedeploy:GetApplication \
         codedeploy:ListTagsForResource codedeploy:TagResource codedeploy:UntagResource codedeploy:UpdateApplication",
    ),
    (
        "AWS::CodeDeploy::DeploymentGroup",
        "codedeploy:CreateDeploymentGroup codedeploy:DeleteDeploymentGroup codedeploy:GetApplication \
         codedeploy:GetDeploymentConfig codedeploy:GetDeploymentGroup codedeploy:ListTagsForResource \
         codedeploy:TagResource codedeploy:UntagResource codedeploy:UpdateDeploymentGroup iam:PassRole",
    ),
    (
        "AWS::DynamoDB::Table",
        "dynamodb:CreateTable dynamodb:DeleteResourcePolicy dynamodb:DeleteTable dynamodb:DescribeContinuousBackups \
         dynamodb:DescribeContributorInsights dynamodb:DescribeKinesisStreamingDestination dynamodb:DescribeTable \
         dynamodb:DescribeTimeToLive dynamodb:GetResourcePolicy dynamodb:ListTagsOfResource dynamodb:PutResourcePolicy \
         dynamodb:TagResource dynamodb:UntagResource dynamodb:UpdateContinuousBackups dynamodb:UpdateTable \
         kms:CreateGrant kms:Decrypt kms:DescribeKey kms:Encrypt kms:ListAliases",
    ),
    (
        "AWS::Events::Archive",
        "events:CreateArchive events:DeleteArchive events:DescribeArchive events:UpdateArchive kms:Decrypt kms:DescribeKey \
         kms:GenerateDataKey",
    ),
    (
        "AWS::Events::EventBus",
        "events:CreateEventBus events:DeleteEventBus events:DescribeEventBus events:ListTagsForResource \
         events:TagResource events:UntagResource events:UpdateEventBus kms:Decrypt kms:DescribeKey kms:GenerateDataKey",
    ),
    (
        "AWS::Events::Rule",
        "events:DeleteRule events:DescribeRule events:ListTargetsByRule events:PutRule events:PutTargets \
         events:RemoveTargets",
    ),
    (
        "AWS::IAM::Role",
        "iam:AttachRolePolicy iam:CreateRole iam:DeleteRole iam:DeleteRolePolicy iam:DetachRolePolicy iam:GetRole \
         iam:GetRolePolicy iam:ListAttachedRolePolicies iam:ListRolePolicies iam:PutRolePolicy iam:TagRole \
         iam:UntagRole iam:UpdateAssumeRolePolicy iam:UpdateRole iam:UpdateRoleDescription",
    ),
    (
        "AWS::KMS::Key",
        "kms:CreateKey kms:DescribeKey kms:EnableKeyRotation kms:GetKeyPolicy kms:GetKeyRotationStatus \
         kms:ListResourceTags kms:PutKeyPolicy kms:ScheduleKeyDeletion kms:TagResource kms:UntagResource \
         kms:UpdateKeyDescription",
    ),
    // CloudFormation moves an alias itself, or has CodeDeploy move it ("UpdatePolicy attribute" in its template reference).
    (
        "AWS::Lambda::Alias",
        "codedeploy:CreateDeployment codedeploy:GetApplicationRevision codedeploy:GetDeployment \
         codedeploy:GetDeploymentConfig codedeploy:RegisterApplicationRevision codedeploy:StopDeployment \
         lambda:CreateAlias lambda:DeleteAlias lambda:GetAlias lambda:GetProvisionedConcurrencyConfig \
         lambda:UpdateAlias",
    ),
    (
        "AWS::Lambda::EventInvokeConfig",
        "lambda:DeleteFunctionEventInvokeConfig lambda:GetFunctionEventInvokeConfig \
         lambda:PutFunctionEventInvokeConfig lambda:UpdateFunctionEventInvokeConfig",
    ),
    (
        "AWS::Lambda::EventSourceMapping",
        "lambda:CreateEventSourceMapping lambda:DeleteEventSourceMapping lambda:GetEventSourceMapping lambda:ListTags \
         lambda:TagResource lambda:UntagResource lambda:UpdateEventSourceMapping",
    ),
    (
        "AWS::Lambda::Function",
        "iam:PassRole lambda:CreateFunction lambda:DeleteFunction lambda:DeleteFunctionConcurrency lambda:GetFunction \
         lambda:GetFunctionCodeSigningConfig lambda:GetFunctionRecursionConfig lambda:GetLayerVersion \
         lambda:GetRuntimeManagementConfig lambda:PutFunctionConcurrency lambda:PutFunctionRecursionConfig \
         lambda:PutRuntimeManagementConfig lambda:TagResource lambda:UntagResource lambda:UpdateFunctionCode \
         lambda:UpdateFunctionConfiguration s3:GetObject",
    ),
    ("AWS::Lambda::LayerVersion", "lambda:GetLayerVersion lambda:PublishLayerVersion s3:GetObject"),
    ("AWS::Lambda::Permission", "lambda:AddPermission lambda:GetPolicy lambda:RemovePermission"),
    (
        "AWS::Lambda::Version",
        "lambda:DeleteFunction lambda:GetFunctionConfiguration lambda:GetProvisionedConcurrencyConfig \
         lambda:GetRuntimeManagementConfig lambda:ListVersionsByFunction lambda:PublishVersion \
         lambda:PutRuntimeManagementConfig",
    ),
    (
        "AWS::Logs::LogGroup",
        "logs:AssociateKmsKey logs:CreateLogGroup logs:DeleteLogGroup logs:DeleteRetentionPolicy \
         logs:DescribeIndexPolicies logs:DescribeLogGroups logs:DisassociateKmsKey logs:ListTagsForResource \
         logs:PutRetentionPolicy logs:TagResource logs:UntagResource",
    ),
    ("AWS::Logs::MetricFilter", "logs:DeleteMetricFilter logs:DescribeMetricFilters logs:PutMetricFilter"),
    ("AWS::Logs::QueryDefinition", "logs:DeleteQueryDefinition logs:DescribeQueryDefinitions logs:PutQueryDefinition"),
    // A bucket that is made with tags asks for `s3:TagResource` too (Amazon S3 API reference, "TagResource").
    (
        "AWS::S3::Bucket",
        "s3:ListTagsForResource s3:TagResource s3:UntagResource \
         s3:CreateBucket s3:DeleteBucket s3:GetAccelerateConfiguration s3:GetAnalyticsConfiguration s3:GetBucketAcl \
         s3:GetBucketCORS s3:GetBucketLogging s3:GetBucketNotification s3:GetBucketObjectLockConfiguration \
         s3:GetBucketOwnershipControls s3:GetBucketPublicAccessBlock s3:GetBucketTagging s3:GetBucketVersioning \
         s3:GetBucketWebsite s3:GetEncryptionConfiguration s3:GetIntelligentTieringConfiguration \
         s3:GetInventoryConfiguration s3:GetLifecycleConfiguration s3:GetMetricsConfiguration \
         s3:GetReplicationConfiguration s3:ListBucket s3:PutBucketObjectLockConfiguration \
         s3:PutBucketOwnershipControls s3:PutBucketPublicAccessBlock s3:PutBucketTagging s3:PutBucketVersioning \
         s3:PutEncryptionConfiguration s3:PutLifecycleConfiguration",
    ),
    ("AWS::S3::BucketPolicy", "s3:DeleteBucketPolicy s3:GetBucketPolicy s3:PutBucketPolicy"),
    (
        "AWS::SNS::Subscription",
        "sns:GetSubscriptionAttributes sns:SetSubscriptionAttributes sns:Subscribe sns:Unsubscribe",
    ),
    (
        "AWS::SNS::Topic",
        "sns:CreateTopic sns:DeleteTopic sns:GetDataProtectionPolicy sns:GetTopicAttributes \
         sns:ListSubscriptionsByTopic sns:ListTagsForResource sns:SetTopicAttributes sns:TagResource sns:UntagResource",
    ),
    ("AWS::SNS::TopicPolicy", "sns:SetTopicAttributes"),
    (
        "AWS::SQS::Queue",
        "kms:Decrypt kms:GenerateDataKey sqs:CreateQueue sqs:DeleteQueue sqs:GetQueueAttributes sqs:GetQueueUrl \
         sqs:ListQueueTags sqs:SetQueueAttributes sqs:TagQueue sqs:UntagQueue",
    ),
    ("AWS::SQS::QueuePolicy", "sqs:SetQueueAttributes"),
    (
        "AWS::StepFunctions::StateMachine",
        "iam:PassRole s3:GetObject states:CreateStateMachine states:DeleteStateMachine states:DescribeStateMachine \
         states:ListTagsForResource states:TagResource states:UntagResource states:UpdateStateMachine",
    ),
];

/// What SAM CLI and the deployer's own commands call: the stack and its changes, the bucket for what is deployed, and
/// the account's quota.
const BESIDES: &[&str] = &[
    "cloudformation:",
    "lambda:GetAccountSettings",
    "lambda:ListEventSourceMappings",
    "s3:CreateBucket",
    "s3:ListBucket",
    "s3:Put",
];

#[test]
fn the_deployer_may_do_what_every_type_of_the_template_needs() {
    let permitted = permitted();
    let mut complaints = Vec::new();
    for kind in kinds() {
        match NEEDED.iter().find(|(known, _)| *known == kind) {
            None => complaints.push(format!("{kind}: name here what its makers call, and permit it in deployment/")),
            Some((_, needed)) => complaints.extend(
                needed
                    .split_whitespace()
                    .filter(|action| !permitted.iter().any(|pattern| matches(pattern, action)))
                    .map(|action| format!("{kind}: the deployer may not {action}")),
            ),
        }
    }
    assert_no_complaints(complaints);
}

#[test]
fn the_deployer_may_do_nothing_that_no_type_of_the_template_needs() {
    let kinds = kinds();
    let needed = NEEDED.iter().filter(|(kind, _)| kinds.contains(*kind));
    let needed: BTreeSet<&str> = needed.flat_map(|(_, actions)| actions.split_whitespace()).collect();
    let idle = permitted().into_iter().filter(|pattern| {
        !needed.iter().any(|action| matches(pattern, action)) && !BESIDES.iter().any(|begin| pattern.starts_with(begin))
    });
    assert_no_complaints(idle.map(|pattern| format!("{pattern}: nothing needs it")));
    for (kind, _) in NEEDED {
        assert!(kinds.contains(*kind), "{kind}: the template has none any more");
    }
}

#[test]
fn iam_takes_the_deployer_s_policies() {
    let mut named = BTreeSet::new();
    for path in POLICIES {
        let chars = workspace().text(path).chars().filter(|char| !char.is_whitespace()).count();
        assert!(chars <= POLICY_CHARS_MAX, "{path}: {chars} characters; IAM takes {POLICY_CHARS_MAX}");
        for statement in statements(path) {
            let sid = statement["Sid"].as_str().unwrap().to_owned();
            assert!(sid.chars().all(|char| char.is_ascii_alphanumeric()), "{path}: {sid}");
            assert!(named.insert(sid.clone()), "{sid} stands twice");
            assert_eq!(statement["Effect"], "Allow", "{sid}");
            // A role of any name that any service may take would be the account's administrator.
            let passes = texts(&statement["Action"]).contains(&"iam:PassRole");
            assert_eq!(passes, statement["Condition"]["StringEquals"]["iam:PassedToService"].is_array(), "{sid}");
            // So would a role with any policy of AWS.
            let attaches = texts(&statement["Action"]).iter().any(|action| action.contains("tachRolePolicy"));
            let attached = &statement["Condition"]["ArnEquals"]["iam:PolicyARN"];
            assert!(!attaches || texts(attached) == ATTACHED, "{sid}: {attached}");
            let anything = texts(&statement["Resource"]).contains(&"*");
            assert_eq!(anything, UNSCOPED.contains(&sid.as_str()), "{sid}: any resource of the account");
            let of_iam = texts(&statement["Action"]).iter().any(|action| action.starts_with("iam:"));
            assert!(!of_iam || !anything, "{sid}: any role");
        }
    }
}

/// A state machine without a name of its own is called by its logical id, without the stack's name.
#[test]
fn the_deployer_may_make_each_state_machine_by_the_name_that_it_gets() {
    let statements = statements("deployment/deployer-data-policy.json");
    let machines = statements.iter().find(|statement| statement["Sid"] == "Machine").unwrap();
    let mut seen = 0;
    for (id, resource) in TEMPLATE["Resources"].as_object().unwrap() {
        if resource["Type"] == "AWS::Serverless::StateMachine" && resource["Properties"]["Name"].is_null() {
            seen += 1;
            let named = format!("arn:aws:states:*:*:stateMachine:{id}-*");
            assert!(texts(&machines["Resource"]).contains(&named.as_str()), "{named}");
        }
    }
    assert!(seen > 1, "this test would see nothing");
}

#[test]
fn the_policy_of_the_smoke_test_permits_what_its_page_says() {
    let page = workspace().text("docs/deployment.md");
    let table = page.split_once("### Permissions of the smoke test\n").unwrap().1.split("\n## ").next().unwrap();
    let rows = table.lines().filter(|line| line.starts_with("| `"));
    let said: BTreeSet<&str> = rows
        .filter_map(|row| row.split('|').nth(1))
        .flat_map(|actions| actions.split('`').skip(1).step_by(2))
        .collect();
    let statements = statements("deployment/smoke-policy.json");
    let permitted: BTreeSet<&str> = statements.iter().flat_map(|statement| texts(&statement["Action"])).collect();
    assert!(permitted.len() > 15, "this test would see nothing");
    assert_eq!(permitted, said);
}

/// The types of all resources, as CloudFormation makes them.
fn kinds() -> BTreeSet<&'static str> {
    let all = TEMPLATE["Resources"].as_object().unwrap().values().map(|resource| resource["Type"].as_str().unwrap());
    let all: BTreeSet<&'static str> = all.collect();
    let made = |kind: &'static str| {
        let by_sam = MADE_BY_SAM.iter().find(|(sam, _)| *sam == kind);
        by_sam.map_or_else(|| vec![kind], |(_, made)| made.to_vec())
    };
    all.into_iter().flat_map(made).collect()
}

fn permitted() -> BTreeSet<String> {
    let all = POLICIES.iter().flat_map(|path| statements(path));
    all.flat_map(|statement| texts(&statement["Action"]).into_iter().map(str::to_owned).collect::<Vec<_>>()).collect()
}

fn statements(path: &str) -> Vec<Value> {
    let policy: Value = serde_json::from_str(workspace().text(path)).unwrap();
    policy["Statement"].as_array().unwrap().clone()
}

/// Whether a pattern of a policy, whose only wildcard is at its end, means an action.
fn matches(pattern: &str, action: &str) -> bool {
    pattern.strip_suffix('*').map_or_else(|| pattern == action, |begin| action.starts_with(begin))
}
