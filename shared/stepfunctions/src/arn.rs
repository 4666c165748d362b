//! Amazon Resource Names: an execution's name follows from its state machine's.

use std::str::FromStr;

/// The ARN of a state machine, as far as executions need it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct MachineArn {
    whole: String,
    /// All that an execution's ARN has before the execution's own name.
    executions: String,
}

/// What should name a state machine does not.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not the ARN of a state machine: arn:<partition>:states:<region>:<account>:stateMachine:<name>")]
pub struct InvalidMachineArn(String);

impl MachineArn {
    pub(crate) fn as_str(&self) -> &str {
        &self.whole
    }

    /// The ARN of the execution of this name.
    pub(crate) fn execution(&self, name: &str) -> String {
        format!("{}{name}", self.executions)
    }
}

impl FromStr for MachineArn {
    type Err = InvalidMachineArn;

    fn from_str(text: &str) -> Result<Self, InvalidMachineArn> {
        let parts: Vec<&str> = text.split(':').collect();
        match parts[..] {
            // A version or an alias has an eighth part; executions are not named after those.
            ["arn", partition, "states", region, account, "stateMachine", name]
                if [partition, region, account, name].iter().all(|part| !part.is_empty()) =>
            {
                let executions = format!("arn:{partition}:states:{region}:{account}:execution:{name}:");
                Ok(Self { whole: text.to_owned(), executions })
            }
            _ => Err(InvalidMachineArn(text.to_owned())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_execution_s_arn_follows_from_its_machine_s() {
        let machine: MachineArn = "arn:aws-cn:states:cn-north-1:123456789012:stateMachine:m".parse().expect("an ARN");
        assert_eq!(machine.execution("e-1"), "arn:aws-cn:states:cn-north-1:123456789012:execution:m:e-1");
    }

    #[test]
    fn a_text_that_names_no_machine_is_refused() {
        for text in [
            "",
            "m",
            "arn:aws:states:eu-central-1:123456789012:execution:m:e",
            "arn:aws:lambda:eu-central-1:123456789012:function:m",
            "arn:aws:states:eu-central-1::stateMachine:m",
            "arn:aws:states:eu-central-1:123456789012:stateMachine:",
            "arn:aws:states:eu-central-1:123456789012:stateMachine:m:alias",
        ] {
            assert_eq!(text.parse::<MachineArn>(), Err(InvalidMachineArn(text.to_owned())));
        }
    }
}
