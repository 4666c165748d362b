//! Signing in at the laptop's own page: code and PKCE, and what each wrong or hostile request gets.

mod page;

use alims_local::folder::DataFolder;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use reqwest::header::{CONTENT_SECURITY_POLICY, LOCATION};
use reqwest::redirect::Policy;
use reqwest::{Client, RequestBuilder, Response, StatusCode, Url};
use serde_json::{Value, json};

use crate::site::{Person, Site};

/// The verifier and the challenge of RFC 7636, appendix B.
const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

/// A browser that follows no redirect, so that a test sees each.
struct Browser<'a> {
    site: &'a Site,
    client: Client,
}

/// A request's parameters.
type Parameters<'a> = Vec<(&'a str, String)>;

fn with<'a>(base: &Parameters<'a>, changes: &[(&'a str, &str)]) -> Parameters<'a> {
    let kept = base.iter().filter(|(name, _)| !changes.iter().any(|(changed, _)| changed == name)).cloned();
    kept.chain(changes.iter().map(|(name, value)| (*name, (*value).to_owned()))).collect()
}

/// As a query or a form.
fn encoded<V: AsRef<str>>(parameters: &[(&str, V)]) -> String {
    let mut encoded = form_urlencoded::Serializer::new(String::new());
    encoded.extend_pairs(parameters);
    encoded.finish()
}

/// One parameter of the address that a browser is sent to.
fn told(answer: &Response, name: &str) -> Option<String> {
    let address = Url::parse(answer.headers().get(LOCATION)?.to_str().ok()?).unwrap();
    address.query_pairs().find(|(told, _)| told == name).map(|(_, value)| value.into_owned())
}

impl<'a> Browser<'a> {
    fn at(site: &'a Site) -> Self {
        Self { site, client: Client::builder().no_proxy().redirect(Policy::none()).build().unwrap() }
    }

    /// The console's request.
    fn asking(&self) -> Parameters<'static> {
        let redirect = format!("{}/signed-in", self.site.base());
        let fixed = [("client_id", "alims-console"), ("response_type", "code"), ("state", "s-1"), ("nonce", "n-1")];
        let pkce = [("scope", "openid profile"), ("code_challenge", CHALLENGE), ("code_challenge_method", "S256")];
        let fixed = fixed.into_iter().chain(pkce).map(|(name, value)| (name, value.to_owned()));
        fixed.chain([("redirect_uri", redirect)]).collect()
    }

    async fn authorize(&self, asking: &Parameters<'_>) -> Response {
        let query = encoded(asking);
        self.client.get(format!("{}/authorize?{query}", self.site.base())).send().await.unwrap()
    }

    fn sending(&self, path: &str, form: &str) -> RequestBuilder {
        let kind = "application/x-www-form-urlencoded";
        self.client.post(format!("{}{path}", self.site.base())).header("content-type", kind).body(form.to_owned())
    }

    async fn post(&self, path: &str, form: &[(&str, &str)]) -> Response {
        self.sending(path, &encoded(form)).send().await.unwrap()
    }

    /// The page's transaction.
    async fn page(&self, asking: &Parameters<'_>) -> String {
        let page = self.authorize(asking).await;
        assert_eq!(page.status(), StatusCode::OK);
        let page = page.text().await.unwrap();
        let (_, rest) = page.split_once("name=\"transaction\" value=\"").expect("no transaction");
        rest.split_once('"').unwrap().0.to_owned()
    }

    /// Signs in and gives the code.
    async fn code(&self, asking: &Parameters<'_>, person: &[(&str, &str)]) -> String {
        let transaction = self.page(asking).await;
        let mut form = vec![("transaction", transaction.as_str()), ("pin", self.site.server.pin())];
        form.extend(person);
        let answer = self.post("/authorize/sign-in", &form).await;
        assert_eq!(answer.status(), StatusCode::SEE_OTHER);
        told(&answer, "code").expect("no code")
    }

    /// The request of the console for tokens.
    fn exchanging(&self, code: &str) -> Parameters<'static> {
        let redirect = format!("{}/signed-in", self.site.base());
        let fixed = [("grant_type", "authorization_code"), ("client_id", "alims-console"), ("code_verifier", VERIFIER)];
        let fixed = fixed.into_iter().map(|(name, value)| (name, value.to_owned()));
        fixed.chain([("redirect_uri", redirect), ("code", code.to_owned())]).collect()
    }

    async fn token(&self, form: &Parameters<'_>) -> (u16, Value) {
        let answer = self.sending("/token", &encoded(form)).send().await.unwrap();
        assert_eq!(answer.headers()["cache-control"], "no-store");
        (answer.status().as_u16(), answer.json().await.unwrap())
    }

    async fn tokens(&self, person: &[(&str, &str)]) -> Value {
        let code = self.code(&self.asking(), person).await;
        let (status, tokens) = self.token(&self.exchanging(&code)).await;
        assert_eq!(status, 200, "{tokens}");
        tokens
    }

    /// The status and the error of a request for tokens.
    async fn refused(&self, form: &Parameters<'_>) -> (u16, String) {
        let (status, answer) = self.token(form).await;
        assert!(answer["error_description"].as_str().unwrap().contains(". "), "what to do: {answer}");
        (status, answer["error"].as_str().unwrap().to_owned())
    }

    async fn renewed(&self, refresh_token: &Value, client: &str) -> (u16, Value) {
        let fixed = [("grant_type", "refresh_token"), ("client_id", client)];
        let form: Parameters<'_> = fixed.into_iter().map(|(name, value)| (name, value.to_owned())).collect();
        self.token(&with(&form, &[("refresh_token", refresh_token.as_str().unwrap())])).await
    }
}

