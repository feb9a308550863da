//! `sensor secret`: set, list, remove.
//! Above: `cli`. Below: the ledger.
//! Invariant: a secret is never an argument and never shown.

use super::context::Context;
use super::failure::{Outcome, usage};
use super::render::SecretList;
use super::{access_key, ask};
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
    let sensor = context.sensor()?;
    let ledger = sensor.ledger();
    match verb {
        Verb::Set {
            name,
            from_file,
            from_env,
            access_key,
        } => {
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
