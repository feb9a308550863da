//! Applying, listing and removing connectors.
//! Above: `cli`. Below: `ledger`, `plugin` (to describe), `store` (to forget).
//! Invariant: a connector is stored only if its plugins are there and its settings are valid under their schemas.

use super::cloud::{grants, invalid, problem};
use super::{AppError, Sensor, settings};
use crate::config::{ConfigProblem, ConnectorConfig, CredentialConfig, nearest};
use crate::grant::Grants;
use crate::ledger::{Put, RequestFilter, StoredConnector};
use crate::model::enrollment::KeyPlace;
use crate::model::id::ConnectorId;
use crate::model::run::{Run, RunStatus};
use crate::model::time::Millis;
use crate::plugin::Needs;
use crate::store::RunFilter;

/// What applying a connector did.
#[derive(Debug, Clone)]
pub struct Applied {
    pub name: ConnectorId,
    pub put: Put,
    /// Worth knowing, no reason to refuse: rules that grant nothing.
    pub notes: Vec<String>,
}

/// A connector in the list.
#[derive(Debug, Clone)]
pub struct Listed {
    pub stored: StoredConnector,
    pub assets: u64,
    pub last_run: Option<Run>,
    /// When the next import is due: now, if it never ran to an end.
    pub next_due: Millis,
}

impl Sensor {
    /// Checks a connector wholly, then stores it under its name.
    pub async fn apply(&self, config: &ConnectorConfig) -> Result<Applied, AppError> {
        let plugin = self.connector_plugin(&config.plugin)?;
        let described = plugin.describe().await?;
        let mut problems = settings::of_connector(config, &described.settings_schema);
        let mut notes = Vec::new();
        match grants(config, &plugin) {
            Ok(grants) => {
                let needs = Needs::of(
                    plugin.manifest(),
                    &described.required_operations,
                    &described.optional_operations,
                );
                problems.extend(needed(&grants, &needs));
                notes.extend(noted(&grants, &needs));
            }
            Err(wrong) => problems.extend(wrong),
        }
        if let Some(credential) = &config.credential {
            problems.extend(self.credential_problems(credential).await?);
        }
        if let Some(mock) = &config.mock_host {
            self.plugin(&mock.plugin)?;
        }
        if !problems.is_empty() {
            return Err(invalid(config, problems));
        }
        let put = self.ledger.put_connector(config, self.clock().now())?;
        Ok(Applied {
            name: config.name.clone(),
            put,
            notes,
        })
    }

    pub(super) async fn credential_problems(
        &self,
        credential: &CredentialConfig,
    ) -> Result<Vec<ConfigProblem>, AppError> {
        let provider = self.credential_provider(&credential.provider)?;
        let methods = provider.methods().await?;
        let Some(method) = methods.iter().find(|method| method.id == credential.method) else {
            let names: Vec<&str> = methods.iter().map(|method| method.id.as_str()).collect();
            let near = nearest(&credential.method, names.iter().copied());
            let help = near.map_or_else(
                || format!("known: {}", names.join(", ")),
                |near| format!("did you mean `{near}`?"),
            );
            let message = format!(
                "`{}` has no method `{}`",
                credential.provider, credential.method
            );
            return Ok(vec![ConfigProblem {
                help: Some(help),
                ..problem("credential.method", message)
            }]);
        };
        let mut problems = settings::problems(
            "credential.parameters",
            &credential.parameters,
            &method.parameters_schema,
        );
        let secret = method.secret_parameter.as_ref();
        let named = secret.and_then(|key| Some((key, credential.parameters.get(key)?.as_str()?)));
        if let Some((key, name)) = named
            && self.ledger.get_secret(name)?.is_none()
        {
            let message =
                format!("there is no secret `{name}`: store it with `sensor secret set {name}`");
            problems.push(problem(&format!("credential.parameters.{key}"), message));
        }
        Ok(problems)
    }

    /// Every connector, by name.
    pub fn connectors(&self) -> Result<Vec<Listed>, AppError> {
        let inventory = self.inventory()?;
        let known = inventory.connectors()?;
        let now = self.clock().now();
        let mut listed = Vec::new();
        for stored in self.ledger.connectors()? {
            let name = &stored.config.name;
            let status = known.iter().find(|status| status.connector == *name);
            let last_run = inventory
                .runs(&RunFilter {
                    connector: Some(name.clone()),
                    limit: Some(1),
                })?
                .into_iter()
                .next();
            let every = stored.config.import.every.millis();
            listed.push(Listed {
                assets: status.map_or(0, |status| status.assets),
                next_due: next_due(last_run.as_ref(), every, now),
                last_run,
                stored,
            });
        }
        Ok(listed)
    }

