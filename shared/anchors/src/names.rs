//! The names of anchors: `<tenant>/0000000001.json`. They sort in the order of the numbers.

use alims_domain::identifiers::TenantId;

/// What a name of an anchor ends with.
const SUFFIX: &str = ".json";
/// The digits of a number in a name: more anchors than one a second in three hundred years. A longer name is another
/// file: no number of a stranger keeps the service from going on.
const DIGITS: usize = 10;

/// The name of an anchor within its tenant.
#[must_use]
pub fn name_of(number: u64) -> String {
    format!("{number:0DIGITS$}{SUFFIX}")
}

/// The number that a name says; none of another file.
#[must_use]
pub fn number_of(name: &str) -> Option<u64> {
    let number = name.strip_suffix(SUFFIX)?.parse().ok()?;
    (number > 0 && name.len() == DIGITS + SUFFIX.len() && name_of(number) == name).then_some(number)
}

/// The tenant that a name says; none of another folder.
#[must_use]
pub fn tenant_of(name: &str) -> Option<TenantId> {
    name.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_says_its_number_and_no_other_name_does() {
        for number in [1, 9_999_999_999] {
            assert_eq!(number_of(&name_of(number)), Some(number));
        }
        assert_eq!(name_of(1), "0000000001.json");
        for other in [
            "1.json",
            "0000000000.json",
            "0000000001",
            "0000000001.json.new",
            "+000000001.json",
            ".json",
            "12345678901.json",
        ] {
            assert_eq!(number_of(other), None, "{other}");
        }
    }
}
