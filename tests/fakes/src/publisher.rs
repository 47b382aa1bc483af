//! A publisher outside the product: sends messages to the events exchange with broker confirms. Does I/O.

use lapin::{
    BasicProperties, Connection, ConnectionProperties,
    options::{BasicPublishOptions, ConfirmSelectOptions},
};

/// Publishes each body under the routing key and waits for its confirm.
#[tokio::main(flavor = "current_thread")]
pub async fn publish(broker_url: &str, routing_key: &str, bodies: &[&str]) {
    let connection = Connection::connect(broker_url, ConnectionProperties::default()).await.expect("connects");
    let channel = connection.create_channel().await.expect("a channel");
    channel.confirm_select(ConfirmSelectOptions::default()).await.expect("confirms");
    for body in bodies {
        let publish = channel.basic_publish(
            "subtitle.events".into(),
            routing_key.into(),
            BasicPublishOptions::default(),
            body.as_bytes(),
            BasicProperties::default(),
        );
        let confirmation = publish.await.expect("sent").await.expect("answered");
        assert!(confirmation.is_ack(), "RabbitMQ refused {body}: {confirmation:?}");
    }
    connection.close(200, "done".into()).await.expect("closes");
}
