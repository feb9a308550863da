//! An ACME order from its making to its certificate, resumable by its URL at every point.
//! Above: `acme`. Below: `prove` (challenges), instant-acme.
//! Invariant: what to do next is read from the order at the CA, never from memory; only a ready order is finalized.

use super::account::Session;
use super::renewal::identifier;
use super::told::{is, short, words};
use super::{Acme, NONCES, patient};
use crate::config::ChallengeConfig;
use crate::issuer::{IssuerError, IssuerErrorClass, OrderRef, Progress, Wanted};
use crate::model::nearest::nearest;
use instant_acme::{Error, Identifier, NewOrder, Order, OrderStatus};

impl Acme {
    pub(super) async fn place(&self, wanted: &Wanted) -> Result<OrderRef, IssuerError> {
        self.check_names(wanted)?;
        let session = self.session().await?;
        check_profile(&session, wanted)?;
        let names: Vec<Identifier> = wanted
            .names
            .iter()
            .map(|name| match name.ip() {
                Some(address) => Identifier::Ip(address),
                None => Identifier::Dns(name.to_string()),
            })
            .collect();
        let plain = || {
            let order = NewOrder::new(&names);
            match wanted.acme_profile.as_deref() {
                Some(profile) => order.profile(profile),
                None => order,
            }
        };
        let replaced = wanted.replaces.as_deref().and_then(identifier);
        if let Some(replaced) = replaced
            && self.read_directory().await?.renewal_info.is_some()
        {
            let order = plain().replaces(replaced);
            match patient!(session.account.new_order(&order)) {
                Ok(order) => return Ok(OrderRef(order.url().to_owned())),
                // What an order replaces is a hint. One that the CA does not like must not stand in a renewal's way.
                Err(Error::Api(problem)) if short(&problem) != "rateLimited" => {
                    tracing::info!(issuer = %self.vault.issuer, error = %words(&problem), "the CA takes no replacement");
                }
                Err(error) => return Err(session.told(&error)),
            }
        }
        let made = patient!(session.account.new_order(&plain()));
        let made = made.map_err(|error| session.told(&error))?;
        Ok(OrderRef(made.url().to_owned()))
    }

    /// Before anything is ordered: whether the names can be proven the way that is set up.
    fn check_names(&self, wanted: &Wanted) -> Result<(), IssuerError> {
        let over_dns = matches!(self.config.challenge, ChallengeConfig::Dns01(_));
        for name in &wanted.names {
            if name.is_wildcard() && !over_dns {
                let text = format!(
                    "{name}: a wildcard is proven over DNS only: set challenge = \"dns-01\""
                );
                return Err(IssuerError::config("wildcard-over-http", text));
            }
            if name.ip().is_some() && over_dns {
                let text = format!(
                    "{name}: an address is proven over HTTP only: use an issuer with challenge = \"http-01\""
                );
                return Err(IssuerError::config("address-over-dns", text));
            }
        }
        Ok(())
    }

    /// One step on from wherever the order is.
    pub(super) async fn step(&self, url: &str, wanted: &Wanted) -> Result<Progress, IssuerError> {
        let session = self.session().await?;
        let mut order = self.find(&session, url).await?;
        match order.state().status {
            OrderStatus::Pending => self.prove(&session, &mut order).await,
            OrderStatus::Ready => {
                self.tidy(&session, &mut order).await;
                let done = patient!(order.finalize_csr(&wanted.csr));
                match done {
                    Ok(()) => self.fetch(&session, &mut order).await,
                    // Somebody else's look: the order is read again.
                    Err(error) if is(&error, "orderNotReady") => {
                        Ok(self.pending(url, &session, "the CA is not ready yet".to_owned()))
                    }
                    Err(error) => Err(session.told(&error)),
                }
            }
            OrderStatus::Processing | OrderStatus::Valid => self.fetch(&session, &mut order).await,
            OrderStatus::Invalid => {
                self.tidy(&session, &mut order).await;
                Err(self.failure(&session, &mut order).await)
            }
        }
    }

