//! What runs see, with a file system of their own and without.

mod ground;

use std::{
    fs,
    path::{Path, PathBuf},
};

use ground::{Ground, apart, image_root, mount, run, shell};
use trainyard_domain::job::Root;
use trainyard_drivers::{
    jobs::Process,
    process::{Isolation, Separation},
};

/// Every path below, with what tells a change.
fn listing(directory: &Path) -> Vec<(PathBuf, u64)> {
    let mut found = Vec::new();
    let mut folders = vec![directory.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
            let meta = entry.metadata().expect("an entry");
            if meta.is_dir() {
                folders.push(entry.path());
            }
            found.push((entry.path(), if meta.is_file() { meta.len() } else { 0 }));
        }
    }
    found.sort();
    found
}

#[tokio::test]
async fn a_run_sees_its_image_and_its_mounts() {
    let ground = Ground::new();
    let Some(driver) = apart(&ground) else { return };
    let ml = ground.place("a place/ml");
    fs::write(ml.join("in"), "mounted\n").unwrap();
    let script = "set -e; cat hello deep/file /opt/ml/in; trainyard-test-tool x; test ! -e /opt/ml/code
        echo out > /opt/ml/out; echo mine > written; cat written; ls /usr/bin/env; pwd; echo t > /tmp/t; cat /tmp/t
        mkdir -p /var/tmp/x; test -w /dev/shm; echo gone > /dev/null; test -d /proc/self; echo $HOME";
    let mut spec = shell("sees", image_root(&ground).await, script);
    spec.mounts.push(mount(&ml, "/opt/ml"));
    spec.working_dir = "/opt/program".into();
    let before = listing(&ground.place("images"));
    for name in ["sees", "sees-again"] {
        spec.id = ground::id(name);
        let (exit, lines) = run(&driver, &spec).await;
        assert_eq!(
            lines,
            ["hello", "deep", "mounted", "tool x", "mine", "/usr/bin/env", "/opt/program", "t", "/tmp"],
            "{exit:?}"
        );
        assert_eq!(exit.code, 0);
    }
    assert_eq!(fs::read_to_string(ml.join("out")).unwrap(), "out\n");
    let after = listing(&ground.place("images"));
    assert!(before.is_empty() && after.iter().all(|(path, _)| !path.ends_with("written")), "{after:?}");
    assert!(!ground.place("runs/sees").join("scratch").exists(), "what it wrote elsewhere is gone");
}

