//! IAM policies out of grants: what narrows a role to a plugin's grants, and what is missing when AWS says no.
//! Above: `capability::aws` (assume-role), `check` findings. Below: `rule`.
//! Invariant: a session policy never allows more than the grants, and never exceeds AWS's limit.

use super::{Grants, Rule};
use serde_json::{Value, json};

/// The longest session policy that AWS takes, in characters.
pub const SESSION_POLICY_MAX: usize = 2048;

/// What an import never needs: it changes something, or brings back a key. A session for reading cannot do it, whatever
/// the plugin was granted.
pub const DELIVERY_ONLY: &[&str] = &[
    "acm:AddTagsToCertificate",
    "acm:DeleteCertificate",
    "acm:ImportCertificate",
    "secretsmanager:CreateSecret",
    "secretsmanager:DeleteSecret",
    "secretsmanager:GetSecretValue",
];

/// Of these, what a check tries on a certificate that does not exist: AWS tells whether it would be allowed, and nothing
/// is done.
pub const TRIED: &[&str] = &["acm:AddTagsToCertificate", "acm:DeleteCertificate"];

/// The id of the certificate that does not exist.
pub const NOWHERE: &str = "00000000-0000-4000-8000-000000000000";

/// How far a use of a connector reaches, whatever its plugin was granted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reach {
    /// An import: [`DELIVERY_ONLY`] is closed to it.
    Reads,
    /// A check: of [`DELIVERY_ONLY`] it has what is [`TRIED`], on [`NOWHERE`] alone.
    Tries,
    /// A delivery.
    Writes,
}

impl Reach {
    /// Whether an operation lies beyond it.
    #[must_use]
    pub fn excludes(self, operation: &str) -> bool {
        match self {
            Self::Reads => DELIVERY_ONLY.contains(&operation),
            Self::Tries => DELIVERY_ONLY.contains(&operation) && !TRIED.contains(&operation),
            Self::Writes => false,
        }
    }
}

/// A session policy that cannot be made.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PolicyError {
    #[error(
        "the grants make a session policy of {0} characters and AWS takes {SESSION_POLICY_MAX}: write fewer, wider `grants`"
    )]
    TooLong(usize),
}

/// What narrows an assumed role to these grants, as JSON. What AWS asks for besides an operation's own permission goes
/// with it (fact 49): tags on a new secret, and the key that encrypts it, which is used by Secrets Manager alone. What lies
/// beyond the reach is denied.
///
/// # Errors
/// When it would be longer than AWS takes.
pub fn session_policy(
    grants: &Grants,
    reach: Reach,
    partition: &str,
) -> Result<String, PolicyError> {
    let mut effective = grants.effective();
    let tried: Vec<&str> = TRIED
        .iter()
        .copied()
        .filter(|operation| effective.iter().any(|rule| rule.allows(operation)))
        .collect();
    if reach != Reach::Writes {
        effective.retain(|rule| !DELIVERY_ONLY.contains(&rule.to_string().as_str()));
    }
    let granted = |operation: &str| effective.iter().any(|rule| rule.allows(operation));
    let mut actions: Vec<String> = effective.iter().map(Rule::to_string).collect();
    if granted("secretsmanager:CreateSecret") && !granted("secretsmanager:TagResource") {
        actions.push("secretsmanager:TagResource".to_owned());
    }
    let mut statements = Vec::new();
    if !actions.is_empty() {
        statements.push(json!({"Effect": "Allow", "Action": actions, "Resource": "*"}));
    }
    let nowhere = format!("arn:{partition}:acm:*:*:certificate/{NOWHERE}");
    if reach == Reach::Tries && !tried.is_empty() {
        statements.push(json!({"Effect": "Allow", "Action": tried, "Resource": nowhere}));
    }
    if statements.is_empty() {
        // A policy must have a statement, and a statement an action: without grants, this one allows nothing.
        statements.push(json!({"Effect": "Deny", "Action": "*", "Resource": "*"}));
    }
    // Where a wide rule still allows one of them.
    if reach != Reach::Writes && DELIVERY_ONLY.iter().any(|operation| granted(operation)) {
        statements.extend(fence(reach, &nowhere));
    } else if granted("secretsmanager:CreateSecret") || granted("secretsmanager:GetSecretValue") {
        statements.push(json!({
            "Effect": "Allow", "Action": ["kms:Decrypt", "kms:GenerateDataKey"], "Resource": "*",
            "Condition": {"StringLike": {"kms:ViaService": "secretsmanager.*"}},
        }));
    }
    let text = json!({"Version": "2012-10-17", "Statement": statements}).to_string();
    let length = text.chars().count();
    if length > SESSION_POLICY_MAX {
        Err(PolicyError::TooLong(length))
    } else {
        Ok(text)
    }
}

