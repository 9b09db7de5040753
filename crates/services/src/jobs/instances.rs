//! AWS's instance types, as the resources that they stand for.
//! <https://aws.amazon.com/sagemaker/pricing/>, <https://docs.aws.amazon.com/ec2/latest/instancetypes/>

use trainyard_domain::job::Resources;

const GIB: u64 = 1 << 30;

/// Sizes that several families share.
const TO_16: &str = "large xlarge 2xlarge 4xlarge 8xlarge 12xlarge 16xlarge";
const MEDIUM_TO_16: &str = "medium large xlarge 2xlarge 4xlarge 8xlarge 12xlarge 16xlarge";
const TO_24: &str = "large xlarge 2xlarge 4xlarge 8xlarge 12xlarge 16xlarge 24xlarge";
const TO_32: &str = "large xlarge 2xlarge 4xlarge 8xlarge 12xlarge 16xlarge 24xlarge 32xlarge";
const TO_48: &str = "large xlarge 2xlarge 4xlarge 8xlarge 12xlarge 16xlarge 24xlarge 48xlarge";
const MEDIUM_TO_48: &str = "medium large xlarge 2xlarge 4xlarge 8xlarge 12xlarge 16xlarge 24xlarge 48xlarge";
const TO_96: &str =
    "large xlarge 2xlarge 4xlarge 8xlarge 12xlarge 16xlarge 24xlarge 32xlarge 48xlarge 96xlarge";

/// Families whose sizes follow one rule: `medium` has 1 processor, `large` 2, `xlarge` 4, `Nxlarge` 4·N, and each
/// processor comes with the same memory. Family, memory per processor in eighths of a GiB, the sizes that there are.
const FAMILIES: &[(&str, u64, &str)] = &[
    ("m4", 32, "xlarge 2xlarge 4xlarge 10xlarge 16xlarge"),
    ("m5", 32, "large xlarge 2xlarge 4xlarge 12xlarge 24xlarge"),
    ("m5d", 32, "large xlarge 2xlarge 4xlarge 12xlarge 24xlarge"),
    ("m6i", 32, TO_32),
    ("m6id", 32, TO_32),
    ("m6g", 32, TO_16),
    ("m6gd", 32, TO_16),
    ("m7i", 32, TO_48),
    ("m7i-flex", 32, TO_16),
    ("m7g", 32, TO_16),
    ("m8i", 32, TO_96),
    ("m8i-flex", 32, TO_16),
    ("m8g", 32, MEDIUM_TO_48),
    ("c5", 16, "large xlarge 2xlarge 4xlarge 9xlarge 18xlarge"),
    ("c5d", 16, "large xlarge 2xlarge 4xlarge 9xlarge 18xlarge"),
    ("c6i", 16, TO_32),
    ("c6in", 16, TO_32),
    ("c6id", 16, TO_32),
    ("c6g", 16, TO_16),
    ("c6gd", 16, TO_16),
    ("c6gn", 16, TO_16),
    ("c7i", 16, TO_48),
    ("c7i-flex", 16, TO_16),
    ("c7g", 16, TO_16),
    ("c8i", 16, TO_96),
    ("c8i-flex", 16, TO_16),
    ("c8g", 16, MEDIUM_TO_48),
    ("c5n", 21, "large xlarge 2xlarge 4xlarge"),
    ("r5", 64, TO_24),
    ("r5d", 64, TO_24),
    ("r6i", 64, TO_32),
    ("r6id", 64, TO_32),
    ("r6g", 64, TO_16),
    ("r6gd", 64, TO_16),
    ("r7i", 64, TO_48),
    ("r7g", 64, TO_16),
    ("r7gd", 64, MEDIUM_TO_16),
    ("r8i", 64, TO_96),
    ("r8i-flex", 64, TO_16),
    ("r8g", 64, MEDIUM_TO_48),
    ("g4dn", 32, "xlarge 2xlarge 4xlarge 8xlarge 16xlarge"),
    ("g5", 32, "xlarge 2xlarge 4xlarge 8xlarge 16xlarge"),
    ("g6", 32, "xlarge 2xlarge 4xlarge 8xlarge 16xlarge"),
    ("g6e", 64, "xlarge 2xlarge 4xlarge 8xlarge 16xlarge"),
    ("g7e", 64, "2xlarge 4xlarge 8xlarge"),
];

