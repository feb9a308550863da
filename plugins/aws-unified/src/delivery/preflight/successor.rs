//! What stands at the ARN, and whether the new certificate may follow it.
//! Above: `preflight`. Below: `place`.
//! Invariant: ACM's rules of re-import, each told by itself; what ACM keeps to itself (a domain must stay) is read
//! strictly; tags that cannot be read are told, and are not no tags.

use super::Told;
use crate::check::report::{Line, Report};
use crate::check::{Refusal, refusal, refused};
use crate::error::lasting;
use sensor_sdk::host::{AwsWrite, Host};
use sensor_sdk::types::aws::CertificateDetail;
use sensor_sdk::types::delivery::Planned;
use sensor_sdk::types::{Error, ErrorClass};

/// Where CloudFront looks for its certificates.
const CLOUDFRONT_HOME: &str = "us-east-1";

pub(super) fn check<H: Host + AwsWrite>(
    told: &Told<'_, '_, H>,
    arn: &str,
    report: &mut Report,
) -> Result<(), Error> {
    let place = told.place;
    match place
        .host
        .describe_certificate(&place.session, place.region, arn)
    {
        Ok(detail) => {
            let before = report.len();
            for line in judge(&detail, told.planned, place.region) {
                report.add(line.about(arn));
            }
            if report.len() == before {
                let message = "the new certificate may follow the one that stands there".to_owned();
                report.add(Line::success("re-import", message).about(arn));
            }
            owner(told, arn, report)?;
        }
        Err(error) if error.class == ErrorClass::NotFound => {
            let message = format!("{arn} is not there (any more)");
            let advice =
                "deliver it anew, without an ARN; what used the old one must be told the new one";
            report.add(
                Line::failure("place-gone", message)
                    .about(arn)
                    .advise(advice),
            );
        }
        Err(error) => {
            let action = "acm:DescribeCertificate";
            let error = lasting(action, error)?;
            let refusal = refusal(&error).unwrap_or(Refusal::Failed);
            let line = refused(
                action,
                (place.account, place.region),
                &place.resource(),
                &refusal,
                &error,
                true,
            );
            report.add(line);
        }
    }
    Ok(())
}

/// Its tags say which sensor keeps it, and the host compares them. A read-back has no word for tags that nobody may
/// read, so that is told here.
fn owner<H: Host + AwsWrite>(
    told: &Told<'_, '_, H>,
    arn: &str,
    report: &mut Report,
) -> Result<(), Error> {
    let place = told.place;
    let tags = place
        .host
        .list_tags_for_certificate(&place.session, place.region, arn);
    let Some(error) = tags.err() else {
        return Ok(());
    };
    let action = "acm:ListTagsForCertificate";
    let error = lasting(action, error)?;
    let message = format!(
        "its tags cannot be read, so whether another sensor keeps it is not known: {}",
        error.message
    );
    let line = Line::warning("owner-unknown", message).about(arn);
    let line = line.advise(format!("{action} would tell it"));
    report.add(line.mend(&error, action, &place.resource()));
    Ok(())
}

/// ACM's rules.
fn judge(detail: &CertificateDetail, planned: &Planned, region: &str) -> Vec<Line> {
    let mut lines = Vec::new();
    lines.extend(whose(detail));
    lines.extend(key(detail, planned));
    let (old, new) = (&detail.key_usages, &planned.key_usages);
    let elliptic = !planned.key_algorithm.starts_with("RSA");
    let may_go = |word: &str| elliptic && word == "KEY_ENCIPHERMENT";
    lines.extend(usages("key usages", old, new, may_go));
    let (old, new) = (&detail.extended_key_usages, &planned.extended_key_usages);
    let may_go = |word: &str| word == "TLS_WEB_CLIENT_AUTHENTICATION";
    lines.extend(usages("extended key usages", old, new, may_go));
    lines.extend(names(detail, planned));
    lines.extend(users(detail, planned, region));
    lines
}

/// Only what was imported may be imported again, and only its owner's.
fn whose(detail: &CertificateDetail) -> Vec<Line> {
    let mut lines = Vec::new();
    let kind = detail.certificate_type.as_deref().unwrap_or("unknown");
    if kind != "IMPORTED" {
        let message = format!(
            "the certificate there is of type {kind}; only an IMPORTED one can be renewed in place"
        );
        lines.push(Line::failure("not-imported", message));
    }
    if detail.key_pair_origin.as_deref() == Some("ACME") {
        let message = "the certificate there came through an ACME endpoint of ACM, which renews it"
            .to_owned();
        lines.push(Line::failure("acme-origin", message));
    }
    if let Some(manager) = &detail.managed_by {
        let message = format!("the certificate there is managed by {manager}, which renews it");
        lines.push(Line::failure("managed", message));
    }
    lines
}

