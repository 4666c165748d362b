//! The languages of the sign-in page.

use http::HeaderMap;
use http::header::ACCEPT_LANGUAGE;

/// The parameter in which a client names the languages of a person, best first (OpenID Connect Core, section 3.1.2.1).
pub(super) const UI_LOCALES: &str = "ui_locales";

/// A language of the page.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Language {
    #[default]
    English,
    German,
}

impl Language {
    pub(super) const ALL: [Self; 2] = [Self::English, Self::German];

    /// Its tag (BCP 47).
    pub(super) const fn tag(self) -> &'static str {
        match self {
            Self::English => "en",
            Self::German => "de",
        }
    }

    /// What the client asks for with [`UI_LOCALES`]; else what the browser accepts; else English.
    pub(super) fn wanted(locales: Option<&str>, headers: &HeaderMap) -> Self {
        let accepted = headers.get_all(ACCEPT_LANGUAGE).iter().filter_map(|value| value.to_str().ok());
        let accepted = accepted.collect::<Vec<_>>().join(",");
        let asked = locales.unwrap_or_default().split(' ').find_map(Self::of_tag);
        asked.or_else(|| Self::accepted(&accepted)).unwrap_or_default()
    }

    /// The language of a tag, whatever its region: `de-CH` is German.
    fn of_tag(tag: &str) -> Option<Self> {
        let primary = tag.trim().split('-').next().unwrap_or_default();
        Self::ALL.into_iter().find(|language| language.tag().eq_ignore_ascii_case(primary))
    }

    /// The one with the greatest weight, the first of several (RFC 9110, section 12.5.4). `*` is each that is not named.
    fn accepted(ranges: &str) -> Option<Self> {
        let ranges: Vec<(&str, f32)> = ranges.split(',').filter_map(weighted).collect();
        let is_named = |language: Self| ranges.iter().any(|(tag, _)| Self::of_tag(tag) == Some(language));
        let of_range = |tag: &str| match tag {
            "*" => Self::ALL.into_iter().find(|language| !is_named(*language)),
            tag => Self::of_tag(tag),
        };
        let known = ranges.iter().filter_map(|(tag, weight)| Some((of_range(tag)?, *weight)));
        let best = known.filter(|(_, weight)| *weight > 0.0);
        best.reduce(|best, next| if next.1 > best.1 { next } else { best }).map(|(language, _)| language)
    }
}

/// A range of languages with its weight, which is 1 where none is said; none when the weight is no weight.
fn weighted(range: &str) -> Option<(&str, f32)> {
    let mut parts = range.split(';').map(str::trim);
    let tag = parts.next()?;
    let weight = parts.find_map(|part| part.strip_prefix("q=").or_else(|| part.strip_prefix("Q=")));
    let weight: f32 = weight.map_or(Ok(1.0), str::parse).ok()?;
    (0.0..=1.0).contains(&weight).then_some((tag, weight))
}

/// A text of the page in each language.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Text {
    pub(super) en: &'static str,
    pub(super) de: &'static str,
}

impl Text {
    pub(super) const fn of(self, language: Language) -> &'static str {
        match language {
            Language::English => self.en,
            Language::German => self.de,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderValue;

    fn wanted(locales: &str, accepted: &str) -> &'static str {
        let headers = HeaderMap::from_iter([(ACCEPT_LANGUAGE, accepted.parse().unwrap())]);
        Language::wanted(Some(locales), &headers).tag()
    }

    #[test]
    fn the_client_s_languages_come_before_the_browser_s() {
        assert_eq!(wanted("de", "en"), "de");
        assert_eq!(wanted("fr-CA de-CH en", "en"), "de");
        assert_eq!(wanted("DE", ""), "de");
        assert_eq!(wanted("fr", "de"), "de");
        assert_eq!(wanted("", ""), "en");
        assert_eq!(Language::wanted(None, &HeaderMap::new()), Language::English);
    }

    #[test]
    fn a_header_in_several_lines_is_one_list_and_a_line_that_is_no_text_says_nothing() {
        let headers = |lines: &[&[u8]]| {
            lines.iter().map(|line| (ACCEPT_LANGUAGE, HeaderValue::from_bytes(line).unwrap())).collect::<HeaderMap>()
        };
        assert_eq!(Language::wanted(None, &headers(&[b"fr", b"de"])), Language::German);
        assert_eq!(Language::wanted(None, &headers(&[b"\xff", b"de"])), Language::German);
    }

    #[test]
    fn the_browser_s_languages_are_taken_by_their_weight() {
        for (accepted, tag) in [
            ("de-DE,de;q=0.9,en;q=0.8", "de"),
            ("en-GB,en;q=0.9,de;q=0.8", "en"),
            ("fr, en;q=0.3, de;q=0.7", "de"),
            ("de;q=0, en;q=0.1", "en"),
            ("de;q=0", "en"),
            ("de, en", "de"),
            ("*", "en"),
            ("de;q=nan, en;q=0.1", "en"),
            ("de;level=1", "de"),
            ("de;q=0.9;x=1, en;q=0.1", "de"),
            ("de;Q=0.9, en;q=0.1", "de"),
            ("de;q=1000, en;q=0.1", "en"),
            ("de;q=inf, en;q=0.1", "en"),
            ("en;q=0, *", "de"),
            ("fr, *;q=0.5", "en"),
            (";;,=,de", "de"),
        ] {
            assert_eq!(wanted("", accepted), tag, "{accepted}");
        }
    }
}
