//! The AWS connector: every ACM certificate of one account or of a whole organization.
//! Above: the sensor, through the exported contract; tests and benchmarks, natively. Below: `sensor-sdk`.
//! Invariant: nothing here knows whether it runs in the sandbox, and no result depends on what an instance remembers.

mod access;
mod check;
mod error;
mod hash;
mod partition;
mod plan;
mod policy;
mod read;
mod settings;
mod tokens;

use sensor_sdk::connector::Connector;
use sensor_sdk::host::{Aws, Host};
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

/// What it uses besides: the first to save calls, the last for the check, the others for an organization.
const OPTIONAL: [&str; 9] = [
    "acm:SearchCertificates",
    "sts:AssumeRole",
    "organizations:DescribeOrganization",
    "organizations:ListAccounts",
    "organizations:ListRoots",
    "organizations:ListOrganizationalUnitsForParent",
    "organizations:ListAccountsForParent",
    "account:ListRegions",
    "secretsmanager:ListSecrets",
];

impl Connector for AwsUnified {
    fn describe() -> Description {
        Description {
            settings_schema: SCHEMA.to_owned(),
            required_operations: REQUIRED.map(str::to_owned).to_vec(),
            optional_operations: OPTIONAL.map(str::to_owned).to_vec(),
        }
    }

    fn check<H: Host + Aws>(host: &H) -> Result<Vec<Finding>, Error> {
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
