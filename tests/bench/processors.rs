//! Processor time of each program that the benchmark started, and of everything else. Does I/O.

use std::{collections::HashMap, fs};

use crate::statistics::as_f64;

/// The name of a program in `/proc/PID/stat` (15 bytes at most) and in a report.
pub(crate) const PROGRAMS: [(&str, &str); 7] = [
    ("kube", "Kubernetes API server"),
    ("etcd", "etcd"),
    ("beam.smp", "RabbitMQ"),
    ("redis-server", "Redis"),
    ("subtitle-operat", "operator"),
    ("subtitle-downlo", "downloader"),
    ("subtitle-transl", "translator"),
];

/// The unit of `/proc`: USER_HZ is 100 on every Linux.
const MILLISECONDS_A_TICK: f64 = 10.0;

/// Milliseconds since the start of each program; of all processors, busy and idle.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Processors {
    programs: [f64; PROGRAMS.len()],
    busy: f64,
    idle: f64,
}

/// Parent, name and ticks of a process.
fn process(stat: &str) -> Option<(u32, &str, f64)> {
    let (before, after) = stat.rsplit_once(')')?;
    let name = before.split_once('(')?.1;
    let fields: Vec<&str> = after.split_whitespace().collect();
    let ticks = |at: usize| fields.get(at)?.parse::<f64>().ok();
    Some((fields.get(1)?.parse().ok()?, name, ticks(11)? + ticks(12)?))
}

impl Processors {
    /// The times of this process's descendants, by program; ended processes are not counted.
    pub(crate) fn now() -> Self {
        let processes: Vec<(u32, String)> = fs::read_dir("/proc")
            .into_iter()
            .flatten()
            .filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok())
            .filter_map(|pid: u32| Some((pid, fs::read_to_string(format!("/proc/{pid}/stat")).ok()?)))
            .collect();
        let known: HashMap<u32, (u32, &str, f64)> =
            processes.iter().filter_map(|(pid, stat)| Some((*pid, process(stat)?))).collect();
        let is_ours = |pid: &u32| {
            let parents = std::iter::successors(Some(*pid), |pid| known.get(pid).map(|process| process.0));
            parents.skip(1).any(|parent| parent == std::process::id())
        };
        let ours: Vec<(&str, f64)> =
            known.iter().filter(|(pid, _)| is_ours(pid)).map(|(_, (_, name, ticks))| (*name, *ticks)).collect();
        let ticks =
            |program: &str| ours.iter().filter(|(name, _)| *name == program).map(|(_, ticks)| ticks).sum::<f64>();
        let all = fs::read_to_string("/proc/stat").unwrap_or_default();
        let all: Vec<f64> =
            all.lines().next().unwrap_or_default().split_whitespace().filter_map(|field| field.parse().ok()).collect();
        // user, nice, system, idle, iowait, irq, softirq: `man 5 proc_stat`.
        let sum = |fields: &[usize]| fields.iter().filter_map(|at| all.get(*at)).sum::<f64>() * MILLISECONDS_A_TICK;
        Self {
            programs: PROGRAMS.map(|(program, _)| ticks(program) * MILLISECONDS_A_TICK),
            busy: sum(&[0, 1, 2, 5, 6]),
            idle: sum(&[3, 4]),
        }
    }

    /// Milliseconds per job since `before`: of each program, of everything else, and idle.
    pub(crate) fn per_job(self, before: Self, jobs: usize) -> [f64; PROGRAMS.len() + 2] {
        let programs: [f64; PROGRAMS.len()] = std::array::from_fn(|at| self.programs[at] - before.programs[at]);
        let busy = self.busy - before.busy;
        let (other, idle) = (busy - programs.iter().sum::<f64>(), self.idle - before.idle);
        let mut all = [0.0; PROGRAMS.len() + 2];
        for (environment, value) in all.iter_mut().zip(programs.into_iter().chain([other, idle])) {
            *environment = value / as_f64(jobs);
        }
        all
    }
}

/// The names of the values of `per_job`, in its order.
pub(crate) fn names() -> impl Iterator<Item = &'static str> {
    PROGRAMS.into_iter().map(|(_, name)| name).chain(["everything else", "(idle)"])
}
