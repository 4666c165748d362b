//! What traces need: one policy for the roles of all functions and of the recovery's state machine, only while the
//! parameter `Tracing` is on.

use super::function::Function;

/// The resource of the template.
pub(crate) fn resource(functions: &[Function]) -> String {
    let roles: String = functions
        .iter()
        .map(|function| format!("        - !Ref {}Role\n", function.pascal()))
        .chain(std::iter::once("        - !Ref RecoveryMachineRole\n".to_owned()))
        .collect();
    format!(
        "  TracingPolicy:
    Type: AWS::IAM::Policy
    Condition: HasTracing
    Properties:
      PolicyName: tracing
      Roles:
{roles}      PolicyDocument:
        Version: \"2012-10-17\"
        Statement:
          - Sid: SendTraces
            Effect: Allow
            Action: [xray:PutTelemetryRecords, xray:PutTraceSegments]
            # AWS does not support narrower resources for these (Service authorization reference, \"AWS X-Ray\").
            Resource: \"*\"
"
    )
}
