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

use super::language::{Language, Text, UI_LOCALES};
use super::parameters::Parameters;
use super::people::{Field, Mistake, PEOPLE, SOMEBODY_ELSE};
use super::request::Asked;
use crate::token::{SHIPPED_ROLES, TENANT_DEFAULT};

/// Where the sign-in page sends what a person entered.
pub(super) const SIGN_IN_PATH: &str = "/authorize/sign-in";
/// The name of the button of those who do not sign in after all.
pub(super) const CANCEL: &str = "cancel";
const SIGN_IN: Text = Text { en: "Sign in", de: "Anmelden" };
const NOT_POSSIBLE: Text = Text { en: "Sign-in is not possible", de: "Die Anmeldung ist nicht möglich" };
const OPEN_THE_CONSOLE: Text = Text { en: "Open the console", de: "Die Konsole öffnen" };
const ASKS: Text = Text { en: "asks who you are", de: "fragt, wer Sie sind" };
const WAITS_AT: Text = Text { en: ", and waits at", de: ", und wartet unter" };
const PERSON: Text = Text { en: "Person", de: "Person" };
const ANOTHER_PERSON: Text = Text { en: "Another person", de: "Eine andere Person" };
const USER_ID_OF_ANOTHER: Text = Text { en: "User id of another person", de: "Benutzerkennung der anderen Person" };
const NAME_OF_ANOTHER: Text =
    Text { en: "Printed name of another person", de: "Name der anderen Person für Unterschriften" };
const ROLES_AND_TENANT: Text = Text { en: "Roles and tenant", de: "Rollen und Mandant" };
const ROLES: Text = Text { en: "Roles", de: "Rollen" };
const USUAL_ROLES: Text = Text {
    en: "Choose none to sign in with the usual roles of a listed person.",
    de: "Wählen Sie keine, um sich mit den üblichen Rollen einer aufgeführten Person anzumelden.",
};
const OTHER_ROLES: Text =
    Text { en: "Other roles, with spaces between", de: "Weitere Rollen, durch Leerzeichen getrennt" };
const TENANT: Text = Text { en: "Tenant", de: "Mandant" };
const WHERE_THE_PIN_IS: Text = Text {
    en: "The server printed the PIN when it started. It also stands in the file pin of its data folder.",
    de: "Der Server hat die PIN beim Start ausgegeben. Sie steht auch in der Datei pin seines Datenordners.",
};
const CANCEL_TEXT: Text = Text { en: "Cancel", de: "Abbrechen" };
/// The look, with the colours of the console's tokens. Its hash stands in the page's policy, which allows no other.
const STYLE: &str = "\
:root{color-scheme:light dark;--ink:#14211f;--soft:#435250;--paper:#fff;--ground:#f4f6f4;--line:#82908d;--act:#0b5a53;\
--on-act:#fff;--focus:#1a6fd4;--bad:#b3261e}\
@media(prefers-color-scheme:dark){:root{--ink:#e8efed;--soft:#b5c3c0;--paper:#131c1a;--ground:#0d1413;--line:#647874;\
--act:#63cdbb;--on-act:#06211d;--focus:#7db5ff;--bad:#ff8f86}}\
*{box-sizing:border-box}body{margin:0;background:var(--ground);color:var(--ink);\
font:1rem/1.5 system-ui,\"Segoe UI\",sans-serif}\
main{max-width:34rem;margin:2rem auto;padding:1.5rem;background:var(--paper);border-radius:12px}\
.brand{display:flex;align-items:center;gap:.5rem;margin:0 0 1rem;font-weight:650;letter-spacing:.06em}\
.logo{width:1.75rem;height:1.75rem}h1{margin:0 0 .25rem;font-size:1.375rem}p{margin:.25rem 0 1rem}.soft{color:var(--soft)}\
fieldset{border:1px solid var(--line);border-radius:6px;margin:0 0 1rem;padding:.5rem 1rem 1rem}\
legend{font-weight:600;padding:0 .25rem}.choice{display:flex;gap:.5rem;align-items:baseline;padding:.25rem 0}\
.field{display:block;margin:.5rem 0 .125rem;font-weight:600}\
input[type=text],input[type=password]{width:100%;font:inherit;padding:.5rem;color:inherit;background:transparent;\
border:1px solid var(--line);border-radius:6px}\
.error{border-left:.25rem solid var(--bad);color:var(--bad);padding:.25rem .75rem;font-weight:600}\
input{accent-color:var(--act);scroll-margin-block:10rem}a{color:var(--act)}\
summary{cursor:pointer;padding:.25rem 0}button{font:inherit;font-weight:500;padding:.5rem 1.25rem;border-radius:6px;\
border:1px solid var(--line);color:inherit;background:transparent;margin:1rem .5rem 0 0;cursor:pointer}\
button.main{background:var(--act);border-color:var(--act);color:var(--on-act)}\
:focus-visible{outline:2px solid var(--focus);outline-offset:2px}";
/// The mark of the console.
const MARK: &str = include_str!("../../../console/src/mark.svg");

