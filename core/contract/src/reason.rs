//! The one closed list of reasons: why a condition is what it is, why a job failed, why a message was
//! dead-lettered. Pure; the README's table is checked against it.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

macro_rules! reasons {
    ($($(#[doc = $text:literal])+ $name:ident $retry:ident $remedy:literal;)+) => {
        /// Why something is as it is.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
        pub enum Reason { $($(#[doc = $text])+ $name,)+ }

        impl Reason {
            /// Every reason, in the order of the table.
            pub const ALL: &'static [Self] = &[$(Self::$name,)+];

            /// The name on the wire.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$name => stringify!($name),)+ }
            }

            /// What it means, in one sentence.
            pub const fn meaning(self) -> &'static str {
                match self { $(Self::$name => concat!($($text),+),)+ }
            }

            /// What a person can do about it, in one sentence.
            pub const fn remedy(self) -> &'static str {
                match self { $(Self::$name => $remedy,)+ }
            }

            /// Whether another attempt can end differently.
            pub const fn is_retryable(self) -> bool {
                match self { $(Self::$name => $retry,)+ }
            }
        }
    };
}

reasons! {
    /// The task waits for its turn among the others.
    WaitingForTurn false "Nothing; `spec.priority: High` lets it go first, `maxInFlight` in the chart lets more run at once.";
    /// The broker cannot be reached; the job goes on by itself when it is back.
    WaitingForBroker false "Nothing to the job; look at RabbitMQ and at `/readyz` of the operator.";
    /// The task is on the broker and no worker has taken it yet.
    WaitingForWorker false "Nothing if workers are busy; else see that downloader and translator run, and scale them up.";
    /// The ConfigMap of spec.translation.glossaryRef does not exist yet; the job goes on when it does.
    WaitingForGlossary false "Create the ConfigMap, or correct its name in a new job.";
    /// A quota or a daily limit is used up; the job goes on at the named time.
    WaitingForQuota false "Nothing; or give another key or account to have it sooner.";
    /// The last attempt failed; the next one starts at the named time.
    BackingOff false "Nothing; it goes on by itself at that time.";
    /// A worker is at it.
    Working false "Nothing.";
    /// spec.suspend is true.
    Suspended false "Set `spec.suspend` to false to go on.";
    /// The job is neither suspended nor in the way of anything.
    NotSuspended false "Nothing.";
    /// The subtitle was found and stored.
    SubtitleFound false "Fetch it from `status.result.url`.";
    /// The subtitle was translated and stored.
    SubtitleTranslated false "Fetch it from `status.result.url`.";
    /// The job is not over yet.
    NotFinished false "Nothing.";
    /// The object asks for something impossible; see the message for the field.
    InvalidSpec false "Create a new job with the field that the message names put right.";
    /// No source had the subtitle, and nothing to translate from.
    NoSubtitleFound false "Ask more sources, allow more in `spec.translation.from`, or try again later by the annotation `subtitles.dev/retry`.";
    /// The video could not be read or does not exist.
    VideoUnavailable false "Check `spec.video`, and that the workers mount its library or reach its URL; then retry by annotation.";
    /// The subtitle file could not be understood.
    UnusableSubtitle false "See the candidates in the status; name another source, or raise `spec.selection.maxDownloads`.";
    /// The bytes are no text in any charset the language uses.
    UndecodableText false "Save the file as UTF-8, or name another source.";
    /// No engine translates between these languages.
    LanguagePairUnsupported false "Name an engine that has the pair, add its package, or allow `spec.translation.pivot`.";
    /// The translation did not pass the checks.
    TranslationIncomplete true "See the cues in the message; name another engine, or allow gaps by `spec.translation.partial: Allow`.";
    /// The engine could not be reached or broke.
    EngineUnavailable true "Check that the engine's server runs and that the translator reaches it.";
    /// The engine refused this system's key; correct it in its Secret.
    EngineForbidden false "Correct the key in its Secret, which is read again without a restart; then retry by annotation.";
    /// The source could not be reached or broke.
    SourceUnavailable true "Nothing at first; if it lasts, see whether the workers reach the source.";
    /// The source refused this system's credentials or requests; correct them in its Secret.
    SourceForbidden false "Correct the key or the login in its Secret, which is read again without a restart; then retry by annotation.";
    /// The source's quota is used up; the job goes on when it is renewed.
    SourceQuotaExhausted true "Nothing; or give an account that may have more.";
    /// Nothing was found, but not every source could be asked; the message lists each.
    AllSourcesFailed true "See in the message what each source said, and put that right; then retry by annotation.";
    /// The video has the subtitle as pictures only, which would need character recognition.
    ImageBased false "Name a source that has text; this system does not recognise characters.";
    /// The object store could not be reached or refused.
    StoreUnavailable true "Check the store's address, login and room.";
    /// The sidecar beside the video could not be written.
    SidecarNotWritten true "See that the workers may write to the library; or ask without a sidecar in a new job.";
    /// The worker broke in a way it did not foresee.
    WorkerError true "Please report it with the message and the worker's log.";
    /// The broker gave the task up after too many deliveries.
    DeliveryLimitExceeded true "See in the workers' logs why they end while at it: often their memory limit.";
    /// The job ran longer than spec.activeDeadlineSeconds.
    DeadlineExceeded false "Raise `spec.activeDeadlineSeconds` in a new job, or scale the workers up.";
    /// The translation would cost more than spec.translation.maxCharacters, or than its namespace has left for the day.
    CostLimitExceeded false "Raise `spec.translation.maxCharacters` in a new job or the limit a day in the chart, or wait for tomorrow.";
    /// A simulated failure, as asked for.
    SimulatedFailure true "Nothing; the simulated source or engine was named and configured to fail.";
    /// The job was deleted.
    Deleted false "Nothing.";
    /// The message is not an event: no JSON object, or a field is missing or of the wrong kind.
    MalformedMessage false "Look at it by `subtitle-operator dead show`; correct its publisher, then drop it.";
    /// The event cannot belong to this job, such as one of an attempt that never began.
    ImpossibleEvent false "Look at it by `subtitle-operator dead show`; correct its publisher, then drop it.";
    /// The API server refused the status for good.
    StatusRejected false "Update the CRD to the operator's version; then `subtitle-operator dead replay`.";
}

impl Reason {
    /// Reads a reason's name as it stands on the wire.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|reason| reason.as_str() == name)
    }
}

impl std::fmt::Display for Reason {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(self.as_str())
    }
}
