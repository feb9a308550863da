//! What a guest may name: regions, roles, session names. They become host names and policies, so they are checked.
//! Above: `AwsCapability`. Below: nothing.
//! Invariant: a region that passes is one label of a host name.

use crate::bindings::connector::sensor::aws::types::AssumeRoleRequest;
use crate::bindings::connector::sensor::core::types::{Error, ErrorClass};
use crate::grant::SESSION_POLICY_MAX;
use crate::model::text::clean;

/// Whether a text has the form of a region's name ("eu-central-1").
pub(super) fn is_region(text: &str) -> bool {
    let parts: Vec<&str> = text.split('-').collect();
    let plain = |part: &&str| {
        !part.is_empty()
            && part
                .bytes()
                .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit())
    };
    text.len() <= 32
        && parts.len() >= 3
        && parts.iter().all(plain)
        && parts
            .first()
            .is_some_and(|first| first.bytes().all(|b| b.is_ascii_lowercase()))
        && parts
            .last()
            .is_some_and(|last| last.bytes().all(|b| b.is_ascii_digit()))
}

/// The parts of a role's ARN that matter here.
pub(super) struct RoleName<'a> {
    pub(super) partition: &'a str,
    pub(super) account: &'a str,
}

/// `arn:<partition>:iam::<12 digits>:role/<path and name>`.
pub(super) fn role(arn: &str) -> Option<RoleName<'_>> {
    let mut parts = arn.splitn(6, ':');
    let (head, partition, service, region) =
        (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
    let (account, resource) = (parts.next()?, parts.next()?);
    let digits = account.len() == 12 && account.bytes().all(|b| b.is_ascii_digit());
    let named = resource.strip_prefix("role/").is_some_and(|name| {
        !name.is_empty()
            && name.len() <= 576
            && name.bytes().all(|b| is_word(b) || b"+=,.@-/".contains(&b))
    });
    let well = head == "arn" && service == "iam" && region.is_empty() && digits && named;
    well.then_some(RoleName { partition, account })
}

/// What is wrong with a request for a role, if anything (facts 40 and 45).
pub(super) fn check_role_request(
    request: &AssumeRoleRequest,
    partition: &str,
) -> Result<(), Error> {
    let Some(role) = role(&request.role_arn) else {
        return Err(wrong(
            "invalid-role-arn",
            "no role's ARN: arn:<partition>:iam::<account>:role/<name>",
            request,
        ));
    };
    if role.partition != partition {
        let text = format!(
            "of partition `{}`, and the session is of `{partition}`: roles cannot be assumed across partitions",
            clean(role.partition, 20)
        );
        return Err(wrong("other-partition", &text, request));
    }
    let named = |text: &str, most: usize, extra: &[u8]| {
        (2..=most).contains(&text.len()) && text.bytes().all(|b| is_word(b) || extra.contains(&b))
    };
    if !named(&request.session_name, 64, b"+=,.@-") {
        return Err(wrong(
            "invalid-session-name",
            "asked for under a session name that is not 2 to 64 of letters, digits and _+=,.@-",
            request,
        ));
    }
    if request
        .external_id
        .as_ref()
        .is_some_and(|id| !named(id, 1224, b"+=,.@:/-"))
    {
        return Err(wrong(
            "invalid-external-id",
            "asked for with an external ID that is not 2 to 1224 of letters, digits and _+=,.@:/-",
            request,
        ));
    }
    let policy = request.policy.as_deref();
    let policy_ok = policy.is_none_or(|policy| {
        policy.chars().count() <= SESSION_POLICY_MAX
            && serde_json::from_str::<serde::de::IgnoredAny>(policy).is_ok()
    });
    if policy_ok {
        Ok(())
    } else {
        Err(wrong(
            "invalid-session-policy",
            "asked for with a session policy that is no JSON of at most 2048 characters",
            request,
        ))
    }
}

fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_'
}

fn wrong(code: &str, what: &str, request: &AssumeRoleRequest) -> Error {
    let arn = clean(&request.role_arn, 120);
    let message = format!("the role `{arn}` is {what}");
    Error {
        class: ErrorClass::Config,
        code: code.to_owned(),
        message,
        detail: None,
        retry_after_ms: None,
        subject: Some(arn),
    }
}

