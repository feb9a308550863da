//! A line that is typed without being shown, key by key.
//! Above: `ask`. Below: `model::secret`.
//! Invariant: lies in one place of memory that never moves, and all of it is wiped.

use crate::model::secret::Secret;
use zeroize::Zeroizing;

/// More than any key or token.
const LONGEST: usize = 64 * 1024;

/// How a line ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum End {
    /// It is meant as it is.
    Line,
    /// It is not meant any more.
    Interrupt,
}

/// What has been typed so far.
pub(super) struct Typed {
    bytes: Zeroizing<Vec<u8>>,
    too_long: bool,
}

impl Typed {
    pub(super) fn new() -> Self {
        Self {
            bytes: Zeroizing::new(Vec::with_capacity(LONGEST)),
            too_long: false,
        }
    }

    /// Takes a key; tells if it was the last.
    pub(super) fn take(&mut self, key: u8) -> Option<End> {
        match key {
            b'\r' | b'\n' => return Some(End::Line),
            // Ctrl-D ends what has begun and leaves what has not.
            0x04 if !self.bytes.is_empty() => return Some(End::Line),
            // Ctrl-C
            0x03 | 0x04 => return Some(End::Interrupt),
            0x08 | 0x7f => self.forget_last(),
            // Ctrl-U
            0x15 => self.bytes.clear(),
            // Other control keys are no part of a secret.
            0..0x20 => {}
            _ if self.bytes.len() == LONGEST => self.too_long = true,
            _ => self.bytes.push(key),
        }
        None
    }

    /// A sign may have several bytes.
    fn forget_last(&mut self) {
        while self.bytes.pop().is_some_and(|byte| byte & 0xc0 == 0x80) {}
    }

    /// None when it is no text, or too long to be a secret.
    pub(super) fn into_secret(mut self) -> Option<Secret> {
        if self.too_long {
            return None;
        }
        Secret::from_utf8(std::mem::take(&mut *self.bytes))
    }
}

#[cfg(test)]
mod tests {
    use super::{End, LONGEST, Typed};

    /// What comes of these keys, and how they ended.
    fn typed(keys: &[u8]) -> (Option<End>, Option<String>) {
        let mut line = Typed::new();
        let end = keys.iter().find_map(|key| line.take(*key));
        let text = line.into_secret();
        (end, text.map(|text| text.expose().to_owned()))
    }

    #[test]
    fn a_line_is_typed_and_mended() {
        for (keys, end, text) in [
            ("abc\r", Some(End::Line), "abc"),
            ("abc\nd", Some(End::Line), "abc"),
            ("ab\u{7f}c\r", Some(End::Line), "ac"),
            ("aé\u{8}b\r", Some(End::Line), "ab"),
            ("\u{7f}\u{7f}a\r", Some(End::Line), "a"),
            ("wrong\u{15}right\r", Some(End::Line), "right"),
            ("a\u{1b}\t\u{1}b\r", Some(End::Line), "ab"),
            ("abc\u{4}", Some(End::Line), "abc"),
            ("\u{4}", Some(End::Interrupt), ""),
            ("abc\u{3}", Some(End::Interrupt), "abc"),
            ("abc", None, "abc"),
        ] {
            assert_eq!(
                typed(keys.as_bytes()),
                (end, Some(text.to_owned())),
                "{keys:?}"
            );
        }
    }

    #[test]
    fn what_is_too_long_or_no_text_is_none() {
        let long = vec![b'x'; LONGEST];
        assert_eq!(typed(&long).1.map(|text| text.len()), Some(LONGEST));
        assert_eq!(typed(&[long, vec![b'x']].concat()).1, None);
        assert_eq!(typed(b"\xff\r").1, None);
    }
}
