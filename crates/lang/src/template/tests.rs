use proptest::prelude::*;
use serde_json::json;

use super::*;

fn shown(found: Vec<Diagnostic>) -> Vec<String> {
    found.iter().map(ToString::to_string).collect()
}

/// A template whose resource `R` has these properties.
fn with_property(value: &str) -> String {
    format!("Resources:\n  R:\n    Type: T\n    Properties:\n      P: {value}\n  Q: {{Type: U}}\n")
}

fn check_refused(text: &str, expect: &[&str]) {
    let parsed = Template::parse(text.as_bytes());
    let expanded = parsed.and_then(|t| t.expand(&BTreeMap::new())).map_err(shown);
    assert_eq!(expanded.expect_err(text), expect);
}

fn env() -> Env {
    let attributes = [("Arn".to_owned(), "arn:q".to_owned()), ("A.B".to_owned(), "nested".to_owned())];
    Env {
        account_id: "000000000000".to_owned(),
        region: "us-east-1".to_owned(),
        stack_name: "s".to_owned(),
        stack_id: "arn:s".to_owned(),
        parameters: BTreeMap::from([("L".to_owned(), json!(["a", "b"]))]),
        resources: BTreeMap::from([(
            "Q".to_owned(),
            Physical { id: "q-1".to_owned(), attributes: attributes.into() },
        )]),
    }
}

/// What a property resolves to, or what is shown instead.
fn check_resolve(value: &str, expect: Result<Value, &str>) {
    let text = format!("Parameters: {{L: {{Type: CommaDelimitedList}}}}\n{}", with_property(value));
    let template = Template::parse(text.as_bytes()).unwrap();
    let at = template.resource("R").unwrap().cursor().get("P").unwrap();
    let resolved = resolve(&at, &env()).map_err(|found| shown(found).join("; "));
    assert_eq!(resolved, expect.map_err(str::to_owned), "{value}");
}

#[test]
fn functions_resolve() {
    check_resolve("!Ref Q", Ok(json!("q-1")));
    check_resolve("{Ref: AWS::AccountId}", Ok(json!("000000000000")));
    check_resolve("!Ref L", Ok(json!(["a", "b"])));
    check_resolve("!GetAtt Q.Arn", Ok(json!("arn:q")));
    check_resolve("!GetAtt Q.A.B", Ok(json!("nested")));
    check_resolve("{'Fn::GetAtt': [Q, Arn]}", Ok(json!("arn:q")));
    check_resolve("!Sub '${Q}/${Q.Arn}/${AWS::Region}/${!x}/$y'", Ok(json!("q-1/arn:q/us-east-1/${x}/$y")));
    check_resolve("!Sub ['${V}-${N}-${Q}', {V: !Ref AWS::StackName, N: 1.50}]", Ok(json!("s-1.5-q-1")));
    check_resolve("!Join ['-', [a, 1, !Ref Q]]", Ok(json!("a-1-q-1")));
    check_resolve("!Join [',', !Ref L]", Ok(json!("a,b")));
    check_resolve(
        "!Join ['', ['arn:', !Ref AWS::Partition, ':', !Ref AWS::URLSuffix]]",
        Ok(json!("arn:aws:amazonaws.com")),
    );
    check_resolve(
        "{a: !Ref AWS::NoValue, b: [!Ref AWS::NoValue, 2], c: true}",
        Ok(json!({"b": [2], "c": true})),
    );
}

#[test]
fn what_cannot_resolve_is_said() {
    check_resolve("!Ref R", Err("6:10: `R` is not there yet (at /Resources/R/Properties/P)"));
    check_resolve(
        "[!GetAtt Q.Nope]",
        Err("6:11: `Q` has no attribute `Nope` (at /Resources/R/Properties/P/0)"),
    );
    check_resolve("!Sub '${L}'", Err("6:10: `${L}` must be a plain value (at /Resources/R/Properties/P)"));
    check_resolve(
        "!Join [',', !Ref Q]",
        Err(
            "6:22: `Fn::Join` joins the items of a list, and this is none (at /Resources/R/Properties/P/Fn::Join/1)",
        ),
    );
}

