//! The product on a real Kubernetes node, installed from its chart with its images, asked by somebody who has only the
//! edit role: every flow, and everything an operator does to an installation while jobs run. Needs root, control
//! groups and namespaces; where these are not allowed it says so.

mod changes;
mod disruptions;
mod flows;
mod history;
mod keda;
mod measures;
mod system;

use subtitle_tests::{node, packages};

use system::System;

fn may_start_a_node() -> bool {
    if !node::is_allowed() {
        println!("skipped: a node takes root and namespaces of its own");
        return false;
    }
    packages::ensure().expect("the packages of containerd and others");
    true
}

#[test]
#[ignore = "minutes of compiling and of waiting for autoscalers: cargo dev e2e keda"]
fn keda_scales_workers_by_the_queue_and_kills_none_that_is_busy() {
    if may_start_a_node() {
        let system = System::start("keda").expect("the node and the servers start");
        keda::scales_workers_by_the_queue(&system).expect("scaling by the queue");
    }
}

#[test]
fn the_chart_on_a_real_node() {
    if !may_start_a_node() {
        return;
    }
    let system = System::start("e2e").expect("the node and the servers start");

    changes::an_older_release_is_upgraded_with_jobs_in_flight_and_rolled_back(&system).expect("upgrade and rollback");
    changes::uninstalling_leaves_jobs_and_a_second_install_adopts_them(&system).expect("uninstall and install");
    flows::every_sample_ends_as_its_comment_says(&system).expect("the samples");
    flows::the_api_asks_who_calls(&system).expect("the API");
    flows::helm_test_passes(&system).expect("helm test");
    measures::memory_and_start(&system).expect("figures");
    disruptions::a_worker_is_deleted_in_mid_job(&system).expect("a deleted worker");
    disruptions::workers_are_replaced_by_a_rolling_restart(&system).expect("a rolling restart");
    disruptions::workers_are_scaled_up_and_down(&system).expect("scaling");
    disruptions::the_operator_is_killed(&system).expect("a killed operator");
    disruptions::the_broker_is_restarted(&system).expect("a restarted broker");
    disruptions::the_brokers_password_changes_without_a_restart(&system).expect("a new password");
    changes::uninstalling_leaves_nothing_but_jobs_and_their_definition(&system).expect("uninstall");
}
