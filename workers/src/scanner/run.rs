//! One scan: walks, inspects what changed, and publishes pages; between two videos it asks whether it may go on. Does I/O.

use std::sync::Arc;

use futures::{StreamExt as _, stream};
use jiff::Timestamp;
use subtitle_broker::PublishWriter;
use subtitle_clock::Clock;
use subtitle_contract::policy::{
    pages::{PageBuilder, ScanCounts},
    scan::{ScanPage, ScanRequested},
};
use subtitle_telemetry::chain;

use super::{
    Scanner,
    cache::{Cache, CachedVideo},
    error::ScanError,
    inspect::{Inspected, inspect},
    select::Selection,
    walk::{FolderContent, Problem, VideoEntry, Walk},
};
use crate::{
    find::folder::blocking,
    task::{StopReason, StopSignal as _, TaskReporter},
};

/// Videos that are inspected between two looks at whether the scan may go on.
const BATCH: usize = 32;
/// Videos that are opened at once.
const OPEN_AT_ONCE: usize = 4;
/// Files and folders that cannot be read are listed up to this number.
const MAX_PROBLEMS: u32 = 1_000;

/// A scan in progress.
pub(super) struct ScanRun<'a, P, C> {
    scanner: &'a Scanner,
    task: &'a ScanRequested,
    reporter: &'a TaskReporter<'a, P, C>,
    selection: Arc<Selection>,
    pages: PageBuilder,
    /// A scan of single paths neither reads nor changes it.
    cache: Option<Cache>,
    /// Whether a continuation would begin behind where this task began.
    has_stored: bool,
    videos: u32,
    problems: u32,
    settling: u32,
    settled_at: Option<Timestamp>,
}

impl<'a, P: PublishWriter, C: Clock> ScanRun<'a, P, C> {
    /// Scans; a library that cannot be scanned at all is a scan that is not complete.
    pub(super) async fn scan(
        scanner: &'a Scanner,
        task: &'a ScanRequested,
        reporter: &'a TaskReporter<'a, P, C>,
    ) -> Result<(), StopReason> {
        let (run, walk) = match Self::new(scanner, task, reporter).await {
            Ok(begun) => begun,
            Err(error) => {
                let message = chain(&error).to_string();
                tracing::warn!(
                    policy = task.policy.name,
                    library = task.library,
                    message,
                    "a library cannot be scanned"
                );
                let (_, finished) = PageBuilder::new(task, ScanCounts::default()).finish(Some(message));
                return reporter.publish(&finished).await;
            }
        };
        run.walk(walk).await
    }

    async fn new(
        scanner: &'a Scanner,
        task: &'a ScanRequested,
        reporter: &'a TaskReporter<'a, P, C>,
    ) -> Result<(Self, Walk), ScanError> {
        let selection = Arc::new(Selection::new(&task.select)?);
        let namespace = &reporter.subject().namespace;
        let (root, below) = scanner.libraries.root_for(namespace, &task.library).await?;
        let paths = task.paths.clone();
        let walk = blocking(move || Ok(Walk::new(&root, &below, &paths))).await.map_err(ScanError::Interrupted)??;
        let cache = if task.paths.is_empty() {
            Some(Cache::open(&scanner.store, namespace, &task.library).await)
        } else {
            None
        };
        let pages = PageBuilder::new(task, ScanCounts::default());
        let run = Self {
            scanner,
            task,
            reporter,
            selection,
            pages,
            cache,
            has_stored: false,
            videos: 0,
            problems: 0,
            settling: 0,
            settled_at: None,
        };
        Ok((run, walk))
    }

    async fn walk(mut self, mut walk: Walk) -> Result<(), StopReason> {
        let incomplete = loop {
            let selection = self.selection.clone();
            let step = blocking(move || {
                let content = walk.next(&selection);
                Ok((walk, content))
            });
            let content = match step.await {
                Ok((moved, content)) => {
                    walk = moved;
                    content
                }
                Err(error) => break Some(format!("failed to walk the library: {error}")),
            };
            let Some(FolderContent { videos, problems }) = content else { break walk.incomplete() };
            for problem in problems {
                self.add_problem(problem).await?;
            }
            let mut videos = videos.into_iter().peekable();
            while videos.peek().is_some() {
                self.reporter.check()?;
                self.add(videos.by_ref().take(BATCH).collect()).await?;
            }
            self.reporter.check()?;
        };
        self.finish(incomplete).await
    }

