//! A connector that delivers, each act one call of AWS, or that cheats in the way its settings name: `{"do":"foreign"}`.
//! Above: the tests of the sandbox. Below: the SDK.
//! Invariant: one word, one deceit; without a word it is honest.
#![allow(unsafe_code, reason = "forging handles is what it is for")]
#![cfg_attr(
    not(target_arch = "wasm32"),
    allow(dead_code, reason = "exported from the sandbox only")
)]

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use sensor_sdk::bindings::connector::sensor::auth::keys;
use sensor_sdk::connector::Connector;
use sensor_sdk::delivery::Delivery;
use sensor_sdk::host::{Aws, AwsWrite, Host};
use sensor_sdk::types::aws::{CreateSecretRequest, ImportCertificateRequest, ListSecretsRequest};
use sensor_sdk::types::delivery::{Found, Material, Parked, Planned, Target, Trace};
use sensor_sdk::types::{
    CheckStatus, Cursor, Description, Error, ErrorClass, Finding, Level, Page, PlanPage, Split, Tag,
};

struct Courier;

sensor_sdk::export_connector!(Courier);
sensor_sdk::export_delivery!(Courier);

/// Where keys wait.
const HOME: &str = "us-east-1";

impl Connector for Courier {
    fn describe() -> Description {
        Description {
            settings_schema: "{}".into(),
            required_operations: Vec::new(),
            optional_operations: Vec::new(),
        }
    }
    fn check<H: Host + Aws>(_: &H) -> Result<Vec<Finding>, Error> {
        Ok(Vec::new())
    }
    fn plan<H: Host + Aws>(_: &H, _: Option<Cursor>) -> Result<PlanPage, Error> {
        Err(error("it delivers and finds nothing"))
    }
    fn read_page<H: Host + Aws>(_: &H, _: Split, _: Option<Cursor>) -> Result<Page, Error> {
        Err(error("it delivers and finds nothing"))
    }
    fn policy<H: Host + Aws>(_: &H, _: &str) -> Result<Vec<(String, String)>, Error> {
        Ok(Vec::new())
    }
}

impl Delivery for Courier {
    fn preflight<H: Host + AwsWrite>(
        _: &H,
        target: Target,
        planned: Planned,
    ) -> Result<Vec<Finding>, Error> {
        Ok(vec![Finding {
            status: CheckStatus::Success,
            code: "heard".into(),
            subject: Some(target.account),
            message: format!(
                "{} with {}, {} of {} tags",
                planned.names.join(" "),
                planned.key_algorithm,
                planned.imports_planned,
                planned.tags.len()
            ),
            advice: None,
            statement: None,
        }])
    }

    fn deliver<H: Host + AwsWrite>(
        host: &H,
        target: Target,
        mut material: Material,
        key: &H::PrivateKey,
    ) -> Result<String, Error> {
        match word(host).as_str() {
            "forged-key" => forged(host),
            // Anything but the certificate of this key.
            "other-leaf" => material.leaf = material.chain.pop().unwrap_or_default(),
            _ => {}
        }
        let chain = material
            .chain
            .iter()
            .map(|der| pem(der))
            .collect::<String>();
        let request = ImportCertificateRequest {
            arn: target.id.clone(),
            certificate: pem(&material.leaf),
            chain: Some(chain).filter(|chain| !chain.is_empty()),
            tags: if target.id.is_some() {
                Vec::new()
            } else {
                material.tags
            },
        };
        let made = host.import_certificate(&host.base()?, &target.region, &request, key)?;
        match word(host).as_str() {
            "foreign-arn" => Ok(made.replace(&target.account, "999988887777")),
            "no-arn" => Ok("delivered".into()),
            "trap-afterwards" => panic!("after the import"),
            _ => Ok(made),
        }
    }

    /// Looks at the one place that its settings name.
    fn find<H: Host + AwsWrite>(
        host: &H,
        target: Target,
        trace: Trace,
    ) -> Result<Vec<Found>, Error> {
        let place = word(host);
        if !place.starts_with("arn:") {
            return Err(error(&format!("looks for no serial {}", trace.serial)));
        }
        let at = Target {
            id: Some(place),
            ..target
        };
        Ok(vec![Self::verify(host, at)?])
    }

