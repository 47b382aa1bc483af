//! From candidates to one file in the store: the best is fetched and opened, and a bad one makes room for the next.
//! Does I/O.

use bytes::Bytes;
use subtitle_contract::{
    job::{self, Candidate},
    language::Language,
    names::SIMULATED,
    payload::{DownloadRequested, Subject},
    reason::Reason,
};

use super::{Downloader, look::Looked, once::Once};
use crate::{
    artefact::{self, Artefact},
    clock::Clock,
    failure::Failure,
    find::{Claims, Content, Found, Origin, SourceError, Trouble, select},
    report::{Gate, Stopped},
    search::Search,
    subtitle::{
        Format, Subtitle, Unusable,
        container::Episode,
        file::{self, Declared, File, Unreadable},
    },
};

/// Why a candidate gave no subtitle.
pub(super) enum Unfetched {
    /// Its source did not give it: another time it may.
    Source(SourceError),
    /// Its file is of no use, or could not be stored.
    File(Failure),
}

impl From<Failure> for Unfetched {
    fn from(failure: Failure) -> Self {
        Self::File(failure)
    }
}

/// What was taken for one language.
pub(super) struct Taken {
    pub(super) artefact: Artefact,
    pub(super) candidates: Vec<Candidate>,
    pub(super) simulated: bool,
}

fn is_paid(found: &Found) -> bool {
    found.origin.as_ref().is_ok_and(Origin::is_paid)
}

/// Why the next one that would count against a quota is not tried.
fn unpaid(paid: u8) -> Failure {
    let message =
        format!("not tried: {paid} files of providers were of no use, and spec.selection.maxDownloads allows no more");
    Failure::new(Reason::UnusableSubtitle, message)
}

/// What a file says of itself, unless it is of no use.
fn understood(file: Result<File, Unreadable>, found: &Found, language: &Language) -> Result<Subtitle, Failure> {
    let file = file.map_err(|error| {
        let reason = match error {
            Unreadable::Undecodable(_) => Reason::UndecodableText,
            Unreadable::Packed(_) | Unreadable::Unusable(_) => Reason::UnusableSubtitle,
        };
        Failure::new(reason, format!("{}: {error}", found.label))
    })?;
    match file.mismatch {
        // The simulated source makes up its text in English, whatever the language.
        Some(other) if found.source != SIMULATED => {
            let message = format!("{}: its text is in {other}, not in '{language}' as it says", found.label);
            Err(Failure::new(Reason::UnusableSubtitle, message))
        }
        _ => Ok(file.subtitle),
    }
}

/// What is known of a file before it is opened.
fn declared<'a>(found: &Found, language: &'a Language, video: &job::Video) -> Declared<'a> {
    let episode = video.episodes.as_ref().and_then(|episodes| {
        let (first, last) = (*episodes.iter().min()?, *episodes.iter().max()?);
        Some(Episode { season: video.season, first, last })
    });
    let frame_rate = match &found.claims {
        Claims::Listed(listed) => listed.frame_rate,
        Claims::ThisVideo { .. } => None,
    };
    Declared { language: Some(language), episode, frame_rate }
}

impl<S: Search, C: Clock> Downloader<S, C> {
    /// Fetches the best of one language that turns out to be usable, but for those that turned out not to be; none if there
    /// is none. A bad file makes room for the next candidate; at most `spec.selection.maxDownloads` that count against a
    /// quota are fetched.
    pub(super) async fn take(
        &self,
        looked: &mut Looked,
        language: &Language,
        task: &DownloadRequested,
        subject: &Subject,
        gate: &dyn Gate,
    ) -> Result<Option<Taken>, Stopped> {
        let choice = select::choose(&looked.found, language, &task.spec);
        for at in choice.order.iter().copied() {
            let found = looked.found[at].1.clone();
            if looked.bad.iter().any(|(bad, _)| *bad == at) {
                continue;
            }
            // A source that is away or has no quota left gives nothing else either.
            if looked.errors.iter().any(|error| error.source_name == found.source && is_paid(&found)) {
                continue;
            }
            if is_paid(&found) {
                if looked.paid == task.spec.selection.max_downloads {
                    looked.bad.push((at, unpaid(looked.paid)));
                    continue;
                }
                looked.paid += 1;
            }
            gate.pass()?;
            match self.fetch(&found, language, task, subject, gate).await? {
                Ok(artefact) => {
                    let candidates = looked.candidates(&choice, Some(at));
                    return Ok(Some(Taken { artefact, candidates, simulated: found.source == SIMULATED }));
                }
                Err(Unfetched::Source(error)) => {
                    let failure = Failure::new(error.reason(), &error);
                    if error.trouble != Trouble::File {
                        looked.errors.push(error);
                    }
                    looked.bad.push((at, failure));
                }
                Err(Unfetched::File(failure)) if failure.reason == Reason::StoreUnavailable => {
                    return Err(failure.into());
                }
                Err(Unfetched::File(failure)) => looked.bad.push((at, failure)),
            }
        }
        Ok(None)
    }

