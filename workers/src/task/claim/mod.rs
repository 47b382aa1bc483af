//! Which worker does which task. A claim is an object in the store, created only if absent and rewritten by its holder while
//! it works. Another worker takes a claim over when it has itself seen it unchanged for a whole lease, by its own monotonic
//! clock: no time is ever compared with another machine's.
//!
//! ```text
//!  FOLDER/00000000  {owner, renewals}  ──▶ rewritten every 15 s by its holder, which stops 40 s after the last success
//!        │ seen unchanged for 45 s
//!        ▼
//!  FOLDER/00000001  {owner, renewals}      created if absent; the numbers before it are removed
//! ```

mod claimant;
mod held;

pub use claimant::{Claimant, TakeOutcome};
pub use held::{Claim, LEASE, RENEW_DEADLINE};
