//! `ReplayEvents`: some of the last events of a bus are told again, with the mark of a replay.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use trainyard_domain::Timestamp;
use trainyard_services::{bus::AgainSpec, ground::uuid_from};

use crate::{ApiError, Context};

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(super) struct Input {
    /// The default one, if none is named.
    event_bus_name: Option<String>,
    #[serde(default)]
    event_ids: BTreeSet<String>,
    since_time: Option<Timestamp>,
    event_pattern: Option<String>,
    /// The same one does nothing twice within 72 hours.
    replay_name: Option<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Output {
    replay_name: String,
    event_count: usize,
}

pub(super) async fn run(context: &Context, input: Input) -> Result<Output, ApiError> {
    let Context { services, scope, principal, .. } = context;
    let spec = AgainSpec {
        bus: input.event_bus_name,
        ids: input.event_ids,
        since: input.since_time,
        pattern: input.event_pattern,
        // A call that is made again after a crash tells nothing twice.
        name: input.replay_name.or_else(|| Some(uuid_from(&["replay", context.token.as_deref()?]))),
    };
    let again = services.bus.tell_again(scope, principal, spec).await?;
    Ok(Output { replay_name: again.name, event_count: again.count })
}
