//! The one closed list of reasons: why a condition is what it is, why a job failed, why a message was
//! dead-lettered. Pure; the README's table is checked against it.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

macro_rules! reasons {
    ($($(#[doc = $text:literal])+ $name:ident $retry:ident;)+) => {
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

            /// Whether another attempt can end differently.
            pub const fn is_retryable(self) -> bool {
                match self { $(Self::$name => $retry,)+ }
            }
        }
    };
}

reasons! {
    /// The task waits for its turn among the others.
    WaitingForTurn false;
    /// The broker cannot be reached; the job goes on by itself when it is back.
    WaitingForBroker false;
    /// The task is on the broker and no worker has taken it yet.
    WaitingForWorker false;
    /// The ConfigMap of spec.translation.glossaryRef does not exist yet; the job goes on when it does.
    WaitingForGlossary false;
    /// A quota or a daily limit is used up; the job goes on at the named time.
    WaitingForQuota false;
    /// The last attempt failed; the next one starts at the named time.
    BackingOff false;
    /// A worker is at it.
    Working false;
    /// spec.suspend is true.
    Suspended false;
    /// The job is neither suspended nor in the way of anything.
    NotSuspended false;
    /// The subtitle was found and stored.
    SubtitleFound false;
    /// The subtitle was translated and stored.
    SubtitleTranslated false;
    /// The job is not over yet.
    NotFinished false;
    /// The object asks for something impossible; see the message for the field.
    InvalidSpec false;
    /// No source had the subtitle, and nothing to translate from.
    NoSubtitleFound false;
    /// The video could not be read or does not exist.
    VideoUnavailable false;
    /// The subtitle file could not be understood.
    UnusableSubtitle false;
    /// The bytes are no text in any charset the language uses.
    UndecodableText false;
    /// No engine translates between these languages.
    LanguagePairUnsupported false;
    /// The translation did not pass the checks.
    TranslationIncomplete true;
    /// The engine could not be reached or broke.
    EngineUnavailable true;
    /// The engine refused this system's key; correct it in its Secret.
    EngineForbidden false;
    /// The source could not be reached or broke.
    SourceUnavailable true;
    /// The source refused this system's credentials or requests; correct them in its Secret.
    SourceForbidden false;
    /// The source's quota is used up; the job goes on when it is renewed.
    SourceQuotaExhausted true;
    /// Nothing was found, but not every source could be asked; the message lists each.
    AllSourcesFailed true;
    /// The video has the subtitle as pictures only, which would need character recognition.
    ImageBased false;
    /// The object store could not be reached or refused.
    StoreUnavailable true;
    /// The sidecar beside the video could not be written.
    SidecarNotWritten true;
    /// The worker broke in a way it did not foresee.
    WorkerError true;
    /// The broker gave the task up after too many deliveries.
    DeliveryLimitExceeded true;
    /// The job ran longer than spec.activeDeadlineSeconds.
    DeadlineExceeded false;
    /// The translation would cost more than spec.translation.maxCharacters, or than its namespace has left for the day.
    CostLimitExceeded false;
    /// A simulated failure, as asked for.
    SimulatedFailure true;
    /// The job was deleted.
    Deleted false;
    /// The message is not an event: no JSON object, or a field is missing or of the wrong kind.
    MalformedMessage false;
    /// The event cannot belong to this job, such as one of an attempt that never began.
    ImpossibleEvent false;
    /// The API server refused the status for good.
    StatusRejected false;
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
