//! The access keys that this face has given out.
//! Above: `dispatch` (asks), `sts` (adds). Below: `sign` (keys derived for signatures).
//! Invariant: a temporary key is good only with its own session token, and only until it expires.

use super::sign::{self, Scope};
use mock_aws::{AssumedRole, Identity};
use std::collections::HashMap;

/// One access key.
#[derive(Debug)]
pub(crate) struct Key {
    secret: String,
    /// None for a user's long-lived key.
    pub(crate) token: Option<String>,
    /// In the world's time.
    pub(crate) expires_at: Option<i64>,
    /// The last derived key: clients sign for one day, region and service many times in a row.
    derived: Vec<(String, [u8; 32])>,
}

/// All of them, by access key id.
#[derive(Debug)]
pub(crate) struct Credentials {
    keys: HashMap<String, Key>,
}

impl Credentials {
    /// The base credentials alone.
    pub(crate) fn of(identity: &Identity) -> Self {
        let mut new = Self {
            keys: HashMap::new(),
        };
        new.insert(&identity.access_key, &identity.secret_key, None, None);
        new
    }

    /// Gives out a session's key.
    pub(crate) fn add(&mut self, role: &AssumedRole) {
        let token = Some(role.session_token.clone());
        self.insert(
            &role.access_key,
            &role.secret_key,
            token,
            Some(role.expires_at),
        );
    }

    pub(crate) fn get_mut(&mut self, access_key: &str) -> Option<&mut Key> {
        self.keys.get_mut(access_key)
    }

    /// Everything that may be written down nowhere.
    pub(crate) fn secrets(&self) -> impl Iterator<Item = &str> {
        self.keys
            .values()
            .flat_map(|key| [Some(key.secret.as_str()), key.token.as_deref()])
            .flatten()
    }

    fn insert(
        &mut self,
        access_key: &str,
        secret: &str,
        token: Option<String>,
        expires_at: Option<i64>,
    ) {
        let key = Key {
            secret: secret.to_owned(),
            token,
            expires_at,
            derived: Vec::new(),
        };
        self.keys.insert(access_key.to_owned(), key);
    }
}

impl Key {
    /// The key that signs within a scope.
    pub(crate) fn signing_key(&mut self, scope: &Scope<'_>) -> [u8; 32] {
        let name = format!("{}/{}/{}", scope.date, scope.region, scope.service);
        if let Some((_, key)) = self.derived.iter().find(|(known, _)| *known == name) {
            return *key;
        }
        let key = sign::derive(&self.secret, scope);
        self.derived.push((name, key));
        key
    }
}
