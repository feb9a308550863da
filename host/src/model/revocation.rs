//! Whether a CA still stands by a certificate: its word, when it was given, and when it is asked for again.
//! Above: `revocation` asks, `store` keeps, `app` and `cli` tell. Below: `time`.
//! Invariant: `Good` and `Revoked` come from a signed and timely answer only; trouble never takes a revocation back.

use super::issuer::RevocationReason;
use super::text::clean;
use super::time::Millis;
use serde::{Deserialize, Serialize};
use std::fmt;

const HOUR: Millis = 3_600_000;
/// However long an answer is good for.
const AT_LEAST_EVERY: Millis = 24 * HOUR;
/// However soon the next one is promised.
const AT_MOST_EVERY: Millis = HOUR;
/// After an answer that could not be had or believed.
const AGAIN: Millis = 4 * HOUR;
/// Of what is told of trouble.
const LONGEST: usize = 400;

/// What is known of one certificate.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Revocation {
    pub status: RevocationStatus,
    /// When the CA's word came, or, if there is none, when it was sought.
    pub checked_at: Millis,
    /// Until when the CA says that its word holds.
    pub next_update: Option<Millis>,
    /// Whose word it is.
    pub source: Option<StatusSource>,
    /// When it is asked again.
    pub due_at: Millis,
    /// Why a later try brought nothing.
    pub trouble: Option<String>,
}

/// A CA's word.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "status")]
pub enum RevocationStatus {
    Good,
    Revoked {
        at: Option<Millis>,
        reason: Option<RevokedFor>,
    },
    Unknown {
        why: String,
    },
}

/// The status alone, to filter and to count by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RevocationWord {
    NotChecked,
    Good,
    Revoked,
    Unknown,
}

/// What answered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StatusSource {
    pub kind: SourceKind,
    pub url: String,
}

/// The two ways in which a CA tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SourceKind {
    Ocsp,
    Crl,
}

/// Why a CA took a certificate back (RFC 5280, 5.3.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RevokedFor {
    Unspecified,
    KeyCompromise,
    CaCompromise,
    AffiliationChanged,
    Superseded,
    CessationOfOperation,
    CertificateHold,
    PrivilegeWithdrawn,
    AaCompromise,
}

impl From<RevocationReason> for RevokedFor {
    fn from(reason: RevocationReason) -> Self {
        match reason {
            RevocationReason::Unspecified => Self::Unspecified,
            RevocationReason::KeyCompromise => Self::KeyCompromise,
            RevocationReason::AffiliationChanged => Self::AffiliationChanged,
            RevocationReason::Superseded => Self::Superseded,
            RevocationReason::CessationOfOperation => Self::CessationOfOperation,
            RevocationReason::PrivilegeWithdrawn => Self::PrivilegeWithdrawn,
        }
    }
}

impl RevokedFor {
    /// By its number in answers and lists.
    #[must_use]
    pub fn of(code: u8) -> Self {
        match code {
            1 => Self::KeyCompromise,
            2 => Self::CaCompromise,
            3 => Self::AffiliationChanged,
            4 => Self::Superseded,
            5 => Self::CessationOfOperation,
            6 => Self::CertificateHold,
            9 => Self::PrivilegeWithdrawn,
            10 => Self::AaCompromise,
            _ => Self::Unspecified,
        }
    }

    /// The word of the command line and of JSON.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Unspecified => "unspecified",
            Self::KeyCompromise => "key-compromise",
            Self::CaCompromise => "ca-compromise",
            Self::AffiliationChanged => "affiliation-changed",
            Self::Superseded => "superseded",
            Self::CessationOfOperation => "cessation-of-operation",
            Self::CertificateHold => "certificate-hold",
            Self::PrivilegeWithdrawn => "privilege-withdrawn",
            Self::AaCompromise => "aa-compromise",
        }
    }
}

impl RevocationWord {
    /// The word of the command line and of JSON.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::NotChecked => "not-checked",
            Self::Good => "good",
            Self::Revoked => "revoked",
            Self::Unknown => "unknown",
        }
    }
}

impl SourceKind {
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Ocsp => "OCSP",
            Self::Crl => "CRL",
        }
    }
}

impl fmt::Display for StatusSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.kind.word(), self.url)
    }
}

/// What one asking brought.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Finding {
    /// A CA's word, signed and in time.
    Told {
        status: ToldStatus,
        next_update: Option<Millis>,
        source: StatusSource,
    },
    /// None could be had, or believed; another time may bring one.
    Trouble(String),
    /// There is nobody to ask.
    Nobody(String),
}

