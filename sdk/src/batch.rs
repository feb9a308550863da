//! A batch without a sensor: the wishes fulfilled one after the other, for native tests and other harnesses.
//! Above: `host`. Below: `types`.
//! Invariant: promises what the sensor promises: answers in order, at least one, and none after what fails for all.

use crate::host::Aws;
use crate::types::batch::{CertificateAnswer, CertificateWish};
use crate::types::{Error, ErrorClass};

pub(crate) fn one_by_one<A: Aws + ?Sized>(
    aws: &A,
    session: &A::Session,
    region: &str,
    wishes: &[CertificateWish],
) -> Vec<CertificateAnswer> {
    let mut answers = Vec::with_capacity(wishes.len());
    for wish in wishes {
        let arn = wish.arn.as_str();
        let answer = CertificateAnswer {
            details: wish
                .details
                .then(|| aws.describe_certificate(session, region, arn)),
            tags: wish
                .tags
                .then(|| aws.list_tags_for_certificate(session, region, arn)),
            body: wish.body.then(|| aws.get_certificate(session, region, arn)),
        };
        let over = fails_for_all(&answer);
        answers.push(answer);
        if over {
            break;
        }
    }
    answers
}

fn fails_for_all(answer: &CertificateAnswer) -> bool {
    use ErrorClass as C;
    let for_all = |error: &Error| {
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
    };
    let details = answer.details.as_ref().and_then(|part| part.as_ref().err());
    let tags = answer.tags.as_ref().and_then(|part| part.as_ref().err());
    let body = answer.body.as_ref().and_then(|part| part.as_ref().err());
    [details, tags, body].into_iter().flatten().any(for_all)
}
