//! Many certificates of one account and region, all due at once: renewed in place by the real state machine, with a
//! local CA and the component in its sandbox, under AWS's rates on a simulated clock.
//! Above: the benchmark, the tests of rates. Below: `world`, `clock`, `sensor`.
//! Invariant: the time is the simulated one, in which computing takes none; what did not arrive is an error.

use super::clock::EventClock;
use super::world::Simulated;
use crate::harness::place;
use anyhow::{Context, anyhow, bail};
use mock_aws::{Op, Scenario, World};
use sensor::backend::AwsBackend;
use sensor::capability::aws::{AwsCapability, AwsLend, RateTable};
use sensor::config::{parse_issuers, parse_profiles};
use sensor::custody::Keeper;
use sensor::delivery::{Engine, Ground, Issuers, Place, Places, PluginPlace};
use sensor::grant::{Grants, Reach};
use sensor::issuer::{Http01, Issuer, IssuerGround};
use sensor::ledger::{Ledger, Note, RequestFilter};
use sensor::model::certificate::Certificate;
use sensor::model::enrollment::{IssuanceState, Outlook, Request, RequestState, Source, Wish};
use sensor::model::id::{ConnectorId, IssuerId, ProfileId, RequestId};
use sensor::model::problem::OperationError;
use sensor::model::profile::Profile;
use sensor::model::time::{Clock, Millis, SystemClock};
use sensor::plugin::{ConnectorPlugin, Package};
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use tempfile::TempDir;
use tokio_util::sync::CancellationToken;

const REGION: &str = "us-east-1";
const SETTINGS: &str = r#"{"scope":"organization","delivery":{"enabled":true,"keys":"sensor"}}"#;
const ISSUER: &str = "name = \"internal\"\nkind = \"local\"\n";
const PROFILE: &str = "name = \"web\"\nissuer = \"internal\"\nkey_type = \"p-256\"\nvalidity = \"47d\"\n\
                       custody = \"sensor\"\n[names]\nsuffixes = [\"example.com\"]\n\
                       [deliver_to]\nconnectors = [\"bench\"]\n";

/// What came of it.
#[derive(Debug, Clone, Copy)]
pub struct Renewed {
    /// From the first moment until the last one is verified and its key erased, in seconds.
    pub took: f64,
    /// The shortest that AWS's rate for ImportCertificate allows.
    pub best: f64,
    pub imports: u64,
    /// Calls that were too many.
    pub throttled: u64,
    /// All calls.
    pub calls: u64,
}

impl Renewed {
    #[must_use]
    pub fn ratio(&self) -> f64 {
        self.took / self.best
    }
}

/// Renews so many certificates; a call takes `latency`.
///
/// # Errors
/// When one of them was not renewed, or anything is missing that this stands on.
pub fn renew(count: u32, latency: Duration) -> anyhow::Result<Renewed> {
    let start = SystemClock.now();
    let clock = Arc::new(EventClock::of_one_hand(start));
    let shared: Arc<dyn Clock> = clock.clone();
    let world = World::new(&scenario(count)?, start)?;
    let backend = Arc::new(Simulated::new(world, Arc::clone(&shared), latency));
    let before = places(&backend, start)?;
    if before.len() != count as usize {
        bail!("{} certificates to renew, not {count}", before.len());
    }
    let directory = TempDir::new()?;
    let engine = engine(directory.path(), &backend, &shared)?;
    let ledger = Ledger::open(directory.path())?;
    for (arn, der) in &before {
        ledger.add_request(
            &request(arn, der, start)?,
            &Note::new(start, "requested", ""),
        )?;
    }
    runtime()?.block_on(clock.play(turns(Arc::new(engine), Arc::clone(&shared))))?;
    all_are_new(&ledger, &before, &places(&backend, clock.now())?)?;
    let imports = made(&backend, Op::ImportCertificate);
    let rate = Op::ImportCertificate.rate();
    Ok(Renewed {
        took: seconds(clock.now() - start),
        best: (f64::from(count) - rate.max(1.0)) / rate,
        imports,
        throttled: backend.throttled(),
        calls: backend.tally().values().sum(),
    })
}

