//! What a policy needs: a page or the end of a scan comes in and the ledger's changes go out; policy, ledger and jobs come in
//! and a [`plan::PolicyPlan`] goes out. Called by the policy loop and, for events, by the consumer loop. Pure.
//!
//! ```text
//!   page ──▶ scan::pages::fold ──▶ ledger        end ──▶ scan::finish ──▶ ledger, status
//!   ledger, jobs, now ──▶ plan ──▶ ledger, jobs to create and delete, the next scan, status
//! ```

mod conditions;
mod counts;
pub mod facts;
mod jobs;
pub mod plan;
pub mod scan;
mod schedule;
mod settle;
#[cfg(test)]
mod tests;
