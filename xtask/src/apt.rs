//! Installs Debian packages where that is possible.
//! Used by `way` (a compiler for WASM) and `python` (virtual environments).
//! Invariant: asks nothing, and says the command before it runs.

use std::process::Command;

use anyhow::{Result, bail};

use crate::place::on_path;
use crate::step;

/// The packages whose name apt should know by now; tried again after one `apt-get update`.
pub(crate) fn install(packages: &[&str]) -> Result<()> {
    if on_path("apt-get").is_none() {
        bail!("there is no apt-get here");
    }
    let mut arguments = vec!["install", "-y", "-qq", "--no-install-recommends"];
    arguments.extend(packages);
    if apt_get(&arguments)? {
        return Ok(());
    }
    step::say("    apt-get knows them not, or not any more; updating its lists");
    if apt_get(&["update", "-qq"])? && apt_get(&arguments)? {
        return Ok(());
    }
    bail!("`apt-get install {}` failed", packages.join(" "))
}

/// Whether it worked. Its many lines are hidden unless it fails for good.
fn apt_get(arguments: &[&str]) -> Result<bool> {
    let mut command = as_root()?;
    command
        .arg("apt-get")
        .args(arguments)
        .stdout(std::process::Stdio::null());
    step::say(&format!("    $ {}", step::line_of(&command)));
    Ok(step::status(&mut command)?.success())
}

/// `env …` as the superuser, directly or by sudo without a password.
fn as_root() -> Result<Command> {
    let question = "DEBIAN_FRONTEND=noninteractive";
    if step::answer(Command::new("id").arg("-u")).as_deref() == Some("0") {
        let mut command = Command::new("env");
        command.arg(question);
        return Ok(command);
    }
    if step::answer(Command::new("sudo").args(["-n", "true"])).is_none() {
        bail!("installing packages needs root, or sudo without a password");
    }
    let mut command = Command::new("sudo");
    command.args(["-n", "env", question]);
    Ok(command)
}