/// The page on which a person signs in. After a mistake it has what they entered, but not the PIN.
pub(super) fn sign_in(
    asked: &Asked,
    transaction: &str,
    entered: Option<&Parameters>,
    mistake: Option<Mistake>,
) -> Response {
    let language = asked.language;
    let client = asked.client.name().of(language);
    let form = Form { asked, entered, mistake, language };
    let content = html! {
        h1 { (SIGN_IN.of(language)) }
        p.soft {
            (client) " " (ASKS.of(language))
            @if let Some(at) = to_elsewhere(asked) { (WAITS_AT.of(language)) " " (at) }
            "."
        }
        form method="post" action=(SIGN_IN_PATH) {
            input type="hidden" name="transaction" value=(transaction);
            // A page that is gone is refused in the same language.
            input type="hidden" name=(UI_LOCALES) value=(language.tag());
            (form.person())
            (form.roles_and_tenant())
            (form.error(Field::Pin))
            label.field for="pin" { "PIN" }
            input #pin type="password" name="pin" autocomplete="off" required autofocus[form.has_focus(Field::Pin)]
                aria-invalid=[form.invalid(Field::Pin)]
                aria-describedby=(if form.invalid(Field::Pin).is_some() { "pin-note wrong" } else { "pin-note" });
            p.soft #pin-note { (WHERE_THE_PIN_IS.of(language)) }
            button.main type="submit" { (SIGN_IN.of(language)) }
            button type="submit" name=(CANCEL) value="yes" formnovalidate { (CANCEL_TEXT.of(language)) }
        }
    };
    let status = if mistake.is_some() { StatusCode::BAD_REQUEST } else { StatusCode::OK };
    document(status, language, SIGN_IN, &content, &form_targets(asked))
}

/// The fields of the page, with what was entered before a mistake.
struct Form<'a> {
    asked: &'a Asked,
    entered: Option<&'a Parameters>,
    mistake: Option<Mistake>,
    language: Language,
}

