//! The JSON Schema that a run asked for, and whether an output is valid against it.
//!
//! The check reads the text once and builds no value of it. It knows the keywords that give JSON its structure: those that
//! schemars derives, and `nullable`. Ranges, patterns, formats and the lengths of texts are left to the type: an agent that reads
//! documents gets the shape right or wrong, and an output that is off by a pattern is still what was paid for.
//! Why it is not the crate `jsonschema` is in `docs/decisions/0003-outputs.md`.

use std::fmt;
use std::sync::Arc;

use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};

use super::shape;

/// The largest number of schemas that apply to one value. Beyond, nothing is checked.
const MAX_NODES: usize = 256;
/// How much of a path is shown, in segments.
const MAX_SEGMENTS: usize = 12;

/// Keywords that may allow for more fields than `properties` names, and that are not looked into.
const FIELDS_ELSEWHERE: [&str; 6] = [
    "patternProperties",
    "if",
    "then",
    "else",
    "dependentSchemas",
    "$dynamicRef",
];

/// A JSON Schema that a run was sent with.
#[derive(Clone)]
pub(crate) struct Schema(Arc<Value>);

impl Schema {
    /// The schema of a type.
    #[cfg(feature = "schema")]
    pub fn of<T: schemars::JsonSchema>() -> Self {
        Self(Arc::new(super::inline::schema_of::<T>()))
    }

    /// A schema as it was written, if it is one. An example of the output is not, though its fields may have the names of
    /// keywords.
    pub fn given(value: &Value) -> Option<Self> {
        let keywords = value.as_object()?;
        let is_schema = |value: &Value| value.is_object() || value.is_boolean();
        let has_properties = || match keywords.get("properties") {
            Some(Value::Object(properties)) => properties.values().all(is_schema),
            _ => false,
        };
        let has_items = || keywords.get("items").is_some_and(is_schema);
        let has_branches = |keyword: &&str| match keywords.get(*keyword) {
            Some(Value::Array(branches)) => !branches.is_empty() && branches.iter().all(is_schema),
            _ => false,
        };
        let is = |kind: &str| keywords.get("type").is_some_and(|value| value == kind);
        let is_meant = keywords.contains_key("$schema")
            || keywords.contains_key("$ref")
            || (is("object") && has_properties())
            || (is("array") && has_items())
            || ["anyOf", "oneOf", "allOf"].iter().any(has_branches);
        is_meant.then(|| Self(Arc::new(value.clone())))
    }

    /// The text to send.
    #[cfg(feature = "schema")]
    pub fn text(&self) -> String {
        self.0.to_string()
    }

    /// Why a JSON text is not valid, if it isn't. It shows locations and types, and no values.
    pub fn problem(&self, json: &str) -> Option<String> {
        let root = &*self.0;
        let nodes = Nodes::of(root, [root])?;
        let mut document = serde_json::Deserializer::from_str(json);
        let check = Check {
            root,
            nodes: &nodes,
        };
        // Values that can't be read, such as a number of any size, were left to the type.
        let problems = check.deserialize(&mut document).ok()?;
        let problem = nodes.problem(root, root, &problems)?;
        Some(problem.to_string())
    }
}

/// The schemas of users are their own.
impl fmt::Debug for Schema {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Schema")
    }
}

/// Why a value is not valid.
#[derive(Clone, Debug)]
struct Problem {
    /// From the value outwards.
    path: Vec<Step>,
    reason: String,
}

#[derive(Clone, Debug)]
enum Step {
    Field(String),
    Item(usize),
}

impl Problem {
    fn new(reason: impl Into<String>) -> Self {
        Self {
            path: Vec::new(),
            reason: reason.into(),
        }
    }

    fn at(mut self, step: Step) -> Self {
        self.path.push(step);
        self
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.path.is_empty() {
            f.write_str("its top")?;
        }
        for (index, step) in self.path.iter().rev().take(MAX_SEGMENTS).enumerate() {
            match step {
                Step::Field(key) if index == 0 => write!(f, "{}", shape::name(key))?,
                Step::Field(key) => write!(f, ".{}", shape::name(key))?,
                Step::Item(index) => write!(f, "[{index}]")?,
            }
        }
        write!(f, " {}", self.reason)
    }
}

/// The kinds of JSON values that `type` tells apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Null,
    Boolean,
    Integer,
    Number,
    String,
    Array,
    Object,
}

