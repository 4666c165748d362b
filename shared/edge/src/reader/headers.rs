//! The headers that the operations use.

use alims_domain::expected_versions::ExpectedVersions;
use alims_domain::identifiers::{CorrelationId, IdempotencyKey, Version};
use alims_domain::invalid::InvalidValue;
use http::header::{CONTENT_ENCODING, CONTENT_TYPE, IF_MATCH};
use http::{HeaderMap, HeaderName};

use crate::problem::Unsupported;
use crate::reader::faults::Faults;
use crate::reader::shown::shown;

/// Links a request to its cause in other services.
const X_CORRELATION_ID: &str = "X-Correlation-Id";
/// The caller's own name for a request.
const IDEMPOTENCY_KEY: &str = "Idempotency-Key";

/// Reads the id that links the request to its cause in other services.
pub fn correlation_id(headers: &HeaderMap, faults: &mut Faults) -> Option<CorrelationId> {
    read(headers, X_CORRELATION_ID, str::parse, faults)
}

/// Reads the caller's own name for the request. A comma would be the sign of two headers, which the gateway joins: a
/// client that repeats the request with one of them would then have its effect twice.
pub fn idempotency_key(headers: &HeaderMap, faults: &mut Faults) -> Option<IdempotencyKey> {
    let sent_once = |text: &str| {
        let once = (!text.contains(',')).then_some(text);
        once.ok_or_else(|| InvalidValue::new("must be sent only once and contain no comma")).and_then(str::parse)
    };
    read(headers, IDEMPOTENCY_KEY, sent_once, faults)
}

/// The precondition of an `If-Match`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum IfMatch {
    /// `*`: the workflow exists, at any version.
    Exists,
    /// It is at one of these versions. Empty, when the header names only what no version has.
    OneOf(ExpectedVersions),
}

/// Reads `If-Match` (RFC 9110, section 13.1.1): `*`, or the entity tags of the versions the caller decided on. The
/// comparison is strong, so a weak tag matches no version, and neither does a tag that this service does not give.
pub fn if_match(headers: &HeaderMap, faults: &mut Faults) -> Option<IfMatch> {
    let mut lines = headers.get_all(IF_MATCH).iter().map(|value| value.to_str().ok()).peekable();
    lines.peek()?;
    // Several headers of this name are one list.
    let list = lines.collect::<Option<Vec<&str>>>().map(|lines| lines.join(","));
    let read = list.as_deref().and_then(|list| match list.trim() {
        "*" => Some(IfMatch::Exists),
        list => strong_tags(list).map(|tags| IfMatch::OneOf(tags.into_iter().filter_map(version_of).collect())),
    });
    if read.is_none() {
        let name = IF_MATCH.as_str();
        faults.outside(format!("the header {name} must be * or ETags with their quotation marks, such as \"7\""));
    }
    read
}

/// What stands between the quotation marks of each strong tag of a list; none when it is not a list of entity tags, or
/// an empty one.
fn strong_tags(list: &str) -> Option<Vec<&str>> {
    const SPACE: [char; 2] = [' ', '\t'];
    let of_a_tag = |byte: u8| byte == b'!' || (b'#'..=b'~').contains(&byte);
    let (mut strong, mut any, mut rest) = (Vec::new(), false, list);
    loop {
        rest = rest.trim_start_matches([' ', '\t', ',']);
        if rest.is_empty() {
            return any.then_some(strong);
        }
        let weak = rest.strip_prefix("W/");
        let (tag, after) = weak.unwrap_or(rest).strip_prefix('"')?.split_once('"')?;
        rest = after.trim_start_matches(SPACE);
        if !tag.bytes().all(of_a_tag) || !(rest.is_empty() || rest.starts_with(',')) {
            return None;
        }
        any = true;
        strong.extend(weak.is_none().then_some(tag));
    }
}

/// The version of a tag as this service writes it.
fn version_of(tag: &str) -> Option<Version> {
    let number = tag.parse::<u64>().ok().filter(|number| number.to_string() == tag);
    number.and_then(|number| Version::try_from(number).ok())
}

/// Checks how a body is written: plain JSON in UTF-8. Whether it can be read.
pub fn representation(headers: &HeaderMap, faults: &mut Faults) -> bool {
    let type_fault = headers.get(CONTENT_TYPE).and_then(|_| type_fault(&joined(headers, &CONTENT_TYPE)));
    let coding = joined(headers, &CONTENT_ENCODING);
    let coding_fault = headers.get(CONTENT_ENCODING).filter(|_| !coding.trim().eq_ignore_ascii_case("identity"));
    let coding_fault = coding_fault.map(|_| format!("says {}; send the body uncompressed", shown(coding.trim())));
    let readable = type_fault.is_none() && coding_fault.is_none();
    if let Some(fault) = type_fault {
        faults.unsupported(format!("the header {CONTENT_TYPE} {fault}"), Unsupported::Type);
    }
    if let Some(fault) = coding_fault {
        faults.unsupported(format!("the header {CONTENT_ENCODING} {fault}"), Unsupported::Coding);
    }
    readable
}

/// A body is JSON in UTF-8, whether its header says so or is absent.
fn type_fault(text: &str) -> Option<String> {
    let text = text.trim();
    let Ok(mime) = text.parse::<mime::Mime>() else {
        return Some(format!("says {}, which is no media type; send application/json", shown(text)));
    };
    if mime.essence_str() != mime::APPLICATION_JSON {
        return Some(format!("says {}; send application/json", shown(mime.essence_str())));
    }
    let charset = mime.get_param(mime::CHARSET).filter(|charset| *charset != mime::UTF_8);
    charset.map(|charset| format!("names the charset {}; send UTF-8", shown(charset.as_str())))
}