/// Denies what lies beyond the reach.
fn fence(reach: Reach, nowhere: &str) -> Vec<Value> {
    let beyond = DELIVERY_ONLY.iter().filter(|name| reach.excludes(name));
    let beyond: Vec<&&str> = beyond.collect();
    let mut fence = vec![json!({"Effect": "Deny", "Action": beyond, "Resource": "*"})];
    if reach == Reach::Tries {
        fence.push(json!({"Effect": "Deny", "Action": TRIED, "NotResource": nowhere}));
    }
    fence
}

/// The IAM statement that would allow one operation on a resource (an ARN; none means any), as JSON for a person to
/// paste.
#[must_use]
pub fn statement(operation: &str, resource: Option<&str>) -> String {
    let value: Value =
        json!({"Effect": "Allow", "Action": operation, "Resource": resource.unwrap_or("*")});
    value.to_string()
}

#[cfg(test)]
mod tests {
    use super::{NOWHERE, PolicyError, Reach, SESSION_POLICY_MAX, statement};
    use crate::grant::Grants;
    use serde_json::Value;

    fn session_policy(grants: &Grants, reach: Reach) -> Result<String, PolicyError> {
        super::session_policy(grants, reach, "aws")
    }

    fn grants(rules: &[String]) -> Grants {
        Grants::parse(rules, None).unwrap()
    }

