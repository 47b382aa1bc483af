//! What the downloader needs of whatever has subtitles: the seam at which a test counts what is paid for.

use subtitle_contract::{job::Video, language::Language};

use crate::find::{About, Content, Found, SourceError, Sources};

/// Sources by name.
pub trait Search: Send + Sync + 'static {
    /// What is mounted here.
    fn sources(&self) -> &Sources;

    /// The setting without which `source` cannot be asked; none for one that can.
    fn missing(&self, source: &str) -> Option<&'static str>;

    /// Looks into the video.
    fn about(&self, video: &Video) -> impl Future<Output = About> + Send;

    /// What `source` has for this video in any of `languages`; sources that see every language at no cost list the
    /// others too.
    fn list(
        &self,
        source: &'static str,
        video: &Video,
        languages: &[Language],
        seed: &str,
    ) -> impl Future<Output = Result<Vec<Found>, SourceError>> + Send;

    /// What a provider has, for whoever has looked into the video already.
    fn list_online(
        &self,
        provider: &'static str,
        video: &Video,
        languages: &[Language],
        about: &About,
    ) -> impl Future<Output = Result<Vec<Found>, SourceError>> + Send;

    /// The bytes or cues of one. May count against somebody's quota.
    fn fetch(&self, found: &Found) -> impl Future<Output = Result<Content, SourceError>> + Send;
}
