//! What a policy needs: a page or the end of a scan comes in and the ledger's changes go out; policy, ledger and jobs come in
//! and a [`plan::PolicyPlan`] goes out. Called by the policy loop and, for events, by the consumer loop. Pure.
//!
//! ```text
//!   page ──▶ pages::fold ──▶ ledger        end ──▶ finish::fold ──▶ ledger, status
//!   ledger, jobs, now ──▶ plan ──▶ ledger, jobs to create and delete, the next scan, status
//! ```

mod conditions;
pub mod finish;
mod jobs;
pub mod pages;
pub mod plan;
mod satisfied;
mod schedule;
#[cfg(test)]
mod tests;
