//! Media types of subtitle files, by file extension. Pure.

/// The media type for a file extension in any case; `None` if it is not one of a subtitle.
pub fn media_type(extension: &str) -> Option<&'static str> {
    match extension.to_ascii_lowercase().as_str() {
        "srt" => Some("application/x-subrip"),
        "vtt" => Some("text/vtt"),
        "ass" | "ssa" => Some("text/x-ssa"),
        _ => None,
    }
}
