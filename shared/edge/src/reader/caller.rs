//! Reads the caller, only from the claims that the gateway's authorizer verified.

use alims_domain::call::Principal;
use alims_domain::identifiers::{PrincipalId, TenantId};
use lambda_http::aws_lambda_events::apigw::ApiGatewayV2httpRequestContext;
use lambda_http::request::RequestContext;
use lambda_http::{Request, RequestExt};
use std::collections::{BTreeSet, HashMap};

/// The tenant of a token without a tenant claim.
const TENANT_DEFAULT: &str = "default";
/// The maximum length of a roles claim in bytes; a longer one is not read.
const ROLES_CLAIM_BYTES_MAX: usize = 4096;
/// The maximum length of a role's name in bytes; a longer one is not read.
const ROLE_BYTES_MAX: usize = 64;

/// The gateway's id of the request.
pub(crate) fn request_id(request: &Request) -> String {
    let gateway = context(request).and_then(|context| context.request_id.clone());
    let lambda = || request.lambda_context_ref().map(|context| context.request_id.clone());
    gateway.or_else(lambda).filter(|id| !id.is_empty()).unwrap_or_else(|| "unknown".to_owned())
}

/// The caller.
///
/// # Errors
/// What is wrong, when the gateway verified no token or its claims name no principal.
pub(crate) fn principal(request: &Request) -> Result<Principal, &'static str> {
    principal_of(claims(request))
}

fn context(request: &Request) -> Option<&ApiGatewayV2httpRequestContext> {
    if let Some(RequestContext::ApiGatewayV2(context)) = request.request_context_ref() { Some(context) } else { None }
}

fn claims(request: &Request) -> Option<&HashMap<String, String>> {
    Some(&context(request)?.authorizer.as_ref()?.jwt.as_ref()?.claims)
}

fn principal_of(claims: Option<&HashMap<String, String>>) -> Result<Principal, &'static str> {
    let claims = claims.ok_or("The request carries no verified token")?;
    let id = claims.get("sub").and_then(|sub| sub.parse::<PrincipalId>().ok());
    let id = id.ok_or("The token's claim `sub` is missing or invalid")?;
    if id.is_reserved() {
        return Err("The token's claim `sub` is a name reserved for the service");
    }
    let tenant_id = claims.get("tenant_id").map_or(TENANT_DEFAULT, String::as_str).parse::<TenantId>();
    let tenant_id = tenant_id.map_err(|_unreadable| "The token's claim `tenant_id` is invalid")?;
    let roles = claims.get("roles").and_then(|claim| roles(claim)).unwrap_or_default();
    Ok(Principal { id, tenant_id, roles })
}

