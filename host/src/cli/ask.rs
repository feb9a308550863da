//! Questions to the person at the terminal.
//! Above: commands that remove or accept something. Below: the terminal.
//! Invariant: without a terminal nothing is asked and nothing is taken for a yes.

use super::failure::usage;
use super::typed::{End, Typed};
use crate::model::secret::Secret;
use nix::sys::termios::{self, LocalFlags, SetArg, Termios};
use std::fs::File;
use std::io::{BufRead, ErrorKind, IsTerminal, Read, Write};
use std::os::fd::{AsFd, OwnedFd};

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
    // Not by way of the standard library's stdin: its buffer would keep a copy.
    let terminal = std::io::stdin().as_fd().try_clone_to_owned()?;
    let mut keys = File::from(terminal.try_clone()?);
    let mut to = std::io::stderr();
    let typed = {
        // First: whoever is quick with the keys must not see them either.
        let _silent = Silent::make(terminal)?;
        write!(to, "{prompt}")?;
        to.flush()?;
        type_in(&mut keys)
    };
    writeln!(to)?;
    typed
}

/// Takes keys one by one until the line ends.
fn type_in(keys: &mut impl Read) -> anyhow::Result<Secret> {
    let (mut typed, mut key) = (Typed::new(), [0]);
    loop {
        match keys.read(&mut key) {
            Ok(0) => break,
            Ok(_) => {}
            Err(error) if error.kind() == ErrorKind::Interrupted => continue,
            Err(error) => return Err(error.into()),
        }
        match typed.take(key[0]) {
            Some(End::Line) => break,
            Some(End::Interrupt) => anyhow::bail!("interrupted; nothing was set"),
            None => {}
        }
    }
    typed
        .into_secret()
        .ok_or_else(|| usage("what was typed is no text (UTF-8), or longer than 64 KiB"))
}

/// A terminal that shows nothing and hands over each key, until this is dropped.
struct Silent {
    terminal: OwnedFd,
    before: Termios,
}

impl Silent {
    fn make(terminal: OwnedFd) -> anyhow::Result<Self> {
        let before = termios::tcgetattr(&terminal)?;
        let mut silent = before.clone();
        // With its own signals off, so that an interrupt cannot leave a terminal behind that shows nothing.
        silent
            .local_flags
            .remove(LocalFlags::ECHO | LocalFlags::ICANON | LocalFlags::ISIG);
        termios::tcsetattr(&terminal, SetArg::TCSADRAIN, &silent)?;
        Ok(Self { terminal, before })
    }
}

impl Drop for Silent {
    fn drop(&mut self) {
        let _terminal_may_be_gone =
            termios::tcsetattr(&self.terminal, SetArg::TCSADRAIN, &self.before);
    }
}
