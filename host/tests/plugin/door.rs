//! What does not get in: components that do not fit their manifest, the contract or this sensor.

use crate::support::{folder, hostile_component, hostile_manifest};
use sensor::plugin::{ConnectorPlugin, Engine, LoadError, Package};

fn refused(manifest: &str, component: &[u8]) -> String {
    let engine = Engine::new(None).expect("an engine");
    let folder = folder(manifest, component);
    let package = Package::read(folder.path()).expect("a package");
    match ConnectorPlugin::load(&engine, &package) {
        Ok(_) => panic!("it was let in"),
        Err(error) => error.to_string(),
    }
}

fn wat(text: &str) -> Vec<u8> {
    wat::parse_str(text).expect("a component")
}

fn all_of(text: &str, parts: &[&str]) {
    for part in parts {
        assert!(text.contains(part), "`{part}` is not in: {text}");
    }
}

#[test]
fn an_import_of_wasi_is_named() {
    let component = wat(r#"(component
        (import "wasi:cli/environment@0.2.0" (instance (export "get-arguments" (func (result (list string))))))
        (import "run" (func)))"#);
    let text = refused(&hostile_manifest(), &component);
    all_of(
        &text,
        &[
            "imports `wasi:cli/environment`, which no sensor lends to a connector",
            "imports `run`",
            "a connector exports `sensor:connector/connector`, this component does not",
        ],
    );
}

#[test]
fn an_import_that_the_manifest_does_not_ask_for_names_the_line_to_add() {
    let manifest = hostile_manifest().replace("required = [\"GetCertificate\"]\n", "");
    let text = refused(&manifest, &hostile_component());
    all_of(
        &text,
        &[
            "imports `sensor:aws/acm` and calls GetCertificate",
            "add \"GetCertificate\" to `required` or `optional` of [capabilities.acm]",
        ],
    );
}

#[test]
fn a_newer_contract_names_both_versions() {
    let component = wat(r#"(component (import "sensor:aws/acm@0.2.0" (instance)))"#);
    let manifest =
        hostile_manifest().replace("\"sensor:aws\" = \"0.1.0\"", "\"sensor:aws\" = \"0.2.0\"");
    let text = refused(&manifest, &component);
    all_of(
        &text,
        &[
            "plugin hostile 0.1.0 needs sensor:aws 0.2.0; this sensor",
            "offers 0.1.0: use a newer sensor",
        ],
    );
}

#[test]
fn a_contract_that_the_component_does_not_keep_is_told() {
    let manifest = hostile_manifest().replace("\"sensor:aws\" = \"0.1.0\", ", "");
    all_of(
        &refused(&manifest, &hostile_component()),
        &["add `\"sensor:aws\" = \"0.1.0\"` to `contract` in plugin.toml"],
    );
    let component = wat(r#"(component (import "sensor:aws/acm@0.1.7" (instance)))"#);
    all_of(
        &refused(&hostile_manifest(), &component),
        &[
            "plugin.toml says sensor:aws 0.1.0, the component was made for sensor:aws 0.1.7",
            "plugin hostile 0.1.0 needs sensor:aws 0.1.7",
        ],
    );
}

#[test]
fn right_names_with_wrong_types_do_not_link() {
    let component = wat(r#"(component
        (instance $none)
        (export "sensor:connector/connector@0.1.0" (instance $none)))"#);
    all_of(
        &refused(&hostile_manifest(), &component),
        &["was made for another contract than this sensor"],
    );
    let component = wat(r#"(component
        (import "sensor:core/clock@0.1.0" (instance (export "now" (func (result string)))))
        (instance $none)
        (export "sensor:connector/connector@0.1.0" (instance $none)))"#);
    all_of(
        &refused(&hostile_manifest(), &component),
        &["was made for another contract than this sensor"],
    );
}

#[test]
fn what_is_no_component_is_told() {
    all_of(
        &refused(&hostile_manifest(), &wat("(module)")),
        &["is a core module", "cargo xtask plugins"],
    );
    all_of(
        &refused(&hostile_manifest(), b"\x7fELF and so on"),
        &["does not compile"],
    );
    let mut cut = hostile_component();
    cut.truncate(cut.len() / 2);
    all_of(&refused(&hostile_manifest(), &cut), &["does not compile"]);
}

#[test]
fn each_kind_has_its_own_door() {
    let engine = Engine::new(None).expect("an engine");
    let manifest =
        hostile_manifest().replace("kind = \"connector\"", "kind = \"credential-provider\"");
    let folder = folder(&manifest, &hostile_component());
    let package = Package::read(folder.path()).expect("a package");
    let error = ConnectorPlugin::load(&engine, &package).expect_err("refused");
    assert!(matches!(error, LoadError::Kind { .. }), "{error}");
    let error = sensor::plugin::CredentialProvider::load(&engine, &package).expect_err("refused");
    all_of(
        &error.to_string(),
        &[
            "imports `sensor:aws/acm`, which no sensor lends to a credential-provider",
            "a credential-provider exports `sensor:auth/provider`",
        ],
    );
}