#[test]
fn unsupported_functions_are_named() {
    check_refused(
        &with_property("[!If [a, b, c], {'Fn::Select': [0, []]}, {'Fn::Sub': a, x: b}, !GetAtt Q, !Ref [x]]"),
        &[
            "5:11: the function `!If` is not supported, only Ref, Fn::Sub, Fn::GetAtt, Fn::Join are (at /Resources/R/Properties/P/0)",
            "5:27: the function `Fn::Select` is not supported, only Ref, Fn::Sub, Fn::GetAtt, Fn::Join are (at /Resources/R/Properties/P/1/Fn::Select)",
            "5:52: `Fn::Sub` must be the only key of its map (at /Resources/R/Properties/P/2/Fn::Sub)",
            "5:73: `Fn::GetAtt` must be given `Resource.Attribute` or a list of the two (at /Resources/R/Properties/P/3/Fn::GetAtt)",
            "5:84: `Ref` must be given a name (at /Resources/R/Properties/P/4/Ref)",
        ],
    );
}

#[test]
fn dangling_references_are_named() {
    check_refused(
        &with_property(
            "[!Ref X, !GetAtt X.Arn, !Sub '${Y} ${', !Ref AWS::NotificationARNs, !Sub ['${a}${Z.b}', {a: !Ref W}]]",
        ),
        &[
            "5:11: `X` is neither a parameter nor a resource of the template (at /Resources/R/Properties/P/0)",
            "5:19: `X.Arn` names no resource of the template (at /Resources/R/Properties/P/1)",
            "5:34: `${` has no closing brace (at /Resources/R/Properties/P/2)",
            "5:50: the pseudo parameter `AWS::NotificationARNs` is not supported (at /Resources/R/Properties/P/3)",
            "5:78: `Z.b` names no resource of the template (at /Resources/R/Properties/P/4)",
            "5:102: `W` is neither a parameter nor a resource of the template (at /Resources/R/Properties/P/4/Fn::Sub/1/a)",
        ],
    );
}

#[test]
fn unsupported_sections_are_named_all_at_once() {
    check_refused(
        "AWSTemplateFormatVersion: 2011-01-01\nTransform: [AWS::Include]\nConditions: {}\nGlobals: {}\nX: 1\nParameters:\n  A: {Type: AWS::SSM::Parameter::Value<String>}\n\
         Resources:\n  a-b: {Type: T, Condition: C, DeletionPolicy: Retain}\n  C: {Properties: []}\n  A: {Type: T, Properties: {p: '{{resolve:ssm:x}}'}}\nOutputs:\n  O: {Export: {Name: x}}\n",
        &[
            "1:27: the only template format version is `2010-09-09` (at /AWSTemplateFormatVersion)",
            "2:13: the only transform that is supported is `AWS::Serverless-2016-10-31` (at /Transform/0)",
            "3:1: `Conditions` of a template is not supported (at /Conditions)",
            "4:1: `Globals` of a template is not supported (at /Globals)",
            "5:1: `X` is no key of a template, which has AWSTemplateFormatVersion, Transform, Description, Metadata, Parameters, Resources, Outputs (at /X)",
            "7:13: the parameter type `AWS::SSM::Parameter::Value<String>` is not supported, only String, Number, List<Number> and CommaDelimitedList are (at /Parameters/A/Type)",
            "9:3: the name `a-b` must consist of 1 to 255 letters and digits (at /Resources/a-b)",
            "9:18: `Condition` of the resource `a-b` is not supported (at /Resources/a-b/Condition)",
            "9:32: `DeletionPolicy` of the resource `a-b` is not supported (at /Resources/a-b/DeletionPolicy)",
            "10:3: the resource `C` has no `Type` (at /Resources/C)",
            "10:19: `Properties` must be a map, not a list (at /Resources/C/Properties)",
            "11:3: `A` is a parameter as well, rename one of the two (at /Resources/A)",
            "11:32: dynamic references (`{{resolve:…}}`) are not supported, use a parameter (at /Resources/A/Properties/p)",
            "13:3: the output `O` has no `Value` (at /Outputs/O)",
            "13:7: `Export` of the output `O` is not supported (at /Outputs/O/Export)",
        ],
    );
    check_refused(
        "Description: x\n",
        &["1:1: `Resources` is missing: a template names at least one resource"],
    );
    check_refused("", &["1:1: a template must be a map, not null"]);
}

