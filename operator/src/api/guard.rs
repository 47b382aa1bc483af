//! Who asks, and whether they may, as HTTP says it: 401, 403, 503. Decided in `decide::access`, asked in `act::reviews`.

use std::sync::Arc;

use axum::{
    extract::{Request, State},
    http::{StatusCode, header},
    middleware::Next,
    response::Response,
};

use super::{Refusal, Shared, unavailable};
use crate::{
    act::reviews::Reviews,
    decide::access::{Person, Question, Stranger, token},
};

/// The code of a refusal for want of a token.
pub(super) const NO_TOKEN: &str = "NoToken";

/// Who may ask.
pub enum Guard {
    /// Everybody; only for a listener that nobody else reaches.
    Open,
    /// Whoever the API server knows and allows.
    Kubernetes {
        /// What it says.
        reviews: Box<Reviews>,
        /// For the advice in refusals.
        audience: String,
    },
}

/// Who asks; none where nobody is asked who they are.
#[derive(Clone)]
pub(super) struct Caller(Option<Arc<Person>>);

/// Notes who asks before any handler runs.
pub(super) async fn who(State(shared): State<Shared>, mut request: Request, next: Next) -> Result<Response, Refusal> {
    let caller = match shared.guard.as_ref() {
        Guard::Open => Caller(None),
        Guard::Kubernetes { reviews, audience } => {
            let header = request.headers().get(header::AUTHORIZATION);
            let header = header.map(|header| header.to_str().unwrap_or_default());
            let token = token(header).map_err(|stranger| refusal(stranger, audience))?;
            let known = reviews.who(token).await.map_err(|error| unavailable(&error))?;
            Caller(Some(Arc::new(known.map_err(|stranger| refusal(stranger, audience))?)))
        }
    };
    request.extensions_mut().insert(caller);
    Ok(next.run(request).await)
}

fn refusal(stranger: Stranger, audience: &str) -> Refusal {
    let (code, what) = match stranger {
        Stranger::NoToken => (NO_TOKEN, "the request has no token"),
        Stranger::InvalidToken => (
            "InvalidToken",
            "the Kubernetes API does not know the token: it is none, has expired, or is meant for somebody else",
        ),
        Stranger::OtherAudience => ("OtherAudience", "the token is meant for somebody else"),
    };
    let advice =
        format!("send 'Authorization: Bearer TOKEN' with one from `kubectl create token NAME --audience {audience}`");
    Refusal(StatusCode::UNAUTHORIZED, code, format!("{what}: {advice}"))
}

impl Guard {
    /// Refuses whoever may not do it.
    pub(super) async fn allow(
        &self,
        caller: &Caller,
        verb: &'static str,
        namespace: &str,
        name: Option<&str>,
    ) -> Result<(), Refusal> {
        let (Self::Kubernetes { reviews, .. }, Some(person)) = (self, &caller.0) else { return Ok(()) };
        let (namespace, name) = (namespace.to_owned(), name.map(str::to_owned));
        let question = Question { person: person.as_ref().clone(), verb, namespace, name };
        let (user, place) = (person.user.as_str(), question.namespace.clone());
        if reviews.may(question).await.map_err(|error| unavailable(&error))? {
            return Ok(());
        }
        let detail = format!("'{user}' may not {verb} subtitlejobs (subtitles.dev) in the namespace '{place}'");
        Err(Refusal(StatusCode::FORBIDDEN, "Forbidden", detail))
    }
}
