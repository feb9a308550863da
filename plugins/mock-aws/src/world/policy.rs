//! As much of IAM's language as session policies need: which actions they allow and deny.
//! Above: `world::gate`, `world::sts`. Below: serde_json.
//! Invariant: resources and conditions are not looked at; an action is allowed only where a statement says so.

use serde_json::Value;

/// A policy, on the level of actions.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Policy {
    allow: Vec<String>,
    deny: Vec<String>,
}

impl Policy {
    /// Reads a policy document.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let document: Value = serde_json::from_str(text).map_err(|error| error.to_string())?;
        let statements = match document.get("Statement") {
            Some(Value::Array(statements)) => statements.as_slice(),
            Some(one @ Value::Object(_)) => std::slice::from_ref(one),
            _ => return Err("Syntax errors in policy: no Statement.".to_owned()),
        };
        let mut policy = Self::default();
        for statement in statements {
            let actions = match statement.get("Action") {
                Some(Value::String(one)) => vec![one.clone()],
                Some(Value::Array(several)) => several
                    .iter()
                    .filter_map(Value::as_str)
                    .map(str::to_owned)
                    .collect(),
                _ => return Err("Syntax errors in policy: a Statement without Action.".to_owned()),
            };
            match statement.get("Effect").and_then(Value::as_str) {
                Some("Allow") => policy.allow.extend(actions),
                Some("Deny") => policy.deny.extend(actions),
                _ => return Err("Syntax errors in policy: Effect is Allow or Deny.".to_owned()),
            }
        }
        Ok(policy)
    }

    /// Whether it lets an action pass.
    pub(super) fn allows(&self, action: &str) -> bool {
        any(&self.allow, action) && !any(&self.deny, action)
    }
}

/// Whether one of the patterns means the action.
pub(super) fn any(patterns: &[String], action: &str) -> bool {
    patterns
        .iter()
        .any(|pattern| matches(pattern.as_bytes(), action.as_bytes()))
}

/// `*` and `?`, whatever the case.
fn matches(pattern: &[u8], text: &[u8]) -> bool {
    match (pattern.split_first(), text.split_first()) {
        (None, None) => true,
        (Some((b'*', rest)), _) => (0..=text.len()).any(|skip| matches(rest, &text[skip..])),
        (Some((b'?', rest)), Some((_, text))) => matches(rest, text),
        (Some((a, rest)), Some((b, text))) => a.eq_ignore_ascii_case(b) && matches(rest, text),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns() {
        let yes = [
            ("*", "acm:ListCertificates"),
            ("acm:*", "acm:GetCertificate"),
            ("ACM:list*", "acm:ListCertificates"),
        ];
        let no = [
            ("acm:Get*", "acm:ListCertificates"),
            ("acm", "acm:ListCertificates"),
            ("", "acm:X"),
        ];
        assert!(yes.iter().all(|(p, a)| any(&[(*p).to_owned()], a)));
        assert!(!no.iter().any(|(p, a)| any(&[(*p).to_owned()], a)));
    }

    #[test]
    fn documents() {
        let policy = Policy::parse(
            r#"{"Statement":{"Effect":"Allow","Action":["acm:List*"],"Resource":"*"}}"#,
        )
        .unwrap();
        assert!(policy.allows("acm:ListCertificates") && !policy.allows("acm:GetCertificate"));
        assert!(Policy::parse("{}").is_err() && Policy::parse("nonsense").is_err());
    }
}
