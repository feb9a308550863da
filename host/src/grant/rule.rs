//! One rule: `service:Operation`, with a `*` at its end if it means more than one operation.
//! Above: `Grants`. Below: nothing.
//! Invariant: a rule names one service in full; there is no rule for everything.

use std::fmt;
use std::str::FromStr;

/// `service:Operation` or `service:Prefix*`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Rule {
    service: String,
    /// The operation's name, or what it begins with.
    operation: String,
    /// Whether the rule ended in `*`.
    open: bool,
}

/// Why a text is no rule.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{text}` is no grant: {why}. Write `service:Operation` (\"acm:ListCertificates\") or `service:Prefix*`"
)]
pub struct RuleError {
    text: String,
    why: &'static str,
}

impl Rule {
    /// Whether this operation (`service:Operation`) falls under the rule.
    #[must_use]
    pub fn allows(&self, operation: &str) -> bool {
        let Some((service, name)) = operation.split_once(':') else {
            return false;
        };
        service == self.service
            && if self.open {
                name.starts_with(&self.operation)
            } else {
                name == self.operation
            }
    }

    /// The service that it is about ("acm").
    #[must_use]
    pub fn service(&self) -> &str {
        &self.service
    }

    /// What both rules allow, if anything.
    #[must_use]
    pub fn meet(&self, other: &Self) -> Option<Self> {
        if self.covers(other) {
            Some(other.clone())
        } else if other.covers(self) {
            Some(self.clone())
        } else {
            None
        }
    }

    fn covers(&self, other: &Self) -> bool {
        let named = self.service == other.service;
        named
            && if self.open {
                other.operation.starts_with(&self.operation)
            } else {
                self == other
            }
    }
}

/// Sorted, and without the rules that another one covers.
pub(super) fn simplify(mut rules: Vec<Rule>) -> Vec<Rule> {
    rules.sort();
    rules.dedup();
    let all = rules.clone();
    rules.retain(|rule| !all.iter().any(|other| other != rule && other.covers(rule)));
    rules
}

impl FromStr for Rule {
    type Err = RuleError;
    fn from_str(text: &str) -> Result<Self, RuleError> {
        let wrong = |why| RuleError {
            text: crate::model::text::clean(text, 80),
            why,
        };
        let (service, operation) = text.split_once(':').ok_or_else(|| wrong("it has no `:`"))?;
        let service_ok = service.starts_with(|c: char| c.is_ascii_lowercase())
            && service
                .bytes()
                .all(|b| matches!(b, b'a'..=b'z' | b'0'..=b'9' | b'-'));
        if !service_ok {
            return Err(wrong("the service is a word of a-z, 0-9 and `-`"));
        }
        let (name, open) = operation
            .strip_suffix('*')
            .map_or((operation, false), |prefix| (prefix, true));
        let letters = name.bytes().all(|b| b.is_ascii_alphanumeric());
        if !letters || (name.is_empty() && !open) {
            return Err(wrong(
                "the operation is a word of letters and digits, with one `*` at its end at most",
            ));
        }
        Ok(Self {
            service: service.to_owned(),
            operation: name.to_owned(),
            open,
        })
    }
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{}:{}{}",
            self.service,
            self.operation,
            if self.open { "*" } else { "" }
        )
    }
}

#[cfg(test)]
mod tests {
    use super::Rule;

    #[test]
    fn accepts() {
        for text in [
            "acm:ListCertificates",
            "acm:List*",
            "acm:*",
            "secretsmanager:ListSecrets",
            "acm-pca:Get*",
        ] {
            assert_eq!(text.parse::<Rule>().unwrap().to_string(), text);
        }
    }

    #[test]
    fn rejects() {
        for text in [
            "",
            ":",
            "*",
            "acm",
            "acm:",
            "*:*",
            "*:ListCertificates",
            "a*:List",
            "acm:*Certificates",
            "acm:List**",
            "acm:Li*st",
            "acm:List Certificates",
            "acm:List:More",
            "ACM:List",
            " acm:List",
            "acm:List\n",
            "acm:?",
            "1cm:List",
            "acm:Lïst",
            ":ListCertificates",
        ] {
            assert!(text.parse::<Rule>().is_err(), "{text:?}");
        }
    }
}
