//! `POST /subtitles/download`: the old system's body becomes a SubtitleJob, which the executor creates. Does I/O.

use std::time::Duration;

use axum::{
    Extension, Json,
    body::{Body, to_bytes},
    extract::State,
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
};
use jiff::Timestamp;
use kube::{Api, ResourceExt as _};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Map, Value, json};
use subtitle_contract::{job::SubtitleJob, names::is_object_name, record::Record, text::sanitize};
use subtitle_store::sha256;
use tokio::time::timeout;

use super::query::Parameters;
use crate::{
    act::{ActError, ApplyContext, ClusterError},
    decide::plan::Effect,
    http::{
        auth::Caller,
        error::{ApiError, MAX_BODY_BYTES},
        state::HttpState,
    },
    observe::{job::REQUEST_ANNOTATION, watch::GuardedJob},
};

/// The longest the API server may take to return a job: kube's client has no timeout of its own.
const READ_TIMEOUT: Duration = Duration::from_secs(15);
/// Wished sources that a job keeps: more than exist.
const MOST_WISHES: usize = 16;
/// The namespace of the new job, unless the query names one.
pub(in crate::http) const NAMESPACE_HEADER: &str = "subtitles-namespace";
/// The longest a body may take.
const BODY_WITHIN: Duration = Duration::from_secs(5);
/// The key of the request, from which the new object's name is made.
pub(in crate::http) const KEY_HEADER: &str = "idempotency-key";
/// The fields of the body.
const FIELDS: [&str; 5] = ["video_url", "video_title", "language", "target_language", "preferred_sources"];

/// A wish for a subtitle.
#[derive(Deserialize, JsonSchema)]
pub(in crate::http) struct Request {
    /// Where the video is: http or https.
    video_url: String,
    /// Its title.
    video_title: String,
    /// The language wanted; with `target_language`, the one to translate from.
    language: String,
    /// The language to translate to.
    #[serde(default)]
    target_language: Option<String>,
    /// Names of sources, the best first. A wish: those that are unknown or not set up are left out, which the job's status
    /// says.
    #[serde(default)]
    preferred_sources: Vec<String>,
}

impl Request {
    /// The object to create; without a key, the API server makes a name up.
    fn job(&self, namespace: &str, key: Option<&Key>) -> Result<SubtitleJob, ApiError> {
        let mut metadata = json!({"namespace": namespace});
        match key {
            Some(Key { name, digest }) => {
                metadata["name"] = json!(name);
                metadata["annotations"] = json!({REQUEST_ANNOTATION: digest});
            }
            None => metadata["generateName"] = json!("subtitle-"),
        }
        let mut spec = json!({
            "video": {"url": self.video_url, "title": self.video_title},
            "language": self.target_language.as_ref().unwrap_or(&self.language),
        });
        if self.target_language.is_some() {
            spec["translation"] = json!({"policy": "Always", "from": [self.language]});
        }
        let wished =
            self.preferred_sources.iter().map(|name| sanitize(name.trim(), 64)).filter(|name| !name.is_empty());
        let wished: Vec<String> = wished.take(MOST_WISHES).collect();
        if !wished.is_empty() {
            spec["preferredSources"] = json!(wished);
        }
        let object =
            json!({"apiVersion": "subtitles.dev/v1alpha1", "kind": "SubtitleJob", "metadata": metadata, "spec": spec});
        serde_json::from_value(object).map_err(ApiError::InvalidBody)
    }
}

/// An idempotency key: what it names, and the body it stands for.
#[derive(Debug)]
struct Key {
    /// The object's name: the key itself, if that is a valid name, else one made from its digest.
    name: String,
    /// Of the body as JSON, whatever its whitespace and its order of fields.
    digest: String,
}

impl Key {
    fn new(key: &[u8], fields: &Map<String, Value>) -> Self {
        let name = std::str::from_utf8(key).ok().filter(|text| is_object_name(text));
        let name = name.map_or_else(|| format!("subtitle-{}", &sha256(key)[..40]), str::to_owned);
        let content = serde_json::to_vec(fields).unwrap_or_default();
        Self { name, digest: sha256(&content) }
    }
}

