//! Rules that rendered objects follow, whatever the values. Does I/O.

use std::{collections::BTreeSet, path::Path};

use serde_json::Value;
use subtitle_contract::topology::{DOWNLOAD_QUEUE, TRANSLATE_QUEUE};
use subtitle_tests::tools;

use crate::chart::{self, list, of_kind, text, title};

fn full() -> Vec<Value> {
    chart::objects(&chart::rendered("subtitles", &[&chart::folder().join("ci/full-values.yaml")], &[]))
}

fn component_object(objects: &[Value], kind: &str, component: &str) -> Value {
    let found = of_kind(objects, kind).find(|object| text(&object["metadata"]["name"]).ends_with(component));
    found.unwrap_or_else(|| panic!("there is no {kind} of {component}")).clone()
}

#[test]
fn helm_3_and_4_accept_the_chart_and_render_the_same() {
    for (name, file) in chart::variants() {
        let mut texts = Vec::new();
        for version in [&tools::HELM_4, &tools::HELM_3] {
            let mut lint = chart::helm(version);
            let lint = lint.args(["lint", "--strict", "--values"]).arg(&file).arg(chart::folder()).output();
            let lint = lint.expect("Helm runs");
            let message = String::from_utf8_lossy(&lint.stdout).into_owned() + &String::from_utf8_lossy(&lint.stderr);
            assert!(lint.status.success(), "{name}, {}: {message}", version.version);
            let output = chart::template(version, "subtitles", &[&file], &[]);
            assert!(output.status.success(), "{name}: {}", String::from_utf8_lossy(&output.stderr));
            let mut objects = chart::objects(&String::from_utf8(output.stdout).expect("UTF-8"));
            objects.sort_by_cached_key(|object| (title(object), text(&object["metadata"]["namespace"]).to_owned()));
            texts.push(objects);
        }
        assert_eq!(texts[0], texts[1], "{name}");
    }
}

#[test]
fn an_autoscaled_deployment_leaves_replicas_out() {
    let objects = full();
    for (component, is_autoscaled) in [("operator", false), ("api", true), ("downloader", true), ("translator", true)] {
        let replicas = &component_object(&objects, "Deployment", component)["spec"]["replicas"];
        assert_eq!(replicas.is_null(), is_autoscaled, "{component}: {replicas}");
    }
}

#[test]
fn keda_counts_unacked_tasks_and_keeps_one_worker() {
    let keda = "--set=downloader.autoscaling.enabled=false,downloader.keda.enabled=true";
    let values = chart::folder().join("ci/full-values.yaml");
    let objects = chart::objects(&chart::rendered("subtitles", &[&values], &[keda]));
    for (component, queue) in [("downloader", DOWNLOAD_QUEUE), ("translator", TRANSLATE_QUEUE)] {
        let scaled = component_object(&objects, "ScaledObject", component);
        let trigger = &scaled["spec"]["triggers"][0]["metadata"];
        assert_eq!((&trigger["protocol"], &trigger["queueName"]), (&"http".into(), &queue.into()), "{component}");
        assert_eq!(scaled["spec"]["minReplicaCount"], 1, "{component}");
        assert!(!trigger.to_string().contains('@'), "the trigger contains credentials: {trigger}");
    }
}

#[test]
fn secrets_are_files_and_workers_have_no_token() {
    for (name, file) in chart::variants() {
        let objects = chart::objects(&chart::rendered("subtitles", &[&file], &[]));
        for (pod, object) in chart::pods(&objects) {
            let spec = &object["spec"];
            for container in list(&spec["containers"]) {
                let environment = container["env"].to_string();
                assert!(!environment.contains("secretKeyRef"), "{name}, {pod}: a secret in the environment");
                let mounts: Vec<&str> =
                    list(&container["volumeMounts"]).iter().map(|mount| text(&mount["name"])).collect();
                let volumes: Vec<&str> = list(&spec["volumes"]).iter().map(|volume| text(&volume["name"])).collect();
                assert!(mounts.iter().all(|mount| volumes.contains(mount)), "{name}, {pod}: {mounts:?} of {volumes:?}");
            }
            let has_token = spec["automountServiceAccountToken"] == true;
            assert_eq!(has_token, pod.ends_with("operator") || pod.ends_with("api"), "{name}, {pod}");
            assert_eq!(
                spec["securityContext"]["runAsUser"],
                Value::Null,
                "{name}, {pod}: runAsUser is set, which OpenShift rejects"
            );
        }
    }
}

