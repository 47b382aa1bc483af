//! Players are told of one video, by the API that each documents; a key goes to nobody else.

use std::{fs, path::PathBuf};

use jiff::Timestamp;
use serde_json::{Value, json};
use subtitle_clock::SystemRuntime;
use subtitle_fakes::players::{KEY, Player};
use subtitle_workers::{
    find::guard::Guard,
    notify::{NotificationTarget, Notifier, NotifyError, PlayerKind, WrittenSidecar},
    secret::Secret,
};
use uuid::Uuid;

fn notifier() -> Notifier<SystemRuntime> {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let loopback = Guard::new(["127.0.0.0/8".parse().expect("a block")]);
    Notifier::new(loopback, SystemRuntime::default()).expect("a client")
}

fn secret(key: &str) -> Secret {
    let file: PathBuf = std::env::temp_dir().join(format!("subtitles-notify-{}", Uuid::now_v7()));
    fs::write(&file, key).expect("written");
    let secret = Secret::read(&file).expect("a key");
    fs::remove_file(file).expect("removed");
    secret
}

fn target(player: &Player, kind: PlayerKind, path: &str, key: &str) -> NotificationTarget {
    let url = format!("{}{path}", player.url).parse().expect("a URL");
    NotificationTarget { kind, url, secret: secret(key), library_folder: "/media/films/".to_owned() }
}

fn written() -> WrittenSidecar {
    WrittenSidecar {
        id: Uuid::from_u128(7),
        time: Timestamp::UNIX_EPOCH,
        namespace: "n".to_owned(),
        job: "harbour".to_owned(),
        library: "films".to_owned(),
        video: "Low Tide/Harbour & Bridge.mkv".to_owned(),
        sidecar: "Low Tide/Harbour & Bridge.es.srt".to_owned(),
        language: "es".to_owned(),
    }
}

#[tokio::test]
async fn each_player_is_asked_for_just_that_item() {
    let player = Player::serve().await;
    for (kind, path) in [(PlayerKind::Jellyfin, "/jellyfin"), (PlayerKind::Emby, "/emby/"), (PlayerKind::Plex, "/plex")]
    {
        notifier().notify(&target(&player, kind, path, KEY), &written()).await.expect(path);
        let wrong = notifier().notify(&target(&player, kind, path, "wrong"), &written()).await;
        assert!(matches!(wrong, Err(NotifyError::Unauthorized)), "{path}: {wrong:?}");
    }
    let video = "/media/films/Low Tide/Harbour & Bridge.mkv";
    assert_eq!(player.refreshed(), [video, video, "2: /media/films/Low Tide"]);
    let elsewhere =
        NotificationTarget { library_folder: "/videos".to_owned(), ..target(&player, PlayerKind::Plex, "/plex", KEY) };
    let missing = notifier().notify(&elsewhere, &written()).await;
    assert!(matches!(missing, Err(NotifyError::NotInLibrary(_))), "{missing:?}");
}

#[tokio::test]
async fn a_webhook_is_a_signed_cloud_event() {
    let player = Player::serve().await;
    notifier().notify(&target(&player, PlayerKind::Webhook, "/webhook", "key"), &written()).await.expect("accepted");
    let (headers, body) = player.webhooks().pop().expect("a webhook");
    let event: Value = serde_json::from_str(&body).expect("JSON");
    assert_eq!(event["source"], "/namespaces/n/subtitlejobs/harbour");
    assert_eq!(event["data"]["sidecar"], json!("Low Tide/Harbour & Bridge.es.srt"));
    assert_eq!(headers["content-type"], "application/cloudevents+json");
    assert_eq!(headers["webhook-id"], Uuid::from_u128(7).to_string().as_str());
    assert!(headers["webhook-signature"].to_str().expect("text").starts_with("v1,"));
}

#[tokio::test]
async fn only_what_may_pass_is_repeated_and_no_key_follows_a_redirect() {
    let player = Player::serve().await;
    let jellyfin = target(&player, PlayerKind::Jellyfin, "/jellyfin", KEY);
    player.queue_faults([503]);
    notifier().notify(&jellyfin, &written()).await.expect("the second attempt is accepted");
    assert_eq!((player.requests(), player.refreshed().len()), (2, 1));
    for status in [404, 307] {
        player.queue_faults([status]);
        let failed = notifier().notify(&jellyfin, &written()).await;
        assert!(matches!(failed, Err(NotifyError::Status(answered)) if answered == status), "{failed:?}");
    }
    assert_eq!((player.requests(), player.webhooks().len()), (4, 0));
}

#[tokio::test]
async fn a_private_address_is_not_notified_unless_it_is_allowed() {
    let player = Player::serve().await;
    let strict = Notifier::new(Guard::default(), SystemRuntime::default()).expect("a client");
    for (kind, path) in [(PlayerKind::Emby, "/emby"), (PlayerKind::Plex, "/plex"), (PlayerKind::Webhook, "/webhook")] {
        let refused = strict.notify(&target(&player, kind, path, KEY), &written()).await;
        assert!(matches!(refused, Err(NotifyError::Refused(_))), "{refused:?}");
    }
    assert_eq!(player.requests(), 0);
}
