//! Values that are valid for a schema: with all members and with as few as possible, empty, null, large and odd ones.

use openapi_document::schema::Schema;
use serde_json::{Map, Value, json};

/// How deep values are nested.
const MAX_DEPTH: usize = 7;
/// The largest number of values of a nested schema.
const MAX_VALUES: usize = 6;

/// Values of a schema; `depth` counts down.
pub fn values(schema: &Schema<'_>) -> Vec<Value> {
    let mut generator = Generator { budget: 4_000 };
    generator.values(schema, MAX_DEPTH)
}

struct Generator {
    budget: usize,
}

impl Generator {
    fn values(&mut self, schema: &Schema<'_>, depth: usize) -> Vec<Value> {
        if depth == 0 || self.budget == 0 {
            return Vec::new();
        }
        self.budget -= 1;
        let mut values = self.other_than_null(schema, depth);
        // OpenAPI requires a discriminator, whatever its schema does.
        if let Some((discriminator, _)) = schema.discriminator()
            && let Some(key) = discriminator["propertyName"].as_str()
        {
            values.retain(|value| !value.is_object() || value[key].is_string());
        }
        let known = schema.values();
        let allows_null = known.is_none()
            || schema
                .annotation("enum")
                .is_some_and(|list| list.to_string().contains("null"));
        if schema.is_nullable() && allows_null {
            values.push(Value::Null);
        }
        values
    }

    fn other_than_null(&mut self, schema: &Schema<'_>, depth: usize) -> Vec<Value> {
        if let Some(values) = schema.values() {
            let types = schema.types();
            // A list of values beside a type that none of them has is no list of values.
            let is_valid = |value: &&Value| {
                let types = types.as_ref();
                types.is_none_or(|types| types.iter().any(|name| is_of_type(value, name)))
            };
            let mut valid: Vec<Value> = values.into_iter().filter(is_valid).cloned().collect();
            valid.truncate(12);
            if !valid.is_empty() {
                return valid;
            }
        }
        if let Some(branches) = schema.branches() {
            let per_branch = (24 / branches.len().max(1)).max(2);
            let mut values = Vec::new();
            for branch in branches {
                if !branch.own.is_null() {
                    values.extend(
                        self.values(&branch.schema, depth - 1)
                            .into_iter()
                            .take(per_branch),
                    );
                }
            }
            return values;
        }
        let kinds = schema.types();
        let kinds: Vec<&str> = match kinds {
            Some(kinds) => kinds.into_iter().collect(),
            None if !schema.properties().is_empty() || schema.has("additionalProperties") => {
                vec!["object"]
            }
            None if schema.has("items") => vec!["array"],
            None => return vec![json!({"any": [1, null, "x"]}), json!("text"), json!(1.5)],
        };
        kinds
            .into_iter()
            .flat_map(|kind| self.of_kind(schema, kind, depth))
            .collect()
    }

    fn of_kind(&mut self, schema: &Schema<'_>, kind: &str, depth: usize) -> Vec<Value> {
        match kind {
            "object" => self.objects(schema, depth),
            "array" => self.arrays(schema, depth),
            "string" => strings(schema),
            "integer" => integers(schema),
            "number" => numbers(schema),
            "boolean" => vec![json!(true), json!(false)],
            _ => Vec::new(),
        }
    }

    fn arrays(&mut self, schema: &Schema<'_>, depth: usize) -> Vec<Value> {
        let items = match schema.items() {
            Some(items) => self.values(&items, depth - 1),
            None => vec![json!(1), json!("x")],
        };
        let least = count(schema.counts("minItems").max()).unwrap_or(0);
        let most = count(schema.counts("maxItems").min()).unwrap_or(usize::MAX);
        let mut values = Vec::new();
        if least == 0 {
            values.push(json!([]));
        }
        let some: Vec<Value> = items.iter().cycle().take(least.max(1)).cloned().collect();
        if !items.is_empty() && some.len() <= most && (least <= 1 || !schema.is("uniqueItems")) {
            values.push(Value::Array(some));
        }
        if least <= items.len() && items.len() <= most && !items.is_empty() {
            values.push(Value::Array(items));
        }
        values
    }

    fn objects(&mut self, schema: &Schema<'_>, depth: usize) -> Vec<Value> {
        let required = schema.required();
        let mut members: Vec<(&str, Vec<Value>)> = Vec::new();
        for name in schema.properties() {
            let property = schema.property(name);
            let mut values = self.values(&property, depth - 1);
            values.truncate(MAX_VALUES);
            if values.is_empty() && required.contains(name) {
                return Vec::new();
            }
            members.push((name, values));
        }
        if required
            .iter()
            .any(|name| members.iter().all(|(member, _)| member != name))
        {
            // Nothing is known of a required member.
            return Vec::new();
        }
        let mut objects = Vec::new();
        let pick =
            |values: &Vec<Value>, index: usize| values.get(index % values.len().max(1)).cloned();
        let least = members.iter().filter(|(name, _)| required.contains(name));
        let least: Map<String, Value> = least
            .filter_map(|(name, values)| Some(((*name).to_owned(), pick(values, 0)?)))
            .collect();
        objects.push(Value::Object(least));
        for index in 0..MAX_VALUES {
            let all = members
                .iter()
                .filter_map(|(name, values)| Some(((*name).to_owned(), pick(values, index)?)));
            let mut all: Map<String, Value> = all.collect();
            let has_names = schema.has("propertyNames") || schema.only_pattern_of_names().is_some();
            match schema.additional_properties() {
                _ if has_names => {}
                Some(additional) if index == 1 || members.is_empty() => {
                    for (number, value) in self
                        .values(&additional, depth - 1)
                        .into_iter()
                        .take(3)
                        .enumerate()
                    {
                        all.insert(format!("key {number}"), value);
                    }
                }
                None if index == 1
                    && schema.annotation("additionalProperties") != Some(&Value::Bool(false)) =>
                {
                    all.insert("not described".to_owned(), json!({"a": [1, null]}));
                }
                _ => {}
            }
            let all = Value::Object(all);
            if !objects.contains(&all) {
                objects.push(all);
            }
        }
        let least = count(schema.counts("minProperties").max()).unwrap_or(0);
        let most = count(schema.counts("maxProperties").min()).unwrap_or(usize::MAX);
        objects.retain(|object| {
            let members = object.as_object().map_or(0, Map::len);
            (least..=most).contains(&members)
        });
        objects
    }
}

