//! A response's body within a limit: what a server sends never decides how much memory it takes. Called by every client that
//! reads a body as a whole. Does I/O.

/// The body; `None` if it has more bytes than `most`, whatever length was announced.
pub(crate) async fn limited(mut response: reqwest::Response, most: usize) -> reqwest::Result<Option<Vec<u8>>> {
    let mut bytes = Vec::new();
    while let Some(piece) = response.chunk().await? {
        bytes.extend_from_slice(&piece);
        if bytes.len() > most {
            return Ok(None);
        }
    }
    Ok(Some(bytes))
}
