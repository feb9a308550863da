//! The operations that the simulated AWS knows, and what belongs to each: service, IAM action, rate.
//! Above: `world`, the faces. Below: nothing.
//! Invariant: an operation's name is AWS's own, so a scenario, a counter and a protocol all say the same word.

use std::fmt;
use std::str::FromStr;

/// An AWS service.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Service {
    /// Security Token Service.
    Sts,
    /// Organizations.
    Organizations,
    /// Account Management.
    Account,
    /// Certificate Manager.
    Acm,
    /// Secrets Manager.
    SecretsManager,
}

macro_rules! operations {
    ($($variant:ident => $service:ident, $prefix:literal, $rate:literal;)*) => {
        /// One operation.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum Op { $(#[doc = concat!("`", stringify!($variant), "`")] $variant),* }

        impl Op {
            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$variant),*];

            /// AWS's name ("ListCertificates").
            pub fn name(self) -> &'static str {
                match self { $(Self::$variant => stringify!($variant)),* }
            }

            /// The service that offers it.
            pub fn service(self) -> Service {
                match self { $(Self::$variant => Service::$service),* }
            }

            /// The IAM action that allows it ("acm:ListCertificates").
            pub fn action(self) -> &'static str {
                match self { $(Self::$variant => concat!($prefix, ":", stringify!($variant))),* }
            }

            /// Calls a second that AWS grants one account in one region; where AWS tells none, a modest guess.
            pub fn rate(self) -> f64 {
                match self { $(Self::$variant => $rate),* }
            }
        }
    };
}

operations! {
    GetCallerIdentity => Sts, "sts", 600.0;
    AssumeRole => Sts, "sts", 600.0;
    DescribeOrganization => Organizations, "organizations", 5.0;
    DescribeAccount => Organizations, "organizations", 10.0;
    ListAccounts => Organizations, "organizations", 5.0;
    ListRoots => Organizations, "organizations", 5.0;
    ListOrganizationalUnitsForParent => Organizations, "organizations", 5.0;
    ListAccountsForParent => Organizations, "organizations", 5.0;
    ListRegions => Account, "account", 5.0;
    ListCertificates => Acm, "acm", 1.0;
    SearchCertificates => Acm, "acm", 1.0;
    DescribeCertificate => Acm, "acm", 10.0;
    GetCertificate => Acm, "acm", 10.0;
    ListTagsForCertificate => Acm, "acm", 10.0;
    ImportCertificate => Acm, "acm", 1.0;
    AddTagsToCertificate => Acm, "acm", 5.0;
    RemoveTagsFromCertificate => Acm, "acm", 5.0;
    DeleteCertificate => Acm, "acm", 10.0;
    ListSecrets => SecretsManager, "secretsmanager", 100.0;
    DescribeSecret => SecretsManager, "secretsmanager", 40000.0;
    CreateSecret => SecretsManager, "secretsmanager", 50.0;
    GetSecretValue => SecretsManager, "secretsmanager", 10000.0;
    DeleteSecret => SecretsManager, "secretsmanager", 50.0;
    RestoreSecret => SecretsManager, "secretsmanager", 50.0;
}

impl fmt::Display for Op {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Op {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let known = Self::ALL.iter().copied().find(|op| op.name() == text);
        known.ok_or_else(|| format!("`{text}` is no operation of the simulated AWS"))
    }
}
