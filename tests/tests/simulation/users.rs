//! The simulated users: they create a few jobs with short timeouts in two namespaces, and suspend, resume, retry and delete them.

use std::sync::Arc;

use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;
use kube::ResourceExt as _;
use serde_json::json;
use subtitle_contract::{job::SubtitleJob, lenient::Lenient, phase::Phase, reason::Reason};
use subtitle_operator::observe::{job::RETRY_ANNOTATION, ownership::OWNER_ANNOTATION};

use crate::{
    checks::{corners::Corner, phase_of, reason_of},
    servers::api_server::{Place, place_of},
    world::World,
};

/// A job that a user is going to create.
#[derive(Clone, Debug)]
pub(crate) struct Request {
    namespace: &'static str,
    name: String,
    spec: serde_json::Value,
}

const KINDS: [&str; 10] =
    ["found", "translated", "flaky", "hopeless", "broken", "quota", "slow", "translated", "wordy", "glossary"];
/// The ConfigMap that jobs with a glossary reference.
const GLOSSARY: &str = "names";

/// The name of jobs whose status the API server permanently rejects once a worker runs their task.
pub(crate) const REFUSED: &str = "refused";

impl Request {
    /// Whether the API server permanently rejects the job's status.
    pub(crate) fn is_refused(&self) -> bool {
        self.name.starts_with(REFUSED)
    }
}

/// Deletes the jobs whose status is rejected, as a user who has read their dead letters.
pub(crate) fn delete_rejected_jobs(world: &mut World) {
    let refused = world.api.objects.keys().filter(|(_, name)| name.starts_with(REFUSED));
    for place in refused.cloned().collect::<Vec<_>>() {
        world.note(|| format!("a user DELETES {}", place.1));
        world.api.remove(&place);
    }
}

/// The jobs of this seed, and when they are created.
pub(crate) fn requests(world: &mut World) -> Vec<(u64, Request)> {
    let random = &mut world.random;
    let number = 2 + random.index(3);
    let request = |at| {
        let kind = match random.below(100) {
            0 => "poison",
            1 => REFUSED,
            _ => KINDS[random.index(KINDS.len())],
        };
        let long = if random.permille(120) { "-long" } else { "" };
        let name = format!("{kind}-{at}{long}");
        let deadline = [21_600, 21_600, 30, 10][random.index(4)];
        let priority = ["Low", "Normal", "High"][random.index(3)];
        let mut spec = json!({
            "video": {"title": name},
            "language": "es",
            "priority": priority,
            "retry": {"limit": random.below(4), "backoffSeconds": 2, "maxBackoffSeconds": 8},
            "activeDeadlineSeconds": deadline,
            "suspend": random.permille(50),
        });
        if kind == "glossary" {
            spec["translation"] = json!({"glossaryRef": {"name": GLOSSARY}});
        }
        if random.permille(150) {
            spec["ttlSecondsAfterFinished"] = json!(random.below(40));
        }
        let namespace = ["n", "m"][random.index(2)];
        (random.below(12_000), Request { namespace, name, spec })
    };
    (0..number).map(request).collect()
}

/// Creates the ConfigMaps that jobs wait for.
pub(crate) fn create_glossaries(world: &mut World) {
    for namespace in ["n", "m"] {
        let data = [("glossary".to_owned(), "barca = boat".to_owned())];
        world.api.config_maps.insert((namespace.to_owned(), GLOSSARY.to_owned()), data.into());
    }
}

/// Creates a job, unless one with its name exists.
pub(crate) fn create(world: &mut World, request: &Request) {
    let place = (request.namespace.to_owned(), request.name.clone());
    if world.api.objects.contains_key(&place) {
        return;
    }
    if request.name.starts_with("glossary") && world.random.permille(400) {
        create_glossaries(world);
    }
    let spec = serde_json::from_value(request.spec.clone()).expect("a spec");
    let mut job = SubtitleJob::new(&request.name, spec);
    let number = world.random.below(u64::MAX);
    job.metadata.uid = Some(format!("{number:016x}{}", request.name));
    job.metadata.namespace = Some(request.namespace.to_owned());
    job.metadata.creation_timestamp = Some(Time(world.now()));
    job.metadata.generation = Some(1);
    world.note(|| format!("a user creates {} ({number:016x}): {}", request.name, request.spec));
    let job = world.api.store(job);
    world.checks.created(&job);
}

fn one_of(world: &mut World, fits: impl Fn(&SubtitleJob) -> bool) -> Option<SubtitleJob> {
    let fitting: Vec<_> = world.api.objects.values().filter(|job| fits(job)).cloned().collect();
    (!fitting.is_empty()).then(|| fitting[world.random.index(fitting.len())].as_ref().clone())
}

