//! The page: what it shows, whom it refuses, and in which language.

use super::*;

#[tokio::test]
async fn the_page_loads_nothing_and_escapes_what_it_shows() {
    let site = Site::open().await;
    let browser = Browser::at(&site);
    let page = browser.authorize(&with(&browser.asking(), &[("login_hint", "\"><b onclick=x>")])).await;
    for (name, said) in [
        ("content-security-policy", "default-src 'none'"),
        ("content-security-policy", "frame-ancestors 'none'"),
        ("x-frame-options", "DENY"),
        ("referrer-policy", "same-origin"),
        ("cache-control", "no-store"),
    ] {
        assert!(page.headers()[name].to_str().unwrap().contains(said), "{name}");
    }
    assert!(page.headers().get("set-cookie").is_none());
    let page = page.text().await.unwrap();
    assert!(page.contains("value=\"&quot;&gt;&lt;b onclick=x&gt;\"") && !page.contains("<b "), "{page}");
    assert!(!page.contains("<script") && page.contains("<label") && page.contains("lang=\"en\""), "{page}");
    let preselected = browser.authorize(&with(&browser.asking(), &[("login_hint", "bob")])).await.text().await.unwrap();
    assert!(preselected.contains("value=\"bob\" required checked"), "{preselected}");
    // Who is chosen already writes only the PIN.
    assert!(preselected.contains("required autofocus"), "{preselected}");
    let open = browser.authorize(&browser.asking()).await.text().await.unwrap();
    assert!(open.contains("value=\"alice\" required autofocus"), "{open}");
    assert!(open.contains("<details>"), "the usual roles need no look: {open}");
}

#[tokio::test]
async fn another_person_is_led_to_what_is_missing() {
    let site = Site::open().await;
    let browser = Browser::at(&site);
    let hinted = browser.authorize(&with(&browser.asking(), &[("login_hint", "zoe")])).await.text().await.unwrap();
    assert!(hinted.contains("<details open>"), "another person has no usual roles: {hinted}");
    assert!(hinted.contains("value=\"viewer\" aria-describedby=\"roles-note\" autofocus"), "{hinted}");
    for (person, id, seen) in [
        (&[("person", "another")][..], "autofocus", true),
        (&[("person", "another"), ("sub", "zoe")], "<details open>", true),
        (&[("person", "alice")], "<details open>", false),
        (&[("person", "alice"), ("role", "auditor")], "<details open>", true),
        (&[("person", "alice"), ("other_roles", "x")], "<details open>", true),
        (&[("person", "alice"), ("tenant", "north")], "<details open>", true),
    ] {
        let transaction = browser.page(&browser.asking()).await;
        let form = [&[("transaction", transaction.as_str()), ("pin", "wrong")], person].concat();
        let page = browser.post("/authorize/sign-in", &form).await.text().await.unwrap();
        assert_eq!(page.contains(id), seen, "{person:?}: {page}");
        let has_focus = page.split("autofocus").next().unwrap().rsplit("name=").next().unwrap();
        let expected = match person {
            [("person", "another")] => "\"sub\"",
            [("person", "another"), ("sub", _)] => "\"role\"",
            _ => "\"pin\"",
        };
        assert!(has_focus.starts_with(expected), "{person:?}: {page}");
    }
}