fn key(detail: &CertificateDetail, planned: &Planned) -> Option<Line> {
    // DescribeCertificate writes `RSA-2048` where the enumeration says `RSA_2048`.
    let old = detail.key_algorithm.as_deref()?.replace('-', "_");
    let new = &planned.key_algorithm;
    (old != *new).then(|| {
        let message = format!(
            "the key there is of type {old} and the new one is of type {new}: ACM keeps the type and size of a key under \
             one ARN"
        );
        let advice = format!("choose a profile with {old}, or deliver it anew, without an ARN");
        Line::failure("key-change", message).advise(advice)
    })
}

/// What was there stays; where nothing was, nothing comes.
fn usages(
    what: &str,
    old: &[String],
    new: &[String],
    may_go: impl Fn(&str) -> bool,
) -> Option<Line> {
    let unspoken = |words: &[String]| words.is_empty() || words == ["NONE"];
    if unspoken(old) {
        return (!unspoken(new)).then(|| {
            let message = format!(
                "the certificate there names no {what}, so ACM refuses a new one that names {}",
                new.join(", ")
            );
            Line::failure("usages-added", message)
                .advise("leave them out in the profile, or deliver it anew")
        });
    }
    let lost: Vec<&str> = old
        .iter()
        .filter(|word| !new.contains(word) && !may_go(word))
        .map(String::as_str)
        .collect();
    (!lost.is_empty()).then(|| {
        let message = format!(
            "the certificate there has {what} that the new one has not, and ACM lets none go: {}",
            lost.join(", ")
        );
        Line::failure("usages-lost", message).advise("add them in the profile, or deliver it anew")
    })
}

fn names(detail: &CertificateDetail, planned: &Planned) -> Option<Line> {
    let old: Vec<String> = detail
        .subject_alternative_names
        .iter()
        .chain(&detail.domain_name)
        .map(|name| name.to_ascii_lowercase())
        .collect();
    let kept = planned
        .names
        .iter()
        .any(|name| old.contains(&name.to_ascii_lowercase()));
    (!old.is_empty() && !kept).then(|| {
        let message = format!(
            "none of the domains of the certificate there stays: it has {}, the new one {}",
            some(&old),
            some(&planned.names)
        );
        Line::failure("names-replaced", message).advise("keep one of them, or deliver it anew")
    })
}

fn some(names: &[String]) -> String {
    let first: Vec<&str> = names.iter().take(5).map(String::as_str).collect();
    let more = if names.len() > first.len() {
        ", …"
    } else {
        ""
    };
    format!("{}{more}", first.join(", "))
}

/// Services take fewer keys than ACM.
fn users(detail: &CertificateDetail, planned: &Planned, region: &str) -> Vec<Line> {
    let mut lines = Vec::new();
    let cloudfront = detail
        .in_use_by
        .iter()
        .find(|arn| arn.contains(":cloudfront:"));
    if let Some(user) = cloudfront {
        let key = planned.key_algorithm.as_str();
        let takes = matches!(
            key,
            "RSA_1024" | "RSA_2048" | "RSA_3072" | "RSA_4096" | "EC_prime256v1"
        );
        if !takes {
            let message = format!(
                "{user} uses it, and CloudFront takes RSA of up to 4096 bits and EC_prime256v1, not {key}"
            );
            lines.push(
                Line::failure("user-key", message).advise("choose another key type in the profile"),
            );
        }
        if region != CLOUDFRONT_HOME {
            let message = format!(
                "{user} uses it, and CloudFront takes certificates of {CLOUDFRONT_HOME} only"
            );
            lines.push(Line::warning("user-region", message));
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::usages;
    use sensor_sdk::types::CheckStatus;

    #[test]
    fn fact_20_usages() {
        let words = |text: &str| -> Vec<String> {
            text.split_ascii_whitespace().map(str::to_owned).collect()
        };
        for (old, new, code) in [
            ("A B", "A B C", None),
            ("A B", "A", Some("usages-lost")),
            ("A X", "A", None),
            ("", "A", Some("usages-added")),
            ("NONE", "A", Some("usages-added")),
            ("", "", None),
            ("A", "", Some("usages-lost")),
        ] {
            let line = usages("key usages", &words(old), &words(new), |word| word == "X");
            let mut report = crate::check::report::Report::default();
            if let Some(line) = line {
                report.add(line);
            }
            let told = report.into_findings();
            let told = told
                .first()
                .map(|finding| (finding.status, finding.code.as_str()));
            assert_eq!(
                told,
                code.map(|code| (CheckStatus::Failure, code)),
                "{old} then {new}"
            );
        }
    }
}
