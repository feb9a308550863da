//! "Did you mean …": the known name that was probably meant.
//! Above: whoever tells that a name is not known. Below: strsim.
//! Invariant: a name that is far from all is answered with none, rather than with a guess.

/// The known name that was probably meant, capitals aside; none if nothing is near.
#[must_use]
pub fn nearest<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let typed = name.to_lowercase();
    // What begins with all that was typed (three letters or more) was cut short.
    let distance = |candidate: &str| {
        let candidate = candidate.to_lowercase();
        if typed.len() > 2 && candidate.starts_with(&typed) {
            1
        } else {
            strsim::damerau_levenshtein(&typed, &candidate)
        }
    };
    known
        .into_iter()
        .map(|candidate| (distance(candidate), candidate))
        .filter(|(distance, candidate)| *distance <= 1 + candidate.len().max(name.len()) / 4)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

#[cfg(test)]
mod tests {
    use super::nearest;

    #[test]
    fn the_nearest_name_is_a_slip_or_a_beginning_away() {
        let known = ["payments-production", "payments-staging", "every"];
        let near = |name| nearest(name, known);
        assert_eq!(near("payments-prod"), Some("payments-production"));
        assert_eq!(near("evry"), Some("every"));
        assert_eq!(near("EVERY"), Some("every"));
        assert_eq!(near("ev"), None);
        assert_eq!(near("billing"), None);
        assert_eq!(nearest("x", []), None);
    }
}
