//! What a render child may still do once it has read templates and fonts: compute, and talk through its three pipes.
//!
//! The rule: every part stands by itself. Landlock takes files, TCP and signals to others away; seccomp lets through the
//! few system calls that rendering needs; limits take new files and processes away even where the kernel has neither.

use std::{collections::BTreeMap, io};

use landlock::{
    ABI, Access, AccessFs, AccessNet, LandlockStatus, RestrictionStatus, Ruleset, RulesetAttr, RulesetStatus, Scope,
};
use nix::{
    libc,
    sys::resource::{Resource, setrlimit},
};
use seccompiler::{
    BpfProgram, SeccompAction, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition, SeccompFilter, SeccompRule, TargetArch,
};
use serde::{Deserialize, Serialize};

/// The newest Landlock whose every right is denied; an older kernel denies those it knows.
const NEWEST: ABI = ABI::V7;
/// Open files a child keeps: its three pipes.
const PIPES: u64 = 3;

/// What shuts a child in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sandbox {
    /// Version of Landlock's interface, where the kernel has it.
    pub landlock: Option<i32>,
    /// Whether system calls are filtered.
    pub seccomp: bool,
}

impl Sandbox {
    /// Whether both parts are there.
    pub fn is_complete(&self) -> bool {
        self.landlock.is_some() && self.seccomp
    }
}

/// Whether `serve` and `work` start on a kernel without Landlock or seccomp.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Demand {
    /// They do not.
    Require,
    /// They do, with what there is.
    Best,
}

/// Parts that are left open, for measuring and for showing that each part holds by itself. Never in a service.
#[derive(Debug, Clone, Copy, Default)]
pub struct Without {
    pub landlock: bool,
    pub seccomp: bool,
    pub limits: bool,
}

/// Takes files, TCP and signals to others from this thread and those it starts. `None`: the kernel has no Landlock.
pub(super) fn shut_files() -> Option<i32> {
    let shut = || {
        Ruleset::default()
            .handle_access(AccessFs::from_all(NEWEST))?
            .handle_access(AccessNet::from_all(NEWEST))?
            .scope(Scope::from_all(NEWEST))?
            .create()?
            .restrict_self()
    };
    match shut() {
        Ok(RestrictionStatus { ruleset: RulesetStatus::NotEnforced, .. }) | Err(_) => None,
        Ok(RestrictionStatus { landlock, .. }) => match landlock {
            LandlockStatus::Available { effective_abi, kernel_abi } => Some(kernel_abi.unwrap_or(effective_abi as i32)),
            LandlockStatus::NotEnabled | LandlockStatus::NotImplemented => None,
        },
    }
}

/// No file larger than nothing, and no file beyond the pipes.
pub(super) fn limit_files() -> io::Result<()> {
    setrlimit(Resource::RLIMIT_FSIZE, 0, 0)?;
    setrlimit(Resource::RLIMIT_NOFILE, PIPES, PIPES)?;
    Ok(())
}

/// No further process or thread. It does not bind root; seccomp does.
pub(super) fn limit_processes() -> io::Result<()> {
    Ok(setrlimit(Resource::RLIMIT_NPROC, 0, 0)?)
}

/// Filters the system calls of all threads. What is not needed fails with `EPERM`; what only an intruder would ask for
/// ends the process with `SIGSYS`.
pub(super) fn shut_calls() -> bool {
    let arch = match TargetArch::try_from(std::env::consts::ARCH) {
        Ok(arch) => arch,
        Err(_unknown) => return false,
    };
    let programs = (fatal(arch), needed(arch));
    let (Ok(fatal), Ok(needed)) = programs else { return false };
    // The fatal ones first: afterwards no filter can be added. Of two verdicts the kernel takes the harder one.
    seccompiler::apply_filter_all_threads(&fatal).is_ok() && seccompiler::apply_filter_all_threads(&needed).is_ok()
}

fn fatal(arch: TargetArch) -> Result<BpfProgram, seccompiler::BackendError> {
    let rules = FATAL.iter().map(|call| (*call, Vec::new())).collect();
    SeccompFilter::new(rules, SeccompAction::Allow, SeccompAction::KillProcess, arch)?.try_into()
}