#[tokio::test]
async fn a_run_sees_nothing_else() {
    let ground = Ground::new();
    let Some(driver) = apart(&ground) else { return };
    fs::write(ground.place("hidden").join("secret"), "secret").unwrap();
    let runs = ground.place("runs");
    let script = format!(
        "for path in {runs} {hidden} \"$REAL_HOME/.ssh\" \"$REAL_HOME/.aws\" \"$REAL_HOME/.bashrc\" {own}; do
            test ! -e \"$path\" || echo \"sees $path\"
        done
        ls -d /root/* /root/.[a-z]* /home/* /run/* 2>/dev/null | grep -v pyenv
        cat /etc/shadow 2>/dev/null | head -1
        touch /usr/bin/x 2>/dev/null && echo writes /usr
        echo x 2>/dev/null > /etc/hosts && echo writes /etc
        echo x 2>/dev/null > /proc/sys/kernel/hostname && echo writes /proc/sys
        mount -o remount,bind,rw /usr/bin 2>/dev/null && echo remounts
        umount /etc/shadow 2>/dev/null && echo unmounts
        mknod /tmp/disk b 254 0 2>/dev/null && echo makes devices
        ls -d /proc/[0-9]* | wc -l | awk '$1 > 6 {{ print \"sees processes\" }}'
        env | grep -E 'CARGO|TRAINYARD'
        cat /proc/1/environ 2>/dev/null | tr '\\0' '\\n' | grep -v TRAINYARD_FIRST
        echo done",
        runs = runs.display(),
        hidden = ground.place("hidden").display(),
        own = env!("CARGO_MANIFEST_DIR"),
    );
    let mut spec = shell("alone", image_root(&ground).await, &script);
    spec.env.insert("REAL_HOME".into(), std::env::var("HOME").unwrap_or_default());
    let (exit, lines) = run(&driver, &spec).await;
    assert_eq!(lines, ["done"], "{exit:?}");
}

#[tokio::test]
async fn nothing_is_created_on_the_host() {
    let ground = Ground::new();
    let Some(driver) = apart(&ground) else { return };
    let places = ["/opt/ml", "/app", "/opt/program", "/nowhere", "/codebuild"].map(Path::new);
    let had = places.map(Path::exists);
    for (name, root) in [("of-image", image_root(&ground).await), ("of-host", Root::Host)] {
        let mut spec =
            shell(name, root, "cd /opt/ml && echo x > x && cd /nowhere/deep && pwd && mkdir -p /codebuild/x");
        spec.mounts.push(mount(&ground.place("ml"), "/opt/ml"));
        spec.mounts.push(mount(&ground.place("ml2"), "/nowhere/deep"));
        let (exit, lines) = run(&driver, &spec).await;
        assert_eq!((exit.code, lines), (0, vec!["/nowhere/deep".to_owned()]));
    }
    assert_eq!(places.map(Path::exists), had);
    assert_eq!(fs::read_to_string(ground.place("ml").join("x")).unwrap(), "x\n");
}

#[tokio::test]
async fn a_build_sees_the_host_without_its_secrets() {
    let ground = Ground::new();
    let Some(driver) = apart(&ground) else { return };
    fs::write(ground.place("hidden").join("secret"), "secret").unwrap();
    fs::write(ground.place("open").join("file"), "open\n").unwrap();
    let (open, hidden, runs) = (ground.place("open"), ground.place("hidden"), ground.place("runs"));
    let script = format!(
        "cat {}/file; ls {}; ls {}; ls \"$HOME/.ssh\" \"$HOME/.aws\" 2>/dev/null | grep -v :; ls $PWD",
        open.display(),
        hidden.display(),
        runs.display(),
    );
    let mut spec = shell("build", Root::Host, &script);
    // A place inside of what is hidden can be mounted all the same.
    let source = runs.join("workspace");
    let workspace = ground.place("work");
    fs::write(workspace.join("buildspec.yml"), "").unwrap();
    spec.mounts.push(mount(&workspace, &source.to_string_lossy()));
    spec.working_dir = source;
    let (exit, lines) = run(&driver, &spec).await;
    assert_eq!(lines, ["open", "workspace", "buildspec.yml"], "{exit:?}");
}

#[tokio::test]
async fn without_isolation_paths_lead_to_where_things_are() {
    let ground = Ground::new();
    let driver = Process::new(ground.config(Isolation::Off)).unwrap();
    assert_eq!(*driver.isolation(), Separation::Bare("it is switched off".into()));
    let ml = ground.place("a place/ml");
    fs::write(ml.join("in"), "mounted\n").unwrap();
    let mut spec = shell("rewritten", image_root(&ground).await, "");
    let script = "cat hello deep/file \"$1\" \"$IN\" && python3 \"$2\" && \"$TOOL\" x && echo mine > written \
                  && cat written && echo \"$LIST\" && echo \"$JSON\"";
    spec.command = ["sh", "-c", script, "sh", "/opt/ml/in", "/app/main.py"].map(String::from).to_vec();
    spec.env.insert("IN".into(), "/opt/ml/in".into());
    spec.env.insert("LIST".into(), "/app:/usr/lib:/opt/ml".into());
    spec.env.insert("JSON".into(), r#"{"model":"/opt/ml/model","n":1}"#.into());
    spec.mounts.push(mount(&ml, "/opt/ml"));
    spec.working_dir = "/opt/program".into();
    spec.env.insert("TOOL".into(), "/usr/local/bin/trainyard-test-tool".into());
    let (exit, lines) = run(&driver, &spec).await;
    assert_eq!(exit.code, 0, "{lines:?}");
    assert_eq!(lines[..7], ["hello", "deep", "mounted", "mounted", "main", "tool x", "mine"]);
    let list: Vec<&str> = lines[7].split(':').collect();
    assert!(Path::new(list[0]).join("main.py").exists() && list[1] == "/usr/lib", "{list:?}");
    assert_eq!(Path::new(list[2]), ml);
    assert_eq!(lines[8], format!(r#"{{"model":"{}/model","n":1}}"#, ml.display()));
    let images = listing(&ground.place("images"));
    assert!(images.iter().all(|(path, _)| !path.ends_with("written")), "the image's files are as they were");
}
