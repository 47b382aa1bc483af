//! Months of a library in which videos come, go, move and are replaced, jobs fail, and the library is unmounted for a while: no
//! limit is exceeded at any time, no job is created twice, and at rest every subtitle is there and nothing is created.

use jiff::SignedDuration;
use serde_json::json;

use super::world::World;

fn live_with(random: &mut fastrand::Rng) {
    let limits = json!({"active": random.u32(1..6), "newPerHour": random.u32(2..12)});
    let languages = json!([{"language": "es"}, {"language": "he", "translateAfter": "12h"}]);
    let mut world =
        World::new(json!({"limits": limits, "languages": languages, "search": {"again": "2h", "longest": "1d"}}));
    let mut files = 0;
    for number in 0..20 {
        files += 1;
        world.add(&format!("film{number}.mkv"), &format!("{files:016x}"));
    }
    let pick = |random: &mut fastrand::Rng, world: &World| {
        let at = random.usize(0..world.files.len().max(1));
        world.files.keys().nth(at).cloned()
    };
    for _ in 0..600 {
        match random.u32(0..40) {
            0 => {
                files += 1;
                world.add(&format!("added{files}.mkv"), &format!("{files:016x}"));
            }
            1 => {
                if let Some(path) = pick(random, &world).filter(|_| world.files.len() > 15) {
                    world.files.remove(&path);
                }
            }
            2 => {
                if let Some(path) = pick(random, &world) {
                    files += 1;
                    let file = world.files.remove(&path).expect("a file");
                    world.files.insert(format!("moved{files}.mkv"), file);
                }
            }
            3 => {
                if let Some(path) = pick(random, &world) {
                    files += 1;
                    world.files.get_mut(&path).expect("a file").hash = format!("{files:016x}");
                }
            }
            4 => world.is_mounted = !world.is_mounted,
            5 => {
                if let Some(path) = pick(random, &world) {
                    world.files.get_mut(&path).expect("a file").sidecars.clear();
                }
            }
            6 => world.collect(),
            _ => {}
        }
        let is_away = !world.is_mounted && world.condition("ScanPlausible") == "False";
        let (deleted, before) = (world.deleted.len(), world.created.len());
        world.step();
        if is_away {
            assert_eq!((world.deleted.len(), world.created.len()), (deleted, before), "decided on an empty library");
        }
        for name in world.live() {
            if random.u32(0..3) == 0 {
                world.end(&name, random.u32(0..3) > 0);
            }
        }
        world.pass(SignedDuration::from_mins(random.i64(1..60)));
    }
    world.is_mounted = true;
    for _ in 0..24 * 60 {
        world.accept();
        world.step();
        for name in world.live() {
            world.end(&name, true);
        }
        world.pass(SignedDuration::from_hours(1));
    }
    let pairs = world.policy.status.as_ref().expect("a status").pairs;
    assert_eq!((pairs.satisfied, pairs.missing), (pairs.wanted, 0), "{:?}", world.policy.status);
    assert_eq!(pairs.wanted as usize, world.files.len() * 2);
    let before = world.created.len();
    for _ in 0..24 * 30 {
        world.step();
        world.pass(SignedDuration::from_hours(1));
    }
    assert_eq!(world.created.len(), before, "jobs are created at rest");
}

#[test]
fn months_of_changes_exceed_no_limit_and_end_satisfied() {
    for seed in 0..60 {
        let mut random = fastrand::Rng::with_seed(seed);
        live_with(&mut random);
    }
}
