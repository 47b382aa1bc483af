//! A source of which nothing is real: 90 of 100 videos are found, by a seed. Asked only when a job names it; its files and
//! events say what they are.

use std::fmt::Write as _;

use subtitle_contract::{job::Video, language::Language, record::display_name};

use crate::{
    find::{
        error::{SourceError, SourceErrorKind},
        found::{FoundSubtitle, Origin, VideoMatch},
        source::SourceId,
    },
    simulation::{Simulation, number},
};

pub(in crate::find) async fn list(
    simulation: Simulation,
    video: &Video,
    languages: &[Language],
    seed: &str,
) -> Result<Vec<FoundSubtitle>, SourceError> {
    if simulation.fails(seed).await {
        return Err(SourceError::new(
            SourceId::Simulated,
            SourceErrorKind::Unavailable,
            "a simulated failure, as configured",
        ));
    }
    let title = display_name(video);
    let has = |language: &&Language| number(&format!("{title}:{language}"), 100) < 90;
    Ok(languages.iter().filter(has).map(|language| found(&title, language)).collect())
}

fn found(title: &str, language: &Language) -> FoundSubtitle {
    let mut text = String::new();
    for at in 0..60 {
        let (minute, second) = (at * 3 / 60, at * 3 % 60);
        let _ = write!(
            text,
            "{}\n00:{minute:02}:{second:02},000 --> 00:{minute:02}:{second:02},900\nSimulated line {} of {title} in {language}\n\n",
            at + 1,
            at + 1
        );
    }
    FoundSubtitle {
        source: SourceId::Simulated,
        label: format!("simulated {language}"),
        language: language.clone(),
        forced: false,
        hearing_impaired: false,
        is_commentary: false,
        is_machine_translated: false,
        identity: format!("{}:{title}:{language}", SourceId::Simulated),
        video_match: VideoMatch::ThisVideo { is_default: false },
        origin: Ok(Origin::Bytes(text.into())),
    }
}