#[cfg(test)]
mod tests {
    use super::{AssumeRoleRequest, check_role_request, is_region};

    #[test]
    fn regions() {
        for region in [
            "eu-central-1",
            "us-gov-west-1",
            "us-isob-east-1",
            "cn-north-1",
            "eusc-de-east-1",
            "ap-southeast-12",
        ] {
            assert!(is_region(region), "{region}");
        }
        for region in [
            "",
            "eu",
            "eu-1",
            "eu-central-",
            "-central-1",
            "eu--1",
            "EU-central-1",
            "eu-central-1.example.com",
            "eu-central-1/",
            "eu-central-1@example.com",
            "eu-central-1#",
            "eu central-1",
            "169.254.169.254",
            "global",
            "eu-central-1\n",
            "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa-a-1",
        ] {
            assert!(!is_region(region), "{region:?}");
        }
    }

    fn request(arn: &str, name: &str, id: Option<&str>, policy: Option<&str>) -> AssumeRoleRequest {
        AssumeRoleRequest {
            role_arn: arn.to_owned(),
            session_name: name.to_owned(),
            external_id: id.map(str::to_owned),
            policy: policy.map(str::to_owned),
            duration_seconds: None,
        }
    }

    const ROLE: &str = "arn:aws:iam::123456789012:role/path/Reader";

    type Case<'a> = (&'a str, Option<&'a str>, Option<&'a str>, Option<&'a str>);

    #[test]
    fn fact_40_names_and_ids_are_checked_before_aws_is_asked() {
        let code = |request| {
            check_role_request(&request, "aws")
                .err()
                .map(|error| error.code)
        };
        let long = "x".repeat(65);
        let cases: &[Case<'_>] = &[
            ("sensor-aws_prod", None, None, None),
            ("a+=,.@-b", Some("my:id/1"), Some("{}"), None),
            ("x", None, None, Some("invalid-session-name")),
            (&long, None, None, Some("invalid-session-name")),
            ("has space", None, None, Some("invalid-session-name")),
            ("sensor", Some("x"), None, Some("invalid-external-id")),
            (
                "sensor",
                Some("has space"),
                None,
                Some("invalid-external-id"),
            ),
            ("sensor", None, Some("{"), Some("invalid-session-policy")),
        ];
        for (name, id, policy, expected) in cases {
            assert_eq!(
                code(request(ROLE, name, *id, *policy)).as_deref(),
                *expected,
                "{name} {id:?} {policy:?}"
            );
        }
        let wide = format!("{{\"a\":\"{}\"}}", "x".repeat(2048));
        assert_eq!(
            code(request(ROLE, "sensor", None, Some(&wide))).as_deref(),
            Some("invalid-session-policy")
        );
    }

    #[test]
    fn fact_45_a_role_of_another_partition_is_refused_here() {
        for arn in [
            "arn:aws-cn:iam::123456789012:role/R",
            "arn:aws-us-gov:iam::123456789012:role/R",
        ] {
            assert_eq!(
                check_role_request(&request(arn, "sensor", None, None), "aws")
                    .unwrap_err()
                    .code,
                "other-partition"
            );
        }
        assert!(
            check_role_request(
                &request("arn:aws-cn:iam::123456789012:role/R", "sensor", None, None),
                "aws-cn"
            )
            .is_ok()
        );
    }

    #[test]
    fn what_is_no_role_is_refused() {
        for arn in [
            "",
            "Reader",
            "arn:aws:iam::12345:role/R",
            "arn:aws:iam::123456789012:user/R",
            "arn:aws:iam::123456789012:role/",
            "arn:aws:s3::123456789012:role/R",
            "arn:aws:iam:eu-central-1:123456789012:role/R",
            "arn:aws:iam::123456789012:role/R\n",
        ] {
            assert_eq!(
                check_role_request(&request(arn, "sensor", None, None), "aws")
                    .unwrap_err()
                    .code,
                "invalid-role-arn",
                "{arn:?}"
            );
        }
    }
}
