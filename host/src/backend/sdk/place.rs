//! Which region to ask, and which partition a region lies in.
//! Above: the services, `credential`. Below: nothing.
//! Invariant: pure.

/// The closed world that a region belongs to.
pub(crate) fn partition_of(region: &str) -> &'static str {
    const PREFIXES: &[(&str, &str)] = &[
        ("cn-", "aws-cn"),
        ("us-gov-", "aws-us-gov"),
        ("us-iso-", "aws-iso"),
        ("us-isob-", "aws-iso-b"),
        ("eu-isoe-", "aws-iso-e"),
        ("us-isof-", "aws-iso-f"),
        ("eusc-", "aws-eusc"),
    ];
    PREFIXES
        .iter()
        .find(|(prefix, _)| region.starts_with(prefix))
        .map_or("aws", |(_, partition)| partition)
}

/// A region that every account of the partition has: where to ask when nobody named one.
pub(crate) fn default_region(partition: &str) -> &'static str {
    match partition {
        "aws-cn" => "cn-north-1",
        "aws-us-gov" => "us-gov-west-1",
        "aws-iso" => "us-iso-east-1",
        "aws-iso-b" => "us-isob-east-1",
        "aws-iso-e" => "eu-isoe-west-1",
        "aws-iso-f" => "us-isof-south-1",
        "aws-eusc" => "eusc-de-east-1",
        _ => "us-east-1",
    }
}

/// Fact 33: the region that signs for the services which a partition has once (Organizations, Account).
pub(crate) fn global_region(partition: &str) -> &'static str {
    if partition == "aws-cn" {
        "cn-northwest-1"
    } else {
        default_region(partition)
    }
}

/// Fact 38: the regional STS endpoint to ask: the home region's, unless that is one that accounts must enable.
pub(crate) fn sts_region(home: Option<&str>, partition: &str) -> String {
    const ALWAYS_ENABLED: &[&str] = &[
        "us-east-1",
        "us-east-2",
        "us-west-1",
        "us-west-2",
        "ca-central-1",
        "sa-east-1",
        "eu-central-1",
        "eu-north-1",
        "eu-west-1",
        "eu-west-2",
        "eu-west-3",
        "ap-northeast-1",
        "ap-northeast-2",
        "ap-northeast-3",
        "ap-south-1",
        "ap-southeast-1",
        "ap-southeast-2",
    ];
    match home {
        Some(home) if partition_of(home) != "aws" || ALWAYS_ENABLED.contains(&home) => {
            home.to_owned()
        }
        Some(home) => default_region(partition_of(home)).to_owned(),
        None => default_region(partition).to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::{global_region, partition_of, sts_region};

    #[test]
    fn fact_45_regions_lie_in_partitions() {
        for (region, partition) in [
            ("eu-central-1", "aws"),
            ("cn-north-1", "aws-cn"),
            ("us-gov-east-1", "aws-us-gov"),
            ("us-iso-east-1", "aws-iso"),
            ("us-isob-east-1", "aws-iso-b"),
            ("eusc-de-east-1", "aws-eusc"),
        ] {
            assert_eq!(partition_of(region), partition, "{region}");
        }
    }

    #[test]
    fn fact_33_organizations_sign_for_one_region_of_the_partition() {
        for (partition, region) in [
            ("aws", "us-east-1"),
            ("aws-cn", "cn-northwest-1"),
            ("aws-us-gov", "us-gov-west-1"),
        ] {
            assert_eq!(global_region(partition), region);
        }
    }

    #[test]
    fn fact_38_sts_is_asked_in_a_region_that_is_always_enabled() {
        for (home, region) in [
            (Some("eu-central-1"), "eu-central-1"),
            (Some("eu-south-2"), "us-east-1"),
            (Some("me-central-1"), "us-east-1"),
            (Some("cn-northwest-1"), "cn-northwest-1"),
            (Some("us-gov-east-1"), "us-gov-east-1"),
            (None, "us-east-1"),
        ] {
            assert_eq!(sts_region(home, "aws"), region, "{home:?}");
        }
        assert_eq!(sts_region(None, "aws-cn"), "cn-north-1");
    }
}
