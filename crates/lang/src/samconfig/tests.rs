use proptest::prelude::*;

use super::*;

fn check(text: &str, environment: &str, expect: Result<SamConfig, &[&str]>) {
    let read = SamConfig::parse(text.as_bytes(), environment)
        .map_err(|found| found.iter().map(ToString::to_string).collect::<Vec<_>>());
    assert_eq!(read, expect.map_err(|lines| lines.iter().map(ToString::to_string).collect()));
}

fn map(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
    pairs.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect()
}

#[test]
fn one_environment_counts() {
    let text = r#"
version = 0.1
[default.global.parameters]
stack_name = "all"
region = "eu-west-1"
[default.build.parameters]
cached = true
[default.deploy.parameters]
stack_name = "dev"
s3_bucket = "b"
s3_prefix = "p"
confirm_changeset = true
capabilities = "CAPABILITY_IAM"
image_repositories = []
disable_rollback = true
parameter_overrides = "A=b C='d e' E=\"f=g\" ParameterKey=H,ParameterValue=i J="
tags = ["team=ml ops", "x=\"y\""]
[prod.deploy.parameters]
stack_name = "prod"
capabilities = ["CAPABILITY_NAMED_IAM"]
fail_on_empty_changeset = false
"#;
    check(
        text,
        "default",
        Ok(SamConfig {
            stack_name: Some("dev".to_owned()),
            region: Some("eu-west-1".to_owned()),
            parameter_overrides: map(&[("A", "b"), ("C", "d e"), ("E", "f=g"), ("H", "i"), ("J", "")]),
            tags: map(&[("team", "ml ops"), ("x", "y")]),
            disable_rollback: Some(true),
            ..SamConfig::default()
        }),
    );
    let prod = SamConfig {
        stack_name: Some("prod".to_owned()),
        fail_on_empty_changeset: Some(false),
        ..SamConfig::default()
    };
    check(text, "prod", Ok(prod));
    check(text, "qa", Err(&["1:1: the file has no environment `qa`, only default, prod"]));
    check("version = 0.1\n", "default", Ok(SamConfig::default()));
}

#[test]
fn refusals_come_all_at_once() {
    check(
        r#"version = 0.2
[default.dploy.parameters]
[default.deploy]
other = 1
[default.deploy.parameters]
stack_name = 1
kms_key_id = "x"
parameter_overrides = "A='b"
tags = ["nothing", 1]
fail_on_empty_changeset = "no"
"#,
        "default",
        Err(&[
            "1:11: only `version = 0.1` is supported (at /version)",
            "2:10: `dploy` is no command of SAM's (at /default/dploy)",
            "4:1: `other` is no key of `deploy`, which has `parameters` (at /default/deploy/other)",
            "6:14: `stack_name` must be a string, not a number (at /default/deploy/parameters/stack_name)",
            "7:1: `kms_key_id` is not supported, remove it (at /default/deploy/parameters/kms_key_id)",
            "8:23: a quote ' is not closed (at /default/deploy/parameters/parameter_overrides)",
            "9:9: each pair is `Name=value`, with quotes around a value that has blanks (at /default/deploy/parameters/tags/0)",
            "9:20: an item of `tags` must be a string, not a number (at /default/deploy/parameters/tags/1)",
            "10:27: `fail_on_empty_changeset` must be true or false, not a string (at /default/deploy/parameters/fail_on_empty_changeset)",
        ]),
    );
    check(
        "[default.deploy.parameters]\n",
        "default",
        Err(&["1:1: `version` is missing: write `version = 0.1` at the top"]),
    );
    check("version = \n", "default", Err(&["1:11: string values must be quoted, expected literal string"]));
}

proptest! {
    #[test]
    fn quoted_values_come_back(values in prop::collection::vec("[^\"\\\\]{0,12}", 1..5)) {
        let text: Vec<_> = values.iter().enumerate().map(|(i, v)| format!("K{i}=\"{v}\"")).collect();
        let read = parse_overrides(&text.join("  ")).unwrap();
        let back: Vec<_> = read.into_iter().map(|(_, value)| value).collect();
        prop_assert_eq!(back, values);
    }

    #[test]
    fn no_text_makes_the_reader_panic(text in "(version = 0.1\n|\\[default|\\.deploy|\\.parameters\\]\n|tags|=|\\[|\"|'|\\]|a|\n|,){0,14}") {
        let _ = SamConfig::parse(text.as_bytes(), "default");
    }
}
