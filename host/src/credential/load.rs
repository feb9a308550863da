//! The SDK's configuration for a session: the source of its credentials, its home region, its endpoints.
//! Above: `Sources`. Below: aws-config.
//! Invariant: what the operator's environment and files say about endpoints, proxies and regions holds, and the
//! clients made of it retry nothing by themselves.

use super::{AccessKey, Environment};
use crate::backend::sdk::{default_region, http_client, partition_of, sts_region};
use crate::model::time::{Clock, SystemClock};
use aws_config::identity::IdentityCache;
use aws_config::profile::ProfileFileCredentialsProvider;
use aws_config::provider_config::ProviderConfig;
use aws_config::retry::RetryConfig;
use aws_config::stalled_stream_protection::StalledStreamProtectionConfig;
use aws_config::timeout::TimeoutConfig;
use aws_config::{BehaviorVersion, ConfigLoader, Region, SdkConfig};
use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_runtime::env_config::file::{EnvConfigFileKind, EnvConfigFiles};
use aws_smithy_async::time::TimeSource;
use std::time::{Duration, SystemTime};

/// Whose credentials.
#[derive(Clone, Copy)]
pub(super) enum From<'a> {
    Chain,
    Profile(&'a str),
    AccessKey(&'a AccessKey),
}

/// Loads it. Nothing is asked of AWS yet.
pub(super) async fn config(
    environment: &Environment,
    from: From<'_>,
    region: Option<String>,
) -> SdkConfig {
    let mut config = loader(environment, from, region).load().await;
    let home = config
        .region()
        .map_or_else(|| default_region("aws").to_owned(), ToString::to_string);
    // The source itself may have to ask STS: a profile of a role, a web identity. It does so in the region that is there
    // from the start (fact 38).
    let sts = sts_region(Some(&home), partition_of(&home));
    if config.region().map(Region::as_ref) != Some(&*sts) {
        config = loader(environment, from, Some(sts.clone())).load().await;
    }
    let mut builder = config.to_builder().region(Region::new(home));
    if let From::Profile(name) = from {
        let sts = Some(Region::new(sts));
        builder.set_credentials_provider(Some(of_profile(environment, name, sts)));
    }
    builder.set_retry_config(Some(RetryConfig::disabled()));
    builder.set_timeout_config(Some(timeouts()));
    // The attempt's own limit does the same for answers as small as these, and costs no work for each of them.
    builder.set_stalled_stream_protection(Some(StalledStreamProtectionConfig::disabled()));
    builder.build()
}

/// The sensor's clock as the SDK takes one: a request is signed at the time by which the sensor goes.
#[derive(Debug)]
struct OwnTime;

impl TimeSource for OwnTime {
    fn now(&self) -> SystemTime {
        let since = u64::try_from(SystemClock.now()).unwrap_or(0);
        SystemTime::UNIX_EPOCH + Duration::from_millis(since)
    }
}

/// The profile and nothing else: the default chain would take the environment's keys before it.
fn of_profile(
    environment: &Environment,
    name: &str,
    region: Option<Region>,
) -> SharedCredentialsProvider {
    let provider = ProviderConfig::without_region()
        .with_region(region)
        .with_http_client(http_client());
    let builder = ProfileFileCredentialsProvider::builder()
        .configure(&provider)
        .profile_name(name);
    let builder = match files(environment) {
        Some(files) => builder.profile_files(files),
        None => builder,
    };
    SharedCredentialsProvider::new(builder.build())
}

fn timeouts() -> TimeoutConfig {
    TimeoutConfig::builder()
        .connect_timeout(Duration::from_secs(10))
        .read_timeout(Duration::from_secs(30))
        .operation_attempt_timeout(Duration::from_mins(1))
        .build()
}

fn loader(environment: &Environment, from: From<'_>, region: Option<String>) -> ConfigLoader {
    // A credential process or a sign-on may take its time.
    let cache = IdentityCache::lazy()
        .load_timeout(Duration::from_secs(30))
        .build();
    let mut loader = aws_config::defaults(BehaviorVersion::latest())
        .http_client(http_client())
        .time_source(OwnTime)
        .identity_cache(cache);
    if let Some(files) = files(environment) {
        loader = loader.profile_files(files);
    }
    if let Some(region) = region {
        loader = loader.region(Region::new(region));
    }
    match from {
        From::Chain => loader,
        From::Profile(name) => loader.profile_name(name),
        From::AccessKey(key) => {
            let token = key
                .session_token
                .as_ref()
                .map(|token| token.expose().to_owned());
            loader.credentials_provider(Credentials::new(
                &key.id,
                key.secret.expose(),
                token,
                None,
                "stored access key",
            ))
        }
    }
}

/// The shared files that are there; none leaves it to the SDK to find none.
fn files(environment: &Environment) -> Option<EnvConfigFiles> {
    let (config, credentials) = (environment.config_file(), environment.credentials_file());
    let mut files = EnvConfigFiles::builder();
    if config.is_file() {
        files = files.with_file(EnvConfigFileKind::Config, &config);
    }
    if credentials.is_file() {
        files = files.with_file(EnvConfigFileKind::Credentials, &credentials);
    }
    (config.is_file() || credentials.is_file()).then(|| files.build())
}
