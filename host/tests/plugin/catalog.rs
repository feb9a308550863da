//! Installing, replacing, removing; what was changed behind the catalog's back; the cache of compiled code.

use crate::support::{folder, hostile_bundle, hostile_component, hostile_manifest, witness};
use sensor::model::id::Sha256;
use sensor::plugin::{Catalog, CatalogError, ConnectorPlugin, LoadError, PackageError, Witness};
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

fn open() -> (tempfile::TempDir, Catalog) {
    let state = tempfile::tempdir().expect("a folder");
    let catalog = Catalog::open(&state.path().join("plugins"), witness()).expect("a catalog");
    (state, catalog)
}

/// The one file below `folder` with this ending.
fn file(folder: &Path, ending: &str) -> PathBuf {
    let mut open = vec![folder.to_owned()];
    while let Some(folder) = open.pop() {
        for entry in fs::read_dir(folder).expect("a folder").flatten() {
            match entry.path() {
                path if path.is_dir() => open.push(path),
                path if path.to_string_lossy().ends_with(ending) => return path,
                _ => {}
            }
        }
    }
    panic!("no {ending}");
}

#[test]
fn what_is_installed_is_listed_and_loads() {
    let (state, catalog) = open();
    let installed = catalog
        .install(&hostile_bundle(), false, 1_700_000_000_000)
        .expect("installed");
    assert!(installed.replaced.is_none());
    assert_eq!(
        installed.change.to_string(),
        "+ acm:AddTagsToCertificate, + acm:DeleteCertificate, + acm:GetCertificate, + acm:ListCertificates"
    );
    assert_eq!(catalog.list().expect("a list"), [installed.entry]);
    // Another process finds the same.
    let again = Catalog::open(&state.path().join("plugins"), witness()).expect("a catalog");
    let package = again.package("hostile").expect("as pinned");
    ConnectorPlugin::load(again.engine(), &package).expect("loaded");
    assert!(
        matches!(again.package("hostil"), Err(CatalogError::NotInstalled { nearest: Some(near), .. }) if near == "hostile")
    );
}

#[test]
fn what_was_changed_after_it_was_installed_is_refused() {
    for (ending, bytes) in [
        ("plugin.wasm", b"other bytes".as_slice()),
        ("plugin.toml", b"id = 'other'".as_slice()),
    ] {
        let (state, catalog) = open();
        catalog
            .install(&hostile_bundle(), false, 0)
            .expect("installed");
        fs::write(file(state.path(), ending), bytes).expect("swapped");
        let error = catalog.package("hostile").expect_err("refused");
        assert!(
            matches!(&error, CatalogError::Load(LoadError::Package(PackageError::Changed { file, .. })) if *file == ending),
            "{error}"
        );
        assert!(
            error.to_string().contains("sensor plugin install"),
            "{error}"
        );
        // What was pinned may come back without a question.
        let again = catalog
            .install(&hostile_bundle(), false, 0)
            .expect("installed again");
        assert!(again.healed && !again.change.grows(), "{again:?}");
        catalog.package("hostile").expect("as pinned");
    }
}

#[test]
fn a_version_that_asks_for_more_has_to_be_accepted() {
    let (_state, catalog) = open();
    catalog
        .install(&hostile_bundle(), false, 0)
        .expect("installed");
    let more = hostile_manifest()
        .replace("version = \"0.1.0\"", "version = \"0.2.0\"")
        .replace(
            "required = [\"GetCertificate\"]",
            "required = [\"GetCertificate\", \"SearchCertificates\"]",
        );
    let more = folder(&more, &hostile_component());
    let error = catalog.install(more.path(), false, 0).expect_err("refused");
    assert!(
        error.to_string().contains(
            "plugin hostile 0.2.0 asks for more than the installed 0.1.0: + acm:SearchCertificates"
        ),
        "{error}"
    );
    assert_eq!(catalog.entry("hostile").expect("there").version, "0.1.0");
    let installed = catalog.install(more.path(), true, 0).expect("accepted");
    assert_eq!(installed.replaced.expect("before").version, "0.1.0");
    // Back to less needs no word.
    let installed = catalog
        .install(&hostile_bundle(), false, 0)
        .expect("installed");
    assert_eq!(installed.change.to_string(), "- acm:SearchCertificates");
}

