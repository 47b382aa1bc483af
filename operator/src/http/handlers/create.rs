//! `POST /subtitles/download`: the old system's body becomes a SubtitleJob, which the executor creates. Does I/O.

use std::time::Duration;

use axum::{
    Extension, Json,
    body::{Body, to_bytes},
    extract::{Query, State},
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
};
use jiff::Timestamp;
use kube::{Api, ResourceExt as _};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::json;
use subtitle_contract::{job::SubtitleJob, record::Record, text::sanitize};
use tokio::time::timeout;

use crate::{
    act::{ActError, ApplyContext, ClusterError},
    decide::plan::Effect,
    http::{
        auth::Caller,
        error::{ApiError, MAX_BODY_BYTES},
        state::HttpState,
    },
    observe::watch::GuardedJob,
};

/// The longest the API server may take to return a job: kube's client has no timeout of its own.
const READ_TIMEOUT: Duration = Duration::from_secs(15);
/// Wished sources that a job keeps: more than exist.
const MOST_WISHES: usize = 16;
/// The namespace of the new job, unless the query names one.
const NAMESPACE_HEADER: &str = "subtitles-namespace";
/// The longest a body may take.
const BODY_WITHIN: Duration = Duration::from_secs(5);
/// The name of the new object.
const NAME_HEADER: &str = "idempotency-key";

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
    /// The object to create; `name` is its name, else the API server makes one up.
    fn job(&self, namespace: &str, name: Option<&str>) -> Result<SubtitleJob, ApiError> {
        let mut metadata = json!({"namespace": namespace});
        match name {
            Some(name) => metadata["name"] = json!(name),
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

#[derive(Deserialize)]
pub(in crate::http) struct Parameters {
    namespace: Option<String>,
}

/// The namespace of the query, else of the header, else the operator's default.
fn namespace(state: &HttpState, parameters: Parameters, headers: &HeaderMap) -> Result<String, ApiError> {
    let header = headers.get(NAMESPACE_HEADER).map(|value| value.to_str().unwrap_or_default().to_owned());
    let namespace = parameters.namespace.or(header).unwrap_or_else(|| state.namespace.clone());
    // Anything but a DNS label could name another path of the API server.
    let is_label = (1..=63).contains(&namespace.len())
        && namespace.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-');
    if is_label { Ok(namespace) } else { Err(ApiError::InvalidNamespace { namespace: sanitize(&namespace, 64) }) }
}

pub(in crate::http) async fn create(
    State(state): State<HttpState>,
    Extension(caller): Extension<Caller>,
    Query(parameters): Query<Parameters>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, ApiError> {
    let namespace = namespace(&state, parameters, &headers)?;
    state.auth.authorize(&caller, "create", &namespace, None).await?;
    if !state.watches(&namespace) {
        return Err(ApiError::NamespaceNotWatched { namespace });
    }
    let body = timeout(BODY_WITHIN, to_bytes(body, MAX_BODY_BYTES)).await.map_err(|_| ApiError::SlowBody)?;
    // A caller who went away reads no answer: the body was too large.
    let body = body.map_err(|_| ApiError::BodyTooLarge)?;
    let request: Request = serde_json::from_slice(&body).map_err(ApiError::InvalidBody)?;
    let name = headers.get(NAME_HEADER).and_then(|value| value.to_str().ok());
    let job = request.job(&namespace, name)?;
    // With its record: a GET right after the answer must find it.
    let effects = vec![Effect::CreateJob(Box::new(job)), Effect::Project];
    let created = match (state.executor.apply(effects, ApplyContext::new(Timestamp::now())).await, name) {
        (Ok(outcome), _) => outcome.job.ok_or(ActError::NoJob)?,
        (Err(error), Some(name)) if status_code(&error) == Some(409) => {
            // A right to create jobs is no right to see one that exists already.
            state.auth.authorize(&caller, "get", &namespace, Some(name)).await?;
            Box::pin(existing(&state, &namespace, name)).await?
        }
        (Err(error), _) => return Err(refused(error)),
    };
    let id = created.uid().unwrap_or_default();
    let mut record = serde_json::to_value(Record::project(&created)).map_err(ApiError::Encode)?;
    record["job_id"] = json!(id);
    Ok((StatusCode::CREATED, [(header::LOCATION, format!("/subtitles/{id}"))], Json(record)).into_response())
}

/// The job that an earlier request with the same name created, with its record written if that was missed then.
async fn existing(state: &HttpState, namespace: &str, name: &str) -> Result<SubtitleJob, ApiError> {
    let api: Api<GuardedJob> = Api::namespaced(state.client.clone(), namespace);
    let found = timeout(READ_TIMEOUT, api.get(name)).await.map_err(|_| ClusterError::Timeout)?;
    let job = found.map_err(|error| refused(ClusterError::Request(error).into()))?.into_result()?;
    let context = ApplyContext { job: Some(job.clone()), ..ApplyContext::new(Timestamp::now()) };
    state.executor.apply(vec![Effect::Project], context).await?;
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
