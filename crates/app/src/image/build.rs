//! `trainyard image build`: from directories and requirements to an image in the local store.

use std::{
    collections::BTreeMap,
    path::{Component, Path, PathBuf},
};

use serde::Serialize;
use trainyard_domain::{
    Scope,
    content::Digest,
    image::{HOST_BASED_LABEL, REVISION_LABEL},
};
use trainyard_services::images::{Reference, Uri};

use super::{
    Descriptor, Store,
    entries::Entries,
    layers::{self, Layer},
    python::Python,
    requirements::{self, SITE, Wanted},
    revision::revision,
    words,
};
use crate::failure::Failure;

const SYSTEM_PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/// What an image is built from, as it stands on the command line.
#[derive(Clone, Debug, Default)]
pub(crate) struct Asked {
    /// The image's name.
    pub tag: String,
    /// `DIR:PATH`.
    pub apps: Vec<String>,
    /// Requirements of pip's form.
    pub requirements: Option<PathBuf>,
    /// The program and its first arguments; a single text is split into words.
    pub entrypoint: Vec<String>,
    /// The arguments where none are given.
    pub cmd: Vec<String>,
    /// `NAME=VALUE`.
    pub env: Vec<String>,
    /// `NAME=VALUE`.
    pub labels: Vec<String>,
    /// The directory that it starts in.
    pub workdir: Option<String>,
    /// Whether requirements are resolved anew.
    pub refresh: bool,
}

/// What was built.
#[derive(Clone, Debug)]
pub(crate) struct Built {
    /// The image's full name.
    pub name: String,
    /// Its digest.
    pub digest: Digest,
}

/// A complete and checked plan.
#[derive(Debug)]
struct Plan {
    name: String,
    apps: Vec<(PathBuf, PathBuf)>,
    wanted: Option<Wanted>,
    entrypoint: Vec<String>,
    cmd: Vec<String>,
    env: BTreeMap<String, String>,
    labels: BTreeMap<String, String>,
    workdir: Option<String>,
    time: u64,
}

/// Builds the image and names it in the store.
pub(crate) fn build(store: &Store, asked: &Asked) -> Result<Built, Failure> {
    let plan = Plan::check(asked).map_err(|problems| Failure::usage(problems.join("\n       ")))?;
    let mut layers = Vec::new();
    let mut host = format!("any-{}_{}", std::env::consts::OS, std::env::consts::ARCH);
    if let Some(wanted) = &plan.wanted {
        let python = Python::find()?;
        host = format!("{}-{}", python.abi, python.platform);
        layers.push(requirements::install(store, &python, wanted, (plan.time, asked.refresh))?.layer);
    }
    for (directory, at) in &plan.apps {
        let mut entries = Entries::default();
        entries.add_tree(directory, at, false).map_err(|e| Failure::failed(e.to_string()))?;
        layers.push(layers::pack(store, &entries, plan.time)?);
    }
    let manifest = write(store, &plan, &layers, host)?;
    store.tag(&plan.name, &manifest)?;
    Ok(Built { name: plan.name, digest: manifest.digest })
}

/// The image's name in full: the tag is always there.
pub(crate) fn full_name(reference: &str) -> Result<String, String> {
    let uri = Uri::parse(reference, &Scope::default_scope()).map_err(|e| e.to_string())?;
    match uri.reference {
        Reference::Digest(_) => Err(format!("`{reference}` names a digest: name a tag")),
        Reference::Tag(tag) if reference.ends_with(&format!(":{tag}")) => Ok(reference.to_owned()),
        Reference::Tag(tag) => Ok(format!("{reference}:{tag}")),
    }
}

impl Plan {
    fn check(asked: &Asked) -> Result<Self, Vec<String>> {
        let mut problems = Problems::default();
        let plan = Self {
            name: problems.of("--tag", full_name(&asked.tag)),
            apps: asked.apps.iter().filter_map(|app| problems.all("--app", app_of(app))).collect(),
            wanted: asked
                .requirements
                .as_ref()
                .and_then(|file| problems.all("--requirements", Wanted::read(file))),
            entrypoint: problems.of("--entrypoint", command(&asked.entrypoint)),
            cmd: problems.of("--cmd", command(&asked.cmd)),
            env: asked.env.iter().map(|pair| problems.of("--env", pair_of(pair))).collect(),
            labels: asked.labels.iter().map(|pair| problems.of("--label", pair_of(pair))).collect(),
            workdir: asked.workdir.as_ref().map(|dir| problems.of("--workdir", absolute(dir))),
            time: problems.of("SOURCE_DATE_EPOCH", source_date()),
        };
        for own in [HOST_BASED_LABEL].iter().filter(|own| plan.labels.contains_key(**own)) {
            problems.0.push(format!("--label: {own} is set by the build itself"));
        }
        if problems.0.is_empty() { Ok(plan) } else { Err(problems.0) }
    }

