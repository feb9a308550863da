//! AWS KMS by the SDK: a key of 32 bytes made and sealed there, and opened again.
//! Above: `ledger::kek`. Below: aws-config, aws-sdk-kms.
//! Invariant: every call names the sensor in its encryption context, so that no other sensor's key opens; no log knows
//! anything of a call; every error says what to do.
//!
//! The functions block, on a thread and connections of their own: the ledger is opened with and without a runtime.

use super::clients::fresh_http_client;
use super::error::from_sdk;
use super::quiet::quietly;
use crate::bindings::connector::sensor::core::types::{Error, ErrorClass};
use crate::model::text::clean;
use aws_config::retry::RetryConfig;
use aws_config::timeout::TimeoutConfig;
use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_sdk_kms::Client;
use aws_sdk_kms::operation::decrypt::DecryptOutput;
use aws_smithy_types::Blob;
use std::time::Duration;
use zeroize::Zeroizing;

/// The name in the encryption context.
const CONTEXT: &str = "sensor-id";
const LENGTH: i32 = 32;

/// A key that KMS made.
pub(crate) struct Made {
    pub(crate) plain: Zeroizing<Vec<u8>>,
    /// The same, sealed by KMS.
    pub(crate) sealed: Vec<u8>,
    /// The KMS key's ARN.
    pub(crate) key: String,
}

/// Makes a new key under a KMS key, which is named by its ARN, its id or an alias.
pub(crate) fn generate(kms_key: &str, sensor_id: &str) -> Result<Made, String> {
    apart(|| async {
        let client = client(kms_key).await?;
        let call = client
            .generate_data_key()
            .key_id(kms_key)
            .number_of_bytes(LENGTH)
            .encryption_context(CONTEXT, sensor_id)
            .send();
        let answer = quietly(call).await;
        let answer = answer.map_err(|error| {
            told(
                &from_sdk(error, false),
                kms_key,
                "kms:GenerateDataKey",
                sensor_id,
            )
        })?;
        let (Some(plain), Some(sealed)) = (answer.plaintext, answer.ciphertext_blob) else {
            return Err("AWS KMS made no key".to_owned());
        };
        Ok(Made {
            plain: Zeroizing::new(plain.into_inner()),
            sealed: sealed.into_inner(),
            key: answer.key_id.unwrap_or_else(|| kms_key.to_owned()),
        })
    })
}

/// Opens what `generate` made for the same sensor.
pub(crate) fn decrypt(
    kms_key: &str,
    sealed: &[u8],
    sensor_id: &str,
) -> Result<Zeroizing<Vec<u8>>, String> {
    apart(|| async {
        let client = client(kms_key).await?;
        let call = client
            .decrypt()
            .key_id(kms_key)
            .ciphertext_blob(Blob::new(sealed))
            .encryption_context(CONTEXT, sensor_id)
            .send();
        let answer = quietly(call).await;
        let DecryptOutput { plaintext, .. } = answer
            .map_err(|error| told(&from_sdk(error, false), kms_key, "kms:Decrypt", sensor_id))?;
        let plain = plaintext.ok_or("AWS KMS opened nothing")?;
        Ok(Zeroizing::new(plain.into_inner()))
    })
}

/// The region that a key's ARN names.
fn region_of(kms_key: &str) -> Option<String> {
    let mut parts = kms_key.split(':');
    let is_arn = parts.next() == Some("arn") && parts.nth(1) == Some("kms");
    parts
        .next()
        .filter(|region| is_arn && !region.is_empty())
        .map(str::to_owned)
}

async fn client(kms_key: &str) -> Result<Client, String> {
    let timeouts = TimeoutConfig::builder()
        .connect_timeout(Duration::from_secs(5))
        .operation_attempt_timeout(Duration::from_secs(10))
        .operation_timeout(Duration::from_secs(25))
        .build();
    let mut loader = aws_config::defaults(BehaviorVersion::latest())
        .http_client(fresh_http_client())
        .retry_config(RetryConfig::standard())
        .timeout_config(timeouts);
    if let Some(region) = region_of(kms_key) {
        loader = loader.region(Region::new(region));
    }
    let config: SdkConfig = loader.load().await;
    if config.region().is_none() {
        return Err(format!(
            "AWS KMS key {kms_key}: in which region is not known: name the key by its ARN, or set AWS_REGION"
        ));
    }
    Ok(Client::new(&config))
}

/// What went wrong, and what to do.
fn told(error: &Error, kms_key: &str, action: &str, sensor_id: &str) -> String {
    let region = region_of(kms_key).unwrap_or_else(|| "the region that is set".to_owned());
    let what = match error.code.as_str() {
        "DisabledException" => "the key is disabled: enable it (aws kms enable-key)".to_owned(),
        "KMSInvalidStateException" | "KmsInvalidStateException" => {
            "the key is pending deletion, or not ready: aws kms cancel-key-deletion and aws kms enable-key bring it back \
             while it is only pending; once it is deleted, nothing that it sealed can be opened by anybody"
                .to_owned()
        }
        "NotFoundException" => {
            format!("there is no such key in {region}: look at its ARN, its alias, and the region")
        }
        "IncorrectKeyException" | "InvalidCiphertextException" => format!(
            "what is sealed was not sealed by this key for this sensor ({CONTEXT}={sensor_id}): restore key.kms from the \
             state directory's backup, or the state directory that it belongs to"
        ),
        "InvalidKeyUsageException" => {
            "the key is for signing or of an asymmetric kind: a symmetric key for encryption is needed".to_owned()
        }
        _ if error.class == ErrorClass::AccessDenied => format!(
            "denied: allow {action} on the key to the sensor's identity, in its IAM policy or in the key's own, with the \
             encryption context {CONTEXT}={sensor_id} if the policy names one"
        ),
        _ => String::new(),
    };
    let said = clean(&error.message, 300);
    let code = &error.code;
    if what.is_empty() {
        format!("AWS KMS key {kms_key}: {said} ({code})")
    } else {
        format!("AWS KMS key {kms_key}: {what} ({code}: {said})")
    }
}

/// Runs it on a thread and a runtime of its own.
fn apart<T, F>(work: impl FnOnce() -> F + Send) -> Result<T, String>
where
    T: Send,
    F: Future<Output = Result<T, String>>,
{
    let run = || {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(|error| error.to_string())?;
        runtime.block_on(work())
    };
    std::thread::scope(|scope| {
        let joined = scope.spawn(run).join();
        joined.unwrap_or_else(|_| Err("the call to AWS KMS panicked".to_owned()))
    })
}

#[cfg(test)]
mod tests {
    use super::region_of;

    #[test]
    fn the_region_stands_in_the_arn() {
        for (key, region) in [
            (
                "arn:aws:kms:eu-west-1:123456789012:key/1234",
                Some("eu-west-1"),
            ),
            (
                "arn:aws-cn:kms:cn-north-1:123456789012:alias/a",
                Some("cn-north-1"),
            ),
            ("arn:aws:s3:eu-west-1:123456789012:x", None),
            ("alias/sensor", None),
            ("1234abcd", None),
        ] {
            assert_eq!(region_of(key).as_deref(), region, "{key}");
        }
    }
}
