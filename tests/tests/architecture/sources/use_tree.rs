//! `use` declarations and paths of a file's production code, as lists of segments. Pure.

/// A name that a `use` brings into a module.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Import {
    /// The path, from `crate`, `super`, `self` or a name.
    pub(crate) path: Vec<String>,
    /// The name it has here; `*` for all of a module.
    pub(crate) name: String,
    /// True for `pub use` and `pub(...) use`: a re-export.
    pub(crate) is_public: bool,
}

fn is_word(one: char) -> bool {
    one.is_alphanumeric() || one == '_'
}

/// Splits a string at its top-level commas.
fn parts(text: &str) -> Vec<&str> {
    let (mut parts, mut depth, mut from) = (Vec::new(), 0_usize, 0);
    for (at, one) in text.char_indices() {
        match one {
            '{' => depth += 1,
            '}' => depth = depth.saturating_sub(1),
            ',' if depth == 0 => {
                parts.push(&text[from..at]);
                from = at + 1;
            }
            _ => {}
        }
    }
    parts.push(&text[from..]);
    parts
}

fn expand(prefix: &[String], tree: &str, is_public: bool, imports: &mut Vec<Import>) {
    let tree = tree.trim();
    if tree.is_empty() {
        return;
    }
    if let Some((before, inside)) = tree.split_once('{') {
        let inside = inside.rsplit_once('}').map_or(inside, |(inside, _)| inside);
        let segments = before.split("::").map(str::trim).filter(|segment| !segment.is_empty()).map(str::to_owned);
        let prefix: Vec<String> = prefix.iter().cloned().chain(segments).collect();
        for part in parts(inside) {
            expand(&prefix, part, is_public, imports);
        }
        return;
    }
    let (tree, alias) = tree.split_once(" as ").map_or((tree, None), |(tree, alias)| (tree, Some(alias.trim())));
    let mut path = prefix.to_vec();
    path.extend(tree.split("::").map(|segment| segment.trim().to_owned()).filter(|segment| !segment.is_empty()));
    if path.len() > 1 && path.last().is_some_and(|last| last == "self") {
        path.pop();
    }
    let name = alias.map(str::to_owned).or_else(|| path.last().cloned()).unwrap_or_default();
    imports.push(Import { path, name, is_public });
}

/// The imports of the code, and the code without them.
pub(crate) fn parse(code: &str) -> (Vec<Import>, String) {
    let (mut imports, mut rest, mut from) = (Vec::new(), String::new(), 0);
    for (at, _) in code.match_indices("use ") {
        let before = &code[..at];
        let line = before.rsplit(['\n', ';', '}', '{']).next().unwrap_or_default().trim();
        if !(line.is_empty() || line.starts_with("pub") || line.ends_with(']')) {
            continue;
        }
        let Some((tree, _)) = code[at + 4..].split_once(';') else { continue };
        expand(&[], tree, line.contains("pub"), &mut imports);
        rest.push_str(code.get(from..at).unwrap_or_default());
        from = at + 4 + tree.len();
    }
    rest.push_str(code.get(from..).unwrap_or_default());
    (imports, rest)
}

/// Every path of at least two segments in code without `use` declarations.
pub(crate) fn paths(code: &str) -> Vec<Vec<String>> {
    let mut paths = Vec::new();
    for word in code.split(|one: char| !is_word(one) && one != ':') {
        let is_path = word.contains("::") && !word.starts_with(':');
        if is_path {
            paths.push(word.split("::").filter(|segment| !segment.is_empty()).map(str::to_owned).collect());
        }
    }
    paths
}

#[test]
fn a_use_tree_is_expanded() {
    let code = "use crate::{a::{self, B as C}, d::*};\npub(crate) use e::F;\n";
    let found: Vec<(String, String, bool)> =
        parse(code).0.into_iter().map(|import| (import.path.join("::"), import.name, import.is_public)).collect();
    let expected =
        [("crate::a", "a", false), ("crate::a::B", "C", false), ("crate::d::*", "*", false), ("e::F", "F", true)];
    assert_eq!(found, expected.map(|(path, name, is_public)| (path.to_owned(), name.to_owned(), is_public)));
}