#[test]
fn parameters_are_checked() {
    let template = Template::parse(
        b"Parameters:\n  S: {Type: String, Default: ab, AllowedPattern: '[a-z]+', MaxLength: 3}\n  N: {Type: Number, MinValue: 1, MaxValue: 10.5}\n\
          \x20 L: {Type: CommaDelimitedList, Default: 'a, b'}\n  E: {Type: String, AllowedValues: [dev, prod], Default: dev, ConstraintDescription: dev or prod, NoEcho: true}\n\
          Resources: {R: {Type: T}}\n",
    )
    .unwrap();
    assert!(template.parameters[3].no_echo);
    let check = |given: &[(&str, &str)], expect: Result<Value, &[&str]>| {
        let given = given.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
        let values = template.parameter_values(&given).map(|v| json!(v)).map_err(shown);
        assert_eq!(values, expect.map_err(|lines| lines.iter().map(ToString::to_string).collect()));
    };
    check(&[("N", "2.50")], Ok(json!({"E": "dev", "L": ["a", "b"], "N": "2.50", "S": "ab"})));
    check(
        &[("S", "aB"), ("E", "qa"), ("X", "1")],
        Err(&[
            "the template has no parameter `X`",
            "2:3: the parameter `S` must fit the pattern [a-z]+ (at /Parameters/S)",
            "3:3: the parameter `N` needs a value (at /Parameters/N)",
            "5:3: the parameter `E` is refused: dev or prod (at /Parameters/E)",
        ]),
    );
    check(
        &[("S", "abcd"), ("N", "11")],
        Err(&[
            "2:3: the parameter `S` must have at most 3 characters (at /Parameters/S)",
            "3:3: the parameter `N` must be at most 10.5 (at /Parameters/N)",
        ]),
    );
    check(&[("N", "x")], Err(&["3:3: the parameter `N` must be a number (at /Parameters/N)"]));
    check_refused(
        "Parameters: {S: {Type: String, AllowedPattern: '(', Default: x}, T: {Type: Number, Default: y}}\nResources: {R: {Type: T}}\n",
        &[
            "1:48: the pattern is no regular expression: found open group without closing ')' (at /Parameters/S/AllowedPattern)",
            "1:93: the parameter `T` must be a number (at /Parameters/T/Default)",
        ],
    );
}

#[test]
fn resources_come_behind_what_they_need() {
    let text = "Resources:\n  A: {Type: T, Properties: {x: !Sub '${D.Arn}'}}\n  B: {Type: T, DependsOn: [A]}\n  C: {Type: T}\n  D: {Type: T, DependsOn: C}\n";
    let template = Template::parse(text.as_bytes()).unwrap().expand(&BTreeMap::new()).unwrap();
    let ids: Vec<_> = template.order().unwrap().iter().map(|r| r.logical_id.as_str()).collect();
    assert_eq!(ids, ["C", "D", "A", "B"]);
    assert_eq!(template.dependencies(template.resource("B").unwrap()), ["A"]);
    check_refused(
        "Resources:\n  Z: {Type: T, DependsOn: A}\n  A: {Type: T, DependsOn: B}\n  B: {Type: T, Properties: {x: !Ref A}}\n",
        &["3:3: the resources need each other in a circle: A → B → A (at /Resources/A)"],
    );
    check_refused(
        "Resources:\n  A: {Type: T, DependsOn: [A, B]}\n",
        &["2:3: `DependsOn` names `B`, which is no resource here (at /Resources/A)"],
    );
    check_refused(
        "Resources:\n  A: {Type: T, DependsOn: A}\n",
        &["2:3: the resource `A` refers to itself (at /Resources/A)"],
    );
}

