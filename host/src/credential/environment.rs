//! What the process's environment says about AWS's shared files.
//! Above: `Sources`. Below: nothing.
//! Invariant: read once; names and paths only, never a credential.

use std::path::{Path, PathBuf};

/// Where the shared files are and who looks for them.
#[derive(Debug, Clone)]
pub struct Environment {
    home: Option<PathBuf>,
    config_file: Option<PathBuf>,
    credentials_file: Option<PathBuf>,
    user: String,
}

impl Environment {
    /// The environment of this process.
    #[must_use]
    #[expect(clippy::disallowed_methods, reason = "here the environment is read")]
    pub fn of_process() -> Self {
        let path = |name| {
            std::env::var_os(name)
                .filter(|value| !value.is_empty())
                .map(PathBuf::from)
        };
        Self {
            home: path("HOME").or_else(|| path("USERPROFILE")),
            config_file: path("AWS_CONFIG_FILE"),
            credentials_file: path("AWS_SHARED_CREDENTIALS_FILE"),
            user: user(),
        }
    }

    /// Another place for the two files.
    #[must_use]
    pub fn at(home: PathBuf, user: &str) -> Self {
        Self {
            home: Some(home),
            config_file: None,
            credentials_file: None,
            user: user.to_owned(),
        }
    }

    /// `~/.aws/config`, or what `AWS_CONFIG_FILE` says.
    #[must_use]
    pub fn config_file(&self) -> PathBuf {
        self.resolve(self.config_file.as_deref(), "config")
    }

    /// `~/.aws/credentials`, or what `AWS_SHARED_CREDENTIALS_FILE` says.
    #[must_use]
    pub fn credentials_file(&self) -> PathBuf {
        self.resolve(self.credentials_file.as_deref(), "credentials")
    }

    /// The operating system's user.
    #[must_use]
    pub fn user(&self) -> &str {
        &self.user
    }

    fn resolve(&self, own: Option<&Path>, name: &str) -> PathBuf {
        let home = |rest: &Path| match &self.home {
            Some(home) => home.join(rest),
            None => Path::new("~").join(rest),
        };
        match own {
            Some(own) => own.strip_prefix("~").map_or_else(|_| own.to_owned(), home),
            None => home(&Path::new(".aws").join(name)),
        }
    }
}

/// The name of the user that the process runs as; its number where it has no name.
#[expect(clippy::disallowed_methods, reason = "here the environment is read")]
fn user() -> String {
    #[cfg(unix)]
    if let Ok(process) = std::fs::metadata("/proc/self") {
        let id = std::os::unix::fs::MetadataExt::uid(&process).to_string();
        let users = std::fs::read_to_string("/etc/passwd").unwrap_or_default();
        let named = users
            .lines()
            .find(|line| line.split(':').nth(2) == Some(&id));
        return named
            .and_then(|line| line.split(':').next())
            .map_or(id, str::to_owned);
    }
    let named = ["USER", "LOGNAME", "USERNAME"]
        .iter()
        .find_map(|name| std::env::var(name).ok());
    named.unwrap_or_else(|| "unknown".to_owned())
}

#[cfg(test)]
mod tests {
    use super::Environment;
    use std::path::{Path, PathBuf};

    #[test]
    fn the_files_are_where_the_sdk_looks_for_them() {
        let home = PathBuf::from("/home/sensor");
        let mut environment = Environment::at(home, "sensor");
        assert_eq!(
            environment.config_file(),
            Path::new("/home/sensor/.aws/config")
        );
        assert_eq!(
            environment.credentials_file(),
            Path::new("/home/sensor/.aws/credentials")
        );
        environment.config_file = Some("~/other".into());
        environment.credentials_file = Some("/etc/sensor/aws".into());
        assert_eq!(environment.config_file(), Path::new("/home/sensor/other"));
        assert_eq!(environment.credentials_file(), Path::new("/etc/sensor/aws"));
    }
}
