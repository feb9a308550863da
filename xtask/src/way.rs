//! The two kinds of compiler that can build for WASM here: the active one, or Debian's with its library source.
//! `toolchain` chooses between them; `plugins` runs the command that comes out.
//! Invariant: a way that says it is ready builds without installing anything.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use crate::place::{cargo, environment};
use crate::step;

pub(crate) const TARGET: &str = "wasm32-unknown-unknown";
/// What `apt-get` installs for the second way.
pub(crate) const DEBIAN_PACKAGES: &[&str] =
    &["rustc-web", "cargo-web", "rust-web-src", "rust-web-llvm"];

const DEBIAN_CARGO: &str = "/usr/bin/cargo";
const DEBIAN_RUSTC: &str = "/usr/bin/rustc";
const DEBIAN_LINKER: &str = "/usr/bin/rust-lld";
const DEBIAN_SOURCE: &str = "/usr/lib/rustlib/src/rust/library/std/Cargo.toml";
/// The workspace asks for 1.95; an old compiler of the distribution in the same place is of no use.
const OLDEST_MINOR: u32 = 95;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Way {
    /// The active toolchain has the target's standard library.
    Sysroot,
    /// Debian's compiler builds the standard library from source first.
    Debian,
}

impl Way {
    pub(crate) fn ready(self) -> bool {
        match self {
            Self::Sysroot => sysroot_has_target(),
            Self::Debian => {
                Path::new(DEBIAN_CARGO).is_file()
                    && Path::new(DEBIAN_SOURCE).is_file()
                    && debian_is_new()
            }
        }
    }

    /// `cargo build` for the target, to be completed with packages and directories.
    pub(crate) fn cargo_build(self) -> Result<Command> {
        let mut command = match self {
            Self::Sysroot => {
                let mut command = Command::new(cargo());
                command.arg("build");
                command
            }
            Self::Debian => debian_build()?,
        };
        command.args(["--target", TARGET]);
        Ok(command)
    }
}

fn sysroot_has_target() -> bool {
    let Some(directory) =
        step::answer(Command::new("rustc").args(["--print", "target-libdir", "--target", TARGET]))
    else {
        return false;
    };
    let Ok(entries) = std::fs::read_dir(directory) else {
        return false;
    };
    entries.flatten().any(|entry| {
        let name = entry.file_name().to_string_lossy().into_owned();
        name.starts_with("libstd-")
            && Path::new(&name)
                .extension()
                .is_some_and(|end| end == "rlib")
    })
}

fn debian_is_new() -> bool {
    step::answer(Command::new(DEBIAN_RUSTC).arg("--version"))
        .and_then(|version| minor_of(&version))
        .is_some_and(|minor| minor >= OLDEST_MINOR)
}

/// The 96 of `rustc 1.96.0 (…)`.
fn minor_of(version: &str) -> Option<u32> {
    version
        .split_whitespace()
        .nth(1)?
        .split('.')
        .nth(1)?
        .parse()
        .ok()
}

fn debian_build() -> Result<Command> {
    let linker = linker()
        .context("no rust-lld: it comes with rust-web-llvm, and with rustup's toolchains")?;
    let mut command = Command::new(DEBIAN_CARGO);
    command
        .args(["build", "-Zbuild-std=std,panic_abort"])
        .env("RUSTC", DEBIAN_RUSTC)
        .env("RUSTC_BOOTSTRAP", "1")
        .env("CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_LINKER", linker);
    // These lead to the libraries and programs of the toolchain that runs this tool.
    for name in [
        "RUSTUP_TOOLCHAIN",
        "LD_LIBRARY_PATH",
        "CARGO",
        "RUSTC_WRAPPER",
    ] {
        command.env_remove(name);
    }
    Ok(command)
}

/// rust-lld of Debian, of the active toolchain or of any other.
fn linker() -> Option<PathBuf> {
    let debian = Path::new(DEBIAN_LINKER);
    if debian.is_file() {
        return Some(debian.to_owned());
    }
    let active =
        step::answer(Command::new("rustc").args(["--print", "sysroot"])).map(PathBuf::from);
    let home = environment("RUSTUP_HOME")
        .map(PathBuf::from)
        .or_else(|| environment("HOME").map(|home| Path::new(&home).join(".rustup")));
    let others = home
        .map(|home| entries(&home.join("toolchains")))
        .unwrap_or_default();
    active
        .into_iter()
        .chain(others)
        .find_map(|root| rust_lld(&root))
}

fn rust_lld(toolchain: &Path) -> Option<PathBuf> {
    entries(&toolchain.join("lib/rustlib"))
        .into_iter()
        .map(|dir| dir.join("bin/rust-lld"))
        .find(|file| file.is_file())
}

fn entries(directory: &Path) -> Vec<PathBuf> {
    let mut found: Vec<_> = std::fs::read_dir(directory)
        .into_iter()
        .flatten()
        .flatten()
        .map(|entry| entry.path())
        .collect();
    found.sort();
    found
}

#[cfg(test)]
mod tests {
    use super::minor_of;

    #[test]
    fn reads_the_minor_version() {
        assert_eq!(
            minor_of("rustc 1.96.0 (ac68faa20 2026-05-25) (built from a source tarball)"),
            Some(96)
        );
        assert_eq!(minor_of("rustc 1.95.0-nightly"), Some(95));
        assert_eq!(minor_of("rustc"), None);
    }
}
