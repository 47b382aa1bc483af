//! Tests the contract against real servers: the CRD on an API server, the topology on a broker. Does I/O.

use std::{collections::BTreeMap, fs, path::Path, process::Command};

use serde_json::Value;
use subtitle_broker::{Address, AmqpSession, Session as _};
use subtitle_tests::{
    job_manifest as job,
    kubernetes::{
        cluster::{Cluster, Fsync},
        programs::Programs,
    },
    process::free_port,
    progress,
    servers::rabbitmq::Broker,
    temporary_folder,
};

/// Applies a manifest; returns whether it was accepted, and the error output.
fn apply(cluster: &Cluster, folder: &Path, manifest: &str) -> (bool, String) {
    let file = folder.join("manifest.yaml");
    fs::write(&file, manifest).expect("writable");
    let output = cluster.kubectl().args(["apply", "-f"]).arg(&file).output().expect("kubectl runs");
    (output.status.success(), String::from_utf8_lossy(&output.stderr).into_owned())
}

/// A sample of rejected specs, and the text expected in the error of each.
const INVALID_SPECS: &[(&str, &str)] = &[
    ("{video: {title: A}}", "spec.language: Required value"),
    ("{video: {title: A}, language: spanish!}", "spec.language"),
    ("{video: {year: 2020}, language: es}", "video needs at least one of"),
    ("{video: {url: 'https://a.example/b', path: b}, language: es}", "url or path, not both"),
    ("{video: {url: 'ftp://a.example/b'}, language: es}", "spec.video.url"),
    ("{video: {path: a/../b.mkv}, language: es}", "must not contain '..'"),
    ("{video: {path: /b.mkv}, language: es}", "leave out the leading '/'"),
    ("{video: {title: A, episodes: [1]}, language: es}", "video.episodes needs video.season"),
    ("{video: {title: A, season: 0, episodes: []}, language: es}", "spec.video.episodes"),
    ("{video: {title: A, season: 0, episodes: [1,2,3,4,5,6,7,8,9,10,11]}, language: es}", "spec.video.episodes"),
    ("{video: {imdbId: '133093'}, language: es}", "spec.video.imdbId"),
    ("{video: {movieHash: 8E245D9679D31E12}, language: es}", "spec.video.movieHash"),
    ("{video: {title: A}, language: es, hearingImpaired: Maybe}", "spec.hearingImpaired"),
    (
        "{video: {title: A}, language: es, sources: [{name: a},{name: b},{name: a}]}",
        "sources must not list a source more than once",
    ),
    (
        "{video: {title: A}, language: es, translation: {engines: [{name: a},{name: a}]}}",
        "must not list an engine more than once",
    ),
    ("{video: {title: A}, language: es, translation: {from: []}}", "spec.translation.from"),
    ("{video: {title: A}, language: es, translation: {glossaryRef: {name: a, key: 'b c'}}}", "glossaryRef.key"),
    ("{video: {title: A}, language: es, translation: {glossaryRef: {name: ../secrets/a}}}", "glossaryRef.name"),
    ("{video: {title: A}, language: es, output: {sidecar: IfAbsent}}", "output.sidecar needs video.path"),
    ("{video: {title: A}, language: es, retry: {limit: 101}}", "spec.retry.limit"),
    ("{video: {title: A}, language: es, selection: {maxDownloads: 0}}", "spec.selection.maxDownloads"),
    ("{video: {title: A}, language: es, activeDeadlineSeconds: 0}", "spec.activeDeadlineSeconds"),
];

fn policy(name: &str, spec: &str) -> String {
    job(name, spec).replace("SubtitleJob", "SubtitlePolicy")
}

/// Names and specs of policies that are refused, and the text expected in the error of each.
const INVALID_POLICIES: &[(&str, &str, &str)] = &[
    ("refused", "{library: films}", "spec.languages: Required value"),
    ("refused", "{languages: []}", "spec.languages"),
    ("refused", "{languages: [{language: es}, {language: es}]}", "more than once"),
    ("refused", "{languages: [{language: spanish!}]}", "language"),
    ("refused", "{languages: [{language: es}], scan: {interval: soon}}", "spec.scan.interval"),
    ("refused", "{languages: [{language: es}], scan: {interval: 1h30m}}", "spec.scan.interval"),
    ("refused", "{languages: [{language: es}], limits: {active: 0}}", "spec.limits.active"),
    ("refused", "{languages: [{language: es}], search: {factor: 0}}", "spec.search.factor"),
    ("refused", "{languages: [{language: es, accept: [Screen]}]}", "accept"),
    ("refused", "{languages: [{language: es}], library: ../films}", "spec.library"),
    ("a.dot", "{languages: [{language: es}]}", "no dot"),
    ("a-name-that-is-much-too-long-for-the-label-of-its-jobs", "{languages: [{language: es}]}", "at most 50"),
];

