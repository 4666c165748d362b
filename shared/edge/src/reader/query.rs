//! The parameters of a query string: each known and valid, and at most once, but for those that may be repeated.

use alims_domain::invalid::InvalidValue;
use alims_domain::limits::PAGE_ITEMS_MAX;
use lambda_http::Request;
use percent_encoding::percent_decode_str;
use std::collections::BTreeMap;

use crate::reader::faults::Faults;
use crate::reader::shown::shown;

/// The parameters that no reader has taken yet.
#[derive(Debug)]
pub struct Query {
    parameters: BTreeMap<String, Vec<String>>,
}

impl Query {
    /// Splits and decodes the query string.
    pub fn read(request: &Request, faults: &mut Faults) -> Self {
        let mut parameters: BTreeMap<String, Vec<String>> = BTreeMap::new();
        let query = request.uri().query().unwrap_or_default();
        for parameter in query.split('&').filter(|parameter| !parameter.is_empty()) {
            let (name, value) = parameter.split_once('=').unwrap_or((parameter, ""));
            match (decoded(name), decoded(value)) {
                (Ok(name), Ok(value)) => parameters.entry(name).or_default().push(value),
                (Err(fault), _) | (_, Err(fault)) => {
                    faults.outside(format!("the query parameter {} {fault}", shown(name)));
                }
            }
        }
        Self { parameters }
    }

    /// Reads an optional parameter.
    pub fn take<T>(
        &mut self,
        name: &str,
        parse: impl FnOnce(&str) -> Result<T, InvalidValue>,
        faults: &mut Faults,
    ) -> Option<T> {
        let texts = self.parameters.remove(name)?;
        if texts.len() > 1 {
            faults.outside(format!("the query parameter {name} must be given only once"));
        }
        texts.first().and_then(|text| parsed(name, text, parse, faults))
    }

    /// Reads a parameter that may be repeated: its valid values, in their order.
    pub fn take_each<T>(
        &mut self,
        name: &str,
        parse: impl Fn(&str) -> Result<T, InvalidValue>,
        faults: &mut Faults,
    ) -> Vec<T> {
        let texts = self.parameters.remove(name).unwrap_or_default();
        texts.iter().filter_map(|text| parsed(name, text, &parse, faults)).collect()
    }

    /// Rejects unknown parameters: otherwise a misspelt filter would list everything.
    pub fn finish(self, faults: &mut Faults) {
        for name in self.parameters.into_keys() {
            faults.outside(format!("the query parameter {} is not known; remove it or correct its name", shown(&name)));
        }
    }
}

fn parsed<T>(
    name: &str,
    text: &str,
    parse: impl FnOnce(&str) -> Result<T, InvalidValue>,
    faults: &mut Faults,
) -> Option<T> {
    parse(text).map_err(|invalid| faults.outside(format!("the query parameter {name} {invalid}"))).ok()
}

/// Decodes a name or a value once. A `+` is a space to those who write forms and a plus to those who write addresses
/// (RFC 3986): no reading of it is right for both, so it must be written as one of them.
fn decoded(text: &str) -> Result<String, InvalidValue> {
    if text.contains('+') {
        return Err(InvalidValue::new("contains a `+`, which is ambiguous; write %2B for a plus and %20 for a space"));
    }
    let mut after_percents = text.split('%').skip(1);
    if !after_percents.all(|after| after.as_bytes().get(..2).is_some_and(|two| two.iter().all(u8::is_ascii_hexdigit))) {
        return Err(InvalidValue::new("contains a `%` without two hexadecimal digits; write %25 for a percent sign"));
    }
    let decoded = percent_decode_str(text).decode_utf8();
    decoded.map(String::from).map_err(|_bytes| InvalidValue::new("must be UTF-8"))
}

/// Reads exactly `true` or `false`.
pub fn yes_or_no(text: &str) -> Result<bool, InvalidValue> {
    text.parse().map_err(|_neither| InvalidValue::new("must be true or false"))
}

/// Reads the maximum number of items on a page.
pub fn page_items(text: &str) -> Result<usize, InvalidValue> {
    let number = text.parse::<usize>().ok().filter(|number| (1..=PAGE_ITEMS_MAX).contains(number));
    // The parser takes `+7` and `007` too.
    let number = number.filter(|number| number.to_string() == text);
    number.ok_or_else(|| InvalidValue::new(format!("must be a whole number from 1 to {PAGE_ITEMS_MAX}")))
}
