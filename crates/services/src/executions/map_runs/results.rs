//! What a map run gives in the end: its children's outputs, or where they were written. Pure.
//! <https://docs.aws.amazon.com/step-functions/latest/dg/input-output-resultwriter.html>

use serde::Deserialize;
use serde_json::{Value, json, value::RawValue};
use trainyard_engine::Payload;
use trainyard_lang::asl::{OutputType, Transformation, WriterConfig};

use super::{
    super::{
        execution::{Execution, Status},
        names,
    },
    batch::Portion,
    children,
    map_run::MapRun,
    plan::arguments_of,
};

/// Where results are written.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(super) struct Destination {
    pub(super) bucket: String,
    #[serde(default)]
    prefix: String,
}

impl Destination {
    /// Of this map run; none if its results are not written.
    pub(super) fn of(run: &MapRun) -> Result<Option<Self>, String> {
        run.results.as_ref().filter(|arguments| !arguments.is_null()).map(arguments_of).transpose()
    }

    /// The key of a file of this map run.
    pub(super) fn key(&self, run: &MapRun, file: &str) -> String {
        let prefix = self.prefix.trim_end_matches('/');
        let slash = if prefix.is_empty() { "" } else { "/" };
        format!("{prefix}{slash}{}/{file}", run.id_part())
    }
}

/// The file that names all others.
pub(super) const MANIFEST: &str = "manifest.json";

/// What the state gives where results are written.
pub(super) fn written(run: &MapRun, destination: &Destination) -> Payload {
    json!({
        "MapRunArn": run.arn,
        "ResultWriterDetails": {"Bucket": destination.bucket, "Key": destination.key(run, MANIFEST)},
    })
    .into()
}

/// The manifest: which files there are, by kind.
pub(super) fn manifest(run: &MapRun, destination: &Destination, files: &[(Kind, String, u64)]) -> Value {
    let of = |kind: Kind| -> Vec<Value> {
        let files = files.iter().filter(|(of, _, _)| *of == kind);
        files.map(|(_, key, size)| json!({"Key": key, "Size": size})).collect()
    };
    json!({
        "DestinationBucket": destination.bucket,
        "MapRunArn": run.arn,
        "ResultFiles": {
            "FAILED": of(Kind::Failed), "PENDING": of(Kind::Pending), "SUCCEEDED": of(Kind::Succeeded),
        },
    })
}

/// Which children a file is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Succeeded,
    Failed,
    Pending,
}

impl Kind {
    pub(super) const ALL: [Self; 3] = [Self::Succeeded, Self::Failed, Self::Pending];

    /// The statuses of the children in it.
    pub(super) fn statuses(self) -> &'static [Status] {
        match self {
            Self::Succeeded => &[Status::Succeeded],
            Self::Failed => &[Status::Failed, Status::TimedOut, Status::Aborted],
            Self::Pending => &[],
        }
    }

    /// The name of its file.
    pub(super) fn file(self, output: OutputType) -> String {
        let name = match self {
            Self::Succeeded => "SUCCEEDED",
            Self::Failed => "FAILED",
            Self::Pending => "PENDING",
        };
        let suffix = match output {
            OutputType::Json => "json",
            OutputType::JsonLines => "jsonl",
        };
        format!("{name}_0.{suffix}")
    }
}

/// Entries one after another, as a list or as lines.
pub(super) struct Entries {
    output: OutputType,
    transformation: Transformation,
    /// What was written and not taken.
    text: String,
    first: bool,
}

impl Entries {
    /// `unsaid`: what becomes of outputs where the configuration does not say it.
    pub(super) fn new(config: &WriterConfig, unsaid: Transformation) -> Self {
        let mut entries = Self {
            output: config.output_type,
            transformation: config.transformation.unwrap_or(unsaid),
            text: String::new(),
            first: true,
        };
        if entries.output == OutputType::Json {
            entries.text.push('[');
        }
        entries
    }

    /// Adds what a child that has ended gives. What has failed is told in full.
    pub(super) fn add(&mut self, execution: &Execution) {
        let output = execution.end.as_ref().and_then(|end| end.output.as_deref());
        match (self.transformation, output) {
            (Transformation::Compact, Some(output)) => self.entry(output),
            (Transformation::Flatten, Some(output)) => match serde_json::from_str::<Vec<&RawValue>>(output) {
                Ok(list) => list.iter().for_each(|element| self.entry(element.get())),
                Err(_) => self.entry(output),
            },
            (Transformation::None, _) | (_, None) => self.entry(&in_full(execution).to_string()),
        }
    }

    /// Adds a child that was not begun.
    pub(super) fn add_pending(&mut self, run: &MapRun, index: u64, portion: &Portion) {
        let name = children::name(run, index);
        let entry = json!({
            "ExecutionArn": names::execution_arn(&run.scope, &run.machine, &name),
            "Input": portion.input,
            "InputDetails": {"Included": true},
            "Name": name,
            "StateMachineArn": run.machine_arn(),
            "Status": "PENDING",
        });
        self.entry(&entry.to_string());
    }

    fn entry(&mut self, text: &str) {
        let between = match self.output {
            OutputType::Json if self.first => "",
            OutputType::Json => ",",
            OutputType::JsonLines => "",
        };
        self.text.push_str(between);
        self.text.push_str(text);
        if self.output == OutputType::JsonLines {
            self.text.push('\n');
        }
        self.first = false;
    }

    /// No more come.
    pub(super) fn close(&mut self) {
        if self.output == OutputType::Json {
            self.text.push(']');
        }
    }

    /// What was written since it was last asked.
    pub(super) fn take(&mut self) -> String {
        std::mem::take(&mut self.text)
    }

