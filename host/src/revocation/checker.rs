//! One certificate's question, from its addresses to a finding.
//! Above: `app`. Below: `points`, `ocsp`, `lists`, `fetch`, `chain`.
//! Invariant: OCSP goes first, lists after it; what each said in vain is told together.

use super::fetch::Fetcher;
use super::lists::Lists;
use super::points::{ListPoint, Points};
use super::{Told, chain, ocsp};
use crate::model::profile::Network;
use crate::model::revocation::{Finding, SourceKind, StatusSource};
use crate::model::text::clean;
use crate::model::time::{Clock, Millis};
use crate::web::Reach;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

/// An OCSP answer with its certificates, or an issuer's certificate.
const LARGEST: usize = 128 << 10;

/// Private networks whose servers may be asked; the others of that kind are not.
#[derive(Debug, Clone, Default)]
pub struct Networks(pub Vec<Network>);

/// Asks CAs. One for all certificates: it remembers lists, and servers that do not answer.
pub struct Checker {
    fetcher: Fetcher,
    lists: Lists,
    clock: Arc<dyn Clock>,
}

/// Why there is no checker.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("certificates' status cannot be asked for: {0}")]
pub struct CheckerError(String);

impl Checker {
    /// A checker that asks public servers, and those of `networks`.
    ///
    /// # Errors
    /// When TLS cannot be set up.
    pub fn new(networks: Networks, clock: Arc<dyn Clock>) -> Result<Self, CheckerError> {
        let fetcher = Fetcher::new(Reach::Public(networks.0));
        Ok(Self {
            fetcher: fetcher.map_err(|error| CheckerError(error.to_string()))?,
            lists: Lists::new(),
            clock,
        })
    }

    /// What the CA says of a certificate (DER). Its issuer is looked for among `others`, else fetched from where the
    /// certificate says.
    pub async fn check(&self, leaf: &[u8], others: &[Vec<u8>]) -> Finding {
        let (points, own) = match guarded(|| {
            let leaf = chain::read(leaf)?;
            Ok((Points::of(&leaf), chain::is_issuer(&leaf, &leaf)))
        }) {
            Ok(found) => found,
            Err(why) => return Finding::Nobody(why),
        };
        if own {
            return Finding::Nobody("self-signed: no CA stands above it".to_owned());
        }
        if points.ocsp.is_empty() && points.crl.is_empty() {
            let why = match points.unusable.first() {
                Some(why) => format!("nobody to ask: {why}"),
                None => {
                    "the certificate names neither an OCSP responder nor a revocation list".into()
                }
            };
            return Finding::Nobody(why);
        }
        match self.issuer(leaf, others, &points).await {
            Ok(issuer) => self.ask(leaf, &issuer, &points).await,
            Err(why) => Finding::Trouble(why),
        }
    }

    async fn issuer(
        &self,
        leaf: &[u8],
        others: &[Vec<u8>],
        points: &Points,
    ) -> Result<Vec<u8>, String> {
        let fits = |der: &[u8]| {
            guarded(|| Ok(chain::is_issuer(&chain::read(der)?, &chain::read(leaf)?)))
                .unwrap_or(false)
        };
        if let Some(issuer) = others.iter().find(|der| fits(der)) {
            return Ok(issuer.clone());
        }
        let mut why = "its issuer's certificate is not known".to_owned();
        for url in &points.issuers {
            match self.fetcher.get(url, LARGEST, self.clock.now()).await {
                Ok(der) if fits(&der) => return Ok(der.to_vec()),
                Ok(_) => why = format!("what lies at {url} is not its issuer's certificate"),
                Err(error) => why = format!("its issuer's certificate at {url}: {error}"),
            }
        }
        Err(why)
    }

    async fn ask(&self, leaf: &[u8], issuer: &[u8], points: &Points) -> Finding {
        let mut vain = Vec::new();
        for url in &points.ocsp {
            let source = source(SourceKind::Ocsp, url);
            match self.by_ocsp(leaf, issuer, url).await {
                Ok(told) => return found(told, source),
                Err(why) => vain.push(format!("{source}: {why}")),
            }
        }
        for point in &points.crl {
            for url in &point.urls {
                let source = source(SourceKind::Crl, url);
                match self.by_list(leaf, issuer, url, point).await {
                    Ok(told) => return found(told, source),
                    Err(why) => vain.push(format!("{source}: {why}")),
                }
            }
        }
        Finding::Trouble(vain.join("; "))
    }

    async fn by_ocsp(&self, leaf: &[u8], issuer: &[u8], url: &str) -> Result<Told, String> {
        let question = guarded(|| ocsp::question(&chain::read(leaf)?, &chain::read(issuer)?))?;
        let kinds = ("application/ocsp-request", "application/ocsp-response");
        let now = self.clock.now();
        let body = self
            .fetcher
            .post(url, kinds, question, LARGEST, now)
            .await?;
        let now = self.clock.now();
        guarded(|| ocsp::judge(&body, &chain::read(leaf)?, &chain::read(issuer)?, now))
    }

    async fn by_list(
        &self,
        leaf: &[u8],
        issuer: &[u8],
        url: &str,
        point: &ListPoint,
    ) -> Result<Told, String> {
        let now: Millis = self.clock.now();
        let list = self.lists.get(&self.fetcher, url, issuer, now).await?;
        guarded(|| list.says(&chain::read(leaf)?, &point.names, now))
    }
}

fn source(kind: SourceKind, url: &str) -> StatusSource {
    StatusSource {
        kind,
        url: clean(url, 300),
    }
}

fn found(told: Told, source: StatusSource) -> Finding {
    Finding::Told {
        status: told.status,
        next_update: told.next_update,
        source,
    }
}

/// What strangers sent is read by parsers that are not known to panic; should one, it is one certificate's trouble.
fn guarded<T>(read: impl FnOnce() -> Result<T, String>) -> Result<T, String> {
    catch_unwind(AssertUnwindSafe(read)).unwrap_or_else(|_| Err("the parser gave up".to_owned()))
}
