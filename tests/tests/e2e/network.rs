//! Which pods reach which ports, tried from inside the pods' network namespaces: the chart's NetworkPolicies and Apertium's
//! loopback address hold. Does I/O.

use anyhow::{Context as _, Result, ensure};
use subtitle_tests::process::output;

use crate::system::System;

/// Opens a connection from the network namespace of the pod with an address; fails if that takes 2 s.
const CONNECT: &str = "for namespace in /proc/self/ns/net /run/netns/*; do \
    nsenter --net=$namespace ip -4 -o address | grep -qF \" $1/\" || continue; \
    exec nsenter --net=$namespace timeout 2 bash -c \"exec 3<>/dev/tcp/$2/$3\"; done; exit 99";

/// The address of a pod of the product, or of a server of `manifests/dev`; the Kubernetes API by its service.
fn address(system: &System, name: &str) -> Result<String> {
    let label = if matches!(name, "redis" | "rabbitmq" | "library") { "name" } else { "component" };
    let selector = format!("app.kubernetes.io/{label}={name}");
    let (pods, service) = (["pods", "-l", &selector], ["service", "kubernetes", "--namespace=default"]);
    let (what, path) = match name {
        "kubernetes" => (service, "{.spec.clusterIP}"),
        _ => (pods, "{.items[0].status.podIP}"),
    };
    let path = format!("jsonpath={path}");
    let found = output(system.installation.kubectl().arg("get").args(what).args(["-o", &path]))?;
    ensure!(!found.is_empty(), "no address of {name}");
    Ok(found)
}

/// Whether a pod, or the node, opens a connection to a pod.
fn reaches(system: &System, from: &str, to: &str, port: u16) -> Result<bool> {
    let node = system.installation.node()?;
    let from = if from == "node" { node.address().to_string() } else { address(system, from)? };
    let (to, port) = (address(system, to)?, port.to_string());
    let code = node.command("bash").args(["-c", CONNECT, "bash", &from, &to, &port]).output()?.status.code();
    ensure!(code != Some(99), "no network namespace has the address {from}");
    Ok(code.context("the shell was killed")? == 0)
}

/// Redis' pod, which no policy selects, stands for any other pod of the cluster: what it reaches is there. The node, from which the
/// kubelet probes, may reach everything.
pub(crate) fn policies_hold(system: &System) -> Result<()> {
    let cases = [
        ("redis", "rabbitmq", 5672, true),
        ("redis", "redis", 6379, true),
        ("redis", "library", 8000, true),
        ("redis", "kubernetes", 443, true),
        ("redis", "api", 8080, true),
        ("redis", "operator", 8080, true),
        ("redis", "translator", 8081, true),
        ("redis", "translator", 2737, false),
        ("node", "translator", 8081, true),
        ("node", "translator", 2737, false),
        ("operator", "rabbitmq", 5672, true),
        ("operator", "redis", 6379, true),
        ("operator", "kubernetes", 443, true),
        ("operator", "library", 8000, false),
        ("operator", "api", 8080, false),
        ("api", "redis", 6379, true),
        ("api", "kubernetes", 443, true),
        ("api", "rabbitmq", 5672, false),
        ("downloader", "rabbitmq", 5672, true),
        ("downloader", "library", 8000, true),
        ("downloader", "redis", 6379, false),
        ("downloader", "kubernetes", 443, false),
        ("downloader", "operator", 8080, false),
        ("translator", "rabbitmq", 5672, true),
        ("translator", "redis", 6379, false),
        ("translator", "rabbitmq", 15672, false),
    ];
    let mut wrong = Vec::new();
    for (from, to, port, expected) in cases {
        if reaches(system, from, to, port)? != expected {
            wrong.push(format!("{from} {} {to}:{port}", if expected { "does not reach" } else { "reaches" }));
        }
    }
    ensure!(wrong.is_empty(), "{}", wrong.join("\n"));
    system.report(&format!("{} connections are allowed or denied as the NetworkPolicies say", cases.len()));
    Ok(())
}
