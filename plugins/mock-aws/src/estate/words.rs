//! AWS's enumerations as types, with AWS's spelling.
//! Above: `estate`, `world`. Below: nothing.
//! Invariant: a scenario's word that is none of AWS's is an error that names the words there are.

macro_rules! words {
    ($(#[$doc:meta])* $name:ident, $what:literal { $($variant:ident = $text:literal),* $(,)? }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub(crate) enum $name { $($variant),* }

        impl $name {
            /// AWS's words, all of them.
            pub(crate) const WORDS: &'static [&'static str] = &[$($text),*];

            /// AWS's word.
            pub(crate) fn name(self) -> &'static str {
                match self { $(Self::$variant => $text),* }
            }
        }

        impl std::str::FromStr for $name {
            type Err = String;
            fn from_str(text: &str) -> Result<Self, Self::Err> {
                match text {
                    $($text => Ok(Self::$variant),)*
                    _ => Err(format!("`{text}` is no {}; there are {}", $what, Self::WORDS.join(", "))),
                }
            }
        }
    };
}

words! {
    /// A certificate's status.
    Status, "certificate status" {
        PendingValidation = "PENDING_VALIDATION",
        Issued = "ISSUED",
        Inactive = "INACTIVE",
        Expired = "EXPIRED",
        TimedOut = "VALIDATION_TIMED_OUT",
        Revoked = "REVOKED",
        Failed = "FAILED",
    }
}

impl Status {
    /// Whether there is something for GetCertificate to give.
    pub(crate) fn has_body(self) -> bool {
        matches!(
            self,
            Self::Issued | Self::Inactive | Self::Expired | Self::Revoked
        )
    }
}

words! {
    /// Where a certificate comes from.
    Kind, "certificate type" {
        Imported = "IMPORTED",
        AmazonIssued = "AMAZON_ISSUED",
        Private = "PRIVATE",
    }
}

words! {
    /// Who made the key pair.
    Origin, "key pair origin" {
        AwsManaged = "AWS_MANAGED",
        CustomerProvided = "CUSTOMER_PROVIDED",
        Acme = "ACME",
    }
}

words! {
    /// An account's state.
    State, "account state" {
        PendingActivation = "PENDING_ACTIVATION",
        Active = "ACTIVE",
        Suspended = "SUSPENDED",
        PendingClosure = "PENDING_CLOSURE",
        Closed = "CLOSED",
    }
}

words! {
    /// How an account came to the organization.
    Joined, "way to join" {
        Created = "CREATED",
        Invited = "INVITED",
    }
}

words! {
    /// How a renewal stands.
    Renewal, "renewal status" {
        PendingAuto = "PENDING_AUTO_RENEWAL",
        PendingValidation = "PENDING_VALIDATION",
        Success = "SUCCESS",
        Failed = "FAILED",
    }
}
