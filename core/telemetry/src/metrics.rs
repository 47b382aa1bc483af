//! Metrics. One call registers a metric with its name, labels and help text, so that the documentation always matches what is
//! exported. The number of labels is part of a metric's type, so that none can be forgotten. Label values come from closed
//! sets, never from object names. Used by every crate that has metrics. Pure.

use std::fmt::{self, Write as _};

use prometheus_client::{
    encoding::text,
    metrics::{counter, family::Family, gauge, histogram},
};

/// Names and values of `N` labels.
type Labels<const N: usize> = [(&'static str, String); N];

/// The type of a metric, as shown in the metrics reference.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum MetricType {
    Counter,
    Gauge,
    Histogram,
}

impl fmt::Display for MetricType {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Counter => "counter",
            Self::Gauge => "gauge",
            Self::Histogram => "histogram",
        })
    }
}

#[derive(Debug)]
struct Descriptor {
    name: String,
    metric_type: MetricType,
    labels: Vec<&'static str>,
    help: &'static str,
}

/// Every metric of one process.
#[derive(Debug)]
pub struct Registry {
    metrics: prometheus_client::registry::Registry,
    descriptors: Vec<Descriptor>,
}

/// A count that only grows.
#[derive(Clone, Debug)]
pub struct Counter<const N: usize> {
    label_names: [&'static str; N],
    family: Family<Labels<N>, counter::Counter>,
}

/// A value that can go up and down.
#[derive(Clone, Debug)]
pub struct Gauge<const N: usize> {
    label_names: [&'static str; N],
    family: Family<Labels<N>, gauge::Gauge>,
}

/// A distribution over fixed buckets.
#[derive(Clone, Debug)]
pub struct Histogram<const N: usize> {
    label_names: [&'static str; N],
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

fn labels<const N: usize>(label_names: [&'static str; N], values: [&str; N]) -> Labels<N> {
    std::array::from_fn(|at| (label_names[at], values[at].to_owned()))
}

impl Registry {
    /// A registry with `subtitle_build_info`, which names the program and its version.
    pub fn new(program: &str, version: &str) -> Self {
        let mut registry = Self { metrics: prometheus_client::registry::Registry::default(), descriptors: Vec::new() };
        let names = ["program", "version"];
        let build =
            registry.gauge("subtitle_build_info", names, "Always 1; the labels name the program and its version.");
        build.set([program, version], 1);
        registry
    }

    fn describe<const N: usize>(
        &mut self,
        metric_type: MetricType,
        name: &str,
        label_names: [&'static str; N],
        help: &'static str,
    ) {
        self.descriptors.push(Descriptor { name: name.to_owned(), metric_type, labels: label_names.to_vec(), help });
    }

    /// Registers a counter; it is exported as `name` with `_total`.
    pub fn counter<const N: usize>(
        &mut self,
        name: &str,
        label_names: [&'static str; N],
        help: &'static str,
    ) -> Counter<N> {
        let family = Family::default();
        self.metrics.register(name, help.trim_end_matches('.'), family.clone());
        self.describe(MetricType::Counter, &format!("{name}_total"), label_names, help);
        let counter = Counter { label_names, family };
        if N == 0 {
            counter.add([""; N], 0); // initialized, so that rate() sees the first increase
        }
        counter
    }

    /// Registers a gauge.
    pub fn gauge<const N: usize>(
        &mut self,
        name: &str,
        label_names: [&'static str; N],
        help: &'static str,
    ) -> Gauge<N> {
        let family = Family::default();
        self.metrics.register(name, help.trim_end_matches('.'), family.clone());
        self.describe(MetricType::Gauge, name, label_names, help);
        let gauge = Gauge { label_names, family };
        if N == 0 {
            gauge.set([""; N], 0);
        }
        gauge
    }

    /// Registers a histogram; `bounds` are the upper bounds of its buckets, in the unit of its name.
    pub fn histogram<const N: usize>(
        &mut self,
        name: &str,
        label_names: [&'static str; N],
        bounds: &'static [f64],
        help: &'static str,
    ) -> Histogram<N> {
        let family = Family::new_with_constructor(Buckets(bounds));
        self.metrics.register(name, help.trim_end_matches('.'), family.clone());
        self.describe(MetricType::Histogram, name, label_names, help);
        Histogram { label_names, family }
    }

    /// All values in the text format of OpenMetrics 1.0.
    pub fn text(&self) -> String {
        let mut text = String::new();
        // Cannot fail: it writes strings to a String.
        let _ = text::encode(&mut text, &self.metrics);
        text
    }

    /// The exported names, in the order of their registration.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.descriptors.iter().map(|descriptor| descriptor.name.as_str())
    }

    /// The metrics reference: a Markdown table with one row per metric.
    pub fn markdown(&self) -> String {
        let mut table = "| Name | Kind | Labels | Meaning |\n|---|---|---|---|\n".to_owned();
        for Descriptor { name, metric_type, labels, help } in &self.descriptors {
            let labels: Vec<String> = labels.iter().map(|label| format!("`{label}`")).collect();
            let _ = writeln!(table, "| `{name}` | {metric_type} | {} | {help} |", labels.join(", "));
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
        self.family.get_or_create(&labels(self.label_names, values)).inc_by(count);
    }
}

impl<const N: usize> Gauge<N> {
    /// Sets the current value.
    pub fn set(&self, values: [&str; N], value: i64) {
        self.family.get_or_create(&labels(self.label_names, values)).set(value);
    }
}

impl<const N: usize> Histogram<N> {
    /// Adds one observation.
    pub fn observe(&self, values: [&str; N], value: f64) {
        self.family.get_or_create(&labels(self.label_names, values)).observe(value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_registered_metric_is_exported_and_documented() {
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
