//! Numbers and texts within the bounds a schema sets.
//!
//! Numbers and formatted texts are drawn by chance; a free text is made from the name of its property, so that nobody
//! takes it for something read from a document.

use serde_json::{Map, Value};

use super::Maker;
use super::label::Label;
use super::layers::Layers;
use super::limits::{DEFAULT_ITEMS, MAX_TEXT};
use super::pattern::matching;

impl Maker<'_> {
    pub(super) fn number(&mut self, found: &Layers<'_>, whole: bool) -> Value {
        let given = found
            .all("multipleOf")
            .filter_map(Value::as_f64)
            .find(|step| *step > 0.0);
        let step = match (given, whole) {
            (Some(step), true) => (1..=1000)
                .map(|n| step * f64::from(n))
                .find(|n| n.fract() == 0.0)
                .unwrap_or(1.0),
            (Some(step), false) => step,
            (None, true) => 1.0,
            (None, false) => 0.01,
        };
        let window = f64::max(1000.0, step * 10.0);
        let low = found.bound("minimum", "exclusiveMinimum", 1.0);
        let high = found
            .bound("maximum", "exclusiveMaximum", -1.0)
            .map(|(n, exclusive)| (-n, exclusive));
        let (low, above) = low.unwrap_or(match high {
            Some((high, _)) if high <= 0.0 => (high - window, false),
            Some(_) => (0.0, false),
            None => (1.0, false),
        });
        let (high, below) = high
            .filter(|(high, _)| *high < low + window)
            .unwrap_or((low + window, false));
        let value = self
            .tick(low, high, step, (above, below))
            .unwrap_or(low / 2.0 + high / 2.0);
        let value = if value.is_finite() { value } else { low };
        if whole && value.abs() < 9.2e18 {
            Value::from(value.round() as i64)
        } else {
            Value::from(value)
        }
    }

    /// A multiple of `step` between the bounds, each of which may be exclusive; `None` if there is none.
    fn tick(
        &mut self,
        low: f64,
        high: f64,
        step: f64,
        (above, below): (bool, bool),
    ) -> Option<f64> {
        let (mut first, mut last) = ((low / step).ceil(), (high / step).floor());
        if above && first * step <= low {
            first += 1.0;
        }
        if below && last * step >= high {
            last -= 1.0;
        }
        let span = last - first;
        if !(0.0..f64::INFINITY).contains(&span) {
            return None;
        }
        let count = first + self.rng.u64(0..=span.min(1e9) as u64) as f64;
        // 7 / 100 is the 0.07 that people write, 7 * 0.01 is not.
        let inverse = (1.0 / step).round();
        Some(if step < 1.0 && (inverse * step - 1.0).abs() < 1e-9 {
            count / inverse
        } else {
            count * step
        })
    }

    pub(super) fn string(&mut self, found: &Layers<'_>, label: Label<'_>) -> String {
        let shortest = found.at_least("minLength").min(MAX_TEXT);
        let longest = found.at_most("maxLength").min(MAX_TEXT);
        self.spend(shortest / 64);
        if let Some(text) = found
            .all("format")
            .filter_map(Value::as_str)
            .find_map(|format| self.formatted(format))
        {
            return text;
        }
        let text = label.text(shortest, longest);
        let Some(pattern) = found.all("pattern").find_map(Value::as_str) else {
            return text;
        };
        if !self.spend(pattern.len() / 8) {
            return text;
        }
        if pattern.replace("[0-9]", r"\d") == r"^\d{4}-\d{2}-\d{2}$" {
            return self.formatted("date").unwrap_or(text);
        }
        let Some(matching) = matching(pattern, &mut self.rng, shortest, longest) else {
            return text;
        };
        self.spend(matching.len() / 64);
        let marked = format!("{matching} {text}");
        let open_ended = !pattern.contains(['$', '|']) && marked.chars().count() <= longest;
        if open_ended { marked } else { matching }
    }

    /// A valid value of a named `format`, from the ranges and domains reserved for examples.
    fn formatted(&mut self, format: &str) -> Option<String> {
        let rng = &mut self.rng;
        let n = rng.u16(1..=9999);
        let date = format!("2024-{:02}-{:02}", rng.u8(1..=12), rng.u8(1..=28));
        let time = format!(
            "{:02}:{:02}:{:02}Z",
            rng.u8(..24),
            rng.u8(..60),
            rng.u8(..60)
        );
        Some(match format {
            "date" => date,
            "time" => time,
            "date-time" => format!("{date}T{time}"),
            "duration" => format!("P{n}D"),
            "email" | "idn-email" => format!("simulated{n}@example.com"),
            "uri" | "url" | "iri" | "uri-reference" | "iri-reference" | "uri-template" => {
                format!("https://example.com/simulated/{n}")
            }
            "hostname" | "idn-hostname" => format!("simulated{n}.example.com"),
            "ipv4" => format!("192.0.2.{}", n % 256),
            "ipv6" => format!("2001:db8::{n:x}"),
            "uuid" => format!(
                "{:08x}-{n:04x}-4000-8000-{:012x}",
                rng.u32(..),
                rng.u64(..1 << 48)
            ),
            "json-pointer" => format!("/simulated/{n}"),
            "relative-json-pointer" => format!("0/simulated/{n}"),
            "regex" => format!("simulated{n}"),
            _ => return None,
        })
    }

    /// A value of a type, or of a format, with no constraints.
    pub(super) fn plain(&mut self, kind: &str, label: Label<'_>) -> Value {
        match kind {
            "null" => Value::Null,
            "boolean" => Value::Bool(self.rng.bool()),
            "number" | "integer" => self.number(&Layers::default(), kind == "integer"),
            "object" => Value::Object(Map::new()),
            "array" => {
                let item = |n| {
                    Label {
                        word: label.word,
                        ordinal: Some(n),
                    }
                    .text(0, MAX_TEXT)
                };
                (1..=DEFAULT_ITEMS).map(item).collect()
            }
            format => Value::String(
                self.formatted(format)
                    .unwrap_or_else(|| label.text(0, MAX_TEXT)),
            ),
        }
    }
}
