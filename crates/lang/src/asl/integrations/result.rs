//! Whether a made-up answer could be an integration's, as TestState judges mocks.
//! <https://docs.aws.amazon.com/step-functions/latest/dg/test-state-isolation.html>

use serde_json::Value;

use super::{Integration, Source};
use crate::{
    asl::resource::Pattern,
    catalog::{self, Mismatch, Rigour, Shape},
};

impl Integration {
    /// All places where `result` does not look like an answer. A job's answer looks like that of the operation which
    /// is asked for its state; what comes with a task token is anybody's.
    pub fn mismatches(&self, result: &Value, rigour: Rigour) -> Vec<Mismatch> {
        let Some(shape) = self.answer() else { return Vec::new() };
        let open = match self.source {
            Source::Optimised(row) => row.open,
            Source::Sdk(_) => &[],
        };
        let anything = |one: &Mismatch| open.iter().any(|name| one.pointer.split('/').nth(1) == Some(name));
        let mut found = shape.mismatches(result, self.naming(), rigour);
        // `.sync` gives the job's output as the text that it is: only `.sync:2` reads it.
        if self.pattern != Pattern::Sync {
            found.retain(|one| !anything(one));
        }
        found
    }

    fn answer(&self) -> Option<Shape<'static>> {
        match (self.pattern, self.source) {
            (Pattern::WaitForTaskToken, _) => None,
            (Pattern::Sync | Pattern::Sync2, Source::Optimised(row)) => {
                let service = row.operation.map_or_else(|| own_service(row.service), |(service, _)| service);
                catalog::service(service)?.operation(row.poll?)?.output()
            }
            _ => self.operation()?.output(),
        }
    }
}

/// The catalog's name of a service whose action has no operation of its own.
fn own_service(service: &'static str) -> &'static str {
    match service {
        "elasticmapreduce" => "emr",
        service => service,
    }
}
