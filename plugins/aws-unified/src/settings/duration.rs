//! A length of time as people write it: `90m`, `7d`.
//! Above: `settings`. Below: nothing.
//! Invariant: milliseconds inside, whole units outside.

/// Milliseconds of `30s`, `90m`, `12h`, `7d`, `2w`.
pub(crate) fn parse(text: &str) -> Option<i64> {
    let split = text
        .len()
        .checked_sub(1)
        .filter(|at| text.is_char_boundary(*at))?;
    let (count, unit) = text.split_at(split);
    let seconds = match unit {
        "s" => 1,
        "m" => 60,
        "h" => 3_600,
        "d" => 86_400,
        "w" => 604_800,
        _ => return None,
    };
    let legal = !count.is_empty() && count.bytes().all(|byte| byte.is_ascii_digit());
    let count: i64 = legal.then(|| count.parse().ok()).flatten()?;
    count.checked_mul(seconds)?.checked_mul(1000)
}

#[cfg(test)]
mod tests {
    use super::parse;

    #[test]
    fn reads() {
        for (text, ms) in [
            ("0s", 0),
            ("90m", 5_400_000),
            ("7d", 604_800_000),
            ("2w", 1_209_600_000),
        ] {
            assert_eq!(parse(text), Some(ms), "{text}");
        }
    }

    #[test]
    fn rejects() {
        for text in [
            "",
            "d",
            "7",
            "-7d",
            "+7d",
            "7 d",
            "1.5h",
            "7d7d",
            "99999999999999999w",
            "7é",
        ] {
            assert_eq!(parse(text), None, "{text}");
        }
    }
}
