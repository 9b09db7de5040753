//! From what is to be run to an order for a supervisor: what the run will see, and the words that tell it so.

use std::{
    collections::BTreeMap,
    env, io,
    path::{Path, PathBuf},
};

use trainyard_domain::job::Root;

use super::{
    Separation,
    directory::Directory,
    durable, environment,
    host::{Host, Work},
    images,
    order::Order,
    rewrite::Places,
    view::{self, Power, Sight},
};

impl Host {
    /// The order for a run whose image's files are in the tree.
    pub(super) fn order(&self, run: &Directory, work: Work, tree: Option<&Path>) -> io::Result<Order> {
        let brought = tree.map(images::tops).unwrap_or_default();
        match self.isolation() {
            Separation::Private(power) => self.order_apart(run, work, &brought, *power),
            Separation::Bare(_) => self.order_among_others(run, work, brought),
        }
    }

    /// With a file system of its own.
    fn order_apart(
        &self,
        run: &Directory,
        work: Work,
        brought: &[(PathBuf, PathBuf)],
        power: Power,
    ) -> io::Result<Order> {
        let base = run.path().join("root");
        durable::private_directory(&base)?;
        let mut hide = self.config.hide.clone();
        hide.extend([self.config.directory.clone(), self.config.images.clone()]);
        hide.extend(view::secrets());
        let sight = Sight {
            base: &base,
            scratch: &run.scratch(),
            image: brought,
            python: self.python().map(|python| python.prefix.as_path()),
            mounts: &work.mounts,
            working_dir: &work.working_dir,
            hide: &hide,
        };
        let view = match work.root {
            Root::Image(_) => view::of_image(&sight, power)?,
            // Root builds as root, as far as that is harmless: it installs packages, for itself.
            Root::Host => view::of_host(&sight, Power { confine: power.borrowed, ..power })?,
        };
        let env = self.environment(&work, "/tmp");
        let Work { command, working_dir, resources, .. } = work;
        let log_bytes = self.config.log_bytes;
        Ok(Order { command, env, working_dir, log_bytes, resources, view: Some(view) })
    }

    /// Among all others on the host, with paths rewritten to where things are.
    fn order_among_others(
        &self,
        run: &Directory,
        work: Work,
        brought: Vec<(PathBuf, PathBuf)>,
    ) -> io::Result<Order> {
        let mut places = Places::default();
        for (top, real) in brought {
            if work.mounts.iter().any(|mount| top.starts_with(&mount.target)) {
                continue;
            }
            if work.working_dir.starts_with(&top) && real.is_dir() {
                // What it writes where it stands is not for others to find.
                let own = run.scratch().join("app");
                durable::private_directory(&own)?;
                images::copy(&real, &own)?;
                places.note(&top, &own);
            } else {
                places.note(&top, &real);
            }
        }
        for mount in &work.mounts {
            places.note(&mount.target, &mount.source);
        }
        let mut env = self.environment(&work, &run.scratch().to_string_lossy());
        if matches!(work.root, Root::Image(_)) {
            // The image's files belong to all of its runs.
            env.entry("PYTHONDONTWRITEBYTECODE".into()).or_insert_with(|| "1".into());
        }
        if let Ok(place) = env::var("TMPDIR") {
            env.entry("TMPDIR".into()).or_insert(place);
        }
        Ok(Order {
            command: work.command.iter().map(|text| places.text(text)).collect(),
            env: env.into_iter().map(|(name, value)| (name, places.text(&value))).collect(),
            working_dir: places.path(&work.working_dir),
            log_bytes: self.config.log_bytes,
            resources: work.resources,
            view: None,
        })
    }

    fn environment(&self, work: &Work, home: &str) -> BTreeMap<String, String> {
        let mut env = work.env.clone();
        match &work.root {
            Root::Host => {
                let own =
                    |name: &str, otherwise: &str| env::var(name).unwrap_or_else(|_| otherwise.to_owned());
                environment::complete(&mut env, &own("PATH", environment::DEFAULT_PATH), &own("HOME", home));
            }
            Root::Image(image) => {
                let path = image.config.env.get("PATH").map_or(environment::DEFAULT_PATH, String::as_str);
                environment::complete(&mut env, path, home);
                if let Some(python) = self.python() {
                    let path = environment::prefer(python, &env["PATH"]);
                    env.insert("PATH".into(), path);
                }
            }
        }
        env
    }
}
