//! The simulated AWS over HTTP, as the real SDKs speak to it: one endpoint for all services.
//! Above: the harness, `fake-aws`, the benchmark. Below: `serve` (connections), `dispatch` (what a request means).
//! Invariant: a request reaches the model only after its signature was verified.

mod account;
mod acm;
mod acm_write;
mod answer;
mod clock;
mod credentials;
mod detail;
mod dispatch;
mod key;
mod organizations;
mod request;
mod search;
mod secret_write;
mod secrets;
mod serve;
mod sign;
mod sts;

use mock_aws::{Identity, Problems, Scenario, World};
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use tokio_util::sync::CancellationToken;

pub use clock::{Clock, wall_ms};

/// What the connections share: the world, and who may call it.
pub(crate) struct State {
    pub(crate) world: World,
    pub(crate) clock: Clock,
    pub(crate) credentials: credentials::Credentials,
    /// Answers by "Service.Operation code", the code empty for a success.
    pub(crate) answers: BTreeMap<String, u64>,
    /// Numbers the request ids.
    pub(crate) requests: u64,
    /// Bodies of requests as they came, by "service.Operation"; none where nobody listens.
    pub(crate) heard: Option<Vec<(String, bytes::Bytes)>>,
}

/// A running face: serves until it is dropped.
pub struct Face {
    address: SocketAddr,
    state: Arc<Mutex<State>>,
    stop: CancellationToken,
    thread: Option<JoinHandle<()>>,
}

impl Face {
    /// Serves a scenario on a free port of the loopback interface.
    ///
    /// # Errors
    /// What is wrong with the scenario, or with the listener.
    pub fn start(scenario: &Scenario) -> anyhow::Result<Self> {
        Self::start_on(scenario, 0)
    }

    /// Serves a scenario on a port; 0 means a free one.
    ///
    /// # Errors
    /// What is wrong with the scenario, or with the listener.
    pub fn start_on(scenario: &Scenario, port: u16) -> anyhow::Result<Self> {
        Self::serve(State::new(scenario, 0)?, port)
    }

    /// Serves a scenario where the time is another than on this machine: later, or earlier where it is negative.
    ///
    /// # Errors
    /// What is wrong with the scenario, or with the listener.
    pub fn start_skewed(scenario: &Scenario, skew_ms: i64) -> anyhow::Result<Self> {
        Self::serve(State::new(scenario, skew_ms)?, 0)
    }

    fn serve(state: State, port: u16) -> anyhow::Result<Self> {
        let state = Arc::new(Mutex::new(state));
        let listener = std::net::TcpListener::bind(("127.0.0.1", port))?;
        listener.set_nonblocking(true)?;
        let address = listener.local_addr()?;
        let stop = CancellationToken::new();
        let (shared, stopped) = (state.clone(), stop.clone());
        let thread = std::thread::Builder::new()
            .name("fake-aws".to_owned())
            .spawn(move || serve::run(listener, &shared, &stopped))?;
        Ok(Self {
            address,
            state,
            stop,
            thread: Some(thread),
        })
    }

    /// Where it listens: `http://127.0.0.1:PORT`.
    pub fn endpoint(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The base credentials of the scenario.
    pub fn identity(&self) -> Identity {
        self.state().world.identity()
    }

    /// What a child process needs to find this AWS and be known to it.
    pub fn env(&self) -> Vec<(String, String)> {
        let identity = self.identity();
        let pairs = [
            ("AWS_ENDPOINT_URL", self.endpoint()),
            ("AWS_ACCESS_KEY_ID", identity.access_key),
            ("AWS_SECRET_ACCESS_KEY", identity.secret_key),
            ("AWS_REGION", home_region(&identity.partition).to_owned()),
            (
                "AWS_DEFAULT_REGION",
                home_region(&identity.partition).to_owned(),
            ),
            ("AWS_EC2_METADATA_DISABLED", "true".to_owned()),
        ];
        pairs.map(|(name, value)| (name.to_owned(), value)).into()
    }

    /// Asks the model something while no call is under way.
    pub fn with<T>(&self, ask: impl FnOnce(&mut World, i64) -> T) -> T {
        let state = &mut *self.state();
        let now = state.clock.now_ms();
        ask(&mut state.world, now)
    }

    /// Lets time pass here, at once.
    pub fn pass(&self, ms: i64) {
        self.state().clock.pass(ms);
    }

    /// From now on the body of every call is kept, with the call's name: for tests of what may travel.
    pub fn overhear(&self) {
        self.state().heard.get_or_insert_default();
    }

    /// What was kept since.
    pub fn heard(&self) -> Vec<(String, bytes::Bytes)> {
        self.state().heard.clone().unwrap_or_default()
    }

    /// How often each operation was called, by its name; calls that were not let in are not among them.
    pub fn calls(&self) -> BTreeMap<String, u64> {
        self.state().world.calls().into_iter().collect()
    }

    /// How often each answer was given: "acm.ListCertificates" for a success, with the code after a space otherwise.
    pub fn answers(&self) -> BTreeMap<String, u64> {
        self.state().answers.clone()
    }

    /// Every secret and token that this face has given out: to look for where none may be.
    pub fn secrets(&self) -> Vec<String> {
        self.state()
            .credentials
            .secrets()
            .map(str::to_owned)
            .collect()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Face {
    fn drop(&mut self) {
        self.stop.cancel();
        if let Some(thread) = self.thread.take() {
            drop(thread.join());
        }
    }
}

impl State {
    fn new(scenario: &Scenario, skew_ms: i64) -> Result<Self, Problems> {
        let world = World::new(scenario, wall_ms())?;
        let clock = Clock::of(&world, skew_ms);
        let credentials = credentials::Credentials::of(&world.identity());
        Ok(Self {
            world,
            clock,
            credentials,
            answers: BTreeMap::new(),
            requests: 0,
            heard: None,
        })
    }
}

/// The region where a partition's global services live and sign (fact 33).
pub(crate) fn home_region(partition: &str) -> &'static str {
    match partition {
        "aws-cn" => "cn-northwest-1",
        "aws-us-gov" => "us-gov-west-1",
        "aws-eusc" => "eusc-de-east-1",
        _ => "us-east-1",
    }
}
