//! How much waits on the broker: the port beside `subtitle_broker::Publish`.

use std::sync::Arc;

use subtitle_broker::{BrokerError, Measured, Publish, Session};

/// A broker that also says how many messages wait in its queues.
pub trait Queues: Publish + 'static {
    /// Messages that nobody has in hand; none for a queue that does not exist.
    fn ready(&self, queue: &'static str) -> impl Future<Output = Result<Option<u32>, BrokerError>> + Send;
}

/// A session that counts what is published on it.
pub type Publisher = Measured<Arc<Session>>;

impl Queues for Publisher {
    async fn ready(&self, queue: &'static str) -> Result<Option<u32>, BrokerError> {
        Ok(self.inner().depth(queue).await?.map(|depth| depth.ready))
    }
}
