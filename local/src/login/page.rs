//! The sign-in page: plain HTML without scripts, for keyboards, screen readers and any width.

use aws_lc_rs::digest::{SHA256, digest};
use axum::body::Body;
use axum::response::{IntoResponse, Response};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, LOCATION, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS,
    X_FRAME_OPTIONS,
};
use http::{HeaderName, HeaderValue, StatusCode};
use maud::{DOCTYPE, Markup, PreEscaped, html};
use reqwest::Url;

use super::parameters::Parameters;
use super::people::{PEOPLE, SOMEBODY_ELSE};
use super::request::Asked;
use crate::token::{SHIPPED_ROLES, TENANT_DEFAULT};

/// Where the sign-in page sends what a person entered.
pub(super) const SIGN_IN_PATH: &str = "/authorize/sign-in";
/// The name of the button of those who do not sign in after all.
pub(super) const CANCEL: &str = "cancel";
/// The look. Its hash stands in the page's policy, which allows no other.
const STYLE: &str = "\
:root{color-scheme:light dark;--ink:#17212b;--soft:#4a5865;--paper:#fff;--ground:#eef2f5;--line:#71808d;--act:#0b5cad;\
--on-act:#fff;--bad:#a3161b}\
@media(prefers-color-scheme:dark){:root{--ink:#e8eef3;--soft:#b3c0cb;--paper:#1a232c;--ground:#10171e;--line:#8393a1;\
--act:#8cc4ff;--on-act:#0a1420;--bad:#ffb3b0}}\
*{box-sizing:border-box}body{margin:0;background:var(--ground);color:var(--ink);font:1rem/1.5 system-ui,sans-serif}\
main{max-width:34rem;margin:2rem auto;padding:1.5rem;background:var(--paper);border-radius:.5rem}\
h1{margin:0 0 .25rem;font-size:1.5rem}p{margin:.25rem 0 1rem}.soft{color:var(--soft)}\
fieldset{border:1px solid var(--line);border-radius:.375rem;margin:0 0 1rem;padding:.5rem 1rem 1rem}\
legend{font-weight:600;padding:0 .25rem}.choice{display:flex;gap:.5rem;align-items:baseline;padding:.25rem 0}\
.field{display:block;margin:.5rem 0 .125rem;font-weight:600}\
input[type=text],input[type=password]{width:100%;font:inherit;padding:.5rem;color:inherit;background:transparent;\
border:1px solid var(--line);border-radius:.25rem}\
.error{border-left:.25rem solid var(--bad);color:var(--bad);padding:.25rem .75rem;font-weight:600}\
#pin{scroll-margin-block:9rem}\
summary{cursor:pointer;padding:.25rem 0}button{font:inherit;font-weight:600;padding:.5rem 1.25rem;border-radius:.25rem;\
border:1px solid var(--act);color:var(--act);background:transparent;margin:1rem .5rem 0 0;cursor:pointer}\
button.main{background:var(--act);color:var(--on-act)}:focus-visible{outline:.1875rem solid var(--act);\
outline-offset:.125rem}";

