//! Whole runs: the engine, the connector in its sandbox, a simulated AWS, a real inventory.

use crate::whole::{World, engine, package, world};
use sensor::connector::{Ground, ImportFilter, ProgressSender, RunContext, RunReport, run};
use sensor::model::run::RunStatus;
use sensor::model::split::Coverage;
use sensor::model::time::{Clock, Millis};
use sensor::plugin::ConnectorPlugin;
use sensor::store::{ImportLabels, Inventory, RunStart};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// The sensor's own clock; it breaks when somebody waits by it.
#[derive(Debug)]
struct Brittle;

#[async_trait::async_trait]
impl Clock for Brittle {
    fn now(&self) -> Millis {
        1_793_491_200_000
    }
    async fn sleep(&self, _: Duration) {
        panic!("the clock is broken");
    }
}

async fn import(world: &World, dir: &Path, settings: &str) -> (RunReport, Inventory) {
    let plugin = ConnectorPlugin::load(&engine(), &package("aws-unified")).expect("it loads");
    let clock: Arc<dyn Clock> = Arc::new(Brittle);
    let inventory = Inventory::open(dir, Arc::clone(&clock))
        .expect("an inventory")
        .inventory;
    let name = "test".parse().expect("a name");
    let begun = inventory.begin_run(&RunStart {
        connector: &name,
        plugin: "aws-unified".into(),
        mock: true,
    });
    let ctx = RunContext {
        connector: name,
        run: begun.expect("a run").id,
        ground: Ground::of(&[]),
        settings: settings.into(),
        limits: plugin.manifest().limits,
        concurrency: 2,
        aws: world.capability(plugin.manifest()),
        plugin: Arc::new(plugin),
        inventory: inventory.clone(),
        clock,
        filter: ImportFilter::default(),
        labels: Arc::new(ImportLabels::default()),
        accept_vanished: false,
        progress: ProgressSender::default(),
        stop: CancellationToken::new(),
    };
    (run(Arc::new(ctx)).await.expect("a report"), inventory)
}

const ACCOUNT: &str = r#"{"scope":"account"}"#;

#[tokio::test]
async fn a_panic_in_one_split_is_recorded_as_its_outcome_and_nobody_elses() {
    // The split in us-east-1 fails for a while, and the engine waits before it tries again.
    let world = world(
        r#"
name = "brittle"
clock = "virtual"
rates = "off"
start = 2026-11-01T00:00:00Z
regions = ["us-east-1", "eu-central-1"]
[[account]]
name = "one"
certificates = 3
mix = { statuses = { ISSUED = 1 }, expiry = { later = 1 } }
[[fault]]
kind = "error"
code = "InternalFailure"
region = "us-east-1"
operation = "SearchCertificates"
[[fault]]
kind = "error"
code = "InternalFailure"
region = "us-east-1"
operation = "ListCertificates"
"#,
    )
    .await;
    let dir = tempfile::tempdir().expect("a directory");
    let (report, inventory) = import(&world, dir.path(), ACCOUNT).await;
    assert_eq!(report.run.status, RunStatus::Partial);
    assert_eq!(report.run.counts.splits, 2, "both are counted");
    let mut kept = inventory.split_runs(report.run.id).expect("records");
    kept.sort_by(|a, b| a.region.cmp(&b.region));
    let told: Vec<_> = kept
        .iter()
        .map(|split| {
            let code = split.error.as_ref().map(|error| error.code.as_str());
            (split.coverage, split.counts.seen, code)
        })
        .collect();
    assert_eq!(
        told,
        [
            (Coverage::Complete, 3, None),
            (Coverage::Failed, 0, Some("panic"))
        ]
    );
    let tree = inventory.accounts(&report.run.connector).expect("a tree");
    assert_eq!(tree[0].splits.len(), 2);
}

#[tokio::test]
async fn a_place_that_was_skipped_leaves_no_split_of_another_name() {
    // A region that is asked for by name and not enabled; and a list of regions that is denied.
    let scenario = |more: &str| {
        format!(
            "name = 'gaps'\nclock = 'virtual'\nrates = 'off'\nstart = 2026-11-01T00:00:00Z\n[[account]]\nname = 'one'\n\
             id = '111122223333'\ndisabled_regions = ['af-south-1']\ncertificates = 2\n{more}"
        )
    };
    let settings = r#"{"scope":"account","regions":{"include":["us-east-1","af-south-1"]}}"#;
    let all = r#"{"scope":"account"}"#;
    let denied = "denied_actions = ['account:ListRegions']";
    for (settings, more, gap, coverage) in [
        (
            settings,
            "",
            "111122223333/af-south-1/acm",
            Coverage::Skipped,
        ),
        (all, denied, "111122223333", Coverage::Denied),
    ] {
        let world = world(&scenario(more)).await;
        let dir = tempfile::tempdir().expect("a directory");
        let (report, inventory) = import(&world, dir.path(), settings).await;
        let tree = inventory.accounts(&report.run.connector).expect("a tree");
        let all: Vec<_> = tree[0].splits.iter().collect();
        let one: Vec<_> = all.iter().filter(|split| split.split == gap).collect();
        assert_eq!(one.len(), 1, "{gap}: {all:?}");
        assert_eq!(one[0].coverage, Some(coverage));
        assert!(
            all.iter()
                .all(|split| split.split == gap || split.split.ends_with("/acm")),
            "{all:?}"
        );
    }
}
