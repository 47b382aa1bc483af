//! A library, a policy, its ledger and its jobs in memory: scans list what is there, jobs write sidecars, and every plan is
//! applied as it is and held against the policy's limits.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use jiff::{SignedDuration, Timestamp};
use kube::ResourceExt as _;
use serde_json::{Value, json};
use subtitle_contract::{
    job::{Sidecar, SubtitleJob},
    policy::{
        SubtitlePolicy,
        ledger::Ledger,
        pages::{PageBuilder, ScanCounts},
        scan::{ScanRequested, ScannedSidecar, ScannedTrack, ScannedVideo, SidecarAuthor},
    },
};

use crate::decide::policy::{
    facts::{PolicyFacts, unfinished},
    plan::{self, PolicyPlan, plan},
    scan::pages,
};

/// A video file.
#[derive(Clone, Debug)]
pub(super) struct File {
    pub(super) hash: String,
    pub(super) sidecars: Vec<ScannedSidecar>,
    pub(super) tracks: Vec<ScannedTrack>,
}

pub(super) struct World {
    pub(super) policy: SubtitlePolicy,
    pub(super) ledger: Ledger,
    pub(super) jobs: BTreeMap<String, Arc<SubtitleJob>>,
    pub(super) files: BTreeMap<String, File>,
    pub(super) is_mounted: bool,
    pub(super) unreadable: Vec<String>,
    pub(super) now: Timestamp,
    /// When each job was created, and its name.
    pub(super) created: Vec<(Timestamp, String)>,
    pub(super) deleted: Vec<String>,
    pub(super) scans: usize,
}

pub(super) fn sidecar(language: &str, digest: &str, author: SidecarAuthor) -> ScannedSidecar {
    let (language, digest) = (Some(language.to_owned()), digest.to_owned());
    ScannedSidecar { name: "film.srt".into(), language, flags: vec![], digest, author }
}

impl World {
    pub(super) fn new(spec: &Value) -> Self {
        let mut policy = json!({"library": "films", "languages": [{"language": "es"}]});
        policy.as_object_mut().expect("an object").extend(spec.as_object().expect("an object").clone());
        let object = json!({
            "apiVersion": "subtitles.dev/v1alpha1", "kind": "SubtitlePolicy",
            "metadata": {"name": "house", "namespace": "films", "uid": "0c1d", "generation": 1},
            "spec": policy,
        });
        Self {
            policy: serde_json::from_value(object).expect("a policy"),
            ledger: Ledger::new(),
            jobs: BTreeMap::new(),
            files: BTreeMap::new(),
            is_mounted: true,
            unreadable: Vec::new(),
            now: "2026-01-31T20:15:00Z".parse().expect("a time"),
            created: Vec::new(),
            deleted: Vec::new(),
            scans: 0,
        }
    }

    pub(super) fn add(&mut self, path: &str, hash: &str) {
        let file = File { hash: hash.to_owned(), sidecars: vec![], tracks: vec![] };
        self.files.insert(path.to_owned(), file);
    }

    pub(super) fn pass(&mut self, time: SignedDuration) {
        self.now += time;
    }

    /// Plans without applying the plan.
    pub(super) fn planned(&self) -> PolicyPlan {
        plan(&PolicyFacts {
            policy: &self.policy,
            ledger: &self.ledger,
            jobs: &self.jobs,
            denied: None,
            refused: None,
            installation: None,
            now: self.now,
        })
    }

    /// Plans and applies the plan; a scan that begins ends at once.
    pub(super) fn step(&mut self) -> PolicyPlan {
        let plan = self.planned();
        for (path, video) in plan.changes.clone() {
            match video {
                Some(video) => drop(self.ledger.insert(path, video)),
                None => drop(self.ledger.remove(&path)),
            }
        }
        for job in &plan.delete {
            self.delete(&job.name_any());
        }
        for job in &plan.create {
            let mut job = job.clone();
            job.metadata.uid = Some(job.name_any());
            job.metadata.creation_timestamp = Some(k8s_openapi::apimachinery::pkg::apis::meta::v1::Time(self.now));
            self.created.push((self.now, job.name_any()));
            let replaced = self.jobs.insert(job.name_any(), Arc::new(job));
            assert!(replaced.is_none(), "a job that exists was created");
        }
        self.policy.status = Some(plan.status.clone());
        self.check_limits();
        if let Some(scan) = &plan.scan {
            self.scan(scan);
        }
        plan
    }