/// Of a `Finding::Told`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ToldStatus {
    Good,
    Revoked {
        at: Option<Millis>,
        reason: Option<RevokedFor>,
    },
}

impl Revocation {
    /// What is known after an asking.
    #[must_use]
    pub fn after(before: Option<Self>, finding: Finding, now: Millis) -> Self {
        match finding {
            Finding::Told {
                status,
                next_update,
                source,
            } => Self {
                status: match status {
                    ToldStatus::Good => RevocationStatus::Good,
                    ToldStatus::Revoked { at, reason } => RevocationStatus::Revoked { at, reason },
                },
                checked_at: now,
                next_update,
                source: Some(source),
                due_at: next_update
                    .unwrap_or(now + AT_LEAST_EVERY)
                    .clamp(now + AT_MOST_EVERY, now + AT_LEAST_EVERY),
                trouble: None,
            },
            Finding::Trouble(why) => {
                let why = clean(&why, LONGEST);
                match before.filter(|before| before.holds(now)) {
                    Some(before) => Self {
                        due_at: now + AGAIN,
                        trouble: Some(why),
                        ..before
                    },
                    None => Self::unknown(why, now, AGAIN),
                }
            }
            Finding::Nobody(why) => Self::unknown(clean(&why, LONGEST), now, AT_LEAST_EVERY),
        }
    }

    fn unknown(why: String, now: Millis, again: Millis) -> Self {
        Self {
            status: RevocationStatus::Unknown { why },
            checked_at: now,
            next_update: None,
            source: None,
            due_at: now + again,
            trouble: None,
        }
    }

    /// Whether it stands although nothing newer is to be had.
    fn holds(&self, now: Millis) -> bool {
        match self.status {
            RevocationStatus::Revoked { .. } => true,
            RevocationStatus::Good => {
                self.next_update.unwrap_or(self.checked_at + AT_LEAST_EVERY) > now
            }
            RevocationStatus::Unknown { .. } => false,
        }
    }

    /// The status alone.
    #[must_use]
    pub fn word(&self) -> RevocationWord {
        match self.status {
            RevocationStatus::Good => RevocationWord::Good,
            RevocationStatus::Revoked { .. } => RevocationWord::Revoked,
            RevocationStatus::Unknown { .. } => RevocationWord::Unknown,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(status: ToldStatus, next_update: Option<Millis>) -> Finding {
        let source = StatusSource {
            kind: SourceKind::Ocsp,
            url: "http://ocsp.example.com".into(),
        };
        Finding::Told {
            status,
            next_update,
            source,
        }
    }

    const REVOKED: ToldStatus = ToldStatus::Revoked {
        at: Some(5),
        reason: Some(RevokedFor::KeyCompromise),
    };

    #[test]
    fn it_is_asked_again_when_the_ca_says_but_at_least_daily_and_at_most_hourly() {
        let due = |next| Revocation::after(None, told(ToldStatus::Good, next), 0).due_at;
        assert_eq!(due(None), 24 * HOUR);
        assert_eq!(due(Some(7 * 24 * HOUR)), 24 * HOUR);
        assert_eq!(due(Some(3 * HOUR)), 3 * HOUR);
        assert_eq!(due(Some(1)), HOUR);
    }

    #[test]
    fn trouble_never_takes_a_revocation_back() {
        let revoked = Revocation::after(None, told(REVOKED, Some(10)), 0);
        let later = Revocation::after(
            Some(revoked.clone()),
            Finding::Trouble("it is down".into()),
            100 * HOUR,
        );
        assert_eq!(later.status, revoked.status);
        assert_eq!((later.checked_at, later.due_at), (0, 104 * HOUR));
        assert_eq!(later.trouble.as_deref(), Some("it is down"));
        // The CA itself may: a hold that has ended.
        let freed = Revocation::after(Some(later), told(ToldStatus::Good, None), 101 * HOUR);
        assert_eq!((freed.word(), freed.trouble), (RevocationWord::Good, None));
    }

    #[test]
    fn good_holds_as_long_as_the_ca_said_and_no_longer() {
        let good = Revocation::after(None, told(ToldStatus::Good, Some(48 * HOUR)), 0);
        let again = |now| {
            let trouble = Finding::Trouble("it is down".into());
            Revocation::after(Some(good.clone()), trouble, now).word()
        };
        assert_eq!(again(47 * HOUR), RevocationWord::Good);
        assert_eq!(again(48 * HOUR), RevocationWord::Unknown);
    }
}
