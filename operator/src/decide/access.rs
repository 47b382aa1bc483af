//! Who may ask: a header, the API server's reviews and the time come in; a person, an answer, or the reason to refuse
//! goes out. Pure.

use std::{
    collections::{BTreeMap, HashMap},
    hash::Hash,
};

use jiff::{SignedDuration, Timestamp};
use k8s_openapi::api::{authentication::v1::TokenReviewStatus, authorization::v1::SubjectAccessReviewStatus};

/// How long a yes is remembered: as long a revoked token or role goes on being good.
pub const YES_HOLDS: SignedDuration = SignedDuration::from_secs(30);
/// How long a no is remembered: as long a new role is not seen.
pub const NO_HOLDS: SignedDuration = SignedDuration::from_secs(5);
/// No token of Kubernetes is longer: a header that is, is not worth a question.
const LONGEST_TOKEN: usize = 16 * 1024;

/// Whose token it is, as the API server says.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Person {
    /// The user's name, such as `system:serviceaccount:films:web`.
    pub user: String,
    /// The user's uid.
    pub uid: Option<String>,
    /// Groups.
    pub groups: Vec<String>,
    /// Whatever else the authenticator knows.
    pub extra: BTreeMap<String, Vec<String>>,
}

/// Why nobody is known by this request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stranger {
    /// It has no token.
    NoToken,
    /// It has something that is no token, or not a good one any more.
    InvalidToken,
    /// Its token is for somebody else.
    OtherAudience,
}

/// What is asked of the API server's authorizer: may this person do that?
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Question {
    /// Who.
    pub person: Person,
    /// `get` or `create`.
    pub verb: &'static str,
    /// The object's namespace; empty for one of the old system, which has none.
    pub namespace: String,
    /// The object's name; none before it has one.
    pub name: Option<String>,
}

/// The token of an `Authorization` header.
pub fn token(header: Option<&str>) -> Result<&str, Stranger> {
    let Some(header) = header else { return Err(Stranger::NoToken) };
    let (scheme, token) = header.split_once(' ').ok_or(Stranger::InvalidToken)?;
    let token = token.trim();
    let is_one = scheme.eq_ignore_ascii_case("bearer") && !token.is_empty() && token.len() <= LONGEST_TOKEN;
    if is_one { Ok(token) } else { Err(Stranger::InvalidToken) }
}

/// Whose token was reviewed. An API server that does not know audiences names none: its token is for itself, not for us.
pub fn person(review: TokenReviewStatus, audiences: &[String]) -> Result<Person, Stranger> {
    let user = match review.user {
        Some(user) if review.authenticated == Some(true) => user,
        _ => return Err(Stranger::InvalidToken),
    };
    if !review.audiences.iter().flatten().any(|audience| audiences.contains(audience)) {
        return Err(Stranger::OtherAudience);
    }
    Ok(Person {
        user: user.username.unwrap_or_default(),
        uid: user.uid,
        groups: user.groups.unwrap_or_default(),
        extra: user.extra.unwrap_or_default(),
    })
}

/// Whether the review allows it.
pub fn is_allowed(review: &SubjectAccessReviewStatus) -> bool {
    review.allowed && review.denied != Some(true)
}

/// Answers for a while, at most `most` of them.
#[derive(Debug)]
pub struct Remembered<K, V> {
    answers: HashMap<K, (V, Timestamp)>,
    most: usize,
}

impl<K: Eq + Hash, V: Clone> Remembered<K, V> {
    /// Nothing yet.
    pub fn at_most(most: usize) -> Self {
        Self { answers: HashMap::new(), most }
    }

    /// The answer, where it still holds.
    pub fn get(&self, key: &K, now: Timestamp) -> Option<V> {
        self.answers.get(key).filter(|(_, until)| *until > now).map(|(answer, _)| answer.clone())
    }

    /// Remembers an answer until then. When there is no place, what no longer holds goes, and then everything: asking
    /// again is always right.
    pub fn put(&mut self, key: K, answer: V, until: Timestamp, now: Timestamp) {
        if self.answers.len() >= self.most {
            self.answers.retain(|_, (_, until)| *until > now);
        }
        if self.answers.len() >= self.most {
            self.answers.clear();
        }
        self.answers.insert(key, (answer, until));
    }
}

#[cfg(test)]
mod tests {
    use k8s_openapi::api::authentication::v1::UserInfo;

    use super::*;

    #[test]
    fn a_token_is_what_stands_after_bearer_and_nothing_else() {
        assert_eq!(token(Some("Bearer abc.def")), Ok("abc.def"));
        assert_eq!(token(Some("bearer  abc ")), Ok("abc"));
        assert_eq!(token(None), Err(Stranger::NoToken));
        let long = format!("Bearer {}", "a".repeat(LONGEST_TOKEN + 1));
        for header in ["", "Bearer", "Bearer ", "abc", "Basic YTpi", &long] {
            assert_eq!(token(Some(header)), Err(Stranger::InvalidToken), "{header}");
        }
    }

    #[test]
    fn only_an_authenticated_token_for_one_of_our_audiences_names_a_person() {
        let ours = ["subtitle-operator".to_owned(), "films".to_owned()];
        let review = |authenticated: Option<bool>, audiences: Option<&[&str]>| TokenReviewStatus {
            authenticated,
            audiences: audiences.map(|audiences| audiences.iter().map(ToString::to_string).collect()),
            user: Some(UserInfo { username: Some("anna".into()), ..UserInfo::default() }),
            error: None,
        };
        let anna = person(review(Some(true), Some(&["x", "films"])), &ours).expect("a person");
        assert_eq!(anna.user, "anna");
        for authenticated in [None, Some(false)] {
            assert_eq!(person(review(authenticated, Some(&["films"])), &ours), Err(Stranger::InvalidToken));
        }
        for audiences in [None, Some(&[][..]), Some(&["https://kubernetes.default.svc"])] {
            assert_eq!(person(review(Some(true), audiences), &ours), Err(Stranger::OtherAudience));
        }
        let nobody = TokenReviewStatus { user: None, ..review(Some(true), Some(&["films"])) };
        assert_eq!(person(nobody, &ours), Err(Stranger::InvalidToken));
    }

    #[test]
    fn a_denial_outweighs_an_allowance() {
        let review = |allowed, denied| SubjectAccessReviewStatus { allowed, denied, ..Default::default() };
        assert!(is_allowed(&review(true, None)) && is_allowed(&review(true, Some(false))));
        assert!(!is_allowed(&review(true, Some(true))) && !is_allowed(&review(false, None)));
    }

    #[test]
    fn an_answer_holds_until_its_time_and_there_are_never_more_than_allowed() {
        let at = |seconds| Timestamp::from_second(seconds).expect("a time");
        let mut remembered = Remembered::at_most(2);
        remembered.put("a", 1, at(30), at(0));
        assert_eq!((remembered.get(&"a", at(29)), remembered.get(&"a", at(30))), (Some(1), None));
        remembered.put("b", 2, at(60), at(0));
        remembered.put("c", 3, at(60), at(31));
        assert_eq!((remembered.get(&"a", at(31)), remembered.get(&"b", at(31))), (None, Some(2)), "a made place");
        remembered.put("d", 4, at(60), at(31));
        assert_eq!(remembered.answers.len(), 1, "no place: all are asked again");
    }
}
