//! The display of a starting system: finished steps stay, and the steps that run are lines below them, redrawn in place on a
//! terminal and thinned out in a log. Does I/O.

use std::{
    io::{IsTerminal as _, Write as _},
    time::Instant,
};

use super::{Thinning, parse};

/// The longest line that is certain not to wrap.
const WIDTH: usize = 79;

/// A display on standard output.
pub struct Board {
    begun: Instant,
    is_terminal: bool,
    /// Name and text of each running step.
    running: Vec<(String, String)>,
    /// How many lines of running steps are on the terminal.
    drawn: usize,
    thinning: Thinning,
}

impl Board {
    /// An empty display; times count from now.
    pub fn new() -> Self {
        let is_terminal = std::io::stdout().is_terminal();
        Self { begun: Instant::now(), is_terminal, running: Vec::new(), drawn: 0, thinning: Thinning::default() }
    }

    /// Shows a line.
    pub fn show(&mut self, line: &str) {
        let text = self.advance(line, Instant::now());
        let _ = std::io::stdout().write_all(text.as_bytes()).and_then(|()| std::io::stdout().flush());
    }

    /// What has to be written for a line that arrives `now`.
    fn advance(&mut self, line: &str, now: Instant) -> String {
        let seconds = now.duration_since(self.begun).as_secs_f32();
        // Lines that belong to the one before are indented already.
        let stays = |text: &str| {
            if text.starts_with(' ') { format!("{text}\n") } else { format!("  {seconds:>5.1} s  {text}\n") }
        };
        if !self.is_terminal {
            let shows = self.thinning.shows(line, now);
            let text = parse(line).map_or_else(|| line.to_owned(), |(name, text)| format!("{name}: {text}"));
            return if shows { stays(&text) } else { String::new() };
        }
        let mut written = if self.drawn > 0 { format!("\x1b[{}A\x1b[J", self.drawn) } else { String::new() };
        match parse(line) {
            None => written.push_str(&stays(line)),
            Some((name, "")) => self.running.retain(|(known, _)| known != name),
            Some((name, text)) => match self.running.iter_mut().find(|(known, _)| known == name) {
                Some((_, known)) => text.clone_into(known),
                None => self.running.push((name.to_owned(), text.to_owned())),
            },
        }
        for (name, text) in &self.running {
            let line: String = format!("       …   {name}: {text}").chars().take(WIDTH).collect();
            written.push_str(&line);
            written.push('\n');
        }
        self.drawn = self.running.len();
        written
    }
}

impl Default for Board {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests {
    use std::{collections::BTreeMap, time::Instant};

    use super::{super::running, Board};

    /// A board on a terminal, or one in a log.
    fn board(is_terminal: bool) -> (Board, Instant) {
        let board = Board { is_terminal, ..Board::new() };
        let begun = board.begun;
        (board, begun)
    }

    #[test]
    fn a_terminal_redraws_running_steps_below_those_that_stay() {
        let (mut board, now) = board(true);
        let first = board.advance(&running("etcd", "1 of 9 packages"), now);
        assert_eq!(first, "       …   etcd: 1 of 9 packages\n");
        let second = board.advance(&running("etcd", "2 of 9 packages"), now);
        assert_eq!(second, "\x1b[1A\x1b[J       …   etcd: 2 of 9 packages\n");
        let stays = board.advance("RabbitMQ and Redis run", now);
        assert_eq!(stays, "\x1b[1A\x1b[J    0.0 s  RabbitMQ and Redis run\n       …   etcd: 2 of 9 packages\n");
        assert_eq!(board.advance(&running("etcd", ""), now), "\x1b[1A\x1b[J");
        assert_eq!(board.advance("  indented", now), "  indented\n");
    }

    #[test]
    fn a_log_gets_whole_lines_and_no_control_characters() {
        let (mut board, now) = board(false);
        let mut lines = BTreeMap::new();
        for line in [running("etcd", "1 of 9 packages"), running("etcd", "2 of 9 packages"), running("etcd", "")] {
            lines.insert(line.clone(), board.advance(&line, now));
        }
        let shown: String = lines.into_values().collect();
        assert_eq!(shown, "    0.0 s  etcd: 1 of 9 packages\n");
    }
}
