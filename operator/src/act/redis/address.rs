//! Where Redis is and how to log in: a URL, or a mounted Secret that is read again for every connection, so that a new
//! password needs no restart. Does I/O.

use std::{path::PathBuf, time::Duration};

use jiff::{Span, SpanRelativeTo};
use redis::{Client, ConnectionAddr, ConnectionInfo, IntoConnectionInfo as _, RedisConnectionInfo, TlsCertificates};
use subtitle_secret::{CA_CERTIFICATE, CONNECTION_STRING, MountedSecret, Value};

use crate::act::error::RecordError;

/// How often a mounted Secret is read again while a connection is open.
pub(super) const RECHECK_EVERY: Duration = Duration::from_secs(5);
const PORT: u16 = 6379;
const MIN_HISTORY_TTL: Duration = Duration::from_secs(60);
const MAX_HISTORY_TTL: Duration = Duration::from_secs(3650 * 86_400);

/// The address of Redis, as flags of every command that connects to it.
#[derive(clap::Args, Clone)]
pub struct RedisArguments {
    /// Redis, such as redis://redis:6379/
    #[arg(long, env = "SUBTITLES_REDIS_URL", hide_env_values = true)]
    pub redis_url: Option<String>,
    /// Instead of the URL: the folder where a Secret is mounted that has it under the key `connection_string`, or its
    /// parts under `host`, `port`, `username`, `password`, `database`, `tls`; `ca.crt`, where it is there, is trusted.
    /// Read again when it changes
    #[arg(long, env = "SUBTITLES_REDIS_SECRET", value_name = "FOLDER")]
    pub redis_secret: Option<PathBuf>,
    /// The key of the whole URL in that Secret
    #[arg(long, env = "SUBTITLES_REDIS_SECRET_KEY", value_name = "KEY", default_value = CONNECTION_STRING)]
    pub redis_secret_key: String,
    /// Whether a connection without TLS is refused
    #[arg(long, env = "SUBTITLES_REDIS_REQUIRE_TLS", default_value_t = false, action = clap::ArgAction::Set)]
    pub redis_require_tls: bool,
    /// For how long Redis keeps a job's record and history after the job has finished, such as 12h or 30d; the broker's stream,
    /// from which an emptied Redis is filled again, keeps 7 days
    #[arg(long, env = "SUBTITLES_HISTORY_TTL", value_name = "TIME", default_value = "7d", value_parser = history_ttl)]
    pub history_ttl: Duration,
}

/// Parses a time span of at least a minute.
fn history_ttl(text: &str) -> Result<Duration, String> {
    let span = text.parse::<Span>().and_then(|span| span.to_duration(SpanRelativeTo::days_are_24_hours()));
    let ttl = span.ok().and_then(|span| Duration::try_from(span).ok());
    let allowed = MIN_HISTORY_TTL..=MAX_HISTORY_TTL;
    ttl.filter(|ttl| allowed.contains(ttl))
        .ok_or_else(|| format!("'{text}' is not a time span from 1m to 3650d, such as 7d"))
}

impl RedisArguments {
    /// The address; exactly one of URL and Secret must be set.
    pub fn address(&self) -> Result<RedisAddress, RecordError> {
        let url = self.redis_url.as_ref().filter(|url| !url.is_empty());
        let folder = self.redis_secret.as_ref().filter(|folder| !folder.as_os_str().is_empty());
        let address = match (url, folder) {
            (Some(url), None) => RedisAddress::from_url(url),
            (None, Some(folder)) => RedisAddress::mounted(folder.clone(), &self.redis_secret_key),
            (None, None) => return Err(RecordError::NoAddress),
            (Some(_), Some(_)) => return Err(RecordError::ConflictingAddresses),
        };
        Ok(RedisAddress { requires_tls: self.redis_require_tls, ..address })
    }
}

/// Where Redis is and how to log in.
#[derive(Clone)]
pub struct RedisAddress {
    source: Source,
    requires_tls: bool,
}

#[derive(Clone)]
enum Source {
    Url(Value),
    MountedSecret { secret: MountedSecret, key: String },
}

/// The address and the credentials with which a connection is opened; compared to find out whether the Secret has changed.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Login {
    server: Server,
    /// CA certificates in PEM, trusted instead of the system's.
    authority: Option<Value>,
}

#[derive(Clone, PartialEq, Eq)]
enum Server {
    Url(Value),
    Parts { host: String, port: u16, tls: bool, username: Option<Value>, password: Option<Value>, database: i64 },
}

impl RedisAddress {
    /// A URL such as `redis://redis:6379/`.
    pub fn from_url(url: impl Into<String>) -> Self {
        Self { source: Source::Url(Value::new(url)), requires_tls: false }
    }

    /// A Secret mounted at `folder`, which may hold the whole URL under `key`.
    pub fn mounted(folder: PathBuf, key: &str) -> Self {
        Self {
            source: Source::MountedSecret { secret: MountedSecret::at(folder), key: key.to_owned() },
            requires_tls: false,
        }
    }

    /// Whether the login can change while the process runs.
    pub(super) const fn may_change(&self) -> bool {
        matches!(self.source, Source::MountedSecret { .. })
    }

    /// The current login; reads a mounted Secret again.
    pub(super) fn login(&self) -> Result<Login, RecordError> {
        let login = self.read()?;
        if self.requires_tls && matches!(login.information()?.addr(), ConnectionAddr::Tcp(..)) {
            return Err(RecordError::Unencrypted);
        }
        Ok(login)
    }

