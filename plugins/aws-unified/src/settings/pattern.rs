//! What an operator writes to name accounts, units or regions: exactly, or by a beginning (`eu-*`).
//! Above: `settings`, `plan`. Below: nothing.
//! Invariant: matching ignores ASCII case, and a `*` means something at the end only.

/// One pattern.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Pattern(String);

impl Pattern {
    /// Nothing for a text that could never match.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let body = text.strip_suffix('*').unwrap_or(text);
        let legal = !text.is_empty() && text.trim() == text && !body.contains('*');
        legal.then(|| Self(text.to_owned()))
    }

    pub(crate) fn text(&self) -> &str {
        &self.0
    }

    pub(crate) fn is_exact(&self) -> bool {
        !self.0.ends_with('*')
    }

    pub(crate) fn matches(&self, name: &str) -> bool {
        match self.0.strip_suffix('*') {
            None => self.0.eq_ignore_ascii_case(name),
            Some(start) => name
                .get(..start.len())
                .is_some_and(|head| head.eq_ignore_ascii_case(start)),
        }
    }
}

/// What is in and what is out. Nothing in `include` means everything.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Selection {
    pub(crate) include: Vec<Pattern>,
    pub(crate) exclude: Vec<Pattern>,
}

impl Selection {
    pub(crate) fn is_empty(&self) -> bool {
        self.include.is_empty() && self.exclude.is_empty()
    }

    /// By name alone.
    pub(crate) fn selects(&self, name: &str) -> bool {
        let among = |list: &[Pattern]| list.iter().any(|pattern| pattern.matches(name));
        (self.include.is_empty() || among(&self.include)) && !among(&self.exclude)
    }

    /// Whether the operator asked for exactly this one.
    pub(crate) fn names(&self, name: &str) -> bool {
        self.include
            .iter()
            .any(|pattern| pattern.is_exact() && pattern.matches(name))
            && self.selects(name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn selection(include: &[&str], exclude: &[&str]) -> Selection {
        let all = |list: &[&str]| {
            list.iter()
                .map(|text| Pattern::parse(text).expect("legal"))
                .collect()
        };
        Selection {
            include: all(include),
            exclude: all(exclude),
        }
    }

    #[test]
    fn selects() {
        let europe = selection(&["eu-*"], &["eu-west-3"]);
        assert!(europe.selects("eu-central-1"));
        assert!(!europe.selects("eu-west-3"));
        assert!(!europe.selects("us-east-1"));
        assert!(!europe.names("eu-central-1"));
        assert!(selection(&["EU-South-1"], &[]).names("eu-south-1"));
        assert!(selection(&[], &[]).selects("anything"));
    }

    #[test]
    fn rejects() {
        for text in ["", " eu-west-1", "*-west", "eu-*-1"] {
            assert!(Pattern::parse(text).is_none(), "{text}");
        }
    }
}
