//! The one place where a guest's answers become the sensor's nouns.
//! Above: `plugin`. Below: `model`; `convert::page` reads certificates.
//! Invariant: the guest is not believed: texts are cleaned and capped, places must lie in the split, facts about a
//! certificate come from its DER.

use super::connector::sensor::connector::types as wit;
use super::connector::sensor::core::types as core;
use crate::model::check::{CheckStatus, Description, Finding, Method, Policy};
use crate::model::problem::{ErrorClass, OperationError, Problem, Severity};
use crate::model::split::{Cursor, Split};
use crate::model::text::clean;
use crate::model::time::Millis;

pub mod delivery;
mod page;
mod plan;

pub use page::{ChainMemory, read_page};
pub use plan::plan_page;
pub use wit::Cursor as WitCursor;

/// Characters of an identifier.
const ID: usize = 2_048;
/// Characters of a short word: a code, a state.
const WORD: usize = 200;
/// Characters of a sentence.
const SENTENCE: usize = 2_000;
/// Bytes of a document: a schema, a policy.
const DOCUMENT: usize = 256 << 10;
/// Bytes of what a plugin wants back: a cursor, a payload.
const OPAQUE: usize = 64 << 10;
/// The same of a plan, whose cursor is never stored: a walk may have thousands of units before it.
const PLAN: usize = 1 << 20;
/// Things in a list for people.
const MOST_LISTED: usize = 1_000;

/// The text itself if it is plain and short, as nearly all are; else a cleaned copy.
fn tidy(text: String, max: usize) -> String {
    if text.len() <= max && text.bytes().all(|byte| (b' '..=b'~').contains(&byte)) {
        text
    } else {
        clean(&text, max)
    }
}

fn tidy_all(texts: Vec<String>, max: usize) -> Vec<String> {
    texts
        .into_iter()
        .take(MOST_LISTED)
        .map(|text| tidy(text, max))
        .collect()
}

/// Keeps times between 1970 and the year 9999.
fn sane(time: Option<Millis>) -> Option<Millis> {
    time.filter(|time| (0..=253_402_300_799_999).contains(time))
}

/// A guest's error.
#[must_use]
pub fn operation_error(error: core::Error) -> OperationError {
    OperationError {
        class: class(error.class),
        code: tidy(error.code, WORD),
        message: tidy(error.message, SENTENCE),
        detail: error.detail.map(|text| tidy(text, SENTENCE)),
        retry_after_ms: error.retry_after_ms,
        subject: error.subject.map(|text| tidy(text, ID)),
    }
}

fn class(class: core::ErrorClass) -> ErrorClass {
    match class {
        core::ErrorClass::Config => ErrorClass::Config,
        core::ErrorClass::AuthExpired => ErrorClass::AuthExpired,
        core::ErrorClass::AccessDenied => ErrorClass::AccessDenied,
        core::ErrorClass::NotFound => ErrorClass::NotFound,
        core::ErrorClass::Conflict => ErrorClass::Conflict,
        core::ErrorClass::Throttled => ErrorClass::Throttled,
        core::ErrorClass::Transient => ErrorClass::Transient,
        core::ErrorClass::InvalidResponse => ErrorClass::InvalidResponse,
        core::ErrorClass::Unsupported => ErrorClass::Unsupported,
        core::ErrorClass::LimitExceeded => ErrorClass::LimitExceeded,
        core::ErrorClass::Cancelled => ErrorClass::Cancelled,
        core::ErrorClass::Internal => ErrorClass::Internal,
        core::ErrorClass::Other => ErrorClass::Other,
    }
}

fn problems(all: Vec<core::Problem>) -> Vec<Problem> {
    let one = |problem: core::Problem| Problem {
        severity: match problem.severity {
            core::Severity::Info => Severity::Info,
            core::Severity::Warning => Severity::Warning,
            core::Severity::Error => Severity::Error,
        },
        code: tidy(problem.code, WORD),
        subject: problem.subject.map(|text| tidy(text, ID)),
        message: tidy(problem.message, SENTENCE),
    };
    all.into_iter().take(MOST_LISTED).map(one).collect()
}

