//! What becomes of a token's claims: each way in which a claim can be missing, odd or hostile.

use alims_domain::call::Principal;
use alims_domain::identifiers::PrincipalId;
use alims_edge::reader::token::{IgnoredNames, TokenReader, rendered};
use alims_edge::testing::token_of;
use proptest::prelude::*;
use serde_json::{Map, Value, json};
use std::collections::HashMap;

const ROLES_CLAIM: &str = "ALIMS_ROLES_CLAIM";
const ROLE_PREFIX: &str = "ALIMS_ROLE_PREFIX";

/// A reader with these settings, and the name of its roles claim.
#[derive(Clone)]
struct Reading {
    reader: TokenReader,
    roles_claim: String,
}

fn reading(set: &[(&str, &str)]) -> Reading {
    let value = |name: &str| set.iter().find(|(set, _)| *set == name).map(|(_, value)| (*value).to_owned());
    let reader = TokenReader::chosen_by(value).expect("settings that can be meant");
    Reading { reader, roles_claim: value(ROLES_CLAIM).unwrap_or_else(|| "roles".to_owned()) }
}

fn map(claims: &Value) -> Map<String, Value> {
    claims.as_object().expect("an object").clone()
}

/// What a reader makes of a token with these claims, as the gateway hands them over.
fn read(reader: &TokenReader, claims: &Value) -> Result<(Principal, IgnoredNames), &'static str> {
    let claims = map(claims);
    let text = claims.iter().map(|(name, value)| (name.clone(), rendered(value))).collect();
    reader.principal(&text, Some(&format!("Bearer {}", token_of(&claims))))
}

/// The roles of a claim, and the names that are none.
fn roles_of(reading: &Reading, claim: Value) -> (Vec<String>, String) {
    let mut claims = map(&json!({"sub": "alice", "tenant_id": "lab"}));
    claims.insert(reading.roles_claim.clone(), claim);
    let (principal, ignored) = read(&reading.reader, &claims.into()).expect("a principal");
    (principal.roles.into_iter().collect(), ignored.to_string())
}

#[test]
fn a_name_in_a_list_stays_one_name_whatever_is_in_it() {
    let any = reading(&[]);
    assert_eq!(roles_of(&any, json!(["analyst", "auditor"])).0, ["analyst", "auditor"]);
    assert_eq!(roles_of(&any, json!(["analyst", "analyst"])).0, ["analyst"]);
    for odd in
        ["former supervisor", "x,supervisor", "supervisor]", "[supervisor", "\"supervisor\"", " supervisor", "a\u{a0}b"]
    {
        let (roles, ignored) = roles_of(&any, json!([odd, "viewer"]));
        assert_eq!(roles, ["viewer"], "{odd}");
        assert_eq!(ignored, format!("`{}`", odd.escape_debug()), "{odd}");
    }
    // A whole list in one name.
    for odd in ["viewer] [supervisor", "[supervisor]", r#"["supervisor"]"#, "supervisor auditor"] {
        assert_eq!(roles_of(&any, json!([odd])).0, [""; 0], "{odd}");
    }
    let ours = reading(&[(ROLE_PREFIX, "alims:")]);
    assert_eq!(roles_of(&ours, json!(["x alims:supervisor", "alims:viewer"])).0, ["viewer"]);
}

#[test]
fn a_text_is_one_name_and_only_a_scope_is_a_list() {
    let any = reading(&[]);
    assert_eq!(roles_of(&any, json!("viewer")).0, ["viewer"]);
    for text in ["viewer supervisor", "viewer,supervisor", "[supervisor]", "[viewer supervisor]", r#"["supervisor"]"#] {
        assert_eq!(roles_of(&any, json!(text)).0, [""; 0], "{text}");
    }
    for claim in ["scope", "scp"] {
        let scope = reading(&[(ROLES_CLAIM, claim), (ROLE_PREFIX, "alims:")]);
        let (roles, ignored) = roles_of(&scope, json!("openid alims:viewer  alims:analyst"));
        assert_eq!((&roles[..], &ignored[..]), (&["analyst".to_owned(), "viewer".to_owned()][..], ""));
        assert_eq!(roles_of(&scope, json!(["alims:viewer", "a alims:analyst"])).0, ["viewer"]);
    }
    assert_eq!(roles_of(&reading(&[(ROLES_CLAIM, "cognito:groups")]), json!(["auditor"])).0, ["auditor"]);
    assert_eq!(roles_of(&reading(&[(ROLES_CLAIM, "https://alims.example/roles")]), json!(["auditor"])).0, ["auditor"]);
}