    /// How long that is.
    pub(super) fn len(&self) -> usize {
        self.text.len()
    }

    /// All of it as a state's result: lines are a text.
    pub(super) fn into_result(mut self) -> serde_json::Result<Payload> {
        self.close();
        match self.output {
            OutputType::Json => Payload::parse(&self.text),
            OutputType::JsonLines => Ok(Value::String(self.text).into()),
        }
    }
}

/// All that is known of a child.
fn in_full(execution: &Execution) -> Value {
    let included = json!({"Included": true});
    let mut entry = json!({});
    let end = execution.end.as_ref();
    let text = |text: Option<&String>| text.map(|text| Value::from(text.as_str()));
    let members = [
        ("Cause", text(end.and_then(|end| end.cause.as_ref()))),
        ("Error", text(end.and_then(|end| end.error.as_ref()))),
        ("ExecutionArn", Some(json!(execution.arn()))),
        ("Input", Some(execution.input.as_str().into())),
        ("InputDetails", Some(included.clone())),
        ("Name", Some(execution.name.as_str().into())),
        ("Output", text(end.and_then(|end| end.output.as_ref()))),
        ("OutputDetails", end.and_then(|end| end.output.as_ref()).map(|_| included)),
        ("StartDate", Some(json!(execution.started.to_string()))),
        ("StateMachineArn", Some(json!(execution.machine_arn()))),
        ("Status", Some(execution.status.as_str().into())),
        ("StopDate", end.map(|end| json!(end.at.to_string()))),
    ];
    for (name, value) in members {
        if let Some(value) = value {
            entry[name] = value;
        }
    }
    entry
}

#[cfg(test)]
mod tests {
    use super::{
        super::tests::{child, map_run},
        *,
    };

    fn config(transformation: Option<Transformation>, output_type: OutputType) -> WriterConfig {
        WriterConfig { transformation, output_type }
    }

    fn check(config: &WriterConfig, unsaid: Transformation, outputs: &[&str], expect: Value) {
        let mut entries = Entries::new(config, unsaid);
        for (index, output) in (0..).zip(outputs) {
            entries.add(&child(index, Ok(output)));
        }
        assert_eq!(*entries.into_result().unwrap(), expect);
    }

    #[test]
    fn outputs_are_handed_on_as_asked() {
        let outputs = ["[1, 2]", "\"x\"", "[]"];
        let plain = WriterConfig::default();
        check(&plain, Transformation::Compact, &outputs, json!([[1, 2], "x", []]));
        check(&plain, Transformation::Compact, &[], json!([]));
        let flat = config(Some(Transformation::Flatten), OutputType::Json);
        check(&flat, Transformation::Compact, &outputs, json!([1, 2, "x"]));
        let lines = config(Some(Transformation::Compact), OutputType::JsonLines);
        check(&lines, Transformation::None, &outputs, json!("[1, 2]\n\"x\"\n[]\n"));
    }

    #[test]
    fn what_has_failed_is_told_in_full() {
        let mut entries = Entries::new(&WriterConfig::default(), Transformation::Compact);
        entries.add(&child(0, Ok("1")));
        entries.add(&child(1, Err(("Broken", "it was"))));
        let result = entries.into_result().unwrap();
        assert_eq!((&result[0], &result[1]["Status"]), (&json!(1), &json!("FAILED")));
        assert_eq!((&result[1]["Error"], &result[1]["Cause"]), (&json!("Broken"), &json!("it was")));
        assert_eq!((&result[1]["Input"], result[1].get("Output")), (&json!("1"), None));
    }

    #[test]
    fn a_whole_entry_has_awss_members() {
        let mut entries = Entries::new(&WriterConfig::default(), Transformation::None);
        entries.add(&child(0, Ok("{\"a\":1}")));
        let result = entries.into_result().unwrap();
        let names: Vec<&String> = result[0].as_object().unwrap().keys().collect();
        let expect = [
            "ExecutionArn",
            "Input",
            "InputDetails",
            "Name",
            "Output",
            "OutputDetails",
            "StartDate",
            "StateMachineArn",
            "Status",
            "StopDate",
        ];
        assert_eq!(names, expect);
        assert_eq!(result[0]["Output"], "{\"a\":1}");
        assert_eq!(result[0]["OutputDetails"], json!({"Included": true}));
    }

    #[test]
    fn files_lie_under_the_map_runs_id() {
        let key = |prefix: &str| {
            Destination { bucket: "b".into(), prefix: prefix.into() }.key(&map_run(), MANIFEST)
        };
        assert_eq!(key("jobs"), "jobs/id/manifest.json");
        assert_eq!(key("a/b/"), "a/b/id/manifest.json");
        assert_eq!(key(""), "id/manifest.json");
        assert_eq!(Kind::Failed.file(OutputType::JsonLines), "FAILED_0.jsonl");
    }

    #[test]
    fn the_manifest_names_the_files() {
        let destination = Destination { bucket: "b".into(), prefix: "p".into() };
        let files = [(Kind::Succeeded, "p/id/SUCCEEDED_0.json".to_owned(), 12)];
        let manifest = manifest(&map_run(), &destination, &files);
        assert_eq!(manifest["DestinationBucket"], "b");
        assert_eq!(
            manifest["ResultFiles"]["SUCCEEDED"],
            json!([{"Key": "p/id/SUCCEEDED_0.json", "Size": 12}])
        );
        assert_eq!(
            (&manifest["ResultFiles"]["FAILED"], &manifest["ResultFiles"]["PENDING"]),
            (&json!([]), &json!([]))
        );
    }
}
