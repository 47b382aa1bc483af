//! The CustomResourceDefinition, generated from the types of the contract. Called by `subtitle-operator crd`, whose output
//! is committed. Pure.

use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::{
    CustomResourceDefinition, JSONSchemaProps, JSONSchemaPropsOrArray, ValidationRule,
};
use kube::CustomResourceExt as _;
use subtitle_contract::job::SubtitleJob;

/// The only field of `spec` that may be changed after creation.
const MUTABLE_FIELD: &str = "suspend";

/// The definition that users apply, with the rules that the derive cannot express.
pub fn definition() -> CustomResourceDefinition {
    let mut definition = SubtitleJob::crd();
    for version in &mut definition.spec.versions {
        let Some(root) = version.schema.as_mut().and_then(|schema| schema.open_api_v3_schema.as_mut()) else {
            continue;
        };
        drop_foreign_formats(root);
        if let Some(spec) = root.properties.as_mut().and_then(|properties| properties.get_mut("spec")) {
            let rule = immutable_rule(spec);
            spec.x_kubernetes_validations.get_or_insert_default().push(rule);
        }
    }
    definition
}

/// Removes the formats of unsigned integers: OpenAPI has none, and the API server warns about them on every apply.
fn drop_foreign_formats(schema: &mut JSONSchemaProps) {
    if schema.format.as_deref().is_some_and(|format| format.starts_with("uint")) {
        schema.format = None;
    }
    for property in schema.properties.iter_mut().flatten().map(|(_, property)| property) {
        drop_foreign_formats(property);
    }
    if let Some(JSONSchemaPropsOrArray::Schema(items)) = &mut schema.items {
        drop_foreign_formats(items);
    }
}

/// One rule over the presence and value of every field: a rule on an optional field does not run when that field is added
/// or removed.
fn immutable_rule(spec: &JSONSchemaProps) -> ValidationRule {
    let fields = spec.properties.iter().flatten().map(|(name, _)| name.as_str());
    let unchanged = fields.filter(|name| *name != MUTABLE_FIELD).map(|name| {
        format!("has(self.{name}) == has(oldSelf.{name}) && (!has(self.{name}) || self.{name} == oldSelf.{name})")
    });
    ValidationRule {
        rule: unchanged.collect::<Vec<_>>().join(" && "),
        message: Some(
            "spec is immutable except suspend: delete this job or create another one with the new values; \
             to run it again unchanged, change the annotation subtitles.dev/retry"
                .to_owned(),
        ),
        reason: Some("FieldValueForbidden".to_owned()),
        ..ValidationRule::default()
    }
}