#[tokio::test]
async fn the_page_speaks_the_person_s_language() {
    let site = Site::open().await;
    let browser = Browser::at(&site);
    let german = with(&browser.asking(), &[("ui_locales", "fr de-AT")]);
    let page = browser.authorize(&german).await.text().await.unwrap();
    assert!(page.contains("lang=\"de\"") && page.contains("<h1>Anmelden</h1>"), "{page}");
    assert!(page.contains("Die Konsole fragt, wer Sie sind."), "{page}");
    assert!(page.contains("name=\"ui_locales\" value=\"de\""), "a page that is gone has no request: {page}");
    // What the browser accepts holds where the client asks for no language.
    let url = format!("{}/authorize?{}", site.base(), encoded(&browser.asking()));
    let accepting = browser.client.get(url).header("accept-language", "de-DE,de;q=0.9,en;q=0.8");
    let page = accepting.send().await.unwrap().text().await.unwrap();
    assert!(page.contains("<h1>Anmelden</h1>"), "{page}");

    let transaction = browser.page(&german).await;
    let mut form = vec![("transaction", transaction.as_str()), ("person", "alice"), ("pin", "wrong")];
    let page = browser.post("/authorize/sign-in", &form).await.text().await.unwrap();
    assert!(page.contains("Die PIN ist falsch."), "{page}");
    form.extend([("ui_locales", "de")]);
    form[0].1 = "made-up";
    let page = browser.post("/authorize/sign-in", &form).await.text().await.unwrap();
    assert!(page.contains("<h1>Die Anmeldung ist nicht möglich</h1>") && page.contains("zu alt"), "{page}");
}

#[tokio::test]
async fn a_wrong_pin_signs_nobody_in_and_a_page_has_five_tries() {
    let site = Site::open().await;
    let browser = Browser::at(&site);
    let transaction = browser.page(&browser.asking()).await;
    let with_pin = |pin: &'static str| [("transaction", transaction.as_str()), ("person", "alice"), ("pin", pin)];
    // What is no PIN is no try.
    for (pin, why) in
        [("", "The PIN is missing"), ("", "The PIN is missing")].into_iter().chain([("wrong", "The PIN is wrong"); 4])
    {
        let answer = browser.post("/authorize/sign-in", &with_pin(pin)).await;
        assert_eq!((answer.status(), answer.headers().get(LOCATION)), (StatusCode::BAD_REQUEST, None));
        let page = answer.text().await.unwrap();
        assert!(page.contains(why) && page.contains("value=\"alice\" required checked"), "{page}");
    }
    let page = browser.post("/authorize/sign-in", &with_pin("wrong")).await.text().await.unwrap();
    assert!(page.contains("wrong too often") && !page.contains("<form"), "{page}");
    let mut right = with_pin("");
    right[2].1 = site.server.pin();
    let answer = browser.post("/authorize/sign-in", &right).await;
    assert_eq!((answer.status(), answer.headers().get(LOCATION)), (StatusCode::BAD_REQUEST, None), "a sixth try");
    // Other pages are not for guessing either, but a right PIN passes while few were wrong.
    assert!(!browser.code(&browser.asking(), &[("person", "alice")]).await.is_empty());
    let transaction = browser.page(&browser.asking()).await;
    let of_many = [("transaction", transaction.as_str()), ("person", "alice"), ("pin", "wrong")];
    for _ in 0..5 {
        browser.post("/authorize/sign-in", &of_many).await;
    }
    let transaction = browser.page(&browser.asking()).await;
    let right = [("transaction", transaction.as_str()), ("person", "alice"), ("pin", site.server.pin())];
    let page = browser.post("/authorize/sign-in", &right).await.text().await.unwrap();
    assert!(page.contains("Wait a minute"), "{page}");
    // Who gives up may always go.
    let gone = browser.post("/authorize/sign-in", &[("transaction", &transaction), ("cancel", "yes")]).await;
    assert_eq!((gone.status(), told(&gone, "error").as_deref()), (StatusCode::SEE_OTHER, Some("access_denied")));
}

