//! What Step Functions knows of the services, and what it says of tasks that it does not know.

use serde_json::{Value, json};

use super::{Integration, Resource, advise, diagnose, table::ROWS, tasks};
use crate::catalog::{self, Rigour};

#[track_caller]
fn resource(text: &str) -> Resource {
    text.parse().unwrap()
}

/// What AWS refuses about a Task in a machine of JSONPath.
#[track_caller]
fn refused(mut state: Value, expect: &[&str]) {
    state["Type"] = json!("Task");
    state["Resource"] = json!(format!("arn:aws:states:::{}", state["Resource"].as_str().unwrap()));
    if state.get("Arguments").is_some() {
        state["QueryLanguage"] = json!("JSONata");
    }
    let found = diagnose(&json!({"States": {"S": state}}), |_| false);
    let found: Vec<_> = found.iter().map(ToString::to_string).collect();
    let expect: Vec<_> = expect.iter().map(|text| format!("SCHEMA_VALIDATION_FAILED: {text}")).collect();
    assert_eq!(found, expect);
}

#[test]
fn every_row_stands_on_the_catalog() {
    for row in ROWS {
        let named = format!("{}:{}", row.service, row.action);
        if let Some((service, action)) = row.operation {
            let operation = catalog::service(service).and_then(|service| service.operation(action));
            let input = operation.unwrap_or_else(|| panic!("{named}")).input().unwrap();
            for name in row.less.iter().chain(row.optional) {
                assert!(input.member(name, catalog::Naming::Api).is_some(), "{named}: {name}");
            }
        }
        for suffix in [".sync", ".sync:2"].iter().take(row.poll.map_or(0, |_| 1 + usize::from(row.sync2))) {
            let job = Integration::find(&resource(&format!("arn:aws:states:::{named}{suffix}"))).unwrap();
            assert!(!job.mismatches(&json!([]), Rigour::Strict).is_empty(), "{named}{suffix}");
        }
    }
}

#[test]
fn resources_are_known_or_not() {
    let known = |text: &str| Integration::find(&resource(&format!("arn:aws:states:::{text}"))).is_some();
    for good in [
        "lambda:invoke",
        "lambda:invoke.waitForTaskToken",
        "glue:startJobRun.sync",
        "states:startExecution.sync:2",
        "aws-sdk:rds:describeDBInstances",
        "aws-sdk:sfn:startExecution.waitForTaskToken",
        "aws-sdk:qldb:createLedger",
        "http:invoke",
    ] {
        assert!(known(good), "{good}");
    }
    for bad in [
        "lambda:invoke.sync",
        "glue:startJobRun.sync:2",
        "dynamodb:query",
        "dynamodb:putItem.waitForTaskToken",
        "s3:getObject",
        "aws-sdk:stepfunctions:startExecution",
        "aws-sdk:s3:GetObject",
        "aws-sdk:apigatewaymanagementapi:postToConnection",
        "nosuch:thing",
    ] {
        assert!(!known(bad), "{bad}");
    }
    refused(
        json!({"Resource": "dynamodb:query", "Parameters": {}}),
        &[
            "The resource provided arn:aws:states:::dynamodb:query is not recognized. The value is not a valid resource \
           ARN, or the resource is not available in this region. at /States/S/Resource",
        ],
    );
}

#[test]
fn parameters_have_the_names_of_the_api() {
    refused(
        json!({"Resource": "lambda:invoke"}),
        &["Parameters field is required for resource ARN: arn:aws:states:::lambda:invoke at /States/S"],
    );
    refused(
        json!({"Resource": "lambda:invoke", "Parameters": {"FunctionName.$": "$.f", "Payload": {"any": 1}}}),
        &[],
    );
    refused(
        json!({"Resource": "sqs:sendMessage", "Parameters": {"QueueURL": "q", "MessageBody": {"a": 1}}}),
        &[
            "The field \"QueueURL\" is not supported by Step Functions at /States/S/Parameters",
            "The field 'QueueUrl' is required but was missing at /States/S/Parameters",
        ],
    );
    refused(
        json!({"Resource": "ecs:runTask", "Parameters": {"TaskDefinition": "t", "NetworkConfiguration": {
            "awsVpcConfiguration": {}}}}),
        &[
            "The field \"awsVpcConfiguration\" is not supported by Step Functions at /States/S/Parameters/NetworkConfiguration",
        ],
    );
    refused(json!({"Resource": "aws-sdk:s3:listBuckets", "Parameters": {}}), &[]);
    refused(
        json!({"Resource": "aws-sdk:rds:describeDBInstances", "Arguments": {"DBInstanceIdentifier": "i"}}),
        &["The field \"DBInstanceIdentifier\" is not supported by Step Functions at /States/S/Arguments"],
    );
    refused(json!({"Resource": "lambda:invoke", "Arguments": "{% $states.input %}"}), &[]);
    refused(
        json!({"Resource": "lambda:invoke", "Arguments": {"FunctionName.$": "f"}}),
        &[
            "The field \"FunctionName.$\" is not supported by Step Functions at /States/S/Arguments",
            "The field 'FunctionName' is required but was missing at /States/S/Arguments",
        ],
    );
    refused(json!({"Resource": "aws-sdk:qldb:createLedger", "Parameters": {"Anything": 1}}), &[]);
}