    async fn find(&self, session: &Session, url: &str) -> Result<Order, IssuerError> {
        let found = patient!(session.account.order(url.to_owned()));
        found.map_err(|error| {
            let gone = matches!(session.wire.heard().status, 404 | 410) || is(&error, "malformed");
            if gone {
                let text = format!("the CA does not know the order {url} any more");
                return IssuerError::new(IssuerErrorClass::OrderEnded, "order-gone", text);
            }
            session.told(&error)
        })
    }

    async fn fetch(&self, session: &Session, order: &mut Order) -> Result<Progress, IssuerError> {
        let url = order.url().to_owned();
        if order.state().status == OrderStatus::Processing {
            return Ok(self.pending(&url, session, "the CA is issuing".to_owned()));
        }
        if order.state().status == OrderStatus::Invalid {
            return Err(self.failure(session, order).await);
        }
        let text = patient!(order.certificate()).map_err(|error| session.told(&error))?;
        let Some(text) = text else {
            return Ok(self.pending(&url, session, "the CA is issuing".to_owned()));
        };
        let mut certificates = Vec::new();
        for pem in x509_parser::pem::Pem::iter_from_buffer(text.as_bytes()) {
            let pem = pem.map_err(|error| {
                IssuerError::internal("certificate", format!("the CA's answer is no PEM: {error}"))
            })?;
            certificates.push(pem.contents);
        }
        if certificates.is_empty() {
            return Err(IssuerError::internal(
                "certificate",
                "the CA's answer holds no certificate",
            ));
        }
        let leaf = certificates.remove(0);
        Ok(Progress::Issued {
            leaf,
            chain: certificates,
        })
    }

    /// Why an order ended without a certificate, as far as the CA says.
    async fn failure(&self, session: &Session, order: &mut Order) -> IssuerError {
        let mut problem = order.state().error.clone();
        let mut name = None;
        // What went wrong with a name says more than that the order failed.
        if let Err(error) = self.read_authorizations(session, order).await {
            tracing::debug!(%error, "an order's names could not be read");
        }
        let mut authorizations = order.authorizations();
        while let Some(Ok(authorization)) = authorizations.next().await {
            let wrong = authorization
                .challenges
                .iter()
                .find_map(|challenge| challenge.error.clone());
            if let Some(wrong) = wrong {
                name = Some(authorization.identifier().to_string());
                problem = Some(wrong);
                break;
            }
        }
        let Some(problem) = problem else {
            let text = "the CA ended the order without saying why";
            return IssuerError::new(IssuerErrorClass::OrderEnded, "order-invalid", text);
        };
        let mut error = session.told(&Error::Api(problem));
        // A name that could not be reached today may be reached with the next order.
        if error.class != IssuerErrorClass::Refused || is_of_the_way(&error.code) {
            error.class = IssuerErrorClass::OrderEnded;
        }
        if let Some(name) = name {
            error.message = format!("{name}: {}", error.message);
        }
        error
    }
}

/// Whether the fault lies between the CA and the name rather than in the CA's rules.
fn is_of_the_way(code: &str) -> bool {
    matches!(
        code,
        "connection" | "dns" | "tls" | "incorrectResponse" | "malformed"
    )
}

/// Before anything is ordered: whether the CA has such a profile.
fn check_profile(session: &Session, wanted: &Wanted) -> Result<(), IssuerError> {
    let Some(profile) = wanted.acme_profile.as_deref() else {
        return Ok(());
    };
    let known: Vec<&str> = session.account.profiles().map(|known| known.name).collect();
    if known.contains(&profile) {
        return Ok(());
    }
    let help = match nearest(profile, known.iter().copied()) {
        Some(near) => format!("did you mean `{near}`?"),
        None if known.is_empty() => "it has none".to_owned(),
        None => format!("it has {}", known.join(", ")),
    };
    let text = format!("the CA has no profile `{profile}` ({help})");
    Err(IssuerError::config("acme-profile", text))
}