/// Types that follow no rule, or another: type, processors, GiB, GPUs. Accelerators that are no GPUs do not count.
const EXCEPTIONS: &[(&str, u32, u64, u32)] = &[
    ("t2.medium", 2, 4, 0),
    ("t2.large", 2, 8, 0),
    ("t2.xlarge", 4, 16, 0),
    ("t2.2xlarge", 8, 32, 0),
    ("t3.medium", 2, 4, 0),
    ("t3.large", 2, 8, 0),
    ("t3.xlarge", 4, 16, 0),
    ("t3.2xlarge", 8, 32, 0),
    ("c4.large", 2, 4, 0),
    ("c4.xlarge", 4, 8, 0),
    ("c4.2xlarge", 8, 15, 0),
    ("c4.4xlarge", 16, 30, 0),
    ("c4.8xlarge", 36, 60, 0),
    ("c5n.9xlarge", 36, 96, 0),
    ("c5n.18xlarge", 72, 192, 0),
    ("p2.xlarge", 4, 61, 1),
    ("p2.8xlarge", 32, 488, 8),
    ("p2.16xlarge", 64, 732, 16),
    ("p3.2xlarge", 8, 61, 1),
    ("p3.8xlarge", 32, 244, 4),
    ("p3.16xlarge", 64, 488, 8),
    ("p3dn.24xlarge", 96, 768, 8),
    ("p4d.24xlarge", 96, 1152, 8),
    ("p4de.24xlarge", 96, 1152, 8),
    ("p5.4xlarge", 16, 256, 1),
    ("p5.48xlarge", 192, 2048, 8),
    ("p5e.48xlarge", 192, 2048, 8),
    ("p5en.48xlarge", 192, 2048, 8),
    ("p6-b200.48xlarge", 192, 2048, 8),
    ("p6-b300.48xlarge", 192, 4096, 8),
    ("p6e-gb200.36xlarge", 144, 960, 4),
    ("g4dn.12xlarge", 48, 192, 4),
    ("g5.12xlarge", 48, 192, 4),
    ("g5.24xlarge", 96, 384, 4),
    ("g5.48xlarge", 192, 768, 8),
    ("g6.12xlarge", 48, 192, 4),
    ("g6.24xlarge", 96, 384, 4),
    ("g6.48xlarge", 192, 768, 8),
    ("g6e.12xlarge", 48, 384, 4),
    ("g6e.24xlarge", 96, 768, 4),
    ("g6e.48xlarge", 192, 1536, 8),
    ("g7e.12xlarge", 48, 512, 2),
    ("g7e.24xlarge", 96, 1024, 4),
    ("g7e.48xlarge", 192, 2048, 8),
    ("inf1.xlarge", 4, 8, 0),
    ("inf1.2xlarge", 8, 16, 0),
    ("inf1.6xlarge", 24, 48, 0),
    ("inf1.24xlarge", 96, 192, 0),
    ("inf2.xlarge", 4, 16, 0),
    ("inf2.8xlarge", 32, 128, 0),
    ("inf2.24xlarge", 96, 384, 0),
    ("inf2.48xlarge", 192, 768, 0),
    ("trn1.2xlarge", 8, 32, 0),
    ("trn1.32xlarge", 128, 512, 0),
    ("trn1n.32xlarge", 128, 512, 0),
    ("trn2.48xlarge", 192, 2048, 0),
    ("dl1.24xlarge", 96, 768, 0),
];

/// What an instance type such as `ml.m5.large` stands for; `None` if we do not know it.
pub fn resources(instance_type: &str) -> Option<Resources> {
    let name = instance_type.strip_prefix("ml.")?;
    if let Some((_, cpus, gib, gpus)) = EXCEPTIONS.iter().find(|(known, ..)| *known == name) {
        return Some(Resources { cpu_millis: cpus * 1000, memory_bytes: gib * GIB, gpus: *gpus });
    }
    let (family, size) = name.split_once('.')?;
    let (_, eighths, sizes) = FAMILIES.iter().find(|(known, ..)| *known == family)?;
    let cpus = sizes.split(' ').find(|known| *known == size).and_then(processors)?;
    let gpus = u32::from(family.starts_with('g'));
    Some(Resources { cpu_millis: cpus * 1000, memory_bytes: u64::from(cpus) * eighths * (GIB / 8), gpus })
}

fn processors(size: &str) -> Option<u32> {
    match size {
        "medium" => Some(1),
        "large" => Some(2),
        "xlarge" => Some(4),
        _ => size.strip_suffix("xlarge")?.parse::<u32>().ok().map(|n| 4 * n),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(instance_type: &str, expect: Option<(u32, u64, u32)>) {
        let found = resources(instance_type).map(|r| (r.cpu_millis / 1000, r.memory_bytes / GIB, r.gpus));
        assert_eq!(found, expect, "{instance_type}");
    }

    #[test]
    fn types_are_aws_types() {
        check("ml.t3.medium", Some((2, 4, 0)));
        check("ml.m5.large", Some((2, 8, 0)));
        check("ml.m5.24xlarge", Some((96, 384, 0)));
        check("ml.c5.9xlarge", Some((36, 72, 0)));
        check("ml.r5.xlarge", Some((4, 32, 0)));
        check("ml.g4dn.xlarge", Some((4, 16, 1)));
        check("ml.g5.48xlarge", Some((192, 768, 8)));
        check("ml.p3.2xlarge", Some((8, 61, 1)));
        check("ml.m8i.96xlarge", Some((384, 1536, 0)));
        check("ml.c7i-flex.4xlarge", Some((16, 32, 0)));
        check("ml.r8g.medium", Some((1, 8, 0)));
        check("ml.g7e.2xlarge", Some((8, 64, 1)));
        check("ml.inf2.24xlarge", Some((96, 384, 0)));
        check("ml.p6-b200.48xlarge", Some((192, 2048, 8)));
    }

    #[test]
    fn others_are_not_known() {
        for unknown in ["m5.large", "ml.m5", "ml.m5.huge", "ml.x9.large", "ml.m5.-2xlarge", "ml.m5.3xlarge"] {
            check(unknown, None);
        }
        check("ml.m5.99999999999xlarge", None);
    }
}
