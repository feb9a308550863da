//! Walks through plugin.toml and notes everything that is wrong with it.
//! Above: `manifest`. Below: `contract`, `limits`.
//! Invariant: each problem names its key, and the nearest known one.

use super::{Kind, Manifest, Operations, hint};
use crate::model::id::PluginId;
use crate::plugin::contract::{CAPABILITIES, OFFERED, operations_of};
use crate::plugin::limits::Limits;
use semver::Version;
use std::collections::BTreeMap;
use std::time::Duration;
use toml::{Table, Value};

const KEYS: &[&str] = &[
    "id",
    "version",
    "kind",
    "description",
    "contract",
    "capabilities",
    "limits",
];
const LIMIT_KEYS: &[&str] = &["memory_mib", "call_timeout", "cpu", "transfer_mib"];

/// The manifest, or all that is wrong with it.
pub(super) fn manifest(table: &Table) -> Result<Manifest, Vec<String>> {
    let mut reader = Reader {
        problems: Vec::new(),
    };
    match reader.manifest(table) {
        Some(manifest) if reader.problems.is_empty() => Ok(manifest),
        _ => Err(reader.problems),
    }
}

/// Walks through the table and notes what is wrong with it.
struct Reader {
    problems: Vec<String>,
}

impl Reader {
    fn manifest(&mut self, table: &Table) -> Option<Manifest> {
        self.unknown_keys(table, KEYS, "");
        let id = self
            .text(table, "id", true)
            .and_then(|text| self.keep("id", text.parse::<PluginId>()));
        let version = self
            .text(table, "version", true)
            .and_then(|text| self.version("version", text));
        let kind = self
            .text(table, "kind", true)
            .and_then(|text| self.kind(text));
        let description = self
            .text(table, "description", false)
            .unwrap_or_default()
            .to_owned();
        let contract = self.contract(table);
        let capabilities = self.capabilities(table);
        let limits = self.limits(table);
        Some(Manifest {
            id: id?,
            version: version?,
            kind: kind?,
            description,
            contract,
            capabilities,
            limits,
        })
    }

    fn unknown_keys(&mut self, table: &Table, known: &[&str], within: &str) {
        for key in table.keys().filter(|key| !known.contains(&key.as_str())) {
            self.problems
                .push(format!("unknown key `{within}{key}`{}", hint(key, known)));
        }
    }

    fn keep<T, E: std::fmt::Display>(&mut self, key: &str, result: Result<T, E>) -> Option<T> {
        result
            .map_err(|error| self.problems.push(format!("{key}: {error}")))
            .ok()
    }

