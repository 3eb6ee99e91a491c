//! The compact form of the model, which `cargo xtask codegen --model` prints.

use std::fmt;

use super::{Api, Field, Integer, Presence, Primitive, Shape, TypeDef, TypeRef};

impl fmt::Display for Api {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, definition) in self.types.iter().enumerate() {
            if index > 0 {
                writeln!(f)?;
            }
            self.print_type(definition, f)?;
        }
        Ok(())
    }
}

impl Api {
    fn print_type(&self, definition: &TypeDef, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = &definition.name;
        let notes = notes(&[
            (definition.docs.private, "private"),
            (definition.docs.deprecated, "deprecated"),
        ]);
        match &definition.shape {
            Shape::Struct(object) => {
                writeln!(f, "struct {name}{notes}")?;
                for field in &object.fields {
                    self.print_field(field, f)?;
                }
                match &object.extra {
                    TypeRef::Primitive(Primitive::Json) => Ok(()),
                    extra => writeln!(f, "  *: {}", self.type_text(extra)),
                }
            }
            Shape::Enum(values) => {
                let values: Vec<_> = values
                    .variants
                    .iter()
                    .map(|variant| &*variant.value)
                    .collect();
                writeln!(f, "enum {name}{notes} = {} | ...", values.join(" | "))
            }
            Shape::Union(union) => {
                let branches = union.branches.iter();
                let branches = branches.map(|branch| self.type_text(&branch.value));
                let branches: Vec<String> = branches.collect();
                write!(f, "union {name}{notes} = {}", branches.join(" | "))?;
                match &union.discriminator {
                    Some(discriminator) => writeln!(f, " by `{}`", discriminator.key),
                    None => writeln!(f),
                }
            }
            Shape::Newtype(newtype) => {
                writeln!(f, "type {name}{notes} = {}", self.type_text(&newtype.inner))
            }
        }
    }

    fn print_field(&self, field: &Field, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mark = match field.presence {
            Presence::Required | Presence::RequiredNullable => "",
            Presence::Optional | Presence::OptionalNullable => "?",
        };
        let null = match field.presence {
            Presence::RequiredNullable | Presence::OptionalNullable => " | null",
            Presence::Required | Presence::Optional => "",
        };
        let value = self.type_text(&field.value);
        let notes = notes(&[
            (field.docs.private, "private"),
            (field.docs.deprecated, "deprecated"),
        ]);
        writeln!(f, "  {}{mark}: {value}{null}{notes}", field.key)
    }

    /// A type as one would write it in a table.
    #[must_use]
    pub fn type_text(&self, reference: &TypeRef) -> String {
        match reference {
            TypeRef::Named(id) => self.definition(*id).name.clone(),
            TypeRef::Boxed(inner) => self.type_text(inner),
            TypeRef::Nullable(inner) => format!("{} | null", self.type_text(inner)),
            TypeRef::List(item) => format!("[{}]", self.type_text(item)),
            TypeRef::Map(value) => format!("{{{}}}", self.type_text(value)),
            TypeRef::Primitive(value) => primitive_text(*value).to_owned(),
        }
    }
}

fn primitive_text(value: Primitive) -> &'static str {
    match value {
        Primitive::Bool => "bool",
        Primitive::Integer(integer) => integer.rust_name(),
        Primitive::Float => "f64",
        Primitive::Float32 => "f32",
        Primitive::String => "string",
        Primitive::Timestamp => "timestamp",
        Primitive::Date => "date",
        Primitive::Uuid => "uuid",
        Primitive::Ip => "ip",
        Primitive::Json => "json",
    }
}

impl Integer {
    /// The name of its Rust type.
    #[must_use]
    pub fn rust_name(self) -> &'static str {
        match self {
            Self::I8 => "i8",
            Self::I16 => "i16",
            Self::I32 => "i32",
            Self::I64 => "i64",
            Self::U8 => "u8",
            Self::U16 => "u16",
            Self::U32 => "u32",
            Self::U64 => "u64",
            Self::I128 => "i128",
        }
    }
}

/// The words whose condition holds, in parentheses.
fn notes(words: &[(bool, &str)]) -> String {
    let words: Vec<&str> = words
        .iter()
        .filter(|(holds, _)| *holds)
        .map(|(_, word)| *word)
        .collect();
    match words.is_empty() {
        true => String::new(),
        false => format!(" ({})", words.join(", ")),
    }
}
