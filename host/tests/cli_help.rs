//! What every command says about itself.
//! Above: nothing. Below: the command line's grammar.
//! Invariant: a change of any help text shows in one golden file.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod common;

use common::golden;
use std::fmt::Write;

fn tell(command: &mut clap::Command, path: &str, text: &mut String) {
    writeln!(text, "$ {path} --help\n{}", command.render_long_help()).unwrap();
    for inner in command.get_subcommands_mut() {
        let path = format!("{path} {}", inner.get_name());
        tell(inner, &path, text);
    }
}

#[test]
fn every_command_explains_itself() {
    let mut command = sensor::cli::command().term_width(100);
    command.build();
    let mut text = String::new();
    tell(&mut command, "sensor", &mut text);
    let lines: Vec<&str> = text.lines().map(str::trim_end).collect();
    golden("help.txt", &(lines.join("\n") + "\n"));
}

#[test]
fn every_verb_begins_with_examples() {
    fn look(command: &clap::Command, path: &str) {
        if command.get_subcommands().next().is_none() {
            let help = command
                .get_before_long_help()
                .map(ToString::to_string)
                .unwrap_or_default();
            assert!(help.starts_with("Examples:\n  "), "{path} has no examples");
        }
        command
            .get_subcommands()
            .for_each(|inner| look(inner, &format!("{path} {}", inner.get_name())));
    }
    look(&sensor::cli::command(), "sensor");
}
