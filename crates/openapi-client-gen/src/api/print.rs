//! The compact form of the model, which `cargo xtask codegen --model` prints.

use std::fmt;

use super::{
    Answer, Api, Docs, Field, Operation, Parameter, Part, PartContent, Primitive, Shape, Success,
    TypeDef, TypeRef,
};

/// The columns of a line with all fields of a struct.
const WIDTH: usize = 110;

impl fmt::Display for Api {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for operation in &self.operations {
            self.print_operation(operation, f)?;
            writeln!(f)?;
        }
        // Types of one line stand together; others have blank lines around them.
        let mut is_after_block = false;
        for (index, definition) in self.types.iter().enumerate() {
            let text = self.declaration(definition);
            let is_block = text.contains('\n');
            if index > 0 && (is_block || is_after_block) {
                writeln!(f)?;
            }
            writeln!(f, "{text}")?;
            is_after_block = is_block;
        }
        Ok(())
    }
}

impl Api {
    fn print_operation(&self, operation: &Operation, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let marks = notes(&operation.docs, operation.idempotent);
        let (method, path) = (&operation.method, operation.path_template());
        writeln!(f, "{}{marks}: {method} {path}", operation.name)?;
        for parameter in &operation.parameters {
            self.print_parameter(parameter, f)?;
        }
        if let Some(body) = &operation.body {
            let mark = mark(body.required);
            write!(f, "  body{mark} {}", body.media_type)?;
            if let Some(value) = body.content.value() {
                write!(f, ": {}", self.type_text(value))?;
            }
            writeln!(f)?;
            for part in body.content.parts() {
                self.print_part(part, f)?;
            }
        }
        match &operation.success {
            Success::Always(answer) => writeln!(f, "  -> {}", self.answer_text(answer))?,
            Success::ByStatus { answers, .. } => {
                for (status, answer) in answers {
                    writeln!(f, "  {status} -> {}", self.answer_text(answer))?;
                }
            }
        }
        match &operation.error {
            Some(error) => writeln!(f, "  error -> {}", self.type_text(error)),
            None => Ok(()),
        }
    }

    fn print_part(&self, part: &Part, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let many = if part.repeated { "*" } else { "" };
        let content = match &part.content {
            PartContent::File(_) => "file".to_owned(),
            PartContent::Text(value) => self.type_text(value),
            PartContent::Json(value, _) => format!("json {}", self.type_text(value)),
        };
        let (key, mark) = (&part.key, mark(part.required));
        let notes = notes(&part.docs, false);
        writeln!(f, "    {key}{mark}{many}: {content}{notes}")
    }

    fn print_parameter(&self, parameter: &Parameter, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let style = parameter.style.in_words();
        let (location, key) = (parameter.location.keyword(), &parameter.key);
        let (mark, value) = (mark(parameter.required), self.type_text(&parameter.value));
        let notes = notes(&parameter.docs, false);
        writeln!(f, "  {location} {key}{mark}: {value}{style}{notes}")
    }

    fn answer_text(&self, answer: &Answer) -> String {
        match answer {
            Answer::Empty => "nothing".to_owned(),
            Answer::Json(value) => self.type_text(value),
            Answer::Events(data) => format!("events of {}", self.type_text(data)),
            Answer::Bytes => "bytes".to_owned(),
        }
    }

    /// The declaration of a type: one line, or a line for each field of a struct.
    fn declaration(&self, definition: &TypeDef) -> String {
        let name = format!("{}{}", definition.name, notes(&definition.docs, false));
        match &definition.shape {
            Shape::Struct(object) => {
                let fields = object.fields.iter().map(|field| self.field_text(field));
                let extra = match &object.extra {
                    TypeRef::Primitive(Primitive::Json) => None,
                    extra => Some(format!("*: {}", self.type_text(extra))),
                };
                let fields: Vec<String> = fields.chain(extra).collect();
                let line = format!("struct {name} {{ {} }}", fields.join(", "));
                match (fields.is_empty(), line.chars().count() <= WIDTH) {
                    (true, _) => format!("struct {name} {{}}"),
                    (false, true) => line,
                    (false, false) => format!("struct {name}\n  {}", fields.join("\n  ")),
                }
            }
            Shape::Enum(values) => {
                let values = values.variants.iter().map(|variant| variant.value.as_str());
                let values: Vec<&str> = values.chain(["..."]).collect();
                format!("enum {name} = {}", values.join(" | "))
            }
            Shape::Union(union) => {
                let branches = union.branches.iter();
                let branches = branches.map(|branch| self.type_text(&branch.value));
                let branches: Vec<String> = branches.collect();
                let discriminator = union.discriminator.as_ref();
                let discriminator = discriminator.map(|by| format!(" by `{}`", by.key));
                let discriminator = discriminator.unwrap_or_default();
                format!("union {name} = {}{discriminator}", branches.join(" | "))
            }
            Shape::Newtype(newtype) => format!("type {name} = {}", self.type_text(&newtype.inner)),
        }
    }

    fn field_text(&self, field: &Field) -> String {
        let (key, mark) = (&field.key, mark(field.required));
        let value = self.type_text(&field.value);
        let null = if field.nullable { " | null" } else { "" };
        let default = match (&field.default, &field.default_value) {
            (Some(default), Some(_)) => format!(" = {default}"),
            _ => String::new(),
        };
        let notes = notes(&field.docs, false);
        format!("{key}{mark}: {value}{null}{default}{notes}")
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
            TypeRef::Primitive(value) => primitive_text(*value),
        }
    }
}

fn primitive_text(value: Primitive) -> String {
    let text = match value {
        Primitive::Bool => "bool",
        Primitive::Integer(integer) => return integer.rust_name(),
        Primitive::Float => "f64",
        Primitive::Float32 => "f32",
        Primitive::String => "string",
        Primitive::Timestamp => "timestamp",
        Primitive::Date => "date",
        Primitive::Uuid => "uuid",
        Primitive::Ip => "ip",
        Primitive::Json => "json",
    };
    text.to_owned()
}

/// The mark behind the name of an input that a request may be without.
fn mark(is_required: bool) -> &'static str {
    if is_required { "" } else { "?" }
}

/// The facts that an operation, a type or an input is marked with, in parentheses.
fn notes(docs: &Docs, is_idempotent: bool) -> String {
    let facts = [
        (is_idempotent, "idempotent"),
        (docs.private, "private"),
        (docs.deprecated, "deprecated"),
        (docs.inferred, "inferred"),
    ];
    let facts = facts.into_iter().filter(|(holds, _)| *holds);
    let facts: Vec<&str> = facts.map(|(_, fact)| fact).collect();
    match facts.is_empty() {
        true => String::new(),
        false => format!(" ({})", facts.join(", ")),
    }
}
