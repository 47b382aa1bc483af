//! A translation task as it is read from its event and the store: languages parsed, the file and the glossary loaded.
//! Does I/O.

use subtitle_contract::{
    job::StoredGlossary, language::Language, payload::TranslateRequested, reason::Reason, store_key::StoreKey,
};

use crate::{
    artifact,
    failure::Failure,
    store::{Store, sha256},
    subtitle::Subtitle,
    translate::text::glossary::GlossaryTerms,
};

/// The languages of a task.
pub(super) struct Languages {
    pub(super) from: Language,
    pub(super) to: Language,
}

impl Languages {
    /// Parses a task's languages.
    pub(super) fn new(task: &TranslateRequested) -> Result<Self, Failure> {
        let parse = |tag: &str| Language::parse(tag).map_err(|error| Failure::new(Reason::InvalidSpec, error));
        Ok(Self { from: parse(&task.from.language)?, to: parse(&task.spec.language)? })
    }
}

/// A key that the task names, which must be one of its job's namespace.
fn own(namespace: &str, key: &str) -> Result<StoreKey, Failure> {
    StoreKey::for_namespace(namespace, key).map_err(|foreign| Failure::new(Reason::InvalidSpec, foreign.to_string()))
}

/// The file to translate, as it was when it was chosen.
pub(super) async fn source(store: &Store, namespace: &str, task: &TranslateRequested) -> Result<Subtitle, Failure> {
    let stored = artifact::read(store, own(namespace, &task.from.key)?.as_str()).await?;
    let missing = |what: &str| Failure::new(Reason::StoreUnavailable, format!("'{}' {what}", task.from.key));
    let (text, subtitle) = stored.ok_or_else(|| missing("is not in the object store any more"))?;
    if sha256(text.as_bytes()) != task.from.sha256 {
        return Err(missing("is not the file that was chosen: its SHA-256 differs"));
    }
    Ok(subtitle)
}

/// The glossary, as it was when the attempt began.
pub(super) async fn glossary(
    store: &Store,
    namespace: &str,
    task: &TranslateRequested,
) -> Result<GlossaryTerms, Failure> {
    let Some(StoredGlossary { key, sha256: expected }) = &task.glossary else { return Ok(GlossaryTerms::default()) };
    let bytes = store.read(own(namespace, key)?.as_str()).await?.filter(|bytes| sha256(bytes) == *expected);
    let missing = || format!("the glossary '{key}' is not in the object store as it was when the attempt began");
    let bytes = bytes.ok_or_else(|| Failure::new(Reason::StoreUnavailable, missing()))?;
    let terms = subtitle_contract::glossary::parse(&String::from_utf8_lossy(&bytes));
    Ok(GlossaryTerms::new(terms.map_err(|error| Failure::new(Reason::InvalidSpec, format!("'{key}': {error}")))?))
}
