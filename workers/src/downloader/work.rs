//! The downloader as the work of a task: publishes `started`, finds the subtitle and publishes the outcome. Does I/O.

use std::time::Duration;

use subtitle_broker::PublishWriter;
use subtitle_clock::Clock;
use subtitle_contract::{
    event::{Event, source},
    job,
    payload::{DownloadRequested, DownloadStarted, Ready, Subject, TranslateRequested},
    reason::Reason,
    topology::DOWNLOAD_QUEUE,
};

use super::{order, plan::DownloadPlan, run::DownloadOutcome, settings::Downloader};
use crate::{
    artifact::download_url,
    failure::Failure,
    find::Search,
    task::{StopReason, StopSignal, TaskReporter, Work},
};

/// How long one task may take, whatever its sources do: RabbitMQ takes a delivery away after 30 minutes.
const LONGEST: Duration = Duration::from_secs(15 * 60);

impl<S: Search, T: Clock> Work for Downloader<S, T> {
    type Task = DownloadRequested;
    const QUEUE: &'static str = DOWNLOAD_QUEUE;
    const SOURCE: &'static str = source::DOWNLOADER;

    fn claim(&self, subject: &Subject, _: &DownloadRequested) -> String {
        format!("{}/claims/download-{}", subject.namespace, subject.job_id)
    }

    async fn perform(
        &self,
        event: &Event,
        task: DownloadRequested,
        reporter: &TaskReporter<'_, impl PublishWriter, impl Clock>,
    ) -> Result<(), StopReason> {
        let warnings = order::preferred(&self.finder, &self.order, &task).1;
        reporter.publish(&DownloadStarted { worker: reporter.worker(), warnings }).await?;
        match self.run(&task, reporter.subject(), reporter).await? {
            DownloadOutcome::Ready { artifact, candidates, simulated, warnings } => {
                let download_url = download_url(&self.public_url, event);
                let result = job::JobResult { url: download_url.clone(), ..artifact.result };
                let (subtitle_path, language) = (result.key.clone(), result.language.clone());
                let ready = Ready { subtitle_path, language, download_url, result, candidates, simulated, warnings };
                reporter.publish(&ready).await
            }
            DownloadOutcome::Translate { from, candidates } => {
                let request = TranslateRequested {
                    subtitle_file_path: from.key.clone(),
                    source_language: from.language.clone(),
                    target_language: task.spec.language.clone(),
                    from,
                    spec: task.spec,
                    glossary: task.glossary,
                    candidates,
                };
                reporter.publish(&request).await
            }
        }
    }
}

impl<S: Search, C: Clock> Downloader<S, C> {
    /// Lists, chooses, fetches and stores, for as long as one task may take.
    pub async fn run(
        &self,
        task: &DownloadRequested,
        subject: &Subject,
        stop_signal: &dyn StopSignal,
    ) -> Result<DownloadOutcome, StopReason> {
        let run = async { DownloadPlan::new(self, task, subject, stop_signal).await?.run().await };
        tokio::select! {
            biased;
            outcome = run => outcome,
            () = self.clock.sleep(LONGEST) => {
                let message = format!("failed to find a subtitle within {} minutes: a source is slow", LONGEST.as_secs() / 60);
                Err(Failure::new(Reason::SourceUnavailable, message).into())
            }
        }
    }
}
