//! A publisher outside the product: sends messages to the events exchange with broker confirms. Does I/O.

use lapin::{
    BasicProperties, Connection, ConnectionProperties,
    options::{BasicPublishOptions, ConfirmSelectOptions},
};

/// Publishes each body under the routing key and waits for its confirm. Blocks, so it must not be called in a runtime.
pub fn publish_blocking(broker_url: &str, routing_key: &str, bodies: &[&str]) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("tokio starts");
    runtime.block_on(publish(broker_url, routing_key, bodies));
}

async fn publish(broker_url: &str, routing_key: &str, bodies: &[&str]) {
    let connection = Connection::connect(broker_url, ConnectionProperties::default()).await;
    let connection = connection.expect("RabbitMQ accepts the connection");
    let channel = connection.create_channel().await.expect("RabbitMQ opens a channel");
    channel.confirm_select(ConfirmSelectOptions::default()).await.expect("RabbitMQ enables publisher confirms");
    for body in bodies {
        let publish = channel.basic_publish(
            // Not the product's constant: an outside publisher has its own.
            "subtitle.events".into(),
            routing_key.into(),
            BasicPublishOptions::default(),
            body.as_bytes(),
            BasicProperties::default(),
        );
        let sent = publish.await.expect("the message is sent");
        let confirmation = sent.await.expect("the broker confirms the message");
        assert!(confirmation.is_ack(), "RabbitMQ rejected {body}: {confirmation:?}");
    }
    connection.close(200, "done".into()).await.expect("the connection closes");
}
