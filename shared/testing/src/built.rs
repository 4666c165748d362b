//! The workspace's own binaries, in whichever folder cargo put them.

use std::env::consts::EXE_SUFFIX;
use std::io::{Error, ErrorKind, Result};
use std::path::{Path, PathBuf};

/// The binary of this name from the same build as the running program.
///
/// Cargo gives a test only the paths of its own package's binaries, and builds no others for it.
///
/// # Errors
/// When the binary is not built; the message is one line that names the command to run.
pub fn built_binary(name: &str) -> Result<PathBuf> {
    binary_beside(&std::env::current_exe()?, name)
}

/// A test's executable is in a folder `deps` next to the binaries; a program is among them. There are no other
/// assumptions, so `CARGO_TARGET_DIR`, `--target` and `--profile` may have any value.
fn binary_beside(executable: &Path, name: &str) -> Result<PathBuf> {
    let folder = executable.ancestors().skip(1).find(|folder| !folder.ends_with("deps")).unwrap_or(executable);
    let binary = folder.join(format!("{name}{EXE_SUFFIX}"));
    if binary.is_file() {
        return Ok(binary);
    }
    let profile = match folder.file_name().and_then(|name| name.to_str()) {
        None | Some("debug") => String::new(),
        Some(profile) => format!(" --profile {profile}"),
    };
    let missing = format!("{name} is not built; run `cargo build --workspace{profile}` first");
    Err(Error::new(ErrorKind::NotFound, missing))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_binary_is_found_from_a_test_and_from_a_program_beside_it() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let binary = folder.path().join(format!("alims-local{EXE_SUFFIX}"));
        std::fs::write(&binary, "").expect("the folder can be written");
        for executable in ["alims-bench", "deps/a-test-0123456789abcdef"] {
            let found = binary_beside(&folder.path().join(executable), "alims-local").expect("the binary is there");
            assert_eq!(found, binary);
        }
    }

    #[test]
    fn a_missing_binary_s_error_is_one_line_with_the_command_that_builds_it() {
        let said = |executable: &str| {
            let error = binary_beside(Path::new(executable), "alims-local").expect_err("nothing is there");
            assert_eq!(error.kind(), ErrorKind::NotFound);
            error.to_string()
        };
        let in_development = "alims-local is not built; run `cargo build --workspace` first";
        assert_eq!(said("nowhere/debug/deps/a-test-0123456789abcdef"), in_development);
        let measured = "alims-local is not built; run `cargo build --workspace --profile measure` first";
        assert_eq!(said("nowhere/measure/alims-bench"), measured);
    }
}
