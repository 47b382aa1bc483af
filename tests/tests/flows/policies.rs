//! A policy over a folder of the library: every video gets its subtitle, what is added later too, and what is gone takes its
//! jobs with it. Does I/O.

use std::fs;

use serde_json::Value;
use subtitle_tests::{
    process::{eventually, output},
    stack::Stack,
};

use crate::TIMEOUT;

const POLICY: &str = "apiVersion: subtitles.dev/v1alpha1\nkind: SubtitlePolicy\nmetadata: {name: house}\nspec:\n  \
    select: {include: ['house/**'], settle: 0s}\n  languages: [{language: es}, {language: en}]\n";

fn policy(stack: &Stack) -> Option<Value> {
    let printed = output(stack.cluster.kubectl().args(["get", "subpol", "house", "-o", "json"])).ok()?;
    serde_json::from_str(&printed).ok()
}

fn jobs(stack: &Stack) -> Vec<Value> {
    let arguments = ["get", "subjob", "-l", "subtitles.dev/policy=house", "-o", "json"];
    let printed = output(stack.cluster.kubectl().args(arguments)).expect("lists");
    let list: Value = serde_json::from_str(&printed).expect("JSON");
    list["items"].as_array().expect("a list").clone()
}

/// Waits until this many subtitles are wanted and there.
fn wait_until_satisfied(stack: &Stack, wanted: u64) -> Value {
    let satisfied = || {
        let policy = policy(stack)?;
        let pairs = &policy["status"]["pairs"];
        let conditions = policy["status"]["conditions"].as_array()?;
        let is_satisfied = conditions.iter().any(|one| one["type"] == "Satisfied" && one["status"] == "True");
        let is_wanted = pairs["wanted"].as_u64() == Some(wanted) && pairs["satisfied"].as_u64() == Some(wanted);
        (is_satisfied && is_wanted).then_some(policy)
    };
    eventually("the policy is satisfied", TIMEOUT * 2, satisfied).unwrap_or_else(|error| {
        panic!("{error}: {:#}\n{:#?}", policy(stack).unwrap_or_default()["status"], jobs(stack));
    })
}

fn rescan(stack: &Stack, token: &str) {
    let annotation = format!("subtitles.dev/scan={token}");
    output(stack.cluster.kubectl().args(["annotate", "--overwrite", "subpol", "house", &annotation]))
        .expect("annotates");
}

pub(crate) fn policy_is_satisfied(stack: &Stack) {
    let house = stack.library.join("house");
    fs::create_dir_all(house.join("deep")).expect("writable");
    for name in ["one.mkv", "deep/two.mkv"] {
        fs::copy(stack.library.join("harbour.mkv"), house.join(name)).expect("copies");
    }
    stack.apply(POLICY).expect("applies");
    let policy = wait_until_satisfied(stack, 4);
    assert_eq!(policy["status"]["lastScan"]["videos"], 2);
    for name in ["one.es.srt", "deep/two.es.srt"] {
        assert!(house.join(name).exists(), "{name} is missing");
    }
    let jobs = jobs(stack);
    // Both files have the same content, and their paths are different: each has its own job for Spanish; English is inside.
    assert_eq!(jobs.len(), 2, "{jobs:#?}");
    for job in &jobs {
        let owner = &job["metadata"]["ownerReferences"][0];
        assert_eq!((&owner["kind"], &owner["name"]), (&"SubtitlePolicy".into(), &"house".into()));
        assert_eq!(owner["uid"], policy["metadata"]["uid"]);
    }
    let table = output(stack.cluster.kubectl().args(["get", "subpol"])).expect("prints");
    assert!(table.contains("LIBRARY") && table.contains("MISSING"), "{table}");
    let uid = policy["metadata"]["uid"].as_str().expect("a uid");
    assert_eq!(stack.redis_command(&["EXISTS", &format!("job:events:{uid}")]).expect("answers"), "0");
}

pub(crate) fn added_video_is_found_by_the_next_scan(stack: &Stack) {
    fs::copy(stack.library.join("harbour.mkv"), stack.library.join("house/three.mkv")).expect("copies");
    rescan(stack, "1");
    wait_until_satisfied(stack, 6);
    assert!(stack.library.join("house/three.es.srt").exists());
}

pub(crate) fn unmounted_library_decides_nothing(stack: &Stack) {
    let (house, aside) = (stack.library.join("house"), stack.library.join("aside"));
    fs::rename(&house, &aside).expect("renames");
    rescan(stack, "2");
    let implausible = || {
        let policy = policy(stack)?;
        let conditions = policy["status"]["conditions"].as_array()?.clone();
        conditions.into_iter().find(|one| one["type"] == "ScanPlausible" && one["status"] == "False")
    };
    let condition = eventually("the scan is implausible", TIMEOUT, implausible).expect("a condition");
    assert!(condition["message"].as_str().expect("a text").contains("accept-scan"), "{condition}");
    assert_eq!(policy(stack).expect("a policy")["status"]["pairs"]["wanted"], 6);
    fs::rename(&aside, &house).expect("renames");
    rescan(stack, "3");
    wait_until_satisfied(stack, 6);
}
