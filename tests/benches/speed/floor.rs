//! What the AWS SDK itself costs: the same calls by a bare loop over its clients; nothing is parsed, nothing is stored.
//! Above: `boto3`, `main` (as its child). Below: the aws-sdk crates.
//! Invariant: the clients are set up as the sensor's are: one pool of connections, no retries, no watch over streams.

use crate::cpu::{self, Spent};
use crate::estate::{Server, Size};
use anyhow::{Context, bail};
use aws_credential_types::Credentials;
use aws_sdk_acm::config::retry::RetryConfig;
use aws_sdk_acm::config::{BehaviorVersion, Region, StalledStreamProtectionConfig};
use aws_smithy_runtime_api::client::http::SharedHttpClient;
use futures::stream::{self, StreamExt, TryStreamExt};
use std::process::Command;

/// Certificates under way at once.
const TOGETHER: usize = 64;

/// Runs the loop in a process of its own.
pub(crate) fn measure(server: &Server, size: Size) -> anyhow::Result<Spent> {
    let mut child = Command::new(std::env::current_exe()?);
    child
        .args(["--as", "boto3"])
        .args(["--regions", &size.regions.to_string()])
        .envs(server.env())
        .env("AWS_EC2_METADATA_DISABLED", "true");
    let spent = cpu::child(&mut child, &[0])?;
    let fetched = spent.printed.trim();
    if fetched != size.total().to_string() {
        bail!(
            "the bare loop fetched {fetched} of {} certificates",
            size.total()
        );
    }
    Ok(spent)
}

/// The child of [`measure`].
#[expect(clippy::print_stdout, reason = "its parent reads it")]
pub(crate) fn child(size: Size) -> anyhow::Result<()> {
    let fetched = tokio::runtime::Runtime::new()?.block_on(fetch_all(size))?;
    println!("{fetched}");
    Ok(())
}

/// Configuration of a client of any service.
macro_rules! client {
    ($service:ident, $ground:expr, $region:expr, $keys:expr) => {
        $service::Client::from_conf(
            $service::Config::builder()
                .behavior_version(BehaviorVersion::latest())
                .region(Region::new($region.to_owned()))
                .endpoint_url(&$ground.endpoint)
                .credentials_provider($keys.clone())
                .http_client($ground.http.clone())
                .retry_config(RetryConfig::disabled())
                .stalled_stream_protection(StalledStreamProtectionConfig::disabled())
                .build(),
        )
    };
}

struct Ground {
    endpoint: String,
    http: SharedHttpClient,
}

async fn fetch_all(size: Size) -> anyhow::Result<usize> {
    let ground = Ground {
        endpoint: variable("AWS_ENDPOINT_URL")?,
        http: aws_smithy_http_client::Builder::new().build_http(),
    };
    let mut listed = Vec::new();
    for keys in accounts(&ground).await? {
        for region in size.region_names() {
            let acm = client!(aws_sdk_acm, ground, region, keys);
            let pages = acm.search_certificates().max_results(500);
            let mut pages = pages.into_paginator().send();
            while let Some(page) = pages.next().await {
                let found = page?.results.unwrap_or_default();
                let arns = found.into_iter().filter_map(|one| one.certificate_arn);
                listed.extend(arns.map(|arn| (acm.clone(), arn)));
            }
        }
    }
    stream::iter(listed)
        .map(|(acm, arn)| async move { fetch(&acm, &arn).await })
        .buffer_unordered(TOGETHER)
        .try_fold(0, |all, fetched| async move { Ok(all + fetched) })
        .await
}

async fn fetch(acm: &aws_sdk_acm::Client, arn: &str) -> anyhow::Result<usize> {
    let (details, tags, body) = tokio::join!(
        acm.describe_certificate().certificate_arn(arn).send(),
        acm.list_tags_for_certificate().certificate_arn(arn).send(),
        acm.get_certificate().certificate_arn(arn).send(),
    );
    let whole = details?.certificate.is_some() && body?.certificate.is_some();
    tags?;
    Ok(usize::from(whole))
}

/// The keys of each account.
async fn accounts(ground: &Ground) -> anyhow::Result<Vec<Credentials>> {
    let home = variable("AWS_REGION")?;
    let own = Credentials::new(
        variable("AWS_ACCESS_KEY_ID")?,
        variable("AWS_SECRET_ACCESS_KEY")?,
        None,
        None,
        "environment",
    );
    let sts = client!(aws_sdk_sts, ground, home, own);
    let base = sts.get_caller_identity().send().await?.account;
    let organizations = client!(aws_sdk_organizations, ground, home, own);
    let mut pages = organizations.list_accounts().into_paginator().send();
    let mut all = Vec::new();
    while let Some(page) = pages.next().await {
        for account in page?.accounts.unwrap_or_default() {
            if account.id == base {
                all.push(own.clone());
                continue;
            }
            let id = account.id.context("an account without a number")?;
            let role = format!("arn:aws:iam::{id}:role/OrganizationAccountAccessRole");
            let role = sts.assume_role().role_arn(role).role_session_name("bench");
            let keys = role.send().await?.credentials.context("no credentials")?;
            all.push(Credentials::new(
                keys.access_key_id,
                keys.secret_access_key,
                Some(keys.session_token),
                None,
                "role",
            ));
        }
    }
    Ok(all)
}

#[expect(
    clippy::disallowed_methods,
    reason = "its parent says by the environment where AWS is, as an operator would"
)]
fn variable(name: &str) -> anyhow::Result<String> {
    std::env::var(name).with_context(|| format!("{name} is not set"))
}
