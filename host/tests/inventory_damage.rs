//! Killed at any moment, damaged in any byte, opened twice: what was acknowledged is there, or it is said.
//! Above: nothing. Below: `sensor::store`.
//! Invariant: no panic, no silent loss.

#![allow(clippy::unwrap_used, clippy::too_many_lines, reason = "tests")]
#![allow(
    clippy::disallowed_methods,
    reason = "the child is told its directory by its environment"
)]

mod inventory_support;

use inventory_support::*;
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use sensor::model::asset::Asset;
use sensor::model::filter::{Filter, Query, Sort};
use sensor::model::split::Coverage;
use sensor::store::{Inventory, StoreError};
use std::collections::BTreeSet;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

const PER_PAGE: u32 = 40;
const PAGES: u32 = 25;
const CHILD: &str = "SENSOR_TEST_INVENTORY_CHILD";

fn contents(inventory: &Inventory) -> Result<Vec<Asset>, StoreError> {
    inventory
        .export(&Filter {
            retired: true,
            ..Filter::default()
        })?
        .collect()
}

/// Not a test of its own: the process that is killed. It imports one split page by page, over and over, and says
/// each page that was acknowledged.
#[test]
#[allow(clippy::print_stdout, reason = "its parent reads it")]
fn child_that_is_killed() {
    let Some(dir) = std::env::var_os(CHILD) else {
        return;
    };
    let house = House::open(Path::new(&dir));
    let split = split("111122223333", "eu-central-1");
    for _ in 0..1000 {
        let run = house.begin();
        let resumed = house
            .inventory
            .checkpoint(&house.connector, &split.id)
            .unwrap();
        let mut at = resumed.and_then(|checkpoint| checkpoint.cursor);
        loop {
            let page: u32 = at.as_ref().map_or(0, |cursor| {
                cursor.value.trim_start_matches("page-").parse().unwrap()
            });
            let next = cursor(page + 1).filter(|_| page + 1 < PAGES);
            let numbers = page * PER_PAGE..(page + 1) * PER_PAGE;
            house
                .page(run.id, &split, at, all(&split, numbers), next.clone())
                .unwrap();
            println!("acknowledged {page}");
            at = next;
            if at.is_none() {
                break;
            }
        }
        let outcome = house.end(run.id, &split, Coverage::Complete, false);
        assert_eq!(outcome.counts.missing, 0);
        println!("complete");
    }
}

#[test]
fn killed_at_any_moment_nothing_acknowledged_is_lost_and_nothing_is_falsely_gone() {
    let dir = tempfile::tempdir().unwrap();
    let place = dir.path().join("inventory");
    let mut random = StdRng::seed_from_u64(5);
    let split = split("111122223333", "eu-central-1");
    let mut known = BTreeSet::new();
    for round in 0..30 {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args([
                "--exact",
                "child_that_is_killed",
                "--nocapture",
                "--test-threads=1",
            ])
            .env(CHILD, &place)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        // Killed a random while after a random page: in the middle of a write as often as not.
        let (pages, micros) = (random.random_range(0..20), random.random_range(0..8000));
        let mut lines = BufReader::new(child.stdout.take().unwrap())
            .lines()
            .map_while(Result::ok);
        let mut acknowledged = Vec::new();
        for line in lines.by_ref() {
            acknowledged.extend(
                line.split("acknowledged ")
                    .nth(1)
                    .and_then(|page| page.parse::<u32>().ok()),
            );
            if acknowledged.len() > pages {
                break;
            }
        }
        std::thread::sleep(std::time::Duration::from_micros(micros));
        child.kill().unwrap();
        child.wait().unwrap();
        acknowledged.extend(
            lines.filter_map(|line| line.split("acknowledged ").nth(1)?.parse::<u32>().ok()),
        );
        known.extend(
            acknowledged
                .iter()
                .flat_map(|page| page * PER_PAGE..(page + 1) * PER_PAGE),
        );
        let opened = Inventory::open(&place, SetClock::new()).unwrap();
        assert_eq!(opened.notice, None, "round {round}");
        let assets = contents(&opened.inventory).unwrap();
        assert!(
            assets
                .iter()
                .all(|asset| asset.location.missing_since.is_none() && !asset.location.stale)
        );
        let there: BTreeSet<&str> = assets
            .iter()
            .map(|asset| asset.location.place.id.as_str())
            .collect();
        assert_eq!(there.len(), assets.len(), "round {round}: none twice");
        for number in &known {
            assert!(
                there.contains(arn(&split, *number).as_str()),
                "round {round}: {number} is lost"
            );
        }
        // A page is there as a whole or not at all, and with it every body.
        assert_eq!(assets.len() % PER_PAGE as usize, 0, "round {round}");
        for asset in &assets {
            let fingerprint = asset.location.fingerprint.unwrap();
            assert!(opened.inventory.body(fingerprint).unwrap().is_some());
        }
        if let Some(checkpoint) = opened
            .inventory
            .checkpoint(&connector("aws-test"), &split.id)
            .unwrap()
        {
            assert_eq!(
                checkpoint.seen,
                checkpoint.counts.pages * u64::from(PER_PAGE),
                "round {round}"
            );
        }
    }
    assert!(
        known.len() > 400,
        "the children were killed too early: {}",
        known.len()
    );
}

