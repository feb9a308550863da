//! The methods' parameters, parsed.
//! Above: `AwsCredentials`. Below: serde.
//! Invariant: what parsed holds no empty name and no unknown key.

use crate::config;
use sensor_sdk::provider::Request;
use sensor_sdk::types::Error;
use serde::Deserialize;
use serde::de::DeserializeOwned;

const LONGEST_NAME: usize = 128;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct DefaultChain {
    pub(crate) region: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Profile {
    pub(crate) name: String,
    pub(crate) region: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct AccessKey {
    pub(crate) secret: String,
    pub(crate) region: Option<String>,
}

/// What a method's parameters have in common: what can be wrong with them.
pub(crate) trait Parameters: DeserializeOwned {
    /// The name that it must have, with the key that it stands under.
    fn name(&self) -> Option<(&'static str, &str)>;
    fn region(&self) -> Option<&str>;
}

impl Parameters for DefaultChain {
    fn name(&self) -> Option<(&'static str, &str)> {
        None
    }
    fn region(&self) -> Option<&str> {
        self.region.as_deref()
    }
}

impl Parameters for Profile {
    fn name(&self) -> Option<(&'static str, &str)> {
        Some(("name", &self.name))
    }
    fn region(&self) -> Option<&str> {
        self.region.as_deref()
    }
}

impl Parameters for AccessKey {
    fn name(&self) -> Option<(&'static str, &str)> {
        Some(("secret", &self.secret))
    }
    fn region(&self) -> Option<&str> {
        self.region.as_deref()
    }
}

/// The parameters of a request.
pub(crate) fn parsed<P: Parameters>(request: &Request) -> Result<P, Error> {
    let wrong = |why: String| {
        config(
            "invalid-parameters",
            format!("the parameters of `{}` are wrong: {why}", request.method),
        )
    };
    let parameters: P =
        serde_json::from_str(&request.parameters).map_err(|error| wrong(error.to_string()))?;
    if let Some((key, name)) = parameters.name() {
        let legal =
            (1..=LONGEST_NAME).contains(&name.chars().count()) && !name.contains(char::is_control);
        if !legal {
            return Err(wrong(format!(
                "`{key}` must be 1 to {LONGEST_NAME} printable characters"
            )));
        }
    }
    match parameters.region() {
        Some(region) if !is_region(region) => Err(wrong(
            "`region` must be a region's name like \"eu-central-1\"".to_owned(),
        )),
        _ => Ok(parameters),
    }
}

fn is_region(text: &str) -> bool {
    let parts: Vec<&str> = text.split('-').collect();
    let plain = |part: &&str| {
        !part.is_empty()
            && part
                .bytes()
                .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit())
    };
    let (Some(first), Some(last)) = (parts.first(), parts.last()) else {
        return false;
    };
    text.len() <= 32
        && parts.len() >= 3
        && parts.iter().all(plain)
        && (2..=4).contains(&first.len())
        && first.bytes().all(|b| b.is_ascii_lowercase())
        && last.len() <= 2
        && last.bytes().all(|b| b.is_ascii_digit())
}