#[test]
fn the_grace_period_of_a_worker_exceeds_its_own() {
    let long = "--set=downloader.terminationGracePeriodSeconds=600";
    let objects = chart::objects(&chart::rendered("subtitles", &[&chart::minimal()], &[long]));
    for component in ["downloader", "translator"] {
        let pod = &component_object(&objects, "Deployment", component)["spec"]["template"]["spec"];
        let environment = list(&pod["containers"][0]["env"]);
        let grace = environment.iter().find(|variable| variable["name"] == "SUBTITLES_GRACE_SECONDS");
        let grace: i64 = text(&grace.expect("the setting")["value"]).parse().expect("seconds");
        assert_eq!(pod["terminationGracePeriodSeconds"].as_i64(), Some(grace + 5), "{component}");
    }
}

/// Helm reads numbers as floats and would write a large one as 5e+06, which no program accepts.
#[test]
fn large_numbers_are_written_out() {
    let objects = full();
    for (component, name, expected) in
        [("operator", "SUBTITLES_MAX_IN_FLIGHT", "2000000"), ("translator", "SUBTITLES_CHARACTERS_PER_DAY", "5000000")]
    {
        let deployment = component_object(&objects, "Deployment", component);
        let environment = list(&deployment["spec"]["template"]["spec"]["containers"][0]["env"]);
        let variable = environment.iter().find(|variable| variable["name"] == name).expect("the setting");
        assert_eq!(variable["value"], expected, "{name}");
    }
}

#[test]
fn names_fit_and_labels_are_on_everything() {
    let long = "a-release-whose-name-is-as-long-as-helm-allows-it-be!".replace('!', "");
    let values = chart::folder().join("ci/full-values.yaml");
    for object in chart::objects(&chart::rendered(&long, &[&values], &[])) {
        let name = text(&object["metadata"]["name"]);
        let is_of_the_cluster =
            text(&object["kind"]).starts_with("Cluster") || object["kind"] == "CustomResourceDefinition";
        assert!(name.len() <= 63 || is_of_the_cluster, "{} has {} characters", title(&object), name.len());
        if name.ends_with("-extra") || name.ends_with("-text") || name == long {
            continue;
        }
        let labels = &object["metadata"]["labels"];
        assert_eq!(labels["team"], "media", "{}", title(&object));
        assert_eq!(labels["app.kubernetes.io/managed-by"], "Helm", "{}", title(&object));
        for (label, value) in labels.as_object().expect("labels") {
            assert!(text(value).len() <= 63, "{}: {label} is {value}", title(&object));
        }
    }
}

#[test]
fn a_selector_never_changes() {
    let values = chart::folder().join("ci/full-values.yaml");
    for object in of_kind(&chart::objects(&chart::rendered("subtitles", &[&values], &[])), "Deployment") {
        let labels = object["spec"]["selector"]["matchLabels"].as_object().expect("labels");
        let labels: BTreeSet<&str> = labels.keys().map(String::as_str).collect();
        let fixed = ["app.kubernetes.io/component", "app.kubernetes.io/instance", "app.kubernetes.io/name"];
        assert_eq!(
            labels,
            BTreeSet::from(fixed),
            "{}: its selector is immutable, so it must contain only fixed labels",
            title(object)
        );
    }
}

#[test]
fn without_cluster_rights_there_are_only_roles() {
    let values = chart::folder().join("ci/namespaced-values.yaml");
    let objects = chart::objects(&chart::rendered("subtitles", &[&values], &[]));
    assert_eq!(of_kind(&objects, "ClusterRole").count(), 0);
    assert_eq!(
        of_kind(&objects, "CustomResourceDefinition").count(),
        0,
        "the CRD is rendered although crds.enabled is false"
    );
    let bindings: Vec<&str> =
        of_kind(&objects, "ClusterRoleBinding").map(|binding| text(&binding["roleRef"]["name"])).collect();
    assert_eq!(bindings, ["system:auth-delegator"]);
    let roles = of_kind(&objects, "Role").map(|role| text(&role["metadata"]["namespace"]));
    assert_eq!(roles.collect::<BTreeSet<_>>(), BTreeSet::from(["films", "series", "subtitles"]));
}

