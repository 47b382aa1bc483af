//! Answers of each provider as they were recorded, gaps included, read by the production's clients over a socket: which listing
//! is chosen for a video, and why each other one is not.

mod films;
mod rows;
mod series;
mod server;

use serde_json::{Value, json};
use subtitle_contract::{job::SubtitleJobSpec, language::Language};
use subtitle_workers::find::{
    FoundSubtitle,
    choose::select::{Choice, choose},
};

use rows::{Answers, Listing};
use server::Providers;

/// A video, and what the providers list for it; the first listing is the one to take.
struct Case {
    video: Value,
    answers: Answers,
    listings: Vec<Listing>,
}

impl Case {
    /// A film that is asked for by its title and year.
    fn film(title: &'static str, year: u16, listings: Vec<Listing>) -> Self {
        Self { video: json!({"title": title, "year": year}), answers: Answers::new(title, year, "movie"), listings }
    }

    /// Episodes of "Low Tide".
    fn low_tide(season: u16, episodes: &[u16], listings: Vec<Listing>) -> Self {
        let video = json!({"title": "Low Tide", "season": season, "episodes": episodes});
        Self { video, answers: Answers::new("Low Tide", 2019, "tv"), listings }
    }
}

/// Why the listing `at` is not taken; empty for the one that is taken.
fn reason(found: &[(usize, FoundSubtitle)], choice: &Choice, at: usize) -> String {
    let rejection = choice.rejections[at].clone();
    rejection.or_else(|| choice.reason(found, at)).unwrap_or_default()
}

/// What is wrong with the choice, if anything is.
async fn wrong(case: &Case, providers: &Providers) -> Vec<String> {
    let spec = json!({"video": case.video, "language": "es", "selection": {"minimumScore": 0}});
    let spec: SubtitleJobSpec = serde_json::from_value(spec).expect("a spec");
    let found = providers.list(&case.answers.for_listings(&case.listings), &case.video).await;
    let choice = choose(&found, &Language::parse("es").expect("a tag"), &spec);
    let mut wrong = Vec::new();
    for (at, listing) in case.listings.iter().enumerate() {
        let identity = format!(":{}", rows::id(at));
        let place = found.iter().position(|(_, one)| one.identity.replace(['/', '.'], ":").contains(&identity));
        let shown = match place {
            None => "is not listed".to_owned(),
            Some(place) => reason(&found, &choice, place),
        };
        let is_right = if at == 0 { shown.is_empty() } else { !shown.is_empty() && shown.contains(listing.reason) };
        if !is_right {
            wrong.push(format!("{}: {}: '{shown}', expected '{}'", case.video, listing.row, listing.reason));
        }
    }
    wrong
}

#[tokio::test]
async fn the_right_listing_is_chosen_and_each_other_one_has_its_reason() {
    let providers = Providers::start().await;
    let cases: Vec<Case> = films::cases().into_iter().chain(series::cases()).collect();
    let (mut listings, mut failures) = (0, Vec::new());
    for case in &cases {
        listings += case.listings.len();
        failures.extend(wrong(case, &providers).await);
    }
    assert!(failures.is_empty(), "\n{}", failures.join("\n"));
    assert!(listings >= 60, "{listings}");
}
