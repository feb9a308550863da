//! Golden files: what a test made is compared with what is kept beside it.
//! Above: the tests of the command line. Below: `golden/`.
//! Invariant: `UPDATE_GOLDEN=1` is the only way in which a test writes a golden file.

use std::path::PathBuf;

/// Compares a text with the golden file of this name.
#[expect(
    clippy::disallowed_methods,
    reason = "asked for by whoever runs the tests"
)]
pub(crate) fn golden(name: &str, found: &str) {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("tests/golden")
        .join(name);
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::write(&path, found).unwrap();
        return;
    }
    let kept = std::fs::read_to_string(&path).unwrap_or_default();
    let first = kept
        .lines()
        .zip(found.lines())
        .position(|(kept, found)| kept != found);
    let line = first.unwrap_or(kept.lines().count().min(found.lines().count())) + 1;
    assert!(
        kept == found,
        "{name} differs from line {line} on; if this is meant, run again with UPDATE_GOLDEN=1\n--- found:\n{found}"
    );
}
