//! The routes, the integrations and the authorizer that SAM puts into the API's OpenAPI body, as separate resources:
//! the emulator needs those and ignores the body. Their content comes from the processed template alone.

use anyhow::Context as _;
use serde_json::{Map, Value, json};

use super::stack::Stack;

/// A template that completes the deployed API.
///
/// # Errors
/// When the processed template is not as SAM makes it, or has a route without an authorizer.
pub(crate) fn completion(stack: &Stack) -> anyhow::Result<Value> {
    let api = stack.resource("Api")?;
    let body = stack.property("Api", "Body")?;
    let mut resources = Map::new();
    for (name, scheme) in members(body.pointer("/components/securitySchemes"))? {
        resources.insert(format!("{name}Authorizer"), authorizer(stack, api, name, scheme)?);
    }
    for (path, methods) in members(body.get("paths"))? {
        for (method, operation) in members(Some(methods))? {
            let key = format!("{} {path}", method.to_uppercase());
            let (function, alias) = function_of(operation).with_context(|| format!("{key} has no function"))?;
            let security = members(operation.pointer("/security/0")).ok().and_then(|schemes| schemes.iter().next());
            let security = security.with_context(|| format!("{key} has no authorizer"))?;
            resources.insert(format!("{function}Integration"), integration(stack, api, alias)?);
            resources.insert(format!("{function}Route"), route(api, &key, security, function));
        }
    }
    Ok(
        json!({ "Parameters": parameters(stack), "Conditions": stack.template.get("Conditions"), "Resources": resources }),
    )
}

/// The values of the deployment's parameters, by which the emulator itself decides the conditions of the scopes.
fn parameters(stack: &Stack) -> Map<String, Value> {
    let declared = |value: &String| json!({ "Type": "String", "Default": value });
    stack.parameters.iter().map(|(name, value)| (name.clone(), declared(value))).collect()
}

fn authorizer(stack: &Stack, api: &str, name: &str, scheme: &Value) -> anyhow::Result<Value> {
    let described = scheme.get("x-amazon-apigateway-authorizer").context("a security scheme has no authorizer")?;
    let tokens = described.get("jwtConfiguration").context("an authorizer reads no tokens")?;
    Ok(json!({
        "Type": "AWS::ApiGatewayV2::Authorizer",
        "Properties": {
            "ApiId": api,
            "Name": name,
            "AuthorizerType": "JWT",
            "IdentitySource": [described.get("identitySource")],
            "JwtConfiguration": {
                "Issuer": resolved(stack, tokens.get("issuer")),
                "Audience": resolved(stack, tokens.get("audience")),
            },
        },
    }))
}

fn integration(stack: &Stack, api: &str, alias: &str) -> anyhow::Result<Value> {
    let arn = stack.resource(alias)?;
    Ok(json!({
        "Type": "AWS::ApiGatewayV2::Integration",
        "Properties": {
            "ApiId": api,
            "IntegrationType": "AWS_PROXY",
            "IntegrationUri": arn,
            "PayloadFormatVersion": "2.0",
        },
    }))
}

fn route(api: &str, key: &str, (scheme, scopes): (&String, &Value), function: &str) -> Value {
    json!({
        "Type": "AWS::ApiGatewayV2::Route",
        "Properties": {
            "ApiId": api,
            "RouteKey": key,
            "AuthorizationScopes": scopes,
            "AuthorizationType": "JWT",
            "AuthorizerId": { "Ref": format!("{scheme}Authorizer") },
            "Target": { "Fn::Sub": format!("integrations/${{{function}Integration}}") },
        },
    })
}

/// The function of an operation, and its alias, which the integration names.
fn function_of(operation: &Value) -> Option<(&str, &str)> {
    let uri = operation.pointer("/x-amazon-apigateway-integration/uri/Fn::Sub")?.as_str()?;
    let (_, from_name) = uri.split_once("/functions/${")?;
    let (alias, _) = from_name.split_once('}')?;
    let (function, _) = alias.split_once("Alias")?;
    Some((function, alias))
}

/// A value with its parameter references replaced by the parameters' values.
fn resolved(stack: &Stack, value: Option<&Value>) -> Value {
    match value {
        Some(Value::Object(object)) => match object.get("Ref").and_then(Value::as_str) {
            Some(parameter) => stack.parameters.get(parameter).map_or(Value::Null, |value| json!(value)),
            None => Value::Object(object.clone()),
        },
        Some(Value::Array(items)) => items.iter().map(|item| resolved(stack, Some(item))).collect(),
        other => other.cloned().unwrap_or(Value::Null),
    }
}

fn members(value: Option<&Value>) -> anyhow::Result<&Map<String, Value>> {
    value.and_then(Value::as_object).context("the processed template is not as SAM makes it")
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    fn stack(security: &Value) -> Stack {
        let uri =
            "arn:${AWS::Partition}:apigateway:r:lambda:path/1/functions/${ListWorkflowsFunctionAliaslive}/invocations";
        let scheme = json!({"x-amazon-apigateway-authorizer": {
            "jwtConfiguration": {"audience": [{"Ref": "JwtAudience"}], "issuer": {"Ref": "JwtIssuer"}},
            "identitySource": "$request.header.Authorization",
        }});
        let operation = json!({"x-amazon-apigateway-integration": {"uri": {"Fn::Sub": uri}}, "security": security});
        let body =
            json!({"components": {"securitySchemes": {"Jwt": scheme}}, "paths": {"/workflows": {"get": operation}}});
        let text = |pairs: &[(&str, &str)]| pairs.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
        Stack {
            resources: text(&[("Api", "a1"), ("ListWorkflowsFunctionAliaslive", "arn:function:list-7:live")]),
            outputs: BTreeMap::new(),
            parameters: text(&[("JwtAudience", "us"), ("JwtIssuer", "them")]),
            template: json!({"Resources": {"Api": {"Properties": {"Body": body}}}}),
        }
    }

    #[test]
    fn a_route_of_the_template_becomes_a_route_to_its_function_behind_its_authorizer() {
        let completed = completion(&stack(&json!([{"Jwt": ["alims/use"]}]))).unwrap();
        let property = |path: &str| completed.pointer(&format!("/Resources/{path}")).cloned().unwrap();
        assert_eq!(property("ListWorkflowsFunctionRoute/Properties/RouteKey"), "GET /workflows");
        assert_eq!(property("ListWorkflowsFunctionRoute/Properties/AuthorizerId/Ref"), "JwtAuthorizer");
        assert_eq!(property("ListWorkflowsFunctionRoute/Properties/AuthorizationScopes"), json!(["alims/use"]));
        let uri = property("ListWorkflowsFunctionIntegration/Properties/IntegrationUri");
        assert_eq!(uri, "arn:function:list-7:live");
        let tokens = property("JwtAuthorizer/Properties/JwtConfiguration");
        assert_eq!(tokens, json!({"Issuer": "them", "Audience": ["us"]}));
    }

    #[test]
    fn a_route_without_an_authorizer_is_refused() {
        let error = completion(&stack(&json!([]))).unwrap_err();
        assert!(error.to_string().contains("GET /workflows has no authorizer"), "{error}");
    }
}
