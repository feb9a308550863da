//! Clients of the AWS SDK, kept while they are used: making one costs more than a call.
//! Above: the services. Below: the SDK.
//! Invariant: bounded; all of them share one pool of connections; none retries by itself.

use crate::backend::{SdkSession, Session, SessionSource};
use aws_smithy_runtime_api::client::http::{HttpConnectorSettings, SharedHttpClient};
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Mutex, OnceLock, PoisonError};

/// As many clients of one service as are kept. More than the splits that run at once.
const KEPT: usize = 2048;
/// Open files that are enough for all connections and the inventory.
const CONNECTIONS: u64 = 8192;

/// The connections of this process, by way of the proxy that the environment names (`HTTPS_PROXY`, `NO_PROXY`), if any.
pub(crate) fn http_client() -> SharedHttpClient {
    static SHARED: OnceLock<SharedHttpClient> = OnceLock::new();
    SHARED
        .get_or_init(|| {
            allow_connections();
            fresh_http_client()
        })
        .clone()
}

/// Connections that nobody shares: they last as long as the runtime that they are used on.
pub(super) fn fresh_http_client() -> SharedHttpClient {
    use aws_smithy_http_client::{Builder, Connector, proxy::ProxyConfig, tls};
    let connect = |settings: Option<&HttpConnectorSettings>, parts: Option<&RuntimeComponents>| {
        let mut builder = Connector::builder().proxy_config(ProxyConfig::from_env());
        builder.set_connector_settings(settings.cloned());
        builder.set_sleep_impl(parts.and_then(RuntimeComponents::sleep_impl));
        let provider = tls::Provider::Rustls(tls::rustls_provider::CryptoMode::AwsLc);
        builder.tls_provider(provider).build()
    };
    Builder::new().build_with_connector_fn(connect)
}

/// Lets this process have as many open files as the system gives without asking: the usual first limit is 1,024, and
/// hundreds of splits at once come near it.
fn allow_connections() {
    use nix::sys::resource::{Resource, getrlimit, setrlimit};
    let raised = getrlimit(Resource::RLIMIT_NOFILE).and_then(|(soft, hard)| {
        let wanted = hard.min(CONNECTIONS);
        if soft < wanted {
            setrlimit(Resource::RLIMIT_NOFILE, wanted, hard)
        } else {
            Ok(())
        }
    });
    if let Err(error) = raised {
        tracing::debug!(%error, "the limit of open files stays as it is");
    }
}

/// Clients of one service by session and region.
pub(super) struct Cache<C>(Mutex<Kept<(u64, String), C>>);

impl<C: Clone> Cache<C> {
    pub(super) fn new() -> Self {
        Self(Mutex::new(Kept {
            clients: HashMap::new(),
            clock: 0,
        }))
    }

    /// The client for this session and region, made if need be.
    pub(super) fn get(
        &self,
        session: &Session,
        region: &str,
        make: impl FnOnce(&SdkSession) -> C,
    ) -> Option<C> {
        let SessionSource::Sdk(sdk) = session.source() else {
            return None;
        };
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        Some(kept.get((session.id(), region.to_owned()), || make(sdk)))
    }
}

struct Kept<K, C> {
    clients: HashMap<K, (C, u64)>,
    clock: u64,
}

impl<K: Hash + Eq, C: Clone> Kept<K, C> {
    fn get(&mut self, key: K, make: impl FnOnce() -> C) -> C {
        self.clock += 1;
        let clock = self.clock;
        if let Some((client, used)) = self.clients.get_mut(&key) {
            *used = clock;
            return client.clone();
        }
        if self.clients.len() >= KEPT {
            self.forget_half();
        }
        let client = make();
        self.clients.insert(key, (client.clone(), clock));
        client
    }

    /// Drops the half that was used longest ago.
    fn forget_half(&mut self) {
        let mut uses: Vec<u64> = self.clients.values().map(|(_, used)| *used).collect();
        uses.sort_unstable();
        let middle = uses.get(uses.len() / 2).copied().unwrap_or_default();
        self.clients.retain(|_, (_, used)| *used >= middle);
    }
}

#[cfg(test)]
mod tests {
    use super::{KEPT, Kept};
    use std::collections::HashMap;

    #[test]
    fn what_is_used_stays_and_the_rest_is_bounded() {
        let mut kept = Kept {
            clients: HashMap::new(),
            clock: 0,
        };
        for n in 0..10 * KEPT {
            kept.get(n, || n);
            assert_eq!(
                kept.get(0, || usize::MAX),
                0,
                "the busy one is never made again"
            );
        }
        assert!(kept.clients.len() <= KEPT);
    }
}
