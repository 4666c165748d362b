//! How large what passes the edge may be.

/// The largest body, in bytes. API Gateway takes 10 MiB, but Lambda takes no event of more than 6 MiB from it.
pub const BODY_BYTES_MAX: usize = 6 * 1024 * 1024;
