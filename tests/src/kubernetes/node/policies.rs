//! Enforces NetworkPolicies on a node, whose network plugin does not: whenever pods change, policies, pods and namespaces
//! are read and become nftables rules of the node, which routes all traffic of its pods. Selectors by expressions and IPv6 are
//! not supported. Does I/O.

use std::{
    fmt::Write as _,
    io::{BufRead as _, BufReader, Write as _},
    net::Ipv4Addr,
    process::{Child, Command, Stdio},
    sync::mpsc,
    thread,
    time::Duration,
};

use anyhow::{Context as _, Result, ensure};
use serde_json::Value;

use crate::{kubernetes::cluster::Cluster, process::output};

/// How long to wait for further changes before the rules are written.
const QUIET: Duration = Duration::from_millis(200);
/// Replaces the table of the last time.
const HEAD: &str = "table inet network-policies\ndelete table inet network-policies\n";

/// Ends with the node.
pub(super) struct Enforcer {
    watch: Child,
}

impl Drop for Enforcer {
    fn drop(&mut self) {
        let _ = self.watch.kill();
        let _ = self.watch.wait();
    }
}

impl Enforcer {
    /// Writes the rules now and after each change of a pod; `nft` is the command inside the node's namespaces, `dns` the address of
    /// the cluster's DNS server, which counts as a pod of kube-system.
    pub(super) fn start(cluster: &Cluster, dns: Ipv4Addr, nft: impl Fn() -> Command + Send + 'static) -> Result<Self> {
        let (kubeconfig, kubectl) = (cluster.kubeconfig.clone(), cluster.kubectl.clone());
        let kubectl = move || {
            let mut command = Command::new(&kubectl);
            command.env("KUBECONFIG", &kubeconfig).args(["get", "--all-namespaces"]);
            command
        };
        let mut watch = kubectl();
        watch.args(["pods", "--watch", "-o", "name"]).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut watch = watch.spawn().context("failed to start kubectl")?;
        let changes = BufReader::new(watch.stdout.take().context("its output is a pipe")?);
        let (sender, receiver) = mpsc::channel();
        thread::spawn(move || changes.lines().map_while(Result::ok).try_for_each(|_| sender.send(())));
        thread::spawn(move || {
            while receiver.recv().is_ok() {
                while receiver.recv_timeout(QUIET).is_ok() {}
                let objects = output(kubectl().args(["networkpolicies,pods,namespaces", "-o", "json"]));
                if let Err(error) = objects.and_then(|objects| write(nft(), &ruleset(&objects, dns)?)) {
                    eprintln!("failed to enforce NetworkPolicies: {error:#}");
                }
            }
        });
        Ok(Self { watch })
    }
}

fn write(mut nft: Command, rules: &str) -> Result<()> {
    let mut nft = nft.args(["-f", "-"]).stdin(Stdio::piped()).spawn().context("failed to start nft")?;
    nft.stdin.take().context("its input is a pipe")?.write_all(rules.as_bytes())?;
    ensure!(nft.wait()?.success(), "nft refused the rules:\n{rules}");
    Ok(())
}

/// What policies select.
struct Pod<'a> {
    namespace: &'a Value,
    labels: &'a Value,
    ports: Vec<&'a Value>,
    address: String,
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

/// Whether a selector, which may be absent, selects these labels.
fn selects(selector: &Value, labels: &Value) -> bool {
    selector["matchLabels"].as_object().into_iter().flatten().all(|(name, value)| labels[name] == *value)
}

/// The table for the objects of a list; pods are routed, so each packet passes `forward`, or `input` if it is for the node.
fn ruleset(objects: &str, dns: Ipv4Addr) -> Result<String> {
    let objects: Value = serde_json::from_str(objects)?;
    let of_kind = |kind: &'static str| list(&objects["items"]).iter().filter(move |object| object["kind"] == kind);
    let none = Value::Null;
    let system = Value::from("kube-system");
    let mut pods = vec![Pod { namespace: &system, labels: &none, ports: Vec::new(), address: dns.to_string() }];
    pods.extend(of_kind("Pod").filter_map(|pod| {
        let is_over = matches!(pod["status"]["phase"].as_str(), Some("Succeeded" | "Failed"));
        let address = pod["status"]["podIP"].as_str().filter(|_| !is_over && pod["spec"]["hostNetwork"] != true)?;
        let ports = list(&pod["spec"]["containers"]).iter().flat_map(|container| list(&container["ports"]));
        let (namespace, labels) = (&pod["metadata"]["namespace"], &pod["metadata"]["labels"]);
        Some(Pod { namespace, labels, ports: ports.collect(), address: address.to_owned() })
    }));
    let namespace_labels = |name: &Value| {
        let namespace = of_kind("Namespace").find(|namespace| namespace["metadata"]["name"] == *name);
        namespace.map_or(&none, |namespace| &namespace["metadata"]["labels"])
    };
    let peers = |peer: &Value, own: &Value| {
        let is_near = |pod: &&Pod<'_>| match &peer["namespaceSelector"] {
            Value::Null => pod.namespace == own,
            selector => selects(selector, namespace_labels(pod.namespace)),
        };
        let selected = pods.iter().filter(is_near).filter(|pod| selects(&peer["podSelector"], pod.labels));
        selected.map(|pod| pod.address.clone()).collect::<Vec<_>>()
    };

    let (mut chains, mut jumps) = (String::new(), String::new());
    for (direction, field, side, verb) in [("Egress", "to", "daddr", "saddr"), ("Ingress", "from", "saddr", "daddr")] {
        for pod in &pods {
            let policies: Vec<&Value> = of_kind("NetworkPolicy")
                .filter(|policy| policy["metadata"]["namespace"] == *pod.namespace)
                .filter(|policy| list(&policy["spec"]["policyTypes"]).contains(&direction.into()))
                .filter(|policy| selects(&policy["spec"]["podSelector"], pod.labels))
                .collect();
            if policies.is_empty() {
                continue;
            }
            let chain = format!("{}-{}", direction.to_lowercase(), pod.address.replace('.', "-"));
            let _ = writeln!(jumps, "    ip {verb} {} jump {chain}", pod.address);
            let _ = writeln!(chains, "  chain {chain} {{");
            let rules = policies.iter().flat_map(|policy| list(&policy["spec"][direction.to_lowercase()]));
            for rule in rules {
                let mut matches = Vec::new();
                for peer in list(&rule[field]) {
                    matches.extend(peer_matches(peer, side, || peers(peer, pod.namespace)));
                }
                if rule[field].is_null() {
                    matches.push(String::new());
                }
                for port in ports(&rule["ports"], pod) {
                    for peer in &matches {
                        let _ = writeln!(chains, "    {peer} {port} return");
                    }
                }
            }
            let _ = writeln!(chains, "    drop\n  }}");
        }
    }
    let base = |hook: &str| {
        format!(
            "  chain {hook} {{\n    type filter hook {hook} priority filter; policy accept;\n    \
             ct state established,related accept\n{jumps}  }}\n"
        )
    };
    Ok(format!("{HEAD}table inet network-policies {{\n{chains}{}{}}}\n", base("forward"), base("input")))
}

