//! What certificates are called, what uses them, how they are tagged: words drawn from a seed.
//! Above: `estate::generated`, `estate::entry`. Below: `noise`.
//! Invariant: every name lies below a domain that is reserved for examples.

use super::Estate;
use crate::noise::Noise;
use sensor_sdk::types::Tag;

const SERVICES: [&str; 24] = [
    "api", "www", "checkout", "ledger", "auth", "search", "media", "events", "billing", "reports",
    "gateway", "catalog", "orders", "profile", "metrics", "admin", "partner", "mobile", "static",
    "webhooks", "stream", "files", "mail", "status",
];
const ENVIRONMENTS: [&str; 4] = ["prod", "staging", "qa", "dev"];
const DOMAINS: [&str; 3] = ["example.com", "example.org", "example.net"];
const OWNERS: [&str; 5] = [
    "pki-team",
    "web-team",
    "data-team",
    "core-team",
    "mobile-team",
];

/// A certificate's names.
pub(super) struct Names {
    pub(super) common_name: Option<String>,
    pub(super) domain: Option<String>,
    pub(super) all: Vec<String>,
}

impl Names {
    /// A certificate that names nothing.
    pub(super) fn none() -> Self {
        Self {
            common_name: None,
            domain: None,
            all: Vec::new(),
        }
    }

    /// A domain, and what else such a certificate is for.
    pub(super) fn draw(team: &str, many: bool, noise: &mut Noise) -> Self {
        let domain = domain(team, noise);
        let mut all = vec![domain.clone()];
        let count = if many {
            100 + noise.below(60)
        } else {
            [0, 0, 0, 1, 1, 2, 4][index(noise, 7)]
        };
        let base = domain.trim_start_matches("*.").to_owned();
        all.extend((0..count).map(|n| match n {
            0 if domain.starts_with('*') => base.clone(),
            _ => format!("{}-{n}.{base}", SERVICES[index(noise, SERVICES.len())]),
        }));
        if noise.below(33) == 0 {
            all.push(format!(
                "10.{}.{}.{}",
                noise.below(256),
                noise.below(256),
                noise.below(256)
            ));
        }
        Self {
            common_name: Some(domain.clone()),
            domain: Some(domain),
            all,
        }
    }
}

/// A domain of a team.
pub(super) fn domain(team: &str, noise: &mut Noise) -> String {
    let service = SERVICES[index(noise, SERVICES.len())];
    let environment = ENVIRONMENTS[index(noise, 4)];
    let below = DOMAINS[index(noise, 3)];
    match noise.below(8) {
        0 => format!("*.{environment}.{team}.{below}"),
        1 => format!("{service}.{team}.{below}"),
        _ => format!(
            "{service}-{}.{environment}.{team}.{below}",
            noise.below(90) + 10
        ),
    }
}

fn index(noise: &mut Noise, length: usize) -> usize {
    let bound = u64::try_from(length).unwrap_or(1);
    usize::try_from(noise.below(bound)).unwrap_or(0)
}

impl Estate {
    /// Something that uses a certificate of this place.
    pub(super) fn user_arn(&self, account: usize, split: usize, noise: &mut Noise) -> String {
        let region = &self.accounts[account].splits[split].region;
        let (partition, id) = (&self.partition, &self.accounts[account].id);
        let service = SERVICES[index(noise, SERVICES.len())];
        let mark = noise.next();
        match noise.below(10) {
            0..=3 if region == "us-east-1" => {
                format!(
                    "arn:{partition}:cloudfront::{id}:distribution/E{}",
                    noise.word(13)
                )
            }
            // An API's own balancer stands in an account of the service.
            0 => {
                let theirs = 300_000_000_000 + mark % 99_999_999_999;
                format!(
                    "arn:{partition}:elasticloadbalancing:{region}:{theirs}:loadbalancer/net/api-{service}/{mark:016x}"
                )
            }
            1 => format!("arn:{partition}:apigateway:{region}::/domainnames/{service}.example.com"),
            _ => format!(
                "arn:{partition}:elasticloadbalancing:{region}:{id}:loadbalancer/app/{service}/{mark:016x}"
            ),
        }
    }

    /// A few tags.
    pub(super) fn tags(&self, account: usize, noise: &mut Noise) -> Vec<Tag> {
        let tag = |key: &str, value: &str| Tag {
            key: key.to_owned(),
            value: value.to_owned(),
        };
        let mut tags = vec![
            tag("environment", ENVIRONMENTS[index(noise, 4)]),
            tag("owner", OWNERS[index(noise, 5)]),
        ];
        if noise.below(2) == 0 {
            tags.push(tag("cost-center", &format!("cc-{}", 100 + noise.below(30))));
        }
        if noise.below(4) == 0 {
            tags.push(tag("account-name", &self.accounts[account].name));
        }
        tags
    }
}
