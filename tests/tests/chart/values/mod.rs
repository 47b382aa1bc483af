//! Which values are accepted, and the errors of others: by the schema and by the chart's own checks. Does I/O.

mod examples;
mod variables;

use std::{
    fs,
    process::{Command, Output},
};

use serde_json::Value;
use subtitle_tests::{temporary_folder, tools};

use crate::chart;

/// `helm template` with the minimal values and these on top.
fn with(name: &str, values: &str) -> Output {
    let folder = temporary_folder("values").expect("a temporary folder");
    let file = folder.join(format!("{name}.yaml"));
    fs::write(&file, values).expect("writable");
    let output = chart::template(&tools::HELM_4, "subtitles", &[&chart::minimal(), &file], &[]);
    fs::remove_file(&file).expect("removable");
    let _ = fs::remove_dir(folder); // fails while other tests use it
    output
}

/// Values, and words of their error.
const REFUSED_BY_THE_SCHEMA: &[(&str, &str)] = &[
    ("replicaCount: 2", "replicaCount"),
    ("operator: {replica: 2}", "replica"),
    ("operator: {replicas: two}", "replicas"),
    ("rabbitmq: {secret: a}", "secret"),
    ("rabbitmq: {port: 70000}", "port"),
    ("store: {url: 'http://minio'}", "url"),
    ("libraries: [{name: films}]", "libraries"),
    ("libraries: [{name: Films, existingClaim: a}]", "name"),
    ("libraries: [{name: films, existingClaim: a, hostPath: /a}]", "libraries"),
    ("libraries: [{name: films, hostPath: a}]", "hostPath"),
    ("libraries: [{name: films, existingClaim: a}]", "read"),
    ("libraries: [{name: films, existingClaim: a, read: [A/b]}]", "read"),
    ("api: {auth: none}", "auth"),
    ("api: {audiences: []}", "audiences"),
    ("downloader: {concurrency: 0}", "concurrency"),
    ("translator: {keda: {minReplicas: 0}}", "minReplicas"),
    ("downloader: {terminationGracePeriodSeconds: 5}", "terminationGracePeriodSeconds"),
    ("image: {digest: latest}", "digest"),
    ("image: {pullPolicy: Sometimes}", "pullPolicy"),
    ("monitoring: {renderMode: maybe}", "renderMode"),
    ("watchNamespaces: [films, films]", "watchNamespaces"),
    ("allowPrivateAddresses: [10.0.0.1]", "allowPrivateAddresses"),
    ("operator: {pdb: {minAvailable: 1}}", "minAvailable"),
];

const REFUSED_BY_A_SENTENCE: &[(&str, &str)] = &[
    ("rabbitmq: {existingSecret: ''}", "rabbitmq.existingSecret is missing"),
    ("rabbitmq: {existingSecret: '', host: a, tls: {enabled: true}}", "name the Secret with the password"),
    ("rabbitmq: {host: a, insecure: false}", "set rabbitmq.tls.enabled, or rabbitmq.insecure"),
    ("redis: {host: a, insecure: false}", "set redis.tls.enabled, or redis.insecure"),
    ("store: {existingClaim: '', url: 's3://a', s3: {endpoint: 'http://minio:9000'}}", "set store.insecure"),
    ("rabbitmq: {username: a}", "rabbitmq.username is set without rabbitmq.host"),
    ("redis: {existingSecret: ''}", "redis.existingSecret is missing"),
    ("store: {existingClaim: ''}", "store.url is missing"),
    ("store: {url: 's3://a'}", "both set"),
    ("store: {existingSecret: a}", "a volume has no keys"),
    ("watchNamespaces: [films]", "which watchNamespaces does not list"),
    ("downloader: {autoscaling: {enabled: true}, keda: {enabled: true}}", "two autoscalers would fight"),
    ("translator: {keda: {enabled: true}}", "translator.keda needs rabbitmq.managementUrl"),
    ("apertium: {enabled: false}", "no engine translates"),
    ("translator: {engines: [deepl]}", "names deepl, which is not configured; configured: apertium-apy"),
    ("openai: {url: 'http://ollama/v1'}", "openai.model is missing"),
];