#[tokio::test]
async fn a_mistake_stands_above_its_field_which_has_the_focus() {
    let site = Site::open().await;
    let browser = Browser::at(&site);
    let zoe = [("person", "another"), ("sub", "zoe"), ("role", "viewer")];
    for (changes, why, field) in [
        (&[("person", "")][..], "No person is chosen", "\"person\""),
        (&[("sub", "")], "has no user id", "\"sub\""),
        (&[("sub", "alims.workflow-manager/sweep")], "a name of the service", "\"sub\""),
        (&[("name", "a\nb")], "The printed name is not valid", "\"name\""),
        (&[("role", "")], "has no role", "\"role\""),
        (&[("tenant", "a b")], "The tenant is not valid", "\"tenant\""),
        (&[("pin", "wrong")], "The PIN is wrong", "\"pin\""),
    ] {
        let transaction = browser.page(&browser.asking()).await;
        let mut form = vec![("transaction", transaction.as_str()), ("pin", site.server.pin())];
        form.extend(zoe);
        form.retain(|(name, _)| !changes.iter().any(|(changed, _)| changed == name));
        form.extend(changes);
        let page = browser.post("/authorize/sign-in", &form).await.text().await.unwrap();
        let (before, behind) = page.split_once("id=\"wrong\"").unwrap_or_else(|| panic!("{changes:?}: {page}"));
        assert!(behind.contains(why), "{changes:?}: {page}");
        assert!(!before.contains("autofocus") && behind.matches("autofocus").count() == 1, "{changes:?}: {page}");
        let focused = behind.split("autofocus").next().unwrap().rsplit("name=").next().unwrap();
        assert!(focused.starts_with(field), "{changes:?}: {focused}");
        assert!(page.contains("aria-describedby=\"wrong\"") || page.contains("pin-note wrong"), "{changes:?}: {page}");
    }
}

#[tokio::test]
async fn a_page_that_is_reloaded_and_a_request_that_is_refused_as_a_whole_are_answered_in_the_person_s_language() {
    let site = Site::open().await;
    let browser = Browser::at(&site);
    let reloaded = browser.client.get(format!("{}/authorize/sign-in", site.base())).send().await.unwrap();
    assert_eq!(reloaded.status(), StatusCode::METHOD_NOT_ALLOWED);
    assert!(reloaded.text().await.unwrap().contains("used or is too old"));
    let asking = with(&browser.asking(), &[("ui_locales", "de")]);
    let twice = format!("{}/authorize?{}&state=again", site.base(), encoded(&asking));
    let page = browser.client.get(twice).send().await.unwrap().text().await.unwrap();
    assert!(page.contains("Ein Parameter kommt mehrfach vor"), "{page}");
    let form = [("transaction", "x"), ("ui_locales", "de"), ("person", "alice"), ("person", "bob")];
    let page = browser.post("/authorize/sign-in", &form).await.text().await.unwrap();
    assert!(page.contains("Ein Parameter kommt mehrfach vor"), "{page}");
}

#[tokio::test]
async fn what_a_person_enters_goes_only_with_a_page_of_this_server() {
    let site = Site::open().await;
    let browser = Browser::at(&site);
    let path = "/authorize/sign-in";
    for transaction in ["", "made-up"] {
        let form = [("transaction", transaction), ("person", "alice"), ("pin", site.server.pin())];
        let answer = browser.post(path, &form).await;
        assert_eq!((answer.status(), answer.headers().get(LOCATION)), (StatusCode::BAD_REQUEST, None));
    }
    // A page signs in once.
    let transaction = browser.page(&browser.asking()).await;
    let form = [("transaction", transaction.as_str()), ("person", "alice"), ("pin", site.server.pin())];
    assert_eq!(browser.post(path, &form).await.status(), StatusCode::SEE_OTHER);
    assert_eq!(browser.post(path, &form).await.status(), StatusCode::BAD_REQUEST);
    // A form of another site names that site.
    let foreign = browser.sending(path, &encoded(&form)).header("origin", "https://evil.example");
    assert_eq!(foreign.send().await.unwrap().status(), StatusCode::FORBIDDEN);
    let huge = "x".repeat(100_000);
    let answer = browser.post(path, &[("transaction", &huge)]).await;
    assert_eq!(answer.status(), StatusCode::PAYLOAD_TOO_LARGE);
    let json = browser.client.post(format!("{}{path}", site.base())).json(&json!({})).send().await.unwrap();
    assert_eq!(json.status(), StatusCode::UNSUPPORTED_MEDIA_TYPE);
}
