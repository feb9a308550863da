//! What a component imports and exports, held against its manifest and against what this sensor offers.
//! Above: `connector`, `provider`, `mock_host` before they link. Below: `contract`, `manifest`.
//! Invariant: an import that the manifest does not ask for, or that no sensor lends, never gets linked.

use super::contract::{CAPABILITIES, Capability, offered, serves};
use super::error::LoadError;
use super::manifest::{Kind, Manifest};
use crate::model::text::clean;
use semver::Version;
use std::collections::BTreeSet;
use wasmtime::component::Component;
use wasmtime::component::types::ComponentItem;

/// Interfaces that a plugin of a kind may import without asking.
fn free(kind: Kind) -> &'static [&'static str] {
    match kind {
        Kind::Connector => &[
            "sensor:core/types",
            "sensor:core/log",
            "sensor:core/clock",
            "sensor:core/config",
            "sensor:auth/credentials",
            "sensor:auth/keys",
            "sensor:aws/types",
            // Composed of operations that the grants judge one by one.
            "sensor:aws/batch",
            "sensor:connector/types",
            "sensor:connector/known",
        ],
        Kind::CredentialProvider => &[
            "sensor:core/types",
            "sensor:core/log",
            "sensor:core/clock",
            "sensor:auth/credentials",
            "sensor:auth/sources",
        ],
        Kind::MockHost => &[
            "sensor:core/types",
            "sensor:core/log",
            "sensor:core/clock",
            "sensor:auth/credentials",
            "sensor:auth/keys",
            "sensor:aws/types",
        ],
    }
}

/// Interfaces that a plugin of a kind has to export.
fn needed(kind: Kind) -> &'static [&'static str] {
    match kind {
        Kind::Connector => &["sensor:connector/connector"],
        Kind::CredentialProvider => &["sensor:auth/provider"],
        Kind::MockHost => &[
            "sensor:mock/control",
            "sensor:mock/sts",
            "sensor:aws/organizations",
            "sensor:aws/account",
            "sensor:aws/acm",
            "sensor:aws/secrets-manager",
        ],
    }
}

/// Interfaces that a plugin of a kind may export besides: what it can do more.
fn optional(kind: Kind) -> &'static [&'static str] {
    match kind {
        Kind::Connector => &[DELIVERY],
        Kind::CredentialProvider => &[],
        Kind::MockHost => WRITES,
    }
}

/// What a connector that delivers exports.
pub(super) const DELIVERY: &str = "sensor:connector/delivery";
/// What a mock-host that can be written to exports: all of them, or it cannot.
pub(super) const WRITES: &[&str] = &[
    "sensor:aws/acm-write",
    "sensor:mock/secret-values",
    "sensor:mock/journal",
];

/// Whether a component exports these interfaces.
pub(super) fn exports(engine: &wasmtime::Engine, component: &Component, all: &[&str]) -> bool {
    let ty = component.component_type();
    let names: Vec<_> = ty
        .exports(engine)
        .map(|(name, _)| name_of(name).interface)
        .collect();
    all.iter().all(|wanted| names.contains(wanted))
}

/// An import or export: an interface and the functions of it that are used.
struct Name<'n> {
    /// "sensor:aws/acm"
    interface: &'n str,
    /// "sensor:aws"
    package: &'n str,
    version: Option<Version>,
}

fn name_of(text: &str) -> Name<'_> {
    let (interface, version) = text.split_once('@').unwrap_or((text, ""));
    let package = interface
        .split_once('/')
        .map_or(interface, |(package, _)| package);
    Name {
        interface,
        package,
        version: Version::parse(version).ok(),
    }
}

/// Fails with everything that does not fit.
pub(super) fn check(
    engine: &wasmtime::Engine,
    component: &Component,
    manifest: &Manifest,
) -> Result<(), LoadError> {
    let mut check = Check {
        manifest,
        problems: BTreeSet::new(),
    };
    for (package, version) in &manifest.contract {
        check.version(package, version);
    }
    let ty = component.component_type();
    for (name, import) in ty.imports(engine) {
        match import.ty {
            ComponentItem::ComponentInstance(instance) => {
                let functions = instance.exports(engine);
                let functions = functions
                    .filter(|(_, item)| matches!(item.ty, ComponentItem::ComponentFunc(_)));
                check.import(
                    &name_of(name),
                    &functions
                        .map(|(name, _)| name.to_owned())
                        .collect::<Vec<_>>(),
                );
            }
            _ => check.foreign(name),
        }
    }
    let exports: Vec<_> = ty.exports(engine).map(|(name, _)| name).collect();
    check.exports(&exports);
    if check.problems.is_empty() {
        return Ok(());
    }
    Err(LoadError::Surface {
        plugin: manifest.id.clone(),
        problems: check.problems.into_iter().collect(),
    })
}