const MACHINE: &str = r"
Transform: AWS::Serverless-2016-10-31
Resources:
  M:
    Type: AWS::Serverless::StateMachine
    DependsOn: Q
    Properties:
      Name: m
      DefinitionUri: a/b.asl.json
      DefinitionSubstitutions: {X: !Ref Q}
      Policies: [AmazonS3ReadOnlyAccess, {Version: '2012-10-17', Statement: []}]
      Tags: {team: ml}
      Events:
        Pushed:
          Type: EventBridgeRule
          Properties: {Pattern: {source: [aws.ecr], detail: {r: [!Ref Q]}}, InputPath: $.detail}
        Nightly:
          Type: Schedule
          Properties: {Schedule: rate(1 day), Enabled: False, Name: n, RoleArn: 'arn:r'}
  Q: {Type: T}
";

#[test]
fn sam_state_machines_become_what_sam_makes_of_them() {
    let template = Template::parse(MACHINE.as_bytes()).unwrap();
    let files: Vec<_> = template.definition_files().into_iter().map(|f| (f.logical_id, f.path)).collect();
    assert_eq!(files, [("M".to_owned(), "a/b.asl.json".to_owned())]);
    let definitions = BTreeMap::from([("a/b.asl.json".to_owned(), "{}".to_owned())]);
    let expanded = template.expand(&definitions).unwrap();
    let made: Vec<_> = expanded.resources.iter().map(|r| (r.logical_id.as_str(), r.kind.as_str())).collect();
    let role = "AWS::IAM::Role";
    let rule = "AWS::Events::Rule";
    assert_eq!(
        made,
        [
            ("M", "AWS::StepFunctions::StateMachine"),
            ("MRole", role),
            ("MPushed", rule),
            ("MPushedRole", role),
            ("MNightly", rule),
            ("Q", "T")
        ]
    );
    let properties = |id| expanded.resource(id).unwrap().properties.to_json();
    assert_eq!(expanded.resource("M").unwrap().depends_on, ["Q"]);
    assert_eq!(
        properties("M"),
        json!({"DefinitionString": "{}", "DefinitionSubstitutions": {"X": {"Ref": "Q"}}, "RoleArn": {"Fn::GetAtt": ["MRole", "Arn"]},
            "StateMachineName": "m", "Tags": [{"Key": "stateMachine:createdBy", "Value": "SAM"}, {"Key": "team", "Value": "ml"}]})
    );
    assert_eq!(
        properties("MPushed"),
        json!({"EventPattern": {"source": ["aws.ecr"], "detail": {"r": [{"Ref": "Q"}]}}, "Targets": [{"Arn": {"Ref": "M"},
            "Id": "MPushedStepFunctionsTarget", "RoleArn": {"Fn::GetAtt": ["MPushedRole", "Arn"]}, "InputPath": "$.detail"}]})
    );
    assert_eq!(
        properties("MNightly"),
        json!({"Name": "n", "ScheduleExpression": "rate(1 day)", "State": "DISABLED",
            "Targets": [{"Arn": {"Ref": "M"}, "Id": "MNightlyStepFunctionsTarget", "RoleArn": "arn:r"}]})
    );
    assert_eq!(
        properties("MRole")["ManagedPolicyArns"],
        json!(["arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess"])
    );
    assert_eq!(properties("MRole")["Policies"][0]["PolicyName"], json!("MRolePolicy1"));
    assert_eq!(expanded.expand(&BTreeMap::new()).unwrap(), expanded);
}

