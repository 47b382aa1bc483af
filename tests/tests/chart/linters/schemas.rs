//! Generates JSON schemas for all kinds from an API server's OpenAPI document, so that nothing is downloaded and the schemas
//! match the tested version. Does I/O.

use std::{collections::BTreeSet, fs, path::Path};

use serde_json::{Map, Value, json};
use subtitle_tests::root;

use crate::chart::{list, text};

/// Third-party kinds that the chart renders, reduced to the fields it uses.
const THIRD_PARTY_SCHEMAS: [(&str, &str); 4] = [
    ("servicemonitor", include_str!("schemas/servicemonitor.json")),
    ("prometheusrule", include_str!("schemas/prometheusrule.json")),
    ("scaledobject", include_str!("schemas/scaledobject.json")),
    ("triggerauthentication", include_str!("schemas/triggerauthentication.json")),
];

/// Forbids unknown fields in a schema and in all nested schemas.
pub(crate) fn forbid_unknown_fields(schema: &mut Value) {
    match schema {
        Value::Object(members) => {
            members.values_mut().for_each(forbid_unknown_fields);
            let allows_unknown_fields = members.get("x-kubernetes-preserve-unknown-fields").is_some();
            if members.get("properties").is_some_and(Value::is_object) && !allows_unknown_fields {
                members.entry("additionalProperties").or_insert(Value::Bool(false));
            }
        }
        Value::Array(members) => members.iter_mut().for_each(forbid_unknown_fields),
        _ => {}
    }
}

/// Collects the definitions that `schema` refers to, directly or not.
fn collect_references(schema: &Value, definitions: &Value, found: &mut BTreeSet<String>) {
    match schema {
        Value::Object(members) => {
            if let Some(name) = members.get("$ref").and_then(Value::as_str) {
                let name = name.trim_start_matches("#/definitions/").to_owned();
                if found.insert(name.clone()) {
                    collect_references(&definitions[&name], definitions, found);
                }
            }
            members.values().for_each(|member| collect_references(member, definitions, found));
        }
        Value::Array(members) => members.iter().for_each(|member| collect_references(member, definitions, found)),
        _ => {}
    }
}

/// Writes one schema per kind to `folder`, from the API server's `/openapi/v2`.
pub(crate) fn write(folder: &Path, openapi: &str) {
    fs::create_dir_all(folder).expect("writable");
    let openapi: Value = serde_json::from_str(openapi).expect("JSON");
    let mut definitions = openapi["definitions"].clone();
    forbid_unknown_fields(&mut definitions);
    // OpenAPI v2 cannot express unions: the document types both as strings.
    definitions["io.k8s.apimachinery.pkg.util.intstr.IntOrString"] = json!({"type": ["integer", "string"]});
    definitions["io.k8s.apimachinery.pkg.api.resource.Quantity"] = json!({"type": ["number", "string"]});
    // Definitions that are not top-level objects have no kind, and shared ones such as DeleteOptions have many.
    for definition in definitions.as_object().expect("definitions").values() {
        let [gvk] = list(&definition["x-kubernetes-group-version-kind"]) else { continue };
        if text(&gvk["version"]).contains("alpha") || text(&gvk["version"]).contains("beta") {
            // Files are named by kind only: an unstable version must not replace the stable one.
            continue;
        }
        let mut schema = definition.clone();
        let mut names = BTreeSet::new();
        collect_references(&schema, &definitions, &mut names);
        let used: Map<String, Value> =
            names.into_iter().map(|name| (name.clone(), definitions[&name].clone())).collect();
        schema["definitions"] = Value::Object(used);
        let file = folder.join(format!("{}.json", text(&gvk["kind"]).to_lowercase()));
        fs::write(file, schema.to_string()).expect("writable");
    }
    for (file, kind) in [("subtitlejobs", "subtitlejob"), ("subtitlepolicies", "subtitlepolicy")] {
        let crd = fs::read_to_string(root().join(format!("crds/{file}.yaml"))).expect("the CRD");
        let crd: Value = serde_yaml_ng::from_str(&crd).expect("YAML");
        let mut schema = crd["spec"]["versions"][0]["schema"]["openAPIV3Schema"].clone();
        schema["properties"]["apiVersion"] = json!({"type": "string"});
        schema["properties"]["kind"] = json!({"type": "string"});
        schema["properties"]["metadata"] = json!({"type": "object"});
        forbid_unknown_fields(&mut schema);
        fs::write(folder.join(format!("{kind}.json")), schema.to_string()).expect("writable");
    }
    for (kind, schema) in THIRD_PARTY_SCHEMAS {
        let mut schema: Value = serde_json::from_str(schema).expect("JSON");
        forbid_unknown_fields(&mut schema);
        fs::write(folder.join(format!("{kind}.json")), schema.to_string()).expect("writable");
    }
}