/// What the linker found.
pub(super) fn unfit(manifest: &Manifest, error: &wasmtime::Error) -> LoadError {
    let (id, version, sensor) = (&manifest.id, &manifest.version, env!("CARGO_PKG_VERSION"));
    let reason = clean(&format!("{error:#}"), 500);
    let problem = format!(
        "plugin {id} {version} was made for another contract than this sensor {sensor} has: {reason}"
    );
    LoadError::Surface {
        plugin: id.clone(),
        problems: vec![problem],
    }
}

struct Check<'m> {
    manifest: &'m Manifest,
    problems: BTreeSet<String>,
}

impl Check<'_> {
    fn import(&mut self, name: &Name<'_>, functions: &[String]) {
        if offered(name.package).is_none() {
            return self.foreign(name.interface);
        }
        self.package(name);
        if free(self.manifest.kind).contains(&name.interface) {
            return;
        }
        let capability = CAPABILITIES
            .iter()
            .find(|one| one.interfaces.contains(&name.interface));
        match capability.filter(|_| self.manifest.kind == Kind::Connector) {
            Some(capability) => self.capability(capability, name.interface, functions),
            None => self.foreign(name.interface),
        }
    }

    fn foreign(&mut self, interface: &str) {
        let kind = self.manifest.kind.as_str();
        let interface = clean(interface, 200);
        self.problems.insert(format!(
            "it imports `{interface}`, which no sensor lends to a {kind}; build it for wasm32-unknown-unknown with \
             the SDK, without WASI, and import only what the contract names"
        ));
    }

    /// The version of a package, as the manifest or the component names it.
    fn version(&mut self, package: &str, wanted: &Version) {
        let Some(offers) = offered(package).filter(|offers| !serves(offers, wanted)) else {
            return;
        };
        let (id, version, sensor) = (
            &self.manifest.id,
            &self.manifest.version,
            env!("CARGO_PKG_VERSION"),
        );
        let advice = if wanted > offers {
            format!("use a newer sensor, or a version of the plugin made for {package} {offers}")
        } else {
            format!("use a version of the plugin made for {package} {offers}")
        };
        self.problems.insert(format!(
            "plugin {id} {version} needs {package} {wanted}; this sensor {sensor} offers {offers}: {advice}"
        ));
    }

    /// The package of an import or export: its version, and that the manifest names it.
    fn package(&mut self, name: &Name<'_>) {
        let Some(version) = &name.version else {
            self.problems.insert(format!(
                "`{}` is named without a version",
                clean(name.interface, 200)
            ));
            return;
        };
        self.version(name.package, version);
        match self.manifest.contract.get(name.package) {
            None => {
                let package = name.package;
                self.problems.insert(format!(
                    "it uses `{}`; add `\"{package}\" = \"{version}\"` to `contract` in plugin.toml",
                    name.interface
                ));
            }
            Some(said) if said == version => {}
            Some(said) => {
                self.problems.insert(format!(
                    "plugin.toml says {package} {said}, the component was made for {package} {version}; \
                     correct `contract` in plugin.toml or build it again",
                    package = name.package
                ));
            }
        }
    }

    fn capability(&mut self, capability: &Capability, interface: &str, functions: &[String]) {
        let name = capability.name;
        let asked = self.manifest.capabilities.get(name);
        for function in functions {
            let operation = operation_of(function);
            if !asked.is_some_and(|asked| asked.all().any(|one| one == operation)) {
                self.problems.insert(format!(
                    "it imports `{interface}` and calls {operation}, which plugin.toml does not ask for; \
                     add \"{operation}\" to `required` or `optional` of [capabilities.{name}]"
                ));
            }
        }
    }

    fn exports(&mut self, exports: &[&str]) {
        for more in exports.iter().map(|name| name_of(name)) {
            if optional(self.manifest.kind).contains(&more.interface) {
                self.package(&more);
            }
        }
        self.whole(exports);
        for wanted in needed(self.manifest.kind) {
            let found = exports
                .iter()
                .map(|name| name_of(name))
                .find(|name| name.interface == *wanted);
            if let Some(name) = found {
                self.package(&name);
            } else {
                let kind = self.manifest.kind.as_str();
                self.problems.insert(format!(
                    "a {kind} exports `{wanted}`, this component does not"
                ));
            }
        }
    }
}

impl Check<'_> {
    /// Interfaces that make sense together only.
    fn whole(&mut self, exports: &[&str]) {
        let is_exported = |one: &&&str| exports.iter().any(|name| name_of(name).interface == **one);
        let found = WRITES.iter().filter(is_exported).count();
        if self.manifest.kind == Kind::MockHost && found != 0 && found != WRITES.len() {
            let all = WRITES.join("` and `");
            self.problems
                .insert(format!("a mock-host exports `{all}` together, or neither"));
        }
    }
}

/// "list-tags-for-certificate" is AWS's "ListTagsForCertificate".
pub(super) fn operation_of(function: &str) -> String {
    let word = |word: &str| {
        let mut letters = word.chars();
        letters
            .next()
            .map(|first| first.to_ascii_uppercase().to_string() + letters.as_str())
            .unwrap_or_default()
    };
    clean(&function.split('-').map(word).collect::<String>(), 100)
}
