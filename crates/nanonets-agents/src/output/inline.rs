//! The schema of a type, without references where that is possible.
//!
//! Services that take a JSON Schema differ most in `$ref`, so a type's schema has its subschemas in place. A recursive type
//! can't do without `$defs`. The evidence is in `docs/decisions/0003-outputs.md`.

use std::collections::HashMap;

use schemars::JsonSchema;
use schemars::generate::SchemaSettings;
use serde_json::Value;

/// The most keywords and values of an inlined schema. A small type can have a huge one, if its parts share parts.
const MAX_SIZE: usize = 5_000;

/// The schema of a type: inlined, or with `$defs` if the type is recursive or the inlined schema would be huge. It does
/// not name its dialect.
pub fn schema_of<T: JsonSchema>() -> Value {
    let settings = SchemaSettings::draft2020_12().with(|settings| settings.meta_schema = None);
    let generator = settings.clone().into_generator();
    let schema = generator.into_root_schema_for::<T>().to_value();
    let mut sizes = Sizes {
        root: &schema,
        known: HashMap::new(),
    };
    match sizes.of(&schema) {
        Some(_) => {
            let settings = settings.with(|settings| settings.inline_subschemas = true);
            let generator = settings.into_generator();
            generator.into_root_schema_for::<T>().to_value()
        }
        None => schema,
    }
}

/// How large schemas get by inlining.
struct Sizes<'s> {
    root: &'s Value,
    /// The size of each definition, or `None` while it is open or if it can't be inlined.
    known: HashMap<&'s str, Option<usize>>,
}

impl<'s> Sizes<'s> {
    fn of(&mut self, schema: &'s Value) -> Option<usize> {
        let size = match schema {
            Value::Object(keywords) => {
                let mut size = 1;
                for (keyword, value) in keywords {
                    size += match (keyword.as_str(), value) {
                        ("$defs", _) => 0,
                        ("$ref", Value::String(reference)) => self.of_reference(reference)?,
                        _ => self.of(value)?,
                    };
                }
                size
            }
            Value::Array(items) => {
                let mut size = 1;
                for item in items {
                    size += self.of(item)?;
                }
                size
            }
            _ => 1,
        };
        (size <= MAX_SIZE).then_some(size)
    }

    fn of_reference(&mut self, reference: &'s str) -> Option<usize> {
        if let Some(size) = self.known.get(reference) {
            return *size;
        }
        self.known.insert(reference, None);
        let target = self.root.pointer(reference.strip_prefix('#')?)?;
        let size = self.of(target);
        self.known.insert(reference, size);
        size
    }
}