struct ImmutableField {
    name: &'static str,
    first: &'static str,
    second: &'static str,
    is_optional: bool,
}

const fn required(name: &'static str, first: &'static str, second: &'static str) -> ImmutableField {
    ImmutableField { name, first, second, is_optional: false }
}

const fn optional(name: &'static str, first: &'static str, second: &'static str) -> ImmutableField {
    ImmutableField { name, first, second, is_optional: true }
}

/// Every immutable field with two different values.
const IMMUTABLE_FIELDS: &[ImmutableField] = &[
    required("video", "{title: A}", "{title: B}"),
    required("language", "es", "fr"),
    optional("hearingImpaired", "Prefer", "Require"),
    optional("forced", "Only", "Exclude"),
    optional("sources", "[{name: a}]", "[{name: b}]"),
    optional("preferredSources", "[a]", "[b]"),
    optional("selection", "{minimumScore: 1}", "{minimumScore: 2}"),
    optional("translation", "{policy: Always}", "{policy: Never}"),
    optional("output", "{format: SRT}", "{format: ASS}"),
    optional("retry", "{limit: 1}", "{limit: 2}"),
    optional("activeDeadlineSeconds", "10", "20"),
];

fn spec_with(field: &str, value: Option<&str>) -> String {
    let mut fields = vec![("video", "{title: A}"), ("language", "es")];
    fields.retain(|(name, _)| *name != field);
    fields.extend(value.map(|value| (field, value)));
    let fields: Vec<String> = fields.iter().map(|(name, value)| format!("{name}: {value}")).collect();
    format!("{{{}}}", fields.join(", "))
}

#[test]
fn the_api_server_enforces_the_crd_schema() {
    let folder = temporary_folder("crd").expect("a temporary folder");
    let programs = Programs::find_or_build(&progress::print).expect("Kubernetes compiles");
    let cluster = Cluster::start(&programs, &folder, Fsync::Disabled).expect("the API server starts");
    let crds = Path::new(env!("CARGO_MANIFEST_DIR")).join("../crds");
    let output = cluster.kubectl().args(["apply", "-f"]).arg(&crds).output().expect("kubectl runs");
    assert!(output.status.success() && output.stderr.is_empty(), "{}", String::from_utf8_lossy(&output.stderr));
    let names = ["crd/subtitlejobs.subtitles.dev", "crd/subtitlepolicies.subtitles.dev"];
    let established = [&["wait", "--for=condition=Established", "--timeout=20s"][..], &names].concat();
    assert!(cluster.kubectl().args(established).status().expect("kubectl runs").success());

    for (spec, expected) in INVALID_SPECS {
        let (accepted, message) = apply(&cluster, &folder, &job("refused", spec));
        assert!(!accepted && message.contains(expected), "{spec}: expected '{expected}', got: {message}");
    }

    for (name, spec, expected) in INVALID_POLICIES {
        let (accepted, message) = apply(&cluster, &folder, &policy(name, spec));
        assert!(!accepted && message.contains(expected), "{spec}: expected '{expected}', got: {message}");
    }
    let full = "{library: films, select: {include: ['shows/**'], settle: 5m}, languages: [{language: es, translateAfter: 24h}, \
        {language: es, kind: Forced}], template: {metadata: {labels: {a: b}}, spec: {output: {sidecar: IfAbsent}}}, \
        search: {again: 24h, factor: 2}, scan: {interval: 6h}, limits: {active: 5}, mode: Observe, stop: Hold}";
    for spec in [full, "{languages: [{language: he}]}"] {
        let (accepted, message) = apply(&cluster, &folder, &policy("house", spec));
        assert!(accepted, "{spec}: {message}");
    }

    for ImmutableField { name: field, first, second, is_optional } in IMMUTABLE_FIELDS {
        let name = format!("immutable-{}", field.to_lowercase());
        let (accepted, message) = apply(&cluster, &folder, &job(&name, &spec_with(field, Some(first))));
        assert!(accepted, "{field}: {message}");
        let (accepted, message) = apply(&cluster, &folder, &job(&name, &spec_with(field, Some(second))));
        assert!(
            !accepted && message.contains("spec is immutable except priority, suspend"),
            "changed {field}: {message}"
        );
        if !is_optional {
            continue;
        }
        let (accepted, message) = apply(&cluster, &folder, &job(&name, &spec_with(field, None)));
        assert!(!accepted && message.contains("spec is immutable"), "removed {field}: {message}");
        let bare = format!("{name}-bare");
        let (accepted, message) = apply(&cluster, &folder, &job(&bare, &spec_with(field, None)));
        assert!(accepted, "{field}: {message}");
        let (accepted, message) = apply(&cluster, &folder, &job(&bare, &spec_with(field, Some(first))));
        assert!(!accepted && message.contains("spec is immutable"), "added {field}: {message}");
    }

    let (accepted, message) = apply(&cluster, &folder, &job("pausable", "{video: {title: A}, language: es}"));
    assert!(accepted, "{message}");
    for change in ["suspend: true", "priority: High", "ttlSecondsAfterFinished: 60"] {
        let changed = format!("{{video: {{title: A}}, language: es, {change}}}");
        let (accepted, message) = apply(&cluster, &folder, &job("pausable", &changed));
        assert!(accepted, "{change} is refused: {message}");
    }

    // A null is an absent field, whichever way the same file is applied.
    let nulls =
        job("nulls", "{video: {title: A, season: null}, language: es, sources: null, ttlSecondsAfterFinished: null}");
    let (accepted, message) = apply(&cluster, &folder, &nulls);
    assert!(accepted, "{message}");
    let file = folder.join("nulls.yaml");
    std::fs::write(&file, &nulls).expect("writable");
    for way in [&["apply", "--server-side", "--force-conflicts"][..], &["replace"]] {
        let applied = cluster.kubectl().args(way).arg("-f").arg(&file).output().expect("kubectl runs");
        assert!(applied.status.success(), "{way:?}: {}", String::from_utf8_lossy(&applied.stderr));
    }

    let explained = cluster.kubectl().args(["explain", "subtitlejob.spec.video.path"]).output().expect("kubectl runs");
    assert!(String::from_utf8_lossy(&explained.stdout).contains("Example:"), "kubectl explain shows no example");
    for name in ["subjob", "subtitles"] {
        let selector = ["get", name, "--field-selector", "spec.language=es", "-o", "name"];
        let listed = cluster.kubectl().args(selector).output().expect("kubectl runs");
        assert!(String::from_utf8_lossy(&listed.stdout).contains("pausable"), "not listed by {name}");
    }
    drop(cluster);
    let _ = fs::remove_dir_all(folder);
}