fn needed(arch: TargetArch) -> Result<BpfProgram, seccompiler::BackendError> {
    let mut rules: BTreeMap<i64, Vec<SeccompRule>> = NEEDED.iter().map(|call| (*call, Vec::new())).collect();
    // Memory is never executable.
    let executable = libc::PROT_EXEC as u64;
    for call in [libc::SYS_mmap, libc::SYS_mprotect] {
        rules.insert(call, vec![only(2, SeccompCmpOp::MaskedEq(executable), 0)?]);
    }
    // Signals go to the process itself: `abort` sends one.
    rules.insert(libc::SYS_tgkill, vec![only(0, SeccompCmpOp::Eq, u64::from(std::process::id()))?]);
    // Each order begins with fresh processor time; no other limit moves, and of no other process.
    let processor =
        SeccompRule::new(vec![equal(0, SeccompCmpOp::Eq, 0)?, equal(1, SeccompCmpOp::Eq, libc::RLIMIT_CPU as u64)?])?;
    rules.insert(libc::SYS_prlimit64, vec![processor]);
    let denied = SeccompAction::Errno(libc::EPERM as u32);
    SeccompFilter::new(rules, denied, SeccompAction::Allow, arch)?.try_into()
}

fn only(argument: u8, comparison: SeccompCmpOp, value: u64) -> Result<SeccompRule, seccompiler::BackendError> {
    SeccompRule::new(vec![equal(argument, comparison, value)?])
}

fn equal(argument: u8, comparison: SeccompCmpOp, value: u64) -> Result<SeccompCondition, seccompiler::BackendError> {
    SeccompCondition::new(argument, SeccompCmpArgLen::Dword, comparison, value)
}

/// What rendering, its allocator and Rust's runtime ask of the kernel after the start.
const NEEDED: &[i64] = &[
    libc::SYS_read,
    libc::SYS_readv,
    libc::SYS_write,
    libc::SYS_writev,
    libc::SYS_close,
    libc::SYS_fstat,
    libc::SYS_munmap,
    libc::SYS_mremap,
    libc::SYS_madvise,
    libc::SYS_brk,
    libc::SYS_futex,
    libc::SYS_sched_yield,
    libc::SYS_sched_getaffinity,
    libc::SYS_clock_gettime,
    libc::SYS_clock_nanosleep,
    libc::SYS_nanosleep,
    libc::SYS_gettimeofday,
    libc::SYS_getrandom,
    libc::SYS_getrusage,
    libc::SYS_getpid,
    libc::SYS_getppid,
    libc::SYS_gettid,
    libc::SYS_rt_sigaction,
    libc::SYS_rt_sigprocmask,
    libc::SYS_rt_sigreturn,
    libc::SYS_sigaltstack,
    libc::SYS_membarrier,
    libc::SYS_restart_syscall,
    libc::SYS_rseq,
    libc::SYS_set_robust_list,
    libc::SYS_exit,
    libc::SYS_exit_group,
];

/// What no part of rendering ever asks for.
const FATAL: &[i64] = &[
    libc::SYS_execve,
    libc::SYS_execveat,
    libc::SYS_socket,
    libc::SYS_connect,
    libc::SYS_bind,
    libc::SYS_listen,
    libc::SYS_accept,
    libc::SYS_accept4,
    libc::SYS_sendto,
    libc::SYS_sendmsg,
    libc::SYS_ptrace,
    libc::SYS_process_vm_readv,
    libc::SYS_process_vm_writev,
    libc::SYS_kill,
    libc::SYS_tkill,
    libc::SYS_pidfd_open,
    libc::SYS_pidfd_getfd,
    libc::SYS_pidfd_send_signal,
    libc::SYS_io_uring_setup,
    libc::SYS_io_uring_enter,
    libc::SYS_io_uring_register,
    libc::SYS_bpf,
    libc::SYS_perf_event_open,
    libc::SYS_userfaultfd,
    libc::SYS_mount,
    libc::SYS_umount2,
    libc::SYS_pivot_root,
    libc::SYS_chroot,
    libc::SYS_setns,
    libc::SYS_unshare,
    libc::SYS_init_module,
    libc::SYS_finit_module,
    libc::SYS_kexec_load,
    libc::SYS_keyctl,
    libc::SYS_add_key,
    libc::SYS_request_key,
];
