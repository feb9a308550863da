//! Several calls at once, put together above the policy layer's one door.
//! Above: `view`. Below: `operations`, `assume`.
//! Invariant: each call of a batch is granted, paced, retried and told to the audit as if it were made alone.

use super::AwsCapability;
use crate::backend::Session;
use crate::bindings::connector::sensor::aws::batch::{CertificateAnswer, CertificateWish};
use crate::bindings::connector::sensor::aws::types::{
    AssumeRoleRequest, ListRegionsRequest, RegionPage,
};
use crate::bindings::connector::sensor::core::types::{Error, ErrorClass};
use crate::model::time::Millis;
use futures::stream::{FuturesOrdered, StreamExt};
use std::collections::VecDeque;

/// So many certificates, roles or accounts are under way at once: enough for AWS's ten calls a second when an answer
/// takes most of a second, and few enough that hundreds of splits do not open thousands of connections.
const TOGETHER: usize = 8;
/// So long certificates are begun, in milliseconds: what is fetched waits for the others before it is stored.
const PATIENCE: Millis = 10_000;

impl AwsCapability {
    /// What was wished for, in order: for all certificates, or for the first ones when time goes by or when something
    /// fails that would fail for the others too.
    pub async fn fetch_certificates(
        &self,
        session: &Session,
        region: &str,
        wishes: &[CertificateWish],
    ) -> Vec<CertificateAnswer> {
        let began = self.lend.clock.now();
        let (mut waiting, mut under_way) = (wishes.iter(), FuturesOrdered::new());
        let (mut answers, mut over) = (Vec::with_capacity(wishes.len().min(1000)), false);
        loop {
            while !over && under_way.len() < TOGETHER {
                let Some(wish) = waiting.next() else { break };
                under_way.push_back(self.fetch_certificate(session, region, wish));
            }
            let Some(answer) = under_way.next().await else {
                return answers;
            };
            over |= fails_for_all(&answer) || self.lend.clock.now() - began > PATIENCE;
            answers.push(answer);
        }
    }

    async fn fetch_certificate(
        &self,
        session: &Session,
        region: &str,
        wish: &CertificateWish,
    ) -> CertificateAnswer {
        let arn = &wish.arn;
        let (details, tags, body) = tokio::join!(
            wished(
                wish.details,
                self.describe_certificate(session, region, arn)
            ),
            wished(
                wish.tags,
                self.list_tags_for_certificate(session, region, arn)
            ),
            wished(wish.body, self.get_certificate(session, region, arn)),
        );
        CertificateAnswer {
            details,
            tags,
            body,
        }
    }

    /// A session in each of these roles, in order.
    pub async fn assume_roles(
        &self,
        session: &Session,
        requests: Vec<AssumeRoleRequest>,
    ) -> Vec<Result<Session, Error>> {
        let asked = requests
            .into_iter()
            .map(|request| self.assume_role(session, request));
        together(asked).await
    }

    /// A page of regions from each of these accounts, in order.
    pub async fn list_regions_of(
        &self,
        asked: &[(Session, ListRegionsRequest)],
    ) -> Vec<Result<RegionPage, Error>> {
        let asked = asked
            .iter()
            .map(|(session, request)| self.list_regions(session, request));
        together(asked).await
    }
}

async fn wished<T>(wish: bool, ask: impl Future<Output = T>) -> Option<T> {
    if wish { Some(ask.await) } else { None }
}

/// All answers, in order.
async fn together<F: Future>(all: impl Iterator<Item = F>) -> Vec<F::Output> {
    let mut waiting: VecDeque<F> = all.collect();
    let first = waiting.drain(..waiting.len().min(TOGETHER));
    let mut under_way: FuturesOrdered<F> = first.collect();
    let mut answers = Vec::new();
    while let Some(answer) = under_way.next().await {
        answers.push(answer);
        under_way.extend(waiting.pop_front());
    }
    answers
}

/// Whether asking about other certificates would only make it worse.
fn fails_for_all(answer: &CertificateAnswer) -> bool {
    use ErrorClass as C;
    let errors = [
        answer.details.as_ref().and_then(|part| part.as_ref().err()),
        answer.tags.as_ref().and_then(|part| part.as_ref().err()),
        answer.body.as_ref().and_then(|part| part.as_ref().err()),
    ];
    errors.into_iter().flatten().any(|error| {
        matches!(
            error.class,
            C::AuthExpired
                | C::Config
                | C::Throttled
                | C::Transient
                | C::Cancelled
                | C::LimitExceeded
                | C::Internal
        )
    })
}
