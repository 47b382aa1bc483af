//! Has the API server authenticate tokens (TokenReview) and authorize access requests (SubjectAccessReview), and caches the
//! results for seconds. A token is cached by its digest only. Called by the HTTP API. Does I/O.

use std::{
    collections::BTreeMap,
    net::IpAddr,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use jiff::Timestamp;
use k8s_openapi::api::{
    authentication::v1::{TokenReview, TokenReviewSpec},
    authorization::v1::{ResourceAttributes, SubjectAccessReview, SubjectAccessReviewSpec},
};
use kube::{Api, Client, Resource as _, api::PostParams};
use subtitle_contract::job::SubtitleJob;
use tokio::{sync::Semaphore, time::timeout};

use crate::decide::access::{
    ALLOWED_TTL, AccessRequest, DENIED_TTL, FailedLogins, TtlCache, Unauthenticated, UserInfo, is_allowed, user_info,
};

/// The longest a review may take, including the wait for a permit.
const DEADLINE: Duration = Duration::from_secs(5);
/// Concurrent reviews: unauthenticated clients must not keep the API server busy.
const CONCURRENCY: usize = 32;
/// Cached reviews of each kind.
const CAPACITY: usize = 4096;

/// The API server did not review.
#[derive(Debug, thiserror::Error)]
pub enum ReviewError {
    /// It refused, or could not be reached.
    #[error(
        "failed to have the Kubernetes API review the request (this program's service account needs 'create' on \
         tokenreviews.authentication.k8s.io and subjectaccessreviews.authorization.k8s.io)"
    )]
    Refused(#[source] kube::Error),
    /// It did not answer.
    #[error("failed to have the Kubernetes API review the request within {} s", DEADLINE.as_secs())]
    TimedOut,
    /// The source sent too many tokens that are not valid: no other token of it is reviewed for a moment.
    #[error("failed to authenticate: too many invalid tokens came from this address")]
    TooManyFailures,
    /// It answered without a status, which no API server does.
    #[error("failed to read the Kubernetes API's review of the request: it has no status")]
    NoStatus,
}

/// Reviews, and what they said within the last seconds.
pub struct Reviews {
    client: Client,
    audiences: Vec<String>,
    permits: Semaphore,
    users: Mutex<TtlCache<String, Result<UserInfo, Unauthenticated>>>,
    decisions: Mutex<TtlCache<AccessRequest, bool>>,
    failed: Mutex<FailedLogins>,
}

fn locked<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Reviews {
    /// Accepts tokens for any of `audiences`.
    pub fn new(client: Client, audiences: Vec<String>) -> Self {
        let users = Mutex::new(TtlCache::with_capacity(CAPACITY));
        let decisions = Mutex::new(TtlCache::with_capacity(CAPACITY));
        Self { client, audiences, permits: Semaphore::new(CONCURRENCY), users, decisions, failed: Mutex::default() }
    }

    /// Returns the user a token belongs to; the outer error is the API server's, the inner one the token's. A `source` that
    /// sent too many invalid tokens is not reviewed for a moment.
    pub async fn authenticate(
        &self,
        token: &str,
        source: Option<IpAddr>,
    ) -> Result<Result<UserInfo, Unauthenticated>, ReviewError> {
        let digest = subtitle_store::sha256(token.as_bytes());
        if let Some(cached) = locked(&self.users).get(&digest, Timestamp::now()) {
            return Ok(cached);
        }
        if source.is_some_and(|source| locked(&self.failed).blocked_until(source, Timestamp::now()).is_some()) {
            return Err(ReviewError::TooManyFailures);
        }
        let spec = TokenReviewSpec { token: Some(token.to_owned()), audiences: Some(self.audiences.clone()) };
        let review = self.review(TokenReview { spec, ..TokenReview::default() }).await?;
        let user = user_info(review.status.ok_or(ReviewError::NoStatus)?, &self.audiences);
        let now = Timestamp::now();
        if let (Err(_), Some(source)) = (&user, source) {
            locked(&self.failed).add(source, now);
        }
        let ttl = if user.is_ok() { ALLOWED_TTL } else { DENIED_TTL };
        locked(&self.users).insert(digest, user.clone(), now + ttl, now);
        Ok(user)
    }

    /// Returns whether the request is allowed.
    pub async fn authorize(&self, request: AccessRequest) -> Result<bool, ReviewError> {
        if let Some(cached) = locked(&self.decisions).get(&request, Timestamp::now()) {
            return Ok(cached);
        }
        let UserInfo { name, uid, groups, extra } = request.user.clone();
        let attributes = ResourceAttributes {
            group: Some(SubtitleJob::group(&()).into_owned()),
            resource: Some(SubtitleJob::plural(&()).into_owned()),
            verb: Some(request.verb.to_owned()),
            namespace: Some(request.namespace.clone()),
            name: request.name.clone(),
            ..ResourceAttributes::default()
        };
        let spec = SubjectAccessReviewSpec {
            user: Some(name),
            uid,
            groups: Some(groups),
            extra: Some(extra).filter(|extra: &BTreeMap<_, _>| !extra.is_empty()),
            resource_attributes: Some(attributes),
            non_resource_attributes: None,
        };
        let review = self.review(SubjectAccessReview { spec, ..SubjectAccessReview::default() }).await?;
        let allowed = is_allowed(&review.status.ok_or(ReviewError::NoStatus)?);
        let now = Timestamp::now();
        let ttl = if allowed { ALLOWED_TTL } else { DENIED_TTL };
        locked(&self.decisions).insert(request, allowed, now + ttl, now);
        Ok(allowed)
    }

    async fn review<R>(&self, review: R) -> Result<R, ReviewError>
    where
        R: kube::Resource<DynamicType = (), Scope = k8s_openapi::ClusterResourceScope>
            + Clone
            + std::fmt::Debug
            + serde::Serialize
            + serde::de::DeserializeOwned,
    {
        let api: Api<R> = Api::all(self.client.clone());
        let answer = async {
            // Never an error: the semaphore is not closed.
            let _permit = self.permits.acquire().await;
            api.create(&PostParams::default(), &review).await
        };
        timeout(DEADLINE, answer).await.map_err(|_| ReviewError::TimedOut)?.map_err(ReviewError::Refused)
    }
}
