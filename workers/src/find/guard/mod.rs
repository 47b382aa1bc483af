//! Which addresses a spec's URL may lead to. The author of a job chooses a URL that this worker fetches: without a guard
//! it could reach what only the worker can reach, such as a cloud's metadata service. Refused are the special
//! purpose blocks of RFC 6890 and its successors, checked on the address that is connected to, not only on the name,
//! and again on every redirect. Does I/O when it resolves a name.

use std::{
    fmt,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    str::FromStr,
    sync::Arc,
    time::Duration,
};

use reqwest::{
    RequestBuilder,
    dns::{Addrs, Name, Resolve, Resolving},
    redirect::Policy,
};
use url::{Host, Url};

const WEB_PORTS: [u16; 2] = [80, 443];
/// What a cloud answers virtual machines from, at an address that looks public.
const PLATFORM: Ipv4Addr = Ipv4Addr::new(168, 63, 129, 16);
/// The most redirects of a request.
const MOST_REDIRECTS: usize = 5;

/// A block of addresses, such as `10.0.0.0/8`; a single address is a block of one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Network {
    address: IpAddr,
    prefix: u8,
}

impl FromStr for Network {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let invalid = || format!("'{text}' is not a block of addresses, such as 10.0.0.0/8 or ::1/128");
        let (address, prefix) = text.split_once('/').map_or((text, None), |(address, prefix)| (address, Some(prefix)));
        let address: IpAddr = address.trim().parse().map_err(|_| invalid())?;
        let most = if address.is_ipv4() { 32 } else { 128 };
        let prefix = prefix.map_or(Ok(most), |prefix| prefix.trim().parse().map_err(|_| invalid()))?;
        if prefix > most { Err(invalid()) } else { Ok(Self { address, prefix }) }
    }
}

impl Network {
    fn contains(self, address: IpAddr) -> bool {
        match (self.address, address) {
            (IpAddr::V4(own), IpAddr::V4(other)) => {
                let mask = u32::MAX.checked_shl(32 - u32::from(self.prefix)).unwrap_or(0);
                own.to_bits() & mask == other.to_bits() & mask
            }
            (IpAddr::V6(own), IpAddr::V6(other)) => {
                let mask = u128::MAX.checked_shl(128 - u32::from(self.prefix)).unwrap_or(0);
                own.to_bits() & mask == other.to_bits() & mask
            }
            _ => false,
        }
    }
}

/// Why a URL is not fetched.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// Neither http nor https.
    #[error("failed to fetch a '{0}' URL: only http and https are allowed")]
    Scheme(String),
    /// An address that only this worker can reach.
    #[error("{0} is a private or special address: if that is meant, list it in SUBTITLES_ALLOW_PRIVATE_ADDRESSES")]
    Address(IpAddr),
    /// A port that is neither the web's nor listed.
    #[error("port {0} is neither 80 nor 443: if that is meant, list it in SUBTITLES_ALLOW_PORTS")]
    Port(u16),
    /// There is nothing to connect to.
    #[error("the URL names no host")]
    NoHost,
}

/// Refuses special addresses, except those that the configuration allows and does not deny, and ports that are not listed.
#[derive(Clone, Debug, Default)]
pub struct Guard {
    allowed: Arc<[Network]>,
    denied: Arc<[Network]>,
    /// `None` for every port.
    ports: Option<Arc<[u16]>>,
}

impl Guard {
    /// A guard that permits `allowed`, at any port.
    pub fn new(allowed: impl IntoIterator<Item = Network>) -> Self {
        Self { allowed: allowed.into_iter().collect(), ..Self::default() }
    }

    /// The same guard, which refuses `denied` whatever else is allowed.
    #[must_use]
    pub fn denying(self, denied: impl IntoIterator<Item = Network>) -> Self {
        Self { denied: denied.into_iter().collect(), ..self }
    }

    /// The same guard for the web's ports and `more`; at addresses that are allowed by themselves, for every port.
    #[must_use]
    pub fn with_ports(self, more: impl IntoIterator<Item = u16>) -> Self {
        Self { ports: Some(WEB_PORTS.into_iter().chain(more).collect()), ..self }
    }

    /// Whether a connection to this address may be made.
    pub fn permit(&self, address: IpAddr) -> Result<(), Refused> {
        let address = address.to_canonical();
        let addresses = [Some(address), wrapped(address).map(IpAddr::V4)].into_iter().flatten();
        let is_denied =
            addresses.into_iter().any(|address| self.denied.iter().any(|network| network.contains(address)));
        let is_permitted = !is_denied && (self.allows(address) || !is_special(address));
        if is_permitted { Ok(()) } else { Err(Refused::Address(address)) }
    }

    fn allows(&self, address: IpAddr) -> bool {
        self.allowed.iter().any(|network| network.contains(address.to_canonical()))
    }

