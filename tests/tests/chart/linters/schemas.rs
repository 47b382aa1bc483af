//! JSON schemas of every kind, written from the OpenAPI document of an API server: nothing has to be downloaded, and they
//! match the tested version. Does I/O.

use std::{collections::BTreeSet, fs, path::Path};

use serde_json::{Map, Value, json};
use subtitle_tests::root;

use crate::chart::{list, text};

/// Kinds of other projects that the chart renders, reduced to the fields it uses.
const OF_OTHERS: [(&str, &str); 4] = [
    ("servicemonitor", include_str!("schemas/servicemonitor.json")),
    ("prometheusrule", include_str!("schemas/prometheusrule.json")),
    ("scaledobject", include_str!("schemas/scaledobject.json")),
    ("triggerauthentication", include_str!("schemas/triggerauthentication.json")),
];

/// Forbids unknown fields in a schema and in every schema inside.
pub(crate) fn close(schema: &mut Value) {
    match schema {
        Value::Object(members) => {
            members.values_mut().for_each(close);
            let is_open = members.get("x-kubernetes-preserve-unknown-fields").is_some();
            if members.get("properties").is_some_and(Value::is_object) && !is_open {
                members.entry("additionalProperties").or_insert(Value::Bool(false));
            }
        }
        Value::Array(members) => members.iter_mut().for_each(close),
        _ => {}
    }
}

/// Collects the definitions that `schema` refers to.
fn needed(schema: &Value, definitions: &Value, found: &mut BTreeSet<String>) {
    match schema {
        Value::Object(members) => {
            if let Some(name) = members.get("$ref").and_then(Value::as_str) {
                let name = name.trim_start_matches("#/definitions/").to_owned();
                if found.insert(name.clone()) {
                    needed(&definitions[&name], definitions, found);
                }
            }
            members.values().for_each(|member| needed(member, definitions, found));
        }
        Value::Array(members) => members.iter().for_each(|member| needed(member, definitions, found)),
        _ => {}
    }
}

/// Writes one schema per kind to `folder`, from the API server's `/openapi/v2`.
pub(crate) fn write(folder: &Path, openapi: &str) {
    fs::create_dir_all(folder).expect("writable");
    let openapi: Value = serde_json::from_str(openapi).expect("JSON");
    let mut definitions = openapi["definitions"].clone();
    close(&mut definitions);
    definitions["io.k8s.apimachinery.pkg.util.intstr.IntOrString"] = json!({"type": ["integer", "string"]});
    definitions["io.k8s.apimachinery.pkg.api.resource.Quantity"] = json!({"type": ["number", "string"]});
    for definition in definitions.as_object().expect("definitions").values() {
        let [kind] = list(&definition["x-kubernetes-group-version-kind"]) else { continue };
        if text(&kind["version"]).contains("alpha") || text(&kind["version"]).contains("beta") {
            continue;
        }
        let mut schema = definition.clone();
        let mut names = BTreeSet::new();
        needed(&schema, &definitions, &mut names);
        let used: Map<String, Value> =
            names.into_iter().map(|name| (name.clone(), definitions[&name].clone())).collect();
        schema["definitions"] = Value::Object(used);
        let file = folder.join(format!("{}.json", text(&kind["kind"]).to_lowercase()));
        fs::write(file, schema.to_string()).expect("writable");
    }
    let crd = fs::read_to_string(root().join("crds/subtitlejobs.yaml")).expect("the CRD");
    let crd: Value = serde_yaml_ng::from_str(&crd).expect("YAML");
    let mut ours = crd["spec"]["versions"][0]["schema"]["openAPIV3Schema"].clone();
    ours["properties"]["apiVersion"] = json!({"type": "string"});
    ours["properties"]["kind"] = json!({"type": "string"});
    ours["properties"]["metadata"] = json!({"type": "object"});
    close(&mut ours);
    fs::write(folder.join("subtitlejob.json"), ours.to_string()).expect("writable");
    for (kind, schema) in OF_OTHERS {
        let mut schema: Value = serde_json::from_str(schema).expect("JSON");
        close(&mut schema);
        fs::write(folder.join(format!("{kind}.json")), schema.to_string()).expect("writable");
    }
}