/// Objects of the Prometheus operator are rendered if their kinds are known or rendering is forced; unknown kinds are an error.
#[test]
fn monitoring_follows_its_render_mode() {
    let known = "--api-versions=monitoring.coreos.com/v1";
    let wanted = "--set=monitoring.serviceMonitor.enabled=true,monitoring.prometheusRule.enabled=true";
    let count = |arguments: &[&str]| {
        let objects = chart::objects(&chart::rendered("subtitles", &[&chart::minimal()], arguments));
        of_kind(&objects, "ServiceMonitor").count() + of_kind(&objects, "PrometheusRule").count()
    };
    assert_eq!(count(&[known]), 0, "rendered by default");
    assert_eq!(count(&[wanted]), 0, "rendered although the kind is unknown");
    assert_eq!(count(&[wanted, known]), 2);
    assert_eq!(count(&[wanted, "--set=monitoring.renderMode=alwaysRender"]), 2);
    let demanded = [wanted, "--set=monitoring.renderMode=failIfMissing"];
    let output = chart::template(&tools::HELM_4, "subtitles", &[&chart::minimal()], &demanded);
    assert!(!output.status.success() && String::from_utf8_lossy(&output.stderr).contains("which this cluster lacks"));
}

/// A variable that names a folder needs a mount at that folder.
#[test]
fn every_folder_in_the_environment_is_mounted() {
    for (name, file) in chart::variants() {
        for (pod, object) in chart::pods(&chart::objects(&chart::rendered("subtitles", &[&file], &[]))) {
            for container in list(&object["spec"]["containers"]) {
                let mounts: Vec<&str> =
                    list(&container["volumeMounts"]).iter().map(|mount| text(&mount["mountPath"])).collect();
                let variables =
                    list(&container["env"]).iter().filter(|variable| text(&variable["name"]).starts_with("SUBTITLES_"));
                let values =
                    variables.flat_map(|variable| text(&variable["value"]).split([',', '=']).map(str::to_owned));
                let folders = values.map(|value| value.trim_start_matches("file://").to_owned());
                for folder in folders.filter(|value| value.starts_with('/')) {
                    let is_mounted = mounts.iter().any(|mount| Path::new(&folder).starts_with(mount));
                    assert!(is_mounted, "{name}, {pod}: '{folder}' is in none of {mounts:?}");
                }
            }
        }
    }
}

/// Only the API server, whose address no selector matches, may be on any host.
#[test]
fn every_rule_for_egress_names_its_destination_and_policies_are_on_by_default() {
    for (name, file) in chart::variants() {
        let objects = chart::objects(&chart::rendered("subtitles", &[&file], &[]));
        let pods = of_kind(&objects, "Deployment").count() + of_kind(&objects, "Job").count();
        assert_eq!(of_kind(&objects, "NetworkPolicy").count(), 2 * pods, "{name}: on by default, for each pod");
        for policy in of_kind(&objects, "NetworkPolicy") {
            for rule in policy["spec"]["egress"].as_array().into_iter().flatten() {
                let ports: Vec<&Value> = list(&rule["ports"]).iter().map(|port| &port["port"]).collect();
                let is_api_server = ports == [&Value::from(443), &Value::from(6443)];
                assert!(rule["to"].is_array() || is_api_server, "{name}, {}: {rule}", title(policy));
            }
        }
    }
}

#[test]
fn only_the_operators_own_lease_can_be_read_or_changed() {
    let objects = full();
    let role = component_object(&objects, "Role", "operator-lease");
    for rule in list(&role["rules"]) {
        let is_create = rule["verbs"] == serde_json::json!(["create"]);
        assert!(is_create || rule["resourceNames"] == serde_json::json!(["subtitle-operator"]), "{rule}");
    }
}

