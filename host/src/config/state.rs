//! Where the sensor keeps its state.
//! Above: `cli`, `app`. Below: nothing.
//! Invariant: only names the directory; `ledger` makes it.

use std::path::{Path, PathBuf};

/// No place for the state could be found.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "no state directory: neither HOME nor XDG_STATE_HOME is set; give one with --state-dir DIR or SENSOR_STATE_DIR"
)]
pub struct StateDirError;

/// The state directory: what is given, `SENSOR_STATE_DIR`, systemd's `STATE_DIRECTORY`,
/// `$XDG_STATE_HOME/sensor`, `~/.local/state/sensor`; the first that is there.
///
/// # Errors
/// When none of them is set.
#[expect(
    clippy::disallowed_methods,
    reason = "the one place that looks for the state directory"
)]
pub fn state_dir(given: Option<&Path>) -> Result<PathBuf, StateDirError> {
    choose(given, |name| {
        std::env::var_os(name)
            .filter(|value| !value.is_empty())
            .map(PathBuf::from)
    })
}

fn choose(
    given: Option<&Path>,
    variable: impl Fn(&str) -> Option<PathBuf>,
) -> Result<PathBuf, StateDirError> {
    let systemd = || {
        let several = variable("STATE_DIRECTORY")?;
        // systemd joins several by colons; the first is the unit's own.
        Some(several.to_str()?.split(':').next()?.into()).filter(|dir: &PathBuf| dir.is_absolute())
    };
    let xdg = || {
        variable("XDG_STATE_HOME")
            .filter(|dir| dir.is_absolute())
            .map(|dir| dir.join("sensor"))
    };
    let home = || {
        variable("HOME")
            .filter(|dir| dir.is_absolute())
            .map(|dir| dir.join(".local/state/sensor"))
    };
    let given = given.map(Path::to_owned);
    given
        .or_else(|| variable("SENSOR_STATE_DIR"))
        .or_else(systemd)
        .or_else(xdg)
        .or_else(home)
        .ok_or(StateDirError)
}

#[cfg(test)]
mod tests {
    use super::choose;
    use std::path::{Path, PathBuf};

    #[test]
    fn the_nearest_wish_wins() {
        let all = [
            ("SENSOR_STATE_DIR", "/a"),
            ("STATE_DIRECTORY", "/b:/c"),
            ("XDG_STATE_HOME", "/d"),
            ("HOME", "/e"),
        ];
        let expected = ["/a", "/b", "/d/sensor", "/e/.local/state/sensor"];
        for (from, dir) in expected.iter().enumerate() {
            let look = |name: &str| {
                all[from..]
                    .iter()
                    .find(|(key, _)| *key == name)
                    .map(|(_, value)| PathBuf::from(value))
            };
            assert_eq!(choose(None, look), Ok(PathBuf::from(dir)));
            assert_eq!(
                choose(Some(Path::new("/given")), look),
                Ok(PathBuf::from("/given"))
            );
        }
    }

    #[test]
    fn a_relative_xdg_directory_is_ignored_and_nothing_at_all_is_an_error() {
        let look = |name: &str| (name == "XDG_STATE_HOME").then(|| PathBuf::from("relative"));
        assert!(choose(None, look).is_err());
    }
}
