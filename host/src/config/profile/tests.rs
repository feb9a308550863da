//! What a profile's file may say, and how its problems are told.
//! Above: nothing. Below: `config::profile`.
//! Invariant: no file is read.

use super::*;

fn problems(text: &str) -> Vec<String> {
    let found = parse_profiles(text).unwrap_err();
    found.iter().map(ToString::to_string).collect()
}

const LEAST: &str = r#"
name = "web"
issuer = "lets-encrypt"
[names]
suffixes = ["example.com"]
[deliver_to]
connectors = ["aws-prod"]
"#;

const FULL: &str = r#"
name = "web"
issuer = "corp-ca"
key_type = "rsa-3072"
validity = "90d"
acme_profile = "tlsserver"
custody = "secrets-manager"
key_usages = ["digital-signature"]
extended_key_usages = ["server-auth", "client-auth"]
business_units = ["platform", "Zahlungen & Co"]
approval = true
[names]
suffixes = ["example.com", ".bücher.example"]
wildcard = true
max = 100
networks = ["10.0.0.0/8", "2001:db8::/32"]
[subject]
common_name = "none"
organization = "Example, Inc."
country = "DE"
[renewal]
automatic = false
follow_issuer = false
before = "30d"
jitter_percent = 0
[deliver_to]
connectors = ["aws-*"]
accounts = ["111122223333"]
regions = ["eu-*"]
"#;

#[test]
fn the_least_file_gets_careful_defaults() {
    let profile = parse_profiles(LEAST).unwrap().remove(0);
    assert_eq!(profile.key_type, KeyType::P256);
    assert_eq!(profile.key_usages, [KeyUsage::DigitalSignature]);
    assert_eq!(profile.extended_key_usages, [ExtendedKeyUsage::ServerAuth]);
    assert!(!profile.names.wildcard && profile.names.networks.is_empty());
    assert_eq!(profile.renewal, RenewalRule::default());
    assert_eq!(profile.custody, Custody::Auto);
    assert_eq!(profile.deliver_to.regions, [Pattern::any()]);
    assert!(!profile.approval);
}

#[test]
fn a_full_file_means_what_it_says_and_survives_its_stored_form() {
    let profile = parse_profiles(FULL).unwrap().remove(0);
    assert_eq!(profile.key_type, KeyType::Rsa3072);
    assert_eq!(profile.renewal.at, RenewAt::Before("30d".parse().unwrap()));
    assert_eq!(
        profile.names.suffixes[1].to_string(),
        ".xn--bcher-kva.example"
    );
    assert_eq!(
        profile.subject.parts[&SubjectPart::Organization],
        "Example, Inc."
    );
    assert!(profile.approval && !profile.renewal.automatic);
    let stored = serde_json::to_string(&profile).unwrap();
    assert_eq!(serde_json::from_str::<Profile>(&stored).unwrap(), profile);
}

#[test]
fn every_problem_is_told_at_once_with_its_line_and_the_nearest_name() {
    let text = r#"name = "Web"
key_type = "rsa2048"
validity = "20y"
custody = "safe"
key_usages = ["digital-signatur", 1]
extended_key_usages = "server-auth"
business_unit = ["x"]
business_units = [""]
[names]
suffixes = ["*.example.com", "a_b"]
networks = ["10.1.0.0/8"]
max = 0
wildcards = true
[subject]
common_name = "first"
country = "Germany"
[renewal]
at_percent = 66
before = "30d"
[deliver_to]
conectors = ["aws-prod"]
accounts = ["1 2"]
"#;
    let expected = [
        "line 1: name: `Web` is not a valid profile name: use 1 to 63 of a-z, 0-9 and `-`, starting with a letter",
        "line 1: issuer: is missing (write for example issuer = \"lets-encrypt\")",
        "line 2: key_type: this word is not known here (did you mean `rsa-2048`?)",
        "line 3: validity: not a length of time: write it like \"30d\", \"24h\", \"90m\" or \"1h 30m\"",
        "line 4: custody: this word is not known here (known here: auto, secrets-manager, sensor)",
        "line 5: key_usages: a text is needed here, not a number",
        "line 5: key_usages: this word is not known here (did you mean `digital-signature`?)",
        "line 6: extended_key_usages: a list is needed here, not a text",
        "line 7: business_unit: is not known here (did you mean `business_units`?)",
        "line 8: business_units: 1 to 128 characters, without spaces at an end, are needed here",
        "line 10: names.suffixes: a suffix takes no `*`: \".example.com\" allows what is below, `wildcard = true` allows wildcards",
        "line 10: names.suffixes: a suffix is a domain: \"example.com\" for it and all below it, \".example.com\" for what is below alone",
        "line 11: names.networks: bits behind the network's length are set: \"10.0.0.0/8\", not \"10.1.2.3/8\"",
        "line 12: names.max: a whole number from 1 to 250 is needed here",
        "line 13: names.wildcards: is not known here (did you mean `wildcard`?)",
        "line 15: subject.common_name: this word is not known here (did you mean `first-name`?)",
        "line 16: subject.country: two capital letters (ISO 3166) are needed here",
        "line 19: renewal.before: `before` and `at_percent` are two answers to one question: write one",
        "line 20: deliver_to.connectors: is missing (write connectors = [\"aws-prod\"], or [\"*\"] for all of them)",
        "line 21: deliver_to.conectors: is not known here (did you mean `connectors`?)",
        "line 22: deliver_to.accounts: not a pattern: use 1 to 63 of a-z, A-Z, 0-9, `-`, `_` and `.`, with `*` for any run of them",
    ];
    assert_eq!(problems(text), expected);
}

#[test]
fn what_does_not_go_together_is_told() {
    for (more, problem) in [
        (
            "key_usages = [\"key-encipherment\"]",
            "line 1: key_usages: a key of type p-256 enciphers nothing: only RSA keys do",
        ),
        (
            "validity = \"30m\"",
            "line 1: validity: a certificate lives from one hour to ten years",
        ),
        (
            "validity = \"30d\"\nrenewal = { before = \"30d\" }",
            "line 2: renewal.before: the whole life is 30d: it would be renewed at once, for ever",
        ),
    ] {
        assert_eq!(problems(&format!("{more}{LEAST}")), [problem]);
    }
}

#[test]
fn what_opens_a_profile_must_be_written() {
    let told = problems("name = \"a\"\nissuer = \"b\"\n[names]\n");
    let expected = [
        "line 1: deliver_to: is missing (write a table [deliver_to] with for example connectors = [\"aws-prod\"])",
        "line 3: names.suffixes: is missing (write suffixes = [\"example.com\"], networks = [\"10.0.0.0/8\"], or both)",
    ];
    assert_eq!(told, expected);
    let text =
        "name = \"a\"\nissuer = \"b\"\n[names]\nsuffixes = []\n[deliver_to]\nconnectors = []\n";
    let none = parse_profiles(text).unwrap();
    assert!(
        none[0].deliver_to.connectors.is_empty(),
        "nowhere, in so many words"
    );
}

#[test]
fn several_profiles_in_one_file_have_several_names() {
    let one = LEAST
        .replace("\nname", "[[profile]]\nname")
        .replace("[names]", "[profile.names]")
        .replace("[deliver_to]", "[profile.deliver_to]");
    let two = one.replace("\"web\"", "\"api\"");
    assert_eq!(parse_profiles(&format!("{one}{two}")).unwrap().len(), 2);
    let twice = problems(&format!("{one}{one}"));
    assert_eq!(
        twice,
        ["line 8: profile[1]: `web` stands in this file twice; a name is given once"]
    );
}
