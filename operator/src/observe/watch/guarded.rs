//! Decodes SubtitleJobs and SubtitlePolicies one by one; for an object that this version cannot decode, keeps its identity and the reason. One such
//! object (written under a newer CRD, or with a number or time out of range) must not make a whole list or watch fail. Only what
//! is read of an object is decoded: the rest, such as `metadata.managedFields`, is skipped whatever it holds. Called by the watches
//! and by every other read of these objects. Pure.

use std::{borrow::Cow, collections::BTreeMap};

use k8s_openapi::{api::core::v1::ObjectReference, apimachinery::pkg::apis::meta::v1::Time};
use kube::{Resource, api::ObjectMeta};
use serde::{Deserialize, Deserializer, de::DeserializeOwned};
use serde_json::value::RawValue;
use subtitle_contract::{
    job::{SubtitleJob, SubtitleJobSpec, SubtitleJobStatus},
    policy::{ACCEPT_SCAN_ANNOTATION, SCAN_ANNOTATION, SubtitlePolicy, SubtitlePolicySpec, SubtitlePolicyStatus},
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

/// An object that is stored as one of our resources and cannot be decoded as one.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[error("failed to decode the {kind} '{}/{}': {reason}", self.namespace(), self.name())]
pub struct Undecodable {
    kind: String,
    /// Only what identifies it and its version.
    metadata: Box<ObjectMeta>,
    reason: String,
}

impl Undecodable {
    fn new(kind: String, object: &str, error: &serde_path_to_error::Error<serde_json::Error>) -> Self {
        let ObjectIdentity { uid, namespace, name, resource_version } =
            serde_json::from_str(object).map(|MetadataOnly { metadata }| metadata).unwrap_or_default();
        let metadata = ObjectMeta { uid, namespace, name, resource_version, ..ObjectMeta::default() };
        let reason = sanitize(&without_values(&error.to_string()), MAX_REASON_CHARS);
        Self { kind, metadata: Box::new(metadata), reason }
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
            kind: Some(self.kind.clone()),
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

/// A resource of which only what is read is decoded.
pub trait GuardedResource: Resource<DynamicType = ()> {
    /// Its `spec`.
    type Spec: DeserializeOwned;
    /// Its `status`.
    type Status: DeserializeOwned;

    /// The object of these parts.
    fn from_parts(metadata: ObjectMeta, spec: Self::Spec, status: Option<Self::Status>) -> Self;
}

impl GuardedResource for SubtitleJob {
    type Spec = SubtitleJobSpec;
    type Status = SubtitleJobStatus;

    fn from_parts(metadata: ObjectMeta, spec: Self::Spec, status: Option<Self::Status>) -> Self {
        Self { metadata, spec, status }
    }
}

impl GuardedResource for SubtitlePolicy {
    type Spec = SubtitlePolicySpec;
    type Status = SubtitlePolicyStatus;

    fn from_parts(metadata: ObjectMeta, spec: Self::Spec, status: Option<Self::Status>) -> Self {
        Self { metadata, spec, status }
    }
}

/// What is read of a stored object.
#[derive(Deserialize)]
struct StoredObject<S, T> {
    metadata: StoredMetadata,
    spec: S,
    status: Option<T>,
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
    #[serde(rename = "subtitles.dev/scan")]
    scan: Option<String>,
    #[serde(rename = "subtitles.dev/accept-scan")]
    accept_scan: Option<String>,
}

impl Annotations {
    fn into_map(self) -> BTreeMap<String, String> {
        let short = |text: String| text.chars().take(MAX_ANNOTATION_CHARS).collect();
        let read = [
            (RETRY_ANNOTATION, self.retry.map(|value| retry_token(&value))),
            (OWNER_ANNOTATION, self.owner),
            (REQUEST_ANNOTATION, self.request),
            (SCAN_ANNOTATION, self.scan),
            (ACCEPT_SCAN_ANNOTATION, self.accept_scan),
        ];
        read.into_iter().filter_map(|(name, text)| Some((name.to_owned(), short(text?)))).collect()
    }
}

impl From<StoredMetadata> for ObjectMeta {
    fn from(metadata: StoredMetadata) -> Self {
        let StoredMetadata { uid, namespace, name, resource_version, generation, .. } = metadata;
        let annotations = metadata.annotations.map(Annotations::into_map).filter(|annotations| !annotations.is_empty());
        Self {
            uid,
            namespace,
            name,
            resource_version,
            generation,
            creation_timestamp: metadata.creation_timestamp,
            deletion_timestamp: metadata.deletion_timestamp,
            annotations,
            ..Self::default()
        }
    }
}

/// Decodes an object as the API server sends it.
fn decode<K: GuardedResource>(object: &str) -> Result<K, Undecodable> {
    // Decoded a second time only for the name of the field.
    serde_json::from_str::<StoredObject<K::Spec, K::Status>>(object)
        .or_else(|_| serde_path_to_error::deserialize(&mut serde_json::Deserializer::from_str(object)))
        .map(|StoredObject { metadata, spec, status }| K::from_parts(metadata.into(), spec, status))
        .map_err(|error| Undecodable::new(K::kind(&()).into_owned(), object, &error))
}

/// An object whose decoding never fails: what `Api<Guarded<K>>` lists, gets and watches. Unlike kube's `DeserializeGuard`, it
/// skips the fields that are not read, and its error quotes no value of the object.
#[derive(Clone, Debug)]
pub enum Guarded<K> {
    /// The object.
    Decoded(Box<K>),
    /// An object that this version cannot decode.
    Undecodable(Undecodable),
}

/// A SubtitleJob whose decoding never fails.
pub type GuardedJob = Guarded<SubtitleJob>;

impl<K> Guarded<K> {
    /// The object, or why it cannot be decoded.
    pub fn into_result(self) -> Result<K, Undecodable> {
        match self {
            Self::Decoded(object) => Ok(*object),
            Self::Undecodable(object) => Err(object),
        }
    }
}

impl<'de, K: GuardedResource> Deserialize<'de> for Guarded<K> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        // RawValue keeps the bytes unparsed, so that bad content fails only this object.
        let object = Box::<RawValue>::deserialize(deserializer)?;
        let decoded = decode(object.get());
        Ok(decoded.map_or_else(Self::Undecodable, |object| Self::Decoded(Box::new(object))))
    }
}

impl<K: GuardedResource> Resource for Guarded<K> {
    type DynamicType = ();
    type Scope = K::Scope;

    fn kind((): &()) -> Cow<'_, str> {
        K::kind(&())
    }

    fn group((): &()) -> Cow<'_, str> {
        K::group(&())
    }

    fn version((): &()) -> Cow<'_, str> {
        K::version(&())
    }

    fn plural((): &()) -> Cow<'_, str> {
        K::plural(&())
    }

    fn meta(&self) -> &ObjectMeta {
        match self {
            Self::Decoded(object) => object.meta(),
            Self::Undecodable(object) => &object.metadata,
        }
    }

    fn meta_mut(&mut self) -> &mut ObjectMeta {
        match self {
            Self::Decoded(object) => object.meta_mut(),
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
            let error = decode::<SubtitleJob>(&object.to_string()).expect_err(value);
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

    #[test]
    fn an_unread_field_of_one_policy_does_not_fail_the_list_of_all() {
        let object = json!({
            "apiVersion": "subtitles.dev/v1alpha1", "kind": "SubtitlePolicy",
            "metadata": {"name": "house", "namespace": "films", "uid": "u", "resourceVersion": "7",
                "annotations": {SCAN_ANNOTATION: "now", ACCEPT_SCAN_ANNOTATION: "s", "other": "x"},
                "managedFields": [{"time": "9999-12-31T23:59:60Z"}]},
            "spec": {"library": "films", "languages": [{"language": "es"}]},
        });
        let bad = json!({"metadata": {"name": "bad", "namespace": "films"}, "spec": 1});
        let list = json!({"metadata": {"resourceVersion": "9"}, "items": [object, bad]}).to_string();
        let list: ObjectList<Guarded<SubtitlePolicy>> = serde_json::from_str(&list).expect("a list");
        let [policy, bad] = <[_; 2]>::try_from(list.items).expect("both");
        let annotations = policy.into_result().expect("decoded").metadata.annotations.expect("annotations");
        assert_eq!(
            annotations.keys().map(String::as_str).collect::<Vec<_>>(),
            [ACCEPT_SCAN_ANNOTATION, SCAN_ANNOTATION]
        );
        let error = bad.into_result().expect_err("undecodable");
        assert!(error.to_string().starts_with("failed to decode the SubtitlePolicy 'films/bad': spec"), "{error}");
    }
}