impl Kind {
    fn name(self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Boolean => "a boolean",
            Self::Integer | Self::Number => "a number",
            Self::String => "a string",
            Self::Array => "an array",
            Self::Object => "an object",
        }
    }

    fn is(self, name: &str) -> bool {
        match name {
            "null" => self == Self::Null,
            "boolean" => self == Self::Boolean,
            "integer" => self == Self::Integer,
            "number" => matches!(self, Self::Integer | Self::Number),
            "string" => self == Self::String,
            "array" => self == Self::Array,
            "object" => self == Self::Object,
            _ => true,
        }
    }
}

/// Every schema that applies to one value: those that it is to be valid against, their branches, and what these refer to.
struct Nodes<'s>(Vec<&'s Map<String, Value>>);

/// For each of the nodes, why its own keywords reject the value.
type Problems = Vec<Option<Problem>>;

impl<'s> Nodes<'s> {
    /// `None` if there are too many.
    fn of(root: &'s Value, schemas: impl IntoIterator<Item = &'s Value>) -> Option<Self> {
        let mut nodes = Self(Vec::new());
        let mut open: Vec<&Value> = schemas.into_iter().collect();
        while let Some(schema) = open.pop() {
            let Value::Object(keywords) = schema else {
                continue;
            };
            if nodes.position(keywords).is_some() {
                continue;
            }
            if nodes.0.len() == MAX_NODES {
                return None;
            }
            nodes.0.push(keywords);
            open.extend(target(root, keywords));
            for keyword in ["allOf", "anyOf", "oneOf"] {
                open.extend(branches(keywords, keyword));
            }
        }
        Some(nodes)
    }

    fn position(&self, keywords: &Map<String, Value>) -> Option<usize> {
        self.0.iter().position(|&node| std::ptr::eq(node, keywords))
    }

    /// Why a value is not valid against one of the schemas, by what was found of the nodes.
    fn problem(&self, root: &Value, schema: &Value, problems: &Problems) -> Option<Problem> {
        let mut verdicts = Verdicts {
            root,
            nodes: self,
            problems,
            known: vec![None; self.0.len()],
        };
        verdicts.problem(schema)
    }
}

/// The schemas that apply to one value. Each is judged once, however often it is referred to.
struct Verdicts<'f, 's> {
    root: &'f Value,
    nodes: &'f Nodes<'s>,
    problems: &'f Problems,
    known: Vec<Option<Verdict>>,
}

#[derive(Clone)]
enum Verdict {
    /// It is being judged, and refers to itself.
    Open,
    Judged(Option<Problem>),
}

impl Verdicts<'_, '_> {
    fn problem(&mut self, schema: &Value) -> Option<Problem> {
        let keywords = match schema {
            Value::Bool(false) => return Some(Problem::new("is not allowed")),
            Value::Object(keywords) => keywords,
            _ => return None,
        };
        let index = self.nodes.position(keywords)?;
        match self.known.get(index)? {
            Some(Verdict::Open) => return None,
            Some(Verdict::Judged(problem)) => return problem.clone(),
            None => {}
        }
        self.known[index] = Some(Verdict::Open);
        let problem = self.judge(index, keywords);
        self.known[index] = Some(Verdict::Judged(problem.clone()));
        problem
    }

    fn judge(&mut self, index: usize, keywords: &Map<String, Value>) -> Option<Problem> {
        if let Some(Some(problem)) = self.problems.get(index) {
            return Some(problem.clone());
        }
        if let Some(target) = target(self.root, keywords)
            && let Some(problem) = self.problem(target)
        {
            return Some(problem);
        }
        for branch in branches(keywords, "allOf") {
            if let Some(problem) = self.problem(branch) {
                return Some(problem);
            }
        }
        // Of `oneOf`, more than one may be valid: the type picks one.
        ["anyOf", "oneOf"].iter().find_map(|keyword| {
            let mut closest: Option<Problem> = None;
            for branch in branches(keywords, keyword) {
                let problem = self.problem(branch)?;
                // The branch that was left last is most likely the one that was meant.
                let depth = |problem: &Problem| problem.path.len();
                if closest.as_ref().map(depth) < Some(depth(&problem)) {
                    closest = Some(problem);
                }
            }
            closest
        })
    }
}

/// Whether a schema names fields.
fn has_fields(keywords: &Map<String, Value>) -> bool {
    let properties = keywords.get("properties").and_then(Value::as_object);
    properties.is_some_and(|properties| !properties.is_empty())
}

/// The schema that `$ref` refers to, in the same document.
fn target<'s>(root: &'s Value, keywords: &Map<String, Value>) -> Option<&'s Value> {
    let reference = keywords.get("$ref")?.as_str()?;
    root.pointer(reference.strip_prefix('#')?)
}

