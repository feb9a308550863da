//! Makes a component out of a core module and looks at what it imports and exports.
//! `plugins` calls it for every plugin; the work is done by the crate `wit-component`.
//! Invariant: a component that wants anything outside the packages `sensor:*` never becomes a bundle.

use anyhow::{Context, Result, bail};
use wit_component::{ComponentEncoder, DecodedWasm};
use wit_parser::{Resolve, WorldId, WorldItem, WorldKey};

/// What a plugin of each kind must export: kind, package, interface.
const EXPORTS: &[(&str, &str, &str)] = &[
    ("connector", "sensor:connector", "connector"),
    ("credential-provider", "sensor:auth", "provider"),
    ("mock-host", "sensor:mock", "control"),
];

/// Noted beside the module's hash: a component of another encoder is made anew.
pub(crate) const ENCODER: &str = "wit-component 0.258";

pub(crate) fn encode(module: &[u8]) -> Result<Vec<u8>> {
    let mut encoder = ComponentEncoder::default();
    encoder
        .validate(true)
        .module(module)?
        .encode()
        .context("the module does not become a component")
}

/// Fails, naming what is wrong, unless the component imports only our own packages and exports what its kind says.
pub(crate) fn check(component: &[u8], kind: Option<&str>) -> Result<()> {
    let DecodedWasm::Component(resolve, world) = wit_component::decode(component)? else {
        bail!("it is a WIT package, not a component");
    };
    let imports = names(&resolve, world, Side::Imports);
    let foreign: Vec<_> = imports
        .iter()
        .filter(|name| !name.starts_with("sensor:"))
        .map(String::as_str)
        .collect();
    if !foreign.is_empty() {
        bail!(
            "it imports {}; a plugin may import nothing outside sensor:*",
            foreign.join(", ")
        );
    }
    match kind {
        Some(kind) => check_exports(kind, &names(&resolve, world, Side::Exports)),
        None => Ok(()),
    }
}

fn check_exports(kind: &str, exports: &[String]) -> Result<()> {
    let Some((_, package, interface)) = EXPORTS.iter().find(|(known, ..)| *known == kind) else {
        let known: Vec<_> = EXPORTS.iter().map(|(known, ..)| *known).collect();
        bail!(
            "its plugin.toml says kind = \"{kind}\"; known are {}",
            known.join(", ")
        );
    };
    let wanted = format!("{package}/{interface}");
    if !exports
        .iter()
        .any(|name| name.split('@').next() == Some(&wanted))
    {
        bail!(
            "its plugin.toml says kind = \"{kind}\", but it exports {exports:?} and not {wanted}"
        );
    }
    Ok(())
}

#[derive(Clone, Copy)]
enum Side {
    Imports,
    Exports,
}

/// `sensor:core/log@0.1.0` and the like; a bare function or type by its plain name.
fn names(resolve: &Resolve, world: WorldId, side: Side) -> Vec<String> {
    let world = &resolve.worlds[world];
    let entries = match side {
        Side::Imports => &world.imports,
        Side::Exports => &world.exports,
    };
    entries
        .iter()
        .map(|(key, entry)| name_of(resolve, key, entry))
        .collect()
}

fn name_of(resolve: &Resolve, key: &WorldKey, entry: &WorldItem) -> String {
    match entry {
        WorldItem::Interface { id, .. } => resolve
            .id_of(*id)
            .unwrap_or_else(|| resolve.name_world_key(key)),
        WorldItem::Function(_) | WorldItem::Type { .. } => resolve.name_world_key(key),
    }
}

#[cfg(test)]
mod tests {
    use super::check_exports;

    #[test]
    fn the_version_does_not_matter() {
        assert!(check_exports("connector", &["sensor:connector/connector@0.1.7".into()]).is_ok());
    }

    #[test]
    fn rejects() {
        for (kind, export) in [
            ("connector", "sensor:connector/delivery@0.1.0"),
            ("mock-host", "sensor:mock/control-panel@0.1.0"),
            ("agent", "sensor:connector/connector@0.1.0"),
        ] {
            assert!(
                check_exports(kind, &[export.into()]).is_err(),
                "{kind} {export}"
            );
        }
    }
}
