//! The console's files: one document for every page, files that never change, and the headers of both.

use alims_interface::{CONSOLE_PAGES, ROUTES};
use reqwest::{Client, Response};

use crate::site::Site;

async fn get(site: &Site, path: &str) -> Response {
    Client::builder().no_proxy().build().unwrap().get(format!("{}{path}", site.base())).send().await.unwrap()
}

#[tokio::test]
async fn every_page_is_the_console_s_document_without_scripts_of_others() {
    let site = Site::open().await;
    let document = get(&site, "/").await.text().await.unwrap();
    assert!(document.contains("<html"), "{document}");
    let pages = CONSOLE_PAGES.iter().map(|page| format!("/{page}"));
    for path in pages.chain(["/workflow/w-1", "/workflow/a%2Fb/timeline", "/bench?state=ACTIVE"].map(str::to_owned)) {
        let answer = get(&site, &path).await;
        assert_eq!(answer.status(), 200, "{path}");
        for (name, said) in [
            ("content-type", "text/html"),
            ("cache-control", "no-cache"),
            ("x-content-type-options", "nosniff"),
            ("x-frame-options", "DENY"),
            ("referrer-policy", "same-origin"),
            ("content-security-policy", "script-src 'self';"),
            ("content-security-policy", "connect-src 'self';"),
        ] {
            assert!(answer.headers()[name].to_str().unwrap().contains(said), "{path}: {name}");
        }
        let policy = answer.headers()["content-security-policy"].to_str().unwrap();
        assert!(!policy.contains("unsafe") && policy.starts_with("default-src 'none'"), "{policy}");
        assert_eq!(answer.text().await.unwrap(), document, "{path}");
    }
    let tag = get(&site, "/").await.headers()["etag"].to_str().unwrap().to_owned();
    let client = Client::builder().no_proxy().build().unwrap();
    let known = client.get(format!("{}/bench", site.base())).header("if-none-match", tag).send().await.unwrap();
    assert_eq!(known.status(), 304);
}

#[tokio::test]
async fn what_is_no_page_and_no_file_is_not_found() {
    let site = Site::open().await;
    for path in ["/nothing", "/assets/nothing.js", "/assets/../index.html/x", "/benches", "/index.html/", "/Bench"] {
        assert_eq!(get(&site, path).await.status(), 404, "{path}");
    }
    // The API answers its own paths as before.
    for route in ROUTES.iter().filter(|route| route.method == "GET") {
        let path = route.path.replace("{workflow_id}", "w-1");
        assert_eq!(get(&site, &path).await.status(), 401, "{path}");
    }
}

#[tokio::test]
async fn the_files_that_the_document_names_are_there_and_never_change() {
    let site = Site::open().await;
    let document = get(&site, "/").await.text().await.unwrap();
    assert!(!document.contains("<style") && !document.contains("<script>"), "the policy forbids both: {document}");
    for file in document.split('"').filter(|part| part.starts_with("/assets/")) {
        let answer = get(&site, file).await;
        assert_eq!(answer.status(), 200, "{file}");
        assert!(answer.headers()["cache-control"].to_str().unwrap().ends_with("immutable"), "{file}");
        let kind = answer.headers()["content-type"].to_str().unwrap();
        let is_so = if file.ends_with(".js") { kind.contains("javascript") } else { !kind.contains("octet-stream") };
        assert!(is_so, "{file}: {kind}");
    }
}
