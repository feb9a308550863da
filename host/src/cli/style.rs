//! How text looks: colour or not, how wide, and the small words for times and numbers.
//! Above: `render`. Below: `model`.
//! Invariant: nothing here asks the terminal; what it is like is told by `output`.

use crate::model::text::clean;
use crate::model::time::{Millis, rfc3339};

/// What the reader's end can show.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Style {
    pub color: bool,
    /// Columns of the terminal; none: lines may be as long as they like.
    pub width: Option<u16>,
}

impl Style {
    /// For a file, a pipe, a test.
    pub const PLAIN: Self = Self {
        color: false,
        width: None,
    };

    /// The text in a tone, if there is colour.
    #[must_use]
    pub fn paint(self, tone: Tone, text: &str) -> String {
        if self.color && tone != Tone::Plain {
            format!("\u{1b}[{}m{text}\u{1b}[0m", tone.code())
        } else {
            text.to_owned()
        }
    }
}

/// What a text means to its reader.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Tone {
    #[default]
    Plain,
    Good,
    Warning,
    Bad,
    Dim,
    Strong,
}

impl Tone {
    fn code(self) -> &'static str {
        match self {
            Self::Plain => "0",
            Self::Good => "32",
            Self::Warning => "33",
            Self::Bad => "31",
            Self::Dim => "2",
            Self::Strong => "1",
        }
    }
}

/// Text from outside for one line of a terminal.
#[must_use]
pub fn safe(text: &str) -> String {
    clean(text, 400)
}

/// A day: "2026-11-24".
#[must_use]
pub fn day(at: Millis) -> String {
    let text = rfc3339(at);
    text.split_once('T')
        .map_or(text.clone(), |(day, _)| day.to_owned())
}

/// A minute: "2026-11-24 07:10Z".
#[must_use]
pub fn minute(at: Millis) -> String {
    let text = rfc3339(at);
    match text.split_once('T') {
        Some((day, time)) if time.len() >= 5 => format!("{day} {}Z", &time[..5]),
        _ => text,
    }
}

/// A moment as seen from now: "in 12d", "3h ago", "now".
#[must_use]
pub fn relative(at: Millis, now: Millis) -> String {
    let distance = at.saturating_sub(now);
    let size = coarse(distance.saturating_abs());
    match distance {
        _ if distance.saturating_abs() < 1_000 => "now".to_owned(),
        0.. => format!("in {size}"),
        _ => format!("{size} ago"),
    }
}

/// How long, in its largest unit: "12d", "3h", "7s".
pub(super) fn coarse(millis: Millis) -> String {
    const UNITS: [(Millis, &str); 3] = [(86_400_000, "d"), (3_600_000, "h"), (60_000, "m")];
    UNITS.iter().find(|(size, _)| millis >= *size).map_or_else(
        || format!("{}s", millis / 1_000),
        |(size, unit)| format!("{}{unit}", millis / size),
    )
}

/// How long something took: "340ms", "12.4s", "3m 12s".
#[must_use]
pub fn took(millis: Millis) -> String {
    let millis = millis.max(0);
    match millis {
        0..1_000 => format!("{millis}ms"),
        1_000..60_000 => format!("{}.{}s", millis / 1_000, millis % 1_000 / 100),
        60_000..3_600_000 => format!("{}m {}s", millis / 60_000, millis % 60_000 / 1_000),
        _ => format!("{}h {}m", millis / 3_600_000, millis % 3_600_000 / 60_000),
    }
}

/// A number with thousands marked: "12,345".
#[must_use]
pub fn number(value: u64) -> String {
    let digits = value.to_string();
    let mut out = String::with_capacity(digits.len() * 4 / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// A number with its noun: "1 account", "2 accounts".
#[must_use]
pub fn count(value: u64, one: &str, many: &str) -> String {
    format!("{} {}", number(value), if value == 1 { one } else { many })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_and_numbers_are_short() {
        assert_eq!(relative(86_400_000 * 12, 0), "in 12d");
        assert_eq!(relative(0, 3 * 3_600_000 + 5), "3h ago");
        assert_eq!(relative(5, 0), "now");
        assert_eq!(took(12_449), "12.4s");
        assert_eq!(took(192_000), "3m 12s");
        assert_eq!(number(1_234_567), "1,234,567");
        assert_eq!(number(123), "123");
        assert_eq!(minute(1_795_504_200_000), "2026-11-24 07:10Z");
    }
}
