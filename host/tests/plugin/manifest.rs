//! plugin.toml: what is accepted, and every problem at once.

use sensor::plugin::{Kind, Manifest};
use std::time::Duration;

#[test]
fn a_whole_manifest() {
    let manifest = Manifest::parse(
        r#"
        id = "aws-unified"
        version = "0.1.0"
        kind = "connector"
        description = "Reads AWS."
        contract = { "sensor:core" = "0.1.0", "sensor:aws" = "0.1.0" }
        [capabilities.acm]
        required = ["ListCertificates", "GetCertificate"]
        optional = ["SearchCertificates"]
        [capabilities.sts]
        required = ["AssumeRole"]
        [limits]
        memory_mib = 96
        call_timeout = "120s"
        cpu = "1m"
        "#,
    )
    .expect("a manifest");
    assert_eq!(
        (manifest.id.as_str(), manifest.kind),
        ("aws-unified", Kind::Connector)
    );
    assert_eq!(
        manifest.operations(),
        [
            "acm:ListCertificates",
            "acm:GetCertificate",
            "acm:SearchCertificates",
            "sts:AssumeRole"
        ]
    );
    assert_eq!(manifest.limits.memory, 96 << 20);
    assert_eq!(
        (manifest.limits.call_timeout, manifest.limits.cpu),
        (Duration::from_mins(2), Duration::from_mins(1))
    );
}

#[test]
fn all_problems_at_once_with_the_nearest_name() {
    let problems = Manifest::parse(
        r#"
        id = "AWS"
        versoin = "0.1.0"
        version = "0.1.0-beta"
        kind = "conector"
        contract = { "sensor:cor" = "0.1.0", "sensor:aws" = 1 }
        [capabilities.acn]
        required = ["ListCertificates"]
        [capabilities.acm]
        required = ["ListCertificate"]
        optinal = []
        [limits]
        memory_mib = 1000000
        call_timeout = "soon"
        "#,
    )
    .expect_err("wrong");
    let expected = [
        "unknown key `versoin`; did you mean `version`?",
        "id: `AWS` is not a valid plugin name",
        "version: `0.1.0-beta` is a pre-release",
        "kind `conector` is none of connector, credential-provider, mock-host; did you mean `connector`?",
        "unknown key `contract.sensor:cor`; did you mean `sensor:core`?",
        "sensor:aws is a text, not integer",
        "unknown key `capabilities.acn`; did you mean `acm`?",
        "unknown key `capabilities.acm.optinal`; did you mean `optional`?",
        "capabilities.acm.required: unknown operation `ListCertificate`; did you mean `ListCertificates`?",
        "limits.memory_mib is a whole number from 1 to 1024",
        "limits.call_timeout is a time up to 3600s, as \"120s\"",
    ];
    assert_eq!(problems.len(), expected.len(), "{problems:#?}");
    for (problem, expected) in problems.iter().zip(expected) {
        assert!(problem.starts_with(expected), "{problem}");
    }
}

#[test]
fn what_is_missing_is_told_with_the_line_to_write() {
    let problems = Manifest::parse("").expect_err("empty");
    assert_eq!(problems.len(), 4, "{problems:?}");
    assert!(problems[0].contains("write `id = "), "{problems:?}");
    assert!(Manifest::parse("id = [").is_err());
}
