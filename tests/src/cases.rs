//! Named cases that share one started system, because starting it is expensive: each is reported by name, the run goes on
//! after a failure, and all failures are named at the end. Tests on real servers use it.

use std::{
    any::Any,
    panic::{AssertUnwindSafe, catch_unwind},
    time::Instant,
};

use anyhow::Result;

/// A system that cases share.
pub trait Recover {
    /// Repairs what a failed case may have left broken: every process runs again.
    fn recover(&mut self);
}

/// A run of cases on one system.
pub struct Cases<S> {
    /// What the cases share.
    pub system: S,
    suite: &'static str,
    passed: usize,
    failures: Vec<String>,
}

fn message(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<String>().map(String::as_str).or(panic.downcast_ref::<&str>().copied());
    text.unwrap_or("a panic without a message").to_owned()
}

impl<S: Recover> Cases<S> {
    /// A run without cases yet; `suite` prefixes each case's name.
    pub fn new(suite: &'static str, system: S) -> Self {
        Self { system, suite, passed: 0, failures: Vec::new() }
    }

    /// Runs a case, which fails by an error or a panic; its value if it passed.
    pub fn run<T>(&mut self, name: &str, case: impl FnOnce(&mut S) -> Result<T>) -> Option<T> {
        let begun = Instant::now();
        let outcome = catch_unwind(AssertUnwindSafe(|| case(&mut self.system)));
        let outcome = outcome.map_err(|panic| message(&*panic));
        let seconds = begun.elapsed().as_secs_f32();
        match outcome.and_then(|result| result.map_err(|error| format!("{error:#}"))) {
            Ok(value) => {
                println!("case {}::{name} ... ok ({seconds:.1} s)", self.suite);
                self.passed += 1;
                Some(value)
            }
            Err(reason) => {
                println!("case {}::{name} ... FAILED ({seconds:.1} s): {reason}", self.suite);
                self.failures.push(format!("{name}: {reason}"));
                self.system.recover();
                None
            }
        }
    }

    /// Runs a case that fails only by a panic.
    pub fn check(&mut self, name: &str, case: impl FnOnce(&mut S)) {
        self.run(name, |system| {
            case(system);
            Ok(())
        });
    }

    /// Names a case that cannot run because one before it failed.
    pub fn not_run(&mut self, name: &str, reason: &str) {
        println!("case {}::{name} ... NOT RUN: {reason}", self.suite);
        self.failures.push(format!("{name}: not run: {reason}"));
    }

    /// Whether a case has failed so far.
    pub fn has_failed(&self) -> bool {
        !self.failures.is_empty()
    }

    /// Ends the run; panics with the name of every failed case.
    ///
    /// # Panics
    /// If a case failed.
    pub fn finish(self) {
        let (suite, passed, failed) = (self.suite, self.passed, self.failures.len());
        println!("{suite}: {passed} cases passed, {failed} failed");
        assert!(failed == 0, "{failed} cases of {suite} failed:\n  {}", self.failures.join("\n  "));
    }
}

#[cfg(test)]
mod tests {
    use anyhow::bail;

    use super::{Cases, Recover, catch_unwind, message};

    #[derive(Default)]
    struct Recoveries(u32);

    impl Recover for Recoveries {
        fn recover(&mut self) {
            self.0 += 1;
        }
    }

    #[test]
    fn a_run_continues_after_a_failure_and_names_every_failed_case() {
        let mut cases = Cases::new("suite", Recoveries::default());
        assert_eq!(cases.run("first", |_| Ok(7)), Some(7));
        assert_eq!(cases.run::<()>("second", |_| bail!("an error")), None);
        cases.check("third", |system| assert_eq!(system.0, 9, "a panic"));
        cases.not_run("fourth", "the second failed");
        cases.check("fifth", |system| assert_eq!(system.0, 2, "recovered after each failure"));
        assert_eq!((cases.passed, cases.has_failed()), (2, true));
        let panic = catch_unwind(move || cases.finish()).expect_err("it fails");
        let text = message(&*panic);
        for part in ["3 cases of suite failed", "second: an error", "third: ", "fourth: not run"] {
            assert!(text.contains(part), "{part}: {text}");
        }
    }
}