    /// Whether a connector may be removed: no request delivers by it, and no key waits in its cloud.
    pub fn connector_is_unused(&self, name: &ConnectorId) -> Result<(), AppError> {
        self.connector(name)?;
        self.unneeded(format!("connector `{name}`"), |request| {
            request.targets.iter().any(|one| one.connector == *name)
        })?;
        for request in self.ledger.requests(&RequestFilter::default())? {
            let open = self.ledger.issuances(request.id)?.into_iter().next();
            let parked = open.filter(|one| !one.state.is_over()).map(|one| one.key);
            if matches!(&parked, Some(KeyPlace::Cloud { connector, .. }) if connector == name) {
                return Err(AppError::Needed {
                    what: format!("connector `{name}`"),
                    requests: vec![request.id.to_string()],
                });
            }
        }
        Ok(())
    }

    /// Removes everything that a connector imported from one account. Returns how many places that were; none if it
    /// never saw the account. An import that covers the account brings it back.
    pub fn forget_account(
        &self,
        name: &ConnectorId,
        account: &str,
    ) -> Result<Option<u64>, AppError> {
        self.connector(name)?;
        Ok(self.inventory()?.forget_account(name, account)?)
    }

    /// Removes a connector and everything that it imported. Returns how many places that were.
    pub fn remove_connector(&self, name: &ConnectorId) -> Result<u64, AppError> {
        self.connector_is_unused(name)?;
        let places = self.inventory()?.forget_connector(name)?;
        self.ledger.remove_connector(name)?;
        Ok(places)
    }
}

/// What the plugin does not work without and is not allowed.
fn needed(grants: &Grants, needs: &Needs) -> Vec<ConfigProblem> {
    let refused = needs.required.iter().filter_map(|operation| {
        let denied = grants.check(operation).err()?;
        let message =
            format!("the plugin does not work without `{operation}`, and it is not granted");
        Some(ConfigProblem {
            help: Some(denied.advice()),
            ..problem("grants.operations", message)
        })
    });
    refused.collect()
}

/// Rules that grant nothing, and what the plugin will have to do without.
fn noted(grants: &Grants, needs: &Needs) -> Vec<String> {
    let idle = grants.idle();
    let mut notes: Vec<String> = idle
        .iter()
        .map(|rule| format!("the grant `{rule}` allows nothing that the plugin asks for"))
        .collect();
    let optional = needs.optional.iter();
    let without: Vec<&str> = optional
        .filter(|operation| grants.check(operation).is_err())
        .map(String::as_str)
        .collect();
    if !without.is_empty() {
        notes.push(format!(
            "the plugin does without what is not granted: {}",
            without.join(", ")
        ));
    }
    notes
}

/// How long after a failure an import is tried again: a passing fault should not cost a whole period.
const AFTER_FAILURE: Millis = 15 * 60 * 1000;

/// A run that did not come to its end is due at once, so that it goes on while its checkpoints are fresh.
fn next_due(last: Option<&Run>, every: Millis, now: Millis) -> Millis {
    let Some(run) = last else { return now };
    match run.status {
        RunStatus::Running | RunStatus::Stopped | RunStatus::Interrupted => now,
        RunStatus::Failed => run.started_at + every.min(AFTER_FAILURE),
        RunStatus::Complete | RunStatus::Partial => run.started_at + every,
    }
}

#[cfg(test)]
mod tests {
    use super::next_due;
    use crate::model::id::RunId;
    use crate::model::run::{Counts, Run, RunStatus};

    #[test]
    fn what_ended_early_is_due_at_once_and_what_failed_after_a_pause() {
        let (day, now) = (86_400_000, 1_000_000_000);
        let run = |status| Run {
            id: RunId(1),
            connector: "aws-prod".parse().unwrap(),
            plugin: "aws-unified 0.1.0".to_owned(),
            mock: false,
            status,
            started_at: now - 60_000,
            ended_at: Some(now),
            counts: Counts::default(),
            calls: Vec::new(),
            error: None,
            problems: Vec::new(),
        };
        let due = |status| next_due(Some(&run(status)), day, now) - now;
        assert_eq!(next_due(None, day, now), now);
        assert_eq!(due(RunStatus::Interrupted), 0);
        assert_eq!(due(RunStatus::Stopped), 0);
        assert_eq!(due(RunStatus::Failed), 14 * 60_000);
        assert_eq!(due(RunStatus::Complete), day - 60_000);
        assert_eq!(due(RunStatus::Partial), day - 60_000);
    }
}
