//! Who may use the API: a header, the API server's reviews and the time come in; user info, a decision, or the reason to
//! refuse goes out. Called by the HTTP API and by the client of the reviews. Pure.

mod failed_logins;
mod ttl_cache;

use std::collections::BTreeMap;

use jiff::SignedDuration;
use k8s_openapi::api::{authentication::v1::TokenReviewStatus, authorization::v1::SubjectAccessReviewStatus};

pub use failed_logins::FailedLogins;
pub use ttl_cache::TtlCache;

/// How long a positive review is cached: a revoked token or role stays valid for as long.
pub const ALLOWED_TTL: SignedDuration = SignedDuration::from_secs(30);
/// How long a negative review is cached: a new role has no effect for as long.
pub const DENIED_TTL: SignedDuration = SignedDuration::from_secs(5);
/// In bytes. Kubernetes issues no longer tokens, so a longer one is not worth a review.
const MAX_TOKEN: usize = 16 * 1024;

/// The user a token belongs to, as the API server reports it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct UserInfo {
    /// Such as `system:serviceaccount:films:web`.
    pub name: String,
    /// Changes when a user of the same name is created again.
    pub uid: Option<String>,
    /// Such as `system:authenticated`.
    pub groups: Vec<String>,
    /// What else the authenticator reports; the authorizer gets it back.
    pub extra: BTreeMap<String, Vec<String>>,
}

/// Why a request could not be authenticated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unauthenticated {
    /// There is no `Authorization` header.
    NoToken,
    /// The header holds no bearer token, or an unknown or expired one.
    InvalidToken,
    /// The token is valid for other audiences only.
    WrongAudience,
}

/// One question to the API server's authorizer about subtitlejobs.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct AccessRequest {
    /// Who wants to do it.
    pub user: UserInfo,
    /// `get` or `create`.
    pub verb: &'static str,
    /// The job's namespace; empty for a record that the old system wrote.
    pub namespace: String,
    /// The job's name, if it exists already.
    pub name: Option<String>,
}

/// Reads the token from the value of an `Authorization` header.
pub fn bearer_token(header: Option<&str>) -> Result<&str, Unauthenticated> {
    let Some(header) = header else { return Err(Unauthenticated::NoToken) };
    let (scheme, token) = header.split_once(' ').ok_or(Unauthenticated::InvalidToken)?;
    let token = token.trim();
    let is_valid = scheme.eq_ignore_ascii_case("bearer") && !token.is_empty() && token.len() <= MAX_TOKEN;
    if is_valid { Ok(token) } else { Err(Unauthenticated::InvalidToken) }
}

/// Reads a review of a token for one of `audiences`. An API server that does not support audiences returns none: its
/// tokens are meant for itself.
pub fn user_info(review: TokenReviewStatus, audiences: &[String]) -> Result<UserInfo, Unauthenticated> {
    let user = match review.user {
        Some(user) if review.authenticated == Some(true) => user,
        _ => return Err(Unauthenticated::InvalidToken),
    };
    if !review.audiences.iter().flatten().any(|audience| audiences.contains(audience)) {
        return Err(Unauthenticated::WrongAudience);
    }
    Ok(UserInfo {
        name: user.username.unwrap_or_default(),
        uid: user.uid,
        groups: user.groups.unwrap_or_default(),
        extra: user.extra.unwrap_or_default(),
    })
}

/// A denial overrides a permission.
pub fn is_allowed(review: &SubjectAccessReviewStatus) -> bool {
    review.allowed && review.denied != Some(true)
}

#[cfg(test)]
mod tests {
    use k8s_openapi::api::authentication::v1;

    use super::*;

    #[test]
    fn a_token_is_what_follows_bearer_and_nothing_else() {
        assert_eq!(bearer_token(Some("Bearer abc.def")), Ok("abc.def"));
        assert_eq!(bearer_token(Some("bearer  abc ")), Ok("abc"));
        assert_eq!(bearer_token(None), Err(Unauthenticated::NoToken));
        let long = format!("Bearer {}", "a".repeat(MAX_TOKEN + 1));
        for header in ["", "Bearer", "Bearer ", "abc", "Basic YTpi", &long] {
            assert_eq!(bearer_token(Some(header)), Err(Unauthenticated::InvalidToken), "{header}");
        }
    }

    #[test]
    fn only_an_authenticated_token_for_one_of_our_audiences_identifies_a_user() {
        let ours = ["subtitle-operator".to_owned(), "films".to_owned()];
        let review = |authenticated: Option<bool>, audiences: Option<&[&str]>| TokenReviewStatus {
            authenticated,
            audiences: audiences.map(|audiences| audiences.iter().map(ToString::to_string).collect()),
            user: Some(v1::UserInfo { username: Some("anna".into()), ..v1::UserInfo::default() }),
            error: None,
        };
        let anna = user_info(review(Some(true), Some(&["x", "films"])), &ours).expect("a user");
        assert_eq!(anna.name, "anna");
        for authenticated in [None, Some(false)] {
            assert_eq!(user_info(review(authenticated, Some(&["films"])), &ours), Err(Unauthenticated::InvalidToken));
        }
        for audiences in [None, Some(&[][..]), Some(&["https://kubernetes.default.svc"])] {
            assert_eq!(user_info(review(Some(true), audiences), &ours), Err(Unauthenticated::WrongAudience));
        }
        let nobody = TokenReviewStatus { user: None, ..review(Some(true), Some(&["films"])) };
        assert_eq!(user_info(nobody, &ours), Err(Unauthenticated::InvalidToken));
    }

    #[test]
    fn a_denial_overrides_a_permission() {
        let review = |allowed, denied| SubjectAccessReviewStatus { allowed, denied, ..Default::default() };
        assert!(is_allowed(&review(true, None)) && is_allowed(&review(true, Some(false))));
        assert!(!is_allowed(&review(true, Some(true))) && !is_allowed(&review(false, None)));
    }
}
