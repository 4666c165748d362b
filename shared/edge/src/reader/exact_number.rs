//! Numbers that come back as they went in: those that canonical JSON (RFC 8785), a double, carries exactly.

use serde_json::Number;

/// The largest integer up to which a double tells every one from the next: 2^53.
const EXACT_INTEGER_MAX: u64 = 1 << 53;

/// Reads the literal of a JSON number.
///
/// # Errors
/// What it must be instead, when a double does not carry its value exactly.
pub(crate) fn exact_number(literal: &str) -> Result<Number, String> {
    if literal.bytes().all(|b| b == b'-' || b.is_ascii_digit()) {
        let integer = literal.parse::<i64>().ok().filter(|number| number.unsigned_abs() <= EXACT_INTEGER_MAX);
        return integer.map(Number::from).ok_or_else(|| {
            format!("is larger than {EXACT_INTEGER_MAX} (2^53) and would lose digits; send it as a string")
        });
    }
    let too_large = || "is outside the range of a double; send it as a string".to_owned();
    let nearest = literal.parse::<f64>().map_err(|_no_number| "is not a number".to_owned())?;
    let number = Number::from_f64(nearest).ok_or_else(too_large)?;
    // Compared with what the service would send back: two printers may shorten the same double to different digits.
    if Decimal::of(literal) == Decimal::of(&number.to_string()) {
        Ok(number)
    } else {
        Err(format!("has more digits than a double holds (nearest: {number}); send it as a string"))
    }
}

/// A decimal value with one spelling: `digits` × 10^`exponent`, without zeros at either end.
#[derive(Debug, PartialEq, Eq)]
struct Decimal {
    negative: bool,
    digits: String,
    exponent: i64,
}

impl Decimal {
    /// Reads a literal of JSON's grammar; none when its exponent is beyond all reason.
    fn of(literal: &str) -> Option<Self> {
        let (negative, literal) = literal.strip_prefix('-').map_or((false, literal), |rest| (true, rest));
        let (mantissa, exponent) = literal.split_once(['e', 'E']).unwrap_or((literal, "0"));
        let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        let digits = format!("{whole}{fraction}");
        let significant = digits.trim_end_matches('0');
        let dropped = i64::try_from(digits.len() - significant.len()).ok()?;
        let fraction = i64::try_from(fraction.len()).ok()?;
        let significant = significant.trim_start_matches('0');
        if significant.is_empty() {
            return Some(Self { negative: false, digits: String::new(), exponent: 0 });
        }
        let exponent = exponent.parse::<i64>().ok()?.checked_sub(fraction)?.checked_add(dropped)?;
        Some(Self { negative, digits: significant.to_owned(), exponent })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn integers_are_taken_up_to_two_to_the_53rd() {
        for literal in ["0", "-0", "7", "9007199254740992", "-9007199254740992"] {
            assert!(exact_number(literal).is_ok(), "{literal}");
        }
        for literal in ["9007199254740993", "-9007199254740993", "18446744073709551616", "123456789012345678901234567"]
        {
            assert!(exact_number(literal).is_err(), "{literal}");
        }
    }

    /// This double lies in the middle between the two: each has as few digits, and only one is sent back.
    #[test]
    fn of_two_shortest_spellings_of_a_double_the_one_that_is_sent_back_is_taken() {
        let taken = exact_number("1939669295753420.2").map(|number| number.to_string());
        assert_eq!(taken.as_deref(), Ok("1939669295753420.2"));
        assert!(exact_number("1939669295753420.3").is_err());
    }

    #[test]
    fn fractions_are_taken_as_far_as_a_double_has_digits() {
        for literal in
            ["0.1", "1.10", "-2.5e-3", "1E2", "5.0", "0.0", "-0.0", "1e22", "1.7976931348623157e308", "5e-324"]
        {
            assert!(exact_number(literal).is_ok(), "{literal}");
        }
        for literal in
            ["0.12345678901234567890", "1e999", "-1e999", "1e-999", "9007199254740993.0", "0.1000000000000000055"]
        {
            assert!(exact_number(literal).is_err(), "{literal}");
        }
        assert!(exact_number("1e99999999999999999999").is_err());
        assert!(exact_number("0e99999999999999999999").is_ok());
    }

    proptest! {
        #[test]
        fn every_double_is_taken_as_it_is_written(number in any::<f64>().prop_filter("finite", |n| n.is_finite())) {
            let written = format!("{number:e}");
            let (Ok(taken), true) = (exact_number(&written), written.contains('e')) else {
                return Err(TestCaseError::fail(written));
            };
            prop_assert_eq!(taken.as_f64(), Some(number));
        }

        #[test]
        fn a_number_that_is_taken_prints_as_the_same_decimal(literal in "-?(0|[1-9][0-9]{0,18})(\\.[0-9]{1,18})?([eE][+-]?[0-9]{1,3})?") {
            if let Ok(number) = exact_number(&literal) {
                prop_assert_eq!(Decimal::of(&number.to_string()), Decimal::of(&literal));
                let canonical = alims_domain::hashing::canonical_json(&number).map(|json| json.as_bytes().to_vec());
                let canonical = String::from_utf8(canonical.unwrap_or_default()).unwrap_or_default();
                prop_assert_eq!(Decimal::of(&canonical), Decimal::of(&literal));
            }
        }
    }
}
