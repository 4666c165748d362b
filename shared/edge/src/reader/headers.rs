//! The headers that the operations use.

use alims_domain::identifiers::{CorrelationId, IdempotencyKey, Version};
use alims_domain::invalid::InvalidValue;
use http::HeaderMap;
use http::header::{CONTENT_TYPE, IF_MATCH};

use crate::reader::faults::Faults;

/// Links a request to its cause in other services.
const X_CORRELATION_ID: &str = "X-Correlation-Id";
/// The caller's own name for a request.
const IDEMPOTENCY_KEY: &str = "Idempotency-Key";

/// Reads the id that links the request to its cause in other services.
pub fn correlation_id(headers: &HeaderMap, faults: &mut Faults) -> Option<CorrelationId> {
    read(headers, X_CORRELATION_ID, str::parse, faults)
}

/// Reads the caller's own name for the request.
pub fn idempotency_key(headers: &HeaderMap, faults: &mut Faults) -> Option<IdempotencyKey> {
    read(headers, IDEMPOTENCY_KEY, str::parse, faults)
}

/// Reads the version the caller decided on: one strong entity tag, in this service's form. A list or `*` names no
/// single version, and a weak tag does not identify one (RFC 9110, section 13.1.1).
pub fn if_match(headers: &HeaderMap, faults: &mut Faults) -> Option<Version> {
    read(headers, IF_MATCH.as_str(), version_of, faults)
}

fn version_of(tag: &str) -> Result<Version, InvalidValue> {
    let number = tag.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
    let number = number.and_then(|digits| digits.parse::<u64>().ok().filter(|number| number.to_string() == digits));
    number
        .and_then(|number| Version::try_from(number).ok())
        .ok_or_else(|| InvalidValue::new("must be a single strong ETag with its quotation marks, such as \"7\""))
}

/// Checks the content type. A body is JSON in UTF-8, whether its header says so or is absent.
pub fn content_type(headers: &HeaderMap, faults: &mut Faults) {
    let is_json = |text: &str| {
        let json = text.parse::<mime::Mime>().ok().filter(|mime| mime.essence_str() == mime::APPLICATION_JSON);
        let utf_8 = json.is_some_and(|mime| mime.get_param(mime::CHARSET).is_none_or(|set| set == mime::UTF_8));
        utf_8.then_some(()).ok_or_else(|| InvalidValue::new("must be application/json, in UTF-8"))
    };
    read(headers, CONTENT_TYPE.as_str(), is_json, faults);
}

fn read<T>(
    headers: &HeaderMap,
    name: &str,
    parse: impl FnOnce(&str) -> Result<T, InvalidValue>,
    faults: &mut Faults,
) -> Option<T> {
    let mut values = headers.get_all(name).iter();
    let value = values.next()?;
    if values.next().is_some() {
        faults.outside(format!("the header {name} must be sent only once"));
        return None;
    }
    let read = match value.to_str() {
        Ok(text) => parse(text.trim()),
        Err(_bytes) => Err(InvalidValue::new("must be visible ASCII characters")),
    };
    read.map_err(|invalid| faults.outside(format!("the header {name} {invalid}"))).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_strong_tag_of_one_version_is_taken() {
        assert_eq!(version_of("\"7\"").map(Version::get), Ok(7));
        for tag in ["7", "\"07\"", "\"+7\"", "\"0\"", "W/\"7\"", "*", "\"7\", \"8\"", "\"seven\"", "\"\"", "\"", ""] {
            assert!(version_of(tag).is_err(), "{tag}");
        }
    }

    #[test]
    fn json_may_say_that_it_is_in_utf_8_and_nothing_else() {
        let told = |text: &str| {
            let (mut headers, mut faults) = (HeaderMap::new(), Faults::default());
            headers.extend(text.parse().ok().map(|value| (CONTENT_TYPE, value)));
            content_type(&headers, &mut faults);
            faults.conclude(|| Some(())).is_ok()
        };
        for text in ["application/json", "application/json; charset=utf-8", "Application/JSON;charset=\"UTF-8\""] {
            assert!(told(text), "{text}");
        }
        for text in ["text/plain", "application/json; charset=latin1", "application/merge-patch+json", "json", ""] {
            assert!(!told(text), "{text}");
        }
    }
}
