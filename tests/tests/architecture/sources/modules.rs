//! The files of a crate and their uses of each other, by the paths in their source. A re-export does not count as a use: an
//! import through it counts as a use of the file that declares the name. Pure.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    Source,
    use_tree::{Import, parse, paths},
};

/// A module's path within its crate; the crate's root is empty.
type Path = Vec<String>;

/// Maximum number of re-exports to follow.
const MAX_STEPS: usize = 8;

struct Module {
    file: String,
    imports: Vec<Import>,
    paths: Vec<Vec<String>>,
}

/// The modules of one crate's library.
pub(crate) struct Modules {
    modules: BTreeMap<Path, Module>,
}

/// The module of a file, from its path under the source folder; `None` for the root of a program.
fn module_path(inside: &str) -> Option<Path> {
    if inside == "main.rs" || inside.starts_with("bin/") {
        return None;
    }
    let mut path: Path = inside.trim_end_matches(".rs").split('/').map(str::to_owned).collect();
    if path.last().is_some_and(|last| last == "mod" || last == "lib") {
        path.pop();
    }
    Some(path)
}

impl Modules {
    /// The modules of the library whose sources are in `folder`.
    pub(crate) fn new(folder: &str, sources: &[Source]) -> Self {
        let module = |source: &Source| {
            let inside = source.path.strip_prefix(folder)?.trim_start_matches('/').to_owned();
            let path = module_path(&inside)?;
            let (imports, rest) = parse(&source.code);
            Some((path, Module { file: inside, imports, paths: paths(&rest) }))
        };
        Self { modules: sources.iter().filter_map(module).collect() }
    }

    /// The absolute path, within the crate, of a path written in `from`; `None` for another crate's.
    fn absolute(&self, from: &Path, written: &[String]) -> Option<Path> {
        let (first, rest) = written.split_first()?;
        let (mut base, mut rest) = (from.clone(), rest);
        match first.as_str() {
            "crate" => base.clear(),
            "self" => {}
            "super" => {
                base.pop()?;
                while let Some((_, after)) = rest.split_first().filter(|(next, _)| *next == "super") {
                    base.pop()?;
                    rest = after;
                }
            }
            name => {
                base.push(name.to_owned());
                self.modules.contains_key(&base).then_some(())?;
            }
        }
        base.extend(rest.iter().cloned());
        Some(base)
    }

    /// The module that declares what an absolute path names.
    fn declaring(&self, path: &Path, steps: usize) -> Option<Path> {
        let depth = (0..=path.len()).rev().find(|depth| self.modules.contains_key(&path[..*depth]))?;
        let module = path[..depth].to_vec();
        let Some(name) = path.get(depth).filter(|_| steps > 0) else { return Some(module) };
        let import = self.modules[&module].imports.iter().find(|import| import.name == *name);
        let further = import.and_then(|import| self.absolute(&module, &import.path));
        match further.filter(|further| *further != *path) {
            Some(mut further) => {
                further.extend(path[depth + 1..].iter().cloned());
                self.declaring(&further, steps - 1)
            }
            None => Some(module),
        }
    }

    /// For each file, the files whose declarations it uses.
    pub(crate) fn uses(&self) -> BTreeMap<String, BTreeSet<String>> {
        let mut uses: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        for (path, module) in &self.modules {
            let imported = module.imports.iter().filter(|import| !import.is_public).map(|import| &import.path);
            let absolute = imported.chain(&module.paths).filter_map(|written| self.absolute(path, written));
            let targets = absolute.filter_map(|target| self.declaring(&target, MAX_STEPS));
            let files = targets.filter(|target| target != path).map(|target| self.modules[&target].file.clone());
            uses.entry(module.file.clone()).or_default().extend(files);
        }
        uses
    }
}

#[cfg(test)]
fn library(files: &[(&str, &str)]) -> BTreeMap<String, BTreeSet<String>> {
    let source = |(path, text): &(&str, &str)| Source {
        path: format!("x/src/{path}"),
        text: (*text).to_owned(),
        code: (*text).to_owned(),
    };
    Modules::new("x/src", &files.iter().map(source).collect::<Vec<_>>()).uses()
}

#[test]
fn a_path_leads_to_the_file_that_declares_the_name() {
    let uses = library(&[
        ("lib.rs", "pub mod a;\npub mod b;\n"),
        ("a/mod.rs", "mod one;\nmod two;\npub use one::One;\n"),
        ("a/one.rs", "pub struct One;"),
        ("a/two.rs", "use super::One;\n"),
        ("b.rs", "use crate::a::{One, two};\nfn f() { crate::a::g() }\n"),
    ]);
    let files = |name: &str| uses[name].iter().map(String::as_str).collect::<Vec<_>>();
    assert_eq!(files("a/two.rs"), ["a/one.rs"], "the re-export was not resolved");
    assert_eq!(files("a/mod.rs"), [""; 0], "a re-export counts as a use");
    assert_eq!(files("b.rs"), ["a/mod.rs", "a/one.rs", "a/two.rs"]);
}