const TAKEN: &[&str] = &[
    "global: {anything: {an: umbrella}, imageRegistry: a.example}\nenabled: true",
    "watchNamespaces: [films]\napi: {namespace: films}",
    "watchNamespaces: [films]\napi: {enabled: false}",
    "rabbitmq: {port: null, host: ''}",
    "rabbitmq: {host: a, insecure: true}",
    "rabbitmq: {existingSecret: '', secrets: {operator: a, downloader: b, translator: c}}",
    "libraries: []",
    "libraries: [{name: films, volume: {csi: {driver: smb.csi.k8s.io}}, readOnly: true, read: [a]}]",
    "libraries: [{name: films, hostPath: /srv/films, read: ['*']}, {name: series, nfs: {server: nas.example, path: /series}, read: []}]",
    "apertium: {enabled: false, url: 'http://apy:2737'}",
    "translator: {engines: [simulated]}",
    "api: {auth: None}",
    "operator: {pdb: {enabled: true, maxUnavailable: 50%}}",
];

#[test]
fn an_invalid_value_is_rejected_by_name() {
    for (number, (values, words)) in REFUSED_BY_THE_SCHEMA.iter().enumerate() {
        let output = with(&format!("schema-{number}"), values);
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(!output.status.success() && said.contains("schema") && said.contains(words), "{values}: {said}");
    }
}

#[test]
fn a_missing_or_contradictory_value_is_explained() {
    for (number, (values, words)) in REFUSED_BY_A_SENTENCE.iter().enumerate() {
        let output = with(&format!("sentence-{number}"), values);
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(!output.status.success() && said.contains(words), "{values}: {said}");
    }
}

#[test]
fn a_valid_value_is_accepted() {
    for (number, values) in TAKEN.iter().enumerate() {
        let output = with(&format!("taken-{number}"), values);
        assert!(output.status.success(), "{values}: {}", String::from_utf8_lossy(&output.stderr));
    }
}

/// As a subchart it gets `global`, which may contain anything, and `enabled`, which switches it.
#[test]
fn it_works_as_a_subchart() {
    let umbrella = temporary_folder("umbrella").expect("a temporary folder");
    fs::create_dir_all(umbrella.join("charts")).expect("writable");
    let definition = "apiVersion: v2\nname: umbrella\nversion: 1.0.0\ndependencies:\n  \
        - {name: subtitle-operator, version: 0.x.x, alias: subtitles, condition: subtitles.enabled}\n";
    fs::write(umbrella.join("Chart.yaml"), definition).expect("writable");
    let own = fs::read_to_string(chart::minimal()).expect("readable").replace('\n', "\n  ");
    let values =
        format!("global: {{region: north, imageRegistry: mirror.example}}\nsubtitles:\n  enabled: true\n  {own}\n");
    fs::write(umbrella.join("values.yaml"), values).expect("writable");
    let copied = Command::new("cp").arg("-r").arg(chart::folder()).arg(umbrella.join("charts")).status();
    assert!(copied.expect("a copy").success());
    for (version, is_enabled) in [(&tools::HELM_4, true), (&tools::HELM_3, true), (&tools::HELM_4, false)] {
        let mut helm = chart::helm(version);
        helm.args(["template", "media", "--set", &format!("subtitles.enabled={is_enabled}")]).arg(&umbrella);
        let output = helm.output().expect("Helm runs");
        let text = String::from_utf8_lossy(&output.stdout);
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let has_it = text.contains("image: mirror.example/subtitles/subtitle-operator:");
        assert_eq!(has_it, is_enabled, "{}", version.version);
    }
    let _ = fs::remove_dir_all(umbrella);
}

/// Checks that a schema and the default values have the same keys.
fn assert_described(path: &str, schema: &Value, root: &Value, values: &Value) {
    let schema = match schema["$ref"].as_str() {
        Some(name) => &root["definitions"][name.trim_start_matches("#/definitions/")],
        None => schema,
    };
    let Some(properties) = schema["properties"].as_object() else { return };
    // An object that is empty by default may contain any keys: labels, resources, overrides of an image.
    let Some(values) = values.as_object().filter(|values| !values.is_empty()) else { return };
    for (name, schema) in properties {
        let is_foreign = path.is_empty() && (name == "global" || name == "enabled");
        let is_optional = path.ends_with("resources");
        let has_value = values.contains_key(name);
        assert!(
            has_value || is_foreign || is_optional,
            "{path}.{name} is in values.schema.json and not in values.yaml"
        );
        assert_described(&format!("{path}.{name}"), schema, root, &values.get(name).cloned().unwrap_or_default());
    }
}

#[test]
fn every_value_of_the_schema_has_a_default_and_so_a_description() {
    let schema = fs::read_to_string(chart::folder().join("values.schema.json")).expect("the schema");
    let schema: Value = serde_json::from_str(&schema).expect("JSON");
    let values = fs::read_to_string(chart::folder().join("values.yaml")).expect("the values");
    let values: Value = serde_yaml_ng::from_str(&values).expect("YAML");
    assert_described("", &schema, &schema, &values);
}
