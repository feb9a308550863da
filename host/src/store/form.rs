//! Who may read these files: a small header beside them, read before anything else is touched.
//! Above: `inventory`. Below: nothing.
//! Invariant: its own shape never changes, so that every sensor, however old, can tell an inventory that is too new for
//! it and leave it alone.

use super::error::StoreError;
use serde::{Deserialize, Serialize};
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::Path;

const FILE: &str = "header";
const MAGIC: &str = "snsr-inv";
/// Counts up with every change of what the files hold.
const FORM: u32 = 3;
/// The oldest form that this sensor can still read. An older inventory is moved aside: everything in it can be imported
/// again, so nothing is converted.
const OLDEST: u32 = 2;
/// The oldest sensor, by its form, that can read what this one writes.
const MIN_READER: u32 = 2;

#[derive(Serialize, Deserialize)]
struct Header {
    magic: String,
    form: u32,
    min_reader: u32,
    /// The sensor that wrote it ("0.1.0").
    writer: String,
    /// In hex; the same as in the index.
    uuid: String,
}

/// Reads the header, or makes one for a new inventory. Returns the inventory's id.
pub(super) fn check(dir: &Path) -> Result<[u8; 16], StoreError> {
    let bytes = match fs::read(dir.join(FILE)) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            if dir.join(super::engine::INDEX).exists() {
                return Err(StoreError::Damaged("its header is missing".into()));
            }
            fs::create_dir_all(dir)?;
            let uuid = rand::random();
            write(dir, uuid).map_err(StoreError::Disk)?;
            return Ok(uuid);
        }
        Err(error) => return Err(error.into()),
    };
    let header =
        parse(&bytes).ok_or_else(|| StoreError::Damaged("its header is not readable".into()))?;
    if header.min_reader > FORM {
        return Err(StoreError::Newer {
            found: header.form,
            known: FORM,
            writer: crate::model::text::clean(&header.writer, 40),
        });
    }
    if header.form < OLDEST {
        return Err(StoreError::Older(crate::model::text::clean(
            &header.writer,
            40,
        )));
    }
    let uuid = id(&header).ok_or_else(|| StoreError::Damaged("its header has no id".into()))?;
    if header.form <= FORM && (header.form, header.writer.as_str()) != (FORM, WRITER) {
        write(dir, uuid).map_err(StoreError::Disk)?;
    }
    Ok(uuid)
}

const WRITER: &str = env!("CARGO_PKG_VERSION");

/// Which inventory lies there, whoever has it open; none where there is none, or none that can be told.
pub(super) fn which(dir: &Path) -> Option<[u8; 16]> {
    fs::read(dir.join(FILE))
        .ok()
        .and_then(|bytes| parse(&bytes))
        .and_then(|header| id(&header))
}

fn id(header: &Header) -> Option<[u8; 16]> {
    let mut uuid = [0; 16];
    hex::decode_to_slice(&header.uuid, &mut uuid).ok()?;
    Some(uuid)
}

/// One line of JSON, one line with its checksum.
fn parse(bytes: &[u8]) -> Option<Header> {
    let text = std::str::from_utf8(bytes).ok()?;
    let (line, rest) = text.split_once('\n')?;
    if rest.trim_end() != sum(line) {
        return None;
    }
    serde_json::from_str(line)
        .ok()
        .filter(|header: &Header| header.magic == MAGIC)
}

fn sum(line: &str) -> String {
    format!("{:08x}", crc32fast::hash(line.as_bytes()))
}

/// The old header or the new one, never a part of one.
fn write(dir: &Path, uuid: [u8; 16]) -> io::Result<()> {
    let header = Header {
        magic: MAGIC.into(),
        form: FORM,
        min_reader: MIN_READER,
        writer: WRITER.into(),
        uuid: hex::encode(uuid),
    };
    let line = serde_json::to_string(&header)?;
    let new = dir.join("header.new");
    let mut file = File::create(&new)?;
    write!(file, "{line}\n{}\n", sum(&line))?;
    file.sync_all()?;
    fs::rename(&new, dir.join(FILE))?;
    File::open(dir)?.sync_all()
}
