//! What can be said of whole files.

use super::{Kind, Seen, lint};
use crate::source::Severity;

const RESOURCE: &str = "arn:aws:states:::sqs:sendMessage";

/// The findings about a file that names no other.
#[track_caller]
fn check(path: &str, text: &str, expect: &[&str]) {
    let seen = lint(path, text.as_bytes(), &|name| Err(format!("nobody has {name}")));
    assert_eq!(seen.len(), 1);
    assert_eq!(lines(&seen[0]), expect);
}

fn lines(seen: &Seen) -> Vec<String> {
    let line = |one: &crate::source::Diagnostic| {
        let position = one.position.map(|position| format!("{position} ")).unwrap_or_default();
        let severity = if one.severity == Severity::Warning { "warning " } else { "" };
        format!(
            "{position}{severity}{}{}",
            one.code.map(|code| format!("{code}: ")).unwrap_or_default(),
            one.message
        )
    };
    seen.found.iter().map(line).collect()
}

#[test]
fn the_content_says_what_it_is() {
    let kind = |path: &str, text: &str| Kind::of(path, text.as_bytes());
    assert_eq!(kind("a.json", r#"{"StartAt": "A"}"#), Some(Kind::Definition));
    assert_eq!(kind("buildspec.yml", "States: {}"), Some(Kind::Definition));
    assert_eq!(kind("x.yaml", "Resources: {A: {Type: !Sub b}}"), Some(Kind::Template));
    assert_eq!(kind("x.yaml", "phases: {}"), Some(Kind::Buildspec));
    assert_eq!(kind("some/samconfig.toml", "version = 0.1"), Some(Kind::SamConfig));
    assert_eq!(kind("a/b.asl.json", "{"), Some(Kind::Definition));
    assert_eq!(kind("buildspec-test.yaml", "a: ["), Some(Kind::Buildspec));
    assert_eq!(kind("TEMPLATE.YML", ""), Some(Kind::Template));
    assert_eq!(kind("notes.txt", "hello"), None);
    check(
        "notes.json",
        "[]",
        &[
            "1:1 this is no state machine (`StartAt`, `States`), template (`Resources`), buildspec (`phases`) or samconfig.toml",
        ],
    );
}

#[test]
fn definitions_in_json_and_yaml() {
    check(
        "m.asl.json",
        "{\n  \"StartAt\": \"A\",\n  \"States\": {\n    \"A\": {\"Type\": \"Pass\", \"Next\": \"Gone\", \"Extra\": 1},\n    \"B\": {\"Type\": \"Succeed\"}\n  }\n}",
        &[
            "4:35 MISSING_TRANSITION_TARGET: Missing 'Next' target: Gone",
            "4:43 SCHEMA_VALIDATION_FAILED: Field 'Extra' is not supported",
        ],
    );
    let yaml = format!(
        "StartAt: Send\nStates:\n  Send:\n    Type: Task\n    Resource: {RESOURCE}\n    Parameters:\n      QueueURL: q\n      MessageBody.$: $\n    End: true\n"
    );
    check(
        "m.asl.yaml",
        &yaml,
        &[
            "6:5 SCHEMA_VALIDATION_FAILED: The field 'QueueUrl' is required but was missing",
            "7:7 SCHEMA_VALIDATION_FAILED: The field \"QueueURL\" is not supported by Step Functions",
        ],
    );
    check(
        "m.asl.json",
        "{\"StartAt\": \"A\",}",
        &["1:17 unexpected character `}`, expected a key in double quotes"],
    );
    check("m.asl.yaml", "StartAt: [", &["2:1 while parsing a node, did not find expected node content"]);
}

#[test]
fn what_fails_later_is_a_warning() {
    let text = format!(
        "{{\"StartAt\": \"S\", \"States\": {{\"S\": {{\"Type\": \"Task\", \"Resource\": \"{RESOURCE}.waitForTaskToken\", \"End\": true,\n\"Parameters\": {{\"QueueUrl\": \"q\", \"MessageBody\": \"b\",\n\"TaskToken.$\": \"$$.Task.Token\"}}}}}}}}"
    );
    check(
        "m.asl.json",
        &text,
        &[
            "3:1 warning UNKNOWN_PARAMETER: The field \"TaskToken\" is not supported by Step Functions: the task will fail when it runs",
        ],
    );
}

/// A machine whose states are these.
fn states(text: &str) -> String {
    format!("StartAt: A\nStates:\n{text}")
}

#[test]
fn states_that_lead_to_no_end() {
    let looping = "  A: {Type: Choice, Choices: [{Variable: $.x, IsPresent: true, Next: B}], Default: E}\n  B: {Type: Pass, Next: C}\n  C: {Type: Wait, Seconds: 1, Next: B}\n  E: {Type: Succeed}\n";
    check(
        "m.asl.yaml",
        &states(looping),
        &["4:3 warning CANNOT_END: an execution that comes here never ends: no way leads out of `B`, `C`"],
    );
    let inside = "  A:\n    Type: Map\n    End: true\n    ItemProcessor:\n      StartAt: L\n      States:\n        L: {Type: Pass, Next: M}\n        M: {Type: Choice, Choices: [{Variable: $.x, IsNull: true, Next: L}], Default: N}\n        N: {Type: Pass, Next: N}\n        O: {Type: Succeed}\n";
    let found = lint("m.asl.yaml", states(inside).as_bytes(), &|_| Err(String::new()));
    assert!(
        lines(&found[0])
            .iter()
            .any(|line| line.starts_with("9:9 warning CANNOT_END") && line.ends_with("`L`, `M`, `N`")),
        "{found:?}"
    );
    let caught = "  A: {Type: Parallel, Branches: [{StartAt: X, States: {X: {Type: Succeed}}}], Next: A, Catch: [{ErrorEquals: [States.ALL], Next: E}]}\n  E: {Type: Fail}\n";
    check("m.asl.yaml", &states(caught), &[]);
}

#[test]
fn choices_that_may_find_no_way() {
    let choice = |rules: &str, more: &str| {
        states(&format!("  A: {{Type: Choice, Choices: [{rules}]{more}}}\n  B: {{Type: Succeed}}\n"))
    };
    let words = "3:3 warning NO_DEFAULT: without `Default` the execution fails with States.NoChoiceMatched when no rule is true";
    check("m.asl.yaml", &choice("{Variable: $.x, BooleanEquals: true, Next: B}", ""), &[words]);
    check("m.asl.yaml", &choice("{Variable: $.x, BooleanEquals: true, Next: B}", ", Default: B"), &[]);
    let both =
        "{Variable: $.x, BooleanEquals: true, Next: B}, {Variable: $.x, BooleanEquals: false, Next: B}";
    check("m.asl.yaml", &choice(both, ""), &[]);
    let other = "{Variable: $.x, IsPresent: true, Next: B}, {Variable: $.y, IsPresent: false, Next: B}";
    check("m.asl.yaml", &choice(other, ""), &[words]);
    let not = "{Variable: $.x, StringEquals: a, Next: B}, {Not: {Variable: $.x, StringEquals: a}, Next: B}";
    check("m.asl.yaml", &choice(not, ""), &[]);
}

const TEMPLATE: &str = "\
Transform: AWS::Serverless-2016-10-31
Resources:
  M:
    Type: AWS::Serverless::StateMachine
    Properties:
      DefinitionUri: m.asl.json
      DefinitionSubstitutions: {Queue: q, Wait: 5}
      Role: arn:aws:iam::000000000000:role/r
";

#[test]
fn a_template_says_what_it_puts_into_its_definitions() {
    let definition = "{\"StartAt\": \"W\", \"States\": {\n\"W\": {\"Type\": \"Wait\", \"Seconds\": ${Wait}, \"Next\": \"S\"},\n\"S\": {\"Type\": \"Task\", \"Resource\": \"${Function}\", \"Next\": \"Gone\"},\n\"E\": {\"Type\": \"Succeed\"}}}";
    let read = |path: &str| {
        if path == "m.asl.json" { Ok(definition.as_bytes().to_vec()) } else { Err("no".to_owned()) }
    };
    let seen = lint("template.yaml", TEMPLATE.as_bytes(), &read);
    assert_eq!(lines(&seen[0]), [""; 0]);
    assert_eq!(seen[1].path, "m.asl.json");
    assert_eq!(
        lines(&seen[1]),
        [
            "3:36 warning MISSING_SUBSTITUTION: the template does not give `Function`: add it to DefinitionSubstitutions, or the text stays as it is",
            "3:58 MISSING_TRANSITION_TARGET: Missing 'Next' target: Gone",
        ]
    );
    let missing = lint("template.yaml", TEMPLATE.as_bytes(), &|_| Err("it is not there".to_owned()));
    assert_eq!((missing.len(), lines(&missing[0])), (1, vec!["6:22 m.asl.json: it is not there".to_owned()]));
}

#[test]
fn a_definition_in_a_template_has_its_place_there() {
    let text = "Resources:\n  M:\n    Type: AWS::StepFunctions::StateMachine\n    Properties:\n      RoleArn: r\n      Definition:\n        StartAt: A\n        States:\n          A: {Type: Pass, Next: Gone}\n          Z: {Type: Succeed}\n";
    check("template.yaml", text, &["9:33 MISSING_TRANSITION_TARGET: Missing 'Next' target: Gone"]);
    let functions = text.replace("Gone", "!Ref B");
    let seen = lint("template.yaml", functions.as_bytes(), &|_| Err(String::new()));
    assert!(lines(&seen[0]).iter().all(|line| !line.contains("MISSING_TRANSITION")), "{seen:?}");
}

#[test]
fn the_other_files_have_their_own_readers() {
    check(
        "buildspec.yml",
        "version: 0.2\nphases:\n  build:\n    comands: []\n",
        &["4:5 `comands` is no key of a phase, which has on-failure, commands, finally"],
    );
    let config =
        "version = 0.1\n[default.deploy.parameters]\nstack_name = 1\n[prod.deploy.parameters]\nregion = 2\n";
    let seen = lint("samconfig.toml", config.as_bytes(), &|_| Err(String::new()));
    assert_eq!(seen[0].found.len(), 2, "{seen:?}");
}

#[test]
fn hostile_texts_end() {
    let many = "${a}".repeat(50_000);
    let open = "${".repeat(100_000);
    for text in [many.as_str(), open.as_str(), "{\"StartAt\": ${", "{\"States\": \"${\\\"", ""] {
        lint("m.asl.json", text.as_bytes(), &|_| Err(String::new()));
    }
    let chain: Vec<String> = (0..5_000)
        .map(|n| format!("\"{n}\": {{\"Type\": \"Pass\", \"Next\": \"{}\"}}", (n + 1) % 5_000))
        .collect();
    let text = format!(
        "{{\"StartAt\": \"0\", \"States\": {{{}, \"E\": {{\"Type\": \"Succeed\"}}}}}}",
        chain.join(", ")
    );
    assert!(!lint("m.asl.json", text.as_bytes(), &|_| Err(String::new()))[0].found.is_empty());
}
