//! `sensor secret`: set, list, remove.
//! Above: `cli`. Below: the ledger.
//! Invariant: a secret is never an argument and never shown.

use super::context::Context;
use super::failure::{Outcome, usage};
use super::render::SecretList;
use super::{access_key, ask};
use crate::ledger::{Ledger, RESERVED_SECRETS};
use crate::model::secret::Secret;
use anyhow::Context as _;
use clap::Subcommand;
use std::fs::File;
use std::io::{ErrorKind, Read};
use std::os::fd::AsFd;
use std::path::{Path, PathBuf};
use zeroize::Zeroizing;

/// More than any key or token.
const LARGEST: usize = 64 * 1024;

#[derive(Debug, Subcommand)]
pub(super) enum Verb {
    /// Set a secret; asks for it unless told where it is
    #[command(
        before_long_help = "Examples:\n  sensor secret set aws-key --access-key\n  aws iam create-access-key --user-name sensor | sensor secret set aws-key --access-key --from-file -\n  sensor secret set aws-key --access-key --from-env\n  sensor secret set other --from-file token.txt\n"
    )]
    Set {
        /// The name that connectors use
        name: String,
        /// Read it from a file (- for stdin); a line break at the end is left out
        #[arg(long, value_name = "FILE", conflicts_with = "from_env")]
        from_file: Option<PathBuf>,
        /// Read it from an environment variable; an access key from `AWS_ACCESS_KEY_ID` and its companions
        #[arg(long, value_name = "VARIABLE", num_args = 0..=1, default_missing_value = "")]
        from_env: Option<String>,
        /// It is an AWS access key: an ID and a secret, as a connector's method `access-key` needs it
        #[arg(long)]
        access_key: bool,
    },
    /// List the names
    #[command(
        visible_alias = "ls",
        before_long_help = "Examples:\n  sensor secret list\n"
    )]
    List,
    /// Remove a secret; its bytes are overwritten
    #[command(
        visible_alias = "rm",
        before_long_help = "Examples:\n  sensor secret remove aws-key --yes\n"
    )]
    Remove {
        /// The secret's name
        name: String,
        /// Do not ask
        #[arg(long, short)]
        yes: bool,
    },
}

pub(super) fn act(verb: Verb, context: &Context) -> anyhow::Result<Outcome> {
    let sensor = context.beside()?;
    let ledger = sensor.ledger();
    match verb {
        Verb::Set {
            name,
            from_file,
            from_env,
            access_key,
        } => {
            if name.starts_with(RESERVED_SECRETS) {
                return Err(usage(format!(
                    "names that begin with `{RESERVED_SECRETS}` are the issuers' own: choose another"
                )));
            }
            let variable = from_env.as_deref();
            let secret = match (access_key, from_file, variable) {
                (true, Some(file), _) => access_key::parse(&from(&file)?)?,
                (true, None, Some("")) => access_key::of_environment()?,
                (true, None, Some(_)) => {
                    return Err(usage(
                        "an access key has two parts: --from-env without a name reads both",
                    ));
                }
                (true, None, None) => access_key::ask()?,
                (false, Some(file), _) => from(&file)?,
                (false, None, Some("")) => return Err(usage("name the environment variable")),
                (false, None, Some(variable)) => of_environment(variable)?,
                (false, None, None) => ask::secret(&format!("value of {name}: "))?,
            };
            if secret.expose().is_empty() {
                return Err(usage("the secret is empty; nothing was set"));
            }
            ledger.put_secret(&name, &secret, sensor.clock().now())?;
            context.out.say(&format!("set {name}"));
            context.out.hint(&format!(
                "name it in a connector's file: parameters = {{ secret = \"{name}\" }}"
            ));
        }
        Verb::List => {
            let secrets = ledger.secrets()?;
            context.out.show(&SecretList { secrets: &secrets })?;
        }
        Verb::Remove { name, yes } => remove(&name, yes, ledger, context)?,
    }
    Ok(Outcome::All)
}

