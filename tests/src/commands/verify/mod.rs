//! `cargo verify`: runs each check as a command, shows its output, and ends with a summary of checks and skipped tests, each
//! with its time. A skip that is not expected is a failure. Does I/O.
//!
//! ```text
//!   fast          format, lints, generated files, every test that needs no Kubernetes
//!   integration   tests on real servers                  beside them: the release image
//!   whole system  the chart on a node                    beside it: faults on RabbitMQ 3 and 4
//! ```
//!
//! A tier starts only when the one before it has passed.

mod outcome;
mod single;
mod targets;

use std::{
    fs::{self, File},
    path::{Path, PathBuf},
    process::Command,
    thread,
};

use anyhow::{Context as _, Result, ensure};
use subtitle_tests::{
    kubernetes::node,
    process::{cargo, output},
    progress::print,
    skips::{self, Skip},
    target,
    tools::packages::{self, Purpose},
    usage::{self, Cost},
};

use crate::commands::generated;
use outcome::{Outcome, here, measured, print_summary};
use targets::Targets;

pub(crate) use single::{bench_pipeline, e2e_keda, faults};

/// What every check needs.
struct Checks {
    targets: Targets,
    /// Whether only the first tier runs.
    only_fast: bool,
    /// To which tests and checks append what they skip.
    skip_file: PathBuf,
    /// Of the logs of what runs beside others.
    folder: PathBuf,
}

impl Checks {
    fn prepare(only_fast: bool) -> Result<Self> {
        let folder = target().join("verify");
        fs::create_dir_all(&folder).with_context(|| format!("failed to create {}", folder.display()))?;
        let skip_file = folder.join("skips");
        fs::write(&skip_file, "").with_context(|| format!("failed to write {}", skip_file.display()))?;
        Ok(Self { targets: Targets::find()?, only_fast, skip_file, folder })
    }

    fn test(&self, arguments: &[&str], tests: &[String]) -> Command {
        let mut cargo = cargo();
        cargo.args(["test", "--workspace", "--locked", "--no-fail-fast"]).args(arguments);
        cargo.args(tests.iter().flat_map(|test| ["--test", test.as_str()]));
        cargo.env(skips::VARIABLE, &self.skip_file);
        cargo
    }

    fn packages(&self) -> Result<()> {
        packages::ensure(if self.only_fast { Purpose::Processes } else { Purpose::Node }, &print)
    }

    fn fast(&self) -> Vec<Outcome> {
        let mut lints = cargo();
        lints.args(["clippy", "--workspace", "--all-targets", "--locked", "--", "--deny", "warnings"]);
        vec![
            here("packages", || self.packages()),
            measured("format", cargo().args(["fmt", "--all", "--check"])),
            measured("lints", &mut lints),
            measured(
                "tests without Kubernetes: unit, contract, architecture, simulation",
                &mut self.test(&["--lib", "--bins", "--examples"], &self.targets.fast),
            ),
            measured("documentation's examples", &mut self.test(&["--doc"], &[])),
            here("generated files", generated::are_current),
        ]
    }

    fn integration(&self) -> Vec<Outcome> {
        let compilation = measured("compilation", &mut self.test(&["--no-run"], &[]));
        let tests = || measured("tests on real servers", &mut self.test(&[], &self.targets.integration));
        let mut outcomes = vec![compilation];
        outcomes.extend(self.beside("the release image", tests, |log| {
            // Without a node nothing runs the image.
            node::is_allowed().then(|| {
                let image = std::env::current_exe().context("failed to find this program")?;
                logged(Command::new(image).arg("image"), &log)
            })
        }));
        outcomes
    }

    fn whole_system(&self) -> Vec<Outcome> {
        let node = || measured("the chart on a node", &mut self.test(&[], &self.targets.node));
        self.beside("faults on RabbitMQ 3 and 4", node, |log| Some(self.faults(&log)))
    }

