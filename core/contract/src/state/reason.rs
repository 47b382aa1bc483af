//! The one closed list of reasons: why a condition is what it is, why a job failed, why a message was
//! dead-lettered. Pure; the README's table is checked against it.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

macro_rules! reasons {
    ($($(#[doc = $text:literal])+ $name:ident $retry:ident $remedy:literal;)+) => {
        /// Why a condition has its value, a job failed, or a message was dead-lettered.
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
    /// The job waits for its turn among the others.
    WaitingForTurn false "Nothing; `spec.priority: High` lets it go first within its namespace, more workers, or a larger `maxInFlight` in the chart, let more run at the same time.";
    /// The broker cannot be reached; the job continues by itself when it is back.
    WaitingForBroker false "Leave the job alone; check RabbitMQ and the operator's `/readyz`.";
    /// The task is on the broker and no worker has taken it yet.
    WaitingForWorker false "Nothing if workers are busy; otherwise check that downloader and translator run, and scale them up.";
    /// The ConfigMap of spec.translation.glossaryRef does not exist yet or lacks its label; the job continues when it has it.
    WaitingForGlossary false "Create the ConfigMap with the label `subtitles.dev/glossary: \"true\"`, or correct its name in a new job.";
    /// A quota or a daily limit is used up; the job continues at the named time.
    WaitingForQuota false "Nothing, or use another key or account to get it sooner.";
    /// The last attempt failed; the next one starts at the named time.
    BackingOff false "Nothing; it continues by itself at that time.";
    /// A worker is processing it.
    Working false "Nothing.";
    /// spec.suspend is true.
    Suspended false "Set `spec.suspend` to false to continue.";
    /// The job is not suspended.
    NotSuspended false "Nothing.";
    /// The subtitle was found and stored.
    SubtitleFound false "Fetch it from `status.result.url`.";
    /// The subtitle was translated and stored.
    SubtitleTranslated false "Fetch it from `status.result.url`.";
    /// The job is not over yet.
    NotFinished false "Nothing.";
    /// The object asks for something impossible; the message names the field.
    InvalidSpec false "Create a new job with a corrected value for the field that the message names.";
    /// The installation does not allow the job's namespace what the spec asks for; the message says what.
    NotAllowed false "Ask who runs the operator to allow it (`libraries` and `simulated` in the chart); then retry with the annotation.";
    /// No source had the subtitle, or one to translate from.
    NoSubtitleFound false "Use more sources, allow more languages in `spec.translation.from`, or retry later with the annotation `subtitles.dev/retry`.";
    /// The video could not be read or does not exist.
    VideoUnavailable false "Check `spec.video`, and that the workers mount its library or can reach its URL; then retry with the annotation.";
    /// The subtitle file could not be understood.
    UnusableSubtitle false "See the candidates in the status; use another source, or raise `spec.selection.maxDownloads`.";
    /// The file is not text in any charset that the language uses.
    UndecodableText false "Save the file as UTF-8, or use another source.";
    /// No engine translates between these languages.
    LanguagePairUnsupported false "Use an engine that supports the pair, install its package, or allow `spec.translation.pivot`.";
    /// The translation did not pass the checks.
    TranslationIncomplete true "See the cues in the message; use another engine, or allow gaps with `spec.translation.partial: Allow`.";
    /// The engine could not be reached or failed.
    EngineUnavailable true "Check that the engine's server runs and that the translator can reach it.";
    /// The engine rejected the key; correct it in its Secret.
    EngineForbidden false "Correct the key in its Secret, which takes effect without a restart; then retry with the annotation.";
    /// The source could not be reached or failed.
    SourceUnavailable true "Nothing at first; if it persists, check whether the workers can reach the source.";
    /// The source rejected the credentials or requests; correct the credentials in their Secret.
    SourceForbidden false "Correct the key or the login in its Secret, which takes effect without a restart; then retry with the annotation.";
    /// The source's quota is used up; the job continues when it is renewed.
    SourceQuotaExhausted true "Nothing, or use an account with a larger quota.";
    /// Nothing was found, but some sources could not be asked; the message lists each.
    AllSourcesFailed true "See the message for what each source said, and correct it; then retry with the annotation.";
    /// The video has the subtitle only as images, which would need character recognition.
    ImageBased false "Use a source that has text; character recognition is not supported.";
    /// The object store could not be reached or refused.
    StoreUnavailable true "Check the store's address, credentials and free space.";
    /// The sidecar beside the video could not be written.
    SidecarNotWritten true "Check that the workers may write to the library, or create a job without a sidecar.";
    /// The worker failed unexpectedly, which is a bug.
    WorkerError true "Please report it with the message and the worker's log.";
    /// The broker gave the task up after too many deliveries.
    DeliveryLimitExceeded false "See the workers' logs for why they die while processing it, often because of their memory limit; then retry with the annotation.";
    /// The job ran longer than spec.activeDeadlineSeconds.
    DeadlineExceeded false "Raise `spec.activeDeadlineSeconds` in a new job, or scale the workers up.";
    /// The translation would exceed spec.translation.maxCharacters, or what its namespace has left for the day.
    CostLimitExceeded false "Raise `spec.translation.maxCharacters` in a new job or the daily limit in the chart, or wait until tomorrow.";
    /// A simulated failure, as configured.
    SimulatedFailure true "Nothing; the simulated source or engine was requested and configured to fail.";
    /// Another attempt has replaced this one.
    Superseded false "Nothing.";
    /// The job was deleted.
    Deleted false "Nothing.";
    /// The message is not an event: it is not a JSON object, or a field is missing or has the wrong type.
    MalformedMessage false "Inspect it with `subtitle-operator dead show`; correct its publisher, then drop it.";
    /// The event cannot belong to this job, such as one of an attempt that never began.
    ImpossibleEvent false "Inspect it with `subtitle-operator dead show`; correct its publisher, then drop it.";
    /// The object of the event cannot be decoded by this version.
    UndecodableObject false "Upgrade the operator, or correct the object; then run `subtitle-operator dead replay`.";
    /// The API server permanently refused the status.
    StatusRejected false "Update the CRD to the operator's version; then run `subtitle-operator dead replay`.";
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
