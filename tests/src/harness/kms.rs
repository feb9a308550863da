//! A face of AWS KMS: makes data keys, opens them again in the same encryption context, and refuses as it is told.
//! Above: tests of the key-encryption key. Below: `responder`.
//! Invariant: what it opens it has made, under the same key and for the same context.

use super::responder::Responder;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

/// An ARN of a key that it has; any other does as well.
pub const KEY: &str = "arn:aws:kms:eu-west-1:123456789012:key/11111111-2222-3333-4444-555555555555";

/// The face.
pub struct Kms {
    responder: Responder,
    state: Arc<Mutex<State>>,
}

#[derive(Default)]
struct State {
    /// By what is sealed: the plain key, the KMS key and the context.
    made: BTreeMap<String, (String, Value, Value)>,
    fault: Option<(u16, &'static str)>,
}

impl Kms {
    /// One that allows everything.
    #[must_use]
    pub fn start() -> Self {
        let (responder, state) = (Responder::start(), Arc::new(Mutex::new(State::default())));
        let within = Arc::clone(&state);
        responder.say("/", move |body| {
            let mut state = within.lock().unwrap_or_else(PoisonError::into_inner);
            let request: Value = serde_json::from_slice(body).unwrap_or_default();
            let (status, answer) = state.answer(&request);
            (status, answer.to_string().into_bytes())
        });
        Self { responder, state }
    }

    /// From now on every call is refused so; none: no call is.
    pub fn refuse(&self, fault: Option<(u16, &'static str)>) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.fault = fault;
    }

    /// How often it was asked.
    #[must_use]
    pub fn asked(&self) -> usize {
        self.responder.asked("/")
    }

    /// The plain keys that it has made, base64.
    #[must_use]
    pub fn plain(&self) -> Vec<String> {
        let state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state
            .made
            .values()
            .map(|(plain, ..)| plain.clone())
            .collect()
    }

    /// What a child process needs to find it.
    #[must_use]
    pub fn env(&self) -> Vec<(String, String)> {
        let endpoint = self.responder.url("");
        let pairs = [
            ("AWS_ENDPOINT_URL_KMS", endpoint.as_str()),
            ("AWS_ACCESS_KEY_ID", "test"),
            ("AWS_SECRET_ACCESS_KEY", "test"),
            ("AWS_EC2_METADATA_DISABLED", "true"),
        ];
        pairs
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .into()
    }
}

impl State {
    fn answer(&mut self, request: &Value) -> (u16, Value) {
        if let Some((status, code)) = self.fault {
            return (status, json!({ "__type": code, "message": "so it is" }));
        }
        let (key, context) = (&request["KeyId"], &request["EncryptionContext"]);
        let Some(sealed) = request["CiphertextBlob"].as_str() else {
            let number = self.made.len().to_string();
            let hash = |what: &str| STANDARD.encode(Sha256::digest(format!("{what} {number}")));
            let (plain, sealed) = (hash("plain"), hash("sealed"));
            let answer = json!({ "CiphertextBlob": sealed, "Plaintext": plain, "KeyId": key });
            self.made
                .insert(sealed, (plain, key.clone(), context.clone()));
            return (200, answer);
        };
        match self.made.get(sealed) {
            Some((plain, under, with)) if under == key && with == context => {
                (200, json!({ "Plaintext": plain, "KeyId": key }))
            }
            _ => (400, json!({ "__type": "InvalidCiphertextException" })),
        }
    }
}