    fn environment(&self) -> Vec<String> {
        let mut env = self.env.clone();
        let mut path = SYSTEM_PATH.to_owned();
        if self.wanted.is_some() {
            path = format!("{SITE}/bin:{path}");
            let own = env.remove("PYTHONPATH").filter(|own| !own.is_empty());
            let all = own.map_or_else(|| SITE.to_owned(), |own| format!("{own}:{SITE}"));
            env.insert("PYTHONPATH".to_owned(), all);
        }
        env.entry("PATH".to_owned()).or_insert(path);
        env.into_iter().map(|(name, value)| format!("{name}={value}")).collect()
    }
}

#[derive(Serialize)]
struct ImageConfig {
    architecture: &'static str,
    os: &'static str,
    config: RunConfig,
    rootfs: RootFs,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct RunConfig {
    env: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    entrypoint: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    cmd: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    working_dir: Option<String>,
    labels: BTreeMap<String, String>,
}

#[derive(Serialize)]
struct RootFs {
    r#type: &'static str,
    diff_ids: Vec<Digest>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Manifest {
    schema_version: u32,
    media_type: &'static str,
    config: Descriptor,
    layers: Vec<Descriptor>,
}

const MANIFEST: &str = trainyard_services::images::manifest::MANIFEST;

fn write(store: &Store, plan: &Plan, layers: &[Layer], host: String) -> Result<Descriptor, Failure> {
    let mut labels = plan.labels.clone();
    labels.insert(HOST_BASED_LABEL.to_owned(), host);
    if !labels.contains_key(REVISION_LABEL) {
        let directory = plan.apps.first().map_or(Path::new("."), |(directory, _)| directory);
        labels.extend(revision(directory).map(|commit| (REVISION_LABEL.to_owned(), commit)));
    }
    let config = ImageConfig {
        architecture: architecture(),
        os: if cfg!(target_os = "macos") { "darwin" } else { std::env::consts::OS },
        config: RunConfig {
            env: plan.environment(),
            entrypoint: plan.entrypoint.clone(),
            cmd: plan.cmd.clone(),
            working_dir: plan.workdir.clone(),
            labels,
        },
        rootfs: RootFs {
            r#type: "layers",
            diff_ids: layers.iter().map(|layer| layer.diff_id.clone()).collect(),
        },
    };
    let json = |value: Result<Vec<u8>, serde_json::Error>| value.map_err(|e| Failure::failed(e.to_string()));
    let config =
        store.put("application/vnd.oci.image.config.v1+json", &json(serde_json::to_vec(&config))?)?;
    let layers = layers.iter().map(|layer| layer.blob.clone()).collect();
    let manifest = Manifest { schema_version: 2, media_type: MANIFEST, config, layers };
    store.put(MANIFEST, &json(serde_json::to_vec(&manifest))?)
}

/// In Go's names, as OCI has it.
fn architecture() -> &'static str {
    match std::env::consts::ARCH {
        "x86_64" => "amd64",
        "aarch64" => "arm64",
        other => other,
    }
}

/// All that is wrong with the command line.
#[derive(Default)]
struct Problems(Vec<String>);

impl Problems {
    fn of<T: Default>(&mut self, flag: &str, result: Result<T, String>) -> T {
        result.unwrap_or_else(|problem| {
            self.0.push(format!("{flag}: {problem}"));
            T::default()
        })
    }