fn claims(token: &Value) -> Value {
    let part = token.as_str().unwrap().split('.').nth(1).unwrap();
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap()
}

fn now_s() -> i64 {
    use alims_operations::ports::Clock;
    alims_runtime::SystemClock.now().unix_millis() / 1000
}

#[tokio::test]
async fn a_person_signs_in_by_code_and_works_with_the_token() {
    let site = Site::open().await;
    let browser = Browser::at(&site);
    let client = &browser.client;
    let discovery = client.get(format!("{}/.well-known/openid-configuration", site.base())).send().await.unwrap();
    let discovery: Value = discovery.json().await.unwrap();
    assert_eq!(
        (&discovery["issuer"], &discovery["code_challenge_methods_supported"]),
        (&json!(site.base()), &json!(["S256"]))
    );
    for (name, path) in [("authorization_endpoint", "/authorize"), ("token_endpoint", "/token")] {
        assert_eq!(discovery[name], format!("{}{path}", site.base()));
    }
    let before = now_s();
    let tokens = browser.tokens(&[("person", "alice"), ("role", "analyst"), ("role", "auditor")]).await;
    assert_eq!((&tokens["token_type"], &tokens["scope"]), (&json!("Bearer"), &json!("openid profile")));
    assert!(tokens["expires_in"].as_i64().unwrap() <= 3600, "it holds for long: {tokens}");
    let (access, id) = (claims(&tokens["access_token"]), claims(&tokens["id_token"]));
    for claims in [&access, &id] {
        assert_eq!((&claims["sub"], &claims["name"]), (&json!("alice"), &json!("Alice")));
        assert_eq!((&claims["iss"], &claims["tenant_id"]), (&json!(site.base()), &json!("default")));
        assert_eq!((&claims["roles"], &claims["amr"]), (&json!(["analyst", "auditor"]), &json!(["pin"])));
        assert_eq!(claims["acr"], "urn:alims:local:pin");
        let auth_time = claims["auth_time"].as_i64().unwrap();
        assert!((before..=now_s()).contains(&auth_time), "{auth_time}");
    }
    assert_eq!((&id["aud"], &id["nonce"]), (&json!("alims-console"), &json!("n-1")));
    assert_eq!(access["aud"], "alims-workflow-manager");

    let alice = site.bearer(tokens["access_token"].as_str().unwrap().to_owned());
    alice.create("w-1").await;
    let (_, me) = alice.get("/me").await;
    assert_eq!((&me["principal"], &me["roles"]), (&json!("alice"), &json!(["analyst", "auditor"])));
    // What tells a client who signed in opens nothing.
    let with_id_token = site.bearer(tokens["id_token"].as_str().unwrap().to_owned());
    assert_eq!(with_id_token.get("/me").await.0, 401);
}