/// A warning for each field of the body that means nothing here; the error names one that looks like a misspelt field.
fn unknown_fields(fields: &Map<String, Value>) -> Result<Vec<String>, ApiError> {
    let unknown = fields.keys().filter(|field| !FIELDS.contains(&field.as_str()));
    let warn = |field: &String| {
        let shown = sanitize(field, 64);
        let similar = FIELDS.iter().find(|known| strsim::damerau_levenshtein(&field.to_ascii_lowercase(), known) <= 2);
        match similar {
            Some(known) => Err(ApiError::MisspeltField { field: shown, known }),
            None => Ok(format!("the field '{shown}' is not known and was ignored")),
        }
    };
    unknown.map(warn).collect()
}

#[derive(Deserialize)]
pub(in crate::http) struct Place {
    namespace: Option<String>,
}

/// The namespace of the query, else of the header, else the operator's default.
fn namespace(state: &HttpState, place: Place, headers: &HeaderMap) -> Result<String, ApiError> {
    let header = headers.get(NAMESPACE_HEADER).map(|value| value.to_str().unwrap_or_default().to_owned());
    let namespace = place.namespace.or(header).unwrap_or_else(|| state.namespace.clone());
    // Anything but a DNS label could name another path of the API server.
    let is_label = (1..=63).contains(&namespace.len())
        && namespace.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-');
    if is_label { Ok(namespace) } else { Err(ApiError::InvalidNamespace { namespace: sanitize(&namespace, 64) }) }
}

