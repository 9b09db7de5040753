//! Where control groups are, and making some.

use std::{
    fs,
    path::{Path, PathBuf},
};

use trainyard_domain::job::Resources;

use super::{Groups, PROCESSES};

/// One mounted hierarchy, and where in it this process is.
#[derive(Debug, PartialEq, Eq)]
struct Hierarchy {
    /// The directory of the group that this process is in.
    own: PathBuf,
    /// The topmost group that can be seen.
    top: PathBuf,
    /// Version 2.
    unified: bool,
    /// What it controls (version 1).
    controllers: Vec<String>,
}

pub(super) fn make(name: &str, resources: &Resources) -> Groups {
    let mounts = fs::read_to_string("/proc/self/mountinfo").unwrap_or_default();
    let memberships = fs::read_to_string("/proc/self/cgroup").unwrap_or_default();
    let mut groups = Groups::default();
    for hierarchy in find(&mounts, &memberships) {
        if hierarchy.unified {
            unified(&hierarchy, name, resources, &mut groups);
        } else {
            legacy(&hierarchy, name, resources, &mut groups);
        }
    }
    groups
}

/// The hierarchies of `/proc/self/mountinfo` in which `/proc/self/cgroup` places this process.
fn find(mounts: &str, memberships: &str) -> Vec<Hierarchy> {
    let mut found: Vec<Hierarchy> = Vec::new();
    for line in mounts.lines() {
        let Some((place, kind)) = line.split_once(" - ") else { continue };
        let fields: Vec<&str> = place.split(' ').collect();
        let mut kind = kind.split(' ');
        let (Some(root), Some(top), Some(system)) = (fields.get(3), fields.get(4), kind.next()) else {
            continue;
        };
        let options: Vec<&str> = kind.nth(1).unwrap_or_default().split(',').collect();
        let unified = system == "cgroup2";
        if !unified && system != "cgroup" {
            continue;
        }
        for membership in memberships.lines() {
            let mut parts = membership.splitn(3, ':').skip(1);
            let (Some(names), Some(path)) = (parts.next(), parts.next()) else { continue };
            let controllers: Vec<String> =
                names.split(',').filter(|name| !name.is_empty()).map(str::to_owned).collect();
            let same = match unified {
                true => names.is_empty(),
                false => !names.is_empty() && controllers.iter().all(|c| options.contains(&c.as_str())),
            };
            let inside = path.strip_prefix(root.trim_end_matches('/'));
            if let (true, Some(inside)) = (same, inside) {
                let top = PathBuf::from(top);
                let own = top.join(inside.trim_start_matches('/'));
                found.push(Hierarchy { own, top, unified, controllers });
            }
        }
    }
    found
}

fn legacy(hierarchy: &Hierarchy, name: &str, resources: &Resources, groups: &mut Groups) {
    let controls = |name: &str| hierarchy.controllers.iter().any(|c| c == name);
    let limit = controls("memory") && resources.memory_bytes > 0 && groups.kills.is_none();
    let weigh = controls("cpu") && resources.cpu_millis > 0;
    let count = controls("pids") && !groups.counted;
    let group = hierarchy.own.join(format!("trainyard-{name}"));
    if !(limit || weigh || count) || fs::create_dir(&group).is_err() {
        return;
    }
    if weigh {
        let _ = fs::write(group.join("cpu.shares"), shares(resources).to_string());
    }
    if limit && fs::write(group.join("memory.limit_in_bytes"), resources.memory_bytes.to_string()).is_ok() {
        groups.kills = Some(group.join("memory.oom_control"));
    }
    if count {
        groups.counted = fs::write(group.join("pids.max"), PROCESSES.to_string()).is_ok();
    }
    groups.directories.push(group);
}

fn unified(hierarchy: &Hierarchy, name: &str, resources: &Resources, groups: &mut Groups) {
    // A group that has processes of its own can give its children no controllers, so what this process is in
    // seldom serves; who may write at the top makes a place there.
    let Some(group) = [hierarchy.own.clone(), hierarchy.top.join("trainyard")].iter().find_map(|parent| {
        let _ = fs::create_dir(parent);
        let _ = parent.parent().map(delegate);
        delegate(parent);
        let group = parent.join(format!("trainyard-{name}"));
        fs::create_dir(&group).ok()?;
        if group.join("memory.max").exists() || group.join("cpu.weight").exists() {
            return Some(group);
        }
        let _ = fs::remove_dir(&group);
        None
    }) else {
        let _ = fs::remove_dir(hierarchy.top.join("trainyard"));
        return;
    };
    if resources.cpu_millis > 0 {
        let weight = 1 + (shares(resources) - 2) * 9999 / 262_142;
        let _ = fs::write(group.join("cpu.weight"), weight.to_string());
    }
    let memory = resources.memory_bytes;
    if memory > 0 && groups.kills.is_none() && fs::write(group.join("memory.max"), memory.to_string()).is_ok()
    {
        let _ = fs::write(group.join("memory.oom.group"), "1");
        groups.kills = Some(group.join("memory.events"));
    }
    groups.counted |= fs::write(group.join("pids.max"), PROCESSES.to_string()).is_ok();
    groups.directories.push(group);
}

/// Lets the group's children have controllers.
fn delegate(group: &Path) {
    for controller in ["+memory", "+cpu", "+pids"] {
        let _ = fs::write(group.join("cgroup.subtree_control"), controller);
    }
}

/// A processor is 1024 shares.
fn shares(resources: &Resources) -> u64 {
    (u64::from(resources.cpu_millis) * 1024 / 1000).clamp(2, 262_144)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_versions_are_found() {
        let mounts = "\
            25 20 0:21 / /sys rw - sysfs sysfs rw\n\
            30 25 0:26 / /sys/fs/cgroup/cpu rw,relatime - cgroup cgroup rw,cpu,cpuacct\n\
            31 25 0:27 /docker/x /sys/fs/cgroup/memory rw shared:9 - cgroup cgroup rw,memory\n\
            32 25 0:28 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw\n";
        let memberships = "4:memory:/docker/x/y\n1:cpu,cpuacct:/\n9:name=systemd:/\n0::/a.slice/b\n";
        let found = find(mounts, memberships);
        let own: Vec<&str> = found.iter().filter_map(|h| h.own.to_str()).collect();
        assert_eq!(
            own,
            ["/sys/fs/cgroup/cpu/", "/sys/fs/cgroup/memory/y", "/sys/fs/cgroup/unified/a.slice/b"]
        );
        assert_eq!(found[1].controllers, ["memory"]);
        assert!(found[2].unified);
        assert_eq!(find("rubbish\n1 2 3 - cgroup\n", "x\n:::\n"), []);
    }
}
