//! Questions to the person at the terminal.
//! Above: commands that remove or accept something. Below: the terminal.
//! Invariant: without a terminal nothing is asked and nothing is taken for a yes.

use super::failure::usage;
use crate::model::secret::Secret;
use std::io::{BufRead, IsTerminal, Write};

fn can_ask() -> bool {
    std::io::stdin().is_terminal() && std::io::stderr().is_terminal()
}

/// Passes when `yes` is given or the name is typed.
pub(super) fn confirm(what: &str, name: &str, yes: bool) -> anyhow::Result<()> {
    if yes {
        return Ok(());
    }
    if !can_ask() {
        return Err(usage(format!(
            "{what}: say --yes to do it without being asked"
        )));
    }
    let answer = ask(&format!("{what}. Type `{name}` to go on: "))?;
    if answer == name {
        Ok(())
    } else {
        Err(usage("not confirmed, nothing was done"))
    }
}

/// Whether the answer is yes; no without a terminal.
pub(super) fn agree(question: &str) -> anyhow::Result<bool> {
    Ok(can_ask()
        && matches!(
            ask(&format!("{question} [y/N] "))?.as_str(),
            "y" | "Y" | "yes"
        ))
}

fn ask(question: &str) -> anyhow::Result<String> {
    let mut to = std::io::stderr();
    write!(to, "{question}")?;
    to.flush()?;
    let mut answer = String::new();
    std::io::stdin().lock().read_line(&mut answer)?;
    Ok(answer.trim().to_owned())
}

/// A text that may be seen.
pub(super) fn text(prompt: &str) -> anyhow::Result<String> {
    if !can_ask() {
        return Err(usage(
            "no terminal to type at: give it with --from-file FILE, --from-file - or --from-env",
        ));
    }
    ask(prompt)
}

/// A secret, typed without being shown.
pub(super) fn secret(prompt: &str) -> anyhow::Result<Secret> {
    if !can_ask() {
        return Err(usage(
            "no terminal to type the secret at: give it with --from-file FILE, --from-file - or --from-env NAME",
        ));
    }
    Ok(Secret::new(rpassword::prompt_password(prompt)?))
}
