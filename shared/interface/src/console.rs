//! The pages of the console: their addresses are on the origin of the API, and no route of the API is among them.

/// The first segments of the console's addresses, the empty one being `/`. Each is answered with the console's document,
/// which shows the page. Files come from `/assets`, and `/console.json` says how to sign in.
pub const CONSOLE_PAGES: [&str; 8] = ["", "bench", "workflow", "review", "audit", "operate", "rules", "signed-in"];

/// The two styles that react-aria puts into the document, for touch screens, by the SHA-256 of their text. After a change of
/// them the browser says in its console which hash it wants.
const STYLES: &str = "'sha256-38RhXrc7EdReTKsOm23ZPOCUgniTUUcjky8QOOrQx6o=' \
                      'sha256-gYiS/BvZvRcK27JIXTuwhZ3hs2+VJ1X+2gUlE+farlg='";

/// What the console may load and call, as a Content-Security-Policy: its own files, the API under its own name, and
/// `also` what follows in it, sources with spaces before them. Scripts come from files alone, and
/// styles but those two of react-aria.
#[must_use]
pub fn console_policy(also: &str) -> String {
    format!(
        "default-src 'none'; script-src 'self'; style-src 'self' {STYLES}; img-src 'self' data:; font-src 'self'; \
         connect-src 'self'{also}; manifest-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    )
}
