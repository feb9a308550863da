//! Applying, listing, checking and removing issuers, and opening them for those who order.
//! Above: `cli`, the engine of deliveries. Below: `issuer`, `ledger`.
//! Invariant: an issuer is stored only if everything that its file names is there.

use super::{AppError, Sensor};
use crate::config::{ConfigProblem, IssuerConfig};
use crate::issuer::{Http01, Issuer, IssuerGround, open};
use crate::ledger::{Put, StoredIssuer};
use crate::model::check::Finding;
use crate::model::id::IssuerId;
use std::sync::Arc;

/// What applying an issuer did.
#[derive(Debug, Clone)]
pub struct AppliedIssuer {
    pub name: IssuerId,
    pub put: Put,
}

impl Sensor {
    /// Checks an issuer's configuration wholly, then stores it under its name. A CA of the sensor's own is made
    /// with it, so that its certificate can be handed round before the first order.
    pub async fn apply_issuer(&self, config: &IssuerConfig) -> Result<AppliedIssuer, AppError> {
        if let Some(before) = self.ledger.issuer(&config.name)?
            && before.config.kind() != config.kind()
        {
            return Err(AppError::OtherKind {
                name: config.name.clone(),
                before: before.config.kind(),
            });
        }
        let problems = self.issuer_problems(config).await?;
        if !problems.is_empty() {
            return Err(AppError::InvalidIssuer {
                issuer: config.name.clone(),
                problems,
            });
        }
        if config.credential().is_none() {
            open(config, &self.issuer_ground(None))?.roots().await?;
        }
        let put = self.ledger.put_issuer(config, self.clock().now())?;
        Ok(AppliedIssuer {
            name: config.name.clone(),
            put,
        })
    }

    /// Every issuer, by name.
    pub fn issuers(&self) -> Result<Vec<StoredIssuer>, AppError> {
        Ok(self.ledger.issuers()?)
    }

    /// One issuer as it was applied.
    pub fn issuer(&self, name: &IssuerId) -> Result<StoredIssuer, AppError> {
        if let Some(stored) = self.ledger.issuer(name)? {
            return Ok(stored);
        }
        let others = self.ledger.issuers()?;
        let names = others.iter().map(|stored| stored.config.name.as_str());
        Err(AppError::no_issuer(name.as_str(), names))
    }

    /// An issuer, ready to be asked. To be opened once and used by all: it remembers what it has set up.
    pub async fn open_issuer(&self, name: &IssuerId) -> Result<Arc<dyn Issuer>, AppError> {
        let config = self.issuer(name)?.config;
        let aws = match config.credential() {
            Some(credential) => Some(self.open_aws(credential).await?),
            None => None,
        };
        Ok(open(&config, &self.issuer_ground(aws))?)
    }

    /// Tries what an order needs.
    pub async fn check_issuer(&self, name: &IssuerId) -> Result<Vec<Finding>, AppError> {
        Ok(self.open_issuer(name).await?.check().await?)
    }

    /// The CA's own certificates (DER), of an issuer that hands them out itself.
    pub async fn issuer_roots(&self, name: &IssuerId) -> Result<Vec<Vec<u8>>, AppError> {
        let config = self.issuer(name)?.config;
        if config.credential().is_some() {
            return Ok(Vec::new());
        }
        Ok(open(&config, &self.issuer_ground(None))?.roots().await?)
    }

    /// Whether an issuer may be removed: no profile names it.
    pub fn issuer_is_unused(&self, name: &IssuerId) -> Result<(), AppError> {
        self.issuer(name)?;
        let profiles = self.ledger.profiles()?;
        let users = profiles
            .iter()
            .filter(|stored| stored.config.issuer == *name)
            .map(|stored| stored.config.name.to_string());
        let profiles: Vec<String> = users.collect();
        if profiles.is_empty() {
            return Ok(());
        }
        Err(AppError::IssuerInUse {
            issuer: name.clone(),
            profiles,
        })
    }

    /// Removes an issuer with its account or its CA's key, unless a profile names it.
    pub fn remove_issuer(&self, name: &IssuerId) -> Result<(), AppError> {
        self.issuer_is_unused(name)?;
        self.ledger.remove_issuer(name)?;
        Ok(())
    }

    /// Answers to HTTP-01 challenges, of all issuers: whoever serves starts the listener.
    #[must_use]
    pub fn http01(&self) -> Http01 {
        self.http01.clone()
    }

    /// What the configuration names and is not there.
    async fn issuer_problems(&self, config: &IssuerConfig) -> Result<Vec<ConfigProblem>, AppError> {
        let mut problems = Vec::new();
        if let Some((field, credential)) = config.credential_field() {
            problems = self.credential_problems(credential).await?;
            for problem in &mut problems {
                problem.field = problem.field.replacen("credential", field, 1);
            }
        }
        for (field, name) in config.secrets() {
            if self.ledger.get_secret(name)?.is_none() {
                problems.push(ConfigProblem {
                    line: None,
                    field: field.to_owned(),
                    message: format!(
                        "there is no secret `{name}`: store it with `sensor secret set {name}`"
                    ),
                    help: None,
                });
            }
        }
        Ok(problems)
    }

    fn issuer_ground(&self, aws: Option<aws_config::SdkConfig>) -> IssuerGround {
        IssuerGround {
            ledger: Arc::clone(&self.ledger),
            clock: self.clock(),
            http01: self.http01(),
            aws,
        }
    }
}
