//! AWS's closed worlds: which regions each has from the start, and names that belong together.
//! Above: `plan`, `check`, `policy`, `settings`. Below: nothing.
//! Invariant: a region or partition that is newer than this list still works; the list is a fallback and a speller.

/// A partition and its regions: those that every account has, then those to be enabled first.
struct Partition {
    name: &'static str,
    default: &'static [&'static str],
    opt_in: &'static [&'static str],
}

const PARTITIONS: [Partition; 8] = [
    Partition {
        name: "aws",
        default: &[
            "us-east-1",
            "us-east-2",
            "us-west-1",
            "us-west-2",
            "ap-northeast-1",
            "ap-northeast-2",
            "ap-northeast-3",
            "ap-south-1",
            "ap-southeast-1",
            "ap-southeast-2",
            "ca-central-1",
            "eu-central-1",
            "eu-north-1",
            "eu-west-1",
            "eu-west-2",
            "eu-west-3",
            "sa-east-1",
        ],
        opt_in: &[
            "af-south-1",
            "ap-east-1",
            "ap-east-2",
            "ap-south-2",
            "ap-southeast-3",
            "ap-southeast-4",
            "ap-southeast-5",
            "ap-southeast-6",
            "ap-southeast-7",
            "ca-west-1",
            "eu-central-2",
            "eu-south-1",
            "eu-south-2",
            "il-central-1",
            "me-central-1",
            "me-south-1",
            "mx-central-1",
        ],
    },
    Partition {
        name: "aws-cn",
        default: &["cn-north-1", "cn-northwest-1"],
        opt_in: &[],
    },
    Partition {
        name: "aws-us-gov",
        default: &["us-gov-west-1", "us-gov-east-1"],
        opt_in: &[],
    },
    Partition {
        name: "aws-iso",
        default: &["us-iso-east-1", "us-iso-west-1"],
        opt_in: &[],
    },
    Partition {
        name: "aws-iso-b",
        default: &["us-isob-east-1", "us-isob-west-1"],
        opt_in: &[],
    },
    Partition {
        name: "aws-iso-e",
        default: &["eu-isoe-west-1"],
        opt_in: &[],
    },
    Partition {
        name: "aws-iso-f",
        default: &["us-isof-south-1", "us-isof-east-1"],
        opt_in: &[],
    },
    Partition {
        name: "aws-eusc",
        default: &["eusc-de-east-1"],
        opt_in: &[],
    },
];

fn find(partition: &str) -> Option<&'static Partition> {
    PARTITIONS.iter().find(|known| known.name == partition)
}

/// The regions that an account has without enabling any. Empty for a partition that is not known.
pub(crate) fn default_regions(partition: &str) -> &'static [&'static str] {
    find(partition).map_or(&[], |known| known.default)
}

/// Every known region of every partition.
pub(crate) fn all_regions() -> impl Iterator<Item = &'static str> {
    PARTITIONS
        .iter()
        .flat_map(|known| known.default.iter().chain(known.opt_in))
        .copied()
}

/// A region that is always enabled, where permissions are tried first.
pub(crate) fn home_region(partition: &str) -> &'static str {
    default_regions(partition)
        .first()
        .copied()
        .unwrap_or("us-east-1")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_region_belongs_to_one_partition() {
        let mut regions: Vec<_> = all_regions().collect();
        let count = regions.len();
        regions.sort_unstable();
        regions.dedup();
        assert_eq!(regions.len(), count);
        assert!(
            PARTITIONS
                .iter()
                .all(|known| known.default.contains(&home_region(known.name)))
        );
    }
}