    fn read(&self) -> Result<Login, RecordError> {
        match &self.source {
            Source::Url(url) => Ok(Login { server: Server::Url(url.clone()), authority: None }),
            Source::MountedSecret { secret, key } => {
                let authority = secret.optional(CA_CERTIFICATE)?;
                let server = match secret.optional(key)? {
                    Some(url) => Server::Url(url),
                    None => from_parts(secret, authority.is_some())?,
                };
                Ok(Login { server, authority })
            }
        }
    }
}

fn from_parts(secret: &MountedSecret, has_authority: bool) -> Result<Server, RecordError> {
    let advice = "it has no connection string either: give it one, or host and, where Redis wants one, password";
    let host = secret.required("host", advice)?.reveal().trim().to_owned();
    Ok(Server::Parts {
        host,
        port: secret.parsed("port", "a port, such as 6379")?.unwrap_or(PORT),
        tls: secret.parsed("tls", "true or false")?.unwrap_or(has_authority),
        username: secret.optional("username")?,
        password: secret.optional("password")?,
        database: secret.parsed("database", "a number, such as 0")?.unwrap_or(0),
    })
}

impl Login {
    fn information(&self) -> Result<ConnectionInfo, RecordError> {
        // The parser's error is dropped: it may contain the password.
        let invalid_url = |_| RecordError::Url;
        match &self.server {
            Server::Url(url) => url.reveal().trim().into_connection_info().map_err(invalid_url),
            Server::Parts { host, port, tls, username, password, database } => {
                let (host, port) = (host.clone(), *port);
                let server = if *tls {
                    ConnectionAddr::TcpTls { host, port, insecure: false, tls_params: None }
                } else {
                    ConnectionAddr::Tcp(host, port)
                };
                let mut settings = RedisConnectionInfo::default().set_db(*database);
                if let Some(username) = username {
                    settings = settings.set_username(username.reveal());
                }
                if let Some(password) = password {
                    settings = settings.set_password(password.reveal());
                }
                Ok(server.into_connection_info().map_err(invalid_url)?.set_redis_settings(settings))
            }
        }
    }

    /// A client, which connects when it is first used.
    pub(super) fn client(&self) -> Result<Client, RecordError> {
        let information = self.information()?;
        match (&self.authority, information.addr()) {
            (Some(authority), ConnectionAddr::TcpTls { .. }) => {
                let root_cert = Some(authority.reveal().as_bytes().to_vec());
                Ok(Client::build_with_tls(information, TlsCertificates { client_tls: None, root_cert })?)
            }
            _ => Ok(Client::open(information)?),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn a_history_ttl_is_a_time_span_of_at_least_a_minute() {
        let days = |days: u64| Duration::from_secs(days * 86_400);
        for (text, expected) in [("7d", days(7)), ("48h", days(2)), ("4w", days(28)), ("1m", Duration::from_secs(60))] {
            assert_eq!(history_ttl(text), Ok(expected));
        }
        for text in ["", "7", "30s", "-7d", "11y", "99999999d"] {
            assert!(history_ttl(text).is_err_and(|message| message.contains("such as 7d")), "{text}");
        }
    }

    fn secret(keys: &[(&str, &str)]) -> RedisAddress {
        let folder = std::env::temp_dir().join(format!("subtitles-redis-{}", std::process::id()));
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(&folder).expect("a folder");
        for (key, text) in keys {
            fs::write(folder.join(key), text).expect("writable");
        }
        RedisAddress::mounted(folder, CONNECTION_STRING)
    }

    #[test]
    fn a_secret_holds_a_url_or_parts_and_a_change_is_seen() {
        let information = |keys: &[(&str, &str)]| secret(keys).login().and_then(|login| login.information());
        let url = information(&[("connection_string", "redis://:p%40ss@there:7000/2\n"), ("host", "other")]);
        let url = url.expect("a URL");
        assert!(matches!(url.addr(), ConnectionAddr::Tcp(host, 7000) if host == "there"), "the parts override the URL");
        assert_eq!((url.redis_settings().password(), url.redis_settings().db()), (Some("p@ss"), 2));
        let parts = [("host", "there"), ("password", "p@ss/w:rd #?"), ("username", "me"), ("database", "3")];
        let plain = information(&parts).expect("parts");
        assert!(matches!(plain.addr(), ConnectionAddr::Tcp(host, PORT) if host == "there"));
        let settings = plain.redis_settings();
        assert_eq!((settings.username(), settings.password()), (Some("me"), Some("p@ss/w:rd #?")));
        let encrypted = information(&[&parts[..], &[("tls", "true")]].concat()).expect("parts");
        assert!(matches!(encrypted.addr(), ConnectionAddr::TcpTls { insecure: false, .. }));
        let (before, after) = (secret(&parts).login(), secret(&[("host", "there"), ("password", "new")]).login());
        assert!(before.ok() != after.ok());

        let error = |keys: &[(&str, &str)]| information(keys).expect_err("no login").to_string();
        assert!(error(&[]).contains("'host'"));
        assert!(error(&[("host", "there"), ("port", "x")]).contains("'port'"));
        let url = error(&[("connection_string", "there:hidden@nowhere")]);
        assert!(!url.contains("hidden"), "{url}");
        let _ = secret(&[]);
    }

    #[test]
    fn an_address_without_tls_is_refused_where_tls_is_required() {
        for (url, is_accepted) in [("redis://redis/", false), ("rediss://redis/", true)] {
            let address = RedisAddress { requires_tls: true, ..RedisAddress::from_url(url) };
            assert_eq!(!matches!(address.login(), Err(RecordError::Unencrypted)), is_accepted, "{url}");
        }
    }
}
