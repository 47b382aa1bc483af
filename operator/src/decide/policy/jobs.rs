//! The job that gets a missing subtitle. Its name is a function of policy, video, subtitle and wish, so that creating it twice
//! creates it once. Pure.

use jiff::Timestamp;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::OwnerReference;
use kube::{Resource as _, ResourceExt as _};
use subtitle_contract::{
    job::{Forced, Sidecar, SubtitleJob, TranslationPolicy, Video},
    policy::{
        SubtitlePolicy, WantedKind, WantedLanguage,
        ledger::{LedgerPair, LedgerVideo, pair_key},
    },
};
use uuid::Uuid;

/// The label with the policy's name.
const POLICY_LABEL: &str = "subtitles.dev/policy";
/// The label with the language.
const LANGUAGE_LABEL: &str = "subtitles.dev/language";
/// The label with the video's identity.
const VIDEO_LABEL: &str = "subtitles.dev/video";

/// A missing subtitle of a video.
#[derive(Clone, Copy)]
pub(super) struct Missing<'a> {
    pub(super) path: &'a str,
    pub(super) video: &'a LedgerVideo,
    pub(super) wanted: &'a WantedLanguage,
    pub(super) pair: &'a LedgerPair,
}

fn short(uuid: Uuid) -> String {
    uuid.simple().to_string().chars().take(12).collect()
}

/// What identifies a file wherever it is: its hash, or its path and size if it is too short for one.
fn identity(path: &str, video: &LedgerVideo) -> String {
    video
        .hash
        .clone()
        .unwrap_or_else(|| short(Uuid::new_v5(&Uuid::NAMESPACE_OID, format!("{path}\n{}", video.size).as_bytes())))
}

/// The digest of what jobs are made from: another one replaces the jobs that no worker has begun.
pub(super) fn template_digest(policy: &SubtitlePolicy) -> String {
    let template = serde_json::to_string(&policy.spec.template).unwrap_or_default();
    short(Uuid::new_v5(&Uuid::NAMESPACE_OID, template.as_bytes()))
}

/// The name of the job.
pub(super) fn name(policy: &SubtitlePolicy, missing: Missing<'_>) -> String {
    let Missing { path, video, wanted, pair } = missing;
    let uid = policy.uid().unwrap_or_default();
    // The path too: two files may have the same content.
    let key = format!("{uid}\n{path}\n{}\n{}\n{}", identity(path, video), pair_key(wanted), pair.wish);
    format!("{}-{}", policy.name_any(), short(Uuid::new_v5(&Uuid::NAMESPACE_OID, key.as_bytes())))
}

/// When the subtitle may be translated.
pub(super) fn translate_from(wanted: &WantedLanguage, pair: &LedgerPair) -> Option<Timestamp> {
    Some(pair.missing_since? + wanted.translate_after?.duration())
}

/// The job.
pub(super) fn job(policy: &SubtitlePolicy, missing: Missing<'_>, now: Timestamp) -> SubtitleJob {
    let Missing { path, wanted, pair, video } = missing;
    let template = &policy.spec.template;
    let forced = if wanted.kind == WantedKind::Forced { Forced::Only } else { Forced::Exclude };
    let file = Video { library: policy.spec.library.clone(), path: Some(path.to_owned()), ..Video::default() };
    let mut spec = template.spec.job(file, &wanted.language, forced);
    if translate_from(wanted, pair).is_some_and(|from| now < from) {
        spec.translation.policy = TranslationPolicy::Never;
    }
    if !pair.stale.is_empty() && spec.output.sidecar != Sidecar::Never {
        spec.output.sidecar = Sidecar::Overwrite;
    }
    let mut job = SubtitleJob::new(&name(policy, missing), spec);
    let ours = [
        (POLICY_LABEL, policy.name_any()),
        (LANGUAGE_LABEL, wanted.language.clone()),
        (VIDEO_LABEL, identity(path, video)),
    ];
    let mut labels = template.metadata.labels.clone();
    labels.extend(ours.map(|(label, value)| (label.to_owned(), value)));
    job.metadata.labels = Some(labels);
    job.metadata.namespace = policy.namespace();
    job.metadata.owner_references = Some(vec![OwnerReference {
        api_version: SubtitlePolicy::api_version(&()).into_owned(),
        kind: SubtitlePolicy::kind(&()).into_owned(),
        name: policy.name_any(),
        uid: policy.uid().unwrap_or_default(),
        controller: Some(true),
        block_owner_deletion: None,
    }]);
    job
}
