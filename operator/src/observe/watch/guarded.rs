//! SubtitleJobs as the API server sends them come in one by one; decoded jobs go out, and for an object that this version
//! cannot decode its identity and the reason. One such object (written under a newer CRD, or with a number or time out of
//! range) must not make a whole list or watch fail. Only what is read of an object is decoded: the rest, such as
//! `metadata.managedFields`, is skipped whatever it holds. Called by the watch and by every other read of a SubtitleJob. Pure.

use std::{borrow::Cow, collections::BTreeMap};

use k8s_openapi::{api::core::v1::ObjectReference, apimachinery::pkg::apis::meta::v1::Time};
use kube::{Resource, api::ObjectMeta};
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;
use subtitle_contract::{
    job::{SubtitleJob, SubtitleJobSpec, SubtitleJobStatus},
    text::sanitize,
};

use crate::observe::job::RETRY_ANNOTATION;

/// The longest reason, in characters: it becomes a log field and the note of a Kubernetes Event.
const MAX_REASON: usize = 300;
/// The longest value of the retry annotation, in characters: `status.retryObserved` takes no longer one.
const MAX_RETRY: usize = 256;

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
        let Identity { uid, namespace, name, resource_version } =
            serde_json::from_str(object).map(|Identified { metadata }| metadata).unwrap_or_default();
        let metadata = ObjectMeta { uid, namespace, name, resource_version, ..ObjectMeta::default() };
        let reason = sanitize(&without_values(&error.to_string()), MAX_REASON);
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

    /// The field and what is wrong with it, without the texts the object holds.
    pub fn reason(&self) -> &str {
        &self.reason
    }
}

/// serde quotes a text of the wrong type, which may be anything the object holds.
fn without_values(message: &str) -> String {
    match (message.find('"'), message.rfind('"')) {
        (Some(first), Some(last)) if first < last => format!("{}\"…\"{}", &message[..first], &message[last + 1..]),
        _ => message.to_owned(),
    }
}

#[derive(Deserialize)]
struct Identified {
    metadata: Identity,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Identity {
    uid: Option<String>,
    namespace: Option<String>,
    name: Option<String>,
    resource_version: Option<String>,
}

/// What is read of a stored object.
#[derive(Deserialize)]
struct Stored {
    metadata: Metadata,
    spec: SubtitleJobSpec,
    status: Option<SubtitleJobStatus>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Metadata {
    uid: Option<String>,
    namespace: Option<String>,
    name: Option<String>,
    resource_version: Option<String>,
    generation: Option<i64>,
    creation_timestamp: Option<Time>,
    deletion_timestamp: Option<Time>,
    annotations: Option<Annotations>,
}

#[derive(Deserialize)]
struct Annotations {
    #[serde(rename = "subtitles.dev/retry")]
    retry: Option<String>,
}

impl From<Stored> for SubtitleJob {
    fn from(Stored { metadata, spec, status }: Stored) -> Self {
        let Metadata { uid, namespace, name, resource_version, generation, .. } = metadata;
        let retry = metadata.annotations.and_then(|annotations| annotations.retry);
        let short = |text: String| text.chars().take(MAX_RETRY).collect();
        let annotations = retry.map(|text| BTreeMap::from([(RETRY_ANNOTATION.to_owned(), short(text))]));
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

/// Decodes an object of the API server.
fn decode(object: &str) -> Result<SubtitleJob, Undecodable> {
    // Decoded a second time only for the name of the field.
    serde_json::from_str::<Stored>(object)
        .or_else(|_| serde_path_to_error::deserialize(&mut serde_json::Deserializer::from_str(object)))
        .map(SubtitleJob::from)
        .map_err(|error| Undecodable::new(object, &error))
}

/// A SubtitleJob whose decoding never fails: what `Api<GuardedJob>` lists, gets and watches.
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
        // The bytes are not looked into: what they hold can only fail this one object.
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
    fn an_undecodable_object_keeps_its_identity_and_names_the_field_and_none_of_its_texts() {
        let object = json!({
            "apiVersion": "subtitles.dev/v1alpha1", "kind": "SubtitleJob",
            "metadata": {"name": "harbour", "namespace": "films", "uid": "u", "resourceVersion": "7"},
            "spec": {"video": {"title": "Harbour"}, "language": "es", "preferredSources": "https://me:secret@films"},
        });
        let error = decode(&object.to_string()).expect_err("a text is not a list");
        assert_eq!((error.namespace(), error.name()), ("films", "harbour"));
        assert_eq!((error.uid(), error.resource_version()), ("u", "7"));
        assert!(error.reason().starts_with("spec.preferredSources: invalid type"), "{error}");
        assert!(!error.to_string().contains("secret"), "{error}");
    }

    #[test]
    fn nothing_in_the_parts_that_are_not_read_fails_an_object_or_the_list_it_is_in() {
        let deep = format!("{}1{}", r#"{"f:a":"#.repeat(2000), "}".repeat(2000));
        let metadata = format!(
            r#"{{"name": "a", "namespace": "films", "uid": "u", "resourceVersion": "7", "labels": {{"a": 1}},
            "annotations": {{"subtitles.dev/retry": "{}", "other": {{}}}}, "ownerReferences": 1, "deletionGracePeriodSeconds": "x",
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
            let retry = job.metadata.annotations.expect("annotations")[RETRY_ANNOTATION].chars().count();
            assert_eq!((job.metadata.name.as_deref(), retry), (Some("a"), MAX_RETRY));
        }
    }
}
