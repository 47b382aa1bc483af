//! Where the broker is and how to log in: a URL, or a mounted Secret that is read again for every session, so that a new
//! password needs no restart. Does I/O.

use std::{fmt, path::PathBuf, time::Duration};

use lapin::uri::{AMQPAuthority, AMQPScheme, AMQPUri, AMQPUserInfo};
use subtitle_secret::{CA_CERTIFICATE, CONNECTION_STRING, MountedSecret, Value};

use crate::BrokerError;

/// How often a mounted Secret is read; the kubelet itself takes up to a minute to update it.
const POLL_INTERVAL: Duration = Duration::from_secs(5);

/// Where tasks and events go.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum BrokerKind {
    /// RabbitMQ.
    Rabbitmq,
    /// Nowhere.
    None,
}

/// The broker's address, as flags of every program that connects to it.
#[derive(clap::Args, Clone)]
pub struct BrokerArguments {
    /// RabbitMQ, such as amqp://user:password@rabbitmq:5672/%2f
    #[arg(long, env = "SUBTITLES_BROKER_URL", hide_env_values = true)]
    pub broker_url: Option<String>,
    /// Instead of the URL: the folder where a Secret is mounted that has it under the key `connection_string`, or its
    /// parts under `host`, `port`, `username`, `password`, `vhost`; `ca.crt`, where it is there, is trusted. Read again
    /// when it changes
    #[arg(long, env = "SUBTITLES_BROKER_SECRET", value_name = "FOLDER")]
    pub broker_secret: Option<PathBuf>,
    /// The key of the whole URL in that Secret
    #[arg(long, env = "SUBTITLES_BROKER_SECRET_KEY", value_name = "KEY", default_value = CONNECTION_STRING)]
    pub broker_secret_key: String,
    /// Whether a connection without TLS is refused
    #[arg(long, env = "SUBTITLES_BROKER_REQUIRE_TLS", default_value_t = false, action = clap::ArgAction::Set)]
    pub broker_require_tls: bool,
}

impl BrokerArguments {
    /// The configured address; fails unless exactly one is set.
    pub fn address(&self) -> Result<Address, BrokerError> {
        let url = self.broker_url.as_ref().filter(|url| !url.is_empty());
        let folder = self.broker_secret.as_ref().filter(|folder| !folder.as_os_str().is_empty());
        let address = match (url, folder) {
            (Some(url), None) => Address::url(url),
            (None, Some(folder)) => Address::mounted(folder.clone(), &self.broker_secret_key),
            (None, None) => return Err(BrokerError::NoAddress),
            (Some(_), Some(_)) => return Err(BrokerError::ConflictingAddresses),
        };
        Ok(Address { requires_tls: self.broker_require_tls, ..address })
    }
}

/// Where the broker is and how to log in.
#[derive(Clone)]
pub struct Address {
    source: Source,
    requires_tls: bool,
}

#[derive(Clone)]
enum Source {
    Url(Value),
    MountedSecret { secret: MountedSecret, key: String },
}

impl fmt::Debug for Address {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.source {
            Source::Url(_) => formatter.write_str("Address(a URL)"),
            Source::MountedSecret { secret, key } => write!(formatter, "Address({secret:?}, {key})"),
        }
    }
}

/// The address and the credentials with which a session is opened.
#[derive(Clone, PartialEq)]
pub(crate) struct Login {
    pub(crate) uri: AMQPUri,
    /// CA certificates in PEM, trusted besides the system's.
    pub(crate) ca_certificate: Option<String>,
}

impl fmt::Debug for Login {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Login(hidden)")
    }
}

impl Address {
    /// A URL such as `amqp://user:password@rabbitmq:5672/%2f`.
    pub fn url(url: impl Into<String>) -> Self {
        Self { source: Source::Url(Value::new(url)), requires_tls: false }
    }

    /// A Secret mounted at `folder`, which may hold the whole URL under `key`.
    pub fn mounted(folder: PathBuf, key: &str) -> Self {
        Self {
            source: Source::MountedSecret { secret: MountedSecret::at(folder), key: key.to_owned() },
            requires_tls: false,
        }
    }

    /// The current address and credentials; reads a mounted Secret again.
    pub(crate) fn login(&self) -> Result<Login, BrokerError> {
        let login = self.read()?;
        let is_plain = login.uri.scheme == AMQPScheme::AMQP;
        if self.requires_tls && is_plain { Err(BrokerError::Unencrypted) } else { Ok(login) }
    }

