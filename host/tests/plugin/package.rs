//! Folders and bundles: what is read, and what never is.

use crate::support::{folder, hostile_component, hostile_manifest};
use sensor::plugin::{Package, PackageError};
use std::fs::{self, File};
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

fn bundle(at: &Path, entries: &[(&str, tar::EntryType, &[u8])]) -> PathBuf {
    let path = at.join("bundle.tar");
    let mut archive = tar::Builder::new(File::create(&path).expect("a bundle"));
    for (name, kind, bytes) in entries {
        let mut header = tar::Header::new_old();
        // The field itself: the library's setter would refuse what an attacker writes.
        header.as_mut_bytes()[..name.len()].copy_from_slice(name.as_bytes());
        header.set_entry_type(*kind);
        header.set_size(bytes.len() as u64);
        header.set_mode(0o644);
        header.set_cksum();
        archive.append(&header, *bytes).expect("an entry");
    }
    archive.finish().expect("an end");
    path
}

#[test]
fn a_folder_and_a_bundle_of_it_are_the_same_package() {
    let (manifest, component) = (hostile_manifest(), hostile_component());
    let folder = folder(&manifest, &component);
    let from_folder = Package::read(folder.path()).expect("a folder");
    let file = tar::EntryType::Regular;
    let path = bundle(
        folder.path(),
        &[
            ("./", tar::EntryType::Directory, b""),
            ("./plugin.toml", file, manifest.as_bytes()),
            ("plugin.wasm", file, &component),
        ],
    );
    let from_bundle = Package::read(&path).expect("a bundle");
    assert_eq!(from_folder.component_sha256, from_bundle.component_sha256);
    assert_eq!(from_folder.manifest_sha256, from_bundle.manifest_sha256);
    assert_eq!(from_folder.manifest, from_bundle.manifest);
}

#[test]
fn links_are_refused() {
    let (manifest, component) = (hostile_manifest(), hostile_component());
    for file in ["plugin.toml", "plugin.wasm"] {
        let folder = folder(&manifest, &component);
        let (real, elsewhere) = (folder.path().join(file), folder.path().join("elsewhere"));
        fs::rename(&real, &elsewhere).expect("moved");
        symlink(&elsewhere, &real).expect("linked");
        assert!(
            matches!(Package::read(folder.path()), Err(PackageError::NotPlain(path)) if path == real),
            "{file}"
        );
    }
    let folder = folder(&manifest, &component);
    let other = tempfile::tempdir().expect("a folder");
    let link = other.path().join("link");
    symlink(folder.path(), &link).expect("linked");
    assert!(matches!(
        Package::read(&link),
        Err(PackageError::NotPlain(_))
    ));
}

#[test]
fn entries_that_lead_elsewhere_are_refused() {
    let (manifest, component) = (hostile_manifest(), hostile_component());
    let file = tar::EntryType::Regular;
    let good = [
        ("plugin.toml", file, manifest.as_bytes()),
        ("plugin.wasm", file, component.as_slice()),
    ];
    for (name, kind) in [
        ("../plugin.wasm", file),
        ("/etc/passwd", file),
        ("a/../../plugin.wasm", file),
        ("other.txt", file),
        ("plugin.toml", file),
        ("link", tar::EntryType::Symlink),
        ("plugin.wasm", tar::EntryType::Link),
        ("folder/", tar::EntryType::Directory),
    ] {
        let place = tempfile::tempdir().expect("a folder");
        let path = bundle(place.path(), &[good[0], good[1], (name, kind, b"")]);
        assert!(
            matches!(Package::read(&path), Err(PackageError::Entry { .. })),
            "{name}"
        );
    }
    let place = tempfile::tempdir().expect("a folder");
    let path = bundle(place.path(), &good[..1]);
    assert!(matches!(
        Package::read(&path),
        Err(PackageError::Missing {
            file: "plugin.wasm",
            ..
        })
    ));
}

#[test]
fn what_is_too_large_is_not_read() {
    let folder = folder(&hostile_manifest(), b"");
    let component = folder.path().join("plugin.wasm");
    // It takes no room on the disk.
    File::create(&component)
        .and_then(|file| file.set_len(200 << 20))
        .expect("a large file");
    assert!(
        matches!(Package::read(folder.path()), Err(PackageError::TooLarge { path, .. }) if path == component)
    );
}

#[test]
fn what_is_nothing_is_told() {
    let place = tempfile::tempdir().expect("a folder");
    assert!(matches!(
        Package::read(place.path()),
        Err(PackageError::Io { .. })
    ));
    assert!(matches!(
        Package::read(&place.path().join("none")),
        Err(PackageError::Io { .. })
    ));
    let text = place.path().join("plugin.txt");
    fs::write(&text, "hello").expect("a file");
    assert!(matches!(
        Package::read(&text),
        Err(PackageError::Unknown(_))
    ));
}
