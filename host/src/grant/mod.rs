//! What a plugin may do: asked for by its manifest, allowed by the operator, and only where both agree.
//! Above: `capability` asks before every call. Below: nothing.
//! Invariant: pure; a rule is parsed once, and an operation is allowed in one place only, [`Grants::check`].

mod policy;
mod rule;

pub use policy::{
    DELIVERY_ONLY, NOWHERE, PolicyError, Reach, SESSION_POLICY_MAX, TRIED, session_policy,
    statement,
};
pub use rule::{Rule, RuleError};

/// Both sides of what a plugin may do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Grants {
    requested: Vec<Rule>,
    granted: Option<Vec<Rule>>,
}

/// Which side refused an operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// The plugin's manifest does not ask for it.
    Manifest,
    /// The operator's configuration does not allow it.
    Configuration,
}

/// An operation that is not granted.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{operation}` is not granted: {}", self.advice())]
pub struct Denied {
    /// `service:Operation`.
    pub operation: String,
    /// Who would have to allow it.
    pub side: Side,
}

impl Denied {
    /// What to change, and where.
    #[must_use]
    pub fn advice(&self) -> String {
        match self.side {
            Side::Manifest => {
                let (service, operation) = self
                    .operation
                    .split_once(':')
                    .unwrap_or(("", &self.operation));
                format!(
                    "add \"{operation}\" under [capabilities.{service}] of the plugin's plugin.toml"
                )
            }
            Side::Configuration => {
                format!(
                    "add \"{}\" to `[grants] operations = […]` of the connector's file, or remove `[grants]`",
                    self.operation
                )
            }
        }
    }
}

impl Grants {
    /// What the manifest asks for and what the operator wrote; `None` allows all that the manifest asks for.
    #[must_use]
    pub fn new(requested: Vec<Rule>, granted: Option<Vec<Rule>>) -> Self {
        Self { requested, granted }
    }

    /// Parses both sides; every rule that is none is reported.
    ///
    /// # Errors
    /// All rules that do not parse.
    pub fn parse(requested: &[String], granted: Option<&[String]>) -> Result<Self, Vec<RuleError>> {
        let mut errors = Vec::new();
        let mut side = |rules: &[String]| -> Vec<Rule> {
            let parsed = rules.iter().map(|rule| rule.parse::<Rule>());
            parsed
                .filter_map(|rule| rule.map_err(|error| errors.push(error)).ok())
                .collect()
        };
        let requested = side(requested);
        let granted = granted.map(side);
        if errors.is_empty() {
            Ok(Self { requested, granted })
        } else {
            Err(errors)
        }
    }

    /// Asks for one operation, written `service:Operation`.
    ///
    /// # Errors
    /// The side that refuses it.
    pub fn check(&self, operation: &str) -> Result<(), Denied> {
        let asked = |rules: &[Rule]| rules.iter().any(|rule| rule.allows(operation));
        let denied = |side| Denied {
            operation: operation.to_owned(),
            side,
        };
        if !asked(&self.requested) {
            return Err(denied(Side::Manifest));
        }
        match &self.granted {
            Some(granted) if !asked(granted) => Err(denied(Side::Configuration)),
            _ => Ok(()),
        }
    }

    /// The effective rules: the narrower of each pair that overlaps, sorted, none within another.
    #[must_use]
    pub fn effective(&self) -> Vec<Rule> {
        let Some(granted) = &self.granted else {
            return rule::simplify(self.requested.clone());
        };
        let pairs = self
            .requested
            .iter()
            .flat_map(|a| granted.iter().filter_map(move |b| a.meet(b)));
        rule::simplify(pairs.collect())
    }