#[tokio::test]
async fn a_command_line_gets_its_code_on_the_loopback() {
    let site = Site::open().await;
    let browser = Browser::at(&site);
    let back = [("client_id", "alims-cli"), ("redirect_uri", "http://127.0.0.1:49152/back?x=y")];
    let asking = with(&browser.asking(), &back);
    let page = browser.authorize(&asking).await;
    let policy = page.headers()[CONTENT_SECURITY_POLICY].to_str().unwrap().to_owned();
    assert!(policy.contains("form-action 'self' http://127.0.0.1:49152;"), "{policy}");
    assert!(page.text().await.unwrap().contains("waits at http://127.0.0.1:49152"));
    let code = browser.code(&asking, &[("person", "bob")]).await;
    let (status, tokens) = browser.token(&with(&browser.exchanging(&code), &back)).await;
    assert_eq!((status, &claims(&tokens["access_token"])["roles"]), (200, &json!(["supervisor"])), "{tokens}");
}

#[tokio::test]
async fn a_hostile_request_is_answered_on_a_page_of_the_server_and_leads_nowhere() {
    let site = Site::open().await;
    let browser = Browser::at(&site);
    for changes in [
        [("redirect_uri", "https://evil.example/signed-in")],
        [("redirect_uri", "http://127.0.0.1:1@evil.example/")],
        [("redirect_uri", "javascript:alert(1)")],
        [("redirect_uri", "")],
        [("client_id", "another")],
        [("client_id", "\"><script>alert(1)</script>")],
    ] {
        let answer = browser.authorize(&with(&browser.asking(), &changes)).await;
        assert_eq!((answer.status(), answer.headers().get(LOCATION)), (StatusCode::BAD_REQUEST, None), "{changes:?}");
        let page = answer.text().await.unwrap();
        assert!(page.contains("Sign-in is not possible") && !page.contains("<script"), "{changes:?}: {page}");
    }
    let twice = [browser.asking(), vec![("state", "s-2".to_owned())]].concat();
    let huge = with(&browser.asking(), &[("state", &"x".repeat(3000))]);
    for asking in [twice, huge] {
        let answer = browser.authorize(&asking).await;
        assert_eq!((answer.status(), answer.headers().get(LOCATION)), (StatusCode::BAD_REQUEST, None));
    }
}

#[tokio::test]
async fn a_client_learns_what_is_wrong_and_gets_its_state_back() {
    let site = Site::open().await;
    let browser = Browser::at(&site);
    for (changes, error) in [
        ([("state", "")], "invalid_request"),
        ([("code_challenge", "")], "invalid_request"),
        ([("code_challenge_method", "plain")], "invalid_request"),
        ([("response_type", "token")], "unsupported_response_type"),
        ([("prompt", "none")], "login_required"),
        ([("scope", "profile")], "invalid_scope"),
    ] {
        let answer = browser.authorize(&with(&browser.asking(), &changes)).await;
        assert_eq!(answer.status(), StatusCode::SEE_OTHER, "{changes:?}");
        assert_eq!(told(&answer, "error").as_deref(), Some(error), "{changes:?}");
        assert_eq!((told(&answer, "code"), told(&answer, "iss")), (None, Some(site.base())));
        assert_eq!(told(&answer, "state").is_some(), changes[0].0 != "state");
        assert!(answer.headers()[LOCATION].to_str().unwrap().starts_with(&format!("{}/signed-in?", site.base())));
    }
    let transaction = browser.page(&browser.asking()).await;
    let cancelled = browser.post("/authorize/sign-in", &[("transaction", &transaction), ("cancel", "yes")]).await;
    assert_eq!(told(&cancelled, "error").as_deref(), Some("access_denied"));
}

#[tokio::test]
async fn a_code_is_good_once_for_its_client_with_its_verifier() {
    let site = Site::open().await;
    let browser = Browser::at(&site);
    let elsewhere = format!("{}/", site.base());
    for (change, status, error) in [
        (("code_verifier", "another-verifier-that-is-long-enough-to-be-one"), 400, "invalid_grant"),
        (("code_verifier", ""), 400, "invalid_grant"),
        (("client_id", "alims-cli"), 400, "invalid_grant"),
        (("client_id", "another"), 401, "invalid_client"),
        (("client_id", ""), 401, "invalid_client"),
        (("redirect_uri", elsewhere.as_str()), 400, "invalid_grant"),
        (("redirect_uri", ""), 400, "invalid_grant"),
        (("code", "made-up"), 400, "invalid_grant"),
        (("code", ""), 400, "invalid_request"),
        (("grant_type", "password"), 400, "unsupported_grant_type"),
        (("grant_type", ""), 400, "invalid_request"),
    ] {
        let code = browser.code(&browser.asking(), &[("person", "alice")]).await;
        let good = browser.exchanging(&code);
        assert_eq!(browser.refused(&with(&good, &[change])).await, (status, error.to_owned()), "{change:?}");
        // A wrong attempt with the code uses it up.
        let is_used = ["code_verifier", "redirect_uri"].contains(&change.0) || change == ("client_id", "alims-cli");
        assert_eq!(browser.token(&good).await.0 == 400, is_used, "{change:?}");
    }
}

