//! The grammar of the command line: nouns, verbs, global options, and how help looks.
//! Above: `cli`. Below: each noun's own arguments.
//! Invariant: help tells what a command is for, then examples, then the rest.

use super::output::Format;
use super::{
    connector, delivery, inventory, issuer, key, plugin, policy, profile, renew, request, run,
    secret, serve,
};
use clap::{ArgAction, Args, CommandFactory, FromArgMatches, Parser, Subcommand};
use std::ffi::OsString;
use std::path::PathBuf;

const TEMPLATE: &str =
    "{about-with-newline}\n{before-help}{usage-heading} {usage}\n\n{all-args}{after-help}";

const EXIT_CODES: &str = "Exit codes:
  0  all of it
  1  failed
  2  the command line or a configuration is wrong
  3  part of it: some accounts or regions could not be covered";

const EXAMPLES: &str = "Examples:
  sensor plugin install target/plugins/aws-unified
  sensor connector apply -f connector.toml
  sensor connector check aws-prod
  sensor connector import aws-prod
  sensor inventory list --expires-within 30d
";

/// Finds and watches the TLS certificates of cloud accounts, through plugins in a sandbox.
#[derive(Debug, Parser)]
#[command(name = "sensor", version, before_long_help = EXAMPLES, after_long_help = EXIT_CODES, max_term_width = 100)]
#[command(
    subcommand_required = true,
    arg_required_else_help = true,
    disable_help_subcommand = true
)]
pub(super) struct Parsed {
    #[command(flatten)]
    pub global: Global,
    #[command(subcommand)]
    pub noun: Noun,
}

/// What every command takes.
#[derive(Debug, Args)]
#[command(next_help_heading = "Global options")]
pub(super) struct Global {
    /// Where the sensor keeps its state [default: $XDG_STATE_HOME/sensor or ~/.local/state/sensor]
    #[arg(
        long,
        global = true,
        value_name = "DIR",
        env = "SENSOR_STATE_DIR",
        hide_env_values = true
    )]
    pub state_dir: Option<PathBuf>,
    /// The file with the key that secrets and private keys are sealed under [default: systemd's credential sensor-kek,
    /// else `key` in the state directory]
    #[arg(
        long,
        global = true,
        value_name = "FILE",
        env = "SENSOR_KEK_FILE",
        hide_env_values = true
    )]
    pub kek_file: Option<PathBuf>,
    /// An AWS KMS key (ARN, id or alias) that seals that key instead: for a new state directory; `sensor key rotate
    /// --to-kms` moves an old one, and the sensor finds it by itself from then on
    #[arg(
        long,
        global = true,
        value_name = "KEY",
        env = "SENSOR_KEK_KMS",
        hide_env_values = true,
        conflicts_with = "kek_file"
    )]
    pub kek_kms: Option<String>,
    /// The form of the data on stdout
    #[arg(
        long,
        short,
        global = true,
        value_enum,
        value_name = "FORM",
        env = "SENSOR_OUTPUT",
        hide_env_values = true,
        default_value = "table"
    )]
    pub output: Format,
    /// Say nothing on stderr but warnings and errors
    #[arg(long, short, global = true)]
    pub quiet: bool,
    /// What to log on stderr: error, warn, info, debug, trace, or directives like "sensor=debug"
    #[arg(
        long,
        global = true,
        value_name = "LEVEL",
        env = "SENSOR_LOG",
        hide_env_values = true
    )]
    pub log_level: Option<String>,
    /// Log more: -v info, -vv debug, -vvv trace
    #[arg(short, long, global = true, action = ArgAction::Count, conflicts_with = "quiet")]
    pub verbose: u8,
}

#[derive(Debug, Subcommand)]
pub(super) enum Noun {
    /// Plugins: the code that knows a cloud, in a sandbox
    #[command(subcommand)]
    Plugin(plugin::Verb),
    /// Connectors: configured plugins, each linked to an account or an organization
    #[command(subcommand)]
    Connector(connector::Verb),
    /// The inventory: every certificate found, at every place
    #[command(subcommand)]
    Inventory(inventory::Verb),
    /// Runs: what past imports covered
    #[command(subcommand)]
    Run(run::Verb),
    /// Issuers: certificate authorities that the sensor may ask
    #[command(subcommand)]
    Issuer(issuer::Verb),
    /// Profiles: how certificates of one kind are issued, and where they may go
    #[command(subcommand)]
    Profile(profile::Verb),
    /// Requests: certificates that are issued, delivered and renewed
    #[command(subcommand)]
    Request(request::Verb),
    /// Renew now what would be renewed later
    #[command(before_long_help = renew::EXAMPLES)]
    Renew(renew::RenewArgs),
    /// Deliveries: certificates on their way to their places
    #[command(subcommand)]
    Delivery(delivery::Verb),
    /// Do everything that is due, until told to stop
    #[command(before_long_help = serve::EXAMPLES)]
    Serve(serve::ServeArgs),
    /// The least-privilege policies that a connector needs
    Policy(policy::PolicyArgs),
    /// Secrets that connectors and issuers use, sealed in the state directory
    #[command(subcommand)]
    Secret(secret::Verb),
    /// The key that secrets and private keys are sealed under
    #[command(subcommand)]
    Key(key::Verb),
    /// A completion script for a shell
    #[command(
        before_long_help = "Examples:\n  sensor completions bash > ~/.local/share/bash-completion/completions/sensor\n"
    )]
    Completions {
        /// The shell
        shell: clap_complete::Shell,
    },
}

/// The whole grammar, as help shows it.
#[must_use]
pub fn command() -> clap::Command {
    dressed(Parsed::command())
}

fn dressed(command: clap::Command) -> clap::Command {
    command.help_template(TEMPLATE).mut_subcommands(dressed)
}

/// Reads the arguments; the first is the program's name.
pub(super) fn parse(words: impl IntoIterator<Item = OsString>) -> Result<Parsed, clap::Error> {
    let matches = command().try_get_matches_from(words)?;
    Parsed::from_arg_matches(&matches)
}

pub(super) fn completions(shell: clap_complete::Shell) -> Vec<u8> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut command(), "sensor", &mut script);
    script
}
