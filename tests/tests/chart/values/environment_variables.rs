//! Every SUBTITLES_ variable that the chart sets is read by the source. Does I/O.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

use subtitle_tests::root;

use crate::chart::{self, list, text};

fn collect_rust_files(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            files.extend(collect_rust_files(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
    files
}

#[test]
fn every_variable_is_mentioned_in_the_source() {
    let files =
        ["operator/src", "workers/src", "core"].into_iter().flat_map(|folder| collect_rust_files(&root().join(folder)));
    let code: String = files.map(|file| fs::read_to_string(file).expect("readable")).collect();
    let mut names = BTreeSet::new();
    for (_, file) in chart::variants() {
        for (_, pod) in chart::pods(&chart::objects(&chart::rendered("subtitles", &[&file], &[]))) {
            for container in ["initContainers", "containers"].into_iter().flat_map(|kind| list(&pod["spec"][kind])) {
                names.extend(list(&container["env"]).iter().map(|variable| text(&variable["name"]).to_owned()));
            }
        }
    }
    let ours: Vec<&String> = names.iter().filter(|name| name.starts_with("SUBTITLES_")).collect();
    assert!(ours.len() > 20, "{ours:?}");
    for name in ours {
        assert!(code.contains(&format!("\"{name}\"")), "no source file mentions {name}");
    }
}
