//! How far a compilation is, from what cargo and go print while they compile, and how long the rest will take at the speed of
//! this run. Pure.

/// What a command prints about its own progress.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Count {
    /// Nothing that can be counted.
    None,
    /// Cargo's progress bar: `Building [==>   ] 12/453: serde, tokio`.
    Cargo,
    /// `go build -v`: the name of each package that is compiled.
    Go {
        /// The packages that the program consists of; 0 if unknown.
        packages: usize,
    },
}

/// The packages that are compiled and those there are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counted {
    /// Compiled so far.
    pub done: usize,
    /// All of them.
    pub all: usize,
}

impl Count {
    /// The state after one more piece of output: a line, or the text between two carriage returns.
    pub fn after(self, so_far: Counted, piece: &str) -> Counted {
        match self {
            Self::None => so_far,
            Self::Cargo => bar(piece).unwrap_or(so_far),
            Self::Go { packages } => {
                let is_package = !piece.is_empty() && !piece.contains(char::is_whitespace);
                Counted { done: so_far.done + usize::from(is_package), all: packages }
            }
        }
    }

    /// Whether a piece of output is a progress bar and no message.
    pub fn is_bar(self, piece: &str) -> bool {
        self == Self::Cargo && bar(piece).is_some()
    }
}

fn bar(piece: &str) -> Option<Counted> {
    let (_, rest) = piece.split_once("Building [")?;
    let (done, rest) = rest.split_once("] ")?.1.split_once('/')?;
    let all = rest.split(|c: char| !c.is_ascii_digit()).next()?;
    Some(Counted { done: done.trim().parse().ok()?, all: all.parse().ok()? })
}

/// The text about a running step after `seconds`, of which the first `skipped` packages took none because they were
/// compiled already.
pub fn text(counted: Counted, skipped: usize, seconds: u64) -> String {
    let Counted { done, all } = counted;
    if all == 0 {
        let packages = if done > 0 { format!("{done} packages, ") } else { String::new() };
        return format!("{packages}{seconds} s so far");
    }
    let (compiled, left) = (done.saturating_sub(skipped), all.saturating_sub(done));
    let text = format!("{done} of {all} packages, {seconds} s so far");
    // A speed takes a while to show, and the last packages are the programs' own, which are larger than others.
    if seconds < 10 || compiled < 20 || left * 20 < all {
        return text;
    }
    let rest = seconds * left as u64 / compiled as u64;
    if rest >= 90 {
        format!("{text}, about {} min left", rest.div_ceil(60))
    } else {
        format!("{text}, about {rest} s left")
    }
}

#[cfg(test)]
mod tests {
    use super::{Count, Counted, text};

    #[test]
    fn cargo_and_go_are_counted_by_what_they_print() {
        let none = Counted::default();
        let bar = "\x1b[K    Building [=====>          ] 120/453: serde, tokio";
        assert_eq!(Count::Cargo.after(none, bar), Counted { done: 120, all: 453 });
        assert_eq!(Count::Cargo.after(none, "   Compiling serde v1.0.1"), none);
        assert!(Count::Cargo.is_bar(bar) && !Count::Cargo.is_bar("error: no"));
        let go = Count::Go { packages: 566 };
        assert_eq!(go.after(none, "go.etcd.io/etcd/api/v3/etcdserverpb"), Counted { done: 1, all: 566 });
        assert_eq!(go.after(Counted { done: 1, all: 566 }, "# a message"), Counted { done: 1, all: 566 });
    }

    #[test]
    fn the_rest_is_estimated_at_the_speed_of_this_run() {
        let counted = |done, all| Counted { done, all };
        assert_eq!(text(counted(0, 0), 0, 12), "12 s so far");
        assert_eq!(text(counted(7, 0), 0, 12), "7 packages, 12 s so far");
        assert_eq!(text(counted(5, 100), 0, 5), "5 of 100 packages, 5 s so far");
        assert_eq!(text(counted(50, 100), 0, 40), "50 of 100 packages, 40 s so far, about 40 s left");
        assert_eq!(text(counted(50, 250), 0, 60), "50 of 250 packages, 60 s so far, about 4 min left");
        assert_eq!(text(counted(450, 500), 400, 50), "450 of 500 packages, 50 s so far, about 50 s left");
        assert_eq!(text(counted(97, 100), 0, 40), "97 of 100 packages, 40 s so far");
        assert_eq!(text(counted(100, 100), 0, 40), "100 of 100 packages, 40 s so far");
    }
}
