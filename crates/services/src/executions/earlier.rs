//! Offers as versions before this one kept them, which were documents: they become work.

use serde::{Deserialize, Serialize};
use trainyard_domain::Arn;
use trainyard_store::{Changes, Expect, Keys, List, Noun};

use super::{Error, Executions, offers::Offer};

/// So many become work in one commit: their inputs are in memory together.
const TOGETHER: usize = 64;

#[derive(Serialize, Deserialize)]
pub(super) struct Earlier {
    pub(super) token: String,
    pub(super) execution: Arn,
    pub(super) activity: String,
    pub(super) input: String,
    #[serde(default)]
    pub(super) events: u64,
}

impl Noun for Earlier {
    const KIND: &'static str = "activity-task";
    const SPILLS: bool = true;

    fn scope(&self) -> String {
        String::new()
    }

    fn id(&self) -> String {
        self.token.clone()
    }

    fn keys(&self, _keys: &mut Keys) {}
}

impl Executions {
    /// Makes work of all that can be read. It may be begun again wherever it ended.
    pub(super) async fn take_over_offers(&self) -> Result<(), Error> {
        let store = &self.ground.store;
        loop {
            let page = store.list::<Earlier>(List::in_scope("").limit(TOGETHER)).await?;
            if page.items.is_empty() {
                return Ok(());
            }
            let mut changes = Changes::new();
            for held in page.items {
                let (earlier, version) = (held.value, Expect::Version(held.version));
                changes.delete::<Earlier>("", &earlier.token, version);
                let Earlier { token, execution, activity, input, events } = earlier;
                changes.schedule(Offer::of(token, execution, activity, (events, input)).item()?);
            }
            store.commit(changes).await?;
            self.counter.ring_all();
        }
    }
}
