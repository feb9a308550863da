//! A host for native tests: settings, a clock that moves when asked, scripted answers of AWS, and a whole import.
//! Above: a plugin's tests. Below: `host`, `types`.
//! Invariant: promises a plugin what the sensor promises it, and holds the plugin to what it promises the sensor.

mod aws;
mod import;
mod write;

pub use import::{Import, Remember, import};
pub use write::FakeKey;

use crate::host::{Host, Session};
use crate::types::{Error, ErrorClass, Level, Marker, Timestamp};
use std::any::Any;
use std::cell::{Cell, RefCell};
use std::collections::{HashMap, VecDeque};

/// 2026-11-01T00:00:00Z.
const START: Timestamp = 1_793_491_200_000;

/// One call that a connector made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Call {
    /// AWS's name ("ListCertificates").
    pub operation: &'static str,
    /// The account of the session.
    pub account: String,
    /// Empty for what is global.
    pub region: String,
    /// The ARN, account or parent that it was about; empty for none.
    pub subject: String,
}

/// A session of the fake.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FakeSession {
    /// The account that it acts in.
    pub account: String,
    /// Who acts.
    pub principal: String,
    /// The partition.
    pub partition: String,
}

impl Session for FakeSession {
    fn account(&self) -> String {
        self.account.clone()
    }
    fn principal(&self) -> String {
        self.principal.clone()
    }
    fn partition(&self) -> String {
        self.partition.clone()
    }
}

/// A host whose every answer the test writes down first.
#[derive(Debug)]
pub struct FakeHost {
    settings: String,
    base: FakeSession,
    clock: Cell<Timestamp>,
    known: RefCell<HashMap<String, Marker>>,
    log: RefCell<Vec<(Level, String)>>,
    answers: RefCell<HashMap<&'static str, VecDeque<Box<dyn Any>>>>,
    calls: RefCell<Vec<Call>>,
}

impl FakeHost {
    /// A host with these settings (a JSON object) and credentials of account 111122223333.
    #[must_use]
    pub fn new(settings: &str) -> Self {
        let account = "111122223333".to_owned();
        Self {
            settings: settings.to_owned(),
            base: FakeSession {
                principal: format!("arn:aws:iam::{account}:user/sensor"),
                account,
                partition: "aws".to_owned(),
            },
            clock: Cell::new(START),
            known: RefCell::default(),
            log: RefCell::default(),
            answers: RefCell::default(),
            calls: RefCell::default(),
        }
    }

    /// The next answer of an operation, by AWS's name. Answers are given in the order in which they were written down;
    /// a call without one left fails with the code `not-scripted`. `AssumeRole` answers with a [`FakeSession`],
    /// `GetSecretValue` with a [`FakeKey`].
    pub fn answer<T: 'static>(&self, operation: &'static str, answer: Result<T, Error>) {
        let mut answers = self.answers.borrow_mut();
        let waiting = answers.entry(operation).or_default();
        waiting.push_back(Box::new(answer));
    }

    /// Moves the clock.
    pub fn pass(&self, ms: i64) {
        self.clock.set(self.clock.get() + ms);
    }

    /// Every call so far.
    pub fn calls(&self) -> Vec<Call> {
        self.calls.borrow().clone()
    }

    /// Every line of the log so far.
    pub fn log_lines(&self) -> Vec<(Level, String)> {
        self.log.borrow().clone()
    }

    fn give<T: 'static>(&self, call: Call) -> Result<T, Error> {
        let operation = call.operation;
        self.calls.borrow_mut().push(call);
        let answer = self
            .answers
            .borrow_mut()
            .get_mut(operation)
            .and_then(VecDeque::pop_front);
        match answer.map(<Box<dyn Any>>::downcast::<Result<T, Error>>) {
            Some(Ok(answer)) => *answer,
            Some(Err(_)) => Err(not_scripted(format!(
                "the answer written down for {operation} is of another operation's type"
            ))),
            None => Err(not_scripted(format!(
                "no answer is left for {operation}: write one down with `FakeHost::answer`"
            ))),
        }
    }
}

fn not_scripted(message: String) -> Error {
    Error {
        class: ErrorClass::Internal,
        code: "not-scripted".to_owned(),
        message,
        detail: None,
        retry_after_ms: None,
        subject: None,
    }
}

impl Host for FakeHost {
    fn settings(&self) -> String {
        self.settings.clone()
    }
    fn log(&self, level: Level, message: &str) {
        self.log.borrow_mut().push((level, message.to_owned()));
    }
    fn now(&self) -> Timestamp {
        self.clock.get()
    }
    fn sleep(&self, ms: u32) {
        self.pass(ms.into());
    }
    fn markers(&self, ids: &[String]) -> Vec<Option<Marker>> {
        let known = self.known.borrow();
        ids.iter().map(|id| known.get(id).cloned()).collect()
    }
}

impl Remember for FakeHost {
    fn remember(&self, id: &str, marker: Marker) {
        self.known.borrow_mut().insert(id.to_owned(), marker);
    }
    fn knows(&self, id: &str) -> bool {
        self.known.borrow().contains_key(id)
    }
}