/// The exchanges, queues and bindings of a broker formatted for the golden file.
fn topology(broker: &Broker) -> String {
    let mut text = String::new();
    for (kind, columns) in [
        ("exchanges", &["name", "type", "durable", "arguments"][..]),
        ("queues", &["name", "durable", "arguments"][..]),
        ("bindings", &["source_name", "routing_key", "destination_name", "arguments"][..]),
    ] {
        let rows = broker.rabbitmqctl(&[&[&format!("list_{kind}"), "--formatter", "json"], columns].concat());
        let rows: Vec<BTreeMap<String, Value>> = serde_json::from_str(&rows.expect("lists")).expect("JSON");
        let ours = rows.into_iter().filter(|row| row.values().any(|value| value.to_string().contains("\"subtitle.")));
        let cells = |row: BTreeMap<String, Value>| {
            let cells: Vec<String> = columns.iter().map(|column| row[*column].to_string()).collect();
            format!("  {}\n", cells.join("  "))
        };
        let mut lines: Vec<String> = ours.map(cells).collect();
        lines.sort();
        text.extend([&format!("{kind}\n"), &lines.concat()].map(String::as_str));
    }
    text
}

#[tokio::test]
async fn the_declared_topology_matches_the_golden_file_and_no_process_is_left() {
    let folder = temporary_folder("broker").expect("a temporary folder");
    let broker = Broker::start(&folder, free_port().expect("a port")).expect("RabbitMQ starts");
    let (session, _) = AmqpSession::open_and_declare(&Address::url(&broker.url), "contract").await.expect("declares");
    let declared = topology(&broker);
    session.close().await;
    let (again, _) =
        AmqpSession::open_and_declare(&Address::url(&broker.url), "contract").await.expect("declares twice");
    again.close().await;
    assert_eq!(topology(&broker), declared);

    let golden = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/topology.txt");
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        fs::write(&golden, &declared).expect("golden file is writable");
    }
    assert_eq!(declared, fs::read_to_string(&golden).expect("golden file"), "UPDATE_GOLDEN=1 rewrites it");

    let epmd = broker.port_mapper.pid();
    drop(broker);
    let alive = Command::new("kill").args(["-0", &epmd.to_string()]).status().expect("kill runs");
    assert!(!alive.success(), "epmd is still running");
    let _ = fs::remove_dir_all(folder);
}
