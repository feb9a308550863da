//! `fake-aws --scenario FILE [--port N]`: the simulated AWS over HTTP, for the sensor, boto3 or the aws command.
//! Above: a person's shell, the benchmark. Below: `sensor_tests::face`.
//! Invariant: the keys that it prints are the scenario's own and open nothing but this process.

use anyhow::{Context, bail};
use mock_aws::Scenario;
use sensor_tests::face::Face;
use std::path::PathBuf;

const USAGE: &str =
    "fake-aws --scenario FILE [--port N]: serves the simulated AWS until Enter or Ctrl-C";

#[expect(clippy::print_stdout, reason = "a command line's face")]
fn main() -> anyhow::Result<()> {
    let (path, port) = arguments(std::env::args().skip(1))?;
    let text =
        std::fs::read_to_string(&path).with_context(|| format!("reading {}", path.display()))?;
    let scenario = Scenario::parse(&text).with_context(|| format!("in {}", path.display()))?;
    let face = Face::start_on(&scenario, port)?;
    println!(
        "# {} at {}; for a shell that asks it:",
        scenario.name,
        face.endpoint()
    );
    for (name, value) in face.env() {
        println!("export {name}='{value}'");
    }
    println!("# Enter or end of input stops it.");
    std::io::stdin().read_line(&mut String::new())?;
    for (name, count) in face.answers() {
        println!("{count:>8} {name}");
    }
    Ok(())
}

fn arguments(mut given: impl Iterator<Item = String>) -> anyhow::Result<(PathBuf, u16)> {
    let (mut scenario, mut port) = (None, 0);
    while let Some(flag) = given.next() {
        match (flag.as_str(), given.next()) {
            ("--scenario", Some(value)) => scenario = Some(value.into()),
            ("--port", Some(value)) => {
                port = value.parse().with_context(|| format!("--port {value}"))?;
            }
            _ => bail!("{USAGE}"),
        }
    }
    Ok((scenario.context(USAGE)?, port))
}
