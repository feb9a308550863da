//! Certificates in AWS's words: summaries, details, and bodies that went wrong.
//! Above: `world::acm_list`, `world::acm_read`. Below: `estate`, `x509`.
//! Invariant: each operation fills the fields that the real one fills, and leaves the others out.

use crate::estate::{Certificate, Estate, Kind, Origin, Renewal, Status};
use crate::noise::{Noise, hash};
use crate::scenario::Harm;
use crate::x509::der::pem;
use sensor_sdk::types::aws::{CertificateDetail, CertificateSummary};

/// Summaries hold so many alternative names.
const NAMES: usize = 100;

/// As ListCertificates tells it.
pub(super) fn listed(certificate: &Certificate) -> CertificateSummary {
    let body = &certificate.body;
    let has_body = certificate.status.has_body();
    CertificateSummary {
        arn: certificate.arn.clone(),
        domain_name: certificate.domain.clone(),
        subject_alternative_names: body.names().iter().take(NAMES).cloned().collect(),
        has_additional_subject_alternative_names: body.names().len() > NAMES,
        status: Some(certificate.status.name().to_owned()),
        certificate_type: Some(certificate.kind.name().to_owned()),
        key_algorithm: Some(body.key().name().to_owned()),
        serial_number: None,
        in_use: Some(!certificate.in_use_by.is_empty()),
        exported: (certificate.kind != Kind::Imported).then_some(certificate.exported),
        export_option: export_option(certificate),
        renewal_eligibility: Some(eligibility(certificate).to_owned()),
        renewal_status: None,
        managed_by: certificate.managed_by.clone(),
        key_pair_origin: Some(certificate.origin.name().to_owned()),
        validation_method: None,
        acme_endpoint_arn: None,
        not_before: has_body.then(|| body.not_before()),
        not_after: has_body.then(|| body.not_after()),
        created_at: Some(certificate.created_at),
        issued_at: certificate.issued_at,
        imported_at: certificate.imported_at,
        revoked_at: certificate.revoked_at,
    }
}

/// As SearchCertificates tells it: X.509 attributes too, the subject's common name for a domain.
pub(super) fn found(certificate: &Certificate) -> CertificateSummary {
    let has_body = certificate.status.has_body();
    CertificateSummary {
        domain_name: certificate.body.common_name().map(str::to_owned),
        serial_number: has_body.then(|| certificate.body.serial_text()),
        renewal_status: certificate.renewal.map(|renewal| renewal.name().to_owned()),
        validation_method: validation_method(certificate),
        ..listed(certificate)
    }
}

/// Tells of the certificates of one place.
pub(super) struct Teller<'a> {
    pub(super) estate: &'a Estate,
    pub(super) region: &'a str,
    pub(super) account: usize,
}

impl Teller<'_> {
    /// As DescribeCertificate tells it.
    pub(super) fn described(&self, certificate: Certificate) -> CertificateDetail {
        let body = &certificate.body;
        let signed = self.estate.signed;
        let has_body = certificate.status.has_body();
        let words = |word: &str| Some(word.to_owned());
        CertificateDetail {
            domain_name: certificate.domain.clone(),
            subject_alternative_names: body.names().to_vec(),
            serial: has_body.then(|| body.serial_text()),
            subject: Some(body.subject_text()),
            issuer: has_body.then(|| body.issuer_text(signed)),
            status: words(certificate.status.name()),
            certificate_type: words(certificate.kind.name()),
            key_algorithm: Some(body.key().described()),
            signature_algorithm: words(body.signature_algorithm(signed)),
            key_usages: body.key_usages().filter(|_| has_body).unwrap_or_default(),
            extended_key_usages: body
                .extended_key_usages()
                .filter(|_| has_body)
                .unwrap_or_default(),
            failure_reason: (certificate.status == Status::Failed).then(|| "CAA_ERROR".to_owned()),
            revocation_reason: (certificate.status == Status::Revoked)
                .then(|| "SUPERSEDED".to_owned()),
            renewal_eligibility: words(eligibility(&certificate)),
            renewal_status: certificate.renewal.map(|renewal| renewal.name().to_owned()),
            renewal_status_reason: (certificate.renewal == Some(Renewal::Failed))
                .then(|| "DOMAIN_VALIDATION_DENIED".to_owned()),
            key_pair_origin: words(certificate.origin.name()),
            certificate_authority_arn: (certificate.kind == Kind::Private)
                .then(|| self.service("acm-pca", "certificate-authority")),
            acme_endpoint_arn: (certificate.origin == Origin::Acme).then(|| self.endpoint()),
            export_option: export_option(&certificate),
            validation_method: validation_method(&certificate),
            not_before: has_body.then(|| body.not_before()),
            not_after: has_body.then(|| body.not_after()),
            created_at: Some(certificate.created_at),
            issued_at: certificate.issued_at,
            imported_at: certificate.imported_at,
            revoked_at: certificate.revoked_at,
            arn: certificate.arn,
            in_use_by: certificate.in_use_by,
            managed_by: certificate.managed_by,
        }
    }

    /// SearchCertificates names the ACME endpoint that a certificate came by.
    pub(super) fn name_endpoints(&self, found: &mut [CertificateSummary]) {
        for summary in found {
            let acme = summary.key_pair_origin.as_deref() == Some(Origin::Acme.name());
            summary.acme_endpoint_arn = acme.then(|| self.endpoint());
        }
    }

    fn endpoint(&self) -> String {
        self.service("acm", "acme-endpoint")
    }

    /// The one thing of a kind that an account has in a region.
    fn service(&self, service: &str, kind: &str) -> String {
        let (partition, id) = (
            &self.estate.partition,
            &self.estate.accounts[self.account].id,
        );
        let seed = hash(
            self.estate.seed,
            &format!("{service} {kind} {id} {}", self.region),
        );
        let mark = Noise::new(seed).next();
        let (head, tail) = (mark >> 32, mark & 0xffff_ffff);
        format!(
            "arn:{partition}:{service}:{}:{id}:{kind}/{head:08x}-0000-4000-8000-0000{tail:08x}",
            self.region
        )
    }
}

fn eligibility(certificate: &Certificate) -> &'static str {
    let renewable = certificate.kind != Kind::Imported && !certificate.in_use_by.is_empty();
    if renewable { "ELIGIBLE" } else { "INELIGIBLE" }
}

fn validation_method(certificate: &Certificate) -> Option<String> {
    (certificate.kind == Kind::AmazonIssued).then(|| "DNS".to_owned())
}

fn export_option(certificate: &Certificate) -> Option<String> {
    let amazons = certificate.kind == Kind::AmazonIssued;
    amazons.then(|| {
        if certificate.exported {
            "ENABLED"
        } else {
            "DISABLED"
        }
        .to_owned()
    })
}

/// A body that went wrong.
pub(super) fn harmed(der: &[u8], harm: Harm) -> String {
    match harm {
        Harm::NotPem => "<html><body>503 Service Temporarily Unavailable</body></html>".to_owned(),
        Harm::Garbage => {
            let mut bytes = vec![0; der.len()];
            Noise::new(u64::try_from(der.len()).unwrap_or(0)).fill(&mut bytes);
            pem(&bytes)
        }
        Harm::Truncated => pem(&der[..der.len() / 2]),
        Harm::Empty => String::new(),
        Harm::Two => pem(der) + &pem(der),
    }
}

/// The same ARN in an account that is nobody's here.
pub(super) fn foreign(arn: &str) -> String {
    let mut parts: Vec<&str> = arn.split(':').collect();
    if let Some(account) = parts.get_mut(4) {
        *account = "999999999999";
    }
    parts.join(":")
}
