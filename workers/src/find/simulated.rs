//! A source that has nothing real: 90 of 100 videos are found, by a seed. Only asked when a job names it; its
//! files and events say what they are.

use std::{fmt::Write as _, time::Duration};

use subtitle_contract::{job::Video, language::Language, names::SIMULATED, record::display_name};

use super::{Claims, Found, Origin, SourceError, Trouble};

/// How the simulated source and engine behave.
#[derive(Clone, Copy, Debug, Default)]
pub struct Simulation {
    /// How long each answer takes.
    pub delay: Duration,
    /// How many of 100 calls fail, by a seed that includes the attempt.
    pub failure_percent: u8,
}

impl Simulation {
    /// Waits as configured; true when this call is to fail.
    pub async fn plays_failure(self, seed: &str) -> bool {
        tokio::time::sleep(self.delay).await;
        number(&format!("fail:{seed}"), 100) < u64::from(self.failure_percent)
    }
}

/// A number below `bound` that depends on `seed` only (FNV-1a).
fn number(seed: &str, bound: u64) -> u64 {
    let hash = seed
        .bytes()
        .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3));
    (hash >> 16) % bound
}

pub(super) async fn list(
    simulation: Simulation,
    video: &Video,
    languages: &[Language],
    seed: &str,
) -> Result<Vec<Found>, SourceError> {
    if simulation.plays_failure(seed).await {
        return Err(SourceError::new(SIMULATED, Trouble::Unavailable, "a simulated failure, as configured"));
    }
    let title = display_name(video);
    let has = |language: &&Language| number(&format!("{title}:{language}"), 100) < 90;
    Ok(languages.iter().filter(has).map(|language| found(&title, language)).collect())
}

fn found(title: &str, language: &Language) -> Found {
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
    Found {
        source: SIMULATED,
        label: format!("simulated {language}"),
        language: language.clone(),
        forced: false,
        hearing_impaired: false,
        is_machine_translated: false,
        identity: format!("{SIMULATED}:{title}:{language}"),
        claims: Claims::ThisVideo { is_default: false },
        origin: Ok(Origin::Bytes(text.into())),
    }
}
