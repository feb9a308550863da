//! The contract's records on both sides of the sandbox's wall: `bindgen!` makes one Rust type for the host, wit-bindgen
//! one for the guest. Outside the sandbox nobody copies them, so they are moved from one to the other here.
//! Above: `world`, the benchmark's `native`. Below: the two generated modules.
//! Invariant: field for field; a field that is added to the contract is missed by the compiler here first.

use sensor::bindings::connector::sensor::aws::batch as host_batch;
use sensor::bindings::connector::sensor::aws::types as host_aws;
use sensor::bindings::connector::sensor::connector::types as host;
use sensor::bindings::connector::sensor::core::types as host_core;
use sensor_sdk::types as guest;
use sensor_sdk::types::aws as guest_aws;
use sensor_sdk::types::batch as guest_batch;

/// The same record of the other side.
pub trait Twin<T> {
    fn twin(self) -> T;
}

impl<T: Twin<U>, U> Twin<Option<U>> for Option<T> {
    fn twin(self) -> Option<U> {
        self.map(Twin::twin)
    }
}

impl<T: Twin<U>, U> Twin<Vec<U>> for Vec<T> {
    fn twin(self) -> Vec<U> {
        self.into_iter().map(Twin::twin).collect()
    }
}

impl<T: Twin<U>, U, E: Twin<F>, F> Twin<Result<U, F>> for Result<T, E> {
    fn twin(self) -> Result<U, F> {
        self.map(Twin::twin).map_err(Twin::twin)
    }
}

/// What both sides write alike.
macro_rules! same {
    ($($plain:ty),*) => {
        $(impl Twin<$plain> for $plain {
            fn twin(self) -> $plain {
                self
            }
        })*
    };
}
same!(String, ());

/// Both directions of a record: fields of plain types, then fields that hold other records.
macro_rules! record {
    ($a:path, $b:path, [$($plain:ident),*] $(, [$($nested:ident),*])?) => {
        record!(@one $a, $b, [$($plain),*], [$($($nested),*)?]);
        record!(@one $b, $a, [$($plain),*], [$($($nested),*)?]);
    };
    (@one $from:path, $to:path, [$($plain:ident),*], [$($nested:ident),*]) => {
        impl Twin<$to> for $from {
            fn twin(self) -> $to {
                use $to as To;
                To { $($plain: self.$plain,)* $($nested: self.$nested.twin()),* }
            }
        }
    };
}

/// Both directions of an enumeration.
macro_rules! words {
    ($a:path, $b:path, [$($word:ident),*]) => {
        words!(@one $a, $b, [$($word),*]);
        words!(@one $b, $a, [$($word),*]);
    };
    (@one $from:path, $to:path, [$($word:ident),*]) => {
        impl Twin<$to> for $from {
            fn twin(self) -> $to {
                use $from as From;
                use $to as To;
                match self { $(From::$word => To::$word),* }
            }
        }
    };
}

// --- core ---

words!(
    host_core::ErrorClass,
    guest::ErrorClass,
    [
        Config,
        AuthExpired,
        AccessDenied,
        NotFound,
        Throttled,
        Transient,
        InvalidResponse,
        Unsupported,
        LimitExceeded,
        Conflict,
        Cancelled,
        Internal,
        Other
    ]
);
words!(host_core::Severity, guest::Severity, [Info, Warning, Error]);
record!(
    host_core::Error,
    guest::Error,
    [code, message, detail, retry_after_ms, subject],
    [class]
);
record!(
    host_core::Problem,
    guest::Problem,
    [code, subject, message],
    [severity]
);
record!(host_core::Tag, guest::Tag, [key, value]);

// --- aws ---

