//! Asks the API server who a token's owner is (TokenReview) and what they may do (SubjectAccessReview); what it said holds
//! for a moment. A token is kept only as its digest. Does I/O.

use std::{
    collections::BTreeMap,
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

use crate::decide::access::{NO_HOLDS, Person, Question, Remembered, Stranger, YES_HOLDS, is_allowed, person};

/// The longest a review may take, and the wait for its turn.
const DEADLINE: Duration = Duration::from_secs(5);
/// Reviews at once: strangers must not keep the API server busy.
const AT_ONCE: usize = 32;
/// Answers kept of each kind.
const MOST: usize = 4096;

/// The API server gave no answer.
#[derive(Debug, thiserror::Error)]
pub enum ReviewError {
    /// It refused, or could not be reached.
    #[error(
        "failed to ask the API server who may do this: {0}; this program's service account needs 'create' on \
         tokenreviews.authentication.k8s.io and subjectaccessreviews.authorization.k8s.io"
    )]
    Refused(#[from] kube::Error),
    /// It did not answer.
    #[error("failed to ask the API server who may do this: no answer within {} s", DEADLINE.as_secs())]
    Silent(#[from] tokio::time::error::Elapsed),
    /// It answered without a status, which no API server does.
    #[error("failed to ask the API server who may do this: it answered without a status")]
    NoStatus,
}

/// What the API server said lately.
pub struct Reviews {
    client: Client,
    audiences: Vec<String>,
    turns: Semaphore,
    people: Mutex<Remembered<String, Result<Person, Stranger>>>,
    answers: Mutex<Remembered<Question, bool>>,
}

fn locked<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Reviews {
    /// Of tokens for one of these audiences.
    pub fn new(client: Client, audiences: Vec<String>) -> Self {
        let (people, answers) = (Mutex::new(Remembered::at_most(MOST)), Mutex::new(Remembered::at_most(MOST)));
        Self { client, audiences, turns: Semaphore::new(AT_ONCE), people, answers }
    }

    /// Who has this token.
    pub async fn who(&self, token: &str) -> Result<Result<Person, Stranger>, ReviewError> {
        let digest = subtitle_store::sha256(token.as_bytes());
        if let Some(known) = locked(&self.people).get(&digest, Timestamp::now()) {
            return Ok(known);
        }
        let spec = TokenReviewSpec { token: Some(token.to_owned()), audiences: Some(self.audiences.clone()) };
        let review = self.review(TokenReview { spec, ..TokenReview::default() }).await?;
        let known = person(review.status.ok_or(ReviewError::NoStatus)?, &self.audiences);
        let now = Timestamp::now();
        let holds = if known.is_ok() { YES_HOLDS } else { NO_HOLDS };
        locked(&self.people).put(digest, known.clone(), now + holds, now);
        Ok(known)
    }

    /// Whether they may do it.
    pub async fn may(&self, question: Question) -> Result<bool, ReviewError> {
        if let Some(known) = locked(&self.answers).get(&question, Timestamp::now()) {
            return Ok(known);
        }
        let Person { user, uid, groups, extra } = question.person.clone();
        let attributes = ResourceAttributes {
            group: Some(SubtitleJob::group(&()).into_owned()),
            resource: Some(SubtitleJob::plural(&()).into_owned()),
            verb: Some(question.verb.to_owned()),
            namespace: Some(question.namespace.clone()),
            name: question.name.clone(),
            ..ResourceAttributes::default()
        };
        let spec = SubjectAccessReviewSpec {
            user: Some(user),
            uid,
            groups: Some(groups),
            extra: Some(extra).filter(|extra: &BTreeMap<_, _>| !extra.is_empty()),
            resource_attributes: Some(attributes),
            non_resource_attributes: None,
        };
        let review = self.review(SubjectAccessReview { spec, ..SubjectAccessReview::default() }).await?;
        let allowed = is_allowed(&review.status.ok_or(ReviewError::NoStatus)?);
        let now = Timestamp::now();
        let holds = if allowed { YES_HOLDS } else { NO_HOLDS };
        locked(&self.answers).put(question, allowed, now + holds, now);
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
            let _turn = self.turns.acquire().await;
            api.create(&PostParams::default(), &review).await
        };
        Ok(timeout(DEADLINE, answer).await??)
    }
}
