//! The whole program against a boto3 script, in CPU seconds for each certificate; both ask the same server. A bare loop
//! over the AWS SDK beside them shows what no sensor that uses the SDK can go below.
//! Above: `main`. Below: the programs `sensor` and `fake-aws`, `tests/python/bench_boto3.py`, `floor`.
//! Invariant: the sensor lists, describes, fetches, reads tags, parses and stores; the script lists, describes and
//! fetches only.

use crate::cpu::{self, Spent, median};
use crate::estate::{Server, Size};
use crate::floor;
use crate::program::{import, linked};
use crate::report::{Figure, Target};
use anyhow::bail;
use sensor_tests::harness::python;

/// `rounds` of the sensor, one of the script: its figure hardly moves and it takes long.
pub(crate) fn measure(size: Size, rounds: usize) -> anyhow::Result<Vec<Figure>> {
    let mut sensors = Vec::new();
    let mut asked = 0;
    for _ in 0..rounds {
        let server = Server::start(size)?;
        let sensor = linked(server.env())?;
        let spent = import(&sensor, size.total())?;
        asked = server
            .stop()?
            .iter()
            .filter(|(_, name)| name.starts_with("acm."))
            .map(|(count, _)| count)
            .sum();
        sensors.push(spent.seconds);
    }
    let server = Server::start(size)?;
    let script = script(&server, size)?;
    server.stop()?;
    let mut floors = Vec::new();
    for _ in 0..rounds {
        let server = Server::start(size)?;
        floors.push(floor::measure(&server, size)?.seconds);
        server.stop()?;
    }
    let (ours, theirs) = (each(median(&sensors), size), each(script.seconds, size));
    let floor = each(median(&floors), size);
    let how = size.told();
    Ok(vec![
        Figure::new(
            "CPU of `connector import`, against boto3's",
            ours / theirs,
            "×",
            Target::AtMost(0.1),
        )
        .note(format!(
            "{how}; {asked} calls of ACM by the sensor; medians of {rounds} rounds"
        )),
        Figure::new("CPU a certificate, sensor", ours * 1e3, "ms", Target::None)
            .note("list, describe, tags, get, parse, store; start and end of the process included"),
        Figure::new("CPU a certificate, boto3", theirs * 1e3, "ms", Target::None)
            .note("list, describe, get; 16 threads"),
        Figure::new(
            "CPU a certificate, bare loop over the SDK",
            floor * 1e3,
            "ms",
            Target::None,
        )
        .note("list, describe, tags, get of every certificate; nothing parsed, nothing stored"),
    ])
}

fn script(server: &Server, size: Size) -> anyhow::Result<Spent> {
    let mut script = python::script("bench_boto3.py");
    let spent = cpu::child(script.args(size.region_names()).envs(server.env()), &[0])?;
    let fetched = spent.printed.split(' ').next().unwrap_or_default();
    if fetched != size.total().to_string() {
        bail!(
            "the script fetched {fetched} of {} certificates",
            size.total()
        );
    }
    Ok(spent)
}

#[expect(
    clippy::cast_precision_loss,
    reason = "numbers of certificates are small"
)]
fn each(seconds: f64, size: Size) -> f64 {
    seconds / size.total() as f64
}
