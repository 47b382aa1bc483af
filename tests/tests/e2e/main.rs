//! The product on a real Kubernetes node, installed from its chart with its images, used by a client with the edit role:
//! every flow, and everything an administrator does to an installation while jobs run. Needs root, cgroups and
//! namespaces; without them the tests are skipped. Does I/O.

mod api;
mod changes;
mod disruptions;
mod flows;
mod keda;
mod measurements;
mod network;
mod system;

use subtitle_tests::{
    cases::Cases,
    kubernetes::node,
    progress::print,
    skips::skip,
    tools::packages::{self, Purpose},
};

use system::System;

/// Whether a node can be started here; if not, `test` is reported as skipped.
fn can_start_a_node(test: &str) -> bool {
    if !node::is_allowed() {
        skip(test, "a Kubernetes node needs root and namespaces");
        return false;
    }
    packages::ensure(Purpose::Node, &print).expect("the packages of containerd and others");
    true
}

#[test]
#[ignore = "minutes of compiling and of waiting for autoscalers: cargo dev e2e keda"]
fn keda_scales_workers_by_the_queue_and_kills_none_that_is_busy() {
    if can_start_a_node("e2e-keda") {
        let system = System::start("keda").expect("the node and the servers start");
        keda::scales_workers_by_the_queue(&system).expect("scaling by the queue");
    }
}

#[test]
fn the_chart_on_a_real_node() {
    if !can_start_a_node("e2e") {
        return;
    }
    let mut cases = Cases::new("e2e", System::start("e2e").expect("the node and the servers start"));
    cases.run("an_older_release_is_upgraded_and_rolled_back", |system| changes::upgrade_and_rollback(system));
    cases.run("a_second_install_adopts_the_jobs_of_the_first", |system| changes::reinstallation_adopts_jobs(system));
    cases.run("every_sample_ends_as_its_comment_says", |system| flows::every_sample_ends_as_documented(system));
    cases.run("network_policies_hold_between_pods", |system| network::policies_hold(system));
    cases.run("kubectl_shows_what_the_page_for_python_users_says", |system| flows::python_page_is_right(system));
    cases.run("the_api_authenticates_and_authorizes", |system| flows::api_authenticates_and_authorizes(system));
    cases.run("helm_test_passes", |system| flows::helm_test_passes(system));
    cases.run("memory_and_start_are_measured", |system| measurements::print_memory_and_start_times(system));
    cases.run("a_worker_is_deleted_in_the_middle_of_a_job", |system| disruptions::worker_is_deleted(system));
    cases.run("workers_are_restarted_by_a_rollout", |system| disruptions::workers_are_restarted(system));
    cases.run("workers_are_scaled_up_and_down", |system| disruptions::workers_are_scaled(system));
    cases.run("the_operator_is_killed", |system| disruptions::operator_is_killed(system));
    cases.run("the_broker_is_restarted", |system| disruptions::broker_is_restarted(system));
    cases.run("the_password_of_the_broker_changes", |system| disruptions::broker_password_changes(system));
    cases.run("uninstalling_leaves_only_jobs_and_their_crd", |system| changes::uninstallation_leaves_jobs(system));
    cases.finish();
}
