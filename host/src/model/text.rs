//! Text from outside, made fit for a log, a terminal and a store.
//! Above: `bindings::convert`, `capability::log`, errors. Below: nothing.
//! Invariant: what comes out holds no control, escape or bidirectional character and is no longer than asked.

/// Strips what a terminal or a log could be tricked by and cuts to at most `max` characters, ending with `…` if cut.
#[must_use]
pub fn clean(text: &str, max: usize) -> String {
    let mut out = String::with_capacity(text.len().min(max));
    for (count, c) in text.chars().filter(|c| is_plain(*c)).enumerate() {
        if count == max {
            out.pop();
            out.push('…');
            break;
        }
        out.push(c);
    }
    out
}

fn is_plain(c: char) -> bool {
    !c.is_control()
        && !matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}')
}

#[cfg(test)]
mod tests {
    use super::clean;

    #[test]
    fn control_and_bidi_characters_go() {
        assert_eq!(clean("a\u{1b}[31mb\nc\u{202e}d\u{7}", 99), "a[31mbcd");
    }

    #[test]
    fn long_text_is_cut_with_a_mark() {
        assert_eq!(clean("abcdef", 4), "abc…");
        assert_eq!(clean("abcd", 4), "abcd");
    }
}
