//! From candidates to one file in the store: the best is fetched and read, and an unusable one makes room for the next.
//! Does I/O.

use bytes::Bytes;
use subtitle_clock::Clock;
use subtitle_contract::{
    job::{self, Candidate, PartialTranslations},
    language::Language,
    reason::Reason,
};
use subtitle_telemetry::chain;

use super::{
    super::{listing::Listing, plan::DownloadPlan},
    error::{FetchClass, FetchError},
};
use crate::{
    artifact::{self, StoreArtifact},
    failure::Failure,
    find::{
        FetchedContent, FoundSubtitle, Origin, Search, SourceErrorKind, TrackFile, VideoMatch,
        choose::select,
        parser::{ParseError, ParsedText},
    },
    subtitle::{Code, Format, Subtitle, container::Episode, file::Declared},
    task::StopReason,
};

/// What was taken for one language.
pub(in crate::downloader) struct Taken {
    pub(in crate::downloader) artifact: StoreArtifact,
    pub(in crate::downloader) candidates: Vec<Candidate>,
    pub(in crate::downloader) simulated: bool,
    /// What is missing of it.
    pub(in crate::downloader) warnings: Vec<String>,
}

fn is_paid(found: &FoundSubtitle) -> bool {
    found.origin.as_ref().is_ok_and(Origin::is_paid)
}

/// Why a candidate that would count against a quota is not tried.
fn not_tried(paid: u8) -> Failure {
    let message =
        format!("not tried: {paid} files of providers were unusable, and spec.selection.maxDownloads allows no more");
    Failure::new(Reason::UnusableSubtitle, message)
}

/// The subtitle in a file, unless it is unusable.
fn usable(
    file: Result<ParsedText, ParseError>,
    found: &FoundSubtitle,
    language: &Language,
) -> Result<Subtitle, Failure> {
    let file = file.map_err(|error| {
        let reason = match error.class() {
            // The worker could not start the process that reads it.
            SourceErrorKind::Unavailable => Reason::WorkerError,
            _ if error.is_undecodable() => Reason::UndecodableText,
            _ => Reason::UnusableSubtitle,
        };
        Failure::new(reason, format!("{}: {}", found.label, chain(&error)))
    })?;
    match file.mismatch {
        // The simulated source writes English, whatever the language.
        Some(other) if !found.source.is_simulated() => {
            let message = format!("{}: its text is in {other}, not in '{language}' as it says", found.label);
            Err(Failure::new(Reason::UnusableSubtitle, message))
        }
        _ => Ok(file.subtitle),
    }
}

/// What is known of a file before it is read.
fn declared<'a>(found: &FoundSubtitle, language: &'a Language, video: &job::Video) -> Declared<'a> {
    let episode = video.episodes.as_ref().and_then(|episodes| {
        let (first, last) = (*episodes.iter().min()?, *episodes.iter().max()?);
        Some(Episode { season: video.season, first, last })
    });
    let frame_rate = match &found.video_match {
        VideoMatch::Listed(listed) => listed.frame_rate,
        VideoMatch::ThisVideo { .. } => None,
    };
    Declared { language: Some(language), episode, frame_rate }
}

