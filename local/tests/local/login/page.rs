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
    for pin in ["", "wrong", "wrong", "wrong", "wrong"] {
        let answer = browser.post("/authorize/sign-in", &with_pin(pin)).await;
        assert_eq!((answer.status(), answer.headers().get(LOCATION)), (StatusCode::BAD_REQUEST, None));
        let page = answer.text().await.unwrap();
        assert!(page.contains("The PIN is wrong") && page.contains("value=\"alice\" required checked"), "{page}");
    }
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
