//! The simulated AWS as a host of the connector, natively: what the tests of this crate stand on.
//! Above: the tests. Below: `mock_aws::World`.
//! Invariant: does what the sensor promises a plugin (retries, markers of what was committed) and nothing more.
#![allow(
    dead_code,
    unreachable_pub,
    unused_imports,
    reason = "each test file uses its part"
)]

mod aws;
#[path = "../../../mock-aws/tests/common/ca.rs"]
pub mod ca;
mod import;
pub mod parcel;

pub use import::{Run, account, named, regions};

use aws_unified::AwsUnified;
use mock_aws::{Caller, Fault, Scenario, World};
use sensor_sdk::connector::Connector;
use sensor_sdk::host::{Host, Session};
use sensor_sdk::types::{CheckStatus, Error, ErrorClass, Finding, Level, Marker, Timestamp};
use std::cell::{Cell, RefCell};
use std::collections::HashMap;

/// An hour in milliseconds.
pub const HOUR: i64 = 3_600_000;

/// A simulated AWS, the operator's settings, and what the inventory knows.
pub struct Cloud {
    pub world: RefCell<World>,
    pub settings: RefCell<String>,
    pub clock: Cell<i64>,
    pub known: RefCell<HashMap<String, Marker>>,
    pub log: RefCell<Vec<String>>,
    /// How often a throttled or failed call is tried again.
    pub retries: Cell<u32>,
    /// Calls as (operation, account, region, subject), refused ones too.
    pub calls: RefCell<Vec<(String, String, String, String)>>,
}

/// A session's handle.
pub struct Handle {
    pub caller: Caller,
    pub partition: String,
}

impl Session for Handle {
    fn account(&self) -> String {
        self.caller.account.clone()
    }
    fn principal(&self) -> String {
        self.caller.arn.clone()
    }
    fn partition(&self) -> String {
        self.partition.clone()
    }
}

impl Cloud {
    /// A world of this scenario, and these settings: the inside of a JSON object.
    pub fn new(scenario: &str, settings: &str) -> Self {
        let text = format!("name = \"test\"\nclock = \"virtual\"\n{scenario}");
        let scenario = Scenario::parse(&text).unwrap_or_else(|problems| panic!("{problems}"));
        let world = World::new(&scenario, 0).unwrap_or_else(|problems| panic!("{problems}"));
        Self {
            clock: Cell::new(world.start()),
            world: RefCell::new(world),
            settings: RefCell::new(format!("{{{settings}}}")),
            known: RefCell::default(),
            log: RefCell::default(),
            retries: Cell::new(8),
            calls: RefCell::default(),
        }
    }

    pub fn account(scenario: &str) -> Self {
        Self::new(scenario, r#""scope": "account""#)
    }

    pub fn organization(scenario: &str) -> Self {
        Self::new(scenario, r#""scope": "organization""#)
    }

    /// The same world under other settings.
    pub fn set(&self, settings: &str) {
        *self.settings.borrow_mut() = format!("{{{settings}}}");
    }

    pub fn id(&self, name: &str) -> String {
        let world = self.world.borrow();
        world
            .account_id(name)
            .unwrap_or_else(|| panic!("no account {name}"))
            .to_owned()
    }

    pub fn pass(&self, ms: i64) {
        self.clock.set(self.clock.get() + ms);
    }

    /// How often an operation was called since the last time somebody asked.
    pub fn count(&self, operation: &str) -> usize {
        self.calls
            .borrow()
            .iter()
            .filter(|(name, ..)| name == operation)
            .count()
    }

    pub fn forget_calls(&self) {
        self.calls.borrow_mut().clear();
    }

    pub fn check(&self) -> Vec<Finding> {
        AwsUnified::check(self).expect("a check always ends in findings")
    }

    /// One call, with the sensor's patience.
    pub fn call<T>(
        &self,
        operation: (&str, &Handle, &str, &str),
        mut attempt: impl FnMut(&mut World, i64, &Caller) -> Result<T, Fault>,
    ) -> Result<T, Error> {
        let (name, session, region, subject) = operation;
        let mut left = self.retries.get();
        loop {
            let entry = [name, &session.caller.account, region, subject].map(str::to_owned);
            self.calls.borrow_mut().push(entry.into());
            let answer = attempt(
                &mut self.world.borrow_mut(),
                self.clock.get(),
                &session.caller,
            );
            let fault = match answer {
                Ok(value) => return Ok(value),
                Err(fault) => fault,
            };
            let passes = matches!(fault.class, ErrorClass::Throttled | ErrorClass::Transient);
            if !passes || left == 0 {
                return Err(fault.into());
            }
            left -= 1;
            self.pass(1000);
        }
    }
}

impl Host for Cloud {
    fn settings(&self) -> String {
        self.settings.borrow().clone()
    }
    fn log(&self, level: Level, message: &str) {
        self.log.borrow_mut().push(format!("{level:?} {message}"));
    }
    fn now(&self) -> Timestamp {
        self.clock.get()
    }
    fn sleep(&self, ms: u32) {
        self.pass(ms.into());
    }
    fn markers(&self, ids: &[String]) -> Vec<Option<Marker>> {
        assert!(ids.len() <= 1000, "the contract allows no more");
        let known = self.known.borrow();
        ids.iter().map(|id| known.get(id).cloned()).collect()
    }
}

/// The findings of one code.
pub fn of<'f>(findings: &'f [Finding], code: &str) -> Vec<&'f Finding> {
    findings
        .iter()
        .filter(|finding| finding.code == code)
        .collect()
}

pub fn failures(findings: &[Finding]) -> Vec<&Finding> {
    findings
        .iter()
        .filter(|finding| finding.status == CheckStatus::Failure)
        .collect()
}
