//! Decodes SubtitleJobs one by one; for an object that this version cannot decode, keeps its identity and the reason. One such
//! object (written under a newer CRD, or with a number or time out of range) must not make a whole list or watch fail. Only what
//! is read of an object is decoded: the rest, such as `metadata.managedFields`, is skipped whatever it holds. Called by the watch
//! and by every other read of a SubtitleJob. Pure.

use std::{borrow::Cow, collections::BTreeMap};

use k8s_openapi::{api::core::v1::ObjectReference, apimachinery::pkg::apis::meta::v1::Time};
use kube::{Resource, api::ObjectMeta};
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;
use subtitle_contract::{
    job::{SubtitleJob, SubtitleJobSpec, SubtitleJobStatus},
    text::sanitize,
};

use crate::observe::{
    job::{REQUEST_ANNOTATION, RETRY_ANNOTATION, retry_token},
    ownership::OWNER_ANNOTATION,
};

/// The longest reason, in characters: it becomes a log field and the note of a Kubernetes Event.
const MAX_REASON_CHARS: usize = 300;
/// The longest value of an annotation that is read, in characters.
const MAX_ANNOTATION_CHARS: usize = 256;

/// An object that is stored as a SubtitleJob and cannot be decoded as one.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[error("failed to decode the SubtitleJob '{}/{}': {reason}", self.namespace(), self.name())]
pub struct Undecodable {
    /// Only what identifies it and its version.
    metadata: Box<ObjectMeta>,
    reason: String,
}

impl Undecodable {
    fn new(object: &str, error: &serde_path_to_error::Error<serde_json::Error>) -> Self {
        let ObjectIdentity { uid, namespace, name, resource_version } =
            serde_json::from_str(object).map(|MetadataOnly { metadata }| metadata).unwrap_or_default();
        let metadata = ObjectMeta { uid, namespace, name, resource_version, ..ObjectMeta::default() };
        let reason = sanitize(&without_values(&error.to_string()), MAX_REASON_CHARS);
        Self { metadata: Box::new(metadata), reason }
    }

    /// `metadata.namespace`; empty if it is missing.
    pub fn namespace(&self) -> &str {
        self.metadata.namespace.as_deref().unwrap_or_default()
    }

    /// `metadata.name`; empty if it is missing.
    pub fn name(&self) -> &str {
        self.metadata.name.as_deref().unwrap_or_default()
    }

    /// `metadata.uid`; empty if it is missing.
    pub fn uid(&self) -> &str {
        self.metadata.uid.as_deref().unwrap_or_default()
    }

    /// `metadata.resourceVersion`; empty if it is missing.
    pub fn resource_version(&self) -> &str {
        self.metadata.resource_version.as_deref().unwrap_or_default()
    }

    /// For a Kubernetes Event about it.
    pub fn object_ref(&self) -> ObjectReference {
        ObjectReference {
            api_version: Some(SubtitleJob::api_version(&()).into_owned()),
            kind: Some(SubtitleJob::kind(&()).into_owned()),
            namespace: self.metadata.namespace.clone(),
            name: self.metadata.name.clone(),
            uid: self.metadata.uid.clone(),
            resource_version: self.metadata.resource_version.clone(),
            ..ObjectReference::default()
        }
    }

    /// The field and what is wrong with it, without the strings of the object.
    pub fn reason(&self) -> &str {
        &self.reason
    }
}

/// serde's message quotes a string of the wrong type in double quotes and an unknown variant in backticks; each may contain a
/// secret.
fn without_values(message: &str) -> String {
    let unknown = message.find("unknown ").and_then(|at| {
        let first = at + message[at..].find('`')?;
        Some((first, first + message[first..].rfind("`, expected ")?))
    });
    let quoted = message.find('"').zip(message.rfind('"'));
    match unknown.or(quoted) {
        Some((first, last)) if first < last => format!("{}…{}", &message[..=first], &message[last..]),
        _ => message.to_owned(),
    }
}

