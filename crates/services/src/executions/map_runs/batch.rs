//! What one child execution is given: an item, or several. Pure.
//! <https://docs.aws.amazon.com/step-functions/latest/dg/input-output-itembatcher.html>

use serde::{Deserialize, Serialize};
use trainyard_domain::Failure;
use trainyard_engine::{Batch, Payload};

/// What one child execution is given, as it waits for its turn.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Portion {
    /// Its input, as JSON text.
    pub(super) input: String,
    /// How many items are in it.
    pub(super) items: u32,
}

/// Puts items together.
pub(super) struct Batcher {
    /// None: each item is for itself.
    frame: Option<Frame>,
    /// The state, for whoever reads of a failure.
    state: String,
    /// The items of the batch to come, as JSON with commas between them.
    open: String,
    count: u32,
}

/// What every batch has around its items, and how much it may hold.
struct Frame {
    before: String,
    most_items: u64,
    most_bytes: usize,
}

const AFTER: &str = "]}";

impl Frame {
    fn new(batch: &Batch, most: usize) -> Self {
        let before = match &batch.input {
            Some(input) => format!("{{\"BatchInput\":{},\"Items\":[", input.text()),
            None => "{\"Items\":[".to_owned(),
        };
        let bytes = batch.max_bytes.and_then(|bytes| usize::try_from(bytes).ok());
        let most_bytes = bytes.map_or(most, |bytes| bytes.min(most));
        Self { before, most_items: batch.max_items.unwrap_or(u64::MAX), most_bytes }
    }

    fn holds(&self, bytes: usize) -> bool {
        self.before.len() + bytes + AFTER.len() <= self.most_bytes
    }
}

impl Batcher {
    /// For the state of that name, whose children are given so many bytes at most.
    pub(super) fn new(batch: Option<&Batch>, state: &str, most: usize) -> Self {
        Self {
            frame: batch.map(|batch| Frame::new(batch, most)),
            state: state.to_owned(),
            open: String::new(),
            count: 0,
        }
    }

    /// Takes an item; says what is full by it.
    pub(super) fn push(&mut self, item: &Payload) -> Result<Option<Portion>, Failure> {
        let text = item.text();
        let Some(frame) = &self.frame else { return Ok(Some(Portion { input: text.to_owned(), items: 1 })) };
        if !frame.holds(text.len()) {
            let cause = format!(
                "The state '{}' has an item that is larger than a batch of {} bytes can hold.",
                self.state, frame.most_bytes
            );
            return Err(Failure::new("States.DataLimitExceeded", cause));
        }
        let most = frame.most_items;
        let full = self.count > 0 && !frame.holds(self.open.len() + 1 + text.len());
        let done = if full { self.take() } else { None };
        if self.count > 0 {
            self.open.push(',');
        }
        self.open.push_str(text);
        self.count += 1;
        // Not both at once: batches of one item are taken as soon as they have it.
        if done.is_none() && u64::from(self.count) >= most {
            return Ok(self.take());
        }
        Ok(done)
    }

    /// The last batch, which need not be full.
    pub(super) fn take(&mut self) -> Option<Portion> {
        let frame = self.frame.as_ref().filter(|_| self.count > 0)?;
        let input = format!("{}{}{AFTER}", frame.before, self.open);
        self.open.clear();
        Some(Portion { input, items: std::mem::take(&mut self.count) })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};
    use trainyard_engine::PAYLOAD_LIMIT;

    use super::*;

    fn check(batch: Option<Batch>, items: &[Value], expect: &[&str]) {
        let mut batcher = Batcher::new(batch.as_ref(), "Map", PAYLOAD_LIMIT);
        let mut portions = Vec::new();
        for item in items {
            portions.extend(batcher.push(&item.clone().into()).unwrap());
        }
        portions.extend(batcher.take());
        let inputs: Vec<&str> = portions.iter().map(|portion| portion.input.as_str()).collect();
        assert_eq!(inputs, expect);
        let count: u32 = portions.iter().map(|portion| portion.items).sum();
        assert_eq!(count as usize, items.len());
    }

    fn batch(max_items: Option<u64>, max_bytes: Option<u64>) -> Option<Batch> {
        Some(Batch { max_items, max_bytes, input: None })
    }

    #[test]
    fn without_a_batch_each_item_is_for_itself() {
        check(None, &[json!(1), json!({"a": []})], &["1", r#"{"a":[]}"#]);
        check(None, &[], &[]);
    }

    #[test]
    fn batches_have_so_many_items_at_most() {
        let items = [json!(1), json!(2), json!(3)];
        check(batch(Some(2), None), &items, &[r#"{"Items":[1,2]}"#, r#"{"Items":[3]}"#]);
        check(batch(Some(3), None), &items, &[r#"{"Items":[1,2,3]}"#]);
        check(batch(Some(1), None), &items[..2], &[r#"{"Items":[1]}"#, r#"{"Items":[2]}"#]);
        check(batch(Some(2), None), &[], &[]);
    }

    #[test]
    fn batches_have_so_many_bytes_at_most() {
        let items = [json!(10), json!(20), json!(30)];
        let whole = r#"{"Items":[10,20]}"#;
        let bytes = u64::try_from(whole.len()).unwrap();
        check(batch(None, Some(bytes)), &items, &[whole, r#"{"Items":[30]}"#]);
        check(batch(Some(9), Some(bytes - 1)), &items[..2], &[r#"{"Items":[10]}"#, r#"{"Items":[20]}"#]);
        // What is taken for its bytes may leave one item behind that is as many as there may be.
        check(batch(Some(1), Some(bytes)), &items[..2], &[r#"{"Items":[10]}"#, r#"{"Items":[20]}"#]);
        let mut small = Batcher::new(batch(None, Some(bytes)).as_ref(), "Map", PAYLOAD_LIMIT);
        let error = small.push(&json!("long enough").into()).unwrap_err();
        assert_eq!(error.error, "States.DataLimitExceeded");
        let item = json!("x".repeat(PAYLOAD_LIMIT)).into();
        let large = |most| Batcher::new(batch(None, None).as_ref(), "Map", most).push(&item);
        assert!(large(PAYLOAD_LIMIT).is_err(), "no child could be given it");
        assert!(large(2 * PAYLOAD_LIMIT).is_ok());
    }

    #[test]
    fn every_batch_has_what_it_gets_besides() {
        let both = Some(Batch { max_items: Some(1), max_bytes: None, input: Some(json!({"a": 1}).into()) });
        check(
            both,
            &[json!(1), json!(2)],
            &[r#"{"BatchInput":{"a":1},"Items":[1]}"#, r#"{"BatchInput":{"a":1},"Items":[2]}"#],
        );
    }
}
