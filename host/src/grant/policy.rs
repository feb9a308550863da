//! IAM policies out of grants: what narrows a role to a plugin's grants, and what is missing when AWS says no.
//! Above: `capability::aws` (assume-role), `check` findings. Below: `rule`.
//! Invariant: a session policy never allows more than the grants, and never exceeds AWS's limit.

use super::{Grants, Rule};
use serde_json::{Value, json};

/// The longest session policy that AWS takes, in characters.
pub const SESSION_POLICY_MAX: usize = 2048;

/// A session policy that cannot be made.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PolicyError {
    #[error(
        "the grants make a session policy of {0} characters and AWS takes {SESSION_POLICY_MAX}: write fewer, wider `grants`"
    )]
    TooLong(usize),
}

/// What narrows an assumed role to these grants, as JSON. `GetCallerIdentity` needs no permission and is left out.
///
/// # Errors
/// When it would be longer than AWS takes.
pub fn session_policy(grants: &Grants) -> Result<String, PolicyError> {
    let actions: Vec<String> = grants.effective().iter().map(Rule::to_string).collect();
    // A policy must have a statement, and a statement an action: without grants, this one allows nothing.
    let statement = if actions.is_empty() {
        json!({"Effect": "Deny", "Action": "*", "Resource": "*"})
    } else {
        json!({"Effect": "Allow", "Action": actions, "Resource": "*"})
    };
    let text = json!({"Version": "2012-10-17", "Statement": [statement]}).to_string();
    let length = text.chars().count();
    if length > SESSION_POLICY_MAX {
        Err(PolicyError::TooLong(length))
    } else {
        Ok(text)
    }
}

/// The resource part of a statement for an operation: `*` but for what can be narrowed.
#[must_use]
pub fn resource_arn(operation: &str, partition: &str, role: Option<&str>) -> String {
    match (operation, role) {
        ("sts:AssumeRole", Some(role)) => format!("arn:{partition}:iam::*:role/{role}"),
        _ => "*".to_owned(),
    }
}

/// The IAM statement that would allow one operation, as JSON for a person to paste.
#[must_use]
pub fn statement(operation: &str, partition: &str, role: Option<&str>) -> String {
    let resource = resource_arn(operation, partition, role);
    let value: Value = json!({"Effect": "Allow", "Action": operation, "Resource": resource});
    value.to_string()
}

#[cfg(test)]
mod tests {
    use super::{PolicyError, SESSION_POLICY_MAX, session_policy, statement};
    use crate::grant::Grants;
    use serde_json::Value;

    fn grants(rules: &[String]) -> Grants {
        Grants::parse(rules, None).unwrap()
    }

    #[test]
    fn fact_40_a_session_policy_narrows_to_the_grants() {
        let rules = ["acm:ListCertificates", "acm:Get*", "account:ListRegions"].map(str::to_owned);
        let policy: Value =
            serde_json::from_str(&session_policy(&grants(&rules)).unwrap()).unwrap();
        assert_eq!(policy["Version"], "2012-10-17");
        let statement = &policy["Statement"][0];
        assert_eq!(statement["Effect"], "Allow");
        assert_eq!(statement["Resource"], "*");
        assert_eq!(
            statement["Action"],
            serde_json::json!(["account:ListRegions", "acm:Get*", "acm:ListCertificates"])
        );
    }

    #[test]
    fn fact_40_no_grants_allow_nothing() {
        let policy: Value = serde_json::from_str(&session_policy(&grants(&[])).unwrap()).unwrap();
        assert_eq!(policy["Statement"][0]["Effect"], "Deny");
    }

    #[test]
    fn fact_40_a_session_policy_is_at_most_2048_characters() {
        let rules: Vec<String> = (0..90).map(|n| format!("acm:Operation{n:03}")).collect();
        assert!(session_policy(&grants(&rules)).unwrap().len() <= SESSION_POLICY_MAX);
        let rules: Vec<String> = (0..200).map(|n| format!("acm:Operation{n:03}")).collect();
        assert!(matches!(
            session_policy(&grants(&rules)),
            Err(PolicyError::TooLong(_))
        ));
    }

    #[test]
    fn fact_45_statements_use_the_callers_partition() {
        let cases = [
            ("acm:ListCertificates", "aws", None, "*"),
            (
                "sts:AssumeRole",
                "aws",
                Some("Reader"),
                "arn:aws:iam::*:role/Reader",
            ),
            (
                "sts:AssumeRole",
                "aws-us-gov",
                Some("a/Reader"),
                "arn:aws-us-gov:iam::*:role/a/Reader",
            ),
            ("sts:AssumeRole", "aws-cn", None, "*"),
        ];
        for (operation, partition, role, resource) in cases {
            let value: Value =
                serde_json::from_str(&statement(operation, partition, role)).unwrap();
            assert_eq!(value["Action"], operation);
            assert_eq!(value["Resource"], resource);
        }
    }
}
