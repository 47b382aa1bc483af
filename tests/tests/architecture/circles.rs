//! No two files and no two folders depend on each other, so that each can be read after its dependencies. Does I/O.

use std::collections::{BTreeMap, BTreeSet};

use crate::{
    assert_none,
    sources::{CRATES, Modules, sources},
};

type Graph = BTreeMap<String, BTreeSet<String>>;

/// The nodes that are reachable from a node.
fn reachable<'a>(graph: &'a Graph, from: &str) -> BTreeSet<&'a str> {
    let (mut seen, mut next) = (BTreeSet::new(), vec![from]);
    while let Some(node) = next.pop() {
        for target in graph.get(node).into_iter().flatten() {
            if seen.insert(target.as_str()) {
                next.push(graph.get_key_value(target).map_or(target.as_str(), |(key, _)| key.as_str()));
            }
        }
    }
    seen
}

/// The strongly connected components with more than one node.
fn circles(graph: &Graph) -> BTreeSet<BTreeSet<String>> {
    let reach: BTreeMap<&str, BTreeSet<&str>> =
        graph.keys().map(|node| (node.as_str(), reachable(graph, node))).collect();
    let mut found = BTreeSet::new();
    for (node, targets) in &reach {
        let mutual = targets.iter().filter(|target| reach.get(**target).is_some_and(|back| back.contains(node)));
        let circle: BTreeSet<String> = mutual.map(ToString::to_string).collect();
        if circle.len() > 1 {
            found.insert(circle);
        }
    }
    found
}

/// Describes a circle by the uses in it, so that one can be chosen for removal.
fn described(place: &str, graph: &Graph, circle: &BTreeSet<String>) -> String {
    let arrows = circle.iter().flat_map(|from| {
        let targets = graph[from].iter().filter(move |target| circle.contains(*target) && *target != from);
        targets.map(move |target| format!("{from} -> {target}"))
    });
    format!("{place}: {}", arrows.collect::<Vec<_>>().join(", "))
}

/// The uses between the direct entries (files and subfolders) of each folder.
fn by_folder(files: &Graph) -> BTreeMap<String, Graph> {
    let mut folders: BTreeMap<String, Graph> = BTreeMap::new();
    for (from, targets) in files {
        for target in targets {
            let (from_parts, target_parts): (Vec<&str>, Vec<&str>) =
                (from.split('/').collect(), target.split('/').collect());
            let common = from_parts.iter().zip(&target_parts).take_while(|(one, other)| one == other).count();
            let entries = folders.entry(from_parts[..common].join("/")).or_default();
            entries.entry(target_parts[common].to_owned()).or_default();
            entries.entry(from_parts[common].to_owned()).or_default().insert(target_parts[common].to_owned());
        }
    }
    folders
}

fn uses(folder: &str) -> Graph {
    Modules::new(folder, &sources(folder)).uses()
}

#[test]
fn no_files_use_each_other_in_a_circle() {
    let mut breaches = Vec::new();
    for folder in CRATES {
        let graph = uses(folder);
        breaches.extend(circles(&graph).iter().map(|circle| described(folder, &graph, circle)));
    }
    assert_none("files must not use each other in a circle", &breaches);
}

#[test]
fn no_folders_use_each_other_in_a_circle() {
    let mut breaches = Vec::new();
    for folder in CRATES {
        for (inside, graph) in by_folder(&uses(folder)) {
            let place = format!("{folder}/{inside}");
            breaches.extend(circles(&graph).iter().map(|circle| described(&place, &graph, circle)));
        }
    }
    assert_none("the files and subfolders of a folder must not use each other in a circle", &breaches);
}

#[test]
fn a_circle_is_found_between_files_and_between_folders() {
    let arrows = [("a/x.rs", "b/y.rs"), ("b/z.rs", "a/w.rs"), ("c.rs", "d.rs"), ("d.rs", "c.rs")];
    let mut graph = Graph::new();
    for (from, target) in arrows {
        graph.entry(target.to_owned()).or_default();
        graph.entry(from.to_owned()).or_default().insert(target.to_owned());
    }
    let set = |names: [&str; 2]| names.map(str::to_owned).into_iter().collect::<BTreeSet<_>>();
    assert_eq!(circles(&graph), BTreeSet::from([set(["c.rs", "d.rs"])]));
    assert_eq!(circles(&by_folder(&graph)[""]), BTreeSet::from([set(["a", "b"]), set(["c.rs", "d.rs"])]));
}