    /// Operator rules that allow nothing the manifest asks for: probably a slip of the pen.
    #[must_use]
    pub fn idle(&self) -> Vec<&Rule> {
        let granted = self.granted.iter().flatten();
        granted
            .filter(|rule| {
                self.requested
                    .iter()
                    .all(|asked| asked.meet(rule).is_none())
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::{Grants, Side};

    fn grants(requested: &[&str], granted: Option<&[&str]>) -> Grants {
        let owned = |rules: &[&str]| {
            rules
                .iter()
                .map(|rule| (*rule).to_owned())
                .collect::<Vec<_>>()
        };
        Grants::parse(&owned(requested), granted.map(owned).as_deref()).unwrap()
    }

    #[test]
    #[expect(clippy::too_many_lines, reason = "a table of cases")]
    fn an_operation_needs_both_sides() {
        type Case = (
            &'static [&'static str],
            Option<&'static [&'static str]>,
            &'static str,
            Option<Side>,
        );
        let cases: &[Case] = &[
            (
                &["acm:ListCertificates"],
                None,
                "acm:ListCertificates",
                None,
            ),
            (&["acm:List*"], None, "acm:ListCertificates", None),
            (
                &["acm:*"],
                Some(&["acm:ListCertificates"]),
                "acm:ListCertificates",
                None,
            ),
            (
                &["acm:*"],
                Some(&["acm:ListCertificates"]),
                "acm:GetCertificate",
                Some(Side::Configuration),
            ),
            (
                &["acm:ListCertificates"],
                Some(&["acm:*"]),
                "acm:GetCertificate",
                Some(Side::Manifest),
            ),
            (
                &["acm:List*"],
                None,
                "acm:GetCertificate",
                Some(Side::Manifest),
            ),
            (
                &["acm:List*"],
                None,
                "acmpca:ListCertificates",
                Some(Side::Manifest),
            ),
            (
                &["acm:*"],
                Some(&[]),
                "acm:ListCertificates",
                Some(Side::Configuration),
            ),
            (&[], None, "acm:ListCertificates", Some(Side::Manifest)),
            (
                &[],
                Some(&["acm:*"]),
                "acm:ListCertificates",
                Some(Side::Manifest),
            ),
            (
                &["acm:ListCertificates"],
                None,
                "acm:listcertificates",
                Some(Side::Manifest),
            ),
        ];
        for (requested, granted, operation, refused) in cases {
            let answer = grants(requested, *granted).check(operation);
            assert_eq!(
                answer.err().map(|denied| denied.side),
                *refused,
                "{requested:?} {granted:?} {operation}"
            );
        }
    }

    #[test]
    fn a_denial_names_the_operation_and_the_line_to_change() {
        let text = grants(&["acm:*"], Some(&[]))
            .check("acm:GetCertificate")
            .unwrap_err()
            .to_string();
        assert!(
            text.contains("`acm:GetCertificate`") && text.contains("`[grants] operations = […]`"),
            "{text}"
        );
        let text = grants(&[], None)
            .check("acm:GetCertificate")
            .unwrap_err()
            .to_string();
        assert!(text.contains("plugin.toml"), "{text}");
    }

    #[test]
    fn effective_rules_are_the_intersection() {
        let effective = |requested, granted| {
            grants(requested, granted)
                .effective()
                .iter()
                .map(ToString::to_string)
                .collect::<Vec<_>>()
        };
        assert_eq!(effective(&["acm:*", "acm:Get*"], None), ["acm:*"]);
        assert_eq!(
            effective(&["acm:*"], Some(&["acm:Get*", "sts:*"])),
            ["acm:Get*"]
        );
        assert_eq!(
            effective(&["acm:GetCertificate"], Some(&["acm:Get*"])),
            ["acm:GetCertificate"]
        );
        assert!(effective(&["acm:List*"], Some(&["acm:Get*"])).is_empty());
    }

    #[test]
    fn rules_that_allow_nothing_are_told() {
        let grants = grants(&["acm:List*"], Some(&["acm:Lst*", "acm:ListCertificates"]));
        assert_eq!(
            grants
                .idle()
                .iter()
                .map(ToString::to_string)
                .collect::<Vec<_>>(),
            ["acm:Lst*"]
        );
    }

    #[test]
    fn all_bad_rules_are_reported_at_once() {
        let bad = ["acm".to_owned(), "*:*".to_owned(), "acm:List*".to_owned()];
        assert_eq!(
            Grants::parse(&bad, Some(&["x:".to_owned()]))
                .unwrap_err()
                .len(),
            3
        );
    }
}
