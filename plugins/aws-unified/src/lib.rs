//! The AWS connector: every ACM certificate of one account or of a whole organization, and deliveries there.
//! Above: the sensor, through the exported contract; tests and benchmarks, natively. Below: `sensor-sdk`.
//! Invariant: nothing here knows whether it runs in the sandbox, and no result depends on what an instance remembers.

mod access;
mod check;
mod delivery;
mod error;
mod hash;
mod partition;
mod plan;
mod policy;
mod read;
mod settings;
mod tokens;

use sensor_sdk::connector::Connector;
use sensor_sdk::host::{Aws, AwsWrite, Host};
use sensor_sdk::types::{Cursor, Description, Error, Finding, Page, PlanPage, Split};

pub use settings::SCHEMA;

/// The connector.
#[derive(Debug, Clone, Copy)]
pub struct AwsUnified;

/// What an import needs at least, in one account.
const REQUIRED: [&str; 5] = [
    "sts:GetCallerIdentity",
    "acm:ListCertificates",
    "acm:DescribeCertificate",
    "acm:GetCertificate",
    "acm:ListTagsForCertificate",
];

/// What it uses besides: to save calls, for deliveries, for an organization.
const OPTIONAL: [&str; 15] = [
    "acm:SearchCertificates",
    "acm:ImportCertificate",
    "acm:AddTagsToCertificate",
    "acm:DeleteCertificate",
    "sts:AssumeRole",
    "organizations:DescribeOrganization",
    "organizations:ListAccounts",
    "organizations:ListRoots",
    "organizations:ListOrganizationalUnitsForParent",
    "organizations:ListAccountsForParent",
    "account:ListRegions",
    "secretsmanager:ListSecrets",
    "secretsmanager:CreateSecret",
    "secretsmanager:GetSecretValue",
    "secretsmanager:DeleteSecret",
];

impl Connector for AwsUnified {
    fn describe() -> Description {
        Description {
            settings_schema: SCHEMA.to_owned(),
            required_operations: REQUIRED.map(str::to_owned).to_vec(),
            optional_operations: OPTIONAL.map(str::to_owned).to_vec(),
        }
    }

    fn check<H: Host + AwsWrite>(host: &H) -> Result<Vec<Finding>, Error> {
        Ok(check::run(host))
    }

    fn plan<H: Host + Aws>(host: &H, at: Option<Cursor>) -> Result<PlanPage, Error> {
        plan::page(host, at)
    }

    fn read_page<H: Host + Aws>(host: &H, split: Split, at: Option<Cursor>) -> Result<Page, Error> {
        read::page(host, &split, at.as_ref())
    }

    fn policy<H: Host + Aws>(host: &H, partition: &str) -> Result<Vec<(String, String)>, Error> {
        policy::documents(host, partition)
    }
}

sensor_sdk::export_connector!(AwsUnified);
sensor_sdk::export_delivery!(AwsUnified);
