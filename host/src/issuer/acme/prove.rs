//! Proving that the names of an order are ours: challenges put up, the CA called, all of it taken down.
//! Above: `order`. Below: `http01`, `dns`.
//! Invariant: the CA is called only when every answer is up; putting up twice is the same as once.

use super::account::Session;
use super::told::is;
use super::{Acme, NONCES, patient};
use crate::issuer::dns::Record;
use crate::issuer::{IssuerError, Progress};
use instant_acme::{AuthorizationStatus, ChallengeStatus, ChallengeType, Identifier, Order};

impl Acme {
    fn kind(&self) -> ChallengeType {
        match self.dns {
            Some(_) => ChallengeType::Dns01,
            None => ChallengeType::Http01,
        }
    }

    /// Puts up what a pending order waits for, then calls the CA.
    pub(super) async fn prove(
        &self,
        session: &Session,
        order: &mut Order,
    ) -> Result<Progress, IssuerError> {
        let url = order.url().to_owned();
        self.read_authorizations(session, order).await?;
        let (names, records) = self.put_up(session, order, &url).await?;
        if let Some(dns) = &self.dns
            && let Some(retry_after) = dns.present(&records).await?
        {
            let doing = format!("the DNS is taking up {}", some_of(&names));
            return Ok(Progress::Pending { retry_after, doing });
        }
        self.call(session, order).await?;
        let doing = if names.is_empty() {
            "the CA is looking at the order".to_owned()
        } else {
            format!("the CA is validating {}", some_of(&names))
        };
        Ok(self.pending(&url, session, doing))
    }

    /// Fetches what the library has not fetched yet. After a refused nonce it passes the rest over, so that it is
    /// asked from the front again; what it has it keeps.
    pub(super) async fn read_authorizations(
        &self,
        session: &Session,
        order: &mut Order,
    ) -> Result<(), IssuerError> {
        let mut refused = 0;
        'again: loop {
            let mut authorizations = order.authorizations();
            while let Some(next) = authorizations.next().await {
                match next {
                    Ok(_) => {}
                    Err(error) if refused < NONCES && is(&error, "badNonce") => {
                        refused += 1;
                        continue 'again;
                    }
                    Err(error) => return Err(session.told(&error)),
                }
            }
            return Ok(());
        }
    }

    /// Answers over HTTP are up when this returns; records for the DNS are returned.
    async fn put_up(
        &self,
        session: &Session,
        order: &mut Order,
        url: &str,
    ) -> Result<(Vec<String>, Vec<Record>), IssuerError> {
        let (mut names, mut records) = (Vec::new(), Vec::new());
        let mut authorizations = order.authorizations();
        while let Some(next) = authorizations.next().await {
            let mut authorization = next.map_err(|error| session.told(&error))?;
            if authorization.status != AuthorizationStatus::Pending {
                continue;
            }
            let name = authorization.identifier().to_string();
            let Some(challenge) = authorization.challenge(self.kind()) else {
                let text = format!("{name}: the CA offers no challenge of the kind that is set up");
                return Err(IssuerError::config("no-challenge", text));
            };
            let answer = challenge.key_authorization();
            match self.dns {
                None => self.http01.put(url, &challenge.token, answer.as_str()),
                Some(_) => records.extend(record(challenge.identifier().identifier, &answer)),
            }
            names.push(name);
        }
        Ok((names, records))
    }

    /// Tells the CA of every challenge that it does not know to be up.
    async fn call(&self, session: &Session, order: &mut Order) -> Result<(), IssuerError> {
        let mut authorizations = order.authorizations();
        while let Some(next) = authorizations.next().await {
            let mut authorization = next.map_err(|error| session.told(&error))?;
            if authorization.status != AuthorizationStatus::Pending {
                continue;
            }
            let Some(mut challenge) = authorization.challenge(self.kind()) else {
                continue;
            };
            if challenge.status != ChallengeStatus::Pending {
                continue;
            }
            match patient!(challenge.set_ready()) {
                Ok(()) => {}
                // The CA has gone on meanwhile, or has failed it: the order says which.
                Err(error) if is(&error, "malformed") => {}
                // A challenge that failed at once, or has an error from an earlier look.
                Err(instant_acme::Error::Api(problem)) if session.wire.heard().status < 400 => {
                    tracing::debug!(error = %problem, "a challenge was answered with an error");
                }
                Err(error) => return Err(session.told(&error)),
            }
        }
        Ok(())
    }

    /// Takes down what is up for an order. What stays up does no harm, so nothing waits for it.
    pub(super) async fn tidy(&self, session: &Session, order: &mut Order) {
        self.http01.clear(order.url());
        let Some(dns) = &self.dns else {
            return;
        };
        if let Err(error) = self.read_authorizations(session, order).await {
            tracing::warn!(issuer = %self.vault.issuer, %error, "records of the DNS stay up");
            return;
        }
        let mut records = Vec::new();
        let mut authorizations = order.authorizations();
        while let Some(Ok(mut authorization)) = authorizations.next().await {
            if let Some(challenge) = authorization.challenge(ChallengeType::Dns01) {
                let answer = challenge.key_authorization();
                records.extend(record(challenge.identifier().identifier, &answer));
            }
        }
        if let Err(error) = dns.clean_up(&records).await {
            tracing::warn!(issuer = %self.vault.issuer, %error, "records of the DNS stay up");
        }
    }
}

fn record(name: &Identifier, answer: &instant_acme::KeyAuthorization) -> Option<Record> {
    let Identifier::Dns(name) = name else {
        return None;
    };
    Some(Record {
        name: format!("_acme-challenge.{name}"),
        value: answer.dns_value(),
    })
}

/// The first names, and how many more.
fn some_of(names: &[String]) -> String {
    match names {
        [] => String::new(),
        [one] => one.clone(),
        [one, rest @ ..] => format!("{one} and {} more", rest.len()),
    }
}
