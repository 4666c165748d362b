//! Numbers that come back as the same double: a literal is accepted if it names a double, however it is printed.

use serde_json::Number;

/// The largest integer up to which a double tells every one from the next: 2^53.
const EXACT_INTEGER_MAX: u64 = 1 << 53;
/// The most significant digits that the exact decimal value of a double has.
const DOUBLE_DIGITS_MAX: usize = 767;

/// Reads the literal of a JSON number.
///
/// A literal names its nearest double if that double, rounded to as many significant digits, is the literal's value:
/// so `7.6` and `7.5999999999999996` name the same one, and `7.59999999999999961` names none. Where the double lies in
/// the middle between two such texts, both name it: printers round either way. The shortest text of a double names it
/// too: just above a power of two it is not always the rounded value.
///
/// # Errors
/// What it must be instead, when it has digits that a double does not hold.
pub(crate) fn exact_number(literal: &str) -> Result<Number, String> {
    let is_integer = literal.bytes().all(|b| b == b'-' || b.is_ascii_digit());
    if is_integer && let Some(number) = literal.parse::<i64>().ok().filter(|n| n.unsigned_abs() <= EXACT_INTEGER_MAX) {
        return Ok(Number::from(number));
    }
    let too_large = || "is outside the range of a double; send it as a string".to_owned();
    let nearest = literal.parse::<f64>().map_err(|_no_number| "is not a number".to_owned())?;
    let number = Number::from_f64(nearest).ok_or_else(too_large)?;
    let sent = Decimal::of(literal);
    // Compared with what the service sends back as well: other printers shorten the same double to different digits.
    let printed = [sent.as_ref().and_then(|sent| sent.rounded(nearest)), Some(number.to_string())];
    let is_middle = sent.as_ref().is_some_and(|sent| sent.is_half_a_digit_from(nearest));
    if is_middle || printed.into_iter().flatten().any(|printed| Decimal::of(&printed) == sent) {
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

    /// A double, rounded to as many significant digits as this value has; none when no double has as many.
    fn rounded(&self, double: f64) -> Option<String> {
        let digits = self.digits.len();
        (digits <= DOUBLE_DIGITS_MAX).then(|| format!("{double:.*e}", digits.saturating_sub(1)))
    }

    /// Whether a double lies exactly half of this value's last digit away from it.
    fn is_half_a_digit_from(&self, double: f64) -> bool {
        let exact = Self::of(&format!("{double:.*e}", DOUBLE_DIGITS_MAX - 1));
        let middle = exact.filter(|exact| exact.negative == self.negative && exact.exponent == self.exponent - 1);
        // Digits that do not fit have no middle: a double has so many only where its neighbours differ far before them.
        let of_double = middle.and_then(|exact| exact.digits.parse::<u128>().ok());
        let of_this = self.digits.parse::<u128>().ok().and_then(|digits| digits.checked_mul(10));
        of_double.zip(of_this).is_some_and(|(one, other)| one.abs_diff(other) == 5)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn integers_are_taken_up_to_two_to_the_53rd_and_beyond_only_if_a_double_is_that_integer() {
        for literal in
            ["0", "-0", "7", "9007199254740992", "-9007199254740992", "9007199254740994", "100000000000000000"]
        {
            assert!(exact_number(literal).is_ok(), "{literal}");
        }
        for literal in ["9007199254740993", "-9007199254740993", "18446744073709551615", "123456789012345678901234567"]
        {
            assert!(exact_number(literal).is_err(), "{literal}");
        }
    }

    /// The double lies in the middle between the two. Some printers write the even one, and Rust's own the one further
    /// from zero.
    #[test]
    fn of_two_shortest_spellings_of_a_double_both_are_taken() {
        for (middle, spellings) in [
            ("1939669295753420.25", ["1939669295753420.2", "1939669295753420.3"]),
            ("-2013845462644322.25", ["-2013845462644322.2", "-2013845462644322.3"]),
        ] {
            let double = exact_number(middle).expect("a double").as_f64();
            for spelling in spellings {
                assert_eq!(exact_number(spelling).ok().and_then(|taken| taken.as_f64()), double, "{spelling}");
            }
        }
        for beside in ["1939669295753420.1", "1939669295753420.4", "1939669295753420.24", "1939669295753420.26"] {
            assert!(exact_number(beside).is_err(), "{beside}");
        }
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

    #[test]
    fn a_double_as_c_prints_it_is_taken_and_a_neighbouring_decimal_is_not() {
        let double = |literal: &str| exact_number(literal).ok().and_then(|number| number.as_f64());
        for (literal, number) in [
            ("7.5999999999999996", 7.6),
            ("7.60000000000000000", 7.6),
            ("0.10000000000000001", 0.1),
            ("0.100000000000000005551115123125782702118158340454101562", 0.1),
            ("4.9406564584124654e-324", 5e-324),
            ("99999999999999991611392", 1e23),
            // 2^-44: the shortest text is not the double rounded to as many digits.
            ("5.684341886080802e-14", 5.684_341_886_080_802e-14),
        ] {
            assert_eq!(double(literal), Some(number), "{literal}");
        }
        for literal in ["7.5999999999999997", "7.59999999999999961", "9.5000000000000003", "0.10000000000000002001"] {
            assert_eq!(double(literal), None, "{literal}");
        }
    }

    #[test]
    fn a_literal_of_any_length_is_read_or_refused() {
        assert!(exact_number(&format!("0.{}1", "0".repeat(100_000))).is_err());
        assert!(exact_number(&format!("0.{}", "1".repeat(100_000))).is_err());
        assert!(exact_number(&format!("1.{}", "0".repeat(100_000))).is_ok());
        let smallest = format!("{:.1074}", f64::from_bits(1));
        assert!(exact_number(&smallest).is_ok());
        let longest = format!("{:.1074}", f64::from_bits((1 << 52) - 1));
        assert_eq!(Decimal::of(&longest).map(|decimal| decimal.digits.len()), Some(DOUBLE_DIGITS_MAX));
        assert!(exact_number(&longest).is_ok());
        assert!(exact_number(&format!("{longest}1")).is_err());
    }

    /// A double as C's `%.{digits}g` prints it, but always with an exponent.
    fn printed(number: f64, digits: usize) -> String {
        format!("{number:.*e}", digits - 1)
    }

    proptest! {
        #[test]
        fn every_double_is_taken_as_it_is_written(
            number in any::<f64>().prop_filter("finite", |n| n.is_finite()),
            digits in 17_usize..=40,
        ) {
            let canonical = alims_domain::hashing::canonical_json(&number).map(|json| json.as_bytes().to_vec());
            let canonical = String::from_utf8(canonical.unwrap_or_default()).unwrap_or_default();
            for literal in [format!("{number:e}"), canonical, printed(number, digits), format!("{number:?}")] {
                prop_assert_eq!(exact_number(&literal).ok().and_then(|taken| taken.as_f64()), Some(number), "{}", literal);
            }
        }

        #[test]
        fn a_double_written_with_fewer_digits_is_taken_as_that_decimal(
            number in any::<f64>().prop_filter("normal", |n| n.is_normal() && n.abs() < 1e308),
            digits in 1_usize..=16,
        ) {
            let literal = printed(number, digits);
            let nearest = literal.parse::<f64>().ok();
            prop_assert_eq!(exact_number(&literal).ok().and_then(|taken| taken.as_f64()), nearest, "{}", literal);
        }

        #[test]
        fn a_number_that_is_taken_is_the_nearest_double_and_has_no_digit_more(
            literal in "-?(0|[1-9][0-9]{0,18})(\\.[0-9]{1,18})?([eE][+-]?[0-9]{1,3})?",
        ) {
            if let Ok(number) = exact_number(&literal) {
                let nearest = literal.parse::<f64>().ok();
                prop_assert_eq!(number.as_f64(), nearest);
                let canonical = alims_domain::hashing::canonical_json(&number).map(|json| json.as_bytes().to_vec());
                let canonical = String::from_utf8(canonical.unwrap_or_default()).unwrap_or_default();
                prop_assert_eq!(canonical.parse::<f64>().ok(), nearest);
                let sent = Decimal::of(&literal);
                let rounded = sent.as_ref().zip(nearest).and_then(|(sent, nearest)| sent.rounded(nearest));
                let same = [rounded, Some(canonical)].into_iter().flatten().any(|text| Decimal::of(&text) == sent);
                let middle = sent.as_ref().zip(nearest).is_some_and(|(sent, nearest)| sent.is_half_a_digit_from(nearest));
                prop_assert!(same || middle, "{}", literal);
            }
        }
    }
}
