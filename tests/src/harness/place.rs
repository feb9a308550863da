//! Where things lie: this crate, the workspace's target directory, what `cargo xtask` made there.
//! Above: the rest of the harness. Below: nothing.
//! Invariant: reads the environment for the whole harness; a variable that xtask sets wins over the usual place.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

/// A file of this crate: `tests/<path>`. `cargo test` says anew where that is; what was compiled in may be of the
/// checkout that this one was copied from.
pub fn file(path: &str) -> PathBuf {
    variable("CARGO_MANIFEST_DIR")
        .map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")), PathBuf::from)
        .join(path)
}

/// The workspace's own target directory, where xtask puts plugins and the virtual environment.
pub fn made(path: &str) -> PathBuf {
    file("../target").join(path)
}

/// A program of this workspace, beside the running test.
///
/// # Panics
/// If nobody built it.
pub fn program(name: &str) -> PathBuf {
    let test = std::env::current_exe().unwrap_or_default();
    let profile = test
        .ancestors()
        .find(|dir| dir.ends_with("debug") || dir.ends_with("release"));
    let program = profile
        .unwrap_or(Path::new("target/debug"))
        .join(name)
        .with_extension(std::env::consts::EXE_EXTENSION);
    assert!(
        program.is_file(),
        "{} is missing: build it with `cargo build -p {name}`, or run `cargo xtask test`",
        program.display()
    );
    program
}

/// Whether this test was built with `--release`.
pub fn is_release() -> bool {
    let test = std::env::current_exe().unwrap_or_default();
    test.ancestors().any(|dir| dir.ends_with("release"))
}

/// The bundle of a plugin.
///
/// # Panics
/// If nobody built it.
pub fn plugin(id: &str) -> PathBuf {
    let root = variable("SENSOR_PLUGINS_DIR").map_or_else(|| made("plugins"), PathBuf::from);
    let bundle = root.join(id);
    assert!(
        bundle.is_dir(),
        "{} is missing: build it with `cargo xtask plugins`",
        bundle.display()
    );
    bundle
}

/// A variable that is set and not empty.
#[expect(
    clippy::disallowed_methods,
    reason = "tests that start programs have no configuration file"
)]
pub fn variable(name: &str) -> Option<OsString> {
    std::env::var_os(name).filter(|value| !value.is_empty())
}
