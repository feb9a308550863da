//! What stands against a denied call when no statement of IAM could allow it.
//! Above: the rest of `check`. Below: AWS's own words.
//! Invariant: nothing is guessed; where AWS says no more than "denied", a statement is missing.

use crate::error::{NOT_GRANTED, is_denied};
use sensor_sdk::types::Error;

/// Who denies it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Barrier {
    /// The sensor itself.
    Grants,
    /// The organization, over whom the account may be.
    ServiceControl,
    /// The organization, over who may come in.
    ResourceControl,
    Boundary,
    Session,
    Endpoint,
    /// A statement with the effect Deny.
    Deny,
}

/// How AWS names each, the narrowest first: an explicit deny stands in one of the others.
const WORDS: [(&str, Barrier); 6] = [
    ("service control policy", Barrier::ServiceControl),
    ("resource control policy", Barrier::ResourceControl),
    ("permissions boundary", Barrier::Boundary),
    ("session policy", Barrier::Session),
    ("vpc endpoint policy", Barrier::Endpoint),
    ("explicit deny", Barrier::Deny),
];

impl Barrier {
    /// None where the call was not denied, or a statement would allow it.
    pub(crate) fn of(error: &Error) -> Option<Self> {
        if error.code == NOT_GRANTED {
            return Some(Self::Grants);
        }
        let said = error.message.to_ascii_lowercase();
        let named = WORDS.iter().find(|(words, _)| said.contains(words));
        named
            .filter(|_| is_denied(error))
            .map(|(_, barrier)| *barrier)
    }

    pub(crate) fn is_organization(self) -> bool {
        matches!(self, Self::ServiceControl | Self::ResourceControl)
    }

    /// What to do about it.
    pub(crate) fn advice(self) -> &'static str {
        match self {
            Self::Grants => {
                "the sensor does not grant it to the plugin: add it to `[grants] operations = […]` of the connector's \
                 file"
            }
            Self::ServiceControl => {
                "no IAM policy can allow it: a service control policy of the organization forbids it in the account, \
                 and has to be changed there"
            }
            Self::ResourceControl => {
                "no IAM policy can allow it: a resource control policy of the organization forbids it in the account, \
                 and has to be changed there"
            }
            Self::Boundary => {
                "no other policy can allow it: it has to be added to the permissions boundary of the sensor's user or \
                 role"
            }
            Self::Session => {
                "no other policy can allow it: the credentials were made with a session policy that leaves it out; \
                 make them without one, or with it"
            }
            Self::Endpoint => {
                "no IAM policy can allow it: it has to be added to the policy of the VPC endpoint that the sensor \
                 calls through"
            }
            Self::Deny => {
                "no statement can allow it while another one denies it: find the Deny that matches it, and take it away"
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Barrier;
    use crate::error::error;
    use sensor_sdk::types::ErrorClass;

    #[test]
    fn fact_35_what_denies_is_told_from_what_does_not_allow() {
        use Barrier as B;
        for (why, barrier) in [
            (
                "because no identity-based policy allows the acm:GetCertificate action",
                None,
            ),
            (
                "because no resource-based policy allows the sts:AssumeRole action",
                None,
            ),
            ("", None),
            (
                "with an explicit deny in a service control policy",
                Some(B::ServiceControl),
            ),
            (
                "because no service control policy allows the acm:GetCertificate action",
                Some(B::ServiceControl),
            ),
            (
                "with an explicit deny in a resource control policy",
                Some(B::ResourceControl),
            ),
            (
                "because no permissions boundary allows the acm:GetCertificate action",
                Some(B::Boundary),
            ),
            (
                "because no session policy allows the acm:GetCertificate action",
                Some(B::Session),
            ),
            (
                "because no VPC endpoint policy allows the acm:GetCertificate action",
                Some(B::Endpoint),
            ),
            (
                "with an explicit deny in an identity-based policy",
                Some(B::Deny),
            ),
        ] {
            let said =
                format!("User: arn:x is not authorized to perform: acm:GetCertificate {why}");
            let denied = error(
                ErrorClass::AccessDenied,
                "AccessDeniedException",
                said.clone(),
            );
            assert_eq!(Barrier::of(&denied), barrier, "{why}");
            let other = error(ErrorClass::Transient, "InternalFailure", said);
            assert_eq!(Barrier::of(&other), None, "{why}");
        }
        let held_back = error(
            ErrorClass::AccessDenied,
            crate::error::NOT_GRANTED,
            "acm:GetCertificate",
        );
        assert_eq!(Barrier::of(&held_back), Some(B::Grants));
    }
}
