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
use sensor::model::asset::{Asset, PageEntry};
use sensor::model::filter::{Filter, Query, Sort};
use sensor::model::id::Sha256;
use sensor::model::problem::{Problem, Severity};
use sensor::model::run::RunStatus;
use sensor::model::split::Coverage;
use sensor::store::{Inventory, PageCommit, StoreError};
use std::collections::BTreeSet;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

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
        std::thread::sleep(Duration::from_micros(micros));
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
                let at = cursor(page).filter(|_| page > 0);
                let next = cursor(page + 1).filter(|_| page < 9);
                let found = all(&split, page * 30..page * 30 + 30);
                house.page(run.id, &split, at, found, next).unwrap();
            }
            house.end(run.id, &split, Coverage::Complete, false);
        }
        contents(&house.inventory).unwrap()
    };
    assert_eq!(truth.len(), 600);
    let mut random = StdRng::seed_from_u64(9);
    let (mut sound, mut aside, mut healed) = (0, 0, 0);
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
        if opened
            .notice
            .as_ref()
            .is_some_and(|notice| notice.contains("bodies"))
        {
            drop(opened);
            bodies_come_back(&place, &what);
            healed += 1;
            continue;
        }
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
            Err(StoreError::LostBody(_) | StoreError::Bodies(_)) => {
                // Found while reading: the next import brings it back, and nothing else is lost.
                drop(opened);
                bodies_come_back(&place, &what);
                healed += 1;
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
    assert!(
        sound > 0 && aside > 5 && healed > 0,
        "{sound} sound, {aside} moved aside, {healed} healed"
    );
}

/// An import as a plugin does it: what has an empty marker is read in full, everything else is unchanged.
fn import_again(house: &House) -> u64 {
    let mut read = 0;
    for region in ["eu-central-1", "us-east-1"] {
        let split = split("111122223333", region);
        let ids: Vec<String> = (0..300).map(|number| arn(&split, number)).collect();
        let markers = house.inventory.markers(&house.connector, &ids).unwrap();
        let entries = (0..).zip(markers).map(|(number, marker)| {
            if marker.unwrap().value.is_empty() {
                read += 1;
                found(&split, number)
            } else {
                PageEntry::Unchanged(arn(&split, number))
            }
        });
        let outcome = house.scan(&split, entries.collect());
        assert_eq!(
            (outcome.coverage, outcome.counts.unchanged),
            (Coverage::Complete, 300)
        );
    }
    read
}

/// Starts again, imports, and finds everything.
fn bodies_come_back(place: &Path, what: &str) {
    let clock = SetClock::new();
    let opened = Inventory::open(place, clock.clone()).unwrap();
    let house = House {
        inventory: opened.inventory,
        clock,
        connector: connector("aws-test"),
    };
    // Whatever is damaged and has not been noticed is noticed by reading it.
    for asset in contents(&house.inventory).unwrap() {
        match house.inventory.body(asset.location.fingerprint.unwrap()) {
            Ok(_) | Err(StoreError::LostBody(_)) => {}
            // The file as a whole: the next start sets it aside.
            Err(StoreError::Bodies(_)) => {
                drop(house);
                return bodies_come_back(place, what);
            }
            Err(error) => panic!("{what}: {error}"),
        }
    }
    let known = contents(&house.inventory).unwrap().len();
    assert_eq!(known, 600, "{what}");
    import_again(&house);
    assert_eq!(read_all(&house.inventory).unwrap().len(), 600, "{what}");
}

/// The bodies' file, and what stands in it instead of some certificates.
fn spoil(place: &Path, numbers: &[u32]) {
    let bodies = rusqlite::Connection::open(place.join("bodies.db")).unwrap();
    for number in numbers {
        let (_, der) = certificate(*number);
        let spoilt = bodies
            .execute("UPDATE body SET der = x'3000' WHERE der = ?1", [der])
            .unwrap();
        assert_eq!(spoilt, 1);
    }
}

