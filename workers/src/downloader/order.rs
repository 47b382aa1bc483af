//! Which sources are asked, and in which order. Pure.

use subtitle_contract::{payload::DownloadRequested, reason::Reason};

use crate::{
    failure::Failure,
    find::{Search, SourceId},
};

/// The sources to ask: exactly the spec's, else the preferred ones that can be asked, else `default`.
pub(super) fn order(
    finder: &impl Search,
    default: &[SourceId],
    task: &DownloadRequested,
) -> Result<Vec<SourceId>, Failure> {
    let Some(named) = &task.spec.sources else {
        let (preferred, _) = preferred(finder, default, task);
        return Ok(if preferred.is_empty() { default.to_vec() } else { preferred });
    };
    let order = SourceId::exactly(named)?;
    let missing = order.iter().find_map(|source| Some((source, finder.missing_setting(*source)?)));
    missing.map_or(Ok(order.clone()), |(source, setting)| {
        let message = format!(
            "spec.sources names '{source}', which this downloader is not configured for: set {setting}, or leave the \
             source out"
        );
        Err(Failure::new(Reason::InvalidSpec, message))
    })
}

/// The preferred sources that can be asked here, and a warning for each of the others.
pub(super) fn preferred(
    finder: &impl Search,
    default: &[SourceId],
    task: &DownloadRequested,
) -> (Vec<SourceId>, Vec<String>) {
    let (mut preferred, mut warnings) = (Vec::new(), Vec::new());
    if task.spec.sources.is_some() {
        return (preferred, warnings);
    }
    for name in &task.preferred_sources {
        let Some(source) = SourceId::from_name(name) else {
            let known = SourceId::names().join(", ");
            warnings.push(format!("preferred source '{name}' is left out: this downloader knows {known}"));
            continue;
        };
        match finder.missing_setting(source) {
            Some(setting) => {
                warnings.push(format!("preferred source '{name}' is left out: it is not set up here; set {setting}"));
            }
            None if preferred.contains(&source) => {}
            None => preferred.push(source),
        }
    }
    if preferred.is_empty() && !warnings.is_empty() {
        let default: Vec<&str> = default.iter().map(|source| source.name()).collect();
        warnings.insert(0, format!("no preferred source is left; asked are: {}", default.join(", ")));
    }
    (preferred, warnings)
}
