//! Replays on the wire.
//! <https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_Replay.html>

use serde::Deserialize;
use serde_json::{Value, json};
use trainyard_services::bus::Replay;

/// Which replay.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(super) struct Named {
    pub(super) replay_name: String,
}

/// As it is answered when it is started or ended.
pub(super) fn changed(replay: &Replay) -> Value {
    json!({"ReplayArn": replay.arn(), "State": replay.state})
}

/// As a list shows it.
pub(super) fn listed(replay: &Replay) -> Value {
    let mut shown = json!({
        "EventEndTime": replay.until,
        "EventSourceArn": replay.archive,
        "EventStartTime": replay.from,
        "ReplayName": replay.name,
        "ReplayStartTime": replay.started,
        "State": replay.state,
    });
    for (member, time) in [("EventLastReplayedTime", replay.last), ("ReplayEndTime", replay.ended)] {
        if let Some(time) = time {
            shown[member] = json!(time);
        }
    }
    if let Some(reason) = &replay.reason {
        shown["StateReason"] = reason.as_str().into();
    }
    shown
}

/// All of it.
pub(super) fn described(replay: &Replay) -> Value {
    let mut shown = listed(replay);
    shown["ReplayArn"] = json!(replay.arn());
    shown["Destination"] = json!({"Arn": replay.destination});
    if !replay.rules.is_empty() {
        shown["Destination"]["FilterArns"] = json!(replay.rules);
    }
    if let Some(description) = &replay.description {
        shown["Description"] = description.as_str().into();
    }
    shown
}
