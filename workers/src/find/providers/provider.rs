//! What a provider is: the trait that each provider implements in a file of its own. A new provider is a file that
//! implements [`Provider`] and a line in [`super::registry`].

use anyhow::{Context as _, Result};
use clap::{ArgMatches, Args, Command, FromArgMatches as _};
use futures::future::BoxFuture;
use sha2::{Digest as _, Sha256};
use url::Url;

use super::{
    access::{Account, links},
    query::Query,
    rate_limit::{Limits, RateLimiter},
};
use crate::find::{
    FoundSubtitle, SourceError,
    found::Offer,
    guard::Guard,
    source::{ProviderId, ProviderTraits, RequiredSetting, SourceId},
};

/// A provider, as its file implements it.
pub trait Provider: Send + Sync + Sized + 'static {
    /// Its name in specs, settings, events and metrics.
    const NAME: &'static str;
    /// The setting without which it is not configured.
    const REQUIRED_SETTING: RequiredSetting;
    /// The id of its source.
    const SOURCE: SourceId = SourceId::Provider(Describe::<Self>::ID);
    /// Its flags and variables.
    type Arguments: Args;

    /// The provider, if it is configured.
    fn from_arguments(arguments: Self::Arguments, setup: &Setup<'_>) -> Result<Option<Self>>;

    /// What it has for a video.
    fn list(&self, query: &Query<'_>) -> impl Future<Output = Result<Vec<FoundSubtitle>, SourceError>> + Send;

    /// The bytes of a file that it lists. Counts against the provider's quota, if it has one.
    fn fetch(&self, offer: &Offer) -> impl Future<Output = Result<Vec<u8>, SourceError>> + Send;
}

/// Makes the rate limiter of the account behind a queue of this name.
pub type LimiterFactory<'a> = dyn Fn(String, Limits) -> RateLimiter + 'a;

/// What providers share.
pub struct Setup<'a> {
    /// For calls.
    pub http: reqwest::Client,
    /// Where links may lead.
    pub guard: &'a Guard,
    /// Makes rate limiters.
    pub limiters: &'a LimiterFactory<'a>,
}

impl Setup<'_> {
    /// The account at `base`; `user` distinguishes it from the provider's other accounts.
    pub fn account<P: Provider>(&self, base: Url, user: &str, limits: Limits) -> Result<Account> {
        let links = links(&base, self.guard).context("failed to set up the HTTP client for providers' links")?;
        let hash = Sha256::new().chain_update(base.as_str()).chain_update(user).finalize();
        let queue = format!("subtitle.account.{}.{}", P::NAME, crate::store::hex(&hash[..4]));
        let limiter = (self.limiters)(queue, limits);
        Ok(Account { source: P::SOURCE, base, http: self.http.clone(), links, limiter })
    }
}

/// [`Provider`] without its constants, for a collection of providers.
pub(super) trait AnyProvider: Send + Sync + 'static {
    /// See [`Provider::list`].
    fn list<'a>(&'a self, query: &'a Query<'_>) -> BoxFuture<'a, Result<Vec<FoundSubtitle>, SourceError>>;
    /// See [`Provider::fetch`].
    fn fetch<'a>(&'a self, offer: &'a Offer) -> BoxFuture<'a, Result<Vec<u8>, SourceError>>;
}

impl<P: Provider> AnyProvider for P {
    fn list<'a>(&'a self, query: &'a Query<'_>) -> BoxFuture<'a, Result<Vec<FoundSubtitle>, SourceError>> {
        Box::pin(Provider::list(self, query))
    }

    fn fetch<'a>(&'a self, offer: &'a Offer) -> BoxFuture<'a, Result<Vec<u8>, SourceError>> {
        Box::pin(Provider::fetch(self, offer))
    }
}

struct Describe<P>(std::marker::PhantomData<P>);

impl<P: Provider> Describe<P> {
    const ID: ProviderId = ProviderId::new(&ProviderTraits { name: P::NAME, required_setting: P::REQUIRED_SETTING });
}

/// Makes a provider, if a command line configures it.
pub(super) type Build = fn(&ArgMatches, &Setup<'_>) -> Result<Option<Box<dyn AnyProvider>>>;

/// A line of the registry.
#[derive(Clone, Copy)]
pub(super) struct Registration {
    pub(super) id: ProviderId,
    pub(super) augment: fn(Command) -> Command,
    pub(super) build: Build,
}

impl Registration {
    /// The line of `P`.
    pub(super) const fn new<P: Provider>() -> Self {
        Self {
            id: Describe::<P>::ID,
            augment: P::Arguments::augment_args,
            build: |matches, setup| {
                let provider = P::from_arguments(P::Arguments::from_arg_matches(matches)?, setup)?;
                Ok(provider.map(|provider| Box::new(provider) as Box<dyn AnyProvider>))
            },
        }
    }
}
