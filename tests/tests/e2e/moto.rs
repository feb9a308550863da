//! A second opinion: an AWS mock that nobody here wrote.
//! Above: nothing. Below: `common`, moto in `target/venv`.
//! Invariant: 20 accounts of two regions with 25 certificates each, and the inventory has each byte for byte, once.

use super::common::{Places, found, same, sensor};
use sensor_tests::harness::moto::Moto;
use sensor_tests::pem;
use sha2::{Digest, Sha256};

const REGIONS: [&str; 2] = ["us-east-1", "eu-west-1"];

#[test]
fn moto_is_imported_to_the_last_byte() {
    let moto = Moto::start().unwrap();
    let truth = moto.fill(20, &REGIONS, 25).unwrap();
    assert_eq!((truth.accounts.len(), truth.certificates.len()), (20, 1000));
    let expected: Places = truth
        .certificates
        .iter()
        .map(|c| {
            (
                c.arn.clone(),
                hex::encode(Sha256::digest(pem::decode(&c.pem).unwrap())),
            )
        })
        .collect();
    // moto knows neither account:ListRegions nor SearchCertificates (it answers HTTP 500 to it).
    let settings = format!("scope = \"organization\"\nregions.include = {REGIONS:?}");
    let sensor = sensor(moto.env(), &settings);
    sensor.run(&["connector", "import", "aws"]).exit(0);
    same(&found(&sensor.export()), &expected);
}
