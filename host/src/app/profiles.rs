//! Applying, listing and removing profiles.
//! Above: `cli`. Below: `ledger`.
//! Invariant: a profile is stored only if its issuer is there, and stays while a request needs it.

use super::error::with_hint;
use super::{AppError, Sensor};
use crate::config::nearest;
use crate::ledger::{Ledger, Put, RequestFilter, StoredProfile};
use crate::model::enrollment::{Request, RequestState};
use crate::model::id::ProfileId;
use crate::model::pattern::Pattern;
use crate::model::profile::Profile;

/// What applying a profile did.
#[derive(Debug, Clone)]
pub struct AppliedProfile {
    pub name: ProfileId,
    pub put: Put,
    /// Worth knowing, no reason to refuse.
    pub notes: Vec<String>,
}

impl Sensor {
    /// Stores a profile under its name.
    pub fn apply_profile(&self, profile: &Profile) -> Result<AppliedProfile, AppError> {
        let issuers = self.ledger.issuer_names()?;
        let known = issuers.iter().map(String::as_str);
        if !known.clone().any(|name| name == profile.issuer.as_str()) {
            let (issuer, hint) = with_hint(profile.issuer.as_str(), known);
            return Err(AppError::NoIssuerOf {
                profile: profile.name.clone(),
                issuer,
                hint,
            });
        }
        let now = self.clock().now();
        let mut notes = profile.advice(now);
        notes.extend(self.connectors_that_are_not_there(profile)?);
        let put = self.ledger.put(profile, now)?;
        Ok(AppliedProfile {
            name: profile.name.clone(),
            put,
            notes,
        })
    }

    /// A profile may come before its connector; a slip of the finger should show all the same.
    fn connectors_that_are_not_there(&self, profile: &Profile) -> Result<Vec<String>, AppError> {
        let stored = self.ledger.connectors()?;
        let names: Vec<&str> = stored.iter().map(|one| one.config.name.as_str()).collect();
        let fits = |pattern: &&Pattern| !names.iter().any(|name| pattern.matches(name));
        let told = |pattern: &Pattern| {
            let near = nearest(pattern.as_str(), names.iter().copied());
            let hint = near.map_or_else(String::new, |near| format!(" (did you mean `{near}`?)"));
            format!("deliver_to.connectors: no connector is meant by `{pattern}` yet{hint}")
        };
        let patterns = &profile.deliver_to.connectors;
        Ok(patterns.iter().filter(fits).map(told).collect())
    }

    /// Every profile, by name.
    pub fn profiles(&self) -> Result<Vec<StoredProfile>, AppError> {
        Ok(self.ledger.profiles()?)
    }

    /// One profile as it was applied.
    pub fn profile(&self, name: &ProfileId) -> Result<StoredProfile, AppError> {
        stored(&self.ledger, name)
    }

    /// Removes a profile that no request needs. What was issued under it stays.
    pub fn remove_profile(&self, name: &ProfileId) -> Result<(), AppError> {
        self.profile_is_unused(name)?;
        self.ledger.remove::<Profile>(name.as_str())?;
        Ok(())
    }

    /// Whether a profile may be removed: no request is issued or renewed under it.
    pub fn profile_is_unused(&self, name: &ProfileId) -> Result<(), AppError> {
        self.profile(name)?;
        self.unneeded(format!("profile `{name}`"), |request| {
            request.profile == *name
        })
    }

    /// What a request that is not cancelled needs is not taken away: it would never be renewed again.
    pub(super) fn unneeded(
        &self,
        what: String,
        needs: impl Fn(&Request) -> bool,
    ) -> Result<(), AppError> {
        let requests = self.ledger.requests(&RequestFilter::default())?;
        let needed = |one: &&Request| one.state != RequestState::Cancelled && needs(one);
        let ids: Vec<String> = requests
            .iter()
            .filter(needed)
            .map(|one| one.id.to_string())
            .collect();
        if ids.is_empty() {
            return Ok(());
        }
        Err(AppError::Needed {
            what,
            requests: ids,
        })
    }
}

/// One profile as it was applied, by whoever has the ledger.
pub(super) fn stored(ledger: &Ledger, name: &ProfileId) -> Result<StoredProfile, AppError> {
    if let Some(stored) = ledger.profile(name)? {
        return Ok(stored);
    }
    let others = ledger.profiles()?;
    let names = others.iter().map(|stored| stored.config.name.as_str());
    let (name, hint) = with_hint(name.as_str(), names);
    Err(AppError::NoProfile { name, hint })
}
