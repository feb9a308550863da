//! Installed plugins: many in a list, one with what it may do.
//! Above: `plugin list`, `plugin inspect`. Below: `plugin`'s catalog and manifests.
//! Invariant: what a plugin says of itself passes `safe`.

use super::pair;
use crate::app::Settings;
use crate::cli::output::View;
use crate::cli::records::Stamp;
use crate::cli::style::{Style, Tone, minute, safe};
use crate::cli::table::Rows;
use crate::model::time::Millis;
use crate::plugin::{Entry, Manifest};
use serde::Serialize;

/// What the catalog says of a plugin, or what a package that is not installed would be.
#[derive(Debug, Clone)]
pub struct PluginLine {
    pub id: String,
    pub version: String,
    pub kind: String,
    pub sha256: String,
    /// Bytes of the component.
    pub size: u64,
    /// None: not installed.
    pub installed_at: Option<Millis>,
    pub source: String,
}

impl From<&Entry> for PluginLine {
    fn from(entry: &Entry) -> Self {
        Self {
            id: entry.id.to_string(),
            version: entry.version.clone(),
            kind: entry.kind.clone(),
            sha256: entry.component_sha256.to_string(),
            size: entry.size,
            installed_at: Some(entry.installed_at),
            source: entry.source.display().to_string(),
        }
    }
}

#[derive(Serialize)]
struct LineData<'a> {
    id: &'a str,
    version: &'a str,
    kind: &'a str,
    sha256: &'a str,
    size: u64,
    installed_at: Option<Stamp>,
    source: &'a str,
}

impl<'a> From<&'a PluginLine> for LineData<'a> {
    fn from(line: &'a PluginLine) -> Self {
        Self {
            id: &line.id,
            version: &line.version,
            kind: &line.kind,
            sha256: &line.sha256,
            size: line.size,
            installed_at: line.installed_at.map(Stamp),
            source: &line.source,
        }
    }
}

/// All of them.
#[derive(Debug)]
pub struct PluginList<'a> {
    pub plugins: &'a [PluginLine],
}

#[derive(Serialize)]
struct ListData<'a> {
    plugins: Vec<LineData<'a>>,
}

impl View for PluginList<'_> {
    const SCHEMA: &'static str = "sensor.plugins/v1";

    fn data(&self) -> impl Serialize + '_ {
        ListData {
            plugins: self.plugins.iter().map(Into::into).collect(),
        }
    }

    fn rows(&self) -> Rows {
        let mut rows = Rows::new(&["plugin", "version", "kind", "size", "sha256", "installed"])
            .numbers(&[3])
            .dispensable(&[4, 3]);
        for line in self.plugins {
            let cells = [
                safe(&line.id),
                safe(&line.version),
                safe(&line.kind),
                size(line.size),
                line.sha256.chars().take(12).collect(),
                line.installed_at.map_or_else(|| "no".to_owned(), minute),
            ];
            rows.push(cells.into_iter().map(Into::into).collect());
        }
        rows
    }

    fn text(&self, style: Style) -> String {
        if self.plugins.is_empty() {
            "no plugins yet\n".to_owned()
        } else {
            self.rows().table(style)
        }
    }
}

/// One plugin with its manifest.
#[derive(Debug)]
pub struct PluginView<'a> {
    pub line: &'a PluginLine,
    pub manifest: &'a Manifest,
    pub settings: &'a [Settings],
}

#[derive(Serialize)]
struct Data<'a> {
    plugin: LineData<'a>,
    manifest: &'a Manifest,
    settings: &'a [Settings],
}

impl View for PluginView<'_> {
    const SCHEMA: &'static str = "sensor.plugin/v1";

    fn data(&self) -> impl Serialize + '_ {
        Data {
            plugin: self.line.into(),
            manifest: self.manifest,
            settings: self.settings,
        }
    }

    fn rows(&self) -> Rows {
        let mut rows = Rows::new(&["capability", "operation", "need"]);
        for (capability, operations) in &self.manifest.capabilities {
            let required = operations
                .required
                .iter()
                .map(|operation| (operation, "required"));
            let optional = operations
                .optional
                .iter()
                .map(|operation| (operation, "optional"));
            for (operation, need) in required.chain(optional) {
                rows.push(vec![
                    safe(capability).into(),
                    safe(operation).into(),
                    need.into(),
                ]);
            }
        }
        rows
    }

    fn text(&self, style: Style) -> String {
        let (line, manifest) = (self.line, self.manifest);
        let title = format!("{} {}", safe(&line.id), safe(&line.version));
        let mut text = format!("{}\n", style.paint(Tone::Strong, &title));
        if !manifest.description.is_empty() {
            put!(text, "{}\n", safe(&manifest.description));
        }
        text += &pair(style, "kind", &safe(&line.kind));
        text += &pair(
            style,
            "component",
            &format!("{}, sha256 {}", size(line.size), line.sha256),
        );
        text += &pair(
            style,
            "installed",
            &line.installed_at.map_or_else(|| "no".to_owned(), minute),
        );
        text += &pair(style, "from", &safe(&line.source));
        let contract: Vec<_> = manifest
            .contract
            .iter()
            .map(|(package, version)| format!("{package} {version}"))
            .collect();
        text += &pair(style, "contract", &contract.join(", "));
        let limits = &manifest.limits;
        text += &pair(
            style,
            "limits",
            &format!(
                "{} MiB of memory, {} s a call",
                limits.memory >> 20,
                limits.call_timeout.as_secs()
            ),
        );
        text += "\n";
        let rows = self.rows();
        if rows.rows.is_empty() {
            text += "asks for nothing of the cloud\n";
        } else {
            text += "may ask the cloud for, and no more:\n";
            text += &super::indented(&rows.table(style), 2);
        }
        self.settings
            .iter()
            .for_each(|all| text += &settings(all, style));
        text
    }
}

/// What can be set in one section, each with its words below it.
fn settings(all: &Settings, style: Style) -> String {
    let mut text = String::new();
    put!(text, "\ncan be set under [{}]:\n", safe(&all.section));
    for one in &all.settings {
        let need = match (&one.default, one.required) {
            (Some(default), _) => format!(", default {}", safe(default)),
            (None, true) => ", required".to_owned(),
            (None, false) => String::new(),
        };
        put!(
            text,
            "  {}  {}{need}\n",
            style.paint(Tone::Strong, &safe(&one.name)),
            safe(&one.kind)
        );
        if !one.description.is_empty() {
            put!(text, "      {}\n", safe(&one.description));
        }
    }
    text
}

fn size(bytes: u64) -> String {
    match bytes {
        0..1_024 => format!("{bytes} B"),
        1_024..1_048_576 => format!("{} KiB", bytes / 1_024),
        _ => format!("{}.{} MiB", bytes >> 20, ((bytes % (1 << 20)) * 10) >> 20),
    }
}