const SCHEDULED: &str = r"
Transform: AWS::Serverless-2016-10-31
Resources:
  M:
    Type: AWS::Serverless::StateMachine
    Properties:
      Role: arn:r
      Definition: {}
      Events:
        Plain: {Type: ScheduleV2, Properties: {ScheduleExpression: rate(1 day)}}
        Whole:
          Type: ScheduleV2
          Properties:
            ScheduleExpression: rate(1 hour)
            ScheduleExpressionTimezone: Europe/Rome
            FlexibleTimeWindow: {Mode: FLEXIBLE, MaximumWindowInMinutes: 5}
            StartDate: '2026-12-01T00:00:00Z'
            EndDate: '2026-12-31T00:00:00Z'
            State: DISABLED
            OmitName: True
            GroupName: g
            Description: d
            Input: '{}'
            RetryPolicy: {MaximumRetryAttempts: 2}
            DeadLetterConfig: {Arn: !GetAtt Q.Arn}
        Named: {Type: ScheduleV2, Properties: {ScheduleExpression: rate(1 day), Name: n, RoleArn: 'arn:s'}}
  Q: {Type: T}
";

#[test]
fn sam_schedules_become_what_sam_makes_of_them() {
    let expanded =
        Template::parse(SCHEDULED.as_bytes()).unwrap().expand(&BTreeMap::new()).map_err(shown).unwrap();
    let made: Vec<_> = expanded.resources.iter().map(|r| (r.logical_id.as_str(), r.kind.as_str())).collect();
    let (role, schedule) = ("AWS::IAM::Role", "AWS::Scheduler::Schedule");
    let expect = [("MPlain", schedule), ("MPlainRole", role), ("MWhole", schedule), ("MWholeRole", role)];
    assert_eq!((&made[1..5], made[5], made[6]), (&expect[..], ("MNamed", schedule), ("Q", "T")));
    let properties = |id| expanded.resource(id).unwrap().properties.to_json();
    assert_eq!(
        properties("MPlain"),
        json!({"Name": "MPlain", "ScheduleExpression": "rate(1 day)", "FlexibleTimeWindow": {"Mode": "OFF"},
            "Target": {"Arn": {"Ref": "M"}, "RoleArn": {"Fn::GetAtt": ["MPlainRole", "Arn"]}}})
    );
    let letters = json!({"Fn::GetAtt": ["Q", "Arn"]});
    assert_eq!(
        properties("MWhole"),
        json!({"GroupName": "g", "Description": "d", "ScheduleExpression": "rate(1 hour)", "State": "DISABLED",
            "ScheduleExpressionTimezone": "Europe/Rome", "StartDate": "2026-12-01T00:00:00Z",
            "EndDate": "2026-12-31T00:00:00Z",
            "FlexibleTimeWindow": {"Mode": "FLEXIBLE", "MaximumWindowInMinutes": 5},
            "Target": {"Arn": {"Ref": "M"}, "RoleArn": {"Fn::GetAtt": ["MWholeRole", "Arn"]}, "Input": "{}",
                "DeadLetterConfig": {"Arn": letters}, "RetryPolicy": {"MaximumRetryAttempts": 2}}})
    );
    let named = properties("MNamed");
    assert_eq!((&named["Name"], &named["Target"]["RoleArn"]), (&json!("n"), &json!("arn:s")));
    let role = properties("MWholeRole");
    let statement = &role["AssumeRolePolicyDocument"]["Statement"][0];
    assert_eq!(statement["Principal"]["Service"], json!(["scheduler.amazonaws.com"]));
    let policies = role["Policies"].as_array().unwrap().iter();
    let policies: Vec<_> =
        policies.map(|p| (&p["PolicyName"], &p["PolicyDocument"]["Statement"][0])).collect();
    assert_eq!(policies[0].0, "MWholeStartExecutionPolicy");
    assert_eq!((policies[1].0, &policies[1].1["Resource"]), (&json!("MWholeSQSPolicy"), &letters));
    assert_eq!(properties("MPlainRole")["Policies"].as_array().unwrap().len(), 1);
}