/// Not a test of its own: imports new places until there is no room, and says how that was told.
#[test]
#[allow(clippy::print_stdout, reason = "its parent reads it")]
fn child_that_runs_out_of_room() {
    let Some(dir) = std::env::var_os(CHILD) else {
        return;
    };
    let house = House::open(Path::new(&dir));
    let split = split("111122223333", "eu-central-1");
    let run = house.begin();
    for page in 0..2000 {
        let (at, next) = (cursor(page).filter(|_| page > 0), cursor(page + 1));
        let entries = all(&split, page * PER_PAGE..(page + 1) * PER_PAGE);
        match house.page(run.id, &split, at, entries, next) {
            Ok(_) => println!("acknowledged {page}"),
            Err(error) => {
                println!("refused: {error}");
                let again = house.inventory.list(&everything()).unwrap_err();
                println!("refused again: {again}");
                return;
            }
        }
    }
}

fn everything() -> Query {
    let filter = Filter::default();
    Query {
        filter,
        sort: Sort::Expiry,
        descending: false,
        limit: 1,
        after: None,
    }
}

/// A full disk, as a limit on the size of files.
#[test]
fn a_full_disk_is_an_error_that_says_so_and_loses_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let split = split("111122223333", "eu-central-1");
    // In units of 1,024 bytes: in the one case the bodies' file is the first to be too large, in the other sled's.
    for (round, limit) in [700, 1500, 2600].into_iter().enumerate() {
        let place = dir.path().join(format!("inventory-{round}"));
        drop(House::open(&place));
        let script = format!("trap '' XFSZ; ulimit -f {limit}; exec \"$0\" \"$@\"");
        let child = Command::new("bash")
            .args(["-c", &script])
            .arg(std::env::current_exe().unwrap())
            .args([
                "--exact",
                "child_that_runs_out_of_room",
                "--nocapture",
                "--test-threads=1",
            ])
            .env(CHILD, &place)
            .output()
            .unwrap();
        let text = String::from_utf8_lossy(&child.stdout);
        let acknowledged = text.matches("acknowledged ").count();
        assert!(
            acknowledged > 0,
            "{limit}: {text} {}",
            String::from_utf8_lossy(&child.stderr)
        );
        assert!(
            text.contains("refused: the disk is full or cannot be written"),
            "{limit}: {text}"
        );
        assert!(
            text.contains("refused again: the inventory stopped working"),
            "{limit}: {text}"
        );
        let opened = Inventory::open(&place, SetClock::new()).unwrap();
        assert_eq!(opened.notice, None, "{limit}");
        let there = contents(&opened.inventory).unwrap().len();
        let whole = [acknowledged, acknowledged + 1].map(|pages| pages * PER_PAGE as usize);
        assert!(
            whole.contains(&there),
            "{limit}: {acknowledged} pages, {there} places"
        );
        let checkpoint = opened
            .inventory
            .checkpoint(&connector("aws-test"), &split.id)
            .unwrap()
            .unwrap();
        assert_eq!(checkpoint.seen, there as u64);
    }
}

fn files(dir: &Path) -> Vec<PathBuf> {
    let mut all = Vec::new();
    for entry in std::fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            all.extend(files(&path));
        } else {
            all.push(path);
        }
    }
    all
}

fn copy(from: &Path, to: &Path) {
    for file in files(from) {
        let target = to.join(file.strip_prefix(from).unwrap());
        std::fs::create_dir_all(target.parent().unwrap()).unwrap();
        std::fs::copy(&file, target).unwrap();
    }
}

