//! Wall time and CPU seconds of commands and of this process, from `/proc`. A process's CPU seconds include those of its
//! children that have ended and were waited for. Does I/O.

use std::{
    fmt, fs,
    ops::Add,
    process::{Child, ExitStatus},
    thread,
    time::{Duration, Instant},
};

use anyhow::Result;

/// Units of the times in `/proc/PID/stat`: Linux shows hundredths of a second on every architecture that runs this.
const MILLISECONDS_PER_TICK: u64 = 10;
const POLL: Duration = Duration::from_millis(50);

/// What a command took.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Cost {
    /// Wall time.
    pub wall: Duration,
    /// CPU time of it and its children, in user and kernel mode.
    pub cpu: Duration,
}

impl Add for Cost {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self { wall: self.wall + other.wall, cpu: self.cpu + other.cpu }
    }
}

impl fmt::Display for Cost {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{:.1} s, {:.1} CPU seconds", self.wall.as_secs_f32(), self.cpu.as_secs_f32())
    }
}

/// What `/proc/PID/stat` says of a process.
#[derive(Debug, PartialEq, Eq)]
struct Stat {
    has_ended: bool,
    group: u32,
    cpu: Duration,
    /// Since the machine's start.
    started: Duration,
}

fn duration(ticks: u64) -> Duration {
    Duration::from_millis(ticks * MILLISECONDS_PER_TICK)
}

fn parse(stat: &str) -> Option<Stat> {
    // The program's name, in parentheses, may contain anything.
    let fields: Vec<&str> = stat.rsplit_once(") ")?.1.split(' ').collect();
    let number = |index: usize| fields.get(index)?.parse::<u64>().ok();
    // utime, stime, cutime, cstime
    let ticks: u64 = (11..15).map(number).sum::<Option<u64>>()?;
    Some(Stat {
        has_ended: fields.first() == Some(&"Z"),
        group: fields.get(2)?.parse().ok()?,
        cpu: duration(ticks),
        started: duration(number(19)?),
    })
}

fn stat(process: &str) -> Option<Stat> {
    parse(&fs::read_to_string(format!("/proc/{process}/stat")).ok()?)
}

/// Waits for a child, calling `each` about 20 times a second; returns its CPU time too.
pub fn wait(child: &mut Child, mut each: impl FnMut()) -> Result<(ExitStatus, Duration)> {
    let process = child.id().to_string();
    loop {
        // Once it is waited for, its times are gone.
        match stat(&process) {
            Some(stat) if stat.has_ended => return Ok((child.wait()?, stat.cpu)),
            Some(_) => {}
            None => return Ok((child.wait()?, Duration::ZERO)),
        }
        each();
        thread::sleep(POLL);
    }
}

/// What a command takes from now on, until it ends.
pub fn measured(child: &mut Child) -> Result<(ExitStatus, Cost)> {
    let begun = Instant::now();
    let (status, cpu) = wait(child, || ())?;
    Ok((status, Cost { wall: begun.elapsed(), cpu }))
}

/// What this process has taken, and the cargo that became it with everything it compiled.
pub fn so_far() -> Cost {
    let Some(stat) = stat("self") else { return Cost::default() };
    let uptime = fs::read_to_string("/proc/uptime").unwrap_or_default();
    let uptime =
        uptime.split('.').next().and_then(|seconds| seconds.parse().ok()).map_or(stat.started, Duration::from_secs);
    Cost { wall: uptime.saturating_sub(stat.started), cpu: stat.cpu }
}

/// The CPU time of the living processes of a group and of their children that have ended.
pub fn of_group(group: u32) -> Duration {
    let processes = fs::read_dir("/proc").into_iter().flatten().flatten();
    let stats = processes.filter_map(|entry| stat(entry.file_name().to_str()?));
    stats.filter(|stat| stat.group == group).map(|stat| stat.cpu).sum()
}

#[cfg(test)]
mod tests {
    use std::{process::Command, time::Duration};

    use super::{measured, parse};

    #[test]
    fn a_stat_line_is_read_whatever_the_name() {
        let line = "7 (a ) (b) Z 1 42 42 0 -1 4 0 0 0 0 100 20 3000 4 20 0 1 0 555 0 0";
        let stat = parse(line).expect("well formed");
        assert!(stat.has_ended);
        assert_eq!((stat.group, stat.cpu), (42, Duration::from_millis(31_240)));
        assert_eq!(stat.started, Duration::from_millis(5550));
    }

    #[test]
    fn children_of_a_command_are_measured_too() {
        let busy = "i=0; while [ $i -lt 200000 ]; do i=$((i+1)); done";
        let mut child = Command::new("sh").args(["-c", &format!("sh -c '{busy}'; true")]).spawn().expect("starts");
        let (status, cost) = measured(&mut child).expect("ends");
        assert!(status.success() && cost.cpu > Duration::from_millis(20), "{cost}");
    }
}
