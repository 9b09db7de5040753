//! Look-ups in the packed table, and values held against their shapes.

use serde_json::{Value, json};

use super::{Kind, Naming, Rigour, Shape, service, services};

#[track_caller]
fn output(name: &str, action: &str) -> Shape<'static> {
    service(name).unwrap().operation(action).unwrap().output().unwrap()
}

#[track_caller]
fn check(shape: Shape<'_>, value: Value, rigour: Rigour, expect: &[(&str, &str)]) {
    let found = shape.mismatches(&value, Naming::Api, rigour);
    let found: Vec<_> = found.iter().map(|one| (one.pointer.as_str(), one.to_string())).collect();
    let found: Vec<_> = found.iter().map(|(pointer, text)| (*pointer, text.as_str())).collect();
    assert_eq!(found, expect);
}

#[test]
fn every_block_can_be_read() {
    assert!(services().len() > 400);
    assert!(services().is_sorted_by_key(|service| service.name()));
    for service in services().iter().filter(|service| service.has_model()) {
        let block = service.unpack().unwrap_or_else(|| panic!("{}", service.name()));
        assert!(!block.actions.is_empty(), "{}", service.name());
    }
}

#[test]
fn services_are_called_as_step_functions_calls_them() {
    for (name, prefix) in [
        ("sfn", "Sfn"),
        ("cloudwatchlogs", "CloudWatchLogs"),
        ("sagemakerruntime", "SageMakerRuntime"),
        ("dynamodb", "DynamoDb"),
        ("databasemigration", "DatabaseMigration"),
        ("iotsecuretunneling", "IoTSecureTunneling"),
        ("sesv2", "SesV2"),
        ("wafv2", "Wafv2"),
        ("fsx", "FSx"),
        ("sagemakera2iruntime", "SageMakerA2IRuntime"),
    ] {
        assert_eq!(service(name).map(|service| service.error_prefix()), Some(prefix));
    }
    for unknown in ["", "stepfunctions", "SFN", "s3 ", "apigatewaymanagementapi"] {
        assert!(service(unknown).is_none(), "{unknown}");
    }
    let retired = service("qldb").unwrap();
    assert!(!retired.has_model() && retired.operation("createLedger").is_none());
}

#[test]
fn names_are_the_sdks_or_the_apis() {
    let rds = service("rds").unwrap();
    let describe = rds.operation("describeDBInstances").unwrap();
    assert!(describe.errors().contains(&"DbInstanceNotFoundException"));
    let input = describe.input().unwrap();
    assert!(input.member("DbInstanceIdentifier", Naming::Sdk).is_some());
    assert!(input.member("DBInstanceIdentifier", Naming::Sdk).is_none());
    assert!(input.member("DBInstanceIdentifier", Naming::Api).is_some());
    assert!(rds.operation("DescribeDBInstances").is_none());

    let start = service("sfn").unwrap().operation("startExecution").unwrap().input().unwrap();
    let required: Vec<_> = start.members().filter(|m| m.required()).map(|m| m.name(Naming::Sdk)).collect();
    assert_eq!(required, ["StateMachineArn"]);
    assert!(service("s3").unwrap().operation("listBuckets").unwrap().output().is_some());
    assert!(
        service("sfn")
            .unwrap()
            .operation("sendTaskSuccess")
            .unwrap()
            .errors()
            .contains(&"InvalidTokenException")
    );
}

#[test]
fn shapes_may_hold_themselves() {
    let item = service("dynamodb").unwrap().operation("putItem").unwrap().input().unwrap();
    let Kind::Map(_, attribute) = item.member("Item", Naming::Api).unwrap().shape().kind() else { panic!() };
    let nested = json!({"M": {"a": {"L": [{"M": {"b": {"N": 1}}}]}}});
    check(attribute, nested, Rigour::Strict, &[("/M/a/L/0/M/b/N", "Field 'N' must be a string")]);
}

#[test]
fn values_are_told_from_shapes() {
    let strict = Rigour::Strict;
    let object = output("s3", "getObject");
    check(
        object,
        json!({"StorageClass": "Papyrus"}),
        strict,
        &[("/StorageClass", "Field 'StorageClass' is not an expected value")],
    );
    check(object, json!({"StorageClass": "STANDARD", "Whatever": 1, "ETag": null}), strict, &[]);
    check(object, json!([]), strict, &[("", "Field '' must be an object")]);
    let put = output("dynamodb", "putItem");
    let units = json!({"ConsumedCapacity": {"CapacityUnits": "1.5"}});
    check(
        put,
        units,
        strict,
        &[("/ConsumedCapacity/CapacityUnits", "Field 'CapacityUnits' must be a number")],
    );
    let events = output("eventbridge", "putEvents");
    let second = json!({"Entries": [{"EventId": "a"}, {"EventId": ["b"]}], "FailedEntryCount": 1.5});
    check(
        events,
        second,
        strict,
        &[
            ("/Entries/1/EventId", "Field 'EventId' must be a string"),
            ("/FailedEntryCount", "Field 'FailedEntryCount' must be an integer"),
        ],
    );
    check(events, json!({"Entries": {}}), strict, &[("/Entries", "Field 'Entries' must be an array")]);
    let function = output("lambda", "getFunction");
    let memory = |size: u32| json!({"Configuration": {"MemorySize": size}});
    check(function, memory(10_240), strict, &[]);
    let too_large = "Field 'MemorySize' exceeds the maximum value";
    check(function, memory(10_241), strict, &[("/Configuration/MemorySize", too_large)]);
    check(
        function,
        memory(4),
        strict,
        &[("/Configuration/MemorySize", "Field 'MemorySize' is less than the minimum value")],
    );
}

#[test]
fn rigour_says_how_much_is_asked() {
    let start = output("sfn", "startExecution");
    let missing = ("", "Required field 'ExecutionArn' is missing");
    let wrong = ("/StartDate", "Field 'StartDate' must be a string");
    let late = || json!({"StartDate": 1_764_103_483});
    check(start, late(), Rigour::Strict, &[wrong, missing]);
    check(start, late(), Rigour::Present, &[wrong]);
    check(start, late(), Rigour::None, &[]);
    let named = json!({"ExecutionArn": "", "StartDate": "now"});
    check(
        start,
        named,
        Rigour::Present,
        &[("/ExecutionArn", "Field 'ExecutionArn' is shorter than the minimum length")],
    );
}
