//! The project's own plugins together in the sandbox: the connector reads a simulated AWS through the policy layer.

use crate::support::{hostile, lend, limits, split, witness};
use sensor::backend::{AwsBackend, KeyRoom, Session};
use sensor::capability::aws::{AwsCapability, AwsLend, RateTable};
use sensor::credential::{Environment, SecretSource, SecretSourceError, Sources};
use sensor::grant::{Grants, Reach};
use sensor::model::asset::{PageEntry, Status};
use sensor::model::check::CheckStatus;
use sensor::model::plan::PlanEntry;
use sensor::model::problem::ErrorClass;
use sensor::model::secret::Secret;
use sensor::model::split::Split;
use sensor::model::time::{Clock, SwitchClock};
use sensor::plugin::{
    CallError, ConnectorInstance, ConnectorPlugin, CredentialProvider, Engine, Lend, Manifest,
    MockHost, Package,
};
use std::path::Path;
use std::sync::Arc;
use tokio_util::sync::CancellationToken;

const SCENARIO: &str = r#"
name = "pages"
clock = "virtual"
rates = "off"
start = 2026-11-01T00:00:00Z
[[account]]
name = "one"
id = "111122223333"
certificates = { us-east-1 = 25 }
"#;

/// The expired ones too.
const SETTINGS: &str = r#"{"scope":"account","import":{"include_expired":true,"expired_since":null,"include_revoked":true}}"#;

pub(crate) fn engine() -> Engine {
    Engine::new(Some((
        Path::new(env!("CARGO_TARGET_TMPDIR")).join("plugin-cache"),
        witness(),
    )))
    .expect("an engine")
}

pub(crate) fn package(name: &str) -> Package {
    let bundle = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../target/plugins")
        .join(name);
    Package::read(&bundle).expect("build the plugins first: cargo xtask plugins")
}

/// A simulated AWS and what stands on it.
pub(crate) struct World {
    mock: Arc<MockHost>,
    clock: Arc<SwitchClock>,
    base: Session,
    keys: Option<Arc<dyn KeyRoom>>,
}

pub(crate) async fn world(scenario: &str) -> World {
    let clock = Arc::new(SwitchClock::default());
    let mock = MockHost::start(&engine(), &package("mock-aws"), Arc::clone(&clock))
        .await
        .expect("it starts");
    mock.load(scenario.into()).await.expect("a world");
    let base = mock.identity().await.expect("an identity");
    World {
        mock: Arc::new(mock),
        clock,
        base,
        keys: None,
    }
}

impl World {
    /// Lets a minute of the simulation pass.
    pub(crate) async fn pass_a_minute(&self) {
        self.clock.sleep(std::time::Duration::from_mins(1)).await;
    }

    /// The same, with a room where keys wait.
    pub(crate) fn with_keys(mut self, keys: Arc<dyn KeyRoom>) -> Self {
        self.keys = Some(keys);
        self
    }

    pub(crate) fn capability(&self, manifest: &Manifest) -> Arc<AwsCapability> {
        AwsCapability::new(AwsLend {
            backend: Arc::clone(&self.mock) as Arc<dyn AwsBackend>,
            grants: Grants::parse(&manifest.operations(), None).expect("grants"),
            clock: Arc::clone(&self.clock) as Arc<dyn Clock>,
            rates: RateTable::with_overrides(Vec::new()).expect("rates"),
            connector: "test".parse().expect("a name"),
            run: None,
            reach: Reach::Writes,
            base: self.base.clone(),
            cancel: CancellationToken::new(),
            keys: self.keys.clone(),
        })
    }

    async fn connector(&self, plugin: &ConnectorPlugin, settings: &str) -> ConnectorInstance {
        let lend = self.lend(plugin, settings);
        plugin.instantiate(lend).await.expect("it starts")
    }

    pub(crate) fn lend(&self, plugin: &ConnectorPlugin, settings: &str) -> Lend {
        Lend {
            settings: settings.into(),
            clock: Arc::clone(&self.clock) as Arc<dyn Clock>,
            aws: Some(self.capability(plugin.manifest())),
            known: None,
            limits: plugin.manifest().limits,
            span: tracing::Span::none(),
        }
    }

    async fn bodies_fetched(&self) -> u64 {
        let calls = self.mock.calls().await.expect("counts");
        calls
            .iter()
            .find(|(name, _)| name == "GetCertificate")
            .map_or(0, |(_, count)| *count)
    }
}

async fn splits(plugin: &mut ConnectorInstance) -> Vec<Split> {
    let (mut found, mut at) = (Vec::new(), None);
    loop {
        let page = plugin.plan(at).await.expect("a plan");
        found.extend(page.entries.into_iter().filter_map(|entry| match entry {
            PlanEntry::Split(split) => Some(split),
            _ => None,
        }));
        at = page.next;
        if at.is_none() {
            return found;
        }
    }
}