    /// The faults on each RabbitMQ.
    fn faults(&self, log: &File) -> Result<Cost> {
        let faults = |rabbitmq: &str, tests: &[String]| {
            let mut test = self.test(&[], tests);
            logged(test.env("SUBTITLE_RABBITMQ", rabbitmq).env("SUBTITLE_FAULT_JOBS", "500"), log)
        };
        let on_3 = faults("3", &self.targets.faults)?;
        let may_mount = output(Command::new("unshare").args(["--mount", "true"])).is_ok();
        if !packages::is_root() || !may_mount {
            let reason = "its root file system needs root and mount namespaces";
            skips::record(Some(&self.skip_file), "rabbitmq-4", reason);
            return Ok(on_3);
        }
        // The current version, with the same broker session and topology.
        let also = ["broker", "contract"].map(str::to_owned);
        Ok(on_3 + faults("4", &[self.targets.faults.as_slice(), &also].concat())?)
    }

    /// Runs `check`, and beside it something that mostly waits or yields, whose log is shown at the end; `None` from that means
    /// that there was nothing to do.
    fn beside(
        &self,
        name: &'static str,
        check: impl FnOnce() -> Outcome,
        other: impl FnOnce(File) -> Option<Result<Cost>> + Send,
    ) -> Vec<Outcome> {
        let log = self.folder.join(format!("{}.log", name.replace(' ', "-")));
        let file = match File::create(&log) {
            Ok(file) => file,
            Err(error) => return vec![check(), Outcome::new(name, Err(error.into()))],
        };
        println!("\n=== beside what follows: {name} (log: {})", log.display());
        let (checked, other) = thread::scope(|scope| {
            let other = scope.spawn(move || other(file));
            (check(), other.join())
        });
        let other = other.unwrap_or_else(|_| Some(Err(anyhow::anyhow!("its thread panicked"))));
        if other.is_some() {
            println!("\n=== log of {name}\n{}", fs::read_to_string(&log).unwrap_or_default());
        }
        let other = other.map(|costs| Outcome::new(name, costs));
        [Some(checked), other].into_iter().flatten().collect()
    }
}

/// Runs a command with its output in a log.
fn logged(command: &mut Command, log: &File) -> Result<Cost> {
    outcome::run(command.stdout(log.try_clone()?).stderr(log.try_clone()?))
}

fn ensure_expected(skips: &[&Skip]) -> Result<()> {
    let unexpected: Vec<&str> =
        skips.iter().filter(|skip| skip.expected.is_none()).map(|skip| skip.name.as_str()).collect();
    ensure!(unexpected.is_empty(), "skipped, and not in the table of expected skips: {}", unexpected.join(", "));
    Ok(())
}

/// A tier's name and its checks.
type Tier = (&'static str, fn(&Checks) -> Vec<Outcome>);

/// Runs the checks, or only those of the first tier; true when all passed and every skip was expected.
pub(crate) fn verify(only_fast: bool) -> Result<bool> {
    let checks = Checks::prepare(only_fast)?;
    let tiers: [Tier; 3] =
        [("fast", Checks::fast), ("integration", Checks::integration), ("whole system", Checks::whole_system)];
    let (mut outcomes, mut not_run): (Vec<Outcome>, Vec<&str>) = (Vec::new(), Vec::new());
    for (name, tier) in tiers.into_iter().take(if only_fast { 1 } else { tiers.len() }) {
        if outcomes.iter().all(Outcome::has_passed) {
            outcomes.extend(tier(&checks));
        } else {
            not_run.push(name);
        }
    }
    let skips = skips::recorded(Path::new(&checks.skip_file));
    let skips: Vec<&Skip> = skips.iter().collect();
    outcomes.push(here("no unexpected skip", || ensure_expected(&skips)));
    print_summary(&outcomes, &skips, &not_run);
    println!("all of it: {}", usage::so_far());
    Ok(outcomes.iter().all(Outcome::has_passed))
}
