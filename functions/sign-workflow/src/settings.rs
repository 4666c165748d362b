//! The authentication that a signature needs, from the function's settings.

use alims_domain::authentication::FreshAuthentication;
use alims_domain::identifiers::AuthenticationName;

/// The longest time since the sign-in that a deployment may allow: a day is no fresh authentication any more.
const MAX_AGE_SECONDS_MAX: u32 = 86_400;
/// Classes or methods that a deployment may name.
const NAMES_MAX: usize = 16;

const MAX_AGE: &str = "ALIMS_SIGNATURE_MAX_AGE_SECONDS";
const CLASSES: &str = "ALIMS_SIGNATURE_ACR";
const METHODS: &str = "ALIMS_SIGNATURE_AMR";

/// Why a function cannot demand the authentication that its settings name.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the environment variable {variable} {why}")]
pub struct SignatureSettingInvalid {
    variable: &'static str,
    why: String,
}

/// Reads `ALIMS_SIGNATURE_MAX_AGE_SECONDS`, and the names in `ALIMS_SIGNATURE_ACR` and `ALIMS_SIGNATURE_AMR`, with spaces
/// between them. Each may be missing or empty.
///
/// # Errors
/// When one has a value that cannot be meant.
pub fn chosen_by(variable: impl Fn(&str) -> Option<String>) -> Result<FreshAuthentication, SignatureSettingInvalid> {
    let set = |name: &str| variable(name).filter(|value| !value.is_empty());
    let max_age_s = match set(MAX_AGE) {
        None => FreshAuthentication::default().max_age_s,
        Some(text) => {
            let seconds = text.parse().ok().filter(|seconds| (1..=MAX_AGE_SECONDS_MAX).contains(seconds));
            let why = || format!("must be 1 to {MAX_AGE_SECONDS_MAX}, in seconds");
            seconds.ok_or_else(|| SignatureSettingInvalid { variable: MAX_AGE, why: why() })?
        }
    };
    let names = |variable: &'static str| {
        let text = set(variable).unwrap_or_default();
        let named = text.split(' ').filter(|name| !name.is_empty()).map(name);
        let named = named.collect::<Result<Vec<_>, String>>();
        let named = named.and_then(|names| match names.len() {
            0..=NAMES_MAX => Ok(names),
            _ => Err(format!("must name at most {NAMES_MAX}, with spaces between them")),
        });
        named.map_err(|why| SignatureSettingInvalid { variable, why })
    };
    Ok(FreshAuthentication { max_age_s, acr: names(CLASSES)?, amr: names(METHODS)? })
}

/// One name. It stands in a quoted string of a header, where a quotation mark or a backslash would mean something else.
fn name(text: &str) -> Result<AuthenticationName, String> {
    let name: AuthenticationName = text.parse().map_err(|invalid| format!("names {text:?}: each name {invalid}"))?;
    if text.contains(['"', '\\']) {
        return Err(format!("names {text:?}: no name may have a quotation mark or a backslash"));
    }
    Ok(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chosen(age: &str, acr: &str, amr: &str) -> Result<FreshAuthentication, SignatureSettingInvalid> {
        chosen_by(|name| {
            Some(
                if name == MAX_AGE {
                    age
                } else if name == CLASSES {
                    acr
                } else {
                    amr
                }
                .to_owned(),
            )
        })
    }

    #[test]
    fn settings_that_are_missing_or_empty_ask_for_a_sign_in_of_five_minutes() {
        for chosen in [chosen_by(|_| None), chosen("", "", "")] {
            assert_eq!(chosen, Ok(FreshAuthentication::default()));
        }
        assert_eq!(FreshAuthentication::default().max_age_s, 300);
    }

    #[test]
    fn classes_and_methods_are_lists_with_spaces() {
        let chosen = chosen("60", "urn:lab:gold  urn:lab:silver", "mfa").unwrap();
        assert_eq!((chosen.max_age_s, chosen.acr.len(), chosen.amr.len()), (60, 2, 1));
    }

    #[test]
    fn a_setting_that_cannot_be_meant_is_refused_with_its_name() {
        let many = "a ".repeat(NAMES_MAX + 1);
        for (age, acr, amr, variable) in [
            ("0", "", "", MAX_AGE),
            ("-1", "", "", MAX_AGE),
            ("5m", "", "", MAX_AGE),
            ("86401", "", "", MAX_AGE),
            ("300", "a\"b", "", CLASSES),
            ("300", "a\\b", "", CLASSES),
            ("300", "null", "", CLASSES),
            ("300", "ä", "", CLASSES),
            ("300", "", &many, METHODS),
        ] {
            assert_eq!(chosen(age, acr, amr).unwrap_err().variable, variable, "{age} {acr} {amr}");
        }
    }
}
