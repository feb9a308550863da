//! What lies in guests' memories, copied to files: for tests that look for what may never be there.
//! Above: `state`, after each call of a guest. Below: Linux's `/proc`.
//! Invariant: compiled with the feature `failpoints` only, which nothing but the tests asks for.

use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};

/// Behind each linear memory the engine keeps the rest of 4 GiB unmapped. Nothing else in a process looks like that.
const REST: u64 = 1 << 30;

/// Of what a guest never wrote to nothing is kept, by pages.
const PAGE: usize = 4096;

/// Copies the linear memories of all guests that live now into the folder that `guest.called=return(FOLDER)` names.
pub(super) fn memories() {
    fail::fail_point!("guest.called", |folder| {
        if let Some(folder) = folder {
            // Whoever asked for copies looks whether there are any.
            let _missing = copy(Path::new(&folder));
        }
    });
}

fn copy(folder: &Path) -> std::io::Result<()> {
    static COPIES: AtomicU64 = AtomicU64::new(0);
    let maps = std::fs::read_to_string("/proc/self/maps")?;
    let memory = File::open("/proc/self/mem")?;
    for (start, end) in guests(&maps) {
        let mut bytes = vec![0; usize::try_from(end - start).unwrap_or(0)];
        memory.read_exact_at(&mut bytes, start)?;
        let number = COPIES.fetch_add(1, Ordering::Relaxed);
        let name = format!("{}-{number}.memory", std::process::id());
        let written = bytes
            .chunks(PAGE)
            .filter(|page| page.iter().any(|byte| *byte != 0));
        std::fs::write(folder.join(name), written.collect::<Vec<_>>().concat())?;
    }
    Ok(())
}

/// Where linear memories lie: what is written to right before such a rest.
fn guests(maps: &str) -> Vec<(u64, u64)> {
    let mut found = Vec::new();
    let mut open: Option<(u64, u64)> = None;
    for (start, end, access) in maps.lines().filter_map(mapping) {
        let joined = open.filter(|(_, until)| *until == start);
        open = match access {
            "rw-p" => Some((joined.map_or(start, |(from, _)| from), end)),
            "---p" => {
                found.extend(joined.filter(|_| end - start >= REST));
                None
            }
            _ => None,
        };
    }
    found
}

/// `START-END ACCESS …`
fn mapping(line: &str) -> Option<(u64, u64, &str)> {
    let (range, rest) = line.split_once(' ')?;
    let (start, end) = range.split_once('-')?;
    let number = |text| u64::from_str_radix(text, 16).ok();
    Some((number(start)?, number(end)?, rest.get(..4)?))
}
