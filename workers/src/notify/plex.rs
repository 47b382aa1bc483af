//! Plex: the library section that has the video's folder is looked up, then asked to scan that folder only. Does I/O.

use std::path::Path;

use reqwest::header::ACCEPT;
use serde::Deserialize;

use super::{
    NotificationTarget, NotifyError, WrittenSidecar,
    answer::{answer, body},
};
use crate::find::guard::GuardedClient;

const TOKEN: &str = "X-Plex-Token";

#[derive(Deserialize)]
struct Sections {
    #[serde(rename = "MediaContainer")]
    container: Container,
}

#[derive(Deserialize)]
struct Container {
    #[serde(rename = "Directory", default)]
    sections: Vec<Section>,
}

#[derive(Deserialize)]
struct Section {
    key: String,
    #[serde(rename = "Location", default)]
    locations: Vec<Location>,
}

#[derive(Deserialize)]
struct Location {
    path: String,
}

pub(super) async fn send(
    http: &GuardedClient,
    target: &NotificationTarget,
    written: &WrittenSidecar,
) -> Result<(), NotifyError> {
    let token = target.secret.reveal();
    let sections =
        http.get(&target.at(&["library", "sections"])?)?.header(TOKEN, token).header(ACCEPT, "application/json");
    let sections: Sections =
        serde_json::from_slice(&body(answer(sections).await?).await?).map_err(NotifyError::Answer)?;
    let video = target.seen(&written.video);
    let folder = video.rsplit_once('/').map_or("/", |(folder, _)| folder);
    let section = section_of(&sections, folder).ok_or_else(|| NotifyError::NotInLibrary(folder.to_owned()))?;
    let mut refresh = target.at(&["library", "sections", section, "refresh"])?;
    refresh.query_pairs_mut().append_pair("path", folder);
    answer(http.get(&refresh)?.header(TOKEN, token)).await.map(drop)
}

/// The section with the innermost location that has the folder.
fn section_of<'a>(sections: &'a Sections, folder: &str) -> Option<&'a str> {
    let locations = sections.container.sections.iter().flat_map(|section| {
        section.locations.iter().map(move |location| (location.path.as_str(), section.key.as_str()))
    });
    let has_folder = |(location, _): &(&str, &str)| Path::new(folder).starts_with(location);
    locations.filter(has_folder).max_by_key(|(location, _)| location.len()).map(|(_, key)| key)
}
