//! An AWS access key as an operator has it: typed, in a file that AWS made, or in the environment.
//! Above: `secret`. Below: `credential` knows the stored form.
//! Invariant: the ID may be shown, nothing else of a key is, not in an error either.

use super::ask;
use super::failure::usage;
use crate::credential::AccessKey;
use crate::model::secret::Secret;
use serde_json::Value;

/// Names of the two or three parts, as people and AWS's own tools write them.
const ID: [&str; 3] = ["access_key_id", "AccessKeyId", "aws_access_key_id"];
const SECRET: [&str; 3] = [
    "secret_access_key",
    "SecretAccessKey",
    "aws_secret_access_key",
];
const TOKEN: [&str; 3] = ["session_token", "SessionToken", "aws_session_token"];

/// Asks for the parts.
pub(super) fn ask() -> anyhow::Result<Secret> {
    let id = ask::text("access key ID: ")?;
    let secret = ask::secret("secret access key: ")?;
    stored(AccessKey {
        id,
        secret,
        session_token: None,
    })
}

/// From the variables that AWS's own tools read.
#[expect(
    clippy::disallowed_methods,
    reason = "the operator asked for the environment"
)]
pub(super) fn of_environment() -> anyhow::Result<Secret> {
    let variable = |name: &str| {
        std::env::var(name)
            .map_err(|_| usage(format!("the environment variable {name} is not set")))
    };
    stored(AccessKey {
        id: variable("AWS_ACCESS_KEY_ID")?,
        secret: Secret::new(variable("AWS_SECRET_ACCESS_KEY")?),
        session_token: std::env::var("AWS_SESSION_TOKEN").ok().map(Secret::new),
    })
}

/// From a file: the JSON that `aws iam create-access-key` prints, the same parts at its top, or lines of
/// `name = value` as in a credentials file.
pub(super) fn parse(text: &Secret) -> anyhow::Result<Secret> {
    let part =
        |names: &[&str]| of_json(text.expose(), names).or_else(|| of_lines(text.expose(), names));
    let (Some(id), Some(secret)) = (part(&ID), part(&SECRET)) else {
        return Err(usage(
            "no access key in it: give the JSON of `aws iam create-access-key`, or two lines \
             aws_access_key_id = … and aws_secret_access_key = …",
        ));
    };
    stored(AccessKey {
        id,
        secret: Secret::new(secret),
        session_token: part(&TOKEN).map(Secret::new),
    })
}

fn of_json(text: &str, names: &[&str]) -> Option<String> {
    let value: Value = serde_json::from_str(text).ok()?;
    let parts = value
        .get("AccessKey")
        .or_else(|| value.get("Credentials"))
        .unwrap_or(&value);
    let found = names.iter().find_map(|name| parts.get(name))?;
    found.as_str().map(str::to_owned)
}

fn of_lines(text: &str, names: &[&str]) -> Option<String> {
    text.lines()
        .filter_map(|line| line.split_once('='))
        .find(|(name, _)| {
            names
                .iter()
                .any(|known| name.trim().eq_ignore_ascii_case(known))
        })
        .map(|(_, value)| value.trim().to_owned())
}

fn stored(key: AccessKey) -> anyhow::Result<Secret> {
    let key = key.checked().map_err(|error| usage(error.to_string()))?;
    Ok(key.to_stored()?)
}

#[cfg(test)]
mod tests {
    use super::parse;
    use crate::credential::AccessKey;
    use crate::model::secret::Secret;

    // Made of the letters of "example": no key of anybody.
    const ID: &str = "AKIAEXAMPLEEXAMPLE00";
    const HIDDEN: &str = "example/example+example";

    #[test]
    fn every_form_of_a_file_gives_the_same_key() {
        let forms = [
            format!(
                r#"{{"AccessKey":{{"UserName":"sensor","AccessKeyId":"{ID}","SecretAccessKey":"{HIDDEN}"}}}}"#
            ),
            format!(r#"{{"access_key_id":"{ID}","secret_access_key":"{HIDDEN}"}}"#),
            format!("[sensor]\naws_access_key_id = {ID}\naws_secret_access_key={HIDDEN}\n"),
            format!("AWS_ACCESS_KEY_ID={ID}\nAWS_SECRET_ACCESS_KEY={HIDDEN}\n"),
        ];
        for form in forms {
            let stored = parse(&Secret::new(form)).unwrap();
            let key = AccessKey::from_stored(&stored).unwrap();
            assert_eq!((key.id.as_str(), key.secret.expose()), (ID, HIDDEN));
        }
    }

    #[test]
    fn what_is_no_key_is_refused_without_repeating_it() {
        for text in [
            "",
            "hidden-text",
            r#"{"AccessKeyId":"AKIAEXAMPLEEXAMPLE00"}"#,
        ] {
            let told = parse(&Secret::new(text.to_owned()))
                .unwrap_err()
                .to_string();
            assert!(told.contains("no access key"), "{told}");
            assert!(!told.contains("hidden-text"), "{told}");
        }
    }
}
