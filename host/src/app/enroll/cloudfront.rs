//! Certificates for CloudFront, which takes them from one region only.
//! Above: `wish`, requests and take-overs. Below: the inventory.
//! Invariant: a target that is typed is never changed; what would fit is told in the form in which it is typed.

use crate::app::{AppError, Sensor};
use crate::model::asset::Asset;
use crate::model::enrollment::{Request, Wish};
use crate::model::filter::{Filter, Query};

/// Where CloudFront looks for certificates.
const REGION: &str = "us-east-1";

/// What a certificate is for, where that has a say in where it goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Use {
    CloudFront,
}

/// What is wrong with targets for CloudFront.
pub(super) fn misplaced(targets: &[Wish]) -> Vec<String> {
    if targets.is_empty() {
        return vec![format!(
            "CloudFront takes certificates from {REGION} only: --to CONNECTOR:ACCOUNT:{REGION}"
        )];
    }
    let elsewhere = |one: &&Wish| one.region != REGION;
    let told = |one: &Wish| {
        format!(
            "CloudFront takes certificates from {REGION} only, not from {}: --to {}:{}:{REGION}",
            one.region, one.connector, one.account
        )
    };
    targets.iter().filter(elsewhere).map(told).collect()
}

impl Sensor {
    /// A request whose names stand at CloudFront needs a place where that finds them. As far as the inventory knows, and
    /// is free to be asked.
    pub(super) fn advice_on_cloudfront(&self, request: &Request) -> Result<Vec<String>, AppError> {
        let Some(inventory) = self.free_inventory()? else {
            return Ok(Vec::new());
        };
        let mut advice = Vec::new();
        for name in &request.names {
            let query = Query {
                filter: Filter {
                    name: Some(name.trim_start_matches("*.").to_owned()),
                    in_use: Some(true),
                    ..Filter::default()
                },
                limit: 1_000,
                ..Query::default()
            };
            let found = inventory.list(&query)?.assets.into_iter();
            let there = found.filter(|asset| bears(asset, name)).find_map(|asset| {
                let used_by = &asset.location.place.in_use_by;
                let user = used_by.iter().find(|one| one.contains(":cloudfront:"))?;
                Some((user.clone(), asset.location))
            });
            let Some((user, location)) = there else {
                continue;
            };
            let fits = |one: &Wish| one.region == REGION && one.account == location.account;
            if !request.targets.iter().any(fits) {
                advice.push(format!(
                    "`{name}` stands at CloudFront ({user}), which takes certificates from {REGION} only: --to {}:{}:{REGION}",
                    location.connector, location.account
                ));
            }
        }
        Ok(advice)
    }
}

fn bears(asset: &Asset, name: &str) -> bool {
    let certificate = asset.certificate.as_ref();
    certificate.is_some_and(|one| one.dns_names.iter().any(|known| known == name))
}

#[cfg(test)]
mod tests {
    use super::misplaced;
    use crate::model::enrollment::Wish;

    #[test]
    fn a_target_that_cloudfront_cannot_use_is_told_with_the_one_that_it_can() {
        let wish = |region: &str| Wish {
            connector: "aws".parse().unwrap(),
            account: "111122223333".to_owned(),
            region: region.to_owned(),
            place: None,
        };
        assert_eq!(misplaced(&[wish("us-east-1")]), Vec::<String>::new());
        let told = misplaced(&[wish("us-east-1"), wish("eu-west-1")]);
        assert_eq!(told.len(), 1);
        assert!(
            told[0].ends_with("--to aws:111122223333:us-east-1"),
            "{told:?}"
        );
        assert!(misplaced(&[])[0].ends_with("--to CONNECTOR:ACCOUNT:us-east-1"));
    }
}
