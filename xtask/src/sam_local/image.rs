//! The base image of the functions, made of this machine's own files.
//!
//! SAM CLI builds its image from AWS's `provided:al2023`, to which it adds its emulator of Lambda and the layers. It
//! needs few programs there, and the functions need the C library that they were built with, which is this machine's:
//! AWS's image may have an older one. So no image is downloaded, and it is so small that the engine's simplest storage
//! is quick.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Context as _;

use super::place::names_in;

/// What SAM CLI's own steps call.
const PROGRAMS: [&str; 5] = ["/bin/sh", "/bin/cp", "/bin/mv", "/bin/rm", "/bin/chmod"];
/// Where the certificates of authorities are: a client of AWS does not start without any. Debian's place, and Fedora's.
const CERTIFICATES: [&str; 2] = ["/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt"];

/// Writes an archive of all that the functions in a folder, and SAM CLI's steps, need.
///
/// # Errors
/// When a file cannot be found or read.
pub(super) fn write(functions: &Path, archive: &Path) -> anyhow::Result<()> {
    let folder = functions.join("functions");
    let functions = names_in(&folder)?.into_iter().map(|name| folder.join(name).join("bootstrap"));
    let programs = PROGRAMS.map(PathBuf::from);
    let mut files: BTreeSet<PathBuf> = programs.iter().cloned().collect();
    for program in functions.chain(programs) {
        let listed = Command::new("ldd").arg(&program).output().context("ldd could not be started")?;
        files.extend(libraries(&String::from_utf8_lossy(&listed.stdout)));
    }
    let certificates = CERTIFICATES.map(PathBuf::from).into_iter().find(|path| path.is_file());
    files.insert(certificates.context("no certificates of authorities are there (Debian: ca-certificates)")?);
    let mut tar = Command::new("tar");
    tar.arg("--create").arg("--file").arg(archive).args(["--dereference", "--directory", "/"]);
    tar.args(files.iter().filter_map(|file| file.strip_prefix("/").ok()));
    let status = tar.status().context("tar could not be started")?;
    anyhow::ensure!(status.success(), "tar failed ({status})");
    let bytes = fs::metadata(archive)?.len();
    anyhow::ensure!(bytes > 0, "the base image is empty");
    Ok(())
}

/// The files in what `ldd` prints: a line is `name => /path (address)`, or `/path (address)` for the loader.
fn libraries(listed: &str) -> Vec<PathBuf> {
    let path = |line: &str| line.split_whitespace().find(|word| word.starts_with('/')).map(PathBuf::from);
    listed.lines().filter_map(path).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_libraries_of_a_program_are_those_that_ldd_finds_and_the_loader() {
        let listed = "\tlinux-vdso.so.1 (0x00007f17)\n\tlibm.so.6 => /lib/x86_64-linux-gnu/libm.so.6 (0x00007f18)\n\
                      \tlibgone.so => not found\n\t/lib64/ld-linux-x86-64.so.2 (0x00007f19)\n";
        let found = ["/lib/x86_64-linux-gnu/libm.so.6", "/lib64/ld-linux-x86-64.so.2"].map(PathBuf::from);
        assert_eq!(libraries(listed), found);
        assert_eq!(libraries("\tstatically linked\n"), Vec::<PathBuf>::new());
    }
}