record!(
    host_aws::CallerIdentity,
    guest_aws::CallerIdentity,
    [account, arn, user_id]
);
record!(
    host_aws::AssumeRoleRequest,
    guest_aws::AssumeRoleRequest,
    [
        role_arn,
        session_name,
        external_id,
        policy,
        duration_seconds
    ]
);
record!(
    host_aws::Organization,
    guest_aws::Organization,
    [id, management_account_id, feature_set]
);
record!(
    host_aws::Account,
    guest_aws::Account,
    [id, arn, name, email, state, joined_method, paths]
);
record!(
    host_aws::AccountPage,
    guest_aws::AccountPage,
    [next_token],
    [accounts]
);
record!(host_aws::Root, guest_aws::Root, [id, name]);
record!(
    host_aws::RootPage,
    guest_aws::RootPage,
    [next_token],
    [roots]
);
record!(
    host_aws::OrganizationalUnit,
    guest_aws::OrganizationalUnit,
    [id, name, path]
);
record!(
    host_aws::OrganizationalUnitPage,
    guest_aws::OrganizationalUnitPage,
    [next_token],
    [units]
);
record!(host_aws::Region, guest_aws::Region, [name, opt_status]);
record!(
    host_aws::RegionPage,
    guest_aws::RegionPage,
    [next_token],
    [regions]
);
record!(
    host_aws::ListRegionsRequest,
    guest_aws::ListRegionsRequest,
    [account_id, opt_statuses, next_token]
);
record!(
    host_aws::ListCertificatesRequest,
    guest_aws::ListCertificatesRequest,
    [key_types, key_pair_origins, statuses, max_items, next_token]
);
record!(
    host_aws::SearchFilter,
    guest_aws::SearchFilter,
    [serial_number, statuses, types]
);
record!(
    host_aws::SearchCertificatesRequest,
    guest_aws::SearchCertificatesRequest,
    [max_results, next_token],
    [filter]
);
record!(
    host_aws::CertificateSummary,
    guest_aws::CertificateSummary,
    [
        arn,
        domain_name,
        subject_alternative_names,
        has_additional_subject_alternative_names,
        status,
        certificate_type,
        key_algorithm,
        serial_number,
        in_use,
        exported,
        export_option,
        renewal_eligibility,
        renewal_status,
        managed_by,
        key_pair_origin,
        validation_method,
        acme_endpoint_arn,
        not_before,
        not_after,
        created_at,
        issued_at,
        imported_at,
        revoked_at
    ]
);
record!(
    host_aws::CertificatePage,
    guest_aws::CertificatePage,
    [next_token],
    [certificates]
);
record!(
    host_aws::CertificateDetail,
    guest_aws::CertificateDetail,
    [
        arn,
        domain_name,
        subject_alternative_names,
        serial,
        subject,
        issuer,
        status,
        certificate_type,
        key_algorithm,
        signature_algorithm,
        key_usages,
        extended_key_usages,
        in_use_by,
        failure_reason,
        revocation_reason,
        renewal_eligibility,
        renewal_status,
        renewal_status_reason,
        managed_by,
        key_pair_origin,
        certificate_authority_arn,
        acme_endpoint_arn,
        export_option,
        validation_method,
        not_before,
        not_after,
        created_at,
        issued_at,
        imported_at,
        revoked_at
    ]
);
record!(
    host_aws::CertificateBody,
    guest_aws::CertificateBody,
    [certificate, chain]
);
record!(
    host_aws::SecretDescription,
    guest_aws::SecretDescription,
    [arn, name, created_at, deleted_at],
    [tags]
);
record!(
    host_aws::SecretPage,
    guest_aws::SecretPage,
    [next_token],
    [secrets]
);
record!(
    host_aws::ListSecretsRequest,
    guest_aws::ListSecretsRequest,
    [
        name_prefix,
        include_planned_deletion,
        max_results,
        next_token
    ]
);

record!(
    host_batch::CertificateWish,
    guest_batch::CertificateWish,
    [arn, details, tags, body]
);
record!(
    host_batch::CertificateAnswer,
    guest_batch::CertificateAnswer,
    [],
    [details, tags, body]
);

// --- connector ---

words!(
    host::CertificateStatus,
    guest::CertificateStatus,
    [Pending, Issued, Inactive, Expired, Revoked, Failed, Unknown]
);
words!(
    host::CertificateSource,
    guest::CertificateSource,
    [Imported, CloudIssued, PrivateCa, Unknown]
);
words!(
    host::SkipReason,
    guest::SkipReason,
    [OutOfScope, Disabled, Denied, Throttled, Failed]
);
record!(host::Cursor, guest::Cursor, [version, value]);
record!(
    host::Account,
    guest::Account,
    [id, name, email, path, state, management, excluded]
);
record!(
    host::Split,
    guest::Split,
    [id, account, region, service, payload]
);
record!(
    host::Skipped,
    guest::Skipped,
    [id, account, region, message],
    [coverage]
);
record!(
    host::Unreadable,
    guest::Unreadable,
    [id, code, message, body]
);
record!(host::Renewal, guest::Renewal, [automatic, status, reason]);
record!(
    host::Certificate,
    guest::Certificate,
    [
        id,
        der,
        chain,
        display_name,
        provider_status,
        in_use,
        in_use_by,
        origin,
        managed_by,
        created_at,
        imported_at,
        issued_at,
        revoked_at,
        marker
    ],
    [status, source, renewal, tags, attributes]
);
record!(
    host::PlanPage,
    guest::PlanPage,
    [],
    [entries, problems, next]
);
record!(host::Page, guest::Page, [], [entries, problems, next]);

impl Twin<host::PlanEntry> for guest::PlanEntry {
    fn twin(self) -> host::PlanEntry {
        match self {
            Self::Account(account) => host::PlanEntry::Account(account.twin()),
            Self::Split(split) => host::PlanEntry::Split(split.twin()),
            Self::Skipped(skipped) => host::PlanEntry::Skipped(skipped.twin()),
        }
    }
}

impl Twin<guest::PlanEntry> for host::PlanEntry {
    fn twin(self) -> guest::PlanEntry {
        match self {
            Self::Account(account) => guest::PlanEntry::Account(account.twin()),
            Self::Split(split) => guest::PlanEntry::Split(split.twin()),
            Self::Skipped(skipped) => guest::PlanEntry::Skipped(skipped.twin()),
        }
    }
}

impl Twin<host::Entry> for guest::Entry {
    fn twin(self) -> host::Entry {
        match self {
            Self::Certificate(certificate) => host::Entry::Certificate(certificate.twin()),
            Self::Unchanged(id) => host::Entry::Unchanged(id),
            Self::Filtered(id) => host::Entry::Filtered(id),
            Self::Unreadable(one) => host::Entry::Unreadable(one.twin()),
        }
    }
}

impl Twin<guest::Entry> for host::Entry {
    fn twin(self) -> guest::Entry {
        match self {
            Self::Certificate(certificate) => guest::Entry::Certificate(certificate.twin()),
            Self::Unchanged(id) => guest::Entry::Unchanged(id),
            Self::Filtered(id) => guest::Entry::Filtered(id),
            Self::Unreadable(one) => guest::Entry::Unreadable(one.twin()),
        }
    }
}
