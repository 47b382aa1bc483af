//! Any tree of folders: each video that is selected is listed exactly once, whatever an earlier scan knew.

use std::collections::BTreeSet;

use proptest::prelude::*;
use subtitle_contract::policy::scan::ScanSelection;

use crate::{
    library::Library,
    rig::{Rig, request},
};

fn name() -> impl Strategy<Value = String> {
    proptest::sample::select(vec!["a", "a b", "a.b", "B", "z", "Subs", "extras", "\u{e9}", "a-"])
        .prop_map(str::to_owned)
}

fn file() -> impl Strategy<Value = String> {
    let extension = proptest::sample::select(vec!["mkv", "MP4", "es.srt", "txt", "avi"]);
    (proptest::collection::vec(name(), 0..5), name(), extension).prop_map(|(folders, name, extension)| {
        let path: Vec<String> = folders.into_iter().chain([format!("{name}1.{extension}")]).collect();
        path.join("/")
    })
}

fn is_wanted(path: &str) -> bool {
    let is_video = ["mkv", "MP4", "avi"].iter().any(|extension| path.ends_with(extension));
    is_video && !path.split('/').rev().skip(1).any(|folder| folder == "extras")
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn each_selected_video_is_listed_exactly_once(
        first in proptest::collection::btree_set(file(), 0..40),
        second in proptest::collection::btree_set(file(), 0..10),
    ) {
        let library = Library::with(&first.iter().map(String::as_str).collect::<Vec<_>>());
        let rig = Rig::new(&library);
        let select = ScanSelection { exclude: vec!["**/extras/**".to_owned()], ..ScanSelection::default() };
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        let scan = || runtime.block_on(rig.scan(&request(select.clone(), &[])));
        let check = |files: &BTreeSet<String>| {
            let scan = scan();
            let mut listed: Vec<String> = scan.paths().into_iter().map(str::to_owned).collect();
            let in_order = listed.clone();
            listed.sort_unstable();
            prop_assert_eq!(&listed, &files.iter().filter(|path| is_wanted(path)).cloned().collect::<Vec<_>>());
            prop_assert!(scan.finished.is_complete && scan.unreadable().is_empty());
            Ok(in_order)
        };
        let listed = check(&first)?;
        prop_assert_eq!(check(&first)?, listed, "in the same order");
        let known = rig.counted("known");
        prop_assert_eq!(known, first.iter().filter(|path| is_wanted(path)).count() as u64);
        // Some files go, others come.
        for path in first.iter().step_by(3) {
            library.remove(path);
        }
        for path in &second {
            library.write(path, "another");
        }
        let left: BTreeSet<String> = first.iter().enumerate().filter(|(at, _)| at % 3 != 0).map(|(_, path)| path).chain(&second).cloned().collect();
        check(&left)?;
        check(&left)?;
    }
}
