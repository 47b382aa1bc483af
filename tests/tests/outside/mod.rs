//! Somebody outside the system who publishes.

use subtitle_broker::{Address, Session};
use subtitle_tests::stack::Stack;

/// Publishes messages, each confirmed.
#[tokio::main(flavor = "current_thread")]
pub(crate) async fn publish(stack: &Stack, routing_key: &str, bodies: &[&str]) {
    let session = Session::open(&Address::url(&stack.broker.url), "a test").await.expect("connects");
    for body in bodies {
        session.publish_again(routing_key, body.as_bytes(), 0).await.expect("published");
    }
    session.close().await;
}