#[tokio::test]
async fn a_code_that_comes_again_ends_the_sign_in() {
    let site = Site::open().await;
    let browser = Browser::at(&site);
    let code = browser.code(&browser.asking(), &[("person", "alice")]).await;
    let (_, tokens) = browser.token(&browser.exchanging(&code)).await;
    let replayed = browser.refused(&browser.exchanging(&code)).await;
    assert_eq!(replayed, (400, "invalid_grant".to_owned()));
    assert_eq!(browser.renewed(&tokens["refresh_token"], "alims-console").await.0, 400);
}

#[tokio::test]
async fn a_renewed_token_is_of_the_same_act_and_a_copied_one_ends_the_sign_in() {
    let site = Site::open().await;
    let browser = Browser::at(&site);
    let tokens = browser.tokens(&[("person", "alice")]).await;
    let (status, next) = browser.renewed(&tokens["refresh_token"], "alims-console").await;
    assert_eq!(status, 200, "{next}");
    let [first, second] = [&tokens, &next].map(|tokens| claims(&tokens["access_token"]));
    assert_eq!(first["auth_time"], second["auth_time"], "renewing is no act of authentication");
    assert!(claims(&next["id_token"]).get("nonce").is_none());
    assert_eq!(site.bearer(next["access_token"].as_str().unwrap().to_owned()).get("/me").await.0, 200);
    // The first refresh token was used: a client that sends it again has a copy.
    assert_eq!(browser.renewed(&tokens["refresh_token"], "alims-console").await.0, 400);
    assert_eq!(browser.renewed(&next["refresh_token"], "alims-console").await.0, 400, "the whole sign-in has ended");

    let tokens = browser.tokens(&[("person", "alice")]).await;
    assert_eq!(browser.renewed(&tokens["refresh_token"], "alims-cli").await.0, 400, "another client's");
    let tokens = browser.tokens(&[("person", "alice")]).await;
    let ended = browser.post("/revoke", &[("token", tokens["refresh_token"].as_str().unwrap())]).await;
    assert_eq!(ended.status(), 200);
    assert_eq!(browser.renewed(&tokens["refresh_token"], "alims-console").await.0, 400, "it was revoked");
    assert_eq!(browser.post("/revoke", &[("token", "unknown")]).await.status(), 200);
}

#[tokio::test]
async fn a_required_scope_is_granted_and_a_tunnel_s_address_is_an_issuer() {
    let site = Site::on(tempfile::tempdir().unwrap(), |config| config.scopes = vec!["alims/use".to_owned()]).await;
    let browser = Browser::at(&site);
    // A browser reaches the server through another port and name.
    let through = |path: &str, host: &str| browser.client.get(format!("{}{path}", site.base())).header("host", host);
    let settings: Value = through("/console.json", "localhost:8443").send().await.unwrap().json().await.unwrap();
    assert_eq!(settings["issuer"], "http://localhost:8443");
    assert_eq!((&settings["client_id"], &settings["live"]), (&json!("alims-console"), &json!("events")));
    assert_eq!(settings["scopes"], json!(["openid", "profile", "alims/use"]));
    let code = browser.code(&with(&browser.asking(), &[("scope", "openid alims/use")]), &[("person", "alice")]).await;
    let (_, tokens) = browser.token(&browser.exchanging(&code)).await;
    assert_eq!(claims(&tokens["access_token"])["scope"], "openid alims/use");
    let person = |tokens: &Value| Person::new(site.base(), tokens["access_token"].as_str().unwrap().to_owned());
    assert_eq!(person(&tokens).get("/me").await.0, 200);
    let without = browser.tokens(&[("person", "alice")]).await;
    assert_eq!(person(&without).get("/me").await.0, 403, "it was not asked for");
}

#[tokio::test]
async fn the_pin_is_the_folder_s_and_stays() {
    let site = Site::open().await;
    let pin = site.server.pin().to_owned();
    let path = DataFolder::open(site.data.path()).unwrap().pin();
    assert_eq!(std::fs::read_to_string(&path).unwrap().trim(), pin);
    let site = Site::on(site.close().await, |_| {}).await;
    assert_eq!(site.server.pin(), pin);
}
