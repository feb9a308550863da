//! The least-privilege IAM policies that an operator hands to whoever administers AWS.
//! Above: the connector's export, `check` (single statements). Below: `settings`.
//! Invariant: uses no capability but the settings; no action is allowed that this connector does not call.

use crate::access::role_arn;
use crate::settings::{Keys, ReadMode, Scope, Selection, Settings};
use sensor_sdk::host::Host;
use sensor_sdk::types::Error;
use serde_json::{Map, Value, json};

/// Stands in a trust policy where the operator's account goes: policies are written before anybody logs in.
const SENSOR_ACCOUNT: &str = "ACCOUNT_OF_THE_SENSOR";

/// Each policy with a title that says where it goes.
pub(crate) fn documents<H: Host>(
    host: &H,
    partition: &str,
) -> Result<Vec<(String, String)>, Error> {
    let settings = Settings::load(host)?;
    let documents = match settings.scope {
        Scope::Account => vec![(
            "Permissions of the sensor's user or role in the account".to_owned(),
            document(&[account(&settings, partition), parking(&settings, partition)].concat()),
        )],
        Scope::Organization => organization(&settings, partition),
    };
    Ok(documents
        .into_iter()
        .map(|(title, json)| (title, format!("{json:#}")))
        .collect())
}

fn organization(settings: &Settings, partition: &str) -> Vec<(String, Value)> {
    let role = &settings.role.name;
    let mut base = vec![
        statement("FindAccounts", &ORGANIZATION_ACTIONS, "*", None),
        statement(
            "EnterAccounts",
            &["sts:AssumeRole"],
            &role_arn(partition, "*", role),
            None,
        ),
    ];
    base.extend(account(settings, partition));
    base.extend(parking(settings, partition));
    vec![
        (
            "Permissions of the sensor's user or role in the management account (or a delegated administrator's)"
                .to_owned(),
            document(&base),
        ),
        (format!("Permissions of the role {role} in every member account"), document(&account(settings, partition))),
        (
            format!(
                "Trust policy of the role {role} in every member account: put the number of the sensor's account for \
                 {SENSOR_ACCOUNT}"
            ),
            document(&[trust(settings, partition)]),
        ),
    ]
}

const ORGANIZATION_ACTIONS: [&str; 5] = [
    "organizations:DescribeOrganization",
    "organizations:ListAccounts",
    "organizations:ListAccountsForParent",
    "organizations:ListOrganizationalUnitsForParent",
    "organizations:ListRoots",
];

/// What one account is asked for.
fn account(settings: &Settings, partition: &str) -> Vec<Value> {
    let mut statements = reading(settings, partition);
    if settings.delivery.enabled {
        let actions = [
            "acm:AddTagsToCertificate",
            "acm:DeleteCertificate",
            "acm:ImportCertificate",
        ];
        let any = format!("arn:{partition}:acm:*:*:certificate/*");
        let regions = regions(&settings.regions);
        statements.push(statement("DeliverCertificates", &actions, &any, regions));
    }
    statements
}

/// What keys that wait in Secrets Manager take, in the sensor's own account alone. Lists know no resource.
fn parking(settings: &Settings, partition: &str) -> Vec<Value> {
    let delivery = &settings.delivery;
    if !delivery.enabled || delivery.keys != Keys::SecretsManager {
        return Vec::new();
    }
    let actions = [
        "secretsmanager:CreateSecret",
        "secretsmanager:DeleteSecret",
        "secretsmanager:GetSecretValue",
        "secretsmanager:TagResource",
    ];
    let region = delivery.key_region.as_deref().unwrap_or("*");
    let below = format!("arn:{partition}:secretsmanager:{region}:*:secret:sensor/*");
    let list = ["secretsmanager:ListSecrets"];
    let mut statements = vec![
        statement("ParkKeys", &actions, &below, None),
        statement("FindParkedKeys", &list, "*", None),
    ];
    if let Some(key) = &delivery.kms_key {
        let arn = if key.starts_with("arn:") {
            key.as_str()
        } else {
            "*"
        };
        let via = json!({"StringLike": {"kms:ViaService": "secretsmanager.*"}});
        let actions = ["kms:Decrypt", "kms:GenerateDataKey"];
        statements.push(statement("EncryptParkedKeys", &actions, arn, Some(via)));
    }
    statements
}

/// What reading one account takes. Lists know no resource, certificates do.
fn reading(settings: &Settings, partition: &str) -> Vec<Value> {
    let lists: &[&str] = match settings.read {
        ReadMode::Auto => &["acm:ListCertificates", "acm:SearchCertificates"],
        ReadMode::Search => &["acm:SearchCertificates"],
        ReadMode::List => &["acm:ListCertificates"],
    };
    let certificates = [
        "acm:DescribeCertificate",
        "acm:GetCertificate",
        "acm:ListTagsForCertificate",
    ];
    let any = format!("arn:{partition}:acm:*:*:certificate/*");
    let regions = regions(&settings.regions);
    vec![
        statement("ListRegions", &["account:ListRegions"], "*", None),
        statement("ListCertificates", lists, "*", regions.clone()),
        statement("ReadCertificates", &certificates, &any, regions),
    ]
}

/// Only the regions that the settings ask for.
fn regions(regions: &Selection) -> Option<Value> {
    let words = |patterns: &[crate::settings::Pattern]| json!({"aws:RequestedRegion": patterns.iter().map(crate::settings::Pattern::text).collect::<Vec<_>>()});
    let mut condition = Map::new();
    if !regions.include.is_empty() {
        condition.insert("StringLike".to_owned(), words(&regions.include));
    }
    if !regions.exclude.is_empty() {
        condition.insert("StringNotLike".to_owned(), words(&regions.exclude));
    }
    (!condition.is_empty()).then_some(Value::Object(condition))
}

fn trust(settings: &Settings, partition: &str) -> Value {
    let mut trust = json!({
        "Sid": "TrustTheSensor",
        "Effect": "Allow",
        "Principal": {"AWS": format!("arn:{partition}:iam::{SENSOR_ACCOUNT}:root")},
        "Action": "sts:AssumeRole",
    });
    if let Some(id) = &settings.role.external_id {
        trust["Condition"] = json!({"StringEquals": {"sts:ExternalId": id}});
    }
    trust
}

fn statement(sid: &str, actions: &[&str], resource: &str, condition: Option<Value>) -> Value {
    let mut statement =
        json!({"Sid": sid, "Effect": "Allow", "Action": actions, "Resource": resource});
    if let Some(condition) = condition {
        statement["Condition"] = condition;
    }
    statement
}

fn document(statements: &[Value]) -> Value {
    json!({"Version": "2012-10-17", "Statement": statements})
}

/// The statement that allows one action, for a finding.
pub(crate) fn missing(action: &str, resource: &str) -> String {
    json!({"Effect": "Allow", "Action": action, "Resource": resource}).to_string()
}