#[test]
fn a_body_that_is_damaged_is_read_anew_by_the_next_import() {
    let dir = tempfile::tempdir().unwrap();
    let split = split("111122223333", "eu-central-1");
    let fingerprint = |number: u32| certificate(number).0.fingerprint;
    House::open(dir.path()).scan(&split, all(&split, 0..20));
    spoil(dir.path(), &[7]);
    {
        let house = House::open(dir.path());
        let lost = house.inventory.body(fingerprint(7));
        assert!(
            matches!(lost, Err(StoreError::LostBody(which)) if which == fingerprint(7)),
            "{lost:?}"
        );
        assert!(house.inventory.body(fingerprint(8)).unwrap().is_some());
    }
    // It is not forgotten, and nothing is moved aside for its sake.
    let house = House::open(dir.path());
    house.clock.pass(HOUR);
    let ids: Vec<String> = (0..20).map(|number| arn(&split, number)).collect();
    let markers = house.inventory.markers(&house.connector, &ids).unwrap();
    for (number, marker) in (0..20).zip(markers) {
        let value = marker.unwrap().value;
        let expected = if number == 7 {
            String::new()
        } else {
            format!("m{number}")
        };
        assert_eq!(value, expected, "{number}");
    }
    let mut entries = unchanged(&split, (0..7).chain(8..20));
    entries.push(found(&split, 7));
    let outcome = house.scan(&split, entries);
    assert_eq!((outcome.counts.unchanged, outcome.counts.changed), (20, 0));
    assert_eq!(
        house.inventory.body(fingerprint(7)).unwrap(),
        Some(certificate(7).1)
    );
    let place = house.inventory.show(&arn(&split, 7)).unwrap().locations;
    assert_eq!(
        (place[0].first_seen, place[0].read_at),
        (START, START + HOUR)
    );
    let again = house
        .inventory
        .markers(&house.connector, &ids[7..8])
        .unwrap();
    assert_eq!(again[0].as_ref().unwrap().value, "m7");
}

#[test]
fn bodies_are_looked_at_in_turns_so_that_damage_shows_without_anybody_asking() {
    let dir = tempfile::tempdir().unwrap();
    let split = split("111122223333", "eu-central-1");
    House::open(dir.path()).scan(&split, all(&split, 0..100));
    let spoilt: Vec<u32> = (0..100).step_by(9).collect();
    spoil(dir.path(), &spoilt);
    let house = House::open(dir.path());
    let ids: Vec<String> = (0..100).map(|number| arn(&split, number)).collect();
    let mut read = BTreeSet::new();
    for _ in 0..16 {
        let run = house.begin();
        let markers = house.inventory.markers(&house.connector, &ids).unwrap();
        let entries: Vec<_> = (0..100)
            .zip(markers)
            .map(|(number, marker)| {
                if marker.unwrap().value.is_empty() {
                    read.insert(number);
                    found(&split, number)
                } else {
                    PageEntry::Unchanged(arn(&split, number))
                }
            })
            .collect();
        house.page(run.id, &split, None, entries, None).unwrap();
        house.end(run.id, &split, Coverage::Complete, false);
        house.finish(run.id, RunStatus::Complete);
    }
    assert_eq!(read, spoilt.iter().copied().collect());
    assert_eq!(read_all(&house.inventory).unwrap().len(), 100);
}

#[test]
fn a_damaged_link_of_many_chains_is_brought_back_by_one_place() {
    let dir = tempfile::tempdir().unwrap();
    let split = split("111122223333", "eu-central-1");
    House::open(dir.path()).scan(&split, all(&split, 0..20));
    spoil(dir.path(), &[1_000_000]);
    let house = House::open(dir.path());
    let link = certificate(1_000_000).0.fingerprint;
    assert!(house.inventory.body(link).is_err());
    let ids: Vec<String> = (0..20).map(|number| arn(&split, number)).collect();
    let markers = house.inventory.markers(&house.connector, &ids).unwrap();
    let empty = |marker: &Option<sensor::store::Marker>| marker.as_ref().unwrap().value.is_empty();
    assert_eq!(markers.iter().filter(|marker| empty(marker)).count(), 1);
    let one = u32::try_from(markers.iter().position(empty).unwrap()).unwrap();
    let mut entries = unchanged(&split, (0..20).filter(|number| *number != one));
    entries.push(found(&split, one));
    house.scan(&split, entries);
    assert_eq!(
        house.inventory.body(link).unwrap(),
        Some(certificate(1_000_000).1)
    );
}

#[test]
fn bodies_that_are_lost_as_a_whole_cost_nothing_but_an_import() {
    for gone in [true, false] {
        let dir = tempfile::tempdir().unwrap();
        let place = dir.path().join("inventory");
        let split = split("111122223333", "eu-central-1");
        House::open(&place).scan(&split, all(&split, 0..20));
        let file = place.join("bodies.db");
        if gone {
            std::fs::remove_file(&file).unwrap();
        } else {
            std::fs::write(&file, "not a database ".repeat(1000)).unwrap();
        }
        let clock = SetClock::new();
        clock.pass(DAY);
        let opened = Inventory::open(&place, clock.clone()).unwrap();
        let notice = opened.notice.unwrap();
        assert!(
            notice.contains("bodies") && notice.contains("import again"),
            "{notice}"
        );
        assert_eq!(notice.contains("damaged-"), !gone, "{notice}");
        assert_eq!(contents(&opened.inventory).unwrap().len(), 20);
        drop(opened.inventory);
        // Said once, remembered until it is mended.
        let opened = Inventory::open(&place, clock.clone()).unwrap();
        assert_eq!(opened.notice, None);
        let house = House {
            inventory: opened.inventory,
            clock,
            connector: connector("aws-test"),
        };
        let ids: Vec<String> = (0..20).map(|number| arn(&split, number)).collect();
        let markers = house.inventory.markers(&house.connector, &ids).unwrap();
        assert!(
            markers
                .iter()
                .all(|marker| marker.as_ref().unwrap().value.is_empty())
        );
        house.scan(&split, all(&split, 0..20));
        let assets = read_all(&house.inventory).unwrap();
        assert!(
            assets
                .iter()
                .all(|asset| asset.location.first_seen == START)
        );
    }
}

