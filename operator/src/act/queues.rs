//! How much waits on the broker: the port beside `subtitle_broker::Publish`.

use subtitle_broker::{BrokerError, Publish, Session};

/// A broker that also says how many messages wait in its queues.
pub trait Queues: Publish + 'static {
    /// Messages that nobody has in hand; none for a queue that does not exist.
    fn ready(&self, queue: &'static str) -> impl Future<Output = Result<Option<u32>, BrokerError>> + Send;
}

impl Queues for Session {
    async fn ready(&self, queue: &'static str) -> Result<Option<u32>, BrokerError> {
        Ok(self.depth(queue).await?.map(|depth| depth.ready))
    }
}