#[test]
fn a_damaged_plugin_is_replaced_by_what_asks_for_no_more_if_that_can_still_be_told() {
    let less = hostile_manifest().replace("version = \"0.1.0\"", "version = \"0.2.0\"");
    let more = less.replace(
        "required = [\"GetCertificate\"]",
        "required = [\"GetCertificate\", \"SearchCertificates\"]",
    );
    let [less, more] = [less, more].map(|manifest| folder(&manifest, &hostile_component()));
    let damaged = |ending: &str| {
        let (state, catalog) = open();
        catalog
            .install(&hostile_bundle(), false, 0)
            .expect("installed");
        fs::write(file(state.path(), ending), b"other bytes").expect("swapped");
        (state, catalog)
    };
    let (_state, catalog) = damaged("plugin.wasm");
    let error = catalog.install(more.path(), false, 0).expect_err("refused");
    let said = "hostile 0.2.0 asks for more than the installed 0.1.0: + acm:SearchCertificates";
    assert!(error.to_string().contains(said), "{error}");
    let installed = catalog.install(less.path(), false, 0).expect("no more");
    assert!(installed.healed);
    let (_state, catalog) = damaged("plugin.toml");
    let error = catalog.install(less.path(), false, 0).expect_err("refused");
    let said = error.to_string();
    assert!(
        said.contains("installed hostile 0.1.0 was damaged")
            && said.contains("version 0.2.0 asks for + acm:AddTagsToCertificate"),
        "{said}"
    );
    catalog.install(less.path(), true, 0).expect("accepted");
}

#[test]
fn what_does_not_fit_is_not_installed() {
    let (_state, catalog) = open();
    let unfit = folder(&hostile_manifest(), b"\0asm\x01\0\0\0");
    assert!(catalog.install(unfit.path(), false, 0).is_err());
    assert!(catalog.list().expect("a list").is_empty());
}

#[test]
fn what_is_removed_leaves_nothing() {
    let (state, catalog) = open();
    catalog
        .install(&hostile_bundle(), false, 0)
        .expect("installed");
    catalog.remove("hostile").expect("removed");
    assert!(catalog.list().expect("a list").is_empty());
    let left: Vec<_> = fs::read_dir(state.path().join("plugins"))
        .expect("a folder")
        .flatten()
        .map(|entry| entry.file_name())
        .collect();
    assert_eq!(left.len(), 2, "catalog.json and an empty cache: {left:?}");
    assert_eq!(
        fs::read_dir(state.path().join("plugins/cache"))
            .expect("a folder")
            .count(),
        1,
        "the index"
    );
    assert!(catalog.remove("hostile").is_err());
}

#[test]
fn compiled_code_that_this_host_did_not_write_is_never_loaded() {
    let (state, catalog) = open();
    catalog
        .install(&hostile_bundle(), false, 0)
        .expect("installed");
    let compiled = file(state.path(), ".cwasm");
    let own = fs::read(&compiled).expect("compiled code");
    for path in [
        &compiled,
        &file(state.path(), "index.json"),
        &file(state.path(), "catalog.json"),
    ] {
        assert_eq!(
            fs::metadata(path).expect("a file").permissions().mode() & 0o777,
            0o600,
            "{}",
            path.display()
        );
    }
    // One changed byte of machine code: were it loaded, it would run.
    let mut other = own.clone();
    let middle = other.len() / 2;
    other[middle] ^= 1;
    fs::write(&compiled, &other).expect("swapped");
    let package = catalog.package("hostile").expect("as pinned");
    ConnectorPlugin::load(catalog.engine(), &package).expect("compiled again");
    assert_ne!(
        fs::read(&compiled).expect("compiled code"),
        other,
        "it was replaced"
    );
    // Right code that stands in no index is not believed either.
    fs::remove_file(file(state.path(), "index.json")).expect("removed");
    fs::write(&compiled, &other).expect("swapped");
    ConnectorPlugin::load(catalog.engine(), &package).expect("compiled again");
    assert_ne!(
        fs::read(&compiled).expect("compiled code"),
        other,
        "it was replaced"
    );
}