#[derive(Deserialize)]
struct MetadataOnly {
    metadata: ObjectIdentity,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct ObjectIdentity {
    uid: Option<String>,
    namespace: Option<String>,
    name: Option<String>,
    resource_version: Option<String>,
}

/// What is read of a stored object.
#[derive(Deserialize)]
struct StoredJob {
    metadata: StoredMetadata,
    spec: SubtitleJobSpec,
    status: Option<SubtitleJobStatus>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct StoredMetadata {
    uid: Option<String>,
    namespace: Option<String>,
    name: Option<String>,
    resource_version: Option<String>,
    generation: Option<i64>,
    creation_timestamp: Option<Time>,
    deletion_timestamp: Option<Time>,
    annotations: Option<Annotations>,
}

/// Those that decisions read.
#[derive(Default, Deserialize)]
struct Annotations {
    #[serde(rename = "subtitles.dev/retry")]
    retry: Option<String>,
    #[serde(rename = "subtitles.dev/owner")]
    owner: Option<String>,
    #[serde(rename = "subtitles.dev/request-sha256")]
    request: Option<String>,
}

impl Annotations {
    fn into_map(self) -> BTreeMap<String, String> {
        let short = |text: String| text.chars().take(MAX_ANNOTATION_CHARS).collect();
        let read = [
            (RETRY_ANNOTATION, self.retry.map(|value| retry_token(&value))),
            (OWNER_ANNOTATION, self.owner),
            (REQUEST_ANNOTATION, self.request),
        ];
        read.into_iter().filter_map(|(name, text)| Some((name.to_owned(), short(text?)))).collect()
    }
}

impl From<StoredJob> for SubtitleJob {
    fn from(StoredJob { metadata, spec, status }: StoredJob) -> Self {
        let StoredMetadata { uid, namespace, name, resource_version, generation, .. } = metadata;
        let annotations = metadata.annotations.map(Annotations::into_map).filter(|annotations| !annotations.is_empty());
        let metadata = ObjectMeta {
            uid,
            namespace,
            name,
            resource_version,
            generation,
            creation_timestamp: metadata.creation_timestamp,
            deletion_timestamp: metadata.deletion_timestamp,
            annotations,
            ..ObjectMeta::default()
        };
        Self { metadata, spec, status }
    }
}

/// Decodes a SubtitleJob as the API server sends it.
fn decode(object: &str) -> Result<SubtitleJob, Undecodable> {
    // Decoded a second time only for the name of the field.
    serde_json::from_str::<StoredJob>(object)
        .or_else(|_| serde_path_to_error::deserialize(&mut serde_json::Deserializer::from_str(object)))
        .map(SubtitleJob::from)
        .map_err(|error| Undecodable::new(object, &error))
}

/// A SubtitleJob whose decoding never fails: what `Api<GuardedJob>` lists, gets and watches. Unlike kube's `DeserializeGuard`, it
/// skips the fields that are not read, and its error quotes no value of the object.
#[derive(Clone, Debug)]
pub enum GuardedJob {
    /// A job.
    Decoded(Box<SubtitleJob>),
    /// An object that this version cannot decode.
    Undecodable(Undecodable),
}

impl GuardedJob {
    /// The job, or why it cannot be decoded.
    pub fn into_result(self) -> Result<SubtitleJob, Undecodable> {
        match self {
            Self::Decoded(job) => Ok(*job),
            Self::Undecodable(object) => Err(object),
        }
    }
}

impl<'de> Deserialize<'de> for GuardedJob {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        // RawValue keeps the bytes unparsed, so that bad content fails only this object.
        let object = Box::<RawValue>::deserialize(deserializer)?;
        let decoded = decode(object.get());
        Ok(decoded.map_or_else(Self::Undecodable, |job| Self::Decoded(Box::new(job))))
    }
}

impl Resource for GuardedJob {
    type DynamicType = ();
    type Scope = <SubtitleJob as Resource>::Scope;

    fn kind((): &()) -> Cow<'_, str> {
        SubtitleJob::kind(&())
    }