#[tokio::test]
async fn every_certificate_of_an_account_comes_through() {
    let world = world(SCENARIO).await;
    let plugin = ConnectorPlugin::load(&engine(), &package("aws-unified")).expect("it loads");
    let description = plugin.describe().await.expect("pure");
    assert!(
        description.settings_schema.contains("\"$schema\""),
        "{}",
        description.settings_schema
    );
    let mut instance = world.connector(&plugin, SETTINGS).await;
    let findings = instance.check().await.expect("a check");
    assert!(
        findings
            .iter()
            .all(|finding| finding.status != CheckStatus::Failure),
        "{findings:?}"
    );
    assert!(!instance.policy("aws").await.expect("policies").is_empty());
    let fetched_by_check = world.bodies_fetched().await;
    let mut found = Vec::new();
    for split in splits(&mut instance).await {
        let (mut instance, mut at) = (world.connector(&plugin, SETTINGS).await, None);
        loop {
            let page = instance.read_page(&split, at).await.expect("a page");
            assert_eq!(page.problems, [], "{}", split.id);
            found.extend(page.entries);
            at = page.next;
            if at.is_none() {
                break;
            }
        }
    }
    let mut places = Vec::new();
    let mut bodies = 0;
    for entry in &found {
        let PageEntry::Found(found) = entry else {
            panic!("{entry:?}")
        };
        let has_one = !matches!(found.place.status, Status::Pending | Status::Failed);
        assert_eq!(found.body.is_some(), has_one, "{found:?}");
        bodies += u64::from(has_one);
        places.push(found.place.id.as_str());
    }
    places.sort_unstable();
    places.dedup();
    assert_eq!(places.len(), 25);
    assert!(bodies > 15);
    assert_eq!(world.bodies_fetched().await - fetched_by_check, bodies);
}

/// The walk down a tree keeps what is still before it in its cursor.
#[tokio::test]
async fn fact_30_a_flat_organization_of_many_units_is_planned_to_its_end() {
    let units: Vec<String> = (1..=900)
        .map(|number| format!("[[ou]]\nname = \"a unit with a longer name, number {number}\""))
        .collect();
    let scenario = format!(
        "name = 'flat'\nclock = 'virtual'\nrates = 'off'\nregions = ['us-east-1']\n[organization]\npaths = false\n\
         [[account]]\nname = 'root'\n[[account]]\nname = 'one'\nou = 'a unit with a longer name, number 900'\n{}",
        units.join("\n")
    );
    let world = world(&scenario).await;
    let plugin = ConnectorPlugin::load(&engine(), &package("aws-unified")).expect("it loads");
    let mut instance = world
        .connector(&plugin, r#"{"scope":"organization"}"#)
        .await;
    assert_eq!(splits(&mut instance).await.len(), 2);
}

#[tokio::test]
async fn a_handle_that_was_given_back_is_none() {
    let world = world(SCENARIO).await;
    let lend = Lend {
        aws: Some(world.capability(hostile().manifest())),
        ..lend("dropped", limits())
    };
    let mut instance = hostile().instantiate(lend).await.expect("it starts");
    let error = instance
        .read_page(&split(), None)
        .await
        .expect_err("dropped");
    assert!(
        matches!(&error, CallError::Trap(text) if text.contains("handle")),
        "{error:?}"
    );
}

#[tokio::test]
async fn a_scenario_moves_the_clock_and_a_wrong_one_is_told() {
    let world = world(SCENARIO).await;
    assert_eq!(world.clock.now() / 1_000, 1_793_491_200);
    let error = world.mock.load("name = 1".into()).await.expect_err("wrong");
    assert!(
        matches!(&error, CallError::Guest(own) if own.class == ErrorClass::Config),
        "{error:?}"
    );
    assert_eq!(
        world.mock.identity().await.expect("still there").account(),
        "111122223333"
    );
}

#[tokio::test]
async fn a_caller_who_gives_up_leaves_the_simulation_whole() {
    let world = world(SCENARIO).await;
    for _ in 0..50 {
        let call = world.mock.list_accounts(&world.base, None);
        tokio::select! {
            biased;
            _ = call => {}
            () = tokio::task::yield_now() => {}
        }
    }
    assert_eq!(
        world
            .mock
            .get_caller_identity(&world.base)
            .await
            .expect("whole")
            .account,
        "111122223333"
    );
}

struct NoSecrets;

impl SecretSource for NoSecrets {
    fn get(&self, _: &str) -> Result<Option<Secret>, SecretSourceError> {
        Ok(None)
    }
}

#[tokio::test]
async fn a_credential_provider_makes_a_session() {
    let world = world(SCENARIO).await;
    let provider =
        CredentialProvider::load(&engine(), &package("aws-credentials")).expect("it loads");
    let methods = provider.methods().await.expect("pure");
    assert_eq!(
        methods
            .iter()
            .map(|method| method.id.as_str())
            .collect::<Vec<_>>(),
        ["default-chain", "profile", "access-key"]
    );
    let sources = Arc::new(Sources {
        backend: Arc::clone(&world.mock) as Arc<dyn AwsBackend>,
        secrets: Arc::new(NoSecrets),
        clock: Arc::clone(&world.clock) as Arc<dyn Clock>,
        environment: Environment::of_process(),
        stand_in: Some(world.base.clone()),
    });
    let session = provider
        .resolve(Arc::clone(&sources), "default-chain", "{}".into())
        .await
        .expect("a session");
    assert_eq!(session.principal(), world.base.principal());
    let error = provider
        .resolve(Arc::clone(&sources), "defualt-chain", "{}".into())
        .await
        .expect_err("no method");
    assert!(
        matches!(&error, CallError::Guest(own) if own.class == ErrorClass::Config),
        "{error:?}"
    );
    assert!(
        !provider
            .explain(sources, "default-chain", "{}".into())
            .await
            .expect("lines")
            .is_empty()
    );
}
