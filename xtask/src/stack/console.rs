//! The paths of the API in the console's distribution: every operation is reached under the console's name.

use std::collections::BTreeSet;

use anyhow::Context as _;

use crate::stack::function::Function;

/// A behaviour of the distribution for each first segment of a path, and for all beneath it. CloudFront lets a behaviour
/// have these methods, GET and HEAD, or GET, HEAD and OPTIONS (AWS CloudFormation template reference,
/// "AWS::CloudFront::Distribution CacheBehavior").
pub(super) fn behaviours(functions: &[Function]) -> anyhow::Result<String> {
    let paths = functions.iter().filter_map(|function| function.request.as_deref());
    let segments = paths.map(|request| {
        let path = request.split_once(' ').map(|(_, path)| path);
        let segment = path.and_then(|path| path.strip_prefix('/')?.split('/').next());
        segment.filter(|segment| !segment.is_empty()).with_context(|| format!("{request} has no path"))
    });
    let segments = segments.collect::<anyhow::Result<BTreeSet<&str>>>()?;
    let patterns = segments.iter().flat_map(|segment| [format!("/{segment}"), format!("/{segment}/*")]);
    Ok(patterns.map(|pattern| behaviour(&pattern)).collect())
}

fn behaviour(pattern: &str) -> String {
    format!(
        "          - PathPattern: {pattern}
            TargetOriginId: api
            ViewerProtocolPolicy: https-only
            AllowedMethods: [DELETE, GET, HEAD, OPTIONS, PATCH, POST, PUT]
            CachePolicyId: 4135ea2d-6df8-44a3-9df3-4b5a84be39ad
            OriginRequestPolicyId: b689b0a8-53d0-40ab-baf2-68738e2966ac
            ResponseHeadersPolicyId: 67f7725c-6f97-4210-82d7-5512b31e9d03
"
    )
}
