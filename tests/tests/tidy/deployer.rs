//! The deployer's policies: they permit what CloudFormation does in the deployer's name for each type of resource that
//! the template has, and nothing else.

use serde_json::Value;
use std::collections::BTreeSet;

use crate::template::{TEMPLATE, texts};
use crate::workspace::{assert_no_complaints, workspace};

const POLICIES: [&str; 2] = ["deployment/deployer-policy.json", "deployment/deployer-data-policy.json"];
/// What IAM takes in a managed policy; it does not count white space (IAM user guide, "IAM and AWS STS quotas").
const POLICY_CHARS_MAX: usize = 6144;

/// What SAM makes of its own types (SAM developer guide, "Generated AWS CloudFormation resources").
const MADE_BY_SAM: &[(&str, &[&str])] = &[
    (
        "AWS::Serverless::Function",
        &[
            "AWS::Lambda::Function",
            "AWS::Lambda::EventInvokeConfig",
            "AWS::Lambda::EventSourceMapping",
            "AWS::Lambda::Permission",
            "AWS::Events::Rule",
        ],
    ),
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
        "AWS::CloudWatch::Alarm",
        "cloudwatch:DeleteAlarms cloudwatch:DescribeAlarms cloudwatch:ListTagsForResource cloudwatch:PutMetricAlarm \
         cloudwatch:TagResource cloudwatch:UntagResource",
    ),
    (
        "AWS::DynamoDB::Table",
        "dynamodb:CreateTable dynamodb:DeleteResourcePolicy dynamodb:DeleteTable dynamodb:DescribeContinuousBackups \
         dynamodb:DescribeContributorInsights dynamodb:DescribeKinesisStreamingDestination dynamodb:DescribeTable \
         dynamodb:DescribeTimeToLive dynamodb:GetResourcePolicy dynamodb:ListTagsOfResource dynamodb:PutResourcePolicy \
         dynamodb:TagResource dynamodb:UntagResource dynamodb:UpdateContinuousBackups dynamodb:UpdateTable \
         kms:CreateGrant kms:Decrypt kms:DescribeKey kms:Encrypt kms:ListAliases",
    ),
    ("AWS::Events::Archive", "events:CreateArchive events:DeleteArchive events:DescribeArchive events:UpdateArchive"),
    (
        "AWS::Events::EventBus",
        "events:CreateEventBus events:DeleteEventBus events:DescribeEventBus events:ListTagsForResource \
         events:TagResource events:UntagResource events:UpdateEventBus",
    ),
    (
        "AWS::Events::Rule",
        "events:DeleteRule events:DescribeRule events:ListTargetsByRule events:PutRule events:PutTargets \
         events:RemoveTargets",
    ),
    (
        "AWS::IAM::Role",
        "iam:CreateRole iam:DeleteRole iam:DeleteRolePolicy iam:GetRole iam:GetRolePolicy iam:ListAttachedRolePolicies \
         iam:ListRolePolicies iam:PutRolePolicy iam:TagRole iam:UntagRole iam:UpdateAssumeRolePolicy iam:UpdateRole \
         iam:UpdateRoleDescription",
    ),
    (
        "AWS::KMS::Key",
        "kms:CreateKey kms:DescribeKey kms:EnableKeyRotation kms:GetKeyPolicy kms:GetKeyRotationStatus \
         kms:ListResourceTags kms:PutKeyPolicy kms:ScheduleKeyDeletion kms:TagResource kms:UntagResource \
         kms:UpdateKeyDescription",
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
        "AWS::Logs::LogGroup",
        "logs:CreateLogGroup logs:DeleteLogGroup logs:DeleteRetentionPolicy logs:DescribeIndexPolicies \
         logs:DescribeLogGroups logs:ListTagsForResource logs:PutRetentionPolicy logs:TagResource logs:UntagResource",
    ),
    ("AWS::Logs::MetricFilter", "logs:DeleteMetricFilter logs:DescribeMetricFilters logs:PutMetricFilter"),
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
            let of_iam = texts(&statement["Action"]).iter().any(|action| action.starts_with("iam:"));
            assert!(!of_iam || !texts(&statement["Resource"]).contains(&"*"), "{sid}: any role");
        }
    }
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
