//! The program `sensor`, linked to a simulated AWS as an operator would link it to the real one.
//! Above: `boto3`, `calls`. Below: the harness.
//! Invariant: an import counts only if it was complete.

use crate::cpu::{self, Spent};
use anyhow::bail;
use sensor_tests::harness::sensor::Sensor;

/// Far more than anybody asks for: the simulated AWS has no rates here.
const CONNECTOR: &str = r#"
name = "bench"
plugin = "aws-unified"
[credential]
provider = "aws-credentials"
method = "default-chain"
[settings]
scope = "organization"
[rates]
"acm:ListCertificates" = 10000
"acm:SearchCertificates" = 10000
"acm:DescribeCertificate" = 10000
"acm:GetCertificate" = 10000
"acm:ListTagsForCertificate" = 10000
"sts:AssumeRole" = 10000
"sts:GetCallerIdentity" = 10000
"organizations:DescribeOrganization" = 10000
"organizations:ListAccounts" = 10000
"account:ListRegions" = 10000
"#;

/// A fresh state directory with the connector applied.
pub(crate) fn linked(env: Vec<(String, String)>) -> anyhow::Result<Sensor> {
    let sensor = Sensor::with_plugins(env);
    let applied = sensor.apply(CONNECTOR);
    if applied.code != Some(0) {
        bail!("{applied:?}");
    }
    Ok(sensor)
}

/// One import; what it cost.
pub(crate) fn import(sensor: &Sensor, certificates: u64) -> anyhow::Result<Spent> {
    let spent = cpu::child(&mut sensor.command(&["connector", "import", "bench"]), &[0])?;
    let there = sensor.assets().map_err(anyhow::Error::msg)?.len();
    if there as u64 != certificates {
        bail!("the inventory holds {there} of {certificates} certificates");
    }
    Ok(spent)
}
