//! What a run may ask of the kernel: as root it keeps what installing packages takes, and nobody can become more than
//! what it began as, or reach parts of the kernel that are no program's business.
//! <https://man7.org/linux/man-pages/man7/capabilities.7.html>

use std::{collections::BTreeMap, env::consts::ARCH, io};

use nix::libc;
use rustix::thread::{CapabilitySet, CapabilitySets, remove_capability_from_bounding_set, set_capabilities};
use seccompiler::{
    BpfProgram, SeccompAction, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition, SeccompFilter, SeccompRule,
    TargetArch,
};

/// What root keeps where it has no user namespace to be root of. Nothing of it undoes a mount, makes a device, or
/// looks into another process.
const KEPT: CapabilitySet = CapabilitySet::CHOWN
    .union(CapabilitySet::DAC_OVERRIDE)
    .union(CapabilitySet::FOWNER)
    .union(CapabilitySet::FSETID)
    .union(CapabilitySet::KILL)
    .union(CapabilitySet::SETGID)
    .union(CapabilitySet::SETUID)
    .union(CapabilitySet::NET_BIND_SERVICE)
    .union(CapabilitySet::AUDIT_WRITE);

/// Gives up root's power over the machine, for good.
pub(super) fn keep_little() -> io::Result<()> {
    for capability in CapabilitySet::all().difference(KEPT).iter() {
        match remove_capability_from_bounding_set(capability) {
            // This kernel does not know it yet.
            Ok(()) | Err(rustix::io::Errno::INVAL) => {}
            Err(errno) => return Err(told("capabilities", errno.into())),
        }
    }
    let own = rustix::thread::capabilities(None)?;
    let kept = CapabilitySets {
        effective: own.effective & KEPT,
        permitted: own.permitted & KEPT,
        inheritable: CapabilitySet::empty(),
    };
    set_capabilities(None, kept).map_err(|errno| told("capabilities", errno.into()))
}

/// No program that is run from here on has more power than this one, and the kernel answers only what programs ask.
pub(super) fn give_up_power() -> io::Result<()> {
    nix::sys::prctl::set_no_new_privs()?;
    // On other processors there is no filter; all the rest holds there too.
    let Ok(arch) = TargetArch::try_from(ARCH) else { return Ok(()) };
    for (calls, errno) in
        [(refused()?, libc::EPERM), (BTreeMap::from([(libc::SYS_clone3, vec![])]), libc::ENOSYS)]
    {
        let answer = SeccompAction::Errno(errno as u32);
        let filter = SeccompFilter::new(calls, SeccompAction::Allow, answer, arch);
        let program: BpfProgram = filter.and_then(TryInto::try_into).map_err(bad)?;
        match seccompiler::apply_filter(&program) {
            // A kernel, or a container around us, without filters.
            Ok(()) | Err(seccompiler::Error::Seccomp(_)) => {}
            Err(error) => return Err(bad(error)),
        }
    }
    Ok(())
}

/// Calls that no build and no training makes, by which kernels were broken before or limits are left: namespaces of
/// one's own (inside one could mount control groups, and undo one's limits), keys of other sessions, the kernel's own
/// programs, counters and memory.
fn refused() -> io::Result<BTreeMap<i64, Vec<SeccompRule>>> {
    let mut calls: BTreeMap<i64, Vec<SeccompRule>> = [
        libc::SYS_setns,
        libc::SYS_keyctl,
        libc::SYS_add_key,
        libc::SYS_request_key,
        libc::SYS_bpf,
        libc::SYS_perf_event_open,
        libc::SYS_userfaultfd,
        libc::SYS_open_by_handle_at,
        libc::SYS_init_module,
        libc::SYS_finit_module,
        libc::SYS_delete_module,
        libc::SYS_kexec_load,
        libc::SYS_mount,
        libc::SYS_umount2,
        libc::SYS_open_tree,
        libc::SYS_move_mount,
        libc::SYS_fsopen,
        libc::SYS_fsmount,
        libc::SYS_fspick,
        libc::SYS_fsconfig,
        libc::SYS_pivot_root,
        libc::SYS_swapon,
        libc::SYS_reboot,
    ]
    .map(|call| (call, vec![]))
    .into();
    for call in [libc::SYS_unshare, libc::SYS_clone] {
        let rules = NAMESPACES.map(|flag| {
            let flag = flag as u64;
            let set = SeccompCmpOp::MaskedEq(flag);
            SeccompRule::new(vec![SeccompCondition::new(0, SeccompCmpArgLen::Qword, set, flag)?])
        });
        let rules: Result<Vec<_>, _> = rules.into_iter().collect();
        calls.insert(call, rules.map_err(bad)?);
    }
    Ok(calls)
}

const NAMESPACES: [i32; 8] = [
    libc::CLONE_NEWUSER,
    libc::CLONE_NEWNS,
    libc::CLONE_NEWPID,
    libc::CLONE_NEWNET,
    libc::CLONE_NEWIPC,
    libc::CLONE_NEWUTS,
    libc::CLONE_NEWCGROUP,
    0x80, // CLONE_NEWTIME, which is a signal's number for `clone`.
];

fn bad(error: impl std::fmt::Display) -> io::Error {
    io::Error::other(format!("filtering system calls: {error}"))
}

fn told(what: &str, error: io::Error) -> io::Error {
    io::Error::new(error.kind(), format!("giving up {what}: {error}"))
}
