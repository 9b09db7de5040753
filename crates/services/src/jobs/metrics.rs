//! The metrics that a training job prints.
//! <https://docs.aws.amazon.com/sagemaker/latest/dg/define-train-metrics.html>

use regex_lite::Regex;
use serde::{Deserialize, Serialize};
use trainyard_domain::{Timestamp, job::LogLine};

use super::{Error, job::Job, room::Jobs};

/// `MetricDefinition`: how a metric is found in a line; the pattern's first group is its value.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct MetricDefinition {
    /// Its name.
    pub name: String,
    /// The pattern.
    pub regex: String,
}

/// `MetricData`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Metric {
    /// Its name.
    pub metric_name: String,
    /// Its value.
    pub value: f64,
    /// When it was printed.
    pub timestamp: Timestamp,
}

/// Whether all patterns can be read.
pub(super) fn check(definitions: &[MetricDefinition]) -> Result<(), Error> {
    definitions.iter().try_for_each(|definition| pattern(definition).map(drop))
}

fn pattern(definition: &MetricDefinition) -> Result<Regex, Error> {
    let MetricDefinition { name, regex } = definition;
    Regex::new(regex).map_err(|e| {
        Error::Invalid(format!("the regular expression `{regex}` of the metric `{name}` cannot be used: {e}"))
    })
}

/// Takes the metrics out of some lines; a later value takes the place of an earlier one.
fn gather(found: &mut Vec<Metric>, patterns: &[(&str, Regex)], lines: &[LogLine]) {
    for line in lines {
        for (name, pattern) in patterns {
            let text = pattern.captures(&line.text).and_then(|groups| groups.get(1));
            let Some(value) = text.and_then(|text| text.as_str().parse().ok()) else { continue };
            found.retain(|metric| metric.metric_name != *name);
            found.push(Metric { metric_name: (*name).to_owned(), value, timestamp: line.time });
        }
    }
}

impl Jobs {
    /// The last value of each metric, from all that the job has printed.
    pub(super) async fn metrics<'a>(&self, job: &'a Job) -> Result<Vec<Metric>, Error> {
        let definitions = &job.plan.metrics;
        if definitions.is_empty() {
            return Ok(Vec::new());
        }
        let named = |definition: &'a MetricDefinition| Ok((definition.name.as_str(), pattern(definition)?));
        let patterns = definitions.iter().map(named).collect::<Result<Vec<_>, Error>>()?;
        let (mut found, mut from) = (Vec::new(), 0);
        loop {
            let page = self.driver.logs(&job.id, from).await?;
            gather(&mut found, &patterns, &page.lines);
            if page.next == from {
                found.sort_by(|a, b| a.metric_name.cmp(&b.metric_name));
                return Ok(found);
            }
            from = page.next;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_value_counts() {
        let patterns = [("mse", Regex::new("mse=([0-9.]+)").unwrap())];
        let line = |time, text: &str| LogLine { time: Timestamp(time), text: text.to_owned() };
        let mut found = Vec::new();
        gather(
            &mut found,
            &patterns,
            &[line(1, "mse=3.5"), line(2, "other"), line(3, "mse=2.25;"), line(4, "mse=.")],
        );
        assert_eq!(found, [Metric { metric_name: "mse".to_owned(), value: 2.25, timestamp: Timestamp(3) }]);
    }

    #[test]
    fn a_bad_pattern_is_refused_by_name() {
        let bad = MetricDefinition { name: "mse".to_owned(), regex: "(".to_owned() };
        assert!(check(&[bad]).unwrap_err().to_string().contains("metric `mse`"));
    }
}
