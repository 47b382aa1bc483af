//! Steps that run side by side. The others run to their end after one has failed, which may take minutes, so its error is
//! reported at once. Does I/O.

use std::thread;

use anyhow::{Result, anyhow};

use super::{Progress, failure};

/// Runs three steps side by side, the last on this thread; the first error in their order, if one fails.
pub fn parallel<A: Send, B: Send, C>(
    progress: Progress<'_>,
    first: impl FnOnce() -> Result<A> + Send,
    second: impl FnOnce() -> Result<B> + Send,
    third: impl FnOnce() -> Result<C>,
) -> Result<(A, B, C)> {
    let panicked = |_| anyhow!("a thread that starts a part of the system panicked");
    let (first, second, third) = thread::scope(|scope| {
        let first = scope.spawn(|| first().inspect_err(|error| progress(&failure(error))));
        let second = scope.spawn(|| second().inspect_err(|error| progress(&failure(error))));
        let third = third().inspect_err(|error| progress(&failure(error)));
        (first.join().map_err(panicked).flatten(), second.join().map_err(panicked).flatten(), third)
    });
    Ok((first?, second?, third?))
}

#[cfg(test)]
mod tests {
    use std::{sync::mpsc, time::Duration};

    use anyhow::bail;

    use super::parallel;

    #[test]
    fn an_error_is_reported_while_the_other_steps_still_run() {
        let (sender, reports) = mpsc::channel();
        let progress = move |line: &str| sender.send(line.to_owned()).expect("it is received");
        let first_report = move || Ok(reports.recv_timeout(Duration::from_secs(60))?);
        let fails = || -> anyhow::Result<()> { bail!("no disk\nfree some") };
        let error = parallel(&progress, first_report, fails, || Ok(())).expect_err("one failed");
        assert_eq!(error.to_string(), "no disk\nfree some");
    }
}