/// Reads the roles from a claim in any of its forms: a JSON array, the gateway's rendering of one (`[analyst
/// auditor]`), or a text with commas or spaces between. None for any other form.
fn roles(claim: &str) -> Option<BTreeSet<String>> {
    let claim = claim.trim();
    if claim.len() > ROLES_CLAIM_BYTES_MAX {
        return None;
    }
    let names: Vec<String> = match serde_json::from_str::<Vec<String>>(claim) {
        Ok(names) => names,
        Err(_other_form) => {
            let rendered = claim.strip_prefix('[').map(|rest| rest.strip_suffix(']'));
            let inner = rendered.unwrap_or(Some(claim))?;
            let between = |c: char| c == ',' || c.is_ascii_whitespace();
            inner.split(between).filter(|name| !name.is_empty()).map(str::to_owned).collect()
        }
    };
    let is_name = |name: &String| {
        (1..=ROLE_BYTES_MAX).contains(&name.len())
            && name.bytes().all(|b| b.is_ascii_alphanumeric() || b"._:-".contains(&b))
    };
    names.iter().all(is_name).then(|| names.into_iter().collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn set(names: &[&str]) -> BTreeSet<String> {
        names.iter().map(|name| (*name).to_owned()).collect()
    }

    #[test]
    fn roles_are_read_in_every_form_they_come_in() {
        let both = Some(set(&["analyst", "auditor"]));
        for claim in [
            "[analyst auditor]",
            r#"["analyst","auditor"]"#,
            "analyst,auditor",
            "analyst auditor",
            " analyst, auditor ",
            "[analyst, auditor]",
        ] {
            assert_eq!(roles(claim), both, "{claim}");
        }
        assert_eq!(roles("viewer"), Some(set(&["viewer"])));
        assert_eq!(roles("[viewer]"), Some(set(&["viewer"])));
        for claim in ["", "[]", " "] {
            assert_eq!(roles(claim), Some(set(&[])), "{claim}");
        }
    }

    #[test]
    fn a_claim_that_cannot_be_read_is_no_role() {
        let long = "analyst ".repeat(600);
        for claim in
            [r#"["lab analyst"]"#, r#"["analyst",7]"#, "[analyst", "{\"analyst\":true}", "анализ", "a\u{0}", &long]
        {
            assert_eq!(roles(claim), None, "{claim}");
            let claims = [("sub", "alice"), ("roles", claim)];
            let claims = claims.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
            assert_eq!(principal_of(Some(&claims)).map(|principal| principal.roles).ok(), Some(set(&[])), "{claim}");
        }
    }

    #[test]
    fn roles_named_twice_are_one_and_a_claim_of_another_type_is_none() {
        assert_eq!(roles("analyst,analyst analyst"), Some(set(&["analyst"])));
        assert_eq!(roles(r#"["analyst","analyst"]"#), Some(set(&["analyst"])));
        // The gateway's renderings of a number, a boolean, a map, a list in a list, and an empty claim.
        for (claim, read) in [("7", Some(set(&["7"]))), ("true", Some(set(&["true"]))), ("null", Some(set(&["null"])))]
        {
            assert_eq!(roles(claim), read, "no policy names such a role");
        }
        for claim in ["map[analyst:true]", "[[analyst] auditor]", r#"[["analyst"]]"#, r#"{"0":"analyst"}"#, r#"[""]"#] {
            assert!(roles(claim).unwrap_or_default().iter().all(|role| role != "analyst"), "{claim}");
        }
    }

    #[test]
    fn a_role_or_a_claim_beyond_its_length_is_no_role_at_all() {
        let longest = "a".repeat(ROLE_BYTES_MAX);
        assert_eq!(roles(&format!("{longest} analyst")), Some(set(&[&longest, "analyst"])));
        assert_eq!(roles(&format!("{longest}a analyst")), None);
        let many = (0..ROLES_CLAIM_BYTES_MAX / 8).map(|n| format!("{n:07}")).collect::<Vec<_>>().join(" ");
        assert!(many.len() <= ROLES_CLAIM_BYTES_MAX && roles(&many).is_some());
        assert_eq!(roles(&format!("{many} analyst")), None);
    }

    #[test]
    fn a_subject_or_tenant_that_is_empty_huge_or_no_name_is_nobody() {
        let of = |sub: &str, tenant: &str| {
            let claims = [("sub", sub), ("tenant_id", tenant), ("roles", "[supervisor]")];
            let claims = claims.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
            principal_of(Some(&claims)).map(|principal| principal.id.to_string()).ok()
        };
        assert_eq!(of("alice", "lab"), Some("alice".to_owned()));
        let huge = "x".repeat(100_000);
        for (sub, tenant) in
            [("", "lab"), (huge.as_str(), "lab"), ("alice", ""), ("alice", huge.as_str()), ("a\u{0}", "lab")]
        {
            assert_eq!(of(sub, tenant), None, "{} bytes of {} bytes", sub.len(), tenant.len());
        }
    }

    #[test]
    fn a_tenant_that_is_not_named_is_the_default_and_one_that_cannot_be_read_is_nobody() {
        let of = |pairs: &[(&str, &str)]| {
            let claims = pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
            principal_of(Some(&claims)).map(|principal| principal.tenant_id.to_string()).ok()
        };
        assert_eq!(of(&[("sub", "alice")]), Some("default".to_owned()));
        assert_eq!(of(&[("sub", "alice"), ("tenant_id", "lab-2")]), Some("lab-2".to_owned()));
        let reserved = PrincipalId::automatic_recovery().to_string();
        assert_eq!(of(&[("sub", &reserved)]), None);
        for pairs in [&[("sub", "alice"), ("tenant_id", "lab#2")][..], &[("tenant_id", "lab-2")], &[("sub", "")]] {
            assert_eq!(of(pairs), None, "{pairs:?}");
        }
    }

    proptest! {
        #[test]
        fn whatever_the_claim_a_role_is_a_name_that_stands_in_it(claim in ".{0,64}") {
            for role in roles(&claim).unwrap_or_default() {
                prop_assert!(claim.contains(&role) || claim.contains('\\'), "{role}");
                prop_assert!(!role.is_empty());
            }
        }
    }
}