#[test]
fn the_apis_health_and_metrics_are_on_a_port_that_its_service_does_not_have() {
    let objects = full();
    let pod = &component_object(&objects, "Deployment", "api")["spec"]["template"]["spec"]["containers"][0];
    assert_eq!(
        (&pod["livenessProbe"]["httpGet"]["port"], &pod["ports"][0]["name"]),
        (&"health".into(), &"health".into())
    );
    let service = component_object(&objects, "Service", "api");
    let ports: Vec<&Value> = list(&service["spec"]["ports"]).iter().map(|port| &port["targetPort"]).collect();
    assert_eq!(ports, [&Value::from("http")]);
}

#[test]
fn a_component_with_a_secret_of_its_own_does_not_mount_the_shared_one() {
    let own = "--set=rabbitmq.secrets.downloader=own,redis.secrets.api=own,store.existingClaim=,store.url=s3://a,\
               store.secrets.downloader=own,store.existingSecret=shared";
    let objects = chart::objects(&chart::rendered("subtitles", &[&chart::minimal()], &[own]));
    for (component, volume, expected) in [
        ("downloader", "broker", "own"),
        ("translator", "broker", "rabbitmq"),
        ("api", "redis", "own"),
        ("operator", "redis", "redis"),
        ("downloader", "store", "own"),
        ("api", "store", "shared"),
    ] {
        let pod = &component_object(&objects, "Deployment", component)["spec"]["template"]["spec"];
        let volume = list(&pod["volumes"]).iter().find(|one| one["name"] == volume).expect("the volume");
        let secret = volume["secret"]["secretName"].as_str();
        let secret = secret.or_else(|| volume["projected"]["sources"][0]["secret"]["name"].as_str());
        assert_eq!(secret, Some(expected), "{component}: {volume}");
    }
}

/// The rule of a component's egress policy that has this port.
fn egress_to_port(objects: &[Value], component: &str, port: u16) -> Value {
    let policy = component_object(objects, "NetworkPolicy", &format!("{component}-egress"));
    let has_port = |rule: &&Value| list(&rule["ports"]).iter().any(|one| one["port"] == port);
    let rule = list(&policy["spec"]["egress"]).iter().find(has_port);
    rule.unwrap_or_else(|| panic!("the {component} may not reach port {port}: {}", policy["spec"]["egress"])).clone()
}

#[test]
fn network_policies_follow_the_urls_that_jobs_and_values_may_have() {
    let values = "--set=allowPorts={8000},denyAddresses={192.0.2.0/24,2001:db8::/32},firefox.models={en-pt},\
                  firefox.from=http://mirror.films:8080/models";
    let objects = chart::objects(&chart::rendered("subtitles", &[&chart::minimal()], &[values]));
    for component in ["downloader", "translator"] {
        let rule = egress_to_port(&objects, component, 8000).to_string();
        for denied in ["192.0.2.0/24", "2001:db8::/32"] {
            assert!(rule.contains(denied), "{component}: {denied} is not excepted: {rule}");
        }
    }
    assert_eq!(
        egress_to_port(&objects, "models", 8080)["to"],
        serde_json::json!([{"namespaceSelector": {}}]),
        "a mirror in the cluster"
    );
}

#[test]
fn no_other_pod_reaches_apertium() {
    let objects = chart::objects(&chart::rendered("subtitles", &[&chart::minimal()], &[]));
    let pod = component_object(&objects, "Deployment", "translator");
    let apertium = list(&pod["spec"]["template"]["spec"]["containers"]).iter().find(|one| one["name"] == "apertium");
    let apertium = apertium.expect("the container");
    assert_eq!(apertium["ports"], Value::Null);
    for probe in ["startupProbe", "readinessProbe"] {
        assert!(apertium[probe]["exec"].is_object(), "the kubelet reaches loopback only inside the container: {probe}");
    }
    let image = std::fs::read_to_string(subtitle_tests::root().join("manifests/image/Dockerfile")).expect("readable");
    assert!(image.contains("address='127.0.0.1'"), "Apertium's web service listens on every address");
}