#[test]
fn a_damaged_inventory_is_noticed_and_moved_aside() {
    let dir = tempfile::tempdir().unwrap();
    let good = dir.path().join("good");
    let truth = {
        let house = House::open(&good);
        for region in ["eu-central-1", "us-east-1"] {
            let split = split("111122223333", region);
            let run = house.begin();
            for page in 0..10 {
                let (at, next) = (
                    cursor(page).filter(|_| page > 0),
                    cursor(page + 1).filter(|_| page < 9),
                );
                house
                    .page(
                        run.id,
                        &split,
                        at,
                        all(&split, page * 30..page * 30 + 30),
                        next,
                    )
                    .unwrap();
            }
            house.end(run.id, &split, Coverage::Complete, false);
        }
        contents(&house.inventory).unwrap()
    };
    assert_eq!(truth.len(), 600);
    let mut random = StdRng::seed_from_u64(9);
    let (mut sound, mut aside) = (0, 0);
    for round in 0..60 {
        let place = dir.path().join(format!("round-{round}"));
        copy(&good, &place);
        let targets: Vec<PathBuf> = files(&place)
            .into_iter()
            .filter(|file| std::fs::metadata(file).unwrap().len() > 0)
            .collect();
        let target = &targets[random.random_range(0..targets.len())];
        let target = if round % 2 == 0 {
            &place.join("index/db")
        } else {
            target
        };
        let mut bytes = std::fs::read(target).unwrap();
        let at = random.random_range(0..bytes.len());
        match round % 5 {
            4 => bytes.truncate(at),
            3 => bytes[at..].iter_mut().take(4096).for_each(|byte| *byte = 0),
            _ => bytes[at] ^= 1 << random.random_range(0..8),
        }
        std::fs::write(target, bytes).unwrap();
        let what = format!(
            "round {round}, {} at {at}",
            target.strip_prefix(&place).unwrap().display()
        );
        let opened = Inventory::open(&place, SetClock::new())
            .unwrap_or_else(|error| panic!("{what}: {error}"));
        if let Some(notice) = &opened.notice {
            assert!(
                notice.contains("damaged-") && notice.contains("import again"),
                "{notice}"
            );
            assert!(contents(&opened.inventory).unwrap().is_empty());
            aside += 1;
            continue;
        }
        match read_all(&opened.inventory) {
            Ok(found) => {
                assert_eq!(found, truth, "{what}: silently changed");
                sound += 1;
            }
            Err(StoreError::Damaged(_)) => {
                // Found while reading: the next start moves it aside.
                drop(opened);
                let again = Inventory::open(&place, SetClock::new()).unwrap();
                assert!(again.notice.is_some(), "{what}");
                aside += 1;
            }
            Err(error) => panic!("{what}: {error}"),
        }
    }
    assert!(sound > 0 && aside > 5, "{sound} sound, {aside} moved aside");
}

/// Everything, bodies included.
fn read_all(inventory: &Inventory) -> Result<Vec<Asset>, StoreError> {
    let assets = contents(inventory)?;
    for asset in &assets {
        let fingerprint = asset.location.fingerprint.unwrap();
        if inventory.body(fingerprint)?.is_none() {
            return Err(StoreError::Damaged("no body".into()));
        }
    }
    Ok(assets)
}

#[test]
fn lost_commits_are_noticed() {
    let dir = tempfile::tempdir().unwrap();
    let (place, old) = (dir.path().join("inventory"), dir.path().join("old"));
    let split = split("111122223333", "eu-central-1");
    House::open(&place).scan(&split, all(&split, 0..50));
    copy(&place.join("index"), &old);
    House::open(&place).scan(&split, all(&split, 0..60));
    // The engine's files of an hour ago: sound by themselves.
    std::fs::remove_dir_all(place.join("index")).unwrap();
    copy(&old, &place.join("index"));
    let opened = Inventory::open(&place, SetClock::new()).unwrap();
    assert!(opened.notice.unwrap().contains("last commits are gone"));
}

#[test]
fn a_second_sensor_is_told_so() {
    let dir = tempfile::tempdir().unwrap();
    let place = dir.path().join("inventory");
    let house = House::open(&place);
    let refused = Inventory::open(&place, SetClock::new());
    assert!(matches!(refused, Err(StoreError::Busy(_))), "{refused:?}");
    let text = refused.unwrap_err().to_string();
    assert!(text.contains("in use by another sensor"), "{text}");
    drop(house);
    assert!(
        Inventory::open(&place, SetClock::new())
            .unwrap()
            .notice
            .is_none()
    );
    assert_eq!(
        std::fs::read_dir(dir.path()).unwrap().count(),
        1,
        "nothing was moved aside"
    );
}

#[test]
fn an_inventory_of_a_newer_sensor_is_left_alone() {
    let dir = tempfile::tempdir().unwrap();
    let place = dir.path().join("inventory");
    let split = split("111122223333", "eu-central-1");
    House::open(&place).scan(&split, all(&split, 0..5));
    {
        let db = sled::open(place.join("index")).unwrap();
        let mut header = db.get(b"!").unwrap().unwrap().to_vec();
        header[12..16].copy_from_slice(&7u32.to_le_bytes());
        header[16..20].copy_from_slice(&7u32.to_le_bytes());
        let sum = crc32fast::hash(&header[4..]).to_le_bytes();
        header[..4].copy_from_slice(&sum);
        db.insert(b"!", header).unwrap();
        db.flush().unwrap();
    }
    let refused = Inventory::open(&place, SetClock::new());
    assert!(
        matches!(refused, Err(StoreError::Newer { found: 7, known: 1 })),
        "{refused:?}"
    );
    assert!(place.join("index").exists());
}

#[test]
fn a_directory_that_cannot_be_written_is_an_error_that_says_so() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("file");
    std::fs::write(&file, "not a directory").unwrap();
    let refused = Inventory::open(&file.join("inventory"), SetClock::new());
    assert!(
        matches!(refused, Err(StoreError::Io(_) | StoreError::Disk(_))),
        "{refused:?}"
    );
}
