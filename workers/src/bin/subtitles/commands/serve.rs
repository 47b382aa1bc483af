//! `subtitles serve`: the files of a folder over HTTP, to be read in parts: films for `spec.video.url`, and subtitles
//! for a library behind HTTP. Nothing can be written, listed or reached outside the folder. Does I/O.

use std::{
    io::{self, Write as _},
    net::SocketAddr,
    path::{Component, Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use axum::{
    Router,
    body::Body,
    extract::{Request, State},
    http::{HeaderValue, StatusCode, header::CONTENT_TYPE},
    response::{IntoResponse as _, Response},
};
use futures::FutureExt as _;
use percent_encoding::percent_decode_str;
use subtitle_contract::media::media_type;
use subtitle_telemetry::stop;
use tower_http::services::ServeFile;

use crate::{failure::Failure, video::block_on};

/// How long requests in progress may take after SIGTERM.
const PATIENCE: Duration = Duration::from_secs(5);
/// The largest subtitle whose charset is looked at, in bytes.
const LARGEST_TEXT: u64 = 10 << 20;

#[derive(clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Arguments {
    /// The folder; names that begin with a dot, and links that lead out of it, are not served
    #[arg(value_name = "DIRECTORY")]
    folder: PathBuf,
    /// Where to listen; everybody who reaches this address may read everything in the folder
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:8000")]
    listen: SocketAddr,
}

const EXAMPLES: &str = "\
Examples:
  subtitles serve films                                   for this machine: http://127.0.0.1:8000/film.mkv
  subtitles serve films --listen 0.0.0.0:8000             for everybody who reaches it
  subtitles find http://127.0.0.1:8000/film.mkv --language en     reads parts of it, by Range requests

Workers refuse URLs that lead to private addresses: SUBTITLES_ALLOW_PRIVATE_ADDRESSES (in the chart
allowPrivateAddresses) lists those that are meant. For subtitles beside the films, workers take
SUBTITLES_LIBRARY_URL='http://HOST:8000/{stem}.{language}.srt' (in the chart libraryUrl). SIGTERM ends it.";

/// The file of a path, if it exists and is inside the folder.
async fn file_path(root: &Path, path: &str) -> Option<PathBuf> {
    let path = percent_decode_str(path.trim_start_matches('/')).decode_utf8().ok()?;
    let is_plain = |part: Component<'_>| match part {
        Component::Normal(name) => !name.as_encoded_bytes().starts_with(b"."),
        _ => false,
    };
    if path.contains('\0') || !Path::new(path.as_ref()).components().all(is_plain) {
        return None;
    }
    // Links are followed here, and what is opened is what was checked.
    let real = tokio::fs::canonicalize(root.join(path.as_ref())).await.ok()?;
    let is_file = tokio::fs::metadata(&real).await.ok()?.is_file();
    (is_file && real.starts_with(root)).then_some(real)
}

/// For a subtitle, what it is; its charset only where that is known, since old files have others than UTF-8.
async fn content_type(file: &Path) -> Option<HeaderValue> {
    let kind = media_type(file.extension()?.to_str()?)?;
    if tokio::fs::metadata(file).await.ok()?.len() > LARGEST_TEXT {
        return Some(HeaderValue::from_static(kind));
    }
    let is_unicode = std::str::from_utf8(&tokio::fs::read(file).await.ok()?).is_ok();
    let charset = if is_unicode { "; charset=utf-8" } else { "" };
    HeaderValue::from_str(&format!("{kind}{charset}")).ok()
}

async fn answer(State(root): State<Arc<Path>>, request: Request) -> Response {
    let Some(file) = file_path(&root, request.uri().path()).await else { return StatusCode::NOT_FOUND.into_response() };
    let kind = content_type(&file).await;
    match ServeFile::new(&file).ignore_multi_range_requests(true).try_call(request).await {
        Ok(mut answer) => {
            if let (Some(kind), true) = (kind, answer.status().is_success()) {
                answer.headers_mut().insert(CONTENT_TYPE, kind);
            }
            answer.map(Body::new)
        }
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

async fn serve(Arguments { folder, listen }: &Arguments) -> Result<(), Failure> {
    let wrong = |what: String, error: &io::Error| Failure::Usage(format!("{what}: {error}"));
    let of_folder = |error: io::Error| wrong(format!("'{}' cannot be served", folder.display()), &error);
    let root = tokio::fs::canonicalize(folder).await.map_err(of_folder)?;
    tokio::fs::read_dir(&root).await.map(drop).map_err(of_folder)?;
    let of_address = |error: io::Error| wrong(format!("nothing can listen at {listen}"), &error);
    let listener = tokio::net::TcpListener::bind(listen).await.map_err(of_address)?;
    let address = listener.local_addr().map_err(of_address)?;
    let asked = stop::asked().map_err(|error| wrong("signals cannot be received".to_owned(), &error))?.shared();
    // Its reader may be gone.
    let _ = writeln!(io::stdout(), "{} is served at http://{address}/", root.display());
    let routes = Router::new().fallback(answer).with_state(Arc::from(root));
    tokio::select! {
        served = axum::serve(listener, routes).with_graceful_shutdown(asked.clone()) => served.map_err(of_address),
        () = asked.then(|()| tokio::time::sleep(PATIENCE)) => Ok(()),
    }
}

pub(crate) fn run(arguments: &Arguments) -> Result<(), Failure> {
    block_on(serve(arguments))
}