impl<S: Search, C: Clock> DownloadPlan<'_, S, C> {
    /// Fetches the best candidate of one language that is usable, if any; at most `spec.selection.maxDownloads` that
    /// count against a quota are fetched.
    pub(in crate::downloader) async fn take(
        &self,
        listing: &mut Listing,
        language: &Language,
    ) -> Result<Option<Taken>, StopReason> {
        let choice = select::choose(&listing.found, language, &self.task.spec);
        for at in choice.order.iter().copied() {
            let found = listing.found[at].1.clone();
            if listing.rejected.iter().any(|(rejected, _)| *rejected == at) {
                continue;
            }
            // A source that is unavailable or has no quota left delivers nothing else either.
            if listing.errors.iter().any(|error| error.source_id == found.source && is_paid(&found)) {
                continue;
            }
            if is_paid(&found) {
                if listing.paid == self.task.spec.selection.max_downloads {
                    listing.rejected.push((at, not_tried(listing.paid)));
                    continue;
                }
                listing.paid += 1;
            }
            self.stop_signal.check()?;
            let error = match self.fetch(&found, language).await {
                Ok((artifact, warnings)) => {
                    let candidates = listing.candidates(&choice, Some(at));
                    let simulated = found.source.is_simulated();
                    return Ok(Some(Taken { artifact, candidates, simulated, warnings }));
                }
                Err(error) => error,
            };
            match error.class() {
                FetchClass::Rejected(failure) => listing.rejected.push((at, failure)),
                FetchClass::SourceFailed(error) => {
                    listing.rejected.push((at, Failure::new(error.reason(), chain(&error))));
                    listing.errors.push(error);
                }
                FetchClass::Stopped(reason) => return Err(reason),
            }
        }
        Ok(None)
    }

    /// Fetches one candidate and stores its subtitle, and tells what is missing of it. What is stored does not say that, so
    /// that a file in part has a key of its own and is never taken for a whole one.
    async fn fetch(
        &self,
        found: &FoundSubtitle,
        language: &Language,
    ) -> Result<(StoreArtifact, Vec<String>), FetchError> {
        let bytes = if is_paid(found) { Some(self.fetch_paid(found).await?) } else { None };
        let store = &self.downloader.store;
        let key_in = |kind, format| artifact::key(&self.subject.namespace, kind, &found.identity, format);
        let output = self.task.spec.output.format;
        // A file under this key was made of these very bytes, but `Original` may be any format.
        if let Some(format) = fixed_format(output)
            && let Some(artifact) = artifact::stored(store, &key_in("found", format), language).await?
        {
            self.downloader.metrics.cache_hits.increment(["found"]);
            return Ok((from_source(found, artifact), Vec::new()));
        }
        let subtitle = self.read(found, bytes, language).await?;
        let format = subtitle.output_format(output);
        let incomplete = subtitle.incomplete();
        if let Some(incomplete) = incomplete.as_ref().filter(|_| format != subtitle.format) {
            return Err(artifact::unconverted(format, incomplete).into());
        }
        if let Some(incomplete) = incomplete.as_ref().filter(|_| self.must_be_whole(language)) {
            let message = format!("{}: it would be translated, but {incomplete}", found.label);
            return Err(Failure::new(Reason::UnusableSubtitle, message).into());
        }
        let cut_off = subtitle.warnings.iter().find(|warning| warning.code == Code::CutOff);
        let missing = cut_off.map(|warning| warning.message.to_string());
        let missing = missing.into_iter().chain(incomplete.map(|incomplete| incomplete.to_string()));
        let warnings: Vec<String> = missing.map(|missing| format!("{}: {missing}", found.label)).collect();
        let key = key_in(if warnings.is_empty() { "found" } else { "found-in-part" }, format);
        let artifact = artifact::store(store, &key, &subtitle, format, &found.language).await?;
        Ok((from_source(found, artifact), warnings))
    }

    /// Whether a file in `language` will be translated, and then be refused with cues missing.
    fn must_be_whole(&self, language: &Language) -> bool {
        self.is_translated(language) && self.task.spec.translation.partial != PartialTranslations::Allow
    }

    /// The subtitle of a candidate, from `bytes` if they were fetched already.
    async fn read(
        &self,
        found: &FoundSubtitle,
        bytes: Option<Bytes>,
        language: &Language,
    ) -> Result<Subtitle, FetchError> {
        if let Some(bytes) = bytes {
            return Ok(self.read_bytes(bytes, found, language).await?);
        }
        let content = self.downloader.finder.fetch(found).await;
        self.count_fetch(found, content.is_ok());
        match content? {
            FetchedContent::Track(TrackFile { text, warnings }) => {
                let mut subtitle = self.read_bytes(text.into(), found, language).await?;
                subtitle.warnings.extend(warnings);
                Ok(subtitle)
            }
            FetchedContent::Bytes(bytes) => Ok(self.read_bytes(bytes.into(), found, language).await?),
        }
    }

    /// The subtitle in a file's bytes. A file that counts in frames and does not say how many make a second is for the
    /// video's own speed.
    async fn read_bytes(&self, bytes: Bytes, found: &FoundSubtitle, language: &Language) -> Result<Subtitle, Failure> {
        let video = &self.task.spec.video;
        let mut declared = declared(found, language, video);
        let finder = &self.downloader.finder;
        let mut file = finder.parser().text(bytes.clone(), &declared).await;
        if file.as_ref().is_err_and(ParseError::needs_frame_rate) {
            declared.frame_rate = self.facts().await.frame_rate;
            file = finder.parser().text(bytes, &declared).await;
        }
        usable(file, found, language)
    }

    pub(super) fn count_fetch(&self, found: &FoundSubtitle, is_ok: bool) {
        let outcome = if is_ok { "found" } else { "error" };
        self.downloader.metrics.source_requests.increment([found.source.name(), "fetch", outcome]);
    }
}

/// The format of the result, unless it depends on the source's file.
const fn fixed_format(output: job::OutputFormat) -> Option<Format> {
    match output {
        job::OutputFormat::WebVtt => Some(Format::WebVtt),
        job::OutputFormat::Srt => Some(Format::Srt),
        job::OutputFormat::Ass => Some(Format::Ass),
        job::OutputFormat::Original => None,
    }
}

fn from_source(found: &FoundSubtitle, artifact: StoreArtifact) -> StoreArtifact {
    let source = found.source.name().to_owned();
    StoreArtifact { result: job::JobResult { source, ..artifact.result }, ..artifact }
}