    /// Inspects some videos of a folder and adds them to pages.
    async fn add(&mut self, entries: Vec<VideoEntry>) -> Result<(), StopReason> {
        let now = self.reporter.now();
        self.has_stored = false;
        let mut work = Vec::new();
        for entry in entries {
            if let Some(at) = self.selection.settles_at(&entry.stat, now) {
                self.settling += 1;
                self.settled_at = self.settled_at.max(Some(at));
                self.scanner.metrics.scanned_videos.increment(["settling"]);
                let message = format!("it changed less than {} s ago", self.task.select.settle_seconds);
                self.add_unreadable(&Problem { path: entry.path, message }).await?;
                continue;
            }
            let (passed, known) = self.recall(&entry.path, work.is_empty()).await;
            work.push((passed, entry, known));
        }
        let parser = &self.scanner.parser;
        let inspected = stream::iter(work)
            .map(|(passed, entry, known)| async move { (passed, inspect(parser, entry, known, now).await) })
            .buffered(OPEN_AT_ONCE)
            .collect::<Vec<_>>()
            .await;
        for (passed, inspected) in inspected {
            self.keep(passed).await;
            match inspected {
                Err(problem) => self.add_problem(problem).await?,
                Ok(Inspected { video, learned, opened, problems }) => {
                    self.videos += 1;
                    self.scanner.metrics.scanned_videos.increment([if opened == 0 { "known" } else { "opened" }]);
                    for problem in problems {
                        self.add_problem(problem).await?;
                    }
                    let full = self.pages.add_video(video);
                    self.publish(full).await?;
                    if let Some(cache) = &mut self.cache {
                        self.has_stored |= cache.add(learned).await;
                    }
                }
            }
        }
        if self.has_stored && self.reporter.held() >= self.scanner.continue_after {
            return Err(StopReason::Continue { done: self.videos });
        }
        Ok(())
    }

    /// What is known of a video, and the known videos in front of it that are not kept yet: none if all before it `are_added`.
    async fn recall(&mut self, path: &str, are_added: bool) -> (Vec<CachedVideo>, Option<CachedVideo>) {
        let mut passed = Vec::new();
        loop {
            let Some(cache) = &mut self.cache else { return (passed, None) };
            let before = cache.before(Some(path)).await;
            if before.is_empty() {
                return (passed, cache.take(path));
            }
            if are_added {
                self.keep(before).await;
            } else {
                passed.extend(before);
            }
        }
    }

    /// Keeps what is known of videos that this scan does not list, and of which another one may; the others are gone.
    async fn keep(&mut self, passed: Vec<CachedVideo>) {
        let Some(cache) = &mut self.cache else { return };
        for video in passed.into_iter().filter(|video| !self.selection.lists(&video.path)) {
            self.has_stored |= cache.add(video).await;
        }
    }

    async fn add_problem(&mut self, problem: Problem) -> Result<(), StopReason> {
        self.scanner.metrics.scanned_videos.increment(["unreadable"]);
        self.add_unreadable(&problem).await
    }

    async fn add_unreadable(&mut self, Problem { path, message }: &Problem) -> Result<(), StopReason> {
        self.problems += 1;
        if self.problems > MAX_PROBLEMS {
            return Ok(());
        }
        let full = self.pages.add_unreadable(path, message);
        self.publish(full).await
    }

    async fn publish(&self, page: Option<ScanPage>) -> Result<(), StopReason> {
        match page {
            Some(page) => self.reporter.publish(&page).await,
            None => Ok(()),
        }
    }

    async fn finish(mut self, incomplete: Option<String>) -> Result<(), StopReason> {
        if incomplete.is_none() {
            while let Some(cache) = &mut self.cache {
                let rest = cache.before(None).await;
                if rest.is_empty() {
                    break;
                }
                self.keep(rest).await;
            }
            if let Some(cache) = self.cache.take() {
                cache.finish().await;
            }
        }
        let unlisted = self.problems.saturating_sub(MAX_PROBLEMS);
        let incomplete = incomplete
            .or_else(|| (unlisted > 0).then(|| format!("{unlisted} more files and folders could not be read")));
        let (last, mut finished) = self.pages.finish(incomplete);
        finished.settled_at = self.settled_at;
        if let Some(page) = last {
            self.reporter.publish(&page).await?;
        }
        let seconds = self.reporter.held();
        self.scanner.metrics.scan_seconds.observe([], seconds.as_secs_f64());
        tracing::info!(
            policy = self.task.policy.name,
            library = self.task.library,
            videos = finished.videos,
            unreadable = finished.unreadable,
            settling = self.settling,
            complete = finished.is_complete,
            seconds = seconds.as_secs(),
            "scanned a library"
        );
        self.reporter.publish(&finished).await
    }
}
