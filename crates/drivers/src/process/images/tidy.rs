//! Letting go of unpacked images that nobody has used for long. They can be unpacked again.

use std::{
    fs::{self, File},
    io,
    path::{Path, PathBuf},
    thread::JoinHandle,
    time::{Duration, SystemTime},
};

/// So long an image, or a layer, is kept unpacked after its last use.
const KEPT: Duration = Duration::from_secs(14 * 24 * 3600);
/// How a directory that goes is named.
const GOING: &str = ".going-";

/// Notes that it is used.
pub(super) fn used(path: &Path) {
    // Where that cannot be noted, it is unpacked again one day.
    let _ = File::open(path).and_then(|directory| directory.set_modified(SystemTime::now()));
}

/// Takes away what was not used for long. To be called before any driver is made on `images`: what `runs`, the
/// directories of runs, have in use is kept. What goes is out of the way when this returns; the thread frees its room.
pub fn tidy(images: &Path, runs: &[PathBuf], now: SystemTime) -> io::Result<JoinHandle<()>> {
    let specs: Vec<String> = runs.iter().flat_map(|runs| entries(runs)).filter_map(spec).collect();
    let mut leaving = Vec::new();
    for kind in ["trees", "layers"] {
        let directory = images.join(kind);
        for name in
            entries(&directory).iter().filter_map(|path| path.file_name()?.to_str().map(str::to_owned))
        {
            let path = directory.join(&name);
            if name.starts_with(GOING) {
                leaving.push(path);
                continue;
            }
            let used = fs::metadata(&path)?.modified()?;
            let old = now.duration_since(used).is_ok_and(|age| age > KEPT);
            if old && !specs.iter().any(|spec| spec.contains(&name)) {
                // Whole or gone, whatever happens in between.
                let going = directory.join(format!("{GOING}{name}"));
                fs::rename(&path, &going)?;
                leaving.push(going);
            }
        }
    }
    Ok(std::thread::spawn(move || {
        // What cannot be removed now is tried again at the next start.
        leaving.iter().for_each(|path| drop(fs::remove_dir_all(path)));
    }))
}

/// What is run, of a run that is not forgotten; it names its image and the image's layers by their digests.
fn spec(run: PathBuf) -> Option<String> {
    fs::read_to_string(run.join("spec.json")).ok()
}

fn entries(directory: &Path) -> Vec<PathBuf> {
    fs::read_dir(directory).into_iter().flatten().flatten().map(|entry| entry.path()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_old_and_not_in_use_goes() {
        let ground = tempfile::tempdir().unwrap();
        let (images, runs) = (ground.path().join("images"), ground.path().join("runs"));
        let now = SystemTime::now();
        for (name, days) in [("trees/old", 15), ("trees/new", 13), ("trees/running", 99), ("layers/old", 15)]
        {
            let path = images.join(name);
            fs::create_dir_all(path.join("inside")).unwrap();
            let age = Duration::from_secs(days * 24 * 3600);
            File::open(&path).unwrap().set_modified(now - age).unwrap();
        }
        fs::create_dir_all(images.join("trees/.going-x")).unwrap();
        fs::create_dir_all(runs.join("a")).unwrap();
        fs::write(runs.join("a/spec.json"), "{\"digest\":\"sha256:running\"}").unwrap();
        tidy(&images, &[runs, ground.path().join("none")], now).unwrap().join().unwrap();
        let left = |kind| {
            let mut left: Vec<_> =
                entries(&images.join(kind)).iter().map(|p| p.file_name().unwrap().to_owned()).collect();
            left.sort();
            left
        };
        assert_eq!(left("trees"), ["new", "running"]);
        assert!(left("layers").is_empty());
        let new = images.join("trees/new");
        used(&new);
        assert!(fs::metadata(&new).unwrap().modified().unwrap() >= now - Duration::from_secs(60));
    }
}