    fn verify<H: Host + AwsWrite>(host: &H, target: Target) -> Result<Found, Error> {
        let id = target.id.ok_or_else(|| error("which one?"))?;
        let body = host.get_certificate(&host.base()?, &target.region, &id)?;
        let mut leaf = der(&body.certificate)?;
        let mut told = id;
        match word(host).as_str() {
            "bad-leaf" => leaf.truncate(20),
            "foreign-arn" => told = told.replace(&target.account, "999988887777"),
            _ => {}
        }
        Ok(Found {
            id: told,
            leaf,
            in_use: false,
            tags: Vec::new(),
            created_at: Some(i64::MAX),
        })
    }

    fn label<H: Host + AwsWrite>(host: &H, target: Target, tags: Vec<Tag>) -> Result<(), Error> {
        let id = target.id.unwrap_or_default();
        host.add_tags_to_certificate(&host.base()?, &target.region, &id, &tags)
    }

    fn withdraw<H: Host + AwsWrite>(host: &H, target: Target) -> Result<(), Error> {
        let id = target.id.unwrap_or_default();
        host.delete_certificate(&host.base()?, &target.region, &id)
    }

    fn park_key<H: Host + AwsWrite>(
        host: &H,
        name: &str,
        token: &str,
        tags: Vec<Tag>,
        key: &H::PrivateKey,
    ) -> Result<(), Error> {
        let name = if word(host) == "foreign-secret" {
            "prod/database"
        } else {
            name
        };
        let request = CreateSecretRequest {
            name: name.to_owned(),
            client_request_token: token.to_owned(),
            description: None,
            kms_key_id: None,
            tags,
        };
        host.create_secret(&host.base()?, HOME, &request, key)
            .map(drop)
    }

    fn take_key<H: Host + AwsWrite>(host: &H, name: &str) -> Result<H::PrivateKey, Error> {
        host.get_secret_value(&host.base()?, HOME, name)
    }

    fn drop_key<H: Host + AwsWrite>(host: &H, name: &str) -> Result<(), Error> {
        host.delete_secret(&host.base()?, HOME, name)
    }

    fn parked_keys<H: Host + AwsWrite>(host: &H, prefix: &str) -> Result<Vec<Parked>, Error> {
        let request = ListSecretsRequest {
            name_prefix: Some(prefix.to_owned()).filter(|_| word(host) != "all-secrets"),
            include_planned_deletion: true,
            max_results: 100,
            next_token: None,
        };
        let page = host.list_secrets(&host.base()?, HOME, &request)?;
        let one = |secret: sensor_sdk::types::aws::SecretDescription| Parked {
            name: secret.name,
            created_at: secret.created_at,
            tags: secret.tags,
        };
        Ok(page.secrets.into_iter().map(one).collect())
    }
}

/// A key that nobody lent.
fn forged<H: Host>(host: &H) {
    // SAFETY: none of Rust's rules is broken; that the host refuses is what is tested.
    let key = unsafe { keys::PrivateKey::from_handle(4_711) };
    host.log(Level::Info, &key.algorithm());
}

/// The word between the last two quotes of the settings.
fn word<H: Host>(host: &H) -> String {
    host.settings()
        .rsplit('"')
        .nth(1)
        .unwrap_or_default()
        .to_owned()
}

fn error(message: &str) -> Error {
    Error {
        class: ErrorClass::Unsupported,
        code: "courier".into(),
        message: message.into(),
        detail: None,
        retry_after_ms: None,
        subject: None,
    }
}

fn pem(der: &[u8]) -> String {
    let digits = STANDARD.encode(der);
    format!("-----BEGIN CERTIFICATE-----\n{digits}\n-----END CERTIFICATE-----\n")
}

fn der(pem: &str) -> Result<Vec<u8>, Error> {
    let digits: String = pem.lines().filter(|line| !line.contains("--")).collect();
    STANDARD
        .decode(digits)
        .map_err(|_| error("the body is no PEM"))
}