fn is_of_type(value: &Value, name: &str) -> bool {
    match value {
        Value::Null => name == "null",
        Value::Bool(_) => name == "boolean",
        Value::Number(_) => matches!(name, "integer" | "number"),
        Value::String(_) => name == "string",
        Value::Array(_) => name == "array",
        Value::Object(_) => name == "object",
    }
}

fn strings(schema: &Schema<'_>) -> Vec<Value> {
    let example = schema
        .annotation("example")
        .filter(|example| example.is_string());
    if schema.has("pattern") {
        return example.cloned().into_iter().collect();
    }
    let texts: &[&str] = match schema.text("format") {
        Some("date-time") => &[
            "2026-01-02T03:04:05Z",
            "2026-01-02T03:04:05.000+00:00",
            "2026-01-02T03:04:05.123456+02:00",
        ],
        Some("date") => &["2026-01-02"],
        Some("uuid") => &["7f7e4431-66f4-4eb9-bc91-473994247fe4"],
        Some("uri" | "url") => &["https://example.com/a?b=c"],
        Some("email") => &["a@example.com"],
        Some("ip" | "ipv4") => &["192.0.2.1"],
        Some("ipv6") => &["2001:db8::1"],
        Some(_) => return example.cloned().into_iter().collect(),
        None => &["", "text", "\u{1f600} \"quoted\"\n"],
    };
    let least = count(schema.counts("minLength").max()).unwrap_or(0);
    let most = count(schema.counts("maxLength").min()).unwrap_or(usize::MAX);
    let texts = texts.iter().map(|text| text.to_string());
    let texts = texts.map(|text| {
        if text.chars().count() < least {
            "x".repeat(least)
        } else {
            text
        }
    });
    texts
        .filter(|text| text.chars().count() <= most)
        .map(Value::String)
        .collect()
}

fn integers(schema: &Schema<'_>) -> Vec<Value> {
    let numbers = match schema.text("format") {
        Some("int32") => vec![json!(0), json!(-7), json!(2_147_483_647)],
        Some("int64") => vec![json!(0), json!(-7), json!(9_007_199_254_740_993_i64)],
        Some("uint8") => vec![json!(0), json!(255)],
        Some(format) if format.starts_with("uint") => vec![json!(0), json!(7)],
        _ => vec![
            json!(0),
            json!(-7),
            json!(9_223_372_036_854_775_808_u64),
            json!(1.0),
        ],
    };
    let mut numbers = bounded(schema, numbers);
    numbers.retain(|number| number.as_f64().is_some_and(|number| number.fract() == 0.0));
    numbers
}

fn numbers(schema: &Schema<'_>) -> Vec<Value> {
    bounded(
        schema,
        vec![json!(0), json!(1.5), json!(-2.25), json!(1e30)],
    )
}

fn count(count: Option<u64>) -> Option<usize> {
    usize::try_from(count?).ok()
}

fn bounded(schema: &Schema<'_>, numbers: Vec<Value>) -> Vec<Value> {
    let numbers_of = |bounds: Vec<(&Value, bool)>| -> Vec<f64> {
        let bounds = bounds.into_iter();
        bounds.filter_map(|(bound, _)| bound.as_f64()).collect()
    };
    // The bounds themselves are left out, which are values unless they are exclusive.
    let least = numbers_of(schema.bounds("minimum", "exclusiveMinimum"));
    let most = numbers_of(schema.bounds("maximum", "exclusiveMaximum"));
    let is_inside = |number: &Value| {
        number.as_f64().is_some_and(|number| {
            least.iter().all(|least| *least < number) && most.iter().all(|most| number < *most)
        })
    };
    let multiple = schema.keywords("multipleOf").next();
    let numbers = match multiple {
        Some(multiple) => vec![json!(0), json!(multiple)],
        None => numbers,
    };
    let mut inside: Vec<Value> = numbers.into_iter().filter(is_inside).collect();
    let is_exclusive = schema
        .bounds("minimum", "exclusiveMinimum")
        .iter()
        .any(|(_, is_exclusive)| *is_exclusive);
    if let [least] = least[..]
        && inside.is_empty()
        && !is_exclusive
        && least.fract() == 0.0
        && least.abs() < 1e15
    {
        inside.push(json!(least as i64));
    }
    inside
}
