//! Months of a library in which videos come, go, move and are replaced, jobs fail, and the library is unmounted for a while: no
//! limit is exceeded at any time, no job is created twice, and at rest every subtitle is there and nothing is created.

use jiff::SignedDuration;
use serde_json::json;

use super::world::World;

/// SplitMix64: a run is repeated from its seed.
struct Random(u64);

impl Random {
    /// A number from `least` to below `limit`.
    fn within(&mut self, least: usize, limit: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        least + usize::try_from((mixed ^ (mixed >> 31)) % (limit - least) as u64).expect("small")
    }
}

fn live_with(random: &mut Random) {
    let limits = json!({"active": random.within(1, 6), "newPerHour": random.within(2, 12)});
    let languages = json!([{"language": "es"}, {"language": "he", "translateAfter": "12h"}]);
    let mut world =
        World::new(&json!({"limits": limits, "languages": languages, "search": {"again": "2h", "longest": "1d"}}));
    let mut files = 0;
    for number in 0..20 {
        files += 1;
        world.add(&format!("film{number}.mkv"), &format!("{files:016x}"));
    }
    let pick = |random: &mut Random, world: &World| {
        let at = random.within(0, world.files.len().max(1));
        world.files.keys().nth(at).cloned()
    };
    for _ in 0..600 {
        match random.within(0, 40) {
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
            if random.within(0, 3) == 0 {
                world.end(&name, random.within(0, 3) > 0);
            }
        }
        world.pass(SignedDuration::from_mins(i64::try_from(random.within(1, 60)).expect("small")));
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
        let mut random = Random(seed * 2 + 1);
        live_with(&mut random);
    }
}