    fn check_limits(&self) {
        let limits = &self.policy.spec.limits;
        assert!(self.live().len() <= limits.active as usize, "{} jobs are active", self.live().len());
        let recent = self.created.iter().filter(|(at, _)| *at > self.now - SignedDuration::from_hours(1)).count();
        // A pair that is asked for twice within an hour, and one whose video went away, count once or not at all.
        assert!(recent <= 2 * limits.new_per_hour as usize, "{recent} jobs were created within an hour");
        let names: BTreeSet<&String> = self.created.iter().map(|(_, name)| name).collect();
        assert_eq!(names.len(), self.created.len(), "a job was created twice");
    }

    fn delete(&mut self, name: &str) {
        let job = self.jobs.remove(name).expect("a job that exists is deleted");
        assert!(job.status.is_none(), "a job that a worker has begun was deleted");
        self.deleted.push(name.to_owned());
    }

    pub(super) fn live(&self) -> Vec<String> {
        let live = self.jobs.iter().filter(|(_, job)| job.status.is_none());
        live.map(|(name, _)| name.clone()).collect()
    }

    /// What a worker and the consumer loop make of a scan.
    fn scan(&mut self, request: &ScanRequested) {
        self.scans += 1;
        let mut builder = PageBuilder::new(request, ScanCounts::default());
        for path in &self.unreadable {
            assert!(builder.add_unreadable(path, "permission denied").is_none());
        }
        let readable = |path: &&String| self.is_mounted && !self.unreadable.contains(path);
        for (path, file) in self.files.iter().filter(|(path, _)| readable(path)) {
            let page = builder.add_video(ScannedVideo {
                path: path.clone(),
                size_bytes: 1,
                modified: Timestamp::UNIX_EPOCH,
                hash: Some(file.hash.clone()),
                duration_seconds: None,
                sidecars: file.sidecars.clone(),
                tracks: file.tracks.clone(),
            });
            assert!(page.is_none(), "one page is enough");
        }
        let (page, finished) = builder.finish(None);
        if let Some(page) = page {
            let folded = pages::fold(&self.policy.spec, &page, &self.ledger, self.now);
            self.ledger.extend(folded.changes);
            self.delete_unfinished(&folded.obsolete);
        }
        let (end, status) = plan::scan_ended(&self.policy, &finished, &self.ledger, self.now);
        self.delete_unfinished(&end.obsolete);
        for (path, video) in end.changes {
            match video {
                Some(video) => drop(self.ledger.insert(path, video)),
                None => drop(self.ledger.remove(&path)),
            }
        }
        self.policy.status = status;
    }

    fn delete_unfinished(&mut self, names: &[String]) {
        for job in unfinished(names, &self.jobs) {
            self.delete(&job.name_any());
        }
    }

    /// A job ends; one that is done writes a sidecar, if its video is still there.
    pub(super) fn end(&mut self, name: &str, is_done: bool) {
        let mut job = self.jobs[name].as_ref().clone();
        let status = if is_done {
            json!({"phase": "Done", "reason": "SubtitleFound", "completionTime": self.now})
        } else {
            json!({"phase": "Failed", "reason": "NoSubtitleFound", "completionTime": self.now})
        };
        job.status = Some(serde_json::from_value(status).expect("a status"));
        let path = job.spec.video.path.clone().expect("a path");
        if let Some(file) = self.files.get_mut(&path).filter(|_| is_done && job.spec.output.sidecar != Sidecar::Never) {
            if job.spec.output.sidecar == Sidecar::Overwrite {
                file.sidecars.retain(|other| other.language.as_ref() != Some(&job.spec.language));
            }
            file.sidecars.push(sidecar(&job.spec.language, name, SidecarAuthor::Found));
        }
        self.jobs.insert(name.to_owned(), Arc::new(job));
    }

    /// A person accepts what the last scan found, unless that is nothing.
    pub(super) fn accept(&mut self) {
        let scan = self.policy.status.as_ref().and_then(|status| status.last_scan.as_ref());
        if let Some(scan) = scan.filter(|scan| scan.videos > 0).map(|scan| scan.id.to_string()) {
            self.policy.annotations_mut().insert("subtitles.dev/accept-scan".to_owned(), scan);
        }
    }

    /// Finished jobs are deleted after their time to live, when their outcome is in the ledger.
    pub(super) fn collect(&mut self) {
        let pairs = self.ledger.values().flat_map(|video| video.pairs.values());
        let named: BTreeSet<&String> = pairs.filter_map(|pair| pair.job.as_ref()).collect();
        self.jobs.retain(|name, job| job.status.is_none() || named.contains(name));
    }

    pub(super) fn condition(&self, kind: &str) -> String {
        let conditions = self.policy.status.iter().flat_map(|status| &status.conditions);
        let found = conditions.into_iter().find(|condition| condition.type_ == kind);
        found.map_or_else(String::new, |condition| condition.status.clone())
    }
}