/// The values of a header as the gateway joins them.
fn joined(headers: &HeaderMap, name: &HeaderName) -> String {
    let values = headers.get_all(name).iter().map(|value| String::from_utf8_lossy(value.as_bytes()));
    values.collect::<Vec<_>>().join(",")
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
    use crate::problem::Problem;

    /// Reads headers given as one pair each; what is read, and the messages of the faults.
    fn with<T>(pairs: &[(&'static str, &str)], read: impl FnOnce(&HeaderMap, &mut Faults) -> T) -> (T, Vec<String>) {
        let (mut headers, mut faults) = (HeaderMap::new(), Faults::default());
        for (name, value) in pairs {
            headers.append(*name, value.parse().expect("a header value"));
        }
        let value = read(&headers, &mut faults);
        let messages = match faults.conclude(|| Some(())) {
            Err(Problem::MalformedRequest(faults) | Problem::UnsupportedMediaType { faults, .. }) => {
                faults.into_iter().map(|fault| fault.message).collect()
            }
            Ok(()) | Err(_) => Vec::new(),
        };
        (value, messages)
    }

    fn one_of(versions: &[u64]) -> Option<IfMatch> {
        Some(IfMatch::OneOf(versions.iter().filter_map(|version| Version::try_from(*version).ok()).collect()))
    }

    #[test]
    fn if_match_names_the_versions_of_its_strong_tags() {
        for (header, read) in [
            ("\"7\"", one_of(&[7])),
            (" \"7\" ", one_of(&[7])),
            ("\"7\", \"8\"", one_of(&[7, 8])),
            ("\"7\",,\t\"8\",", one_of(&[7, 8])),
            ("W/\"7\"", one_of(&[])),
            ("W/\"7\", \"8\"", one_of(&[8])),
            ("\"07\", \"+7\", \"0\", \"seven\", \"\", \"7,8\"", one_of(&[])),
            ("*", Some(IfMatch::Exists)),
        ] {
            assert_eq!(with(&[("if-match", header)], if_match), (read, vec![]), "{header}");
        }
        assert_eq!(with(&[("if-match", "\"7\""), ("if-match", "\"8\"")], if_match).0, one_of(&[7, 8]));
        assert_eq!(with(&[], if_match), (None, vec![]));
    }

    #[test]
    fn an_if_match_that_is_no_list_of_tags_is_refused() {
        for header in ["7", "", ",", "\"", "\"7", "\"7\" \"8\"", "w/\"7\"", "W/ \"7\"", "*, \"7\"", "\"7 \"", "'7'"] {
            let (read, messages) = with(&[("if-match", header)], if_match);
            assert_eq!((read, messages.len()), (None, 1), "{header}");
        }
    }

    #[test]
    fn a_header_that_is_sent_twice_is_refused_also_as_the_gateway_joins_it() {
        for pairs in [&[("idempotency-key", "k"), ("idempotency-key", "k")][..], &[("idempotency-key", "k,k")]] {
            let (read, messages) = with(pairs, idempotency_key);
            assert!(read.is_none() && messages.iter().any(|message| message.contains("only once")), "{messages:?}");
        }
        for pairs in [&[("x-correlation-id", "c"), ("x-correlation-id", "c")][..], &[("x-correlation-id", "c,c")]] {
            let (read, messages) = with(pairs, correlation_id);
            assert_eq!((read, messages.len()), (None, 1), "{messages:?}");
        }
        let (read, messages) = with(&[("Idempotency-Key", " k-1 ")], idempotency_key);
        assert_eq!((read.map(String::from), messages.len()), (Some("k-1".to_owned()), 0));
        for empty in ["", " "] {
            assert_eq!(with(&[("idempotency-key", empty)], idempotency_key).1.len(), 1);
            assert_eq!(with(&[("x-correlation-id", empty)], correlation_id).1.len(), 1);
        }
    }

    #[test]
    fn json_may_say_that_it_is_in_utf_8_and_not_compressed() {
        for pairs in [
            &[][..],
            &[("content-type", "application/json")],
            &[("content-type", "application/json; charset=utf-8")],
            &[("content-type", "Application/JSON;charset=\"UTF-8\"")],
            &[("content-type", "application/json; odata=verbose"), ("content-encoding", "Identity")],
        ] {
            assert_eq!(with(pairs, representation), (true, vec![]), "{pairs:?}");
        }
    }

    #[test]
    fn what_a_body_must_not_be_is_named() {
        for (name, value, part) in [
            ("content-type", "text/plain", "says text/plain; send application/json"),
            ("content-type", "application/x-www-form-urlencoded", "says application/x-www-form-urlencoded"),
            ("content-type", "application/merge-patch+json", "says application/merge-patch+json"),
            ("content-type", "application/json; charset=latin1", "names the charset latin1; send UTF-8"),
            ("content-type", "application/json,application/json", "no media type"),
            ("content-type", "json", "says json, which is no media type"),
            ("content-type", "", "no media type"),
            ("content-encoding", "gzip", "says gzip; send the body uncompressed"),
            ("content-encoding", "identity, br", "says identity, br"),
            ("content-encoding", "", "uncompressed"),
        ] {
            let (readable, messages) = with(&[(name, value)], representation);
            assert!(!readable && messages.len() == 1, "{messages:?}");
            assert!(messages.iter().all(|message| message.contains(part) && message.contains(name)), "{messages:?}");
        }
    }
}