    fn all<T>(&mut self, flag: &str, result: Result<T, Vec<String>>) -> Option<T> {
        result.map_err(|problems| self.0.extend(problems.iter().map(|p| format!("{flag}: {p}")))).ok()
    }
}

fn app_of(text: &str) -> Result<(PathBuf, PathBuf), Vec<String>> {
    let Some((directory, at)) = text.rsplit_once(':') else {
        return Err(vec![format!("`{text}` is not of the form DIR:PATH, such as src:/opt/program")]);
    };
    let found = match std::fs::metadata(directory) {
        Ok(found) if found.is_dir() => Ok(directory.into()),
        Ok(_) => Err(format!("`{directory}` is not a directory")),
        Err(e) => Err(format!("`{directory}`: {e}")),
    };
    match (found, absolute(at)) {
        (Ok(directory), Ok(at)) => Ok((directory, at.into())),
        (found, at) => Err(found.err().into_iter().chain(at.err()).collect()),
    }
}

fn absolute(text: &str) -> Result<String, String> {
    let path = Path::new(text);
    let plain = path.components().all(|step| matches!(step, Component::RootDir | Component::Normal(_)));
    if !path.is_absolute() || !plain || path == Path::new("/") {
        return Err(format!("`{text}` is not an absolute path in the image, such as /opt/program"));
    }
    Ok(text.trim_end_matches('/').to_owned())
}

fn command(words: &[String]) -> Result<Vec<String>, String> {
    match words {
        [one] => words::split(one).ok_or_else(|| format!("`{one}` has a quote that is left open")),
        many => Ok(many.to_vec()),
    }
}

fn pair_of(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((name, value)) if !name.is_empty() => Ok((name.to_owned(), value.to_owned())),
        _ => Err(format!("`{text}` is not of the form NAME=VALUE")),
    }
}

/// <https://reproducible-builds.org/specs/source-date-epoch/>
fn source_date() -> Result<u64, String> {
    match std::env::var("SOURCE_DATE_EPOCH") {
        Ok(text) => text.parse().map_err(|_| format!("`{text}` is not a number of seconds")),
        Err(_) => Ok(0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NAME: &str = "000000000000.dkr.ecr.us-east-1.amazonaws.com/train";

    #[test]
    fn all_problems_at_once() {
        let asked = Asked {
            tag: "python:3".to_owned(),
            apps: ["gone:opt", "no-colon", ".:opt", ".:/a/../b"].map(str::to_owned).to_vec(),
            requirements: Some("gone.txt".into()),
            entrypoint: vec!["python3 'x".to_owned()],
            env: vec!["A".to_owned()],
            ..Asked::default()
        };
        let problems = Plan::check(&asked).unwrap_err();
        assert_eq!(problems.len(), 9, "{problems:#?}");
        for flag in ["--tag", "--app", "--requirements", "--entrypoint", "--env"] {
            assert!(problems.iter().any(|problem| problem.starts_with(flag)), "{flag}");
        }
    }

    #[test]
    fn names_always_have_a_tag() {
        assert_eq!(full_name(NAME).unwrap(), format!("{NAME}:latest"));
        assert_eq!(full_name(&format!("{NAME}:v1")).unwrap(), format!("{NAME}:v1"));
        assert_eq!(full_name("127.0.0.1:4566/train").unwrap(), "127.0.0.1:4566/train:latest");
        assert!(full_name(&format!("{NAME}@{}", Digest::of(b""))).is_err());
    }

    #[test]
    fn an_image_is_the_same_twice() {
        let directory = tempfile::tempdir().unwrap();
        let src = directory.path().join("src");
        std::fs::create_dir(&src).unwrap();
        std::fs::write(src.join("train.py"), "print()").unwrap();
        let asked = Asked {
            tag: NAME.to_owned(),
            apps: vec![format!("{}:/opt/program", src.display())],
            entrypoint: vec!["python3 /opt/program/train.py".to_owned()],
            labels: vec![format!("{REVISION_LABEL}=abc")],
            ..Asked::default()
        };
        let of = |name: &str| {
            let store = Store::at(&directory.path().join(name)).unwrap();
            (build(&store, &asked).unwrap(), store)
        };
        let (one, store) = of("one");
        assert_eq!(one.digest, of("two").0.digest);
        let manifest: serde_json::Value = serde_json::from_slice(&store.read(&one.digest).unwrap()).unwrap();
        let config = manifest["config"]["digest"].as_str().unwrap().parse().unwrap();
        let config: serde_json::Value = serde_json::from_slice(&store.read(&config).unwrap()).unwrap();
        assert_eq!(config["config"]["Entrypoint"], serde_json::json!(["python3", "/opt/program/train.py"]));
        assert_eq!(config["config"]["Labels"][REVISION_LABEL], "abc");
        assert!(config["config"]["Labels"][HOST_BASED_LABEL].as_str().unwrap().starts_with("any-"));
        assert_eq!(config["rootfs"]["diff_ids"].as_array().unwrap().len(), 1);
    }
}