    fn read(&self) -> Result<Login, BrokerError> {
        match &self.source {
            // The parser's message is dropped: it may contain the password.
            Source::Url(url) => {
                Ok(Login { uri: parse(url.reveal()).ok_or(BrokerError::InvalidUrl)?, ca_certificate: None })
            }
            Source::MountedSecret { secret, key } => {
                let ca_certificate =
                    secret.optional(CA_CERTIFICATE)?.map(|certificate| certificate.reveal().to_owned());
                let uri = match secret.optional(key)? {
                    Some(url) => {
                        parse(url.reveal()).ok_or_else(|| secret.invalid(key, BrokerError::InvalidUrl.to_string()))?
                    }
                    None => from_parts(secret, ca_certificate.is_some())?,
                };
                Ok(Login { uri, ca_certificate })
            }
        }
    }

    /// Waits until it differs from `login`. A Secret that cannot be read does not count as a change.
    pub(crate) async fn changed_from(&self, login: &Login) {
        if matches!(self.source, Source::Url(_)) {
            return std::future::pending().await;
        }
        loop {
            tokio::time::sleep(POLL_INTERVAL).await;
            match self.login() {
                Ok(now) if now != *login => return,
                Ok(_) => {}
                Err(error) => tracing::warn!(%error, "failed to read the broker's Secret again"),
            }
        }
    }
}

/// A trailing slash means the default virtual host, as RabbitMQ's cluster operator writes it: no virtual host is named "".
fn parse(url: &str) -> Option<AMQPUri> {
    let mut uri: AMQPUri = url.trim().parse().ok()?;
    if uri.vhost.is_empty() {
        "/".clone_into(&mut uri.vhost);
    }
    Some(uri)
}

