//! The size limits of the edge.

/// The largest body, in bytes. API Gateway accepts 10 MiB, but Lambda accepts no event of more than 6 MiB from it.
pub const BODY_BYTES_MAX: usize = 6 * 1024 * 1024;