    /// What can be checked before a name is resolved.
    pub fn check(&self, url: &Url) -> Result<(), Refused> {
        if !matches!(url.scheme(), "http" | "https") {
            return Err(Refused::Scheme(url.scheme().to_owned()));
        }
        let address: Option<IpAddr> = match url.host().ok_or(Refused::NoHost)? {
            Host::Ipv4(address) => Some(address.into()),
            Host::Ipv6(address) => Some(address.into()),
            // Resolved, and checked again, when it is connected to.
            Host::Domain(_) => None,
        };
        address.map_or(Ok(()), |address| self.permit(address))?;
        match (url.port_or_known_default(), &self.ports) {
            (Some(port), Some(ports))
                if !ports.contains(&port) && !address.is_some_and(|address| self.allows(address)) =>
            {
                Err(Refused::Port(port))
            }
            _ => Ok(()),
        }
    }
}

fn is_special(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => is_special_v4(address),
        IpAddr::V6(address) => is_special_v6(address),
    }
}

fn is_special_v4(address: Ipv4Addr) -> bool {
    let [first, second, third, _] = address.octets();
    address.is_private()
        || address.is_loopback()
        || address.is_link_local()
        || address.is_multicast()
        || address.is_documentation()
        || matches!(first, 0 | 240..)
        || (first == 100 && (64..128).contains(&second))
        || (first == 198 && (18..20).contains(&second))
        || (first, second, third) == (192, 0, 0)
        || address == PLATFORM
}

/// The IPv4 address that an IPv6 address leads to (NAT64, 6to4).
fn wrapped(address: IpAddr) -> Option<Ipv4Addr> {
    let IpAddr::V6(address) = address else { return None };
    match address.segments() {
        [0x64, 0xFF9B, 0, 0, 0, 0, high, low] | [0x2002, high, low, ..] => {
            Some(Ipv4Addr::from_bits(u32::from(high) << 16 | u32::from(low)))
        }
        _ => None,
    }
}

/// Only global unicast is left, and of that not what wraps an IPv4 address that is special itself or documentation.
fn is_special_v6(address: Ipv6Addr) -> bool {
    match (wrapped(address.into()), address.segments()) {
        (Some(wrapped), _) => is_special_v4(wrapped),
        (None, [0x2001, 0xDB8 | 0, ..]) => true,
        (None, [first, ..]) => first & 0xE000 != 0x2000,
    }
}

/// Resolves names to permitted addresses only, so that what was checked is what is connected to.
struct Resolver(Guard);

impl Resolve for Resolver {
    fn resolve(&self, name: Name) -> Resolving {
        let guard = self.0.clone();
        Box::pin(async move {
            let all: Vec<SocketAddr> = tokio::net::lookup_host((name.as_str(), 0)).await?.collect();
            let mut refused = None;
            let permitted: Vec<SocketAddr> = all
                .into_iter()
                .filter(|address| guard.permit(address.ip()).map_err(|error| refused = Some(error)).is_ok())
                .collect();
            match refused {
                Some(error) if permitted.is_empty() => Err(error.into()),
                _ => Ok(Box::new(permitted.into_iter()) as Addrs),
            }
        })
    }
}

/// The only way to fetch a URL that comes from a spec.
#[derive(Clone)]
pub struct GuardedClient {
    guard: Guard,
    http: reqwest::Client,
}

impl fmt::Debug for GuardedClient {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.guard.fmt(formatter)
    }
}

impl GuardedClient {
    /// Without proxies: behind one, the address of the connection is unknown.
    pub fn new(guard: Guard) -> Result<Self, reqwest::Error> {
        let redirects = guard.clone();
        let policy = Policy::custom(move |attempt| match redirects.check(attempt.url()) {
            Err(refused) => attempt.error(refused),
            Ok(()) if attempt.previous().len() > MOST_REDIRECTS => attempt.error("too many redirects"),
            Ok(()) => attempt.follow(),
        });
        Self::with_redirects(guard, policy)
    }

    /// The same, for requests with a key that another server must not see.
    pub fn without_redirects(guard: Guard) -> Result<Self, reqwest::Error> {
        Self::with_redirects(guard, Policy::none())
    }

    fn with_redirects(guard: Guard, policy: Policy) -> Result<Self, reqwest::Error> {
        let http = reqwest::Client::builder()
            .no_proxy()
            .redirect(policy)
            .dns_resolver(Arc::new(Resolver(guard.clone())))
            .connect_timeout(Duration::from_secs(5))
            .timeout(Duration::from_secs(30))
            .build()?;
        Ok(Self { guard, http })
    }

    /// A request, unless the URL itself is refused.
    pub fn get(&self, url: &Url) -> Result<RequestBuilder, Refused> {
        self.guard.check(url)?;
        Ok(self.http.get(url.clone()))
    }

    /// The same with `POST`.
    pub fn post(&self, url: &Url) -> Result<RequestBuilder, Refused> {
        self.guard.check(url)?;
        Ok(self.http.post(url.clone()))
    }
}

/// The innermost cause of a request's error, which is what a person can act on; the URL is not in it.
pub fn cause(error: &(dyn std::error::Error + 'static)) -> String {
    let mut innermost = error;
    while let Some(source) = innermost.source() {
        innermost = source;
    }
    innermost.to_string()
}

#[cfg(test)]
mod tests;
