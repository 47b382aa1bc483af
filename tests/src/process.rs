//! Child processes that cannot outlive this one: `setpriv --pdeathsig` kills them when the thread that started
//! them ends, so all are started by one thread that lives as long as the process. Does I/O.

use std::{
    fs::File,
    net::TcpListener,
    path::Path,
    process::{Child, Command, Stdio},
    sync::{OnceLock, mpsc},
    thread,
    time::Duration,
};

use anyhow::{Context as _, Result, bail};

use crate::{
    limit::AwakeTimeout,
    progress::command::{end_of, hint},
    root,
};

type Answer = (Command, std::io::Result<Child>);
type Order = (Command, mpsc::Sender<Answer>);

fn keeper() -> &'static mpsc::Sender<Order> {
    static KEEPER: OnceLock<mpsc::Sender<Order>> = OnceLock::new();
    KEEPER.get_or_init(|| {
        let (orders, inbox) = mpsc::channel::<Order>();
        thread::spawn(move || {
            for (mut command, answer) in inbox {
                let child = command.spawn();
                let _ = answer.send((command, child));
            }
        });
        orders
    })
}

/// A running server; killed when dropped.
pub struct Server {
    /// The name in messages and of the log file.
    pub name: String,
    command: Command,
    child: Child,
}

fn spawn(name: &str, command: Command) -> Result<(Command, Child)> {
    let (answer, answers) = mpsc::channel();
    keeper().send((command, answer)).ok().context("failed to reach the thread that starts processes")?;
    let (command, child) = answers.recv()?;
    Ok((command, child.with_context(|| format!("failed to start {name}"))?))
}

impl Server {
    /// Starts `program` with its output in `folder/name.log`.
    pub fn start(name: &str, program: &Path, folder: &Path, configure: impl FnOnce(&mut Command)) -> Result<Self> {
        let log = File::create(folder.join(format!("{name}.log")))
            .with_context(|| format!("failed to create the log of {name} in {}", folder.display()))?;
        let mut command = Command::new("setpriv");
        command.args(["--pdeathsig", "KILL", "--"]).arg(program);
        configure(&mut command);
        command.stdin(Stdio::null()).stdout(log.try_clone()?).stderr(log);
        let (command, child) = spawn(name, command)?;
        Ok(Self { name: name.to_owned(), command, child })
    }

    /// Kills the server and restarts it with the same arguments, environment and log.
    pub fn restart(&mut self) -> Result<()> {
        self.kill();
        let command = std::mem::replace(&mut self.command, Command::new("true"));
        (self.command, self.child) = spawn(&self.name, command)?;
        Ok(())
    }

    /// Suspends the process (SIGSTOP).
    pub fn freeze(&self) -> Result<()> {
        self.signal("-STOP")
    }

    /// Continues a suspended process (SIGCONT).
    pub fn resume(&self) -> Result<()> {
        self.signal("-CONT")
    }

    fn signal(&self, signal: &str) -> Result<()> {
        output(Command::new("kill").args([signal, &self.pid().to_string()])).map(drop)
    }

    /// The process id.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// The exit status, if the process has ended.
    pub fn ended(&mut self) -> Option<std::process::ExitStatus> {
        self.child.try_wait().ok().flatten()
    }

    /// Sends SIGKILL and waits until the process has ended.
    pub fn kill(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }

    /// Sends SIGTERM; returns the exit status if the process ends within `grace`, and else kills it.
    pub fn stop(&mut self, grace: Duration) -> Option<std::process::ExitStatus> {
        let _ = Command::new("kill").arg(self.pid().to_string()).status();
        let mut limit = AwakeTimeout::new(grace);
        while !limit.poll_expired() {
            if let Some(status) = self.ended() {
                return Some(status);
            }
            thread::sleep(Duration::from_millis(20));
        }
        self.kill();
        None
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.kill();
    }
}

/// A loopback port that is free at the moment.
pub fn free_port() -> Result<u16> {
    Ok(TcpListener::bind("127.0.0.1:0").context("failed to find a free port on 127.0.0.1")?.local_addr()?.port())
}

/// Polls until `answer` returns a value; an error after `limit`.
pub fn eventually<T>(what: &str, limit: Duration, mut answer: impl FnMut() -> Option<T>) -> Result<T> {
    let mut left = AwakeTimeout::new(limit);
    loop {
        if let Some(answer) = answer() {
            return Ok(answer);
        }
        if left.poll_expired() {
            bail!("{what}: not within {} s", limit.as_secs());
        }
        thread::sleep(Duration::from_millis(50));
    }
}

/// Polls until `ready` is true; if the server ends or the time is over, the error shows the end of its log.
pub fn wait_until(server: &mut Server, folder: &Path, limit: Duration, ready: impl Fn() -> bool) -> Result<()> {
    let mut left = AwakeTimeout::new(limit);
    while !ready() {
        let ended = server.ended();
        if ended.is_some() || left.poll_expired() {
            let (name, end) = (&server.name, end_of(&folder.join(format!("{}.log", server.name))));
            match ended {
                Some(status) => bail!("{name} ended with {status}; its log ends:\n{end}{}", hint(&end)),
                None => bail!("{name} was not ready within {} s; its log ends:\n{end}", limit.as_secs()),
            }
        }
        thread::sleep(Duration::from_millis(50));
    }
    Ok(())
}

/// `cargo` in the checkout's root without the variables of the cargo that runs this process: build scripts that read them would
/// run again, and everything that depends on them would be compiled again.
pub fn cargo() -> Command {
    in_root(Command::new("cargo"))
}

/// `cargo` as above that leaves the processors to others.
pub fn yielding_cargo() -> Command {
    let mut nice = Command::new("nice");
    nice.args(["-n", "10", "cargo"]);
    in_root(nice)
}

fn in_root(mut cargo: Command) -> Command {
    cargo.current_dir(root());
    for (name, _) in std::env::vars_os() {
        if name.to_str().is_some_and(|name| name.starts_with("CARGO_PKG_") || name.starts_with("CARGO_MANIFEST_")) {
            cargo.env_remove(name);
        }
    }
    cargo
}

/// Runs a command to its end and returns its standard output; the error holds its standard error.
pub fn output(command: &mut Command) -> Result<String> {
    let program = command.get_program().to_string_lossy().into_owned();
    let output = command.output().with_context(|| format!("failed to start '{program}'"))?;
    if !output.status.success() {
        let errors = String::from_utf8_lossy(&output.stderr);
        let errors = errors.trim_end();
        bail!("'{program}' ended with {}: {errors}{}", output.status, hint(errors));
    }
    Ok(String::from_utf8(output.stdout)?)
}
