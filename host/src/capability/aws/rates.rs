//! How often AWS may be asked: its own figures, and the operator's where they know better.
//! Above: the buckets. Below: nothing.
//! Invariant: every operation has a rate; none is zero.

/// Calls a second by `service:Operation`.
#[derive(Debug, Clone, Default)]
pub struct RateTable {
    overrides: Vec<(String, f64)>,
}

/// A rate that cannot be meant.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[error(
    "the rate of `{operation}` is {rate} calls a second: give a number above 0 and up to 100000"
)]
pub struct RateError {
    operation: String,
    rate: f64,
}

impl RateTable {
    /// AWS's known rates, with the operator's own for some operations (`service:Operation` or `service:*`).
    ///
    /// # Errors
    /// A rate that is not a positive number.
    pub fn with_overrides(overrides: Vec<(String, f64)>) -> Result<Self, RateError> {
        let wrong = overrides
            .iter()
            .find(|(_, rate)| !(rate.is_finite() && *rate > 0.0 && *rate <= 100_000.0));
        match wrong {
            Some((operation, rate)) => Err(RateError {
                operation: operation.clone(),
                rate: *rate,
            }),
            None => Ok(Self { overrides }),
        }
    }
}