impl Form<'_> {
    fn entered(&self, name: &str) -> &str {
        self.entered.and_then(|form| form.get(name)).unwrap_or_default()
    }

    /// Who is chosen, or expected by the client.
    fn chosen(&self) -> Option<&str> {
        let sub = self.entered.map_or(self.asked.hint.as_deref(), |form| form.get("person"));
        sub.map(|sub| if is_listed(sub) { sub } else { SOMEBODY_ELSE })
    }

    fn user_id(&self) -> &str {
        let hint = || self.asked.hint.as_deref().filter(|sub| !is_listed(sub)).unwrap_or_default();
        self.entered.map_or_else(hint, |form| form.get("sub").unwrap_or_default())
    }

    fn has_roles(&self) -> bool {
        let has = |form: &Parameters| form.all("role").next().is_some() || form.get("other_roles").is_some();
        self.entered.is_some_and(has)
    }

    /// The field with the focus: the one with the mistake; else the first that is still to be filled, so that a small
    /// window shows it. Another person has no usual roles.
    fn has_focus(&self, field: Field) -> bool {
        let missing = || match self.chosen() {
            None => Field::Person,
            Some(SOMEBODY_ELSE) if self.user_id().is_empty() => Field::UserId,
            Some(SOMEBODY_ELSE) if !self.has_roles() => Field::Roles,
            Some(_) => Field::Pin,
        };
        self.mistake.map_or_else(missing, |mistake| mistake.field) == field
    }

    fn invalid(&self, field: Field) -> Option<&'static str> {
        self.mistake.filter(|mistake| mistake.field == field).map(|_| "true")
    }

    /// Names the mistake to a screen reader.
    fn described(&self, field: Field) -> Option<&'static str> {
        self.invalid(field).map(|_| "wrong")
    }

    /// The mistake, right above its field: elsewhere a small window would not show it.
    fn error(&self, field: Field) -> Markup {
        let mistake = self.mistake.filter(|mistake| mistake.field == field);
        html! { @if let Some(mistake) = mistake { p.error #wrong role="alert" { (mistake.text.of(self.language)) } } }
    }

    fn person(&self) -> Markup {
        let (chosen, language) = (self.chosen(), self.language);
        // While no person is chosen, the first one has the focus.
        let first = PEOPLE.first().map(|person| person.sub).filter(|_| self.has_focus(Field::Person));
        html! {
            (self.error(Field::Person))
            fieldset aria-describedby=[self.described(Field::Person)] {
                legend { (PERSON.of(language)) }
                @for person in &PEOPLE {
                    label.choice {
                        input type="radio" name="person" value=(person.sub) required
                            checked[chosen == Some(person.sub)] autofocus[first == Some(person.sub)];
                        span { (person.name) " " span.soft { "(" (person.sub) ", " (person.roles.join(", ")) ")" } }
                    }
                }
                label.choice {
                    input type="radio" name="person" value=(SOMEBODY_ELSE) required
                        checked[chosen == Some(SOMEBODY_ELSE)];
                    span { (ANOTHER_PERSON.of(language)) }
                }
                (self.error(Field::UserId))
                label.field for="sub" { (USER_ID_OF_ANOTHER.of(language)) }
                input #sub type="text" name="sub" value=(self.user_id()) autocomplete="off" maxlength="256"
                    autofocus[self.has_focus(Field::UserId)] aria-invalid=[self.invalid(Field::UserId)]
                    aria-describedby=[self.described(Field::UserId)];
                (self.error(Field::Name))
                label.field for="name" { (NAME_OF_ANOTHER.of(language)) }
                input #name type="text" name="name" value=(self.entered("name")) autocomplete="off" maxlength="128"
                    autofocus[self.has_focus(Field::Name)] aria-invalid=[self.invalid(Field::Name)]
                    aria-describedby=[self.described(Field::Name)];
            }
        }
    }

    /// Other roles than the usual ones, and another tenant.
    fn roles_and_tenant(&self) -> Markup {
        let language = self.language;
        let is_chosen = |role: &str| self.entered.is_some_and(|form| form.all("role").any(|chosen| chosen == role));
        let tenant = Some(self.entered("tenant")).filter(|tenant| !tenant.is_empty()).unwrap_or(TENANT_DEFAULT);
        let is_needed = self.chosen() == Some(SOMEBODY_ELSE);
        let first = SHIPPED_ROLES.first().filter(|_| self.has_focus(Field::Roles));
        html! {
            details open[is_needed || self.has_roles() || tenant != TENANT_DEFAULT] {
                summary { (ROLES_AND_TENANT.of(language)) }
                (self.error(Field::Roles))
                fieldset aria-describedby=[self.described(Field::Roles)] {
                    legend { (ROLES.of(language)) }
                    p.soft #roles-note { (USUAL_ROLES.of(language)) }
                    @for role in SHIPPED_ROLES {
                        label.choice {
                            input type="checkbox" name="role" value=(role) aria-describedby="roles-note"
                                checked[is_chosen(role)] autofocus[first == Some(&role)];
                            span { (role) }
                        }
                    }
                    label.field for="other_roles" { (OTHER_ROLES.of(language)) }
                    input #other_roles type="text" name="other_roles" value=(self.entered("other_roles"))
                        autocomplete="off" aria-invalid=[self.invalid(Field::Roles)];
                }
                (self.error(Field::Tenant))
                label.field for="tenant" { (TENANT.of(language)) }
                input #tenant type="text" name="tenant" value=(tenant) autocomplete="off"
                    autofocus[self.has_focus(Field::Tenant)] aria-invalid=[self.invalid(Field::Tenant)]
                    aria-describedby=[self.described(Field::Tenant)];
            }
        }
    }
}

fn is_listed(sub: &str) -> bool {
    PEOPLE.iter().any(|person| person.sub == sub)
}

/// A page that says why this request allows no sign-in.
pub(super) fn refused(status: StatusCode, language: Language, why: Text) -> Response {
    tracing::warn!(why = why.en, "a sign-in was refused");
    let content = html! {
        h1 { (NOT_POSSIBLE.of(language)) }
        p.error role="alert" { (why.of(language)) }
        p { a href="/" { (OPEN_THE_CONSOLE.of(language)) } }
    };
    document(status, language, NOT_POSSIBLE, &content, "'none'")
}

/// Sends a person back to the client.
pub(super) fn redirect(to: &Url, language: Language) -> Response {
    const NO_HEADER: Text = Text {
        en: "The redirect_uri cannot be a header. Use a plain address.",
        de: "Die redirect_uri kann nicht in einem Header stehen. Verwenden Sie eine einfache Adresse.",
    };
    let Ok(location) = HeaderValue::from_str(to.as_str()) else {
        return refused(StatusCode::BAD_REQUEST, language, NO_HEADER);
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

fn document(status: StatusCode, language: Language, title: Text, content: &Markup, form_targets: &str) -> Response {
    let page = html! {
        (DOCTYPE)
        html lang=(language.tag()) {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                title { (title.of(language)) " – ALIMS Workflow Manager" }
                // Without one, a browser asks for a file that is not there.
                link rel="icon" type="image/svg+xml" href={ "data:image/svg+xml;base64," (STANDARD.encode(MARK)) };
                style { (PreEscaped(STYLE)) }
            }
            body {
                main {
                    p.brand { span.logo aria-hidden="true" { (PreEscaped(MARK)) } "ALIMS" }
                    (content)
                }
            }
        }
    };
    let style = STANDARD.encode(digest(&SHA256, STYLE.as_bytes()));
    let policy = format!(
        "default-src 'none'; style-src 'sha256-{style}'; img-src data:; form-action {form_targets}; base-uri 'none'; \
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