/// So many bytes of text that nothing can compress.
fn noise(seed: u32, length: usize) -> String {
    let mut text = String::new();
    for block in 0u32.. {
        if text.len() >= length {
            break;
        }
        text += &Sha256::of(format!("{seed} {block}").as_bytes()).to_string();
    }
    text.truncate(length);
    text
}

/// A certificate with a hundred long names, its place with all the tags and users that a cloud allows.
fn bulky(split: &sensor::model::split::Split, number: u32) -> PageEntry {
    let PageEntry::Found(mut found) = found(split, number) else {
        unreachable!()
    };
    let body = found.body.as_mut().unwrap();
    body.certificate.dns_names = (0..100)
        .map(|name| format!("{}.example.com", noise(number * 100 + name, 60)))
        .collect();
    let place = &mut found.place;
    place.tags = (0..50)
        .map(|tag| (noise(number + tag, 128), noise(number * 7 + tag, 256)))
        .collect();
    place.in_use_by = (0..200)
        .map(|user| noise(number * 11 + user, 150))
        .collect();
    PageEntry::Found(found)
}

/// The engine does not sync what it writes beside its log: nothing may be there, ever.
#[test]
fn nothing_is_left_to_files_that_the_engine_does_not_sync() {
    let dir = tempfile::tempdir().unwrap();
    let place = dir.path().join("inventory");
    let house = House::open(&place);
    let blobs = || {
        std::fs::read_dir(place.join("index/blobs"))
            .unwrap()
            .count()
    };
    let mut written = 0;
    // The same certificates in two hundred places, a hundred problems a page, many strangers.
    for region in 0..10 {
        let split = split("111122223333", &format!("region-{region}"));
        let run = house.begin();
        let problems = (0..100).map(|number| Problem {
            severity: Severity::Error,
            code: "malformed-body".into(),
            subject: Some(arn(&split, number)),
            message: noise(number, 2_000),
        });
        let mut entries: Vec<_> = (0..20).map(|number| bulky(&split, number)).collect();
        entries.extend((1000..2000).map(|number| PageEntry::Filtered(arn(&split, number))));
        entries.push(poison(&split, 999));
        house
            .inventory
            .commit_page(PageCommit {
                connector: &house.connector,
                run: run.id,
                split: &split,
                at: None,
                entries,
                problems: problems.collect(),
                next: None,
                plugin: plugin(),
                labels: &sensor::store::ImportLabels::default(),
            })
            .unwrap();
        assert_eq!(blobs(), 0, "a page in region {region}");
        house.end(run.id, &split, Coverage::Complete, false);
        house.finish(run.id, RunStatus::Partial);
        assert_eq!(blobs(), 0, "the end of region {region}");
        written += 20;
    }
    drop(house);
    // Put together again as they were; and taken apart without a trace.
    let house = House::open(&place);
    let split = split("111122223333", "region-3");
    for number in 0..20 {
        let PageEntry::Found(expected) = bulky(&split, number) else {
            unreachable!()
        };
        let shown = house.inventory.show(&arn(&split, number)).unwrap();
        assert_eq!(shown.certificate, Some(expected.body.unwrap().certificate));
        assert_eq!(shown.locations.len(), 10);
        let own = shown
            .locations
            .into_iter()
            .find(|one| one.split == split.id);
        assert_eq!(own.unwrap().place, expected.place);
    }
    // What was long becomes short.
    house.scan(&split, all(&split, 0..20));
    assert_eq!(blobs(), 0, "shorter ones");
    let gone = house.inventory.forget_connector(&house.connector).unwrap();
    assert_eq!((gone, blobs()), (written, 0));
    drop(house);
    let index = let_go(&place.join("index"));
    let left = index
        .iter()
        .keys()
        .filter(|key| key.as_ref().unwrap()[0] == b'~');
    assert_eq!(left.count(), 0, "pieces that belong to nothing");
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
fn what_another_has_open_is_not_moved_aside_under_its_hands() {
    let dir = tempfile::tempdir().unwrap();
    let place = dir.path().join("inventory");
    let house = House::open(&place);
    // What a reading leaves that met damage.
    std::fs::write(place.join("damaged"), "met in mid-run").unwrap();
    let refused = Inventory::open(&place, SetClock::new());
    assert!(matches!(refused, Err(StoreError::Busy(_))), "{refused:?}");
    assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 1);
    drop(house);
    let opened = Inventory::open(&place, SetClock::new()).unwrap();
    assert!(opened.notice.is_some());
    assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 2);
}