/// Turns until nothing is due any more.
async fn turns(engine: Arc<Engine>, clock: Arc<dyn Clock>) -> anyhow::Result<()> {
    let stop = CancellationToken::new();
    loop {
        let turn = engine.turn(&stop).await?;
        if turn.troubled > 0 {
            bail!("{} could not go on", turn.troubled);
        }
        // Renewals of the new certificates are a month away.
        let soon = turn.next.filter(|next| *next < clock.now() + 86_400_000);
        match soon {
            _ if turn.begun + turn.ended > 0 => {}
            None => return Ok(()),
            Some(next) => {
                let wait = u64::try_from(next - clock.now()).unwrap_or(0).max(1);
                clock.sleep(Duration::from_millis(wait)).await;
            }
        }
    }
}

fn scenario(count: u32) -> anyhow::Result<Scenario> {
    let text = format!(
        "name = \"renewals\"\nseed = 11\nregions = [\"{REGION}\"]\n[organization]\n\
         [[account]]\nname = \"root\"\n[[account]]\nname = \"web\"\ncertificates = {count}\n\
         [mix]\nkeys = {{ EC_prime256v1 = 1 }}\ntypes = {{ IMPORTED = 1 }}\nstatuses = {{ ISSUED = 1 }}\n\
         expiry = {{ within_30_days = 1 }}\nshared = 0\nno_domain = 0\nmany_names = 0\n"
    );
    Ok(Scenario::parse(&text)?)
}

/// What stands where: DER by ARN.
fn places(backend: &Simulated, now: Millis) -> anyhow::Result<BTreeMap<String, Vec<u8>>> {
    let all = backend.with(|world| {
        let placed = world.truth(now);
        placed
            .map(|one| Some((one.arn, one.der?)))
            .collect::<Option<_>>()
    });
    all.context("a certificate without a body")
}

fn account(arn: &str) -> Option<&str> {
    arn.split(':').nth(4)
}

/// As a take-over leaves it: due now, in its place.
fn request(arn: &str, der: &[u8], now: Millis) -> anyhow::Result<Request> {
    let certificate = Certificate::from_der(der).map_err(|error| anyhow!("{error}"))?;
    let target = Wish {
        connector: connector()?,
        account: account(arn).context("no ARN")?.to_owned(),
        region: REGION.to_owned(),
        place: Some(arn.to_owned()),
    };
    Ok(Request {
        id: RequestId(0),
        state: RequestState::Active,
        profile: "web".parse()?,
        names: certificate.dns_names,
        source: Source::Issued,
        targets: vec![target],
        tags: BTreeMap::new(),
        business_unit: None,
        contact: None,
        requested_by: "bench".to_owned(),
        approved_by: None,
        created_at: now,
        updated_at: now,
        renew_at: Some(now),
        expires_at: Some(certificate.not_after),
        outlook: Outlook::default(),
        found_revoked: None,
        generation: 0,
    })
}

fn connector() -> anyhow::Result<ConnectorId> {
    Ok("bench".parse()?)
}

