//! `sensor plugin`: install, list, inspect, remove.
//! Above: `cli`. Below: `app`, `render::plugins`.
//! Invariant: a plugin that asks for more than before is installed only when that was accepted.

use super::ask;
use super::context::Context;
use super::failure::Outcome;
use super::render::{PluginLine, PluginList, PluginView};
use super::style::safe;
use crate::app::{AppError, Settings, settings_of};
use crate::model::id::PluginId;
use crate::plugin::{CatalogError, Engine, Installed, Package};
use clap::Subcommand;
use std::path::PathBuf;

#[derive(Debug, Subcommand)]
pub(super) enum Verb {
    /// Install a plugin: check it, compile it, pin it by its hash
    #[command(
        before_long_help = "Examples:\n  sensor plugin install target/plugins/aws-unified\n  sensor plugin install --accept aws-unified-0.2.0.tar\n"
    )]
    Install {
        /// A folder with plugin.toml and plugin.wasm, or a .tar of the two
        #[arg(required = true, value_name = "PATH")]
        paths: Vec<PathBuf>,
        /// Accept that a newer version asks for more than the installed one
        #[arg(long)]
        accept: bool,
    },
    /// List the installed plugins
    #[command(
        visible_alias = "ls",
        before_long_help = "Examples:\n  sensor plugin list\n  sensor plugin list --output json\n"
    )]
    List,
    /// Show what a plugin is, what it may do, and what can be set
    #[command(
        visible_alias = "show",
        before_long_help = "Examples:\n  sensor plugin inspect aws-unified\n  sensor plugin inspect ./aws-unified-0.2.0.tar\n"
    )]
    Inspect {
        /// An installed plugin's name, or the path of one that is not installed
        #[arg(value_name = "PLUGIN|PATH")]
        plugin: String,
    },
    /// Remove a plugin that no connector uses
    #[command(
        visible_alias = "rm",
        before_long_help = "Examples:\n  sensor plugin remove mock-aws\n"
    )]
    Remove {
        /// The plugin's name
        plugin: PluginId,
    },
}

pub(super) async fn act(verb: Verb, context: &Context) -> anyhow::Result<Outcome> {
    match verb {
        Verb::Install { paths, accept } => install(&paths, accept, context)?,
        Verb::List => {
            let plugins: Vec<_> = context
                .sensor()?
                .plugins()?
                .iter()
                .map(PluginLine::from)
                .collect();
            context.out.show(&PluginList { plugins: &plugins })?;
            if plugins.is_empty() {
                context.out.hint("sensor plugin install PATH");
            }
        }
        Verb::Inspect { plugin } => inspect(&plugin, context).await?,
        Verb::Remove { plugin } => {
            context.sensor()?.remove_plugin(&plugin)?;
            context.out.say(&format!("removed {plugin}"));
        }
    }
    Ok(Outcome::All)
}

fn install(paths: &[PathBuf], accept: bool, context: &Context) -> anyhow::Result<()> {
    let sensor = context.sensor()?;
    let mut lines = Vec::new();
    for path in paths {
        let installed = match sensor.install_plugin(path, accept) {
            Err(AppError::Catalog(
                error @ (CatalogError::Grows { .. } | CatalogError::Forgotten { .. }),
            )) => {
                context.out.warn(&safe(&error.to_string()));
                if !ask::agree("Accept?")? {
                    return Err(super::failure::usage(
                        "not installed: say --accept to install it all the same",
                    ));
                }
                sensor.install_plugin(path, true)?
            }
            other => other?,
        };
        tell(&installed, context);
        lines.push(PluginLine::from(&installed.entry));
    }
    context.out.show(&PluginList { plugins: &lines })?;
    context
        .out
        .hint("sensor connector apply -f FILE links an account or an organization");
    Ok(())
}

fn tell(installed: &Installed, context: &Context) {
    let (entry, change) = (&installed.entry, &installed.change);
    let what = match &installed.replaced {
        Some(before) if before.component_sha256 == entry.component_sha256 => {
            "installed again".to_owned()
        }
        Some(before) => format!("replaces {}", safe(&before.version)),
        None => "installed".to_owned(),
    };
    let healed = if installed.healed {
        "; its files had been changed"
    } else {
        ""
    };
    context.out.say(&format!(
        "{} {}: {what}{healed}",
        entry.id,
        safe(&entry.version)
    ));
    for permission in &change.added {
        context
            .out
            .say(&format!("  may use {}", safe(&permission.to_string())));
    }
    for permission in &change.removed {
        context.out.say(&format!(
            "  no longer uses {}",
            safe(&permission.to_string())
        ));
    }
}

/// A plugin that cannot describe itself can be looked at all the same.
fn told(settings: Result<Vec<Settings>, AppError>, context: &Context) -> Vec<Settings> {
    settings.unwrap_or_else(|error| {
        let line = format!("what can be set is not known: {error}");
        context.out.warn(&safe(&line));
        Vec::new()
    })
}

async fn inspect(plugin: &str, context: &Context) -> anyhow::Result<()> {
    // A path has a separator or an ending; a name has neither.
    if plugin.contains(['/', '.']) {
        let package = Package::read(&PathBuf::from(plugin))?;
        let line = PluginLine {
            id: package.manifest.id.to_string(),
            version: package.manifest.version.to_string(),
            kind: package.manifest.kind.as_str().to_owned(),
            sha256: package.component_sha256.to_string(),
            size: package.component.len() as u64,
            installed_at: None,
            source: plugin.to_owned(),
        };
        let settings = told(settings_of(&Engine::new(None)?, &package).await, context);
        return context.out.show(&PluginView {
            line: &line,
            manifest: &package.manifest,
            settings: &settings,
        });
    }
    let id: PluginId = plugin
        .parse()
        .map_err(|error: crate::model::id::IdError| super::failure::usage(error.to_string()))?;
    let sensor = context.sensor()?;
    let (entry, manifest) = (sensor.plugin(&id)?, sensor.manifest(&id)?);
    let settings = told(sensor.plugin_settings_of(&id).await, context);
    context.out.show(&PluginView {
        line: &(&entry).into(),
        manifest: &manifest,
        settings: &settings,
    })
}
