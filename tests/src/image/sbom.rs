//! What the image's programs are made of, as an SPDX 2.3 document: from `cargo tree` and the lock file. Runs cargo.

use std::{collections::BTreeSet, fs};

use anyhow::{Context as _, Result};
use serde_json::{Value, json};

use crate::{
    process::{cargo, output},
    root,
};

/// The committed document, from the checkout's root.
pub const FILE: &str = "manifests/image/sbom.spdx.json";

struct Crate {
    name: String,
    version: String,
    license: String,
    checksum: Option<String>,
}

fn crates() -> Result<Vec<Crate>> {
    let mut tree = cargo();
    tree.args(["tree", "--locked", "--package", "subtitle-operator", "--package", "subtitle-workers"]);
    tree.args(["--edges", "normal", "--target", "x86_64-unknown-linux-gnu", "--prefix", "none", "--no-dedupe"]);
    let tree = output(tree.args(["--format", "{p}|{l}"]))?;
    let lock = fs::read_to_string(root().join("Cargo.lock"))?;
    let lines: BTreeSet<&str> = tree.lines().filter(|line| !line.is_empty()).collect();
    let crates = lines.into_iter().map(|line| {
        let (package, license) = line.split_once('|').context("cargo tree printed a package without a licence")?;
        let mut words = package.split(' ');
        let (name, version) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
        let version = version.trim_start_matches('v');
        let entry = lock.split("[[package]]").find(|entry| {
            entry.contains(&format!("name = \"{name}\"\n")) && entry.contains(&format!("version = \"{version}\"\n"))
        });
        let checksum = entry.and_then(|entry| Some(entry.split_once("checksum = \"")?.1.split_once('"')?.0.to_owned()));
        let license = license.replace('/', " OR ");
        Ok(Crate { name: name.to_owned(), version: version.to_owned(), license, checksum })
    });
    crates.collect()
}

fn package(each: &Crate) -> Value {
    let Crate { name, version, license, checksum } = each;
    let ours = checksum.is_none();
    let mut package = json!({
        "SPDXID": format!("SPDXRef-{name}-{version}").replace(['_', '+'], "."),
        "name": name,
        "versionInfo": version,
        "licenseDeclared": if license.is_empty() { "NOASSERTION" } else { license },
        "filesAnalyzed": false,
        "downloadLocation": if ours { "NOASSERTION".to_owned() } else { format!("https://crates.io/crates/{name}/{version}") },
    });
    if let Some(checksum) = checksum {
        package["checksums"] = json!([{"algorithm": "SHA256", "checksumValue": checksum}]);
        package["externalRefs"] = json!([{
            "referenceCategory": "PACKAGE-MANAGER",
            "referenceType": "purl",
            "referenceLocator": format!("pkg:cargo/{name}@{version}"),
        }]);
    }
    package
}

/// The document as it has to be for the sources as they are.
pub fn generate() -> Result<String> {
    let packages: Vec<Value> = crates()?.iter().map(package).collect();
    let describes = |package: &Value| json!({"spdxElementId": "SPDXRef-DOCUMENT", "relationshipType": "DESCRIBES", "relatedSpdxElement": package["SPDXID"]});
    let document = json!({
        "spdxVersion": "SPDX-2.3",
        "dataLicense": "CC0-1.0",
        "SPDXID": "SPDXRef-DOCUMENT",
        "name": "subtitle-operator",
        "documentNamespace": format!("https://subtitles.dev/spdx/subtitle-operator-{}", env!("CARGO_PKG_VERSION")),
        // The same sources give the same file, so no time of day.
        "creationInfo": {"created": "1970-01-01T00:00:00Z", "creators": ["Tool: cargo dev generate"]},
        "relationships": packages.iter().map(describes).collect::<Vec<_>>(),
        "packages": packages,
    });
    Ok(format!("{document:#}\n"))
}
