//! A request rehearsed: every target is tried, nothing is stored, ordered or written.
//! Above: `cli`. Below: `desk`, `delivery`'s preflight.
//! Invariant: names each call in the order in which the state machine would make it.

use super::wish::NewRequest;
use crate::app::{AppError, Sensor};
use crate::delivery::Preflight;
use crate::model::enrollment::{Request, Source, Wish};
use crate::model::problem::OperationError;
use crate::model::profile::{Custody, Profile};
use std::sync::Arc;

/// What a request would do.
#[derive(Debug)]
pub struct Rehearsal {
    pub request: Request,
    pub advice: Vec<String>,
    pub targets: Vec<(Wish, Result<Preflight, OperationError>)>,
    pub calls: Vec<Call>,
}

/// One call that would be made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Call {
    pub step: &'static str,
    /// `service:Operation`, or what the issuer is asked.
    pub call: String,
    /// Where.
    pub at: String,
}

impl Rehearsal {
    /// Whether no target would take the certificate.
    #[must_use]
    pub fn is_refused(&self) -> bool {
        let refused = |(_, tried): &(Wish, Result<Preflight, OperationError>)| match tried {
            Ok(tried) => tried.refusal().is_some(),
            Err(_) => true,
        };
        !self.targets.is_empty() && self.targets.iter().all(refused)
    }
}

impl Sensor {
    /// Tries a request without making it.
    ///
    /// # Errors
    /// Everything that is wrong with it.
    pub async fn rehearse(self: &Arc<Self>, new: NewRequest) -> Result<Rehearsal, AppError> {
        let (request, profile, mut advice) = self.desk().rehearse(new)?;
        advice.extend(self.advice_on_cloudfront(&request)?);
        let engine = self.engine();
        let mut targets = Vec::new();
        for target in &request.targets {
            let tried = engine.try_target(target, &request, &profile).await;
            targets.push((target.clone(), tried));
        }
        let calls = calls(&request, &profile, engine.sensor());
        Ok(Rehearsal {
            request,
            advice,
            targets,
            calls,
        })
    }
}

fn calls(request: &Request, profile: &Profile, sensor: &str) -> Vec<Call> {
    let mut calls = Vec::new();
    let mut add = |step, call: &str, at: String| {
        calls.push(Call {
            step,
            call: call.to_owned(),
            at,
        });
    };
    if request.source == Source::Issued {
        add("key", "make and seal", profile.key_type.to_string());
    }
    if request.source != Source::Brought {
        add("order", "order", profile.issuer.to_string());
        add("fetch", "download and judge", profile.issuer.to_string());
    }
    let parks = profile.custody != Custody::Sensor && !request.targets.is_empty();
    // Whether the connector lets keys wait there is its own setting; without, the key stays in the ledger.
    let where_allowed = if profile.custody == Custody::Auto {
        ", if the connector keeps keys there"
    } else {
        ""
    };
    let secret = format!("sensor/{sensor}/…{where_allowed}");
    if parks {
        add("park", "secretsmanager:CreateSecret", secret.clone());
    }
    for target in &request.targets {
        let place = target.place.clone().unwrap_or_else(|| target.to_string());
        if parks {
            add("deliver", "secretsmanager:GetSecretValue", secret.clone());
        }
        add("deliver", "acm:ImportCertificate", place.clone());
        add("verify", "acm:GetCertificate", place.clone());
        if target.place.is_some() {
            add("label", "acm:AddTagsToCertificate", place);
        }
    }
    if !request.targets.is_empty() {
        add("erase", "overwrite the key", "the ledger".to_owned());
    }
    if parks {
        add("erase", "secretsmanager:DeleteSecret", secret);
    }
    calls
}
