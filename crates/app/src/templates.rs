//! The project templates that are built into the binary.

use std::path::Path;

use crate::failure::Failure;

/// A project to start from.
#[derive(Debug)]
pub(crate) struct Template {
    /// Its name.
    pub name: &'static str,
    /// Its files: path and content.
    pub files: &'static [(&'static str, &'static str)],
}

macro_rules! template {
    ($name:literal: $($file:literal),+ $(,)?) => {
        Template { name: $name, files: &[$(($file, include_str!(concat!("../templates/", $name, "/", $file)))),+] }
    };
}

/// All of them.
pub(crate) const ALL: &[Template] = &[template!("train-and-deploy":
    ".gitignore",
    "Dockerfile",
    "README.md",
    "buildspec.yml",
    "requirements.txt",
    "samconfig.toml",
    "src/evaluate.py",
    "src/preprocess.py",
    "src/serve.py",
    "src/train.py",
    "statemachine/deploy.asl.json",
    "statemachine/train.asl.json",
    "template.yaml",
)];

impl Template {
    /// Writes the project into a new or empty directory.
    pub(crate) fn write(&self, directory: &Path) -> Result<(), Failure> {
        let shown = directory.display();
        let occupied = std::fs::read_dir(directory).is_ok_and(|mut entries| entries.next().is_some());
        if occupied {
            return Err(
                Failure::usage(format!("{shown} is there and not empty")).hint("name a new directory")
            );
        }
        for (path, content) in self.files {
            let target = directory.join(path);
            let parent = target.parent().unwrap_or(directory);
            std::fs::create_dir_all(parent)
                .and_then(|()| std::fs::write(&target, content))
                .map_err(|e| Failure::usage(format!("{}: {e}", target.display())))?;
        }
        Ok(())
    }
}
