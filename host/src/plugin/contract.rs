//! What this sensor offers: the contract's packages with their versions, and the capabilities with their operations.
//! Above: `manifest`, `surface`. Below: nothing.
//! Invariant: agrees with `wit/`; a test compares them.

use semver::Version;

/// The packages of the contract, at the version that this sensor speaks.
pub const OFFERED: &[(&str, Version)] = &[
    ("sensor:core", Version::new(0, 1, 0)),
    ("sensor:auth", Version::new(0, 1, 0)),
    ("sensor:aws", Version::new(0, 1, 0)),
    ("sensor:connector", Version::new(0, 1, 0)),
    ("sensor:mock", Version::new(0, 1, 0)),
];

/// A capability that a plugin has to ask for in its manifest.
pub(super) struct Capability {
    /// Its name in manifests and grants.
    pub(super) name: &'static str,
    /// The interface that lends it.
    pub(super) interface: &'static str,
    pub(super) operations: &'static [&'static str],
}

pub(super) const CAPABILITIES: &[Capability] = &[
    Capability {
        name: "sts",
        interface: "sensor:aws/sts",
        operations: &["GetCallerIdentity", "AssumeRole"],
    },
    Capability {
        name: "organizations",
        interface: "sensor:aws/organizations",
        operations: &[
            "DescribeOrganization",
            "DescribeAccount",
            "ListAccounts",
            "ListRoots",
            "ListOrganizationalUnitsForParent",
            "ListAccountsForParent",
        ],
    },
    Capability {
        name: "account",
        interface: "sensor:aws/account",
        operations: &["ListRegions"],
    },
    Capability {
        name: "acm",
        interface: "sensor:aws/acm",
        operations: &[
            "ListCertificates",
            "SearchCertificates",
            "DescribeCertificate",
            "GetCertificate",
            "ListTagsForCertificate",
        ],
    },
    Capability {
        name: "secretsmanager",
        interface: "sensor:aws/secrets-manager",
        operations: &["ListSecrets", "DescribeSecret"],
    },
];

/// The operations of a capability, by its name in manifests ("acm").
#[must_use]
pub fn operations_of(capability: &str) -> Option<&'static [&'static str]> {
    CAPABILITIES
        .iter()
        .find(|one| one.name == capability)
        .map(|one| one.operations)
}

/// The version of a package that this sensor speaks.
pub(super) fn offered(package: &str) -> Option<&'static Version> {
    OFFERED
        .iter()
        .find(|(name, _)| *name == package)
        .map(|(_, version)| version)
}

/// Whether a plugin made for `wanted` runs on a sensor that speaks `offered`: within 0.x, x decides; functions are
/// only ever added within it.
pub(super) fn serves(offered: &Version, wanted: &Version) -> bool {
    let line = |version: &Version| {
        (
            version.major,
            if version.major == 0 { version.minor } else { 0 },
        )
    };
    line(offered) == line(wanted) && wanted <= offered && wanted.pre.is_empty()
}