/// Who can write the state directory can write both files; the key lies elsewhere.
#[test]
fn compiled_code_with_an_index_to_match_is_not_loaded_either() {
    let (state, catalog) = open();
    catalog
        .install(&hostile_bundle(), false, 0)
        .expect("installed");
    let compiled = file(state.path(), ".cwasm");
    let mut other = fs::read(&compiled).expect("compiled code");
    let before = Sha256::of(&other).to_string();
    let middle = other.len() / 2;
    other[middle] ^= 1;
    fs::write(&compiled, &other).expect("swapped");
    let index = file(state.path(), "index.json");
    let text = fs::read_to_string(&index).expect("text");
    assert!(text.contains(&before));
    fs::write(
        &index,
        text.replace(&before, &Sha256::of(&other).to_string()),
    )
    .expect("swapped");
    let package = catalog.package("hostile").expect("as pinned");
    ConnectorPlugin::load(catalog.engine(), &package).expect("compiled again");
    assert_ne!(fs::read(&compiled).expect("compiled code"), other);
}

#[test]
fn a_plugin_that_was_pinned_anew_by_another_hand_is_refused() {
    let (state, catalog) = open();
    catalog
        .install(&hostile_bundle(), false, 0)
        .expect("installed");
    let manifest = file(state.path(), "plugin.toml");
    let text = fs::read_to_string(&manifest).expect("text");
    let before = Sha256::of(text.as_bytes()).to_string();
    let wider = text.replace(
        "\"GetCertificate\"",
        "\"GetCertificate\", \"ImportCertificate\"",
    );
    fs::write(&manifest, &wider).expect("swapped");
    let listing = file(state.path(), "catalog.json");
    let text = fs::read_to_string(&listing).expect("text");
    let pinned = text.replace(&before, &Sha256::of(wider.as_bytes()).to_string());
    assert_ne!(text, pinned);
    fs::write(&listing, pinned).expect("pinned anew");
    for error in [
        catalog.package("hostile").expect_err("forged"),
        catalog.list().expect_err("forged"),
        catalog
            .install(&hostile_bundle(), true, 0)
            .expect_err("nothing of it is sealed again"),
    ] {
        assert!(matches!(error, CatalogError::Forged { .. }), "{error:?}");
    }
}

#[test]
fn the_key_may_change_and_a_crash_on_either_side_of_it_loses_nothing() {
    let (state, catalog) = open();
    catalog
        .install(&hostile_bundle(), false, 0)
        .expect("installed");
    let folder = state.path().join("plugins");
    let under = |key| Catalog::open(&folder, Witness::new(key)).expect("a catalog");
    catalog.prepare([8; 32]).expect("prepared");
    for key in [[7; 32], [8; 32]] {
        under(key).package("hostile").expect("known");
    }
    catalog.turn([8; 32]).expect("turned");
    catalog.package("hostile").expect("known");
    under([8; 32]).package("hostile").expect("known");
    assert!(matches!(
        under([7; 32]).package("hostile"),
        Err(CatalogError::Forged { .. })
    ));
    // Without the key it can be looked at and nothing else.
    let shut = Catalog::open(
        &folder,
        Witness::asking(|| Err("the key is gone".to_owned())),
    )
    .expect("a catalog");
    assert_eq!(shut.list().expect("a list").len(), 1);
    let error = shut.package("hostile").expect_err("not known");
    assert!(error.to_string().contains("the key is gone"), "{error}");
}

#[test]
fn a_damaged_catalog_is_told() {
    let (state, catalog) = open();
    catalog
        .install(&hostile_bundle(), false, 0)
        .expect("installed");
    let path = file(state.path(), "catalog.json");
    let text = fs::read_to_string(&path).expect("text");
    fs::write(&path, &text[..text.len() / 2]).expect("cut");
    assert!(matches!(catalog.list(), Err(CatalogError::Damaged { .. })));
    // A folder outside is nobody's to read or remove.
    fs::write(
        &path,
        text.replace("\"folder\": \"hostile-", "\"folder\": \"hostile/../../"),
    )
    .expect("forged");
    assert!(matches!(
        catalog.remove("hostile"),
        Err(CatalogError::Damaged { .. })
    ));
}
