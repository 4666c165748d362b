//! The parameters of a query string: each known, each at most once, each valid.

use alims_domain::invalid::InvalidValue;
use alims_domain::limits::PAGE_ITEMS_MAX;
use lambda_http::Request;
use std::collections::BTreeMap;

use crate::reader::faults::Faults;

/// The parameters that no reader has taken yet.
#[derive(Debug)]
pub struct Query {
    parameters: BTreeMap<String, String>,
}

impl Query {
    /// Splits and decodes the query string.
    pub fn read(request: &Request, faults: &mut Faults) -> Self {
        let mut parameters = BTreeMap::new();
        for (name, value) in form_urlencoded::parse(request.uri().query().unwrap_or_default().as_bytes()) {
            // The decoder writes this character for bytes that are not UTF-8.
            if value.contains(char::REPLACEMENT_CHARACTER) {
                faults.outside(format!("the query parameter {} must be UTF-8", shown(&name)));
            } else if parameters.insert(name.to_string(), value.to_string()).is_some() {
                faults.outside(format!("the query parameter {} must be given only once", shown(&name)));
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
        let text = self.parameters.remove(name)?;
        parse(&text).map_err(|invalid| faults.outside(format!("the query parameter {name} {invalid}"))).ok()
    }

    /// Rejects unknown parameters: otherwise a misspelt filter would list everything.
    pub fn finish(self, faults: &mut Faults) {
        for name in self.parameters.into_keys() {
            faults.outside(format!("the query parameter {} is not known; remove it or correct its name", shown(&name)));
        }
    }
}

/// Reads exactly `true` or `false`.
pub fn yes_or_no(text: &str) -> Result<bool, InvalidValue> {
    text.parse().map_err(|_neither| InvalidValue::new("must be true or false"))
}

/// Reads the maximum number of items on a page.
pub fn page_items(text: &str) -> Result<usize, InvalidValue> {
    let number = text.parse::<usize>().ok().filter(|number| (1..=PAGE_ITEMS_MAX).contains(number));
    number.ok_or_else(|| InvalidValue::new(format!("must be a whole number from 1 to {PAGE_ITEMS_MAX}")))
}

/// A name from an untrusted request, made safe to repeat.
fn shown(name: &str) -> String {
    const SHOWN_CHARACTERS_MAX: usize = 64;
    name.chars().take(SHOWN_CHARACTERS_MAX).flat_map(char::escape_debug).collect()
}
