//! Which values are accepted, and the errors for the rest: by the schema and by the chart's own checks. Does I/O.

mod environment_variables;
mod examples;

use std::{
    fs,
    process::{Command, Output},
};

use serde_json::Value;
use subtitle_tests::{temporary_folder, tools};

use crate::chart;

/// `helm template` with the minimal values, overridden by these.
fn render_with(name: &str, values: &str) -> Output {
    let folder = temporary_folder("values").expect("a temporary folder");
    let file = folder.join(format!("{name}.yaml"));
    fs::write(&file, values).expect("writable");
    let output = chart::template(&tools::HELM_4, "subtitles", &[&chart::minimal(), &file], &[]);
    fs::remove_file(&file).expect("removable");
    let _ = fs::remove_dir(folder); // fails while other tests use it
    output
}

/// Invalid values and the text expected in the error.
const REJECTED_BY_SCHEMA: &[(&str, &str)] = &[
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

const REJECTED_BY_TEMPLATE: &[(&str, &str)] = &[
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
    (
        "firefox: {models: [en-pt]}\ntranslator: {engines: [apertium-apy]}",
        "which is not configured; configured: firefox",
    ),
    ("openai: {url: 'http://ollama/v1'}", "openai.model is missing"),
];

const VALID_VALUES: &[&str] = &[
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
    "firefox: {models: [en-pt]}\ntranslator: {engines: [firefox]}",
    "firefox: {existingClaim: models, import: {existingClaim: downloads, path: a/b}}\napertium: {enabled: true}",
    "translator: {engines: [simulated]}",
    "api: {auth: None}",
    "operator: {pdb: {enabled: true, maxUnavailable: 50%}}",
];

#[test]
fn schema_errors_name_the_invalid_value() {
    for (number, (values, words)) in REJECTED_BY_SCHEMA.iter().enumerate() {
        let output = render_with(&format!("schema-{number}"), values);
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert!(!output.status.success() && stderr.contains("schema") && stderr.contains(words), "{values}: {stderr}");
    }
}

#[test]
fn a_missing_or_contradictory_value_is_explained() {
    for (number, (values, words)) in REJECTED_BY_TEMPLATE.iter().enumerate() {
        let output = render_with(&format!("message-{number}"), values);
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert!(!output.status.success() && stderr.contains(words), "{values}: {stderr}");
    }
}

#[test]
fn a_valid_value_is_accepted() {
    for (number, values) in VALID_VALUES.iter().enumerate() {
        let output = render_with(&format!("accepted-{number}"), values);
        assert!(output.status.success(), "{values}: {}", String::from_utf8_lossy(&output.stderr));
    }
}

/// As a subchart it gets `global`, which may contain anything, and `enabled`, which turns it on or off.
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
        let is_rendered = text.contains("image: mirror.example/subtitles/subtitle-operator:");
        assert_eq!(is_rendered, is_enabled, "{}", version.version);
    }
    let _ = fs::remove_dir_all(umbrella);
}

/// Checks that every schema property has a default value.
fn assert_has_defaults(path: &str, schema: &Value, root: &Value, values: &Value) {
    let schema = match schema["$ref"].as_str() {
        Some(name) => &root["definitions"][name.trim_start_matches("#/definitions/")],
        None => schema,
    };
    let Some(properties) = schema["properties"].as_object() else { return };
    // An object that is empty by default may contain any keys: labels, resources, overrides of an image.
    let Some(values) = values.as_object().filter(|values| !values.is_empty()) else { return };
    for (name, schema) in properties {
        let is_set_by_parent_chart = path.is_empty() && (name == "global" || name == "enabled");
        let is_optional = path.ends_with("resources");
        let has_value = values.contains_key(name);
        assert!(
            has_value || is_set_by_parent_chart || is_optional,
            "{path}.{name} is in values.schema.json but not in values.yaml"
        );
        assert_has_defaults(&format!("{path}.{name}"), schema, root, &values.get(name).cloned().unwrap_or_default());
    }
}

#[test]
fn every_schema_property_has_a_default() {
    let schema = fs::read_to_string(chart::folder().join("values.schema.json")).expect("the schema");
    let schema: Value = serde_json::from_str(&schema).expect("JSON");
    let values = fs::read_to_string(chart::folder().join("values.yaml")).expect("the values");
    let values: Value = serde_yaml_ng::from_str(&values).expect("YAML");
    assert_has_defaults("", &schema, &schema, &values);
}