fn branches<'s>(
    keywords: &'s Map<String, Value>,
    keyword: &str,
) -> impl Iterator<Item = &'s Value> + use<'s> {
    let branches = keywords.get(keyword).and_then(Value::as_array);
    branches.into_iter().flatten()
}

/// Reads one value and checks it against the own keywords of every node.
struct Check<'c, 's> {
    root: &'s Value,
    nodes: &'c Nodes<'s>,
}

impl<'c, 's> Check<'c, 's> {
    /// Checks the keywords that need no look inside.
    fn check_kind(&self, kind: Kind, equals: impl Fn(&Value) -> bool) -> Problems {
        let check = |keywords: &&Map<String, Value>| {
            if kind == Kind::Null && keywords.get("nullable") == Some(&Value::Bool(true)) {
                return None;
            }
            let fits = match keywords.get("type") {
                Some(Value::String(name)) => kind.is(name),
                Some(Value::Array(names)) => names
                    .iter()
                    .any(|name| name.as_str().is_none_or(|name| kind.is(name))),
                _ => true,
            };
            if !fits {
                return Some(Problem::new(format!("is {}", kind.name())));
            }
            let is_listed = match (keywords.get("const"), keywords.get("enum")) {
                (Some(value), _) => equals(value),
                (None, Some(Value::Array(values))) => values.iter().any(&equals),
                _ => true,
            };
            (!is_listed).then(|| Problem::new("is not one of the allowed values"))
        };
        self.nodes.0.iter().map(check).collect()
    }

    /// The schemas of a field, each with the node that it belongs to.
    fn of_field(&self, key: &str) -> Vec<(usize, &'s Value)> {
        let nodes = self.nodes.0.iter().enumerate();
        nodes
            .filter_map(|(index, keywords)| {
                let property = keywords.get("properties").and_then(|all| all.get(key));
                let additional = || {
                    let has_patterns = keywords.contains_key("patternProperties");
                    keywords
                        .get("additionalProperties")
                        .filter(|_| !has_patterns)
                };
                Some((index, property.or_else(additional)?))
            })
            .collect()
    }

    /// The schemas of an item.
    fn of_item(&self, position: usize) -> Vec<(usize, &'s Value)> {
        let nodes = self.nodes.0.iter().enumerate();
        nodes
            .filter_map(|(index, keywords)| {
                let prefix = keywords.get("prefixItems").and_then(Value::as_array);
                let item = prefix.and_then(|items| items.get(position));
                Some((index, item.or_else(|| keywords.get("items"))?))
            })
            .collect()
    }

    /// Whether any of the schemas allows for fields without naming them.
    fn is_open(&self) -> bool {
        self.nodes.0.iter().any(|keywords| {
            let additional = keywords.get("additionalProperties");
            additional.is_some_and(|schema| *schema != Value::Bool(false))
                || FIELDS_ELSEWHERE
                    .iter()
                    .any(|keyword| keywords.contains_key(*keyword))
                || (keywords.contains_key("$ref") && target(self.root, keywords).is_none())
        })
    }

    fn names(&self, key: &str) -> bool {
        let mut nodes = self.nodes.0.iter();
        nodes.any(|keywords| {
            let properties = keywords.get("properties");
            properties.is_some_and(|properties| properties.get(key).is_some())
        })
    }
}

/// The schemas for a value inside of another, each with the node outside that it belongs to.
struct Inside<'s> {
    schemas: Vec<(usize, &'s Value)>,
    nodes: Nodes<'s>,
}

impl<'s> Inside<'s> {
    fn new(root: &'s Value, schemas: Vec<(usize, &'s Value)>) -> Self {
        match Nodes::of(root, schemas.iter().map(|(_, schema)| *schema)) {
            Some(nodes) => Self { schemas, nodes },
            None => Self {
                schemas: Vec::new(),
                nodes: Nodes(Vec::new()),
            },
        }
    }

    fn check(&self, root: &'s Value) -> Check<'_, 's> {
        Check {
            root,
            nodes: &self.nodes,
        }
    }

    /// Adds what was found of the value to what is known of the nodes outside.
    fn report(
        &self,
        root: &Value,
        inside: &Problems,
        step: impl Fn() -> Step,
        outside: &mut Problems,
    ) {
        for (index, schema) in &self.schemas {
            if let Some(slot) = outside.get_mut(*index)
                && slot.is_none()
            {
                let problem = self.nodes.problem(root, schema, inside);
                *slot = problem.map(|problem| problem.at(step()));
            }
        }
    }
}