/// The match for a peer: nothing for one without an IPv4 address.
fn peer_matches(peer: &Value, side: &str, selected: impl FnOnce() -> Vec<String>) -> Option<String> {
    let Some(block) = peer["ipBlock"]["cidr"].as_str() else {
        let selected = selected();
        return (!selected.is_empty()).then(|| format!("ip {side} {{ {} }}", selected.join(", ")));
    };
    // Not as a set, in which blocks must not overlap.
    let except = list(&peer["ipBlock"]["except"]).iter().filter_map(Value::as_str);
    let except = except.fold(String::new(), |text, block| text + " ip " + side + " != " + block);
    (!block.contains(':')).then(|| format!("ip {side} {block}{except}"))
}

/// The matches for the ports of a rule; a name is that of a port of the selected pod, if it has such a port.
fn ports(ports: &Value, pod: &Pod<'_>) -> Vec<String> {
    if ports.is_null() {
        return vec![String::new()];
    }
    let number = |port: &Value| match port {
        Value::String(name) => {
            let named = pod.ports.iter().find(|port| port["name"] == *name.as_str())?;
            Some(named["containerPort"].to_string())
        }
        number => Some(number.to_string()),
    };
    let matches = list(ports).iter().filter_map(|port| {
        let protocol = port["protocol"].as_str().unwrap_or("TCP").to_lowercase();
        Some(format!("{protocol} dport {}", number(&port["port"])?))
    });
    matches.collect()
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use serde_json::{Value, json};

    use super::ruleset;

    fn pod(name: &str, address: &str) -> Value {
        json!({
            "kind": "Pod", "metadata": {"namespace": "films", "labels": {"app": name}}, "status": {"podIP": address},
            "spec": {"containers": [{"ports": [{"name": "http", "containerPort": 8080}]}]}
        })
    }

    #[test]
    fn a_selected_pod_drops_what_no_rule_returns_and_others_are_not_mentioned() {
        let policy = json!({
            "kind": "NetworkPolicy", "metadata": {"namespace": "films"},
            "spec": {
                "podSelector": {"matchLabels": {"app": "a"}}, "policyTypes": ["Ingress", "Egress"],
                "ingress": [{"ports": [{"port": "http"}], "from": [{"podSelector": {"matchLabels": {"app": "b"}}}]}],
                "egress": [
                    {"ports": [{"protocol": "UDP", "port": 53}], "to": [{"namespaceSelector": {}}]},
                    {"to": [{"ipBlock": {"cidr": "0.0.0.0/0", "except": ["10.0.0.0/8"]}}, {"ipBlock": {"cidr": "::/0"}}]}
                ]
            }
        });
        let objects = json!({"items": [pod("a", "10.244.0.2"), pod("b", "10.244.0.3"), policy]});
        let rules = ruleset(&objects.to_string(), Ipv4Addr::new(10, 250, 1, 2)).expect("supported");
        for expected in [
            "ip saddr 10.244.0.2 jump egress-10-244-0-2",
            "ip daddr 10.244.0.2 jump ingress-10-244-0-2",
            "ip daddr { 10.250.1.2, 10.244.0.2, 10.244.0.3 } udp dport 53 return",
            "ip daddr 0.0.0.0/0 ip daddr != 10.0.0.0/8  return",
            "ip saddr { 10.244.0.3 } tcp dport 8080 return",
        ] {
            assert!(rules.contains(expected), "{expected}:\n{rules}");
        }
        assert_eq!(rules.matches("drop\n").count(), 2, "{rules}");
        assert!(!rules.contains("jump egress-10-244-0-3"), "{rules}");
    }
}