/// What goes back to the plugin has to be as it gave it: too long is refused, not cut.
fn cursor(cursor: wit::Cursor, most: usize) -> Result<Cursor, String> {
    fits("its cursor", &cursor.value, most)?;
    Ok(Cursor {
        version: cursor.version,
        value: cursor.value,
    })
}

fn fits(what: &str, text: &str, most: usize) -> Result<(), String> {
    if text.len() <= most {
        Ok(())
    } else {
        Err(format!(
            "{what} has {} bytes, at most {most} are kept",
            text.len()
        ))
    }
}

/// To the plugin.
#[must_use]
pub fn to_cursor(cursor: Cursor) -> wit::Cursor {
    wit::Cursor {
        version: cursor.version,
        value: cursor.value,
    }
}

/// To the plugin.
#[must_use]
pub fn to_split(split: &Split) -> wit::Split {
    wit::Split {
        id: split.id.clone(),
        account: split.account.clone(),
        region: split.region.clone(),
        service: split.service.clone(),
        payload: split.payload.clone(),
    }
}

/// # Errors
/// When the schema is too long.
pub fn description(found: wit::Description) -> Result<Description, String> {
    fits("its settings schema", &found.settings_schema, DOCUMENT)?;
    Ok(Description {
        settings_schema: found.settings_schema,
        required_operations: tidy_all(found.required_operations, WORD),
        optional_operations: tidy_all(found.optional_operations, WORD),
    })
}

#[must_use]
pub fn findings(all: Vec<wit::Finding>) -> Vec<Finding> {
    let one = |found: wit::Finding| Finding {
        status: match found.status {
            wit::CheckStatus::Success => CheckStatus::Success,
            wit::CheckStatus::Warning => CheckStatus::Warning,
            wit::CheckStatus::Failure => CheckStatus::Failure,
            wit::CheckStatus::Skipped => CheckStatus::Skipped,
        },
        code: tidy(found.code, WORD),
        subject: found.subject.map(|text| tidy(text, ID)),
        message: tidy(found.message, SENTENCE),
        advice: found.advice.map(|text| tidy(text, SENTENCE)),
        statement: found.statement.map(|text| document(&text, SENTENCE * 4)),
    };
    all.into_iter().take(MOST_LISTED).map(one).collect()
}

/// # Errors
/// When a document is too long.
pub fn policies(all: Vec<(String, String)>) -> Result<Vec<Policy>, String> {
    let one = |(title, text): (String, String)| {
        fits("a policy of it", &text, DOCUMENT)?;
        Ok(Policy {
            title: tidy(title, WORD),
            document: document(&text, DOCUMENT),
        })
    };
    all.into_iter().take(MOST_LISTED).map(one).collect()
}

/// A text of several lines: they stay lines.
fn document(text: &str, max: usize) -> String {
    let lines: Vec<_> = text
        .lines()
        .map(|line| clean(&line.replace('\t', "  "), max))
        .collect();
    lines.join("\n")
}

/// # Errors
/// When a schema is too long.
pub fn methods(
    all: Vec<super::provider::exports::sensor::auth::provider::Method>,
) -> Result<Vec<Method>, String> {
    let one = |method: super::provider::exports::sensor::auth::provider::Method| {
        fits(
            "a parameters schema of it",
            &method.parameters_schema,
            DOCUMENT,
        )?;
        Ok(Method {
            id: tidy(method.id, WORD),
            title: tidy(method.title, WORD),
            description: tidy(method.description, SENTENCE),
            parameters_schema: method.parameters_schema,
            secret_parameter: method.secret_parameter.map(|text| tidy(text, WORD)),
        })
    };
    all.into_iter().take(MOST_LISTED).map(one).collect()
}

/// Lines for people.
#[must_use]
pub fn lines(all: Vec<String>) -> Vec<String> {
    tidy_all(all, SENTENCE)
}
