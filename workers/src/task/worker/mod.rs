//! A worker from its start until it is asked to stop: opens a session with the broker, and another one whenever it ends, each run by
//! `session_loop`. Every error ends the session, and the broker delivers its tasks again.

mod in_flight;
mod session_loop;
mod settings;
mod state;

use std::{sync::Arc, time::Duration};

use subtitle_broker::{BrokerError, Connector, ReconnectBackoff, Session as _};
use subtitle_clock::Runtime;
use subtitle_telemetry::chain;
use tokio_util::sync::CancellationToken;

use super::{cancelled::CancelledJobs, claim::Claimant, context::TaskContext, work::Work};
use crate::store::Store;
use session_loop::SessionLoop;

pub use settings::WorkerSettings;
pub use state::WorkerState;

/// A worker process.
#[derive(Debug)]
pub struct Worker<W, C: Connector, R> {
    /// The task handler.
    pub work: Arc<W>,
    /// Where claims are kept.
    pub store: Store,
    /// Connects to the broker.
    pub connector: C,
    /// Clock, sleep and spawn.
    pub runtime: R,
    /// Limits and identity.
    pub settings: WorkerSettings,
    /// Health and metrics.
    pub state: WorkerState<C::Session>,
}

impl<W: Work, C: Connector, R: Runtime> Worker<W, C, R> {
    /// Takes and handles tasks until `stop`, with a growing pause after each failed session.
    pub async fn run(self, stop: CancellationToken) {
        let mut backoff = ReconnectBackoff::default();
        let cancelled = Arc::<CancelledJobs>::default();
        let claimant = Arc::new(Claimant::new(&self.settings.identity.incarnation));
        while !stop.is_cancelled() {
            let mut session_age = Duration::ZERO;
            let context = |session: &Arc<C::Session>| TaskContext {
                cancelled: cancelled.clone(),
                claimant: claimant.clone(),
                stop: stop.clone(),
                ..TaskContext::new(
                    session.clone(),
                    self.store.clone(),
                    self.runtime.clone(),
                    self.settings.identity.clone(),
                    self.state.metrics.clone(),
                )
            };
            match self.session(context, &mut session_age).await {
                Ok(()) => return,
                Err(error) => {
                    tracing::warn!(error = %chain(&error), "the session with the broker failed; reconnecting");
                }
            }
            tokio::select! {
                biased;
                () = stop.cancelled() => {}
                () = self.runtime.sleep(backoff.pause(session_age, self.runtime.jitter())) => {}
            }
        }
    }

    /// One session; sets `session_age` to how long it lasted, and leaves it if none could be opened.
    async fn session(
        &self,
        context: impl Fn(&Arc<C::Session>) -> TaskContext<C::Session, R>,
        session_age: &mut Duration,
    ) -> Result<(), BrokerError> {
        let session = Arc::new(self.connector.open().await?);
        let opened = self.runtime.elapsed();
        let context = Arc::new(context(&session));
        let Self { work, settings, state, .. } = self;
        let outcome = SessionLoop { work, session: &session, context: &context, settings, state }.run().await;
        state.set_session(None);
        *session_age = self.runtime.elapsed().saturating_sub(opened);
        session.close().await;
        outcome
    }
}