    async fn fetch(
        &self,
        found: &Found,
        language: &Language,
        task: &DownloadRequested,
        subject: &Subject,
        gate: &dyn Gate,
    ) -> Result<Result<Artefact, Unfetched>, Stopped> {
        let bytes = if is_paid(found) {
            match self.once(found, subject, gate).await? {
                Once::Bytes(bytes) => Some(bytes),
                Once::Unfetched(why) => return Ok(Err(why)),
            }
        } else {
            None
        };
        Ok(self.made(found, bytes, language, task, subject).await)
    }

    /// The cues in a file's bytes, if they are what was asked for. A file that counts in frames and does not say how many
    /// make a second is for the video's own speed.
    async fn opened(
        &self,
        bytes: &[u8],
        found: &Found,
        language: &Language,
        video: &job::Video,
    ) -> Result<Subtitle, Failure> {
        let mut declared = declared(found, language, video);
        let mut file = file::read(bytes, &declared);
        if matches!(file, Err(Unreadable::Unusable(Unusable::FrameRateUnknown))) {
            declared.frame_rate = self.finder.about(video).await.frame_rate;
            file = file::read(bytes, &declared);
        }
        understood(file, found, language)
    }

    pub(super) fn count_fetch(&self, found: &Found, is_ok: bool) {
        let outcome = if is_ok { "found" } else { "error" };
        self.metrics.source_requests.increment([found.source, "fetch", outcome]);
    }

    /// The file in the store that is made of `found`, of `bytes` where they are here already.
    async fn made(
        &self,
        found: &Found,
        bytes: Option<Bytes>,
        language: &Language,
        task: &DownloadRequested,
        subject: &Subject,
    ) -> Result<Artefact, Unfetched> {
        let key_in = |format| artefact::key(&subject.namespace, "found", &found.identity, format);
        let stored_formats = match task.spec.output.format {
            job::OutputFormat::WebVtt => &[Format::WebVtt][..],
            job::OutputFormat::Original => &[Format::Srt, Format::WebVtt, Format::Ass][..],
            job::OutputFormat::Srt => &[Format::Srt][..],
            job::OutputFormat::Ass => &[Format::Ass][..],
        };
        let source = found.source.to_owned();
        // A file under this key was made of these very bytes, but `Original` may mean any format.
        if let [format] = stored_formats
            && let Some(artefact) = artefact::stored(&self.store, &key_in(*format), language).await?
        {
            self.metrics.cache_hits.increment(["found"]);
            return Ok(Artefact { result: job::JobResult { source, ..artefact.result }, ..artefact });
        }
        let content = if let Some(bytes) = bytes {
            Content::Bytes(bytes.to_vec())
        } else {
            let content = self.finder.fetch(found).await;
            self.count_fetch(found, content.is_ok());
            content.map_err(Unfetched::Source)?
        };
        let subtitle = match content {
            Content::Cues(cues) => Subtitle::from_cues(cues).map_err(|_| {
                Failure::new(Reason::UnusableSubtitle, format!("{} of the video has no text", found.label))
            }),
            Content::Bytes(bytes) => self.opened(&bytes, found, language, &task.spec.video).await,
        }?;
        let format = subtitle.output_format(task.spec.output.format);
        let artefact = artefact::store(&self.store, &key_in(format), &subtitle, format, &found.language).await?;
        Ok(Artefact { result: job::JobResult { source, ..artefact.result }, ..artefact })
    }
}
