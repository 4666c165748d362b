//! The console and the API have one name: no address is both, and on AWS each leads where it leads on a laptop.

use alims_interface::{CONSOLE_PAGES, ROUTES, console_policy};
use serde_json::{Value, json};
use std::collections::BTreeSet;

use crate::template::{TEMPLATE, properties};

/// What a laptop's server answers besides the API and the console's pages, by first segment.
const LAPTOP: [&str; 10] = [
    ".well-known",
    "assets",
    "authorize",
    "console.json",
    "docs",
    "events",
    "health",
    "openapi.json",
    "revoke",
    "token",
];

fn first_segment(path: &str) -> &str {
    path.trim_start_matches('/').split('/').next().unwrap()
}

#[test]
fn no_route_of_the_api_begins_like_a_page_of_the_console() {
    let routes = ROUTES.iter().map(|route| first_segment(route.path));
    for segment in routes.chain(LAPTOP) {
        assert!(!CONSOLE_PAGES.contains(&segment), "/{segment} is a page of the console: give the route another name");
    }
}

#[test]
fn the_distribution_leads_every_route_to_the_api_and_keeps_nothing_of_it() {
    let distribution = &properties("ConsoleDistribution")["DistributionConfig"];
    let behaviours = distribution["CacheBehaviors"].as_array().unwrap();
    let to = |origin: &str| -> BTreeSet<String> {
        let those = behaviours.iter().filter(|behaviour| behaviour["TargetOriginId"] == origin);
        those.map(|behaviour| behaviour["PathPattern"].as_str().unwrap().to_owned()).collect()
    };
    let segments: BTreeSet<&str> = ROUTES.iter().map(|route| first_segment(route.path)).collect();
    let patterns = segments.iter().flat_map(|segment| [format!("/{segment}"), format!("/{segment}/*")]);
    assert_eq!(to("api"), patterns.collect());
    assert_eq!(to("files"), BTreeSet::from(["/assets/*".to_owned()]));
    for behaviour in behaviours.iter().filter(|behaviour| behaviour["TargetOriginId"] == "api") {
        // CachingDisabled and AllViewerExceptHostHeader: the two with which Authorization reaches the API.
        assert_eq!(behaviour["CachePolicyId"], "4135ea2d-6df8-44a3-9df3-4b5a84be39ad");
        assert_eq!(behaviour["OriginRequestPolicyId"], "b689b0a8-53d0-40ab-baf2-68738e2966ac");
        assert_eq!(behaviour["AllowedMethods"].as_array().unwrap().len(), 7, "{behaviour}");
    }
    assert_eq!(distribution["DefaultCacheBehavior"]["TargetOriginId"], "files");
    // An error page would replace the API's answers.
    assert_eq!(distribution["CustomErrorResponses"], Value::Null);
    // Amazon CloudFront developer guide, "Quotas".
    assert!(behaviours.len() < 75);
}

#[test]
fn the_distribution_serves_the_pages_and_the_headers_of_a_laptop() {
    let code = properties("ConsolePages")["FunctionCode"].as_str().unwrap();
    let (_, pages) = code.split_once("const pages = ").unwrap();
    let pages: Vec<String> = serde_json::from_str(pages.split_once(';').unwrap().0).unwrap();
    assert_eq!(pages, CONSOLE_PAGES);
    let headers = &properties("ConsoleHeaders")["ResponseHeadersPolicyConfig"];
    let policy = &headers["SecurityHeadersConfig"]["ContentSecurityPolicy"]["ContentSecurityPolicy"];
    assert_eq!(policy[0], console_policy(" https://${Issuer} ${ConsoleSignInOrigins}"));
}

#[test]
fn the_console_is_made_only_when_it_is_asked_for_and_only_the_distribution_reads_its_files() {
    let console = TEMPLATE["Resources"].as_object().unwrap().iter().filter(|(id, _)| id.starts_with("Console"));
    let without: Vec<&String> =
        console.filter(|(_, resource)| resource["Condition"] != "HasConsole").map(|(id, _)| id).collect();
    assert!(without.is_empty(), "{without:?}");
    assert_eq!(TEMPLATE["Parameters"]["Console"]["Default"], "off");
    let blocked = &properties("ConsoleBucket")["PublicAccessBlockConfiguration"];
    assert!(blocked.as_object().unwrap().values().all(|blocked| *blocked == json!(true)), "{blocked}");
    let statements = properties("ConsoleBucketPolicy")["PolicyDocument"]["Statement"].as_array().unwrap();
    let allowed: Vec<&Value> = statements.iter().filter(|statement| statement["Effect"] == "Allow").collect();
    assert_eq!(allowed.len(), 1);
    assert_eq!(allowed[0]["Principal"], json!({"Service": "cloudfront.amazonaws.com"}));
    assert!(allowed[0]["Condition"]["StringEquals"]["aws:SourceArn"].is_string());
}

/// A region in the condition alone would quietly have no console.
#[test]
fn where_the_console_cannot_be_made_it_is_refused() {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let lacking = TEMPLATE["Conditions"]["LacksTypesOfTheConsole"].as_array().unwrap();
    let lacking: BTreeSet<String> = lacking.iter().map(|equals| text(&equals[1])).collect();
    let contains = &TEMPLATE["Rules"]["TheConsoleNeedsItsResourceTypes"]["Assertions"][0]["Assert"][0];
    let refused: BTreeSet<String> = contains[0].as_array().unwrap().iter().map(text).collect();
    assert_eq!((refused.len(), refused), (4, lacking));
}
