//! What kind of file it is.

use crate::source::{self, Node};

/// A kind of file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A state machine in the Amazon States Language.
    Definition,
    /// A buildspec of CodeBuild.
    Buildspec,
    /// A template of SAM or CloudFormation.
    Template,
    /// `samconfig.toml`.
    SamConfig,
}

impl Kind {
    /// By the content, else by the name.
    pub fn of(path: &str, bytes: &[u8]) -> Option<Self> {
        let name = path.rsplit(['/', '\\']).next().unwrap_or(path).to_lowercase();
        let by_name = Self::by_name(&name);
        if by_name == Some(Self::SamConfig) {
            return by_name;
        }
        let root = source::read_json_or_yaml(bytes).ok();
        root.as_ref().and_then(Self::by_content).or(by_name)
    }

    fn by_content(root: &Node) -> Option<Self> {
        let has = |key: &str| root.get(key).is_some();
        if has("StartAt") || has("States") {
            Some(Self::Definition)
        } else if has("Resources") || has("AWSTemplateFormatVersion") {
            Some(Self::Template)
        } else if has("phases") {
            Some(Self::Buildspec)
        } else {
            None
        }
    }

    fn by_name(name: &str) -> Option<Self> {
        let stem = [".json", ".yaml", ".yml"].iter().find_map(|end| name.strip_suffix(end));
        match stem {
            None => name.ends_with(".toml").then_some(Self::SamConfig),
            Some(stem) if stem.ends_with(".asl") => Some(Self::Definition),
            Some(stem) if stem.contains("buildspec") => Some(Self::Buildspec),
            Some(stem) if stem.contains("template") => Some(Self::Template),
            Some(_) => None,
        }
    }
}
