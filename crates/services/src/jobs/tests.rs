//! A job to begin tests with.

use serde_json::json;
use trainyard_domain::{Arn, Principal, Scope, Timestamp};

use super::{Job, Kind, Phase, TrainingRequest};

pub(super) fn a_request() -> TrainingRequest {
    let request = json!({
        "TrainingJobName": "job",
        "AlgorithmSpecification": {"TrainingImage": "000000000000.dkr.ecr.us-east-1.amazonaws.com/i:t", "TrainingInputMode": "File"},
        "RoleArn": "arn:aws:iam::000000000000:role/job",
        "HyperParameters": {"learning-rate": "0.5"},
        "InputDataConfig": [{
            "ChannelName": "train",
            "DataSource": {"S3DataSource": {"S3DataType": "S3Prefix", "S3Uri": "s3://bucket/data"}},
        }],
        "OutputDataConfig": {"S3OutputPath": "s3://bucket/out/"},
        "ResourceConfig": {"InstanceType": "ml.m5.large", "InstanceCount": 1, "VolumeSizeInGB": 10},
    });
    crate::shape::read(request).unwrap()
}

pub(super) fn a_job() -> Job {
    let scope = Scope::default_scope();
    let arn = Arn::new("sagemaker", &scope, "training-job/job");
    Job {
        id: "job-1".to_owned().try_into().unwrap(),
        kind: Kind::Training,
        name: "job".to_owned(),
        request: json!(a_request()),
        principal: Principal::root(&scope),
        token: None,
        plan: a_request().plan(&arn).unwrap(),
        phase: Phase::Running,
        stop: None,
        image: None,
        inputs: Vec::new(),
        created: Timestamp(0),
        started: None,
        ended: None,
        modified: Timestamp(0),
        moves: Vec::new(),
        exit: None,
        kept: false,
        failure: None,
        metrics: Vec::new(),
        message: None,
        arn,
        scope,
    }
}

#[test]
fn the_contract_of_a_training_job() {
    let plan = a_job().plan;
    let expect = [
        ("SM_CHANNEL_TRAIN", "/opt/ml/input/data/train"),
        ("SM_CHANNELS", r#"["train"]"#),
        ("SM_HP_LEARNING_RATE", "0.5"),
        ("SM_HPS", r#"{"learning-rate":"0.5"}"#),
        ("SM_MODEL_DIR", "/opt/ml/model"),
        ("SM_NUM_CPUS", "2"),
        ("TRAINING_JOB_NAME", "job"),
    ];
    for (name, value) in expect {
        assert_eq!(plan.environment[name], value, "{name}");
    }
    assert_eq!(plan.files["input/config/hyperparameters.json"], r#"{"learning-rate":"0.5"}"#);
    assert_eq!(plan.outputs[0].uri.to_string(), "s3://bucket/out/job/output/model.tar.gz");
}

#[test]
fn a_debugging_hook_finds_its_file_and_its_tensors_are_kept() {
    let mut request = a_request();
    let config = json!({"S3OutputPath": "s3://bucket/out", "CollectionConfigurations": []});
    request.debug_hook_config = Some(serde_json::from_value(config).unwrap());
    let plan = request.plan(&a_job().arn).unwrap();
    let file: serde_json::Value =
        serde_json::from_str(&plan.files["input/config/debughookconfig.json"]).unwrap();
    assert_eq!(file["LocalPath"], "/opt/ml/output/tensors");
    assert_eq!(plan.outputs.last().unwrap().uri.to_string(), "s3://bucket/out/job/debug-output");
}

#[test]
fn what_cannot_be_honoured_is_refused_by_name() {
    let check = |change: fn(&mut TrainingRequest), named: &str| {
        let mut request = a_request();
        change(&mut request);
        let message = request.check().unwrap_err().to_string();
        assert!(message.contains(named), "{message}");
    };
    check(|r| r.resource_config.instance_count = 2, "InstanceCount");
    check(|r| r.resource_config.instance_type = "ml.none".to_owned(), "ml.none");
    check(|r| r.enable_network_isolation = true, "EnableNetworkIsolation");
    check(|r| r.training_job_name = "a_b".to_owned(), "trainingJobName");
    check(|r| r.input_data_config[0].channel_name = "..".to_owned(), "`..`");
    check(|r| r.input_data_config.push(r.input_data_config[0].clone()), "`train` is there twice");
    check(|r| r.stopping_condition.max_runtime_in_seconds = 0, "maxRuntimeInSeconds");
    check(|r| drop(r.environment.insert("A=B".to_owned(), String::new())), "`A=B`");
    check(|r| drop(r.hyper_parameters.insert("a".to_owned(), "\0".to_owned())), "zero byte");
}

#[test]
fn a_job_never_moves_back() {
    use super::End;
    let phases =
        [Phase::Starting, Phase::Downloading, Phase::Running, Phase::Uploading, Phase::Ended(End::Failed)];
    for (at, from) in phases.iter().enumerate() {
        for (to, next) in phases.iter().enumerate() {
            assert_eq!(from.may_become(*next), to > at, "{from:?} {next:?}");
        }
    }
}
