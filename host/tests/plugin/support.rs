//! What the tests share: the built guest, an engine with a cache, a lend.

use sensor::model::split::{Cursor, Split};
use sensor::model::time::SystemClock;
use sensor::plugin::{ConnectorInstance, ConnectorPlugin, Engine, Lend, Limits, Package, Witness};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, OnceLock};
use std::time::Duration;

/// The bundle of the guest that misbehaves as it is told.
pub(crate) fn hostile_bundle() -> PathBuf {
    let bundle = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/guests/hostile");
    assert!(
        bundle.join("plugin.wasm").is_file(),
        "build the guests first: cargo xtask plugins"
    );
    bundle
}

/// What the catalogs and caches of these tests are known by.
pub(crate) fn witness() -> Witness {
    Witness::new([7; 32])
}

/// One engine and one compilation for all tests.
pub(crate) fn hostile() -> &'static ConnectorPlugin {
    static LOADED: OnceLock<ConnectorPlugin> = OnceLock::new();
    LOADED.get_or_init(|| {
        let subscriber = tracing_subscriber::fmt()
            .with_ansi(false)
            .with_writer(|| Written)
            .finish();
        tracing::subscriber::set_global_default(subscriber).expect("the only one");
        let cache = Path::new(env!("CARGO_TARGET_TMPDIR")).join("plugin-cache");
        let engine = Engine::new(Some((cache, witness()))).expect("an engine");
        let package = Package::read(&hostile_bundle()).expect("the hostile guest");
        ConnectorPlugin::load(&engine, &package).expect("it loads")
    })
}

pub(crate) fn limits() -> Limits {
    Limits {
        cpu: Duration::from_millis(300),
        ..hostile().manifest().limits
    }
}

pub(crate) fn lend(word: &str, limits: Limits) -> Lend {
    Lend {
        settings: format!("{{\"do\":\"{word}\"}}"),
        clock: Arc::new(SystemClock),
        aws: None,
        known: None,
        limits,
        span: tracing::info_span!("split", split = word),
    }
}

pub(crate) async fn instance(word: &str, limits: Limits) -> ConnectorInstance {
    hostile()
        .instantiate(lend(word, limits))
        .await
        .expect("it starts")
}

pub(crate) fn split() -> Split {
    Split {
        id: "111122223333/eu-central-1/acm".into(),
        account: "111122223333".into(),
        region: Some("eu-central-1".into()),
        service: "acm".into(),
        payload: String::new(),
    }
}

pub(crate) fn cursor(version: u32, value: &str) -> Cursor {
    Cursor {
        version,
        value: value.into(),
    }
}

/// A folder with this manifest and this component.
pub(crate) fn folder(manifest: &str, component: &[u8]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(folder.path().join("plugin.toml"), manifest).expect("a manifest");
    std::fs::write(folder.path().join("plugin.wasm"), component).expect("a component");
    folder
}

pub(crate) fn hostile_manifest() -> String {
    std::fs::read_to_string(hostile_bundle().join("plugin.toml")).expect("its manifest")
}

pub(crate) fn hostile_component() -> Vec<u8> {
    std::fs::read(hostile_bundle().join("plugin.wasm")).expect("its component")
}

static WRITTEN: Mutex<Vec<u8>> = Mutex::new(Vec::new());

/// What tracing wrote, of all tests in this process.
pub(crate) fn written() -> String {
    String::from_utf8(WRITTEN.lock().expect("written").clone()).expect("text")
}

struct Written;

impl Write for Written {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        WRITTEN.lock().expect("written").write(bytes)
    }
    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}