pub(in crate::http) async fn create(
    State(state): State<HttpState>,
    Extension(caller): Extension<Caller>,
    Parameters(place): Parameters<Place>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, ApiError> {
    let namespace = namespace(&state, place, &headers)?;
    state.auth.authorize(&caller, "create", &namespace, None).await?;
    if !state.watches(&namespace) {
        return Err(ApiError::NamespaceNotWatched { namespace });
    }
    let body = timeout(BODY_WITHIN, to_bytes(body, MAX_BODY_BYTES)).await.map_err(|_| ApiError::SlowBody)?;
    // A caller who went away reads no answer: the body was too large.
    let body = body.map_err(|_| ApiError::BodyTooLarge)?;
    let request: Request = serde_json::from_slice(&body).map_err(ApiError::InvalidBody)?;
    let fields: Map<String, Value> = serde_json::from_slice(&body).map_err(ApiError::InvalidBody)?;
    let warnings = unknown_fields(&fields)?;
    let key = headers.get(KEY_HEADER).map(|value| Key::new(value.as_bytes(), &fields));
    let job = request.job(&namespace, key.as_ref())?;
    // With its record: a GET right after the answer must find it.
    let effects = vec![Effect::CreateJob(Box::new(job)), Effect::WriteRecord];
    let created = match (state.executor.apply(effects, ApplyContext::new(Timestamp::now())).await, key) {
        (Ok(outcome), _) => outcome.job.ok_or(ActError::NoJob)?,
        (Err(error), Some(key)) if status_code(&error) == Some(409) => {
            // A right to create jobs is no right to see one that exists already.
            state.auth.authorize(&caller, "get", &namespace, Some(&key.name)).await?;
            Box::pin(existing(&state, &namespace, &key)).await?
        }
        (Err(error), _) => return Err(refused(error)),
    };
    let id = created.uid().unwrap_or_default();
    let mut record = serde_json::to_value(Record::project(&created)).map_err(ApiError::Encode)?;
    record["job_id"] = json!(id);
    if !warnings.is_empty() {
        record["warnings"] = json!(warnings);
    }
    Ok((StatusCode::CREATED, [(header::LOCATION, format!("/subtitles/{id}"))], Json(record)).into_response())
}

/// The job that an earlier request with the same key created, with its record written if that was missed then.
async fn existing(state: &HttpState, namespace: &str, key: &Key) -> Result<SubtitleJob, ApiError> {
    let api: Api<GuardedJob> = Api::namespaced(state.client.clone(), namespace);
    let found = timeout(READ_TIMEOUT, api.get(&key.name)).await.map_err(|_| ClusterError::Timeout)?;
    let job = found.map_err(|error| refused(ClusterError::Request(error).into()))?.into_result()?;
    if job.annotations().get(REQUEST_ANNOTATION) != Some(&key.digest) {
        return Err(ApiError::KeyReused { name: key.name.clone() });
    }
    let context = ApplyContext { job: Some(job.clone()), ..ApplyContext::new(Timestamp::now()) };
    state.executor.apply(vec![Effect::WriteRecord], context).await?;
    Ok(job)
}

/// The HTTP status of the API server's refusal.
fn status_code(error: &ActError) -> Option<u16> {
    match error {
        ActError::Cluster(ClusterError::Request(kube::Error::Api(status))) => Some(status.code),
        _ => None,
    }
}

/// What the API server refuses because of the request is the caller's fault; everything else is a server that is away.
fn refused(error: ActError) -> ApiError {
    match error {
        ActError::Cluster(ClusterError::Request(kube::Error::Api(status))) => match status.code {
            400 | 404 | 422 => ApiError::InvalidJob(status),
            403 => ApiError::RefusedJob(status),
            _ => ActError::Cluster(ClusterError::Request(kube::Error::Api(status))).into(),
        },
        error => error.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BODY: &str = r#"{"video_url": "http://a/b.mkv", "language": "es"}"#;

    fn fields(body: &str) -> Map<String, Value> {
        serde_json::from_str(body).expect("an object")
    }

    #[test]
    fn any_key_names_an_object_and_the_same_key_always_the_same_one() {
        let name = |key: &str| Key::new(key.as_bytes(), &fields(BODY)).name;
        for valid in ["a", "harbour-es", "films.harbour.2024"] {
            assert_eq!(name(valid), valid);
        }
        let mut names = std::collections::BTreeSet::new();
        for odd in ["", "Harbour", "a_b", "\"a\"", "b\u{e4}r", "-a", "a-", "a..b", &"x".repeat(254)] {
            let made = name(odd);
            assert!(made.len() == 49 && made == name(odd) && names.insert(made), "{odd}");
        }
        assert!(Key::new(b"\xff", &fields(BODY)).name.starts_with("subtitle-"));
    }

    #[test]
    fn a_key_stands_for_what_the_body_says_and_not_for_its_whitespace() {
        let digest = |body: &str| Key::new(b"k", &fields(body)).digest;
        assert_eq!(digest(BODY), digest(r#"{"language":"es","video_url":"http://a/b.mkv"}"#));
        assert_ne!(digest(BODY), digest(r#"{"video_url": "http://a/b.mkv", "language": "fr"}"#));
    }

    #[test]
    fn a_misspelt_field_is_refused_by_name_and_another_system_s_is_ignored_with_a_warning() {
        for misspelt in ["videoUrl", "Language", "target_langage", "prefered_sources"] {
            let refused = unknown_fields(&fields(&json!({misspelt: 1}).to_string())).expect_err(misspelt);
            assert!(refused.to_string().contains(misspelt), "{refused}");
        }
        let warned = unknown_fields(&fields(r#"{"language": "es", "user_id": 7}"#)).expect("accepted");
        assert_eq!(warned, ["the field 'user_id' is not known and was ignored"]);
    }

    #[test]
    fn the_known_fields_are_those_of_the_request() {
        let schema = serde_json::to_value(schemars::schema_for!(Request)).expect("a schema");
        let mut known = FIELDS;
        known.sort_unstable();
        let properties = schema["properties"].as_object().expect("properties");
        assert_eq!(
            properties.keys().collect::<std::collections::BTreeSet<_>>(),
            known.iter().copied().map(str::to_owned).collect::<Vec<_>>().iter().collect()
        );
    }
}
