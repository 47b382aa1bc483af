//! A webhook: a `CloudEvent` (1.0, structured JSON), signed as Standard Webhooks has it, so that its receiver can tell who sent it and
//! when. Does I/O.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use hmac::{Hmac, Mac as _};
use jiff::Timestamp;
use reqwest::header::CONTENT_TYPE;
use serde_json::json;
use sha2::Sha256;

use super::{NotificationTarget, NotifyError, WrittenSidecar, answer::answer};
use crate::find::guard::GuardedClient;

pub(super) async fn send(
    http: &GuardedClient,
    target: &NotificationTarget,
    written: &WrittenSidecar,
    now: Timestamp,
) -> Result<(), NotifyError> {
    let body = event(written).to_string();
    let (id, seconds) = (written.id.to_string(), now.as_second().to_string());
    let signature = sign(target.secret.reveal(), &format!("{id}.{seconds}.{body}"))?;
    let request = http
        .post(&target.url)?
        .header(CONTENT_TYPE, "application/cloudevents+json")
        .header("webhook-id", id)
        .header("webhook-timestamp", seconds)
        .header("webhook-signature", signature);
    answer(request.body(body)).await.map(drop)
}

fn event(written: &WrittenSidecar) -> serde_json::Value {
    let WrittenSidecar { id, time, namespace, job, library, video, sidecar, language } = written;
    json!({
        "specversion": "1.0",
        "id": id,
        "type": "dev.subtitles.sidecar.written",
        "source": format!("/namespaces/{namespace}/subtitlejobs/{job}"),
        "subject": sidecar,
        "time": time,
        "datacontenttype": "application/json",
        "data": {"library": library, "video": video, "sidecar": sidecar, "language": language},
    })
}

/// The signature's header: its version and the HMAC-SHA256 in Base64.
fn sign(secret: &str, content: &str) -> Result<String, NotifyError> {
    let key = match secret.strip_prefix("whsec_") {
        Some(encoded) => STANDARD.decode(encoded).map_err(|_| NotifyError::Secret)?,
        None => secret.as_bytes().to_vec(),
    };
    let mut mac = Hmac::<Sha256>::new_from_slice(&key).map_err(|_| NotifyError::Secret)?;
    mac.update(content.as_bytes());
    Ok(format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes())))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of the specification (standard-webhooks, "Signature scheme").
    #[test]
    fn a_webhook_is_signed_as_the_specification_has_it() {
        let body = r#"{"test": 2432232314}"#;
        let content = format!("msg_p5jXN8AQM9LWM0D4loKWxJek.1614265330.{body}");
        let signature = sign("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", &content).expect("a key");
        assert_eq!(signature, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
        assert!(sign("whsec_%", &content).is_err());
    }
}