#[test]
fn integrations_of_their_own_have_parameters_of_their_own() {
    refused(
        json!({"Resource": "http:invoke", "Parameters": {"ApiEndpoint": "https://a.test", "Verb": "GET"}}),
        &[
            "The field \"Verb\" is not supported by Step Functions at /States/S/Parameters",
            "The field 'Method' is required but was missing at /States/S/Parameters",
        ],
    );
    refused(
        json!({"Resource": "bedrock:invokeModel", "Parameters": {"ModelId": "m", "Input": {"S3Uri": "s3://b/k"}}}),
        &[],
    );
    let cluster = |more: Value| json!({"Resource": "elasticmapreduce:createCluster", "Parameters": more});
    refused(cluster(json!({"Name": "n", "Instances": {}})), &[]);
    refused(
        cluster(json!({"Name": "n", "Instances": {}, "Steps": []})),
        &["The field \"Steps\" is not supported by Step Functions at /States/S/Parameters"],
    );
}

#[test]
fn tasks_are_found_at_every_depth() {
    let task = |language: Value| json!({"Type": "Task", "Resource": "arn:aws:states:::lambda:invoke", "QueryLanguage": language});
    let plain = json!({"Type": "Task", "Resource": "arn:aws:states:::lambda:invoke"});
    let machine = json!({"QueryLanguage": "JSONata", "States": {
        "P/1": {"Type": "Parallel", "Branches": [{"States": {}}, {"States": {"A": plain}}]},
        "M": {"Type": "Map", "QueryLanguage": "JSONPath", "ItemProcessor": {"States": {
            "I": {"Type": "Map", "Iterator": {"States": {"B": task(json!("JSONPath"))}}},
        }}},
        "F": {"Type": "Task", "Resource": "arn:aws:lambda:us-east-1:000000000000:function:f"},
        "X": {"Type": "Task", "Resource": 1},
    }});
    let found: Vec<_> = tasks(&machine).iter().map(|task| (task.pointer.clone(), task.jsonata)).collect();
    let expect = [
        ("/States/P~11/Branches/1/States/A", true),
        ("/States/M/ItemProcessor/States/I/Iterator/States/B", false),
        ("/States/F", true),
    ];
    assert_eq!(found, expect.map(|(pointer, jsonata)| (pointer.to_owned(), jsonata)));
    assert_eq!(diagnose(&machine, |_| false).len(), 2);
    assert_eq!(diagnose(&plain, |_| false)[0].pointer.as_deref(), Some("/"));
    for nonsense in [json!(null), json!({"States": [1]}), json!({"States": {"A": 1, "B": {"Type": "Map"}}})] {
        assert!(tasks(&nonsense).is_empty());
    }
}

#[test]
fn what_can_be_called_here_is_not_refused() {
    let desk = json!({"Type": "Task", "Resource": "arn:aws:states:::desk:work"});
    assert_eq!(diagnose(&desk, |_| false).len(), 1);
    assert!(diagnose(&desk, |resource| resource.resource_type() == "desk").is_empty());
}

#[test]
fn what_fails_later_is_advice() {
    #[track_caller]
    fn check(state: Value, expect: &[&str]) {
        assert!(diagnose(&state, |_| false).is_empty());
        let advice: Vec<_> = tasks(&state).iter().flat_map(advise).collect();
        let found: Vec<_> = advice.iter().map(|one| format!("{} at {}", one.message, one.pointer)).collect();
        assert_eq!(found, expect);
    }
    check(
        json!({"Type": "Task", "Resource": "arn:aws:states:::lambda:invoke.waitForTaskToken",
            "Parameters": {"FunctionName": "f", "TaskToken.$": "$$.Task.Token"}}),
        &["The field \"TaskToken\" is not supported by Step Functions at /Parameters"],
    );
    check(
        json!({"Type": "Task", "Resource": "arn:aws:states:::aws-sdk:s3:putObjectTagging",
            "Parameters": {"Bucket": "b", "Key": "k", "Tagging": {"TagSet": [{"Key": "k"}]}}}),
        &["The field 'Value' is required but was missing at /Parameters/Tagging/TagSet/0"],
    );
}

#[test]
fn mocks_look_like_answers() {
    #[track_caller]
    fn check(text: &str, result: Value, rigour: Rigour, expect: &[&str]) {
        let integration = Integration::find(&resource(&format!("arn:aws:states:::{text}"))).unwrap();
        let found = integration.mismatches(&result, rigour);
        assert_eq!(found.iter().map(ToString::to_string).collect::<Vec<_>>(), expect);
    }
    let strict = Rigour::Strict;
    check("lambda:invoke", json!({"StatusCode": "200"}), strict, &["Field 'StatusCode' must be a number"]);
    check("lambda:invoke", json!({"StatusCode": 200, "Payload": {"a": [1]}}), strict, &[]);
    check("sqs:sendMessage.waitForTaskToken", json!("anything"), strict, &[]);
    check(
        "sqs:sendMessage",
        json!({"MD5OfMessageBody": 1}),
        strict,
        &["Field 'MD5OfMessageBody' must be a string"],
    );
    check(
        "aws-sdk:sqs:sendMessage",
        json!({"Md5OfMessageBody": 1}),
        strict,
        &["Field 'Md5OfMessageBody' must be a string"],
    );
    let output = json!({"Output": {"a": 1}});
    check("states:startExecution.sync:2", output.clone(), Rigour::Present, &[]);
    check("states:startExecution.sync", output, Rigour::Present, &["Field 'Output' must be a string"]);
    check(
        "aws-sdk:kms:encrypt",
        json!({"CiphertextBlob": 123}),
        strict,
        &["Field 'CiphertextBlob' must be a string"],
    );
    check("events:putEvents", json!({"random": "json"}), strict, &[]);
    check("http:invoke", json!({"StatusCode": 200}), strict, &[]);
}