    #[test]
    fn fact_40_a_session_policy_narrows_to_the_grants() {
        let rules = ["acm:ListCertificates", "acm:Get*", "account:ListRegions"].map(str::to_owned);
        let policy: Value =
            serde_json::from_str(&session_policy(&grants(&rules), Reach::Writes).unwrap()).unwrap();
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
    fn fact_49_what_a_secret_needs_besides_goes_with_it() {
        let policy = |rules: &[&str]| -> Value {
            let rules: Vec<String> = rules.iter().map(|rule| (*rule).to_owned()).collect();
            serde_json::from_str(&session_policy(&grants(&rules), Reach::Writes).unwrap()).unwrap()
        };
        let made = policy(&["secretsmanager:CreateSecret"]);
        let actions = &made["Statement"][0]["Action"];
        assert!(
            actions
                .as_array()
                .unwrap()
                .contains(&"secretsmanager:TagResource".into())
        );
        let key = &made["Statement"][1];
        assert_eq!(key["Action"][0], "kms:Decrypt");
        assert!(key["Condition"].is_object(), "only for Secrets Manager");
        let read = policy(&["secretsmanager:ListSecrets", "acm:ImportCertificate"]);
        assert_eq!(read["Statement"].as_array().unwrap().len(), 1);
        assert_eq!(read["Statement"][0]["Action"].as_array().unwrap().len(), 2);
    }

    #[test]
    fn a_session_that_reads_cannot_change_anything() {
        let policy = |rules: &[&str]| -> Value {
            let rules: Vec<String> = rules.iter().map(|rule| (*rule).to_owned()).collect();
            serde_json::from_str(&session_policy(&grants(&rules), Reach::Reads).unwrap()).unwrap()
        };
        let exact = policy(&["acm:ImportCertificate", "acm:GetCertificate"]);
        assert_eq!(exact["Statement"].as_array().unwrap().len(), 1);
        assert_eq!(
            exact["Statement"][0]["Action"],
            serde_json::json!(["acm:GetCertificate"])
        );
        let wide = policy(&["acm:*", "secretsmanager:*"]);
        assert_eq!(wide["Statement"][1]["Effect"], "Deny");
        assert_eq!(
            wide["Statement"][1]["Action"],
            serde_json::json!(super::DELIVERY_ONLY)
        );
        let only = policy(&["acm:DeleteCertificate"]);
        assert_eq!(only["Statement"][0]["Effect"], "Deny");
    }

    #[test]
    fn a_session_that_tries_can_change_nothing_that_exists() {
        let policy = |rules: &[&str]| -> Value {
            let rules: Vec<String> = rules.iter().map(|rule| (*rule).to_owned()).collect();
            serde_json::from_str(&session_policy(&grants(&rules), Reach::Tries).unwrap()).unwrap()
        };
        let nowhere = format!("arn:aws:acm:*:*:certificate/{NOWHERE}");
        let exact = policy(&[
            "acm:GetCertificate",
            "acm:DeleteCertificate",
            "acm:ImportCertificate",
            "secretsmanager:DeleteSecret",
        ]);
        let statements = exact["Statement"].as_array().unwrap();
        assert_eq!(statements.len(), 2, "{exact}");
        assert_eq!(
            statements[0]["Action"],
            serde_json::json!(["acm:GetCertificate"])
        );
        assert_eq!(
            statements[1],
            serde_json::json!({"Effect": "Allow", "Action": ["acm:DeleteCertificate"], "Resource": nowhere})
        );
        let wide = policy(&["acm:*", "secretsmanager:*"]);
        let fence = &wide["Statement"];
        assert_eq!(fence[2]["Effect"], "Deny");
        assert_eq!(fence[2]["Action"].as_array().unwrap().len(), 4);
        assert_eq!(
            fence[3],
            serde_json::json!({"Effect": "Deny", "Action": super::TRIED, "NotResource": nowhere})
        );
        let only = policy(&["acm:DeleteCertificate"]);
        assert_eq!(only["Statement"].as_array().unwrap().len(), 1, "{only}");
        assert_eq!(only["Statement"][0]["Resource"], nowhere);
    }

    #[test]
    fn fact_40_no_grants_allow_nothing() {
        let policy: Value =
            serde_json::from_str(&session_policy(&grants(&[]), Reach::Writes).unwrap()).unwrap();
        assert_eq!(policy["Statement"][0]["Effect"], "Deny");
    }

    #[test]
    fn fact_40_a_session_policy_is_at_most_2048_characters() {
        let rules: Vec<String> = (0..90).map(|n| format!("acm:Operation{n:03}")).collect();
        assert!(
            session_policy(&grants(&rules), Reach::Writes)
                .unwrap()
                .len()
                <= SESSION_POLICY_MAX
        );
        let rules: Vec<String> = (0..200).map(|n| format!("acm:Operation{n:03}")).collect();
        assert!(matches!(
            session_policy(&grants(&rules), Reach::Writes),
            Err(PolicyError::TooLong(_))
        ));
    }

    #[test]
    fn fact_45_statements_use_the_callers_partition() {
        let role = "arn:aws-us-gov:iam::*:role/a/Reader";
        for (operation, resource, expected) in [
            ("acm:ListCertificates", None, "*"),
            (
                "sts:AssumeRole",
                Some(role),
                "arn:aws-us-gov:iam::*:role/a/Reader",
            ),
        ] {
            let value: Value = serde_json::from_str(&statement(operation, resource)).unwrap();
            assert_eq!(value["Effect"], "Allow");
            assert_eq!(value["Action"], operation);
            assert_eq!(value["Resource"], expected);
        }
    }
}