/// Writes a header as a sensor of another form would.
fn write_header(place: &Path, form: u32, min_reader: u32, more: &str) {
    let uuid = std::fs::read_to_string(place.join("header")).unwrap();
    let uuid = uuid.split("\"uuid\":\"").nth(1).unwrap();
    let line = format!(
        r#"{{"magic":"snsr-inv","form":{form},"min_reader":{min_reader},"writer":"9.1.0","uuid":"{}"{more}}}"#,
        &uuid[..32]
    );
    let sum = crc32fast::hash(line.as_bytes());
    std::fs::write(place.join("header"), format!("{line}\n{sum:08x}\n")).unwrap();
}

fn filled(place: &Path) {
    let split = split("111122223333", "eu-central-1");
    House::open(place).scan(&split, all(&split, 0..5));
}

#[test]
fn an_inventory_of_a_newer_sensor_is_refused_and_left_as_it_is() {
    let dir = tempfile::tempdir().unwrap();
    let place = dir.path().join("inventory");
    filled(&place);
    // Everything else may be unlike anything that this sensor knows.
    write_header(&place, 7, 6, r#","something":"new""#);
    std::fs::write(place.join("index/db"), "another engine").unwrap();
    std::fs::write(place.join("damaged"), "for the newer one to judge").unwrap();
    let bytes = |place: &Path| -> Vec<Vec<u8>> {
        let mut files = files(place);
        files.sort();
        files
            .iter()
            .map(|file| std::fs::read(file).unwrap())
            .collect()
    };
    let before = bytes(&place);
    let refused = Inventory::open(&place, SetClock::new());
    let error = refused.unwrap_err();
    assert!(
        matches!(
            error,
            StoreError::Newer {
                found: 7,
                known: 3,
                ..
            }
        ),
        "{error:?}"
    );
    let text = error.to_string();
    assert!(
        text.contains("9.1.0") && text.contains("left as it is"),
        "{text}"
    );
    assert_eq!(bytes(&place), before);
    assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 1);
}

#[test]
fn a_newer_form_that_this_sensor_may_read_is_read() {
    let dir = tempfile::tempdir().unwrap();
    let place = dir.path().join("inventory");
    filled(&place);
    write_header(&place, 7, 2, "");
    let opened = Inventory::open(&place, SetClock::new()).unwrap();
    assert_eq!(opened.notice, None);
    assert_eq!(contents(&opened.inventory).unwrap().len(), 5);
    let header = std::fs::read_to_string(place.join("header")).unwrap();
    assert!(header.contains("9.1.0"), "it is still the newer one's");
}

#[test]
fn an_inventory_from_before_cas_were_asked_is_read_on() {
    let dir = tempfile::tempdir().unwrap();
    let place = dir.path().join("inventory");
    filled(&place);
    write_header(&place, 2, 2, "");
    let opened = Inventory::open(&place, SetClock::new()).unwrap();
    assert_eq!(opened.notice, None);
    assert_eq!(contents(&opened.inventory).unwrap().len(), 5);
    let header = std::fs::read_to_string(place.join("header")).unwrap();
    assert!(
        header.contains(r#""form":3,"min_reader":2"#),
        "a sensor of before may still read it: {header}"
    );
}

#[test]
fn an_inventory_of_an_older_form_is_moved_aside_and_said_to_be_old() {
    let dir = tempfile::tempdir().unwrap();
    let place = dir.path().join("inventory");
    filled(&place);
    write_header(&place, 1, 1, "");
    let opened = Inventory::open(&place, SetClock::new()).unwrap();
    let notice = opened.notice.unwrap();
    assert!(
        notice.contains(".old-") && notice.contains("import again") && notice.contains("9.1.0"),
        "{notice}"
    );
    assert!(contents(&opened.inventory).unwrap().is_empty());
}

#[test]
fn an_index_without_its_header_or_with_another_is_damaged() {
    for swapped in [false, true] {
        let dir = tempfile::tempdir().unwrap();
        let (place, other) = (dir.path().join("inventory"), dir.path().join("other"));
        filled(&place);
        filled(&other);
        if swapped {
            std::fs::copy(other.join("header"), place.join("header")).unwrap();
        } else {
            std::fs::remove_file(place.join("header")).unwrap();
        }
        let opened = Inventory::open(&place, SetClock::new()).unwrap();
        let notice = opened.notice.unwrap();
        assert!(
            notice.contains("header") && notice.contains("damaged-"),
            "{notice}"
        );
    }
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