#[test]
fn what_is_no_text_and_no_list_of_texts_is_no_role() {
    for claim in [
        json!(null),
        json!(true),
        json!(["analyst", 7]),
        json!([["analyst"]]),
        json!({"analyst": true}),
        json!({"0": "analyst"}),
        json!([]),
        json!(""),
        json!(" "),
        json!("a\u{0}"),
        json!("анализ"),
        json!("null"),
        json!("<nil>"),
        json!("a".repeat(65)),
        json!(vec!["a"; 8 * 1024]),
    ] {
        assert_eq!(roles_of(&reading(&[]), claim.clone()).0, [""; 0], "{claim}");
    }
    assert_eq!(roles_of(&reading(&[]), json!("a".repeat(64))).0.len(), 1);
}

#[test]
fn a_list_is_read_only_from_the_one_token_that_gives_the_verified_text() {
    let any = TokenReader::default();
    let verified: HashMap<String, String> = [("sub", "alice"), ("tenant_id", "lab"), ("roles", "[former supervisor]")]
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .into();
    let with = |authorization: Option<&str>| {
        let (principal, ignored) = any.principal(&verified, authorization).expect("a principal");
        (principal.roles.into_iter().collect::<Vec<_>>(), ignored.to_string())
    };
    let one = token_of(&map(&json!({"roles": ["former supervisor"]})));
    let two = token_of(&map(&json!({"roles": ["former", "supervisor"]})));
    let other = token_of(&map(&json!({"roles": ["supervisor"]})));
    let text = token_of(&map(&json!({"roles": "[former supervisor]"})));
    assert_eq!(with(Some(&format!("Bearer {two}"))).0, ["former", "supervisor"]);
    assert_eq!(with(Some(&two)).0, ["former", "supervisor"], "the gateway takes a bare token as well");
    assert_eq!(with(Some(&format!("Bearer {one}"))), (vec![], "`former supervisor`".to_owned()));
    for authorization in [
        None,
        Some(String::new()),
        Some(format!("Bearer {other}")),
        Some(format!("Bearer {text}")),
        Some(format!("Bearer {two},Bearer {one}")),
        Some(format!("Bearer {one},{two}")),
        Some(format!("Bearer x,{two}")),
        Some(format!("Bearer x,Bearer {two}")),
        Some(format!("Bearer {two},x")),
        Some(format!("Basic {two}")),
        Some(format!("Bearer {two}.e30")),
        Some("Bearer e30.e30".to_owned()),
        Some("Bearer e30.!.e30".to_owned()),
        Some("Bearer e30.W10.e30".to_owned()),
    ] {
        let (roles, _) = with(authorization.as_deref());
        assert_eq!(roles, [""; 0], "{authorization:?}");
    }
    assert_eq!(with(None).1, "`[former supervisor]`", "the unread text is named");
}

#[test]
fn names_of_other_applications_are_told_only_when_no_role_is_left() {
    let ours = reading(&[(ROLE_PREFIX, "alims:")]);
    assert_eq!(roles_of(&ours, json!(["hr:supervisor", "alims:viewer"])), (vec!["viewer".to_owned()], String::new()));
    assert_eq!(roles_of(&ours, json!(["supervisor"])), (vec![], "`supervisor`".to_owned()));
    assert_eq!(roles_of(&ours, json!(["alims:", "ALIMS:viewer"])), (vec![], "`alims:`, `ALIMS:viewer`".to_owned()));
    let many: Vec<String> = (0..100).map(|number| format!("{number} {}", "x".repeat(66))).collect();
    let (roles, ignored) = roles_of(&ours, json!(many));
    assert!(roles.is_empty() && ignored.ends_with(" and 92 more"), "{ignored}");
    assert!(ignored.len() < 8 * 70, "{ignored}");
    assert_eq!(roles_of(&ours, json!(["a\u{1b}[2J"])).1, r"`a\u{1b}[2J`");
}

#[test]
fn a_token_without_a_tenant_is_refused_unless_the_deployment_has_a_default() {
    let strict = TokenReader::default();
    let lenient = TokenReader::default().with_default_tenant("main".parse().expect("a tenant"));
    let tenant = |reader: &TokenReader, claims: &Value| {
        read(reader, claims).ok().map(|(principal, _)| principal.tenant_id.to_string())
    };
    let absent = json!({"sub": "alice"});
    assert_eq!(tenant(&strict, &absent), None);
    assert_eq!(tenant(&lenient, &absent), Some("main".to_owned()));
    for (claim, named) in
        [(json!("lab-2"), "lab-2"), (json!(7), "7"), (json!("7"), "7"), (json!("nullable"), "nullable")]
    {
        let claims = json!({"sub": "alice", "tenant_id": claim});
        assert_eq!(tenant(&lenient, &claims).as_deref(), Some(named));
    }
    // Whether the gateway says null, <nil> or nothing for a missing value is its own affair.
    for claim in [
        json!(null),
        json!("null"),
        json!("NULL"),
        json!("<nil>"),
        json!("None"),
        json!("undefined"),
        json!(true),
        json!(false),
        json!(""),
        json!(" "),
        json!("a b"),
        json!(["lab"]),
        json!({"id": "lab"}),
        json!("lab#2"),
        json!("."),
        json!(".."),
        json!(-0.5e30),
        json!("x".repeat(65)),
        json!("x".repeat(100_000)),
        json!("lab\n"),
    ] {
        let claims = json!({"sub": "alice", "tenant_id": claim});
        assert_eq!((tenant(&strict, &claims), tenant(&lenient, &claims)), (None, None), "{claims}");
    }
    let elsewhere = reading(&[("ALIMS_TENANT_CLAIM", "custom:tenant")]).reader;
    assert_eq!(
        tenant(&elsewhere, &json!({"sub": "alice", "tenant_id": "a", "custom:tenant": "b"})),
        Some("b".to_owned())
    );
}