/// The page on which a person signs in. After a mistake it has what they entered, but not the PIN.
pub(super) fn sign_in(asked: &Asked, transaction: &str, entered: Option<&Parameters>, wrong: Option<&str>) -> Response {
    let of_form = |name: &str| entered.and_then(|form| form.get(name)).unwrap_or_default().to_owned();
    let hint = asked.hint.as_deref();
    let is_listed = |sub: &str| PEOPLE.iter().any(|person| person.sub == sub);
    let chosen = entered.map_or(hint, |form| form.get("person"));
    let chosen = chosen.map(|sub| if is_listed(sub) { sub } else { SOMEBODY_ELSE });
    let other_sub = if entered.is_none() {
        hint.filter(|sub| !is_listed(sub)).unwrap_or_default().to_owned()
    } else {
        of_form("sub")
    };
    // Who is chosen already only writes the PIN, further down than some windows show.
    let is_known = chosen.is_some_and(|sub| sub != SOMEBODY_ELSE || !other_sub.is_empty());
    let tenant = Some(of_form("tenant")).filter(|tenant| !tenant.is_empty());
    let client = asked.client.name();
    let content = html! {
        h1 { "Sign in" }
        p.soft { (client) " asks who you are" @if let Some(at) = to_elsewhere(asked) { ", and waits at " (at) } "." }
        @if let Some(wrong) = wrong { p.error #wrong role="alert" { (wrong) } }
        form method="post" action=(SIGN_IN_PATH) {
            input type="hidden" name="transaction" value=(transaction);
            fieldset {
                legend { "Person" }
                @for person in &PEOPLE {
                    label.choice {
                        input type="radio" name="person" value=(person.sub) required checked[chosen == Some(person.sub)];
                        span { (person.name) " " span.soft { "(" (person.sub) ", " (person.roles.join(", ")) ")" } }
                    }
                }
                label.choice {
                    input type="radio" name="person" value=(SOMEBODY_ELSE) required checked[chosen == Some(SOMEBODY_ELSE)];
                    span { "Another person" }
                }
                label.field for="sub" { "User id of another person" }
                input #sub type="text" name="sub" value=(other_sub) autocomplete="off" maxlength="256";
                label.field for="name" { "Printed name of another person" }
                input #name type="text" name="name" value=(of_form("name")) autocomplete="off" maxlength="100";
            }
            details open[entered.is_some()] {
                summary { "Roles and tenant" }
                fieldset {
                    legend { "Roles" }
                    p.soft #roles-note { "Choose none to sign in with the usual roles of a listed person." }
                    @for role in SHIPPED_ROLES {
                        label.choice {
                            input type="checkbox" name="role" value=(role) aria-describedby="roles-note"
                                checked[entered.is_some_and(|form| form.all("role").any(|chosen| chosen == role))];
                            span { (role) }
                        }
                    }
                    label.field for="other_roles" { "Other roles, with spaces between" }
                    input #other_roles type="text" name="other_roles" value=(of_form("other_roles")) autocomplete="off";
                }
                label.field for="tenant" { "Tenant" }
                input #tenant type="text" name="tenant" value=(tenant.as_deref().unwrap_or(TENANT_DEFAULT)) autocomplete="off";
            }
            label.field for="pin" { "PIN" }
            input #pin type="password" name="pin" autocomplete="off" required autofocus[is_known]
                aria-describedby=(if wrong.is_some() { "pin-note wrong" } else { "pin-note" });
            p.soft #pin-note { "The server printed the PIN when it started. It also stands in the file pin of its data folder." }
            button.main type="submit" { "Sign in" }
            button type="submit" name=(CANCEL) value="yes" formnovalidate { "Cancel" }
        }
    };
    let status = if wrong.is_some() { StatusCode::BAD_REQUEST } else { StatusCode::OK };
    document(status, "Sign in", &content, &form_targets(asked))
}

/// A page that says why this request allows no sign-in.
pub(super) fn refused(status: StatusCode, why: &str) -> Response {
    tracing::warn!(why, "a sign-in was refused");
    let content = html! {
        h1 { "Sign-in is not possible" }
        p.error role="alert" { (why) }
        p { a href="/" { "Open the console" } }
    };
    document(status, "Sign-in is not possible", &content, "'none'")
}

/// Sends a person back to the client.
pub(super) fn redirect(to: &Url) -> Response {
    let Ok(location) = HeaderValue::from_str(to.as_str()) else {
        return refused(StatusCode::BAD_REQUEST, "The redirect_uri cannot be a header. Use a plain address.");
    };
    // The next page must not learn the code from where the person came.
    let headers = [
        (LOCATION, location),
        (CACHE_CONTROL, HeaderValue::from_static("no-store")),
        (REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
    ];
    (StatusCode::SEE_OTHER, headers).into_response()
}

/// Where the client waits, if not at this server.
fn to_elsewhere(asked: &Asked) -> Option<String> {
    let origin = asked.back.origin().ascii_serialization();
    (origin != asked.origin).then_some(origin)
}

/// Where the form may lead: here, and from here to the client. A policy cannot name an IPv6 address.
fn form_targets(asked: &Asked) -> String {
    match to_elsewhere(asked) {
        None => "'self'".to_owned(),
        Some(origin) if origin.contains('[') => "'self' http:".to_owned(),
        Some(origin) => format!("'self' {origin}"),
    }
}

fn document(status: StatusCode, title: &str, content: &Markup, form_targets: &str) -> Response {
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                title { (title) " – ALIMS Workflow Manager" }
                style { (PreEscaped(STYLE)) }
            }
            body { main { (content) } }
        }
    };
    let style = STANDARD.encode(digest(&SHA256, STYLE.as_bytes()));
    let policy = format!(
        "default-src 'none'; style-src 'sha256-{style}'; form-action {form_targets}; base-uri 'none'; \
         frame-ancestors 'none'"
    );
    let mut response = (status, Body::from(page.into_string())).into_response();
    let fixed: [(HeaderName, &'static str); 5] = [
        (CONTENT_TYPE, "text/html; charset=utf-8"),
        (CACHE_CONTROL, "no-store"),
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (X_FRAME_OPTIONS, "DENY"),
        // With `no-referrer` a browser names no origin when it sends the form, and the server refuses that.
        (REFERRER_POLICY, "same-origin"),
    ];
    for (name, value) in fixed {
        response.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    if let Ok(policy) = HeaderValue::from_str(&policy) {
        response.headers_mut().insert(CONTENT_SECURITY_POLICY, policy);
    }
    response
}
