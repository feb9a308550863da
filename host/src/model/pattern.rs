//! Patterns over short names: `*` stands for any run of characters.
//! Above: `profile`. Below: nothing.
//! Invariant: matches in time proportional to the two lengths' product; capitals count.

use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// "aws-*", "*", "123456789012".
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Pattern(String);

/// No pattern.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "not a pattern: use 1 to 63 of a-z, A-Z, 0-9, `-`, `_` and `.`, with `*` for any run of them"
)]
pub struct PatternError;

impl Pattern {
    /// What matches everything.
    #[must_use]
    pub fn any() -> Self {
        Self("*".to_owned())
    }

    /// As it was written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether it names exactly one thing.
    #[must_use]
    pub fn is_plain(&self) -> bool {
        !self.0.contains('*')
    }

    /// Whether the whole text is meant.
    #[must_use]
    pub fn matches(&self, text: &str) -> bool {
        let (pattern, text) = (self.0.as_bytes(), text.as_bytes());
        let (mut at, mut from) = (0, 0);
        // Where to go on when what follows the last star did not fit.
        let mut star: Option<(usize, usize)> = None;
        while from < text.len() {
            match pattern.get(at) {
                Some(b'*') => {
                    star = Some((at + 1, from));
                    at += 1;
                }
                Some(byte) if *byte == text[from] => (at, from) = (at + 1, from + 1),
                _ => match star {
                    Some((after, taken)) => {
                        star = Some((after, taken + 1));
                        (at, from) = (after, taken + 1);
                    }
                    None => return false,
                },
            }
        }
        pattern[at..].iter().all(|byte| *byte == b'*')
    }
}

impl FromStr for Pattern {
    type Err = PatternError;
    fn from_str(text: &str) -> Result<Self, PatternError> {
        let fits = (1..=63).contains(&text.len())
            && text
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || b"-_.*".contains(&b));
        fits.then(|| Self(text.to_owned())).ok_or(PatternError)
    }
}

impl TryFrom<String> for Pattern {
    type Error = PatternError;
    fn try_from(text: String) -> Result<Self, PatternError> {
        text.parse()
    }
}

impl From<Pattern> for String {
    fn from(pattern: Pattern) -> Self {
        pattern.0
    }
}

impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::Pattern;

    #[test]
    fn a_star_stands_for_any_run() {
        let matches = |pattern: &str, text| pattern.parse::<Pattern>().unwrap().matches(text);
        for (pattern, text) in [
            ("*", ""),
            ("aws-*", "aws-prod"),
            ("aws-*", "aws-"),
            ("*-prod", "aws-eu-prod"),
            ("a*b*c", "a-xb-bc"),
            ("eu-*-1", "eu-central-1"),
            ("111122223333", "111122223333"),
        ] {
            assert!(matches(pattern, text), "{pattern} {text}");
        }
        for (pattern, text) in [
            ("aws-*", "aws"),
            ("*-prod", "aws-prod-2"),
            ("a*b*c", "a-c-b"),
            ("111122223333", "1111222233334"),
            ("AWS", "aws"),
        ] {
            assert!(!matches(pattern, text), "{pattern} {text}");
        }
        // Exponential in a careless matcher.
        let many = "*a".repeat(30);
        assert!(!matches(&many, &"a".repeat(29)));
    }

    #[test]
    fn what_is_no_pattern_is_refused() {
        for text in ["", "a b", "a/b", "ä", &"x".repeat(64)] {
            assert!(text.parse::<Pattern>().is_err(), "{text}");
        }
    }
}