#[test]
fn a_subject_that_is_missing_no_text_or_reserved_is_nobody() {
    let read = |sub: Value| read(&TokenReader::default(), &json!({"sub": sub, "tenant_id": "lab"}));
    for sub in ["alice", "auth0|5fe4", "a b@x", "ü"] {
        assert_eq!(read(json!(sub)).map(|(principal, _)| principal.id.to_string()), Ok(sub.to_owned()));
    }
    for sub in [
        json!(null),
        json!("null"),
        json!("<nil>"),
        json!(true),
        json!(""),
        json!(" "),
        json!(" alice"),
        json!("alice\n"),
        json!("a\u{fffd}"),
        json!("x".repeat(257)),
        json!(["alice"]),
        json!({"id": "alice"}),
        json!([]),
        json!("a\u{0}"),
        json!(PrincipalId::automatic_recovery()),
    ] {
        assert!(read(sub.clone()).is_err(), "{sub}");
    }
    let unnamed = TokenReader::default().principal(&HashMap::new(), None);
    assert_eq!(unnamed, Err("The token's claim `sub` is missing or invalid"));
}

#[test]
fn a_setting_that_cannot_be_meant_stops_the_start_and_names_itself() {
    let chosen = |set: &'static [(&str, &str)]| {
        TokenReader::chosen_by(|name| set.iter().find(|(set, _)| *set == name).map(|(_, value)| (*value).to_owned()))
    };
    assert_eq!(chosen(&[]), Ok(TokenReader::default()));
    let all = chosen(&[
        ("ALIMS_TENANT_CLAIM", "custom:tenant"),
        ("ALIMS_DEFAULT_TENANT", "main"),
        ("ALIMS_ROLES_CLAIM", "cognito:groups"),
        ("ALIMS_ROLE_PREFIX", "alims:"),
    ]);
    let claims = json!({"sub": "alice", "tenant_id": "a", "cognito:groups": ["alims:viewer"], "roles": ["auditor"]});
    let (principal, _) = read(&all.expect("a reader"), &claims).expect("a principal");
    assert_eq!((principal.tenant_id.as_str(), principal.roles), ("main", ["viewer".to_owned()].into()));
    for (name, set) in [
        ("ALIMS_TENANT_CLAIM", &[("ALIMS_TENANT_CLAIM", "a b")][..]),
        ("ALIMS_DEFAULT_TENANT", &[("ALIMS_DEFAULT_TENANT", "null")]),
        ("ALIMS_ROLES_CLAIM", &[("ALIMS_ROLES_CLAIM", "rôles")]),
        ("ALIMS_ROLE_PREFIX", &[("ALIMS_ROLE_PREFIX", "alims ")]),
    ] {
        let error = chosen(set).expect_err(name).to_string();
        assert!(error.starts_with(&format!("the environment variable {name} must be")), "{error}");
    }
}

proptest! {
    /// Whatever somebody may call a group: it becomes a role only as a whole.
    #[test]
    fn a_role_is_a_whole_name_of_the_claim(
        names in prop::collection::vec("(supervisor|alims:|[ ,\\[\\]\"']|.){0,6}", 0..5),
        prefix in "(alims:)?",
    ) {
        let set = if prefix.is_empty() { vec![] } else { vec![(ROLE_PREFIX, prefix.as_str())] };
        let (roles, _) = roles_of(&reading(&set), json!(names));
        for role in roles {
            prop_assert!(names.contains(&format!("{prefix}{role}")), "{role} of {names:?}");
        }
    }

    #[test]
    fn no_header_makes_more_of_the_verified_text_than_its_names(header in ".{0,80}", claim in "\\[[a-z ]{0,20}\\]") {
        let claims = [("sub", "alice"), ("tenant_id", "lab"), ("roles", &claim)];
        let claims = claims.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
        let read = TokenReader::default().principal(&claims, Some(&header)).expect("a principal");
        prop_assert!(read.0.roles.is_empty());
    }
}
