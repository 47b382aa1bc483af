//! The providers of this process. Does I/O.

use std::{collections::BTreeMap, fmt, sync::Arc};

use super::{provider::AnyProvider, query::Query, registry::REGISTRY};
use crate::find::{
    FoundSubtitle, SourceError, SourceErrorKind,
    found::Offer,
    source::{ProviderId, RequiredSetting, SourceId},
};

/// The providers that are configured.
#[derive(Clone, Default)]
pub struct Providers(BTreeMap<ProviderId, Arc<dyn AnyProvider>>);

impl fmt::Debug for Providers {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_set().entries(self.0.keys()).finish()
    }
}

impl Providers {
    pub(super) fn new(providers: BTreeMap<ProviderId, Arc<dyn AnyProvider>>) -> Self {
        Self(providers)
    }

    /// Those that are configured, in the order in which they are asked.
    pub fn configured(&self) -> impl Iterator<Item = SourceId> {
        let ids = REGISTRY.iter().map(|registration| registration.id);
        ids.filter(|id| self.0.contains_key(id)).map(SourceId::Provider)
    }

    /// The setting that a provider needs and that is missing; `None` for a source that can be asked.
    pub fn missing_setting(&self, source: SourceId) -> Option<RequiredSetting> {
        match source {
            SourceId::Provider(id) if !self.0.contains_key(&id) => Some(id.required_setting()),
            _ => None,
        }
    }

    /// What a provider has.
    pub(in crate::find) async fn list(
        &self,
        id: ProviderId,
        query: &Query<'_>,
    ) -> Result<Vec<FoundSubtitle>, SourceError> {
        if query.languages.is_empty() {
            return Ok(Vec::new());
        }
        self.get(id)?.list(query).await
    }

    /// A file's bytes; counts against the provider's quota.
    pub(in crate::find) async fn fetch(&self, source: SourceId, offer: &Offer) -> Result<Vec<u8>, SourceError> {
        let SourceId::Provider(id) = source else {
            let message = "a source that is not a provider offers a file, which is a bug of the worker";
            return Err(SourceError::new(source, SourceErrorKind::File, message));
        };
        self.get(id)?.fetch(offer).await
    }

    fn get(&self, id: ProviderId) -> Result<&dyn AnyProvider, SourceError> {
        self.0.get(&id).map(AsRef::as_ref).ok_or_else(|| {
            let message = format!("it is not configured: set {}", id.required_setting());
            SourceError::new(SourceId::Provider(id), SourceErrorKind::Forbidden, message)
        })
    }
}
