//! Where the key-encryption key comes from.
//! Above: `cli`, `app`, `ledger`. Below: nothing.
//! Invariant: only names the place; `ledger` reads it.

use std::fmt;
use std::path::{Path, PathBuf};

/// The name of the systemd credential (`LoadCredentialEncrypted=sensor-kek:…`).
pub const KEK_CREDENTIAL: &str = "sensor-kek";

/// Where the key lies that AWS KMS has sealed.
pub const KMS_FILE: &str = "key.kms";

/// The place of the key that every other key and secret is sealed under.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum KekSource {
    /// `key` in the state directory, beside the data: whoever copies the directory has both.
    StateDir(PathBuf),
    /// A file elsewhere.
    File(PathBuf),
    /// A credential that systemd gives to the unit: read only.
    Credential(PathBuf),
    /// Sealed by AWS KMS, in a file of the state directory that opens only with KMS's help.
    Kms {
        path: PathBuf,
        /// The KMS key: its ARN, its id or an alias.
        key: String,
    },
}

impl KekSource {
    /// The default of a state directory.
    #[must_use]
    pub fn of_state_dir(dir: &Path) -> Self {
        Self::StateDir(dir.join("key"))
    }

    /// The key that a KMS key seals in a state directory.
    #[must_use]
    pub fn by_kms(dir: &Path, key: &str) -> Self {
        Self::Kms {
            path: dir.join(KMS_FILE),
            key: key.to_owned(),
        }
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
            Self::StateDir(path)
            | Self::File(path)
            | Self::Credential(path)
            | Self::Kms { path, .. } => path,
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
            Self::Kms { path, key } => write!(f, "AWS KMS key {key}, by {}", path.display()),
        }
    }
}

/// The KMS key or the file that is given (`--kek-kms`, `SENSOR_KEK_KMS`, `--kek-file`, `SENSOR_KEK_FILE`), else systemd's credential, else `key` in the state directory.
#[must_use]
#[expect(
    clippy::disallowed_methods,
    reason = "the one place that looks for systemd's credentials"
)]
pub fn kek_source(state_dir: &Path, given: Option<&Path>, kms: Option<&str>) -> KekSource {
    if let Some(key) = kms {
        return KekSource::by_kms(state_dir, key);
    }
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
