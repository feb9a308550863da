//! The command line: arguments in, text out.
//! Above: `main`. Below: `app`.
//! Invariant: holds no rule of its own; what a command does is done by `app`, what it shows is made in `render`.

mod access_key;
mod args;
mod ask;
mod check_revocation;
mod cloud;
mod connector;
mod context;
mod delivery;
mod export;
pub mod failure;
mod filter;
mod import;
mod inventory;
mod issuer;
mod key;
mod logs;
pub mod output;
mod plugin;
mod policy;
mod profile;
mod progress;
pub mod records;
pub mod render;
mod renew;
mod request;
mod run;
mod secret;
mod serve;
mod short_lines;
pub mod style;
pub mod table;
mod target;
mod typed;
mod wait;
mod who;
mod words;

pub use args::command;

use args::Noun;
use context::Context;
use failure::Outcome;
use std::process::ExitCode;
use std::time::Duration;

/// A core file would hold whatever key was open at that moment.
fn leave_no_core() {
    // Never refused: anybody may lower a limit.
    let _lowered = nix::sys::resource::setrlimit(nix::sys::resource::Resource::RLIMIT_CORE, 0, 0);
}

/// Runs the command that the process was started with.
#[must_use]
pub fn main() -> ExitCode {
    let parsed = match args::parse(std::env::args_os()) {
        Ok(parsed) => parsed,
        Err(error) => {
            // Help and versions are no errors; a broken pipe here is nobody's business.
            let _reader_gone = error.print();
            return ExitCode::from(if error.use_stderr() { 2 } else { 0 });
        }
    };
    leave_no_core();
    #[cfg(feature = "failpoints")]
    let _set_up = fail::FailScenario::setup();
    let context = Context::new(parsed.global);
    logs::start(&context);
    let outcome = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(Into::into)
        .and_then(|runtime| {
            let outcome = runtime.block_on(dispatch(parsed.noun, &context));
            // An aborted run may leave a thread in the middle of a page; its work is repeated by the next run.
            runtime.shutdown_timeout(Duration::from_secs(2));
            outcome
        });
    match outcome {
        Ok(outcome) => outcome.into(),
        Err(error) => {
            context.out.error(&failure::message(&error));
            ExitCode::from(failure::exit_code(&error))
        }
    }
}

async fn dispatch(noun: Noun, context: &Context) -> anyhow::Result<Outcome> {
    match noun {
        Noun::Plugin(verb) => plugin::act(verb, context).await,
        Noun::Connector(verb) => connector::act(verb, context).await,
        Noun::Inventory(verb) => inventory::act(verb, context).await,
        Noun::Run(verb) => run::act(verb, context),
        Noun::Issuer(verb) => issuer::act(verb, context).await,
        Noun::Profile(verb) => profile::act(verb, context),
        Noun::Request(verb) => request::act(verb, context).await,
        Noun::Renew(args) => renew::act(args, context).await,
        Noun::Delivery(verb) => delivery::act(verb, context).await,
        Noun::Serve(args) => serve::act(args, context).await,
        Noun::Policy(args) => policy::act(args, context).await,
        Noun::Secret(verb) => secret::act(verb, context),
        Noun::Key(verb) => key::act(verb, context),
        Noun::Completions { shell } => {
            let script = args::completions(shell);
            context.out.data(|to| Ok(to.write_all(&script)?))?;
            Ok(Outcome::All)
        }
    }
}
