//! The archives of exports. An archive is a zip that people can check without this service: the records, a signed
//! manifest, a program that checks both, and a document to print.

mod deployed;
mod folder;
mod record;
mod report;
mod s3;
mod writer;

pub use deployed::deployed;
pub use folder::{FolderExports, FolderUpload, Linker};
pub use s3::{JOB_TIMEOUT, REQUEST_TIMEOUT, S3Exports, S3Upload};
pub use writer::ZipFormat;

/// The names of the files in an archive, in their order.
pub mod names {
    /// The records: canonical JSON, one a line.
    pub const RECORDS: &str = "records.jsonl";
    /// The document to print.
    pub const REPORT: &str = "report.html";
    /// How to check the archive.
    pub const README: &str = "README.txt";
    /// The program that checks it.
    pub const VERIFY: &str = "verify.py";
    /// The key with which the signature is checked.
    pub const PUBLIC_KEY: &str = "public-key.pem";
    /// What the archive holds.
    pub const MANIFEST: &str = "manifest.json";
    /// The signature of the manifest.
    pub const SIGNATURE: &str = "manifest.sig";
}