fn from_parts(secret: &MountedSecret, has_ca_certificate: bool) -> Result<AMQPUri, BrokerError> {
    let hint = "it has no connection string either: set one, or host, username and password";
    let port: Option<u16> = secret.parsed("port", "a port, such as 5672")?;
    let tls: Option<bool> = secret.parsed("tls", "true or false")?;
    let encrypted = tls.unwrap_or(has_ca_certificate || port == Some(AMQPScheme::AMQPS.default_port()));
    let scheme = if encrypted { AMQPScheme::AMQPS } else { AMQPScheme::AMQP };
    let text = |key| Ok::<_, BrokerError>(secret.required(key, hint)?.reveal().to_owned());
    Ok(AMQPUri {
        authority: AMQPAuthority {
            host: text("host")?,
            port: port.unwrap_or_else(|| scheme.default_port()),
            userinfo: AMQPUserInfo { username: text("username")?, password: text("password")? },
        },
        vhost: secret.optional("vhost")?.map_or_else(|| "/".to_owned(), |vhost| vhost.reveal().to_owned()),
        scheme,
        query: lapin::uri::AMQPQueryString::default(),
    })
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    /// A mounted Secret with these keys.
    fn secret(name: &str, keys: &[(&str, &str)]) -> Address {
        let folder = std::env::temp_dir().join(format!("subtitles-address-{name}-{}", std::process::id()));
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(&folder).expect("a folder");
        for (key, text) in keys {
            fs::write(folder.join(key), text).expect("writable");
        }
        Address::mounted(folder, CONNECTION_STRING)
    }

    fn uri(address: &Address) -> AMQPUri {
        address.login().expect("a login").uri
    }

    #[test]
    fn the_whole_url_comes_before_the_parts_and_a_trailing_slash_is_the_default_virtual_host() {
        let parts = [("host", "other"), ("username", "u"), ("password", "p")];
        let url = ("connection_string", "amqp://me:s%2Fecret@rabbitmq.there.svc:5672/\n");
        let whole = uri(&secret("whole", &[&parts[..], &[url]].concat()));
        assert_eq!((whole.authority.host.as_str(), whole.vhost.as_str()), ("rabbitmq.there.svc", "/"));
        assert_eq!(whole.authority.userinfo.password, "s/ecret");
        assert_eq!(uri(&secret("parts", &parts)).authority.host, "other");
        assert_eq!(uri(&Address::url("amqp://a:b@c/d%2Fe")).vhost, "d/e");
    }

    #[test]
    fn parts_take_a_password_of_any_characters_and_the_port_of_their_scheme() {
        let password = "p@ss/w:rd%2f #?é";
        let parts = [("host", "rabbitmq"), ("username", "me"), ("password", password)];
        let with = |more: &[(&str, &str)]| uri(&secret("ports", &[&parts[..], more].concat()));
        let plain = with(&[]);
        assert_eq!((plain.authority.userinfo.password.as_str(), plain.vhost.as_str()), (password, "/"));
        assert_eq!((plain.scheme, plain.authority.port), (AMQPScheme::AMQP, 5672));
        let trusted = with(&[("ca.crt", "a certificate"), ("vhost", "films")]);
        assert_eq!(
            (trusted.scheme, trusted.authority.port, trusted.vhost.as_str()),
            (AMQPScheme::AMQPS, 5671, "films")
        );
        assert_eq!(with(&[("port", "5671")]).scheme, AMQPScheme::AMQPS);
        assert_eq!(with(&[("tls", "true"), ("port", "9000")]).scheme, AMQPScheme::AMQPS);
        assert_eq!(with(&[("tls", "false"), ("ca.crt", "a certificate")]).scheme, AMQPScheme::AMQP);
    }

    #[test]
    fn errors_name_file_and_key_and_no_secret() {
        let error = |keys: &[(&str, &str)]| secret("errors", keys).login().expect_err("no login").to_string();
        let empty = error(&[]);
        assert!(empty.contains("'host'") && empty.contains("subtitles-address-errors"), "{empty}");
        assert!(error(&[("host", "a"), ("username", "b")]).contains("'password'"));
        let port = error(&[("host", "a"), ("username", "b"), ("password", "hidden"), ("port", "x")]);
        assert!(port.contains("'port'") && !port.contains("hidden"), "{port}");
        let url = error(&[("connection_string", "amqp://me:hidden@host:99999/")]);
        assert!(url.contains("'connection_string'") && !url.contains("hidden"), "{url}");
        assert!(!format!("{:?}", Address::url("amqp://me:hidden@host/")).contains("hidden"));
    }

    #[test]
    fn exactly_one_address_must_be_set() {
        let address = |url: Option<&str>, folder: Option<&str>| {
            let broker_secret = folder.map(PathBuf::from);
            let broker_secret_key = CONNECTION_STRING.to_owned();
            let (broker_url, broker_require_tls) = (url.map(str::to_owned), false);
            BrokerArguments { broker_url, broker_secret, broker_secret_key, broker_require_tls }.address()
        };
        assert!(matches!(address(Some(""), None), Err(BrokerError::NoAddress)));
        assert!(matches!(address(Some("amqp://a"), Some("/b")), Err(BrokerError::ConflictingAddresses)));
        assert!(matches!(address(None, Some("/b")), Ok(Address { source: Source::MountedSecret { .. }, .. })));
    }

    #[tokio::test(start_paused = true)]
    async fn a_changed_secret_is_noticed_and_one_that_cannot_be_read_is_not_a_change() {
        let url = |password: &str| format!("amqp://me:{password}@host/");
        let address = secret("changes", &[("connection_string", &url("old"))]);
        let Source::MountedSecret { secret, .. } = address.source.clone() else { panic!("it is mounted") };
        let before = address.login().expect("a login");
        let file = std::env::temp_dir().join(format!("subtitles-address-changes-{}", std::process::id()));
        let file = file.join(CONNECTION_STRING);
        fs::remove_file(&file).expect("removed");
        let wait = || tokio::time::timeout(Duration::from_secs(12), address.changed_from(&before));
        assert!(wait().await.is_err(), "{secret:?} counts as changed while it cannot be read");
        fs::write(&file, url("new")).expect("writable");
        assert!(wait().await.is_ok());
    }

    #[test]
    fn an_address_without_tls_is_refused_where_tls_is_required() {
        for (url, is_accepted) in [("amqp://a:b@rabbitmq", false), ("amqps://a:b@rabbitmq", true)] {
            let arguments = BrokerArguments {
                broker_url: Some(url.to_owned()),
                broker_secret: None,
                broker_secret_key: CONNECTION_STRING.to_owned(),
                broker_require_tls: true,
            };
            let login = arguments.address().expect("an address").login();
            assert_eq!(!matches!(login, Err(BrokerError::Unencrypted)), is_accepted, "{url}");
        }
    }
}
