//! Reference paths: the definite paths that name a place to write to.

use std::str::FromStr;

use serde_json::{Map, Value};

use super::{NotAPath, Path, Root, Step, eval::position};

/// A path of names and indexes only, in the input: what `ResultPath` takes.
/// <https://docs.aws.amazon.com/step-functions/latest/dg/amazon-states-language-paths.html#amazon-states-language-reference-paths>
#[derive(Clone, Debug, PartialEq)]
pub struct ReferencePath(Path);

/// The input has no place where the path could write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NoPlace;

impl ReferencePath {
    /// The text as the definition has it.
    pub fn text(&self) -> &str {
        self.0.text()
    }

    /// Puts `value` at the path's place in `target`, making objects on the way where nothing is. An index must
    /// name an element that is there; nothing is changed when there is no place.
    pub fn put(&self, target: &mut Value, value: Value) -> Result<(), NoPlace> {
        if !self.fits(target) {
            return Err(NoPlace);
        }
        let mut here = target;
        for step in &self.0.steps {
            here = match step {
                Step::Child(name) => {
                    if here.is_null() {
                        *here = Value::Object(Map::new());
                    }
                    here.as_object_mut().ok_or(NoPlace)?.entry(name.as_str()).or_insert(Value::Null)
                }
                Step::Index(index) => {
                    let items = here.as_array_mut().ok_or(NoPlace)?;
                    let at = position(*index, items.len()).ok_or(NoPlace)?;
                    items.get_mut(at).ok_or(NoPlace)?
                }
                _ => return Err(NoPlace),
            };
        }
        *here = value;
        Ok(())
    }

    fn fits(&self, target: &Value) -> bool {
        let mut here = Some(target);
        for step in &self.0.steps {
            here = match (step, here) {
                (Step::Child(_), None | Some(Value::Null)) => None,
                (Step::Child(name), Some(Value::Object(members))) => members.get(name),
                (Step::Index(index), Some(Value::Array(items))) => {
                    match position(*index, items.len()).and_then(|at| items.get(at)) {
                        Some(item) => Some(item),
                        None => return false,
                    }
                }
                _ => return false,
            };
        }
        true
    }
}

impl FromStr for ReferencePath {
    type Err = NotAPath;

    fn from_str(text: &str) -> Result<Self, NotAPath> {
        let path: Path = text.parse()?;
        let simple = path.steps.iter().all(|s| matches!(s, Step::Child(_) | Step::Index(_)));
        if path.root == Root::Input && simple {
            return Ok(Self(path));
        }
        Err(NotAPath(format!("`{text}` does not name one place in the input")))
    }
}
