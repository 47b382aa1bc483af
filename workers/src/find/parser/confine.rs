//! What the process that reads a file gives up before it reads: memory and time beyond its limits, files, rights, and every
//! system call but those for memory and for its pipes. Limits are required; the filter is for kernels that have it. Does I/O.

use std::{collections::BTreeMap, io};

use rustix::{
    process::{Resource, Rlimit, setrlimit},
    thread::{CapabilitySet, CapabilitySets, set_capabilities, set_no_new_privs},
};
use seccompiler::{BpfProgram, SeccompAction, SeccompFilter};

/// The memory that reading one file may take, in bytes.
pub(super) const MEMORY: u64 = 256 << 20;
/// The processor time, in seconds.
pub(super) const PROCESSOR_SECONDS: u64 = 20;
/// Standard input, output and error, and a second handle of the first.
const OPEN_FILES: u64 = 4;

pub(super) fn confine() -> io::Result<()> {
    // If the kernel has to end one process of the worker, this is the one. Where it ends the whole container instead (the kubelet
    // on cgroup v2), the sum of the limits is what protects.
    let _ = std::fs::write("/proc/self/oom_score_adj", "1000");
    let limits = [
        (Resource::As, MEMORY),
        (Resource::Cpu, PROCESSOR_SECONDS),
        (Resource::Nofile, OPEN_FILES),
        (Resource::Fsize, 0),
        (Resource::Core, 0),
        (Resource::Nproc, 0),
    ];
    for (resource, most) in limits {
        setrlimit(resource, Rlimit { current: Some(most), maximum: Some(most) })?;
    }
    set_no_new_privs(true)?;
    let no = CapabilitySet::empty();
    set_capabilities(None, CapabilitySets { effective: no, permitted: no, inheritable: no })?;
    // Old kernels and some sandboxes have no filters: the limits hold there, too.
    if let Some(filter) = filter() {
        let _ = seccompiler::apply_filter(&filter);
    }
    Ok(())
}

/// Lets through what reading and answering needs; everything else fails with EPERM.
fn filter() -> Option<BpfProgram> {
    let allowed = [
        libc::SYS_read,
        libc::SYS_readv,
        libc::SYS_write,
        libc::SYS_writev,
        libc::SYS_lseek,
        libc::SYS_close,
        libc::SYS_fstat,
        libc::SYS_statx,
        libc::SYS_fcntl,
        libc::SYS_brk,
        libc::SYS_mmap,
        libc::SYS_munmap,
        libc::SYS_mremap,
        libc::SYS_mprotect,
        libc::SYS_madvise,
        libc::SYS_futex,
        libc::SYS_getrandom,
        libc::SYS_clock_gettime,
        libc::SYS_sigaltstack,
        libc::SYS_rt_sigaction,
        libc::SYS_rt_sigprocmask,
        libc::SYS_rt_sigreturn,
        libc::SYS_getpid,
        libc::SYS_gettid,
        libc::SYS_tgkill,
        libc::SYS_exit,
        libc::SYS_exit_group,
    ];
    let rules: BTreeMap<i64, _> = allowed.into_iter().map(|call| (call, Vec::new())).collect();
    let refused = SeccompAction::Errno(libc::EPERM.unsigned_abs());
    let architecture = std::env::consts::ARCH.try_into().ok()?;
    SeccompFilter::new(rules, refused, SeccompAction::Allow, architecture).ok()?.try_into().ok()
}
