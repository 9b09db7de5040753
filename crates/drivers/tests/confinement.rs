//! What a hostile run tries, and does not get: the way out, other people's secrets, all of the machine.

mod ground;

use std::{fs, path::Path};

use ground::{Ground, apart, image_root, mount, run, shell};
use trainyard_domain::job::{JobSpec, Root};

/// Ways to what is hidden and to power over the machine. Each says so if it works.
const WAYS_OUT: &str = r#"
    seen() { test -e "$1/secret" && echo "$2: sees what is hidden"; }
    umount "$HIDDEN" 2>/dev/null && echo "umount"; seen "$HIDDEN" umount
    umount -l "$HIDDEN" 2>/dev/null && echo "umount -l"; seen "$HIDDEN" "umount -l"
    mkdir -p /tmp/m; mount --bind / /tmp/m 2>/dev/null && echo "bind"
    mount -t tmpfs none /tmp/m 2>/dev/null && echo "mount"
    unshare -m true 2>/dev/null && echo "a mount namespace"
    unshare -Urm true 2>/dev/null && echo "a user namespace"
    unshare -C true 2>/dev/null && echo "a control group namespace"
    unshare -n true 2>/dev/null && echo "a network namespace"
    nsenter -t 1 -m true 2>/dev/null && echo "nsenter"
    rm -f /tmp/disk; mknod /tmp/disk b 254 0 2>/dev/null && echo "mknod"
    for node in /dev/*; do test -b "$node" && test -r "$node" && echo "the disk $node"; done
    test -r /dev/mem && echo "/dev/mem"
    test -w /dev/kmsg && echo "/dev/kmsg"
    { cat /proc/sys/kernel/core_pattern > /proc/sys/kernel/core_pattern; } 2>/dev/null && echo "core_pattern"
    { echo h > /proc/sysrq-trigger; } 2>/dev/null && echo "sysrq"
    test -w /sys/kernel && touch /sys/kernel/x 2>/dev/null && echo "/sys"
    { cat /sys/kernel/uevent_helper > /sys/kernel/uevent_helper; } 2>/dev/null && echo "uevent_helper"
    for group in /sys/fs/cgroup /sys/fs/cgroup/*; do
        mkdir "$group/trainyard-way-out" 2>/dev/null && echo "a control group" && rmdir "$group/trainyard-way-out"
    done
    hostname "$(cat /proc/sys/kernel/hostname)" 2>/dev/null && echo "hostname"
    ls -d /run/*.sock /run/*/*.sock /run/user/* /run/systemd/private 2>/dev/null
    ls -d /proc/[0-9]* | wc -l | awk '$1 > 6 { print "other processes" }'
    cat /proc/1/environ 2>/dev/null | tr '\0' '\n' | grep -v TRAINYARD_FIRST
    test "$(awk '/^NoNewPrivs/ { print $2 }' /proc/self/status)" = 1 || echo "new privileges"
    test "$(ulimit -c)" = 0 || echo "leaves its memory behind"
    echo tried
"#;

fn spec(ground: &Ground, name: &str, root: Root, script: &str) -> JobSpec {
    let hidden = ground.place("hidden");
    fs::write(hidden.join("secret"), "secret").expect("a ground to test on");
    let mut spec = shell(name, root, script);
    spec.env.insert("HIDDEN".into(), hidden.to_string_lossy().into_owned());
    spec
}

#[tokio::test]
async fn there_is_no_way_out() {
    let ground = Ground::new();
    let Some(driver) = apart(&ground) else { return };
    for (name, root) in [("job", image_root(&ground).await), ("build", Root::Host)] {
        let (exit, lines) = run(&driver, &spec(&ground, name, root, WAYS_OUT)).await;
        assert_eq!(lines, ["tried"], "{name}: {exit:?}");
    }
}

/// Root on the host is not what a build is that sees it: what it changes, it changes for itself.
#[tokio::test]
async fn a_build_of_roots_changes_nothing_on_the_host() {
    if !nix::unistd::geteuid().is_root() {
        return;
    }
    let ground = Ground::new();
    let Some(driver) = apart(&ground) else { return };
    let open = ground.place("open");
    fs::write(open.join("kept"), "as it was\n").unwrap();
    fs::write(open.join("gone"), "there\n").unwrap();
    let script = format!(
        "set -e; cd {open}; cat kept; echo changed > kept; cat kept; rm gone; echo new > new; chown 1:1 new
        for at in /etc /usr/bin /usr/local /var/lib /opt /root /home /srv /var/tmp /tmp; do
            test ! -d $at || echo x > $at/trainyard-was-here
        done
        echo x > /trainyard-was-here; echo built > /workspace/out; cat /etc/trainyard-was-here",
        open = open.display()
    );
    let mut spec = spec(&ground, "build", Root::Host, &script);
    spec.mounts.push(mount(&ground.place("workspace"), "/workspace"));
    let (exit, lines) = run(&driver, &spec).await;
    assert_eq!((exit.code, lines), (0, ["as it was", "changed", "x"].map(String::from).to_vec()));
    assert_eq!(fs::read_to_string(open.join("kept")).unwrap(), "as it was\n");
    assert!(open.join("gone").exists() && !open.join("new").exists());
    let places = [
        "/",
        "/etc",
        "/usr/bin",
        "/usr/local",
        "/var/lib",
        "/opt",
        "/root",
        "/home",
        "/srv",
        "/var/tmp",
        "/tmp",
    ];
    for place in places {
        assert!(!Path::new(place).join("trainyard-was-here").exists(), "{place}");
    }
    assert_eq!(fs::read_to_string(ground.place("workspace").join("out")).unwrap(), "built\n");
}

/// A run that only ever starts processes finds an end of it, and others go on.
#[tokio::test]
async fn processes_are_bounded() {
    let ground = Ground::new();
    let Some(driver) = apart(&ground) else { return };
    // Threads are processes to the kernel, and cheaper ones.
    let script = "import _thread, os, time
_thread.stack_size(65536)
count = 0
try:
    while count < 20000:
        _thread.start_new_thread(time.sleep, (600,))
        count += 1
except RuntimeError:
    pass
print('bounded' if count < 20000 else 'without bounds', flush=True)
os._exit(0)";
    for (name, root) in [("job", image_root(&ground).await), ("build", Root::Host)] {
        let mut spec = spec(&ground, name, root, "");
        spec.command = ["python3", "-c", script].map(String::from).to_vec();
        spec.resources.memory_bytes = 0;
        let (exit, lines) = run(&driver, &spec).await;
        assert_eq!(lines, ["bounded"], "{name}: {exit:?}");
    }
}
