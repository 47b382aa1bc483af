//! Derives from a job's annotation and status which installation works on it. Called before every decision and admission.
//! Pure.

use kube::ResourceExt as _;
use subtitle_contract::job::SubtitleJob;

/// The annotation by which an installation takes a job over, or is chosen for it from the start: its name, as in
/// `status.owner`.
pub const OWNER_ANNOTATION: &str = "subtitles.dev/owner";

/// Whether a job is ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ownership<'a> {
    /// We work on it.
    Ours,
    /// Nobody works on it yet: it is claimed before its first task.
    Unclaimed,
    /// Another installation works on it, and the annotation gives it to us.
    TakenOver,
    /// This installation works on it, or is meant to.
    Foreign(&'a str),
}

impl<'a> Ownership<'a> {
    /// From the annotation, `status.owner` and our own name; without a name every job is ours.
    pub fn new(chosen: Option<&'a str>, owner: Option<&'a str>, installation: Option<&str>) -> Self {
        let Some(us) = installation else { return Self::Ours };
        match (chosen, owner) {
            (Some(chosen), _) if chosen != us => Self::Foreign(chosen),
            (Some(_), Some(owner)) if owner != us => Self::TakenOver,
            (None, Some(owner)) if owner != us => Self::Foreign(owner),
            (None, None) => Self::Unclaimed,
            (Some(_), _) | (None, Some(_)) => Self::Ours,
        }
    }

    /// Of an object.
    pub fn of_object(job: &'a SubtitleJob, installation: Option<&str>) -> Self {
        let owner = job.status.as_ref().and_then(|status| status.owner.as_deref());
        Self::new(job.annotations().get(OWNER_ANNOTATION).map(String::as_str), owner, installation)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_owner_keeps_a_job_until_the_annotation_names_another() {
        for (chosen, owner, expected) in [
            (None, None, Ownership::Unclaimed),
            (None, Some("a"), Ownership::Ours),
            (None, Some("b"), Ownership::Foreign("b")),
            (Some("a"), None, Ownership::Ours),
            (Some("a"), Some("b"), Ownership::TakenOver),
            (Some("b"), Some("a"), Ownership::Foreign("b")),
        ] {
            assert_eq!(Ownership::new(chosen, owner, Some("a")), expected, "{chosen:?} {owner:?}");
        }
        assert_eq!(Ownership::new(None, Some("b"), None), Ownership::Ours);
    }
}
