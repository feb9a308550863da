//! `sensor secret`: set, list, remove.
//! Above: `cli`. Below: the ledger.
//! Invariant: a secret is never an argument and never shown.

use super::ask;
use super::context::Context;
use super::failure::{Outcome, usage};
use super::render::SecretList;
use crate::model::secret::Secret;
use anyhow::Context as _;
use clap::Subcommand;
use std::io::Read;
use std::path::{Path, PathBuf};

/// More than any key or token.
const LARGEST: u64 = 64 * 1024;

#[derive(Debug, Subcommand)]
pub(super) enum Verb {
    /// Set a secret; asks for it unless told where it is
    #[command(
        before_long_help = "Examples:\n  sensor secret set aws-key\n  sensor secret set aws-key --from-file key.txt\n  pass show aws | sensor secret set aws-key --from-file -\n"
    )]
    Set {
        /// The name that connectors use
        name: String,
        /// Read it from a file (- for stdin); a line break at the end is left out
        #[arg(long, value_name = "FILE", conflicts_with = "from_env")]
        from_file: Option<PathBuf>,
        /// Read it from an environment variable
        #[arg(long, value_name = "VARIABLE")]
        from_env: Option<String>,
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
    let sensor = context.sensor()?;
    let ledger = sensor.ledger();
    match verb {
        Verb::Set {
            name,
            from_file,
            from_env,
        } => {
            let secret = match (from_file, from_env) {
                (Some(file), _) => from(&file)?,
                (None, Some(variable)) => of_environment(&variable)?,
                (None, None) => ask::secret(&format!("value of {name}: "))?,
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
        Verb::Remove { name, yes } => {
            ask::confirm(
                &format!("The secret `{name}` cannot be brought back"),
                &name,
                yes,
            )?;
            if !ledger.remove_secret(&name)? {
                return Err(usage(format!(
                    "there is no secret `{name}`: `sensor secret list` shows them"
                )));
            }
            context.out.say(&format!("removed {name}"));
        }
    }
    Ok(Outcome::All)
}

fn from(file: &Path) -> anyhow::Result<Secret> {
    let mut text = String::new();
    let source: Box<dyn Read> = if file == Path::new("-") {
        Box::new(std::io::stdin().lock())
    } else {
        Box::new(std::fs::File::open(file).with_context(|| file.display().to_string())?)
    };
    source
        .take(LARGEST)
        .read_to_string(&mut text)
        .with_context(|| file.display().to_string())?;
    let end = text.trim_end_matches(['\r', '\n']).len();
    text.truncate(end);
    Ok(Secret::new(text))
}

#[expect(clippy::disallowed_methods, reason = "the operator named the variable")]
fn of_environment(variable: &str) -> anyhow::Result<Secret> {
    std::env::var(variable)
        .map(Secret::new)
        .map_err(|_| usage(format!("the environment variable {variable} is not set")))
}