impl<'de> DeserializeSeed<'de> for Check<'_, '_> {
    type Value = Problems;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Problems, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de, 's> Visitor<'de> for Check<'_, 's> {
    type Value = Problems;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_bool<E>(self, value: bool) -> Result<Problems, E> {
        Ok(self.check_kind(Kind::Boolean, |other| other.as_bool() == Some(value)))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Problems, E> {
        Ok(self.check_kind(Kind::Integer, |other| other.as_i64() == Some(value)))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Problems, E> {
        Ok(self.check_kind(Kind::Integer, |other| other.as_u64() == Some(value)))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Problems, E> {
        let is_whole = value.fract() == 0.0;
        let kind = if is_whole {
            Kind::Integer
        } else {
            Kind::Number
        };
        Ok(self.check_kind(kind, |other| other.as_f64() == Some(value)))
    }

    fn visit_str<E>(self, value: &str) -> Result<Problems, E> {
        Ok(self.check_kind(Kind::String, |other| other.as_str() == Some(value)))
    }

    fn visit_unit<E>(self) -> Result<Problems, E> {
        Ok(self.check_kind(Kind::Null, Value::is_null))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Problems, A::Error> {
        // Listed values that are arrays or objects are rare, and are not compared.
        let mut problems = self.check_kind(Kind::Array, Value::is_array);
        let has_prefix = |keywords: &&Map<String, Value>| keywords.contains_key("prefixItems");
        let is_uniform = !self.nodes.0.iter().any(has_prefix);
        let mut inside = Inside::new(self.root, self.of_item(0));
        let mut length = 0;
        for index in 0.. {
            length = index;
            if index > 0 && !is_uniform {
                inside = Inside::new(self.root, self.of_item(index));
            }
            if inside.schemas.is_empty() {
                match items.next_element::<IgnoredAny>()? {
                    Some(_) => continue,
                    None => break,
                }
            }
            let Some(item) = items.next_element_seed(inside.check(self.root))? else {
                break;
            };
            inside.report(self.root, &item, || Step::Item(index), &mut problems);
        }
        // Those of tuples.
        for (slot, keywords) in problems.iter_mut().zip(&self.nodes.0) {
            let bound = |keyword: &str| {
                let bound = keywords.get(keyword).and_then(Value::as_u64);
                bound.and_then(|bound| usize::try_from(bound).ok())
            };
            if bound("minItems").is_some_and(|least| length < least) {
                slot.get_or_insert_with(|| Problem::new("has too few items"));
            } else if bound("maxItems").is_some_and(|most| length > most) {
                slot.get_or_insert_with(|| Problem::new("has too many items"));
            }
        }
        Ok(problems)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<Problems, A::Error> {
        let mut problems = self.check_kind(Kind::Object, Value::is_object);
        let required = |keywords: &&'s Map<String, Value>| {
            let names = keywords.get("required").and_then(Value::as_array);
            let names = names.into_iter().flatten().filter_map(Value::as_str);
            names.collect::<Vec<_>>()
        };
        let mut missing: Vec<Vec<&str>> = self.nodes.0.iter().map(required).collect();
        let (mut is_known, mut unknown) = (false, None);
        while let Some(key) = fields.next_key::<String>()? {
            is_known = is_known || self.names(&key);
            missing
                .iter_mut()
                .for_each(|names| names.retain(|name| *name != key));
            let inside = Inside::new(self.root, self.of_field(&key));
            if inside.schemas.is_empty() {
                fields.next_value::<IgnoredAny>()?;
                unknown.get_or_insert(key);
                continue;
            }
            let value = fields.next_value_seed(inside.check(self.root))?;
            inside.report(
                self.root,
                &value,
                || Step::Field(key.clone()),
                &mut problems,
            );
        }
        for (slot, names) in problems.iter_mut().zip(&missing) {
            if let (None, Some(name)) = (&slot, names.first()) {
                *slot = Some(Problem::new(format!("lacks the field `{name}`")));
            }
        }
        if let Some(key) = unknown.filter(|_| !is_known && !self.is_open()) {
            let reason = format!("has none of the fields, but `{}`", shape::name(&key));
            for (slot, keywords) in problems.iter_mut().zip(&self.nodes.0) {
                if has_fields(keywords) {
                    slot.get_or_insert_with(|| Problem::new(reason.as_str()));
                }
            }
        }
        Ok(problems)
    }
}

#[cfg(all(test, feature = "schema"))]
mod tests;