#[test]
fn what_sam_cannot_make_is_named() {
    check_refused_whole(
        "Transform: AWS::Serverless-2016-10-31\nResources:\n  M:\n    Type: AWS::Serverless::StateMachine\n    Properties:\n      Definition: {}\n      Role: r\n      Events:\n\
         \x20       A: {Type: ScheduleV2, Properties: {PermissionsBoundary: b, DeadLetterConfig: {Type: SQS}}}\n\
         \x20       B: {Type: ScheduleV2, Properties: {ScheduleExpression: rate(1 day), OmitName: True, Name: n}}\n\
         \x20       C: {Type: ScheduleV2, Properties: {ScheduleExpression: rate(1 day), OmitName: 1}}\n\
         \x20       D: {Type: ScheduleV2}\n",
        &[
            "the event has no `ScheduleExpression` (at /Resources/M/Properties/Events/A/Properties)",
            "9:44: `PermissionsBoundary` of an event of this type is not supported, only ScheduleExpression, ",
            "`DeadLetterConfig` has no `Arn` (at",
            "`Type` of `DeadLetterConfig` is not supported, only Arn are (at /Resources/M/Properties/Events/A/",
            "`Name` cannot be given when `OmitName` is true (at /Resources/M/Properties/Events/B/Properties/OmitName)",
            "`OmitName` must be a boolean, not",
            "the event `D` has no `Properties`",
        ],
    );
    check_refused(
        MACHINE,
        &[
            "9:22: the definition `a/b.asl.json` was not sent along (at /Resources/M/Properties/DefinitionUri)",
        ],
    );
    check_refused(
        "Transform: AWS::Serverless-2016-10-31\nResources:\n  F: {Type: AWS::Serverless::Function}\n  MRole: {Type: T}\n  M:\n    Type: AWS::Serverless::StateMachine\n    Properties:\n\
         \x20     Tracing: {}\n      Policies: [S3ReadPolicy: {BucketName: b}]\n      Events:\n        A: {Type: Api, Properties: {}}\n        B: {Type: Schedule, Properties: {DeadLetterConfig: {}}}\n",
        &[
            "3:3: the resource `F` has the type `AWS::Serverless::Function`, which is not supported, only AWS::Serverless::StateMachine is of SAM's types (at /Resources/F)",
            "8:7: `Tracing` of a SAM state machine is not supported, only Definition, DefinitionUri, DefinitionSubstitutions, Name, Type, Role, Policies, Events, Tags are (at /Resources/M/Properties/Tracing)",
            "8:7: one of `Definition` and `DefinitionUri` must be given (at /Resources/M/Properties)",
            "9:18: the SAM policy template `S3ReadPolicy` is not supported, write a policy with a `Statement` (at /Resources/M/Properties/Policies/0)",
            "11:9: the event `A` has the type `Api`, which is not supported, only EventBridgeRule, CloudWatchEvent, Schedule and ScheduleV2 are (at /Resources/M/Properties/Events/A)",
            "12:41: the event has no `Schedule` (at /Resources/M/Properties/Events/B/Properties)",
            "12:42: `DeadLetterConfig` of an event of this type is not supported, only Schedule, Name, Description, Enabled, State, Input, RetryPolicy, RoleArn, Target are (at /Resources/M/Properties/Events/B/Properties/DeadLetterConfig)",
        ],
    );
    check_refused(
        "Resources: {M: {Type: AWS::Serverless::StateMachine}}\n",
        &[
            "1:13: the type `AWS::Serverless::StateMachine` of `M` needs `Transform: AWS::Serverless-2016-10-31` (at /Resources/M)",
        ],
    );
}

