//! How often AWS may be asked: its own figures, and the operator's where they know better.
//! Above: the lanes. Below: nothing.
//! Invariant: every operation has a rate; none is zero.

/// AWS's figures, calls a second in one (account, region); fact 8 for ACM, fact 43 for STS. Where AWS publishes none
/// (Organizations, Account, SearchCertificates) they are cautious and the buckets adapt.
const KNOWN: &[(&str, f64)] = &[
    ("acm:ListCertificates", 1.0),
    ("acm:SearchCertificates", 1.0),
    ("acm:DescribeCertificate", 10.0),
    ("acm:GetCertificate", 10.0),
    ("acm:ListTagsForCertificate", 10.0),
    ("acm:ImportCertificate", 1.0),
    ("acm:AddTagsToCertificate", 5.0),
    ("acm:DeleteCertificate", 10.0),
    ("sts:AssumeRole", 600.0),
    ("sts:GetCallerIdentity", 600.0),
    ("organizations:DescribeAccount", 8.0),
    ("organizations:*", 4.0),
    ("account:*", 5.0),
    ("secretsmanager:ListSecrets", 100.0),
    ("secretsmanager:DescribeSecret", 1000.0),
    ("secretsmanager:GetSecretValue", 1000.0),
    ("secretsmanager:CreateSecret", 50.0),
    ("secretsmanager:DeleteSecret", 50.0),
];

/// What is not in any table.
const OTHERS: f64 = 5.0;

/// Calls a second by `service:Operation`.
#[derive(Debug, Clone, Default)]
pub struct RateTable {
    overrides: Vec<(String, f64)>,
}

/// A rate that cannot be meant.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum RateError {
    #[error(
        "the rate of `{operation}` is {rate} calls a second: give a number above 0 and up to 10000"
    )]
    Number { operation: String, rate: f64 },
    #[error(
        "`{0}` is no operation: write `service:Operation` (\"acm:GetCertificate\") or `service:*`"
    )]
    Operation(String),
}

impl RateTable {
    /// AWS's known rates, with the operator's own for some operations (`service:Operation` or `service:*`).
    ///
    /// # Errors
    /// A rate that is not a positive number, or of nothing that can be an operation.
    pub fn with_overrides(overrides: Vec<(String, f64)>) -> Result<Self, RateError> {
        for (operation, rate) in &overrides {
            let named = operation
                .split_once(':')
                .is_some_and(|(service, name)| !service.is_empty() && !name.is_empty());
            if !named {
                return Err(RateError::Operation(operation.clone()));
            }
            if !(rate.is_finite() && *rate > 0.0 && *rate <= 10_000.0) {
                return Err(RateError::Number {
                    operation: operation.clone(),
                    rate: *rate,
                });
            }
        }
        Ok(Self { overrides })
    }

    /// Calls a second for `service:Operation`: the operator's figure, else AWS's, the nearer name before `service:*`.
    #[must_use]
    pub fn rate(&self, operation: &str) -> f64 {
        let overrides = self
            .overrides
            .iter()
            .map(|(name, rate)| (name.as_str(), *rate));
        find(overrides, operation)
            .or_else(|| find(KNOWN.iter().copied(), operation))
            .unwrap_or(OTHERS)
    }
}

fn find<'a>(table: impl Iterator<Item = (&'a str, f64)>, operation: &str) -> Option<f64> {
    let service = operation.split(':').next().unwrap_or_default();
    let mut of_service = None;
    for (name, rate) in table {
        if name == operation {
            return Some(rate);
        }
        if name.strip_suffix(":*") == Some(service) {
            of_service = Some(rate);
        }
    }
    of_service
}

#[cfg(test)]
mod tests {
    use super::RateTable;

    #[test]
    fn fact_08_aws_rates_are_the_defaults_and_the_operator_may_differ() {
        let own = [("acm:*", 2.0), ("acm:GetCertificate", 20.0)]
            .map(|(name, rate)| (name.to_owned(), rate));
        let own = RateTable::with_overrides(own.to_vec()).unwrap();
        for (operation, known, overridden) in [
            ("acm:ListCertificates", 1.0, 2.0),
            ("acm:GetCertificate", 10.0, 20.0),
            ("acm:ImportCertificate", 1.0, 2.0),
            ("acm:AddTagsToCertificate", 5.0, 2.0),
            ("acm:DeleteCertificate", 10.0, 2.0),
            ("secretsmanager:CreateSecret", 50.0, 50.0),
            ("sts:AssumeRole", 600.0, 600.0),
            ("organizations:ListAccounts", 4.0, 4.0),
            ("organizations:DescribeAccount", 8.0, 8.0),
            ("something:New", 5.0, 5.0),
        ] {
            assert!(
                (RateTable::default().rate(operation) - known).abs() < 1e-9,
                "{operation}"
            );
            assert!(
                (own.rate(operation) - overridden).abs() < 1e-9,
                "{operation}"
            );
        }
    }

    #[test]
    fn rejects() {
        for (operation, rate) in [
            ("acm:*", 0.0),
            ("acm:*", -1.0),
            ("acm:*", f64::NAN),
            ("acm:*", 1e9),
            ("acm", 1.0),
            (":x", 1.0),
            ("", 1.0),
        ] {
            assert!(
                RateTable::with_overrides(vec![(operation.to_owned(), rate)]).is_err(),
                "{operation} {rate}"
            );
        }
    }
}