/// Deletes a job; sometimes returns it, to be created again.
pub(crate) fn delete(world: &mut World) -> Option<Request> {
    let job = one_of(world, |_| true)?;
    world.note(|| format!("a user DELETES {}", job.name_any()));
    if job.status.as_ref().is_some_and(|status| reason_of(status) == Some(Reason::Working)) {
        world.reach(Corner::DeletedWhileRunning);
    }
    world.api.remove(&place_of(&job));
    let namespace = if job.metadata.namespace.as_deref() == Some("n") { "n" } else { "m" };
    let again = Request { namespace, name: job.name_any(), spec: serde_json::to_value(&job.spec).expect("a spec") };
    world.random.permille(500).then_some(again)
}

/// Deletes a job that a finalizer keeps; returns it, to be removed later.
pub(crate) fn delete_with_finalizer(world: &mut World) -> Option<Place> {
    let mut job = one_of(world, |job| job.metadata.deletion_timestamp.is_none())?;
    world.note(|| format!("a user DELETES {}, which a finalizer keeps", job.name_any()));
    world.reach(Corner::Finalizer);
    job.metadata.deletion_timestamp = Some(Time(world.now()));
    job.metadata.generation = job.metadata.generation.map(|generation| generation + 1);
    Some(place_of(&world.api.store(job)))
}

/// Puts an earlier status of a job back, or none, as `kubectl replace` or a backup does.
pub(crate) fn restore_status(world: &mut World) {
    let Some(mut job) = one_of(world, |job| job.status.is_some()) else { return };
    let is_final = job.status.as_ref().is_some_and(|status| phase_of(status).is_final());
    if let Some(status) = job.status.as_mut().filter(|_| is_final && world.random.permille(500)) {
        // As it was before its last decision was announced.
        status.revision = (status.revision - 2).max(1);
        status.set_announced(status.revision);
    } else {
        let earlier = world.checks.earlier_status(&job);
        job.status = earlier.filter(|_| world.random.permille(500));
    }
    let revision = job.status.as_ref().map_or(0, |status| status.revision);
    world.note(|| format!("a user puts revision {revision} of {} BACK", job.name_any()));
    world.reach(Corner::StatusRestored);
    world.records_may_be_behind = true;
    let job = world.api.store(job);
    world.checks.restored(&job);
}

/// A newer version writes a phase that this one does not know.
pub(crate) fn write_unknown_phase(world: &mut World) {
    let runs = |job: &SubtitleJob| job.status.as_ref().is_some_and(|status| status.phase == Phase::DownloadInProgress);
    let Some(mut job) = one_of(world, runs) else { return };
    if let Some(status) = &mut job.status {
        status.phase = Lenient::Unknown("TranscribeQueued".to_owned());
        status.revision += 1;
    }
    world.note(|| format!("a newer version writes {}: TranscribeQueued", job.name_any()));
    let job = world.api.store(job);
    world.checks.restored(&job);
}

/// The jobs in a phase of a newer version.
pub(crate) fn in_unknown_phase(world: &World) -> Vec<Arc<SubtitleJob>> {
    let is_unknown = |job: &&Arc<SubtitleJob>| job.status.as_ref().is_some_and(|status| status.phase.known().is_none());
    world.api.objects.values().filter(is_unknown).cloned().collect()
}

/// Toggles `spec.suspend` of a job.
pub(crate) fn suspend_or_resume(world: &mut World) {
    if let Some(mut job) = one_of(world, |_| true) {
        job.spec.suspend = !job.spec.suspend;
        job.metadata.generation = job.metadata.generation.map(|generation| generation + 1);
        let what = if job.spec.suspend { "SUSPENDS" } else { "RESUMES" };
        world.note(|| format!("a user {what} {}", job.name_any()));
        world.api.store(job);
    }
}

/// Gives a job to one of two installations.
pub(crate) fn give_away(world: &mut World) {
    if let Some(mut job) = one_of(world, |_| true) {
        let number = world.random.index(2);
        let owner = world.installation(number);
        world.note(|| format!("a user GIVES {} to {owner}", job.name_any()));
        job.metadata.annotations.get_or_insert_default().insert(OWNER_ANNOTATION.to_owned(), owner);
        world.api.store(job);
    }
}

/// Requests a manual retry of a failed job.
pub(crate) fn retry(world: &mut World) {
    let has_failed = |job: &SubtitleJob| {
        job.metadata.deletion_timestamp.is_none()
            && job.status.as_ref().is_some_and(|status| status.phase == Phase::Failed)
    };
    if let Some(mut job) = one_of(world, has_failed) {
        let asked = format!("at {}", world.elapsed);
        world.note(|| format!("a user RETRIES {}", job.name_any()));
        job.metadata.annotations.get_or_insert_default().insert(RETRY_ANNOTATION.to_owned(), asked);
        world.api.store(job);
    }
}