#[test]
fn definitions_take_values_as_text() {
    let values = BTreeMap::from([("A".to_owned(), "x${B}".to_owned()), ("B".to_owned(), "2".to_owned())]);
    assert_eq!(
        substitute(r#"{"a": "${A}", "b": ${B}, "c": "${C} ${ ${B}"}"#, &values),
        r#"{"a": "x${B}", "b": 2, "c": "${C} ${ 2"}"#
    );
}

#[test]
fn json_and_yaml_are_one() {
    let yaml =
        Template::parse(b"Resources: {R: {Type: T, Properties: {a: !GetAtt Q.Arn}}, Q: {Type: T}}").unwrap();
    let json = Template::parse(br#"{"Resources": {"R": {"Type": "T", "Properties": {"a": {"Fn::GetAtt": "Q.Arn"}}}, "Q": {"Type": "T"}}}"#).unwrap();
    assert_eq!(yaml.resources[0].properties.to_json(), json.resources[0].properties.to_json());
}

proptest! {
    #[test]
    fn no_text_makes_the_reader_panic(
        text in r#"(Resources:|Parameters:|Outputs:|\n  R:|\n    Type: |\n    Properties: |AWS::Serverless::StateMachine|!Ref R|!Sub '\$\{R|\}'|!GetAtt R|\{Ref: R\}|[\[\]{}:,]|\nTransform: AWS::Serverless-2016-10-31\n){0,14}"#
    ) {
        if let Ok(template) = Template::parse(text.as_bytes()) {
            let _ = (template.definition_files(), template.order().is_ok(), template.expand(&BTreeMap::new()).is_ok());
        }
    }

    #[test]
    fn substitution_without_values_changes_nothing(text in r"[${}A ]{0,20}") {
        prop_assert_eq!(substitute(&text, &BTreeMap::new()), text);
    }
}

/// What is wrong at one stage does not hide what is wrong at the next.
#[test]
fn all_stages_speak_at_once() {
    let text = r#"
Transform: AWS::Serverless-2016-10-31
Parameters:
  P: {Type: Strin}
  Q: {Default: x}
Resources:
  A: {Typ: T}
  M:
    Type: AWS::Serverless::StateMachine
    DependsOn: Nope
    Properties: {Role: !If [a, b, c], Name: !Ref P, Tags: {q: !Ref Q}}
  B: {Type: T, Properties: {a: !Ref A, r: !GetAtt MRole.Arn, m: !Ref Gone}}
Outputs:
  O: {Value: !FindInMap [a, b, c]}
  N: {Value: !Sub "${Zed}"}
"#;
    check_refused_whole(
        text,
        &[
            "Strin",
            "`Q` has no `Type`",
            "`A` has no `Type`",
            "`Typ` is no key",
            "`Nope`, which is no resource",
            "`!If` is not supported",
            "`Gone` is neither",
            "`!FindInMap` is not supported",
            "`Zed` is neither",
        ],
    );
    let sam = "Transform: AWS::Serverless-2016-10-31\nResources:\n  M: {Type: AWS::Serverless::StateMachine}\n  F: {Type: AWS::Serverless::Function}\n  B: {Type: T, Properties: {r: !GetAtt MRole.Arn, m: !Ref Gone}}";
    check_refused_whole(sam, &["Definition", "AWS::Serverless::Function", "`Gone` is neither"]);
}

fn check_refused_whole(text: &str, expect: &[&str]) {
    let (_, found) = Template::draft(text.as_bytes()).unwrap().expand(&BTreeMap::new());
    let found = shown(found);
    assert_eq!(found.len(), expect.len(), "{found:#?}");
    for (found, part) in found.iter().zip(expect) {
        assert!(found.contains(part), "{part}: {found}");
    }
}
