//! Every environment variable that the chart sets is read by a program. Does I/O.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

use subtitle_tests::root;

use crate::chart::{self, list, text};

fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
}

#[test]
fn every_variable_is_read_by_a_program() {
    let mut files = Vec::new();
    for folder in ["operator/src", "workers/src", "core"] {
        sources(&root().join(folder), &mut files);
    }
    let code: String = files.iter().map(|file| fs::read_to_string(file).expect("readable")).collect();
    let mut names = BTreeSet::new();
    for (_, file) in chart::variants() {
        for (_, pod) in chart::pods(&chart::objects(&chart::rendered("subtitles", &[&file], &[]))) {
            for container in list(&pod["spec"]["containers"]) {
                names.extend(list(&container["env"]).iter().map(|variable| text(&variable["name"]).to_owned()));
            }
        }
    }
    let ours: Vec<&String> = names.iter().filter(|name| name.starts_with("SUBTITLES_")).collect();
    assert!(ours.len() > 20, "{ours:?}");
    for name in ours {
        assert!(code.contains(&format!("\"{name}\"")), "no program reads {name}");
    }
}