/// The state machine over one connector and a CA of the sensor's own.
fn engine(
    directory: &Path,
    backend: &Arc<Simulated>,
    clock: &Arc<dyn Clock>,
) -> anyhow::Result<Engine> {
    let ledger = Arc::new(Ledger::open(directory)?);
    let keeper = Arc::new(Keeper::new(Arc::clone(&ledger), Arc::clone(clock)));
    let package = Package::read(&place::plugin("aws-unified"))?;
    let compiled = Some((
        directory.join("compiled"),
        sensor::plugin::Witness::new([7; 32]),
    ));
    let plugin = ConnectorPlugin::load(&sensor::plugin::Engine::new(compiled)?, &package)?;
    let grants = Grants::parse(&plugin.manifest().operations(), None)
        .map_err(|errors| anyhow!("{errors:?}"))?;
    let aws = AwsCapability::new(AwsLend {
        backend: Arc::clone(backend) as Arc<dyn AwsBackend>,
        grants,
        clock: Arc::clone(clock),
        rates: RateTable::default(),
        connector: connector()?,
        run: None,
        reach: Reach::Writes,
        base: backend.base(),
        cancel: CancellationToken::new(),
        keys: Some(Arc::clone(&keeper) as Arc<dyn sensor::backend::KeyRoom>),
    });
    let limits = plugin.manifest().limits;
    let place = PluginPlace::new(plugin, SETTINGS.to_owned(), limits, Arc::clone(clock), aws);
    let first = |mut all: Vec<_>| (!all.is_empty()).then(|| all.remove(0));
    let issuers = parse_issuers(ISSUER, Path::new("/"));
    let issuer = issuers
        .map_err(|problems| anyhow!("{problems:?}"))?
        .into_iter()
        .next()
        .context("no issuer")?;
    let profiles = parse_profiles(PROFILE).map_err(|problems| anyhow!("{problems:?}"))?;
    let ground = IssuerGround {
        ledger: Arc::clone(&ledger),
        clock: Arc::clone(clock),
        http01: Http01::default(),
        aws: None,
    };
    let shop = Shop {
        issuer: sensor::issuer::open(&issuer, &ground)?,
        profile: first(profiles).context("no profile")?,
    };
    Ok(Engine::new(Ground {
        ledger,
        keeper,
        issuers: Arc::new(shop),
        places: Arc::new(One(Arc::new(place))),
        clock: Arc::clone(clock),
    }))
}

/// One issuer, one profile.
struct Shop {
    issuer: Arc<dyn Issuer>,
    profile: Profile,
}

#[async_trait::async_trait]
impl Issuers for Shop {
    async fn open(&self, _: &IssuerId) -> Result<Arc<dyn Issuer>, OperationError> {
        Ok(Arc::clone(&self.issuer))
    }
    async fn profile(&self, _: &ProfileId) -> Result<Profile, OperationError> {
        Ok(self.profile.clone())
    }
}

/// One connector.
struct One(Arc<PluginPlace>);

#[async_trait::async_trait]
impl Places for One {
    async fn open(&self, _: &ConnectorId) -> Result<Arc<dyn Place>, OperationError> {
        Ok(Arc::clone(&self.0) as Arc<dyn Place>)
    }
    async fn all(&self) -> Result<Vec<ConnectorId>, OperationError> {
        Ok(Vec::new())
    }
}

/// Each request is done, and under each ARN stands what it was issued.
fn all_are_new(
    ledger: &Ledger,
    before: &BTreeMap<String, Vec<u8>>,
    after: &BTreeMap<String, Vec<u8>>,
) -> anyhow::Result<()> {
    if !before.keys().eq(after.keys()) {
        bail!("{} places before, {} after", before.len(), after.len());
    }
    for request in ledger.requests(&RequestFilter::default())? {
        let issuances = ledger.issuances(request.id)?;
        let [issuance] = issuances.as_slice() else {
            bail!("request {}: {} issuances", request.id, issuances.len());
        };
        let arn = request.targets.first().and_then(|one| one.place.as_ref());
        let stands = arn.and_then(|arn| after.get(arn));
        let issued = issuance.issued.as_ref().map(|issued| &issued.leaf);
        if issuance.state != IssuanceState::Done || stands.is_none() || stands != issued {
            bail!("request {}: {issuance:?}", request.id);
        }
    }
    Ok(())
}

fn made(backend: &Simulated, op: Op) -> u64 {
    let tally = backend.tally();
    let of = tally.iter().filter(|((.., called), _)| *called == op);
    of.map(|(_, count)| count).sum()
}

/// One thread, and one for what blocks: so the clock can tell whether anybody still works.
fn runtime() -> anyhow::Result<tokio::runtime::Runtime> {
    tokio::runtime::Builder::new_current_thread()
        .max_blocking_threads(1)
        .enable_all()
        .build()
        .context("starting a runtime")
}

#[expect(clippy::cast_precision_loss, reason = "an hour or so")]
fn seconds(ms: Millis) -> f64 {
    ms as f64 / 1000.0
}
