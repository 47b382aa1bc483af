//! A real S3 server (the crate `s3s-fs`) on a free loopback port: signatures are checked, create-if-absent is
//! `If-None-Match`. Does I/O.

use std::{
    fs,
    net::SocketAddr,
    path::{Path, PathBuf},
};

use hyper_util::{
    rt::{TokioExecutor, TokioIo},
    server::conn::auto::Builder,
};
use s3s::{
    auth::SimpleAuth,
    service::{S3Service, S3ServiceBuilder},
};
use subtitle_tests::stack::StoreOptions;
use tokio::{net::TcpListener, runtime::Runtime};

const KEY: &str = "AKIDTESTS";
const SECRET: &str = "only-for-tests";

/// A server that runs until it is dropped.
pub(crate) struct Server {
    address: SocketAddr,
    folder: PathBuf,
    _runtime: Runtime,
}

async fn serve(listener: TcpListener, service: S3Service) {
    while let Ok((stream, _)) = listener.accept().await {
        let service = service.clone();
        tokio::spawn(async move {
            let _ = Builder::new(TokioExecutor::new()).serve_connection(TokioIo::new(stream), service).await;
        });
    }
}

impl Server {
    /// Starts a server with the bucket `subtitles` in `folder`.
    pub(crate) fn start(folder: &Path) -> std::io::Result<Self> {
        fs::create_dir_all(folder.join("subtitles"))?;
        let files = s3s_fs::FileSystem::new(folder).map_err(|error| std::io::Error::other(format!("{error:?}")))?;
        let mut service = S3ServiceBuilder::new(files);
        service.set_auth(SimpleAuth::from_single(KEY, SECRET));
        let runtime = Runtime::new()?;
        let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0"))?;
        let address = listener.local_addr()?;
        runtime.spawn(serve(listener, service.build()));
        Ok(Self { address, folder: folder.to_path_buf(), _runtime: runtime })
    }

    /// The store's URL and its client's environment.
    pub(crate) fn store(&self) -> StoreOptions {
        let environment = [
            ("AWS_ENDPOINT", format!("http://{}", self.address)),
            ("AWS_REGION", "us-east-1".to_owned()),
            ("AWS_ACCESS_KEY_ID", KEY.to_owned()),
            ("AWS_SECRET_ACCESS_KEY", SECRET.to_owned()),
        ];
        let environment = environment.map(|(name, value)| (name.to_owned(), value)).to_vec();
        StoreOptions { url: "s3://subtitles/films".to_owned(), environment }
    }

    /// The number of objects with a prefix in a bucket.
    pub(crate) fn objects(&self, place: &str) -> usize {
        fn files(folder: &Path) -> usize {
            let entries = fs::read_dir(folder).into_iter().flatten().flatten();
            entries.map(|entry| if entry.path().is_dir() { files(&entry.path()) } else { 1 }).sum()
        }
        files(&self.folder.join(place))
    }
}
