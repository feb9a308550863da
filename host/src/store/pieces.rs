//! Long values in short pieces, so that none of the engine's pages outgrows what it writes safely.
//! Above: `engine`. Below: sled.
//! Invariant: no value in the tree is longer than `PIECE` and its count.
//!
//! Why: sled writes a page that is longer than a quarter of a segment (131,020 bytes) to a file of its own, which it
//! never syncs. A page holds up to 16 values, for moments a few more, and is written as a whole: so even short values
//! add up. 21 pieces with their keys fit.

use super::error::StoreError;
use sled::{Batch, IVec};
use std::ops::Deref;

/// Bytes of a value that stand under one key.
const PIECE: usize = 6_000;
/// Where the pieces after the first one stand, behind the key of the first.
const MORE: u8 = b'~';
/// A value begins with the number of pieces after the first.
const COUNT: usize = 2;

/// A value as it is read: as it lies in the page, or put together.
pub(super) enum Value {
    One(IVec),
    Many(Vec<u8>),
}

impl Deref for Value {
    type Target = [u8];
    fn deref(&self) -> &[u8] {
        match self {
            Self::One(value) => value.get(COUNT..).unwrap_or_default(),
            Self::Many(value) => value,
        }
    }
}

fn count(first: &[u8]) -> u16 {
    match first {
        [low, high, ..] => u16::from_le_bytes([*low, *high]),
        _ => 0,
    }
}

fn piece_key(key: &[u8], number: u16) -> Vec<u8> {
    let mut piece = Vec::with_capacity(key.len() + 3);
    piece.push(MORE);
    piece.extend_from_slice(key);
    piece.extend_from_slice(&number.to_be_bytes());
    piece
}

/// Adds a value's pieces to a batch; `before` is what stands under its key now.
pub(super) fn write(
    batch: &mut Batch,
    key: &[u8],
    value: Option<&[u8]>,
    before: Option<&[u8]>,
) -> Result<(), StoreError> {
    let old = before.map_or(0, count);
    let mut new = 0;
    if let Some(value) = value {
        let (first, rest) = value.split_at(value.len().min(PIECE));
        let rest: Vec<&[u8]> = rest.chunks(PIECE).collect();
        new = u16::try_from(rest.len())
            .map_err(|_| StoreError::Fault(format!("a value of {} bytes", value.len())))?;
        let mut head = Vec::with_capacity(first.len() + COUNT);
        head.extend_from_slice(&new.to_le_bytes());
        head.extend_from_slice(first);
        batch.insert(key, head);
        for (number, piece) in (0..).zip(rest) {
            batch.insert(piece_key(key, number), piece);
        }
    } else {
        batch.remove(key);
    }
    for number in new..old {
        batch.remove(piece_key(key, number));
    }
    Ok(())
}

/// Puts a value together; none when a piece is missing.
pub(super) fn read(
    key: &[u8],
    first: IVec,
    mut get: impl FnMut(&[u8]) -> Result<Option<IVec>, StoreError>,
) -> Result<Option<Value>, StoreError> {
    let more = count(&first);
    if more == 0 {
        return Ok(Some(Value::One(first)));
    }
    let mut whole = Vec::with_capacity(first.len() + usize::from(more) * PIECE);
    whole.extend_from_slice(first.get(COUNT..).unwrap_or_default());
    for number in 0..more {
        let Some(piece) = get(&piece_key(key, number))? else {
            return Ok(None);
        };
        whole.extend_from_slice(&piece);
    }
    Ok(Some(Value::Many(whole)))
}