fn remove(name: &str, yes: bool, ledger: &Ledger, context: &Context) -> anyhow::Result<()> {
    if name.starts_with(RESERVED_SECRETS) {
        return Err(usage(format!(
            "`{name}` goes with its issuer: `sensor issuer remove` removes both"
        )));
    }
    let (connectors, issuers) = (ledger.connectors()?, ledger.issuers()?);
    let connectors = connectors
        .iter()
        .filter(|stored| stored.config.names_secret(name))
        .map(|stored| stored.config.name.as_str());
    let issuers = issuers
        .iter()
        .filter(|stored| stored.config.names_secret(name))
        .map(|stored| stored.config.name.as_str());
    let users: Vec<_> = connectors.chain(issuers).collect();
    if !users.is_empty() {
        return Err(usage(format!(
            "the secret `{name}` is in use by {}: remove that, or apply it with another credential, first",
            users.join(", ")
        )));
    }
    // Nobody is asked about what is not there.
    if !ledger.secrets()?.iter().any(|(known, _)| known == name) {
        return Err(usage(format!(
            "there is no secret `{name}`: `sensor secret list` shows them"
        )));
    }
    ask::confirm(
        &format!("The secret `{name}` cannot be brought back"),
        name,
        yes,
    )?;
    ledger.remove_secret(name)?;
    context.out.say(&format!("removed {name}"));
    Ok(())
}

fn from(file: &Path) -> anyhow::Result<Secret> {
    let (mut source, shown) = if file == Path::new("-") {
        // Not by way of the standard library's stdin: its buffer would keep a copy.
        let stdin = std::io::stdin().as_fd().try_clone_to_owned()?;
        (File::from(stdin), "stdin".to_owned())
    } else {
        let shown = file.display().to_string();
        (File::open(file).with_context(|| shown.clone())?, shown)
    };
    read(&mut source, &shown)
}

/// Reads all, into one place that never moves: memory given back on growing would not be wiped.
fn read(source: &mut impl Read, shown: &str) -> anyhow::Result<Secret> {
    let mut bytes = Zeroizing::new(vec![0; LARGEST + 1]);
    let mut length = 0;
    while let Some(room) = bytes.get_mut(length..).filter(|room| !room.is_empty()) {
        match source.read(room) {
            Ok(0) => break,
            Ok(more) => length += more,
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(error).with_context(|| shown.to_owned()),
        }
    }
    if length > LARGEST {
        return Err(usage(format!(
            "{shown} is longer than 64 KiB, which no key and no token is; nothing was set"
        )));
    }
    bytes.truncate(length);
    while bytes.ends_with(b"\n") || bytes.ends_with(b"\r") {
        bytes.pop();
    }
    Secret::from_utf8(std::mem::take(&mut *bytes))
        .ok_or_else(|| usage(format!("{shown} is no text (UTF-8); nothing was set")))
}

#[expect(clippy::disallowed_methods, reason = "the operator named the variable")]
fn of_environment(variable: &str) -> anyhow::Result<Secret> {
    std::env::var(variable)
        .map(Secret::new)
        .map_err(|_| usage(format!("the environment variable {variable} is not set")))
}

#[cfg(test)]
mod tests {
    use super::{LARGEST, read};

    #[test]
    fn a_secret_is_read_whole_or_not_at_all() {
        let told = |bytes: &[u8]| {
            read(&mut &*bytes, "here")
                .map(|secret| secret.expose().to_owned())
                .map_err(|error| error.to_string())
        };
        assert_eq!(told(b"one\ntwo\r\n\n"), Ok("one\ntwo".to_owned()));
        assert_eq!(
            told(&vec![b'x'; LARGEST]).map(|text| text.len()),
            Ok(LARGEST)
        );
        let long = told(&vec![b'x'; LARGEST + 1]).unwrap_err();
        assert!(long.contains("longer than 64 KiB"), "{long}");
        let odd = told(b"\xff\xfe").unwrap_err();
        assert!(odd.contains("no text"), "{odd}");
    }
}
