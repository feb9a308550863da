//! Where the key-encryption key comes from.
//! Above: `cli`, `app`, `ledger`. Below: nothing.
//! Invariant: only names the place; `ledger` reads it.

use std::fmt;
use std::path::{Path, PathBuf};

/// The name of the systemd credential (`LoadCredentialEncrypted=sensor-kek:…`).
pub const KEK_CREDENTIAL: &str = "sensor-kek";

/// The place of the key that every other key and secret is sealed under.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum KekSource {
    /// `key` in the state directory, beside the data: whoever copies the directory has both.
    StateDir(PathBuf),
    /// A file elsewhere.
    File(PathBuf),
    /// A credential that systemd gives to the unit: read only.
    Credential(PathBuf),
}

impl KekSource {
    /// The default of a state directory.
    #[must_use]
    pub fn of_state_dir(dir: &Path) -> Self {
        Self::StateDir(dir.join("key"))
    }

    /// A file, wherever it lies.
    #[must_use]
    pub fn at(state_dir: &Path, path: &Path) -> Self {
        let path = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
        let default = Self::of_state_dir(state_dir);
        let default_path = std::path::absolute(default.path());
        if default_path.is_ok_and(|default| default == path) {
            default
        } else {
            Self::File(path)
        }
    }

    /// The file to read.
    #[must_use]
    pub fn path(&self) -> &Path {
        match self {
            Self::StateDir(path) | Self::File(path) | Self::Credential(path) => path,
        }
    }

    /// Whether it lies beside what it seals.
    #[must_use]
    pub fn is_beside_the_data(&self) -> bool {
        matches!(self, Self::StateDir(_))
    }
}

impl fmt::Display for KekSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::StateDir(path) | Self::File(path) => write!(f, "the file {}", path.display()),
            Self::Credential(_) => write!(f, "the systemd credential {KEK_CREDENTIAL}"),
        }
    }
}

/// The file that is given (`--kek-file`, `SENSOR_KEK_FILE`), else systemd's credential, else `key` in the state directory.
#[must_use]
#[expect(
    clippy::disallowed_methods,
    reason = "the one place that looks for systemd's credentials"
)]
pub fn kek_source(state_dir: &Path, given: Option<&Path>) -> KekSource {
    let credentials = std::env::var_os("CREDENTIALS_DIRECTORY").map(PathBuf::from);
    choose(state_dir, given, credentials.as_deref())
}

fn choose(state_dir: &Path, given: Option<&Path>, credentials: Option<&Path>) -> KekSource {
    if let Some(path) = given {
        return KekSource::at(state_dir, path);
    }
    let credential = credentials.map(|dir| dir.join(KEK_CREDENTIAL));
    match credential.filter(|path| path.exists()) {
        Some(path) => KekSource::Credential(path),
        None => KekSource::of_state_dir(state_dir),
    }
}

#[cfg(test)]
mod tests {
    use super::{KekSource, choose};
    use std::path::Path;

    #[test]
    fn the_nearest_wish_wins() {
        let dir = tempfile::tempdir().unwrap();
        let state = Path::new("/state");
        let default = KekSource::StateDir("/state/key".into());
        assert_eq!(choose(state, None, None), default);
        // A unit with other credentials, but not this one.
        assert_eq!(choose(state, None, Some(dir.path())), default);
        let credential = dir.path().join("sensor-kek");
        std::fs::write(&credential, "x").unwrap();
        let found = choose(state, None, Some(dir.path()));
        assert_eq!(found, KekSource::Credential(credential));
        let given = choose(state, Some(Path::new("/etc/kek")), Some(dir.path()));
        assert_eq!(given, KekSource::File("/etc/kek".into()));
        assert_eq!(choose(state, Some(Path::new("/state/key")), None), default);
    }
}
