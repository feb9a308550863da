//! Bad input, a folder a case: `cases/bad-*/{aws.toml, connector.toml, …, expect.txt}`.
//! Above: nothing. Below: `common`; `aws.toml` is served over HTTP and its keys are in the sensor's environment.
//! Invariant: a case is data; what is said here is only how its lines are read.
//!
//! Lines of `expect.txt`, in order:
//! `env NAME=VALUE` over what the simulated AWS gives (before the first command);
//! `$ ARGUMENTS` runs the sensor in a directory with the case's files;
//! `exit CODE`, `says WORDS`, `silent WORDS` judge that command;
//! `holds NUMBER` judges how many certificates the inventory has now.

use super::common::found;
use sensor_tests::face::Face;
use sensor_tests::harness::sensor::{Done, Sensor};
use sensor_tests::harness::{place, scenario};
use std::path::Path;

#[test]
fn bad_input_gets_a_clear_error_and_loses_nothing() {
    let mut wrong = Vec::new();
    let folders = std::fs::read_dir(place::file("cases")).unwrap();
    let mut folders: Vec<_> = folders.map(|entry| entry.unwrap().path()).collect();
    folders.sort();
    let bad = |path: &&std::path::PathBuf| {
        path.file_name()
            .is_some_and(|name| name.to_string_lossy().starts_with("bad-"))
    };
    let folders: Vec<_> = folders.iter().filter(bad).collect();
    assert!(!folders.is_empty());
    for folder in folders {
        if let Err(complaint) = play(folder) {
            wrong.push(format!("=== {}\n{complaint}", folder.display()));
        }
    }
    assert!(
        wrong.is_empty(),
        "{} cases went wrong\n{}",
        wrong.len(),
        wrong.join("\n")
    );
}

fn play(folder: &Path) -> Result<(), String> {
    let script =
        std::fs::read_to_string(folder.join("expect.txt")).map_err(|error| error.to_string())?;
    let lines: Vec<_> = script
        .lines()
        .map(str::trim)
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
        .collect();
    let aws = folder.join("aws.toml");
    let face = aws
        .exists()
        .then(|| Face::start(&scenario(&aws).unwrap()).unwrap());
    let mut env = face.as_ref().map(Face::env).unwrap_or_default();
    let given = lines
        .iter()
        .filter_map(|line| line.strip_prefix("env ")?.split_once('='));
    env.extend(given.map(|(name, value)| (name.to_owned(), value.to_owned())));
    let sensor = Sensor::with_plugins(env);
    for entry in std::fs::read_dir(folder).map_err(|error| error.to_string())? {
        let entry = entry.map_err(|error| error.to_string())?;
        let text = std::fs::read_to_string(entry.path()).map_err(|error| error.to_string())?;
        sensor.write(&entry.file_name().to_string_lossy(), &text);
    }
    let mut last = None;
    for line in lines {
        step(&sensor, line, &mut last)?;
    }
    Ok(())
}

fn step(sensor: &Sensor, line: &str, last: &mut Option<Done>) -> Result<(), String> {
    let (word, rest) = line.split_once(' ').unwrap_or((line, ""));
    if word == "$" {
        let arguments: Vec<_> = rest.split_whitespace().collect();
        *last = Some(sensor.run(&arguments));
        return Ok(());
    }
    let done = last.as_ref();
    let told = || {
        done.map_or_else(String::new, |done| {
            format!("{done:#?}").replace("\\n", "\n")
        })
    };
    let said = |done: &Done| done.stdout.contains(rest) || done.stderr.contains(rest);
    let holds = match word {
        "env" => true,
        "exit" => {
            done.is_some_and(|done| done.code.map(|code| code.to_string()).as_deref() == Some(rest))
        }
        "says" => done.is_some_and(said),
        "silent" => done.is_some_and(|done| !said(done)),
        "holds" => {
            let number = found(&sensor.assets()?).len();
            if number.to_string() != rest {
                return Err(format!("{line}: it has {number}"));
            }
            true
        }
        _ => return Err(format!("expect.txt has an unknown line: {line}")),
    };
    if holds {
        Ok(())
    } else {
        Err(format!("not so: {line}\n{}", told()))
    }
}