    fn group((): &()) -> Cow<'_, str> {
        SubtitleJob::group(&())
    }

    fn version((): &()) -> Cow<'_, str> {
        SubtitleJob::version(&())
    }

    fn plural((): &()) -> Cow<'_, str> {
        SubtitleJob::plural(&())
    }

    fn meta(&self) -> &ObjectMeta {
        match self {
            Self::Decoded(job) => job.meta(),
            Self::Undecodable(object) => &object.metadata,
        }
    }

    fn meta_mut(&mut self) -> &mut ObjectMeta {
        match self {
            Self::Decoded(job) => job.meta_mut(),
            Self::Undecodable(object) => &mut object.metadata,
        }
    }
}

#[cfg(test)]
mod tests {
    use kube::{api::ObjectList, core::WatchEvent};
    use serde_json::json;

    use super::*;

    #[test]
    fn an_undecodable_object_keeps_its_identity_and_reports_the_field_without_its_value() {
        for (field, value, problem) in [
            ("preferredSources", "https://me:secret@films", "invalid type"),
            ("hearingImpaired", "secret`, expected `secret", "unknown variant `…`, expected"),
        ] {
            let object = json!({
                "apiVersion": "subtitles.dev/v1alpha1", "kind": "SubtitleJob",
                "metadata": {"name": "harbour", "namespace": "films", "uid": "u", "resourceVersion": "7"},
                "spec": {"video": {"title": "Harbour"}, "language": "es", field: value},
            });
            let error = decode(&object.to_string()).expect_err(value);
            assert_eq!((error.namespace(), error.name()), ("films", "harbour"));
            assert_eq!((error.uid(), error.resource_version()), ("u", "7"));
            assert!(error.reason().starts_with(&format!("spec.{field}: {problem}")), "{error}");
            assert!(!error.to_string().contains("secret"), "{error}");
        }
    }

    #[test]
    fn unread_fields_never_fail_an_object_or_its_list() {
        let deep = format!("{}1{}", r#"{"f:a":"#.repeat(2000), "}".repeat(2000));
        let metadata = format!(
            r#"{{"name": "a", "namespace": "films", "uid": "u", "resourceVersion": "7", "labels": {{"a": 1}},
            "annotations": {{"subtitles.dev/retry": "{}", "subtitles.dev/owner": "b", "subtitles.dev/request-sha256": "c", "other": {{}}}}, "ownerReferences": 1, "deletionGracePeriodSeconds": "x",
            "managedFields": [{{"time": "9999-12-31T23:59:59Z", "fieldsV1": {deep}}}]}}"#,
            "é".repeat(300)
        );
        let object = format!(
            r#"{{"apiVersion": "subtitles.dev/v1alpha1", "kind": "SubtitleJob", "metadata": {metadata},
            "spec": {{"video": {{"title": "Harbour"}}, "language": "es"}}, "extra": {deep}}}"#
        );
        let list =
            format!(r#"{{"kind": "SubtitleJobList", "metadata": {{"resourceVersion": "9"}}, "items": [{object}]}}"#);
        let list: ObjectList<GuardedJob> = serde_json::from_str(&list).expect("a list");
        let line = format!(r#"{{"type":"MODIFIED","object":{}}}"#, object.replace('\n', " "));
        let event: WatchEvent<GuardedJob> = serde_json::from_str(&line).expect("a line of a watch");
        let WatchEvent::Modified(watched) = event else { panic!("a change") };
        let got: GuardedJob = serde_json::from_str(&object).expect("an object");
        for job in [list.items[0].clone(), watched, got] {
            let job = job.into_result().expect("decoded");
            let annotations = job.metadata.annotations.expect("annotations");
            assert_eq!((annotations[OWNER_ANNOTATION].as_str(), annotations[REQUEST_ANNOTATION].as_str()), ("b", "c"));
            let retry = annotations[RETRY_ANNOTATION].clone();
            assert_eq!((job.metadata.name.as_deref(), retry), (Some("a"), retry_token(&"é".repeat(300))));
        }
    }
}
