//! The sources on this machine and behind specs' URLs. Each lists what it has, which costs nothing, and fetches one.

mod amount;
pub(super) mod embedded;
pub(super) mod http_library;
pub(super) mod library;
pub(super) mod mounted;
pub(super) mod simulated;
