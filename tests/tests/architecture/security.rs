//! `SECURITY.md` names tests that exist, and the dependencies are what `.cargo/deny.toml` accepts: the same licences, bans and
//! sources that `cargo deny check` reads, without a tool to install. Does I/O.

use std::{collections::BTreeSet, fs, iter::Peekable, process::Command, str::SplitWhitespace};

use subtitle_tests::{documents::golden::has_test, root, skips::skip};

use crate::{assert_none, dependencies::tree};

/// TLS libraries other than rustls with ring.
const FOREIGN_TLS: [&str; 4] = ["openssl-sys", "aws-lc-sys", "aws-lc-rs", "native-tls"];

/// The strings of a list in `deny.toml`, by the line that opens it.
fn list(toml: &str, opening: &str) -> BTreeSet<String> {
    let list = toml.split_once(opening).and_then(|(_, rest)| rest.split_once("\n]")).expect(opening).0;
    list.lines()
        .filter(|line| !line.starts_with('#'))
        .filter_map(|line| Some(line.split('"').nth(1)?.to_owned()))
        .collect()
}

/// Whether an SPDX expression can be met by the allowed licences.
fn is_allowed(expression: &str, allowed: &BTreeSet<String>) -> bool {
    let spaced = expression.replace('(', " ( ").replace(')', " ) ").replace('/', " OR ");
    any(&mut spaced.split_whitespace().peekable(), allowed)
}

type Words<'a> = Peekable<SplitWhitespace<'a>>;

fn any(words: &mut Words<'_>, allowed: &BTreeSet<String>) -> bool {
    let mut is_met = all(words, allowed);
    while words.next_if_eq(&"OR").is_some() {
        is_met |= all(words, allowed);
    }
    is_met
}

fn all(words: &mut Words<'_>, allowed: &BTreeSet<String>) -> bool {
    let mut is_met = one(words, allowed);
    while words.next_if_eq(&"AND").is_some() {
        is_met &= one(words, allowed);
    }
    is_met
}

fn one(words: &mut Words<'_>, allowed: &BTreeSet<String>) -> bool {
    match words.next() {
        Some("(") => {
            let is_met = any(words, allowed);
            words.next();
            is_met
        }
        Some(name) if words.next_if_eq(&"WITH").is_some() => {
            allowed.contains(&format!("{name} WITH {}", words.next().unwrap_or_default()))
        }
        Some(name) => allowed.contains(name),
        None => false,
    }
}

/// Name, licence and version with its source of every crate that a product is built from.
fn crates(package: &str) -> Vec<(String, String, String)> {
    let tree = tree(package, &["--no-dedupe", "--format", "{p}|{l}"]);
    let read = |line: &str| {
        let (package, licence) = line.split_once('|')?;
        Some((package.split(' ').next()?.to_owned(), licence.to_owned(), package.to_owned()))
    };
    tree.lines().filter_map(read).collect()
}

#[test]
fn the_products_are_built_from_crates_that_deny_toml_accepts() {
    let toml = fs::read_to_string(root().join(".cargo/deny.toml")).expect("deny.toml");
    let (licences, banned) = (list(&toml, "\nallow = ["), list(&toml, "\ndeny = ["));
    assert!(licences.contains("MIT"), "{licences:?}");
    assert!(FOREIGN_TLS.iter().all(|tls| banned.contains(*tls)), "{banned:?}");
    let mut breaches = BTreeSet::new();
    for (name, licence, package) in ["subtitle-operator", "subtitle-workers"].into_iter().flat_map(crates) {
        if !is_allowed(&licence, &licences) {
            breaches.insert(format!("{name}: the licence '{licence}' is not allowed"));
        }
        if banned.contains(&name) {
            breaches.insert(format!("{name} is banned"));
        }
        // A registry other than crates.io, and git, are written behind the version.
        let is_elsewhere = package.contains("(http") || package.contains("(git") || package.contains("(registry");
        if is_elsewhere {
            breaches.insert(format!("{package}: not from crates.io"));
        }
    }
    assert_none("crates are those that .cargo/deny.toml accepts", &breaches.into_iter().collect::<Vec<_>>());
}

#[test]
fn a_licence_is_allowed_only_if_a_choice_of_it_is() {
    let allowed: BTreeSet<String> =
        ["MIT", "Apache-2.0", "Apache-2.0 WITH LLVM-exception", "Unicode-3.0"].map(str::to_owned).into();
    for (expression, is_met) in [
        ("MIT OR Apache-2.0", true),
        ("MIT/GPL-3.0", true),
        ("GPL-3.0", false),
        ("(MIT OR GPL-3.0) AND Unicode-3.0", true),
        ("MIT AND GPL-3.0", false),
        ("Apache-2.0 WITH LLVM-exception", true),
        ("GPL-2.0 WITH Classpath-exception-2.0", false),
        ("", false),
    ] {
        assert_eq!(is_allowed(expression, &allowed), is_met, "{expression}");
    }
}

#[test]
fn no_dependency_has_a_known_vulnerability() {
    let mut deny = Command::new(env!("CARGO"));
    let deny = deny.args(["deny", "--offline", "check", "advisories"]).current_dir(root()).output();
    let outcome = deny.map(|output| (output.status.success(), String::from_utf8_lossy(&output.stderr).into_owned()));
    match outcome {
        Ok((true, _)) => {}
        Ok((false, text)) if text.contains("advisories FAILED") => panic!("{text}"),
        Ok((false, _)) | Err(_) => {
            skip("advisories", "cargo-deny or its database of advisories is not on this machine");
        }
    }
}

/// Each code in backticks that is followed by ` in ` and a path, which must have a test of that name.
#[test]
fn every_test_that_security_md_names_exists() {
    let text = fs::read_to_string(root().join(".github/SECURITY.md")).expect("SECURITY.md");
    let words: Vec<&str> = text.split('`').collect();
    let mut breaches = Vec::new();
    let mut named = 0;
    for three in words.windows(3).filter(|three| three[1] == " in ") {
        let (name, path) = (three[0], three[2]);
        named += 1;
        if !has_test(path, name) {
            breaches.push(format!("{name} in {path}"));
        }
    }
    assert!(named > 15, "{named}");
    assert_none("SECURITY.md names tests that exist", &breaches);
}
