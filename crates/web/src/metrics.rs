//! `GET /metrics`: counts in Prometheus's text format.
//! <https://prometheus.io/docs/instrumenting/exposition_formats/>

use std::{fmt::Write, sync::Arc};

use axum::{extract::State, http::header, response::IntoResponse};
use trainyard_services::Services;

/// One line of the table below.
struct Metric {
    name: &'static str,
    kind: &'static str,
    help: &'static str,
    value: f64,
}

/// All metrics there are.
pub(crate) async fn show(State(services): State<Arc<Services>>) -> impl IntoResponse {
    let stats = services.ground.store.stats();
    let counter = |name, help, value: u64| Metric { name, kind: "counter", help, value: value as f64 };
    let mut metrics = vec![
        counter("trainyard_store_commits_total", "Changes committed", stats.commits),
        counter(
            "trainyard_store_conflicts_total",
            "Changes refused because something had changed",
            stats.conflicts,
        ),
        counter("trainyard_store_batches_total", "Transactions, each with one fsync", stats.batches),
        counter("trainyard_store_rows_total", "Rows written", stats.rows),
        counter("trainyard_store_failures_total", "Transactions that the disk refused", stats.failures),
        counter("trainyard_store_poisoned_total", "Documents that could not be read", stats.poisoned),
        Metric {
            name: "trainyard_store_damaged",
            kind: "gauge",
            help: "Things in the store that are known to be damaged",
            value: stats.damaged as f64,
        },
    ];
    // Of all rules together: what rules there are is their owners' to know.
    let tally = services.bus.tally();
    metrics.extend([
        counter("trainyard_events_matched_total", "Events matched by rules", tally.matched),
        counter("trainyard_events_delivered_total", "Deliveries that reached their target", tally.invoked),
        counter("trainyard_events_failed_total", "Deliveries that were given up", tally.failed),
        counter(
            "trainyard_events_retried_total",
            "Attempts that failed and were followed by others",
            tally.retried,
        ),
        counter("trainyard_events_throttled_total", "Times that a target wanted fewer", tally.throttled),
        counter("trainyard_events_dead_letters_total", "Dead letters that are in their queue", tally.buried),
        counter(
            "trainyard_events_lost_letters_total",
            "Dead letters that no queue has taken",
            tally.unburied,
        ),
    ]);
    if let Ok(open) = services.jobs.open().await {
        metrics.push(Metric {
            name: "trainyard_jobs_open",
            kind: "gauge",
            help: "Jobs that are not over",
            value: open.len() as f64,
        });
    }
    let text = metrics.iter().fold(String::new(), |mut text, metric| {
        let Metric { name, kind, help, value } = metric;
        // Writing to a String cannot fail.
        let _ = writeln!(text, "# HELP {name} {help}\n# TYPE {name} {kind}\n{name} {value}");
        text
    });
    ([(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], text)
}
