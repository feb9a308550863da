//! The sandbox tax: an import through the component against the same connector compiled natively, in CPU seconds.
//! Above: `main`. Below: `ground`, `outside`, `world`, `estate`.
//! Invariant: both sides share the policy layer, the backend, the conversion and the store; rounds alternate.

use crate::cpu::{self, median};
use crate::estate::{Server, Size};
use crate::ground::{Cloud, Ground, Plugin, complete, runtime};
use crate::outside;
use crate::report::{Figure, Target};
use anyhow::{Context, anyhow};
use mock_aws::World;
use sensor::backend::{AwsBackend, SdkBackend, Session};
use sensor::bindings::provider::sensor::auth::sources::Host as _;
use sensor::credential::{Environment, SecretSource, SecretSourceError, Sources, SourcesView};
use sensor::model::secret::Secret;
use sensor::model::time::{Clock, SystemClock, VirtualClock};
use sensor_tests::simulated::world::Simulated;
use std::collections::BTreeSet;
use std::process::Command;
use std::sync::Arc;
use tokio::runtime::Runtime;
use wasmtime::component::ResourceTable;

/// CPU seconds of one round: in the sandbox, outside of it.
type Round = (f64, f64);

/// Over HTTP: in a child process, whose environment names the simulated AWS as an operator's would.
pub(crate) fn over_http(size: Size, rounds: usize) -> anyhow::Result<Vec<Figure>> {
    let server = Server::start(size)?;
    let mut child = Command::new(std::env::current_exe()?);
    child
        .args([
            "--as",
            "tax",
            "--rounds",
            &rounds.to_string(),
            "--certificates",
            &size.total().to_string(),
        ])
        .args(["--accounts", &size.accounts.to_string()])
        .args(["--regions", &size.regions.to_string()])
        .envs(server.env())
        .env("AWS_EC2_METADATA_DISABLED", "true");
    let done = cpu::child(&mut child, &[0])?;
    server.stop()?;
    let seconds = |text: &str| text.parse::<f64>().ok();
    let round = |line: &str| {
        let (inside, outside) = line.split_once(' ')?;
        Some((seconds(inside)?, seconds(outside)?))
    };
    let rounds: Vec<Round> = done.printed.lines().filter_map(round).collect();
    Ok(figures(
        "sandbox tax over HTTP",
        size,
        &rounds,
        Target::AtMost(1.05),
    ))
}

/// The child of [`over_http`].
#[expect(clippy::print_stdout, reason = "its parent reads it")]
pub(crate) fn child(size: Size, rounds: usize) -> anyhow::Result<()> {
    let make = |runtime: &Runtime| {
        let backend: Arc<dyn AwsBackend> = Arc::new(SdkBackend::new());
        let clock: Arc<dyn Clock> = Arc::new(SystemClock);
        let base = session(runtime, &backend, &clock)?;
        Ok(Cloud {
            backend,
            base,
            clock,
            rates: None,
        })
    };
    for (inside, outside) in measure(size, rounds, make)? {
        println!("{inside} {outside}");
    }
    Ok(())
}

/// Without a network: every answer comes from memory, so that the tax has nothing to hide behind.
pub(crate) fn without_network(size: Size, rounds: usize) -> anyhow::Result<Vec<Figure>> {
    let start = SystemClock.now();
    let world = World::new(&size.scenario("off")?, start)?;
    let clock: Arc<dyn Clock> = Arc::new(VirtualClock::starting_at(start));
    let backend = Arc::new(Simulated::remembering(world, Arc::clone(&clock)));
    let make = |_: &Runtime| {
        Ok(Cloud {
            base: backend.base(),
            backend: Arc::clone(&backend) as Arc<dyn AwsBackend>,
            clock: Arc::clone(&clock),
            rates: None,
        })
    };
    let rounds = measure(size, rounds, make)?;
    Ok(figures(
        "sandbox tax, answers from memory",
        size,
        &rounds,
        Target::None,
    ))
}

/// One uncounted round, then as many as asked for; each of a fresh cloud and an empty inventory for either side.
fn measure(
    size: Size,
    rounds: usize,
    make: impl Fn(&Runtime) -> anyhow::Result<Cloud>,
) -> anyhow::Result<Vec<Round>> {
    let plugin = Plugin::load()?;
    let mut measured = Vec::new();
    for round in 0..=rounds {
        let mut pair = (0.0, 0.0);
        // Who goes first changes, so that neither always finds the machine as the other left it.
        let order = if round % 2 == 0 {
            [true, false]
        } else {
            [false, true]
        };
        for sandboxed in order {
            let runtime = runtime()?;
            let cloud = make(&runtime)?;
            let ground = Ground::lay(&plugin, &cloud)?;
            let before = cpu::own()?;
            let run = if sandboxed {
                let ctx = Arc::new(ground.context(&plugin, 1));
                runtime
                    .block_on(sensor::connector::run(ctx))
                    .map_err(|error| anyhow!("{error}"))?
                    .run
            } else {
                outside::import(&runtime, &ground)?
            };
            let spent = cpu::own()? - before;
            complete(&run, size.total())?;
            *(if sandboxed { &mut pair.0 } else { &mut pair.1 }) = spent;
        }
        if round > 0 {
            measured.push(pair);
        }
    }
    Ok(measured)
}

#[expect(
    clippy::cast_precision_loss,
    reason = "numbers of certificates are small"
)]
fn figures(what: &str, size: Size, rounds: &[Round], target: Target) -> Vec<Figure> {
    let inside = median(&rounds.iter().map(|round| round.0).collect::<Vec<_>>());
    let outside = median(&rounds.iter().map(|round| round.1).collect::<Vec<_>>());
    let ratios: Vec<f64> = rounds.iter().map(|round| round.0 / round.1).collect();
    let spread = ratios.iter().copied().fold(f64::INFINITY, f64::min)
        ..=ratios.iter().copied().fold(0.0, f64::max);
    let each = |seconds: f64| seconds * 1e6 / size.total() as f64;
    vec![
        Figure::new(what, inside / outside, "×", target).note(format!(
            "{}; component {:.0} µs, native {:.0} µs CPU each; medians of {} rounds ({:.3} to {:.3})",
            size.told(),
            each(inside),
            each(outside),
            rounds.len(),
            spread.start(),
            spread.end(),
        )),
    ]
}

/// No secret is stored: the environment brings what is needed.
struct NoSecrets;

impl SecretSource for NoSecrets {
    fn get(&self, _name: &str) -> Result<Option<Secret>, SecretSourceError> {
        Ok(None)
    }
}

/// The session of the environment, as the credential provider's default chain makes it.
fn session(
    runtime: &Runtime,
    backend: &Arc<dyn AwsBackend>,
    clock: &Arc<dyn Clock>,
) -> anyhow::Result<Session> {
    let sources = Arc::new(Sources {
        backend: Arc::clone(backend),
        secrets: Arc::new(NoSecrets),
        clock: Arc::clone(clock),
        environment: Environment::of_process(),
        stand_in: None,
    });
    let mut table = ResourceTable::new();
    let mut view = SourcesView {
        named: &BTreeSet::new(),
        sources: &sources,
        table: &mut table,
    };
    let handle = runtime
        .block_on(view.aws_default_chain(None))
        .map_err(|trap| anyhow!("{trap}"))?
        .map_err(|error| anyhow!("{}", error.message))?;
    table
        .delete(handle)
        .map_err(|error| anyhow!("{error}"))
        .context("the base session")
}
