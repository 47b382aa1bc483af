//! The CustomResourceDefinitions, generated from the types of the contract. Called by `subtitle-operator crd`, whose output
//! is committed. Pure.

use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::{
    CustomResourceDefinition, JSONSchemaProps, JSONSchemaPropsOrArray, ValidationRule,
};
use kube::CustomResourceExt as _;
use subtitle_contract::{job::SubtitleJob, policy::SubtitlePolicy};

/// The fields of `spec` that may be changed after creation.
const MUTABLE_FIELDS: [&str; 3] = ["suspend", "priority", "ttlSecondsAfterFinished"];

/// A resource of this operator.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum ResourceKind {
    /// SubtitleJob
    Jobs,
    /// SubtitlePolicy
    Policies,
}

/// The definition that users apply, with the rules that the derive cannot express.
pub fn definition(kind: ResourceKind) -> CustomResourceDefinition {
    let (mut definition, rules): (_, fn(&mut JSONSchemaProps)) = match kind {
        ResourceKind::Jobs => (SubtitleJob::crd(), job_rules),
        ResourceKind::Policies => (SubtitlePolicy::crd(), policy_rules),
    };
    for version in &mut definition.spec.versions {
        if let Some(root) = version.schema.as_mut().and_then(|schema| schema.open_api_v3_schema.as_mut()) {
            normalize(root, false);
            rules(root);
        }
    }
    definition
}

fn job_rules(root: &mut JSONSchemaProps) {
    if let Some(spec) = root.properties.as_mut().and_then(|properties| properties.get_mut("spec")) {
        let rule = immutable_rule(spec);
        spec.x_kubernetes_validations.get_or_insert_default().push(rule);
    }
}

/// A policy's name begins the names of its jobs and is the value of their label.
fn policy_rules(root: &mut JSONSchemaProps) {
    root.x_kubernetes_validations.get_or_insert_default().push(ValidationRule {
        rule: "self.metadata.name.size() <= 50 && !self.metadata.name.contains('.')".to_owned(),
        message: Some("metadata.name must have at most 50 characters and no dot".to_owned()),
        ..ValidationRule::default()
    });
}

/// Removes the formats of unsigned integers: OpenAPI has none, and the API server warns about them on every apply. A null is
/// accepted only in an optional field of the spec, where server-side apply keeps it; everywhere else it means nothing.
fn normalize(schema: &mut JSONSchemaProps, is_spec: bool) {
    if schema.format.as_deref().is_some_and(|format| format.starts_with("uint")) {
        schema.format = None;
    }
    if !is_spec {
        schema.nullable = None;
    }
    for (name, property) in schema.properties.iter_mut().flatten() {
        normalize(property, is_spec || name == "spec");
    }
    if let Some(JSONSchemaPropsOrArray::Schema(items)) = &mut schema.items {
        normalize(items, is_spec);
    }
}

/// One rule over the presence and value of every field: a rule on an optional field does not run when that field is added
/// or removed.
fn immutable_rule(spec: &JSONSchemaProps) -> ValidationRule {
    let mut unchanged = Vec::new();
    for (name, field) in spec.properties.iter().flatten().filter(|(name, _)| !MUTABLE_FIELDS.contains(&name.as_str())) {
        match field.properties.as_ref().filter(|_| field.nullable.is_none()) {
            Some(inner) => {
                unchanged.extend(inner.keys().map(|inner| is_same(&format!("{name}.{inner}"))));
            }
            None => unchanged.push(is_same(name)),
        }
    }
    ValidationRule {
        rule: unchanged.join(" && "),
        message: Some(
            "spec is immutable except priority, suspend and ttlSecondsAfterFinished: delete this job or create another \
             one with the new values; to run it again unchanged, change the annotation subtitles.dev/retry"
                .to_owned(),
        ),
        reason: Some("FieldValueForbidden".to_owned()),
        ..ValidationRule::default()
    }
}

/// Whether a field is the same, or absent both times: the rule language takes a null for an absent field.
fn is_same(field: &str) -> String {
    format!("has(self.{field}) == has(oldSelf.{field}) && (!has(self.{field}) || self.{field} == oldSelf.{field})")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn schema(kind: ResourceKind) -> JSONSchemaProps {
        let version = definition(kind).spec.versions.into_iter().next().expect("a version");
        version.schema.and_then(|schema| schema.open_api_v3_schema).expect("a schema")
    }

    /// Every schema below `schema`, with its path.
    fn each(schema: &JSONSchemaProps, path: &str, visit: &mut impl FnMut(&str, &JSONSchemaProps)) {
        visit(path, schema);
        for (name, property) in schema.properties.iter().flatten() {
            each(property, &format!("{path}.{name}"), visit);
        }
        if let Some(JSONSchemaPropsOrArray::Schema(items)) = &schema.items {
            each(items, &format!("{path}[]"), visit);
        }
    }

    #[test]
    fn a_null_means_absent() {
        for kind in [ResourceKind::Jobs, ResourceKind::Policies] {
            each(&schema(kind), "", &mut |path, schema| {
                assert!(schema.nullable.is_none() || path.starts_with(".spec."), "{path} is nullable by accident");
            });
        }
    }

    #[test]
    fn every_integer_of_the_status_has_a_bound() {
        let mut integers = 0;
        let mut check = |path: &str, schema: &JSONSchemaProps| {
            let is_generation = path.ends_with("observedGeneration"); // Kubernetes' own, of 64 bits
            if schema.type_.as_deref() == Some("integer") && !is_generation {
                integers += 1;
                let most = schema.maximum.unwrap_or(f64::INFINITY);
                let is_wide = path.to_lowercase().contains("revision") || path == "status.announced";
                let limit = if is_wide { 9_007_199_254_740_991.0 } else { 2_147_483_647.0 };
                assert!(most <= limit && schema.minimum.is_some(), "{path}: {most}");
            }
        };
        for kind in [ResourceKind::Jobs, ResourceKind::Policies] {
            each(&schema(kind).properties.expect("properties")["status"], "status", &mut check);
        }
        assert!(integers > 10);
    }

    #[test]
    fn only_what_may_change_later_is_mutable() {
        let schema = schema(ResourceKind::Jobs);
        let spec = &schema.properties.as_ref().expect("properties")["spec"];
        let rules = spec.x_kubernetes_validations.as_ref().expect("rules");
        let rule = &rules.iter().find(|rule| rule.rule.contains("oldSelf")).expect("the rule").rule;
        for name in spec.properties.iter().flatten().map(|(name, _)| name) {
            let is_immutable = rule.contains(&format!("oldSelf.{name}"));
            assert_eq!(is_immutable, !MUTABLE_FIELDS.contains(&name.as_str()), "{name}");
        }
    }
}
