//! `cargo xtask plugins`: builds plugin crates to components and lays out their bundles.
//! `manifest` finds the plugins, `toolchain` a compiler, `component` turns a module into a component.
//! Invariant: never changes Cargo.lock, and writes a bundle only when its content is new.

use std::path::{Path, PathBuf};
use std::time::Instant;

use anyhow::{Context, Result, bail};
use sha2::{Digest, Sha256};

use crate::component;
use crate::manifest::{self, Plugin};
use crate::place::Place;
use crate::step;
use crate::toolchain;
use crate::way::TARGET;

const PROFILE: &str = "plugin";

#[derive(clap::Args, Default)]
pub(crate) struct Options {
    /// Put the plugins' bundles below this directory instead of target/plugins
    #[arg(long, value_name = "DIR")]
    release_dir: Option<PathBuf>,
    /// Only these: id, package or folder
    #[arg(value_name = "NAME")]
    names: Vec<String>,
}

/// A plugin and where its bundle goes. The hostile guests of the tests may export anything.
struct Order {
    plugin: Plugin,
    bundle: PathBuf,
    hostile: bool,
}

struct Row {
    id: String,
    size: usize,
    sha256: String,
    time: String,
}

pub(crate) fn run(place: &Place, options: &Options) -> Result<()> {
    let began = Instant::now();
    let orders = orders(place, options)?;
    if orders.is_empty() {
        step::say("    there are no plugins to build");
        return Ok(());
    }
    step::begin(&format!("building {} plugins for {TARGET}", orders.len()));
    build(place, &orders)?;
    let built = step::seconds(began);
    let rows = orders
        .iter()
        .map(|order| bundle(place, order))
        .collect::<Result<Vec<_>>>()?;
    print(&rows);
    step::say(&format!(
        "    compiled in {built}, all done in {}",
        step::seconds(began)
    ));
    Ok(())
}

fn orders(place: &Place, options: &Options) -> Result<Vec<Order>> {
    let plugins = options
        .release_dir
        .clone()
        .unwrap_or_else(|| place.made("plugins"));
    let mut orders = Vec::new();
    for (source, to, hostile) in [
        ("plugins", plugins, false),
        ("tests/guests", place.made("guests"), true),
    ] {
        for plugin in manifest::find(&place.root().join(source))? {
            let bundle = to.join(&plugin.id);
            orders.push(Order {
                plugin,
                bundle,
                hostile,
            });
        }
    }
    if let Some(name) = options
        .names
        .iter()
        .find(|name| !orders.iter().any(|order| order.plugin.is_called(name)))
    {
        let known: Vec<_> = orders
            .iter()
            .map(|order| order.plugin.id.as_str())
            .collect();
        bail!("there is no plugin {name}; there are {}", known.join(", "));
    }
    if !options.names.is_empty() {
        orders.retain(|order| {
            options
                .names
                .iter()
                .any(|name| order.plugin.is_called(name))
        });
    }
    Ok(orders)
}

/// One call of cargo for all of them; it leaves alone what has not changed.
fn build(place: &Place, orders: &[Order]) -> Result<()> {
    let mut command = toolchain::find(place)?.cargo_build()?;
    command
        .args(["--locked", "--lib", "--profile", PROFILE, "--target-dir"])
        .arg(place.made("wasm"));
    for order in orders {
        command.args(["--package", &order.plugin.package]);
    }
    step::run(command.current_dir(place.root()))
}

fn bundle(place: &Place, order: &Order) -> Result<Row> {
    let began = Instant::now();
    let id = &order.plugin.id;
    let file = place
        .made("wasm")
        .join(TARGET)
        .join(PROFILE)
        .join(format!("{}.wasm", order.plugin.library));
    let module = std::fs::read(&file).with_context(|| {
        format!(
            "plugin {id}: no {}; its [lib] needs crate-type = [\"cdylib\"]",
            place.short(&file)
        )
    })?;
    let component = component_of(place, order, &module).with_context(|| format!("plugin {id}"))?;
    copy_if_new(
        &order.plugin.directory.join("plugin.toml"),
        &order.bundle.join("plugin.toml"),
    )?;
    Ok(Row {
        id: id.clone(),
        size: component.len(),
        sha256: sha256(&component),
        time: step::seconds(began),
    })
}

/// The component in the bundle: the one that is there if it was made of this very module, or a new one.
fn component_of(place: &Place, order: &Order, module: &[u8]) -> Result<Vec<u8>> {
    let target = order.bundle.join("plugin.wasm");
    let stamps = place.made("wasm").join("stamps");
    let noted = stamps.join(&order.plugin.id);
    let kind = (!order.hostile).then_some(order.plugin.kind.as_str());
    if let (Ok(there), Ok(note)) = (std::fs::read(&target), std::fs::read_to_string(&noted))
        && note == stamp(module, &there)
    {
        component::check(&there, kind)?;
        return Ok(there);
    }
    let component = component::encode(module)?;
    component::check(&component, kind)?;
    std::fs::create_dir_all(&order.bundle)?;
    std::fs::write(&target, &component)?;
    std::fs::create_dir_all(stamps)?;
    std::fs::write(&noted, stamp(module, &component))?;
    Ok(component)
}

/// Holds as long as the module, the encoder and what it made are the same.
fn stamp(module: &[u8], component: &[u8]) -> String {
    format!(
        "{} {} {}\n",
        sha256(module),
        component::ENCODER,
        sha256(component)
    )
}

fn copy_if_new(from: &Path, to: &Path) -> Result<()> {
    let content = std::fs::read(from)?;
    if std::fs::read(to).is_ok_and(|there| there == content) {
        return Ok(());
    }
    std::fs::write(to, content).with_context(|| format!("could not write {}", to.display()))
}

fn sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes)
        .iter()
        .fold(String::with_capacity(64), |text, byte| {
            format!("{text}{byte:02x}")
        })
}

fn print(rows: &[Row]) {
    let width = rows
        .iter()
        .map(|row| row.id.len())
        .max()
        .unwrap_or(0)
        .max("plugin".len());
    step::say(&format!(
        "    {:width$}  {:>9}  {:12}  {:>7}",
        "plugin", "size", "sha256", "encoded"
    ));
    for row in rows {
        let size = format!("{} kB", row.size.div_ceil(1000));
        step::say(&format!(
            "    {:width$}  {size:>9}  {:.12}  {:>7}",
            row.id, row.sha256, row.time
        ));
    }
}
