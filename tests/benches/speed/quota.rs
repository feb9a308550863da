//! How long an import takes under AWS's own rates, against the shortest that those rates allow.
//! Above: `main`. Below: `clock`, `ground`, `world`.
//! Invariant: the time is the simulated one, in which computing takes none.

use crate::estate::Size;
use crate::ground::{Cloud, Ground, Plugin, complete, runtime};
use crate::report::{Figure, Target};
use anyhow::anyhow;
use mock_aws::World;
use sensor::backend::AwsBackend;
use sensor::capability::aws::RateTable;
use sensor::config::ConnectorConfig;
use sensor::model::time::{Clock, Millis, SystemClock};
use sensor_tests::simulated::clock::EventClock;
use sensor_tests::simulated::world::{Simulated, Tally};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

/// Few full splits near by and far away, then many small ones: as the sensor comes, and all of them at once.
pub(crate) fn measure(certificates: u64, near: u64, far: u64) -> anyhow::Result<Vec<Figure>> {
    let (full, small) = (
        Size::of(4, 2, certificates),
        Size::of(20, 8, certificates * 4),
    );
    let usual = usual_concurrency()?;
    let all = usize::try_from(small.splits())?;
    let mut figures = vec![
        one(full, near, usual, "full splits")?,
        one(full, far, usual, "full splits, far away")?,
        one(small, near, usual, "many small splits")?,
    ];
    if all > usual {
        figures.push(one(small, near, all, "many small splits, all at once")?);
    }
    Ok(figures)
}

/// What a connector's file means that says nothing of it.
fn usual_concurrency() -> anyhow::Result<usize> {
    let text = "name = \"bench\"\nplugin = \"aws-unified\"\n\
                [credential]\nprovider = \"aws-credentials\"\nmethod = \"default-chain\"\n";
    let parsed: Vec<ConnectorConfig> =
        sensor::config::parse(text, Path::new("/")).map_err(|problems| anyhow!("{problems:?}"))?;
    let first = parsed.first().ok_or_else(|| anyhow!("no connector"))?;
    Ok(first.limits.concurrency as usize)
}

fn one(size: Size, latency: u64, concurrency: usize, what: &str) -> anyhow::Result<Figure> {
    let plugin = Plugin::load()?;
    let start = SystemClock.now();
    let clock = Arc::new(EventClock::starting_at(start));
    let shared: Arc<dyn Clock> = clock.clone();
    let world = World::new(&size.scenario("real")?, start)?;
    let backend = Arc::new(Simulated::new(
        world,
        Arc::clone(&shared),
        Duration::from_millis(latency),
    ));
    let cloud = Cloud {
        base: backend.base(),
        backend: Arc::clone(&backend) as Arc<dyn AwsBackend>,
        clock: shared,
        rates: Some(RateTable::default()),
    };
    let ground = Ground::lay(&plugin, &cloud)?;
    let ctx = Arc::new(ground.context(&plugin, concurrency));
    let report = runtime()?
        .block_on(clock.play(sensor::connector::run(ctx)))
        .map_err(|error| anyhow!("{error}"))?;
    complete(&report.run, size.total())?;
    let took = seconds(clock.now() - start);
    let (best, where_) = best(&backend.tally());
    let what = format!("time that AWS's rates allow at best: {what}");
    Ok(
        Figure::new(&what, took / best, "×", Target::AtMost(1.05)).note(format!(
            "{}; {concurrency} splits at once, {latency} ms a call: {took:.1} s, best {best:.1} s ({where_}); \
             {} calls were throttled",
            size.told(),
            backend.throttled(),
        )),
    )
}

/// The slowest lane alone: so many calls, less what may be sent at once, at AWS's rate.
#[expect(clippy::cast_precision_loss, reason = "numbers of calls are small")]
fn best(tally: &Tally) -> (f64, String) {
    let lanes = tally.iter().map(|((account, region, op), count)| {
        let burst = op.rate().max(1.0);
        let seconds = (*count as f64 - burst).max(0.0) / op.rate();
        (seconds, format!("{count} {op} in {account} {region}"))
    });
    lanes
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .unwrap_or((f64::NAN, String::new()))
}

#[expect(clippy::cast_precision_loss, reason = "runs are short")]
fn seconds(ms: Millis) -> f64 {
    ms as f64 / 1000.0
}
