//! What scans change: what satisfies a pair, and the life of a video.

use jiff::SignedDuration;
use serde_json::json;
use subtitle_contract::policy::scan::{ScannedSidecar, ScannedTrack, SidecarAuthor, SubtitleFlag, TrackKind};

use super::world::{World, sidecar};

const HOUR: SignedDuration = SignedDuration::from_hours(6);

fn rescan(world: &mut World) {
    world.pass(HOUR);
    assert!(world.step().scan.is_some());
}

/// A world in which every subtitle was made.
fn satisfied(videos: usize) -> World {
    let mut world = World::new(&json!({"search": {"again": "1h"}}));
    for number in 0..videos {
        world.add(&format!("film{number}.mkv"), &format!("{number:016x}"));
    }
    world.step();
    world.step();
    for name in world.live() {
        world.end(&name, true);
    }
    world.step();
    rescan(&mut world);
    world.step();
    assert_eq!(world.condition("Satisfied"), "True");
    world.created.clear();
    world
}

#[test]
fn a_pair_is_satisfied_by_what_the_wish_accepts() {
    let plain = |language| sidecar(language, "d", SidecarAuthor::Person);
    let flagged = |flags: &[SubtitleFlag]| ScannedSidecar { flags: flags.to_vec(), ..plain("es") };
    let track = |language: &str, kind| {
        let language = Some(language.to_owned());
        ScannedTrack { language, kind, flags: vec![], name: String::new() }
    };
    let everywhere = json!([{"language": "es"}]);
    let beside = json!([{"language": "es", "accept": ["Sidecar"]}]);
    let brazilian = json!([{"language": "pt-BR"}]);
    let forced = json!([{"language": "es", "kind": "Forced"}]);
    for (languages, sidecars, tracks, is_satisfied) in [
        (&everywhere, vec![plain("es")], vec![], true),
        (&everywhere, vec![plain("es-419")], vec![], true),
        (&everywhere, vec![plain("fr")], vec![], false),
        (&everywhere, vec![flagged(&[SubtitleFlag::HearingImpaired])], vec![], true),
        (&everywhere, vec![flagged(&[SubtitleFlag::Forced])], vec![], false),
        (&everywhere, vec![flagged(&[SubtitleFlag::Commentary])], vec![], false),
        (&everywhere, vec![], vec![track("es", TrackKind::Text)], true),
        (&everywhere, vec![], vec![track("es", TrackKind::Picture)], false),
        (&beside, vec![], vec![track("es", TrackKind::Text)], false),
        (&brazilian, vec![plain("pt-PT")], vec![], false),
        (&brazilian, vec![plain("pt")], vec![], true),
        (&forced, vec![flagged(&[SubtitleFlag::Forced])], vec![], true),
        (&forced, vec![plain("es")], vec![], false),
    ] {
        let mut world = World::new(&json!({"languages": languages}));
        world.add("film.mkv", "00");
        let file = world.files.get_mut("film.mkv").expect("a file");
        (file.sidecars, file.tracks) = (sidecars.clone(), tracks.clone());
        world.step();
        world.step();
        assert_eq!(world.condition("Satisfied") == "True", is_satisfied, "{languages} {sidecars:?} {tracks:?}");
    }
}

#[test]
fn a_video_that_moves_keeps_what_was_done_for_it() {
    let mut world = World::new(&json!({}));
    for number in 0..8 {
        world.add(&format!("film{number}.mkv"), &format!("{number:016x}"));
    }
    world.step();
    world.step();
    let jobs = world.live();
    world.end(&jobs[0], false);
    world.step();
    let path = world.jobs[&jobs[0]].spec.video.path.clone().expect("a path");
    let before = world.ledger[&path].pairs.clone();
    let file = world.files.remove(&path).expect("the file");
    world.files.insert("elsewhere/film.mkv".into(), file);
    rescan(&mut world);
    assert!(!world.ledger.contains_key(&path));
    assert_eq!(world.ledger["elsewhere/film.mkv"].pairs, before);
}

#[test]
fn another_file_under_the_same_path_is_a_new_wish_and_the_old_sidecar_does_not_count() {
    let mut world = satisfied(1);
    world.files.get_mut("film0.mkv").expect("a file").hash = "ff".into();
    rescan(&mut world);
    let plan = world.step();
    assert_eq!(plan.create.len(), 1);
    assert_eq!(plan.create[0].spec.output.sidecar, subtitle_contract::job::Sidecar::Overwrite);
    for name in world.live() {
        world.end(&name, true);
    }
    world.step();
    rescan(&mut world);
    assert_eq!((world.step().create.len(), world.condition("Satisfied").as_str()), (0, "True"));
}

#[test]
fn the_jobs_of_a_video_that_is_gone_are_deleted_and_other_videos_stay() {
    let mut world = World::new(&json!({}));
    for number in 0..10 {
        world.add(&format!("film{number}.mkv"), &format!("{number:016x}"));
    }
    world.step();
    world.step();
    world.files.remove("film3.mkv");
    rescan(&mut world);
    assert_eq!((world.deleted.len(), world.live().len(), world.ledger.len()), (1, 9, 9));
}

#[test]
fn a_video_that_cannot_be_read_has_not_vanished() {
    let mut world = satisfied(10);
    world.unreadable = vec!["film1.mkv".into(), "film2.mkv".into(), "film3.mkv".into()];
    rescan(&mut world);
    world.step();
    assert_eq!((world.ledger.len(), world.condition("Satisfied").as_str()), (10, "True"));
}

#[test]
fn an_implausible_scan_decides_nothing_until_a_plausible_one_or_a_person_accepts_it() {
    let mut world = satisfied(10);
    world.add("new.mkv", "aa");
    rescan(&mut world);
    world.step();
    assert_eq!(world.live().len(), 1);
    let everything = world.ledger.len();
    for is_empty in [true, false] {
        if is_empty {
            world.is_mounted = false;
        } else {
            world.is_mounted = true;
            (0..3).for_each(|number| drop(world.files.remove(&format!("film{number}.mkv"))));
            world.add("newer.mkv", "ab");
        }
        rescan(&mut world);
        let plan = world.step();
        assert_eq!((plan.create.len(), plan.delete.len(), world.live().len()), (0, 0, 1));
        assert!(world.ledger.len() >= everything && world.condition("ScanPlausible") == "False");
    }
    world.accept();
    let plan = world.step();
    assert_eq!((world.ledger.len(), plan.create.len()), (everything - 3 + 1, 1));
    assert_eq!(world.condition("ScanPlausible"), "True");
}

#[test]
fn a_sidecar_that_is_deleted_is_made_again_but_not_in_a_loop() {
    let mut world = satisfied(1);
    for _ in 0..400 {
        world.files.get_mut("film0.mkv").expect("a file").sidecars.clear();
        world.step();
        for name in world.live() {
            world.end(&name, true);
            world.files.get_mut("film0.mkv").expect("a file").sidecars.clear();
        }
        world.step();
        world.pass(HOUR);
    }
    assert!((2..30).contains(&world.created.len()), "{} jobs in 100 days", world.created.len());
}
