//! SubtitleJobs as the API server sends them come in one by one; decoded jobs go out, and for an object that this version
//! cannot decode its identity and the reason. One such object (written under a newer CRD, or with a number or time out of
//! range) must not make a whole list or watch fail. Called by the watch and by every other read of a SubtitleJob. Pure.

use std::borrow::Cow;

use k8s_openapi::api::core::v1::ObjectReference;
use kube::{Resource, api::ObjectMeta};
use serde::{Deserialize, Deserializer};
use serde_json::Value;
use subtitle_contract::{job::SubtitleJob, text::clean};

/// The longest reason, in characters: it becomes a log field and the note of a Kubernetes Event.
const LONGEST_REASON: usize = 300;

/// An object that is stored as a SubtitleJob and cannot be decoded as one.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[error("failed to decode the SubtitleJob '{}/{}': {reason}", self.namespace(), self.name())]
pub struct Undecodable {
    /// Only what identifies it and its version.
    metadata: Box<ObjectMeta>,
    reason: String,
}

impl Undecodable {
    fn new(object: &Value, error: &serde_path_to_error::Error<serde_json::Error>) -> Self {
        let field = |name: &str| object["metadata"][name].as_str().map(str::to_owned);
        let metadata = ObjectMeta {
            uid: field("uid"),
            namespace: field("namespace"),
            name: field("name"),
            resource_version: field("resourceVersion"),
            ..ObjectMeta::default()
        };
        let reason = clean(&without_values(&error.to_string()), LONGEST_REASON);
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

/// Decodes an object of the API server. `metadata.managedFields` is dropped first: nothing reads it, and its times may be
/// out of range.
pub fn decode(mut object: Value) -> Result<SubtitleJob, Undecodable> {
    if let Some(metadata) = object.get_mut("metadata").and_then(Value::as_object_mut) {
        metadata.remove("managedFields");
    }
    // Decoded a second time only for the name of the field.
    SubtitleJob::deserialize(&object)
        .or_else(|_| serde_path_to_error::deserialize(&object))
        .map_err(|error| Undecodable::new(&object, &error))
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
        let decoded = decode(Value::deserialize(deserializer)?);
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
    use serde_json::json;

    use super::*;

    #[test]
    fn an_undecodable_object_keeps_its_identity_and_names_the_field_and_none_of_its_texts() {
        let object = json!({
            "apiVersion": "subtitles.dev/v1alpha1", "kind": "SubtitleJob",
            "metadata": {"name": "harbour", "namespace": "films", "uid": "u", "resourceVersion": "7"},
            "spec": {"video": {"title": "Harbour"}, "language": "es", "preferredSources": "https://me:secret@films"},
        });
        let error = decode(object).expect_err("a text is not a list");
        assert_eq!((error.namespace(), error.name()), ("films", "harbour"));
        assert_eq!((error.uid(), error.resource_version()), ("u", "7"));
        assert!(error.reason().starts_with("spec.preferredSources: invalid type"), "{error}");
        assert!(!error.to_string().contains("secret"), "{error}");
    }
}
