//! Runs other programs and tells the reader which.
//! All commands go through here; nothing below.
//! Invariant: a program that fails is an error that names its command line.

use std::io::{BufRead, BufReader, Read};
use std::process::{Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

/// With `complain`, the only place of this tool that writes to the terminal.
#[expect(clippy::print_stdout, reason = "a command line tool speaks on stdout")]
pub(crate) fn say(line: &str) {
    println!("{line}");
}

/// Says what went wrong, last of all.
#[expect(
    clippy::print_stderr,
    reason = "a command line tool complains on stderr"
)]
pub(crate) fn complain(line: &str) {
    eprintln!("{line}");
}

/// Announces a step that is about to begin.
pub(crate) fn begin(line: &str) {
    say(&format!("==> {line}"));
}

/// The command as one would type it, without its environment.
pub(crate) fn line_of(command: &Command) -> String {
    std::iter::once(command.get_program())
        .chain(command.get_args())
        .map(|word| word.to_string_lossy())
        .collect::<Vec<_>>()
        .join(" ")
}

/// Runs it with its output shown, and returns how it ended.
pub(crate) fn status(command: &mut Command) -> Result<ExitStatus> {
    command
        .status()
        .with_context(|| format!("could not start `{}`", line_of(command)))
}

/// The same, and also what it wrote to stdout.
pub(crate) fn overheard(command: &mut Command) -> Result<(ExitStatus, String)> {
    let mut child = command
        .stdout(Stdio::piped())
        .spawn()
        .with_context(|| format!("could not start `{}`", line_of(command)))?;
    let mut said = String::new();
    for line in child
        .stdout
        .take()
        .into_iter()
        .flat_map(|out| BufReader::new(out).lines())
    {
        let line = line?;
        say(&line);
        said.push_str(&line);
        said.push('\n');
    }
    Ok((child.wait()?, said))
}

/// Runs it with its output shown; anything but success is an error.
pub(crate) fn run(command: &mut Command) -> Result<()> {
    let ended = status(command)?;
    if !ended.success() {
        bail!("`{}` failed: {ended}", line_of(command));
    }
    Ok(())
}

/// Runs it silently and returns what it wrote, or nothing if it is missing or failed.
pub(crate) fn answer(command: &mut Command) -> Option<String> {
    let output = command
        .stdin(Stdio::null())
        .stderr(Stdio::null())
        .output()
        .ok()?;
    output
        .status
        .success()
        .then(|| String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

/// Runs it silently for at most `limit`; the error is the last line that it wrote to stderr.
pub(crate) fn run_within(command: &mut Command, limit: Duration) -> Result<()> {
    let mut child = command
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .with_context(|| format!("could not start `{}`", line_of(command)))?;
    let began = Instant::now();
    let ended = loop {
        if let Some(ended) = child.try_wait()? {
            break ended;
        }
        if began.elapsed() > limit {
            child.kill()?;
            child.wait()?;
            bail!("no result within {} s", limit.as_secs());
        }
        std::thread::sleep(Duration::from_millis(50));
    };
    if ended.success() {
        return Ok(());
    }
    let mut text = String::new();
    if let Some(mut stderr) = child.stderr.take() {
        stderr.read_to_string(&mut text)?;
    }
    bail!("{}", text.trim().lines().last().unwrap_or("it failed"))
}

/// A duration as people read it.
pub(crate) fn seconds(since: Instant) -> String {
    format!("{:.1} s", since.elapsed().as_secs_f32())
}