    fn text<'t>(&mut self, table: &'t Table, key: &str, needed: bool) -> Option<&'t str> {
        match table.get(key) {
            Some(Value::String(text)) => Some(text),
            Some(other) => {
                self.problems
                    .push(format!("{key} is a text, not {}", other.type_str()));
                None
            }
            None if needed => {
                self.problems
                    .push(format!("{key} is missing: write `{key} = \"…\"`"));
                None
            }
            None => None,
        }
    }

    fn version(&mut self, key: &str, text: &str) -> Option<Version> {
        let version = self.keep(
            key,
            Version::parse(text).map_err(|error| format!("`{text}`: {error}; write `\"0.1.0\"`")),
        )?;
        if !version.pre.is_empty() || !version.build.is_empty() {
            self.problems.push(format!(
                "{key}: `{text}` is a pre-release or has build data; use three numbers only"
            ));
            return None;
        }
        Some(version)
    }

    fn kind(&mut self, text: &str) -> Option<Kind> {
        let names = Kind::ALL.map(Kind::as_str);
        let found = Kind::ALL.into_iter().find(|kind| kind.as_str() == text);
        if found.is_none() {
            self.problems.push(format!(
                "kind `{text}` is none of {}{}",
                names.join(", "),
                hint(text, &names)
            ));
        }
        found
    }

    fn table<'t>(&mut self, table: &'t Table, key: &str) -> Option<&'t Table> {
        match table.get(key)? {
            Value::Table(inner) => Some(inner),
            other => {
                self.problems
                    .push(format!("{key} is a table, not {}", other.type_str()));
                None
            }
        }
    }

    fn contract(&mut self, table: &Table) -> BTreeMap<String, Version> {
        let Some(listed) = self.table(table, "contract") else {
            if !table.contains_key("contract") {
                self.problems.push(
                    "contract is missing: write `contract = { \"sensor:core\" = \"0.1.0\", … }`"
                        .into(),
                );
            }
            return BTreeMap::new();
        };
        let known: Vec<_> = OFFERED.iter().map(|(name, _)| *name).collect();
        self.unknown_keys(listed, &known, "contract.");
        let mut versions = BTreeMap::new();
        for package in listed.keys().filter(|key| known.contains(&key.as_str())) {
            let version = self
                .text(listed, package, true)
                .and_then(|text| self.version(package, text));
            versions.extend(version.map(|version| (package.clone(), version)));
        }
        versions
    }

    fn capabilities(&mut self, table: &Table) -> BTreeMap<String, Operations> {
        let Some(listed) = self.table(table, "capabilities") else {
            return BTreeMap::new();
        };
        let known: Vec<_> = CAPABILITIES.iter().map(|one| one.name).collect();
        self.unknown_keys(listed, &known, "capabilities.");
        let mut all = BTreeMap::new();
        for name in listed.keys() {
            let (Some(operations), Some(inner)) = (operations_of(name), self.table(listed, name))
            else {
                continue;
            };
            let within = format!("capabilities.{name}.");
            self.unknown_keys(inner, &["required", "optional"], &within);
            let required = self.operations(inner, "required", &within, operations);
            let optional = self.operations(inner, "optional", &within, operations);
            all.insert(name.clone(), Operations { required, optional });
        }
        all
    }

    fn operations(
        &mut self,
        table: &Table,
        key: &str,
        within: &str,
        known: &[&str],
    ) -> Vec<String> {
        let Some(value) = table.get(key) else {
            return Vec::new();
        };
        let Ok(named) = value.clone().try_into::<Vec<String>>() else {
            self.problems.push(format!(
                "{within}{key} is a list of operations, as [\"{}\"]",
                known[0]
            ));
            return Vec::new();
        };
        for one in named.iter().filter(|one| !known.contains(&one.as_str())) {
            self.problems.push(format!(
                "{within}{key}: unknown operation `{one}`{}",
                hint(one, known)
            ));
        }
        named
    }

    fn limits(&mut self, table: &Table) -> Limits {
        let mut limits = Limits::default();
        let Some(listed) = self.table(table, "limits") else {
            return limits;
        };
        self.unknown_keys(listed, LIMIT_KEYS, "limits.");
        let most = Limits::MOST;
        limits.memory = self
            .mebibytes(listed, "memory_mib", most.memory)
            .unwrap_or(limits.memory);
        limits.transfer = self
            .mebibytes(listed, "transfer_mib", most.transfer)
            .unwrap_or(limits.transfer);
        limits.cpu = self.duration(listed, "cpu", most.cpu).unwrap_or(limits.cpu);
        limits.call_timeout = self
            .duration(listed, "call_timeout", most.call_timeout)
            .unwrap_or(limits.call_timeout);
        limits
    }

    fn mebibytes(&mut self, table: &Table, key: &str, most: usize) -> Option<usize> {
        let value = table.get(key)?;
        let bytes = value
            .as_integer()
            .and_then(|mib| usize::try_from(mib).ok())
            .and_then(|mib| mib.checked_mul(1 << 20));
        let fits = bytes.filter(|bytes| (1..=most).contains(bytes));
        if fits.is_none() {
            self.problems.push(format!(
                "limits.{key} is a whole number from 1 to {}",
                most >> 20
            ));
        }
        fits
    }

    fn duration(&mut self, table: &Table, key: &str, most: Duration) -> Option<Duration> {
        let text = self.text(table, key, false)?;
        let found = text
            .parse::<jiff::SignedDuration>()
            .ok()
            .and_then(|span| Duration::try_from(span).ok());
        let fits = found.filter(|span| !span.is_zero() && *span <= most);
        if fits.is_none() {
            self.problems.push(format!(
                "limits.{key} is a time up to {}s, as \"120s\"",
                most.as_secs()
            ));
        }
        fits
    }
}
