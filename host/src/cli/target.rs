//! A place of delivery as it is typed.
//! Above: `request`. Below: nothing.
//! Invariant: an account is twelve digits, a region looks like one.

use crate::model::enrollment::Wish;
use crate::model::id::ConnectorId;
use std::str::FromStr;

/// CONNECTOR:ACCOUNT:REGION, or CONNECTOR:ARN for a place that is there.
#[derive(Debug, Clone)]
pub(super) struct Target(Wish);

impl From<Target> for Wish {
    fn from(target: Target) -> Self {
        target.0
    }
}

impl FromStr for Target {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        let form = "write CONNECTOR:ACCOUNT:REGION (\"aws-prod:123456789012:eu-central-1\"), or CONNECTOR:ARN for a certificate that is there";
        let (connector, place) = text.split_once(':').ok_or(form)?;
        let connector: ConnectorId = connector.parse().map_err(|error| format!("{error}"))?;
        let arn = place.starts_with("arn:").then(|| place.to_owned());
        let (account, region) = match &arn {
            Some(arn) => {
                let mut parts = arn.splitn(6, ':').skip(3);
                let region = parts.next().unwrap_or_default();
                (parts.next().unwrap_or_default(), region)
            }
            None => place.split_once(':').ok_or(form)?,
        };
        if account.len() != 12 || !account.bytes().all(|b| b.is_ascii_digit()) {
            return Err(format!(
                "`{account}` is no account: it has twelve digits; {form}"
            ));
        }
        let legal = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
        if !region.contains('-') || !region.bytes().all(legal) {
            return Err(format!("`{region}` is no region; {form}"));
        }
        Ok(Self(Wish {
            connector,
            account: account.to_owned(),
            region: region.to_owned(),
            place: arn,
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::Target;

    #[test]
    fn reads() {
        let target: Target = "aws-prod:123456789012:eu-central-1".parse().unwrap();
        assert_eq!(target.0.to_string(), "aws-prod:123456789012:eu-central-1");
        assert_eq!(target.0.place, None);
        let arn = "arn:aws:acm:us-east-1:123456789012:certificate/1b";
        let target: Target = format!("aws-prod:{arn}").parse().unwrap();
        assert_eq!(target.0.to_string(), "aws-prod:123456789012:us-east-1");
        assert_eq!(target.0.place.as_deref(), Some(arn));
    }

    #[test]
    fn rejects() {
        for text in [
            "",
            "aws-prod",
            "aws-prod:123456789012",
            "aws-prod:12345:eu-central-1",
            "aws-prod:123456789012:Frankfurt",
            "AWS:123456789012:eu-central-1",
            "aws-prod:arn:aws:acm",
        ] {
            assert!(text.parse::<Target>().is_err(), "{text}");
        }
    }
}
