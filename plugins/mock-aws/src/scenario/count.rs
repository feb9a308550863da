//! `certificates = 40` or `certificates = { us-east-1 = 40, eu-west-1 = 10 }`.
//! Above: `scenario`. Below: serde.
//! Invariant: a figure for all regions and figures for each cannot be mixed.

use serde::{Deserialize, Deserializer, de};
use std::collections::BTreeMap;

/// How many certificates a region gets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Counts {
    /// The same in every region of the account.
    Each(u32),
    /// As named; none elsewhere.
    Named(BTreeMap<String, u32>),
}

impl Counts {
    /// How many in this region.
    pub fn of(&self, region: &str) -> u32 {
        match self {
            Self::Each(count) => *count,
            Self::Named(counts) => counts.get(region).copied().unwrap_or(0),
        }
    }
}

impl Default for Counts {
    fn default() -> Self {
        Self::Each(0)
    }
}

impl<'de> Deserialize<'de> for Counts {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match toml::Value::deserialize(deserializer)? {
            toml::Value::Integer(count) => number(count).map(Self::Each),
            toml::Value::Table(table) => table
                .into_iter()
                .map(|(region, value)| {
                    let count = value
                        .as_integer()
                        .ok_or_else(|| de::Error::custom(format!("`{region}` wants a number")))?;
                    Ok((region, number(count)?))
                })
                .collect::<Result<_, _>>()
                .map(Self::Named),
            _ => Err(de::Error::custom(
                "expected a number, or a table of region = number",
            )),
        }
    }
}

fn number<E: de::Error>(value: i64) -> Result<u32, E> {
    u32::try_from(value).map_err(|_| E::custom(format!("{value} is no count of certificates")))
}
