//! Metrics. One call declares a metric with its name, labels and meaning, so that what is exported is what is documented. The
//! number of labels is part of a metric's type, so that none can be forgotten. Label values come from closed sets: never an
//! object's name. Called by every part that counts. Pure.

use std::fmt::{self, Write as _};

use prometheus_client::{
    encoding::text,
    metrics::{counter, family::Family, gauge, histogram},
};

/// Names and values of `N` labels.
type Labels<const N: usize> = [(&'static str, String); N];

/// As the reference names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Counter,
    Gauge,
    Histogram,
}

impl fmt::Display for Kind {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Counter => "counter",
            Self::Gauge => "gauge",
            Self::Histogram => "histogram",
        })
    }
}

#[derive(Debug)]
struct Row {
    name: String,
    kind: Kind,
    labels: Vec<&'static str>,
    meaning: &'static str,
}

/// Every metric of one process.
#[derive(Debug)]
pub struct Registry {
    metrics: prometheus_client::registry::Registry,
    rows: Vec<Row>,
}

/// A count that only grows.
#[derive(Clone, Debug)]
pub struct Counter<const N: usize> {
    names: [&'static str; N],
    family: Family<Labels<N>, counter::Counter>,
}

/// A value that rises and falls.
#[derive(Clone, Debug)]
pub struct Gauge<const N: usize> {
    names: [&'static str; N],
    family: Family<Labels<N>, gauge::Gauge>,
}

/// A distribution over fixed buckets.
#[derive(Clone, Debug)]
pub struct Histogram<const N: usize> {
    names: [&'static str; N],
    family: Family<Labels<N>, histogram::Histogram, Buckets>,
}

/// The upper bounds of every histogram of one family.
#[derive(Clone, Debug)]
struct Buckets(&'static [f64]);

impl prometheus_client::metrics::family::MetricConstructor<histogram::Histogram> for Buckets {
    fn new_metric(&self) -> histogram::Histogram {
        histogram::Histogram::new(self.0.iter().copied())
    }
}

fn labels<const N: usize>(names: [&'static str; N], values: [&str; N]) -> Labels<N> {
    std::array::from_fn(|at| (names[at], values[at].to_owned()))
}

impl Registry {
    /// A registry with `subtitle_build_info`, which names the program and its version.
    pub fn new(program: &str, version: &str) -> Self {
        let mut registry = Self { metrics: prometheus_client::registry::Registry::default(), rows: Vec::new() };
        let names = ["program", "version"];
        let build = registry.gauge("subtitle_build_info", names, "Always 1; the labels say what runs.");
        build.set([program, version], 1);
        registry
    }

    fn row<const N: usize>(&mut self, kind: Kind, name: &str, names: [&'static str; N], meaning: &'static str) {
        self.rows.push(Row { name: name.to_owned(), kind, labels: names.to_vec(), meaning });
    }

    /// Declares a counter; it is exported as `name` with `_total`.
    pub fn counter<const N: usize>(
        &mut self,
        name: &str,
        names: [&'static str; N],
        meaning: &'static str,
    ) -> Counter<N> {
        let family = Family::default();
        self.metrics.register(name, meaning.trim_end_matches('.'), family.clone());
        self.row(Kind::Counter, &format!("{name}_total"), names, meaning);
        let counter = Counter { names, family };
        if N == 0 {
            counter.add([""; N], 0); // exported from the start: a rate needs two samples
        }
        counter
    }

    /// Declares a gauge.
    pub fn gauge<const N: usize>(&mut self, name: &str, names: [&'static str; N], meaning: &'static str) -> Gauge<N> {
        let family = Family::default();
        self.metrics.register(name, meaning.trim_end_matches('.'), family.clone());
        self.row(Kind::Gauge, name, names, meaning);
        let gauge = Gauge { names, family };
        if N == 0 {
            gauge.set([""; N], 0);
        }
        gauge
    }

    /// Declares a histogram; `bounds` are the upper bounds of its buckets, in the unit of its name.
    pub fn histogram<const N: usize>(
        &mut self,
        name: &str,
        names: [&'static str; N],
        bounds: &'static [f64],
        meaning: &'static str,
    ) -> Histogram<N> {
        let family = Family::new_with_constructor(Buckets(bounds));
        self.metrics.register(name, meaning.trim_end_matches('.'), family.clone());
        self.row(Kind::Histogram, name, names, meaning);
        Histogram { names, family }
    }

    /// All values in the text format of OpenMetrics 1.0.
    pub fn text(&self) -> String {
        let mut text = String::new();
        // Writing to a String cannot fail, and our labels encode themselves.
        let _ = text::encode(&mut text, &self.metrics);
        text
    }

    /// The exported names, in the order of their declaration.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.rows.iter().map(|row| row.name.as_str())
    }

    /// The reference for people: a Markdown table with one row for each metric.
    pub fn markdown(&self) -> String {
        let mut table = "| Name | Kind | Labels | Meaning |\n|---|---|---|---|\n".to_owned();
        for Row { name, kind, labels, meaning } in &self.rows {
            let labels: Vec<String> = labels.iter().map(|label| format!("`{label}`")).collect();
            let _ = writeln!(table, "| `{name}` | {kind} | {} | {meaning} |", labels.join(", "));
        }
        table
    }
}

impl<const N: usize> Counter<N> {
    /// Adds one.
    pub fn increment(&self, values: [&str; N]) {
        self.add(values, 1);
    }

    /// Adds `count`.
    pub fn add(&self, values: [&str; N], count: u64) {
        self.family.get_or_create(&labels(self.names, values)).inc_by(count);
    }
}

impl<const N: usize> Gauge<N> {
    /// Sets the current value.
    pub fn set(&self, values: [&str; N], value: i64) {
        self.family.get_or_create(&labels(self.names, values)).set(value);
    }
}

impl<const N: usize> Histogram<N> {
    /// Adds one observation.
    pub fn observe(&self, values: [&str; N], value: f64) {
        self.family.get_or_create(&labels(self.names, values)).observe(value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_registered_is_what_is_exported_and_documented() {
        let mut registry = Registry::new("test", "1.2.3");
        let events = registry.counter("subtitle_events", ["event_type"], "Events.");
        let plain = registry.counter("subtitle_plain", [], "Without labels.");
        let seconds = registry.histogram("subtitle_seconds", [], &[0.1, 1.0], "Seconds.");
        events.increment(["job.failed"]);
        events.add(["job.failed"], 2);
        seconds.observe([], 0.5);
        let text = registry.text();
        for line in [
            "subtitle_build_info{program=\"test\",version=\"1.2.3\"} 1",
            "subtitle_events_total{event_type=\"job.failed\"} 3",
            "subtitle_plain_total{} 0",
            "subtitle_seconds_bucket{le=\"0.1\"} 0",
            "subtitle_seconds_bucket{le=\"1.0\"} 1",
            "# HELP subtitle_events Events.",
        ] {
            assert!(text.lines().any(|one| one == line), "'{line}' is missing:\n{text}");
        }
        plain.increment([]);
        assert!(registry.text().contains("subtitle_plain_total{} 1"));
        assert!(registry.markdown().contains("| `subtitle_events_total` | counter | `event_type` | Events. |"));
        assert_eq!(registry.names().count(), 4);
    }
}
