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
    /// The interfaces that lend it.
    pub(super) interfaces: &'static [&'static str],
    pub(super) operations: &'static [&'static str],
}

pub(super) const CAPABILITIES: &[Capability] = &[
    Capability {
        name: "sts",
        interfaces: &["sensor:aws/sts"],
        operations: &["GetCallerIdentity", "AssumeRole"],
    },
    Capability {
        name: "organizations",
        interfaces: &["sensor:aws/organizations"],
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
        interfaces: &["sensor:aws/account"],
        operations: &["ListRegions"],
    },
    Capability {
        name: "acm",
        interfaces: &["sensor:aws/acm", "sensor:aws/acm-write"],
        operations: &[
            "ListCertificates",
            "SearchCertificates",
            "DescribeCertificate",
            "GetCertificate",
            "ListTagsForCertificate",
            "ImportCertificate",
            "AddTagsToCertificate",
            "DeleteCertificate",
        ],
    },
    Capability {
        name: "secretsmanager",
        interfaces: &[
            "sensor:aws/secrets-manager",
            "sensor:aws/secrets-manager-keys",
        ],
        operations: &[
            "ListSecrets",
            "DescribeSecret",
            "CreateSecret",
            "GetSecretValue",
            "DeleteSecret",
        ],
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

#[cfg(test)]
mod tests {
    use super::{CAPABILITIES, OFFERED, serves};
    use crate::grant::{Reach, session_policy};
    use semver::Version;

    const WIT: &[&str] = &[
        include_str!("../../../wit/core/core.wit"),
        include_str!("../../../wit/auth/auth.wit"),
        include_str!("../../../wit/aws/aws.wit"),
        include_str!("../../../wit/connector/connector.wit"),
        include_str!("../../../wit/mock/mock.wit"),
    ];

    #[test]
    fn the_offered_packages_are_those_of_the_contract() {
        let offered = OFFERED
            .iter()
            .map(|(name, version)| format!("package {name}@{version};"));
        let written = WIT
            .iter()
            .filter_map(|text| text.lines().find(|line| line.starts_with("package ")));
        assert_eq!(offered.collect::<Vec<_>>(), written.collect::<Vec<_>>());
    }

    #[test]
    fn the_capabilities_are_the_interfaces_of_aws() {
        let mut written = Vec::new();
        let mut interface = "";
        for line in include_str!("../../../wit/aws/aws.wit").lines() {
            if let Some(rest) = line.strip_prefix("interface ") {
                interface = rest.trim_end_matches(" {");
            } else if interface == "batch" {
                // Its functions are no operations of AWS but made of them.
            } else if let Some((function, _)) = line.trim().split_once(": func(") {
                let lent = format!("sensor:aws/{interface}");
                let lender = CAPABILITIES
                    .iter()
                    .find(|one| one.interfaces.contains(&lent.as_str()));
                written.push(format!(
                    "{}:{}",
                    lender.map_or("nobody", |one| one.name),
                    crate::plugin::surface::operation_of(function)
                ));
            }
        }
        let known = CAPABILITIES.iter().flat_map(|one| {
            one.operations
                .iter()
                .map(|operation| format!("{}:{operation}", one.name))
        });
        let mut known: Vec<_> = known.collect();
        known.sort();
        written.sort();
        assert_eq!(known, written);
    }

    #[test]
    fn fact_40_all_operations_fit_into_one_session_policy() {
        let all: Vec<String> = CAPABILITIES
            .iter()
            .flat_map(|one| one.operations.iter().map(|op| format!("{}:{op}", one.name)))
            .collect();
        let grants = crate::grant::Grants::parse(&all, None).expect("rules");
        for reach in [Reach::Reads, Reach::Tries, Reach::Writes] {
            session_policy(&grants, reach, "aws-us-gov").expect("it fits");
        }
    }

    #[test]
    fn within_a_line_older_is_served_and_newer_is_not() {
        let cases = [
            ("0.1.3", "0.1.0", true),
            ("0.1.3", "0.1.3", true),
            ("0.1.3", "0.1.4", false),
            ("0.2.0", "0.1.0", false),
            ("0.1.0", "0.2.0", false),
            ("1.4.0", "1.2.9", true),
            ("1.4.0", "2.0.0", false),
            ("1.4.0", "1.4.0-beta", false),
        ];
        for (offered, wanted, expected) in cases {
            let parse = |text| Version::parse(text).expect("a version");
            assert_eq!(
                serves(&parse(offered), &parse(wanted)),
                expected,
                "{offered} {wanted}"
            );
        }
    }
}
