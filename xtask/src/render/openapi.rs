//! The operations of the model as an OpenAPI 3.0 document for progenitor's generators.
//!
//! It is made of openapiv3's types and has what progenitor takes. Every type is a component, for which progenitor prints the
//! type of the generated client. It omits the parts that progenitor's code would match or answer wrongly: parameters whose text is
//! not what their type displays (lists, objects, fractions, cookies), bodies other than JSON and text, and responses
//! other than JSON.

use std::collections::BTreeSet;

use heck::{ToPascalCase, ToSnakeCase};
use openapiv3::{
    AnySchema, BooleanType, Components, HeaderStyle, IntegerFormat, IntegerType, MediaType,
    OpenAPI, Operation, Parameter, ParameterData, ParameterSchemaOrContent, PathItem, PathStyle,
    QueryStyle, ReferenceOr, RequestBody, Response, Responses, Schema, SchemaData, SchemaKind,
    StatusCode, StringType, Type, VariantOrUnknownOrEmpty,
};
use quote::quote;

use super::references::References;
use crate::api::{
    self, Answer, Api, Content, Integer, Location, Primitive, Segment, Shape, Style, Success,
    TypeRef,
};

/// The statuses of successes that have a name; progenitor panics at the others.
const NAMED_STATUSES: [u16; 10] = [200, 201, 202, 203, 204, 205, 206, 207, 208, 226];

/// A document, and the types that its components stand for.
#[derive(Debug)]
pub struct Projection {
    /// The document.
    pub document: OpenAPI,
    /// The name of each component, and its Rust type.
    pub types: Vec<(String, String)>,
    /// The names of the operations that it does not have.
    pub omitted: Vec<String>,
}

/// The document of a model.
pub fn project(api: &Api) -> Projection {
    let mut projector = Projector {
        api,
        references: References::of(api).within(quote!(types)),
        types: Vec::new(),
        names: BTreeSet::new(),
    };
    let mut document = OpenAPI {
        openapi: "3.0.3".to_owned(),
        ..OpenAPI::default()
    };
    let mut omitted = Vec::new();
    for operation in &api.operations {
        // progenitor names a type after each operation, and would print one of these twice.
        let is_new = projector.names.insert(operation.name.to_pascal_case());
        if !is_new || !projector.add(operation, &mut document) {
            omitted.push(operation.name.clone());
        }
    }
    let names = (0..projector.types.len()).map(component);
    let printed = projector.types.iter();
    let printed = printed.map(|of| projector.references.print(of).to_string());
    let types: Vec<_> = names.zip(printed).collect();
    let schemas = types.iter().map(|(name, _)| {
        let schema = SchemaKind::Any(AnySchema::default());
        (name.clone(), ReferenceOr::Item(inline(schema)))
    });
    document.components = Some(Components {
        schemas: schemas.collect(),
        ..Components::default()
    });
    Projection {
        document,
        types,
        omitted,
    }
}

struct Projector<'a> {
    api: &'a Api,
    references: References<'a>,
    /// The types of the components.
    types: Vec<TypeRef>,
    /// The names that progenitor derives from the operations.
    names: BTreeSet<String>,
}

impl Projector<'_> {
    /// Adds an operation; returns whether the document has a place for it.
    fn add(&mut self, operation: &api::Operation, document: &mut OpenAPI) -> bool {
        // A second operation of the same method and path differs from the first one in the names of its parameters.
        for attempt in 0..8 {
            let suffix = "_".repeat(attempt);
            let Some(path) = path(operation, &suffix) else {
                return false;
            };
            let paths = &mut document.paths.paths;
            let item = paths
                .entry(path)
                .or_insert_with(|| ReferenceOr::Item(PathItem::default()));
            let ReferenceOr::Item(item) = item else {
                return false;
            };
            let slot = match operation.method.as_str() {
                "GET" => &mut item.get,
                "PUT" => &mut item.put,
                "POST" => &mut item.post,
                "DELETE" => &mut item.delete,
                "OPTIONS" => &mut item.options,
                "HEAD" => &mut item.head,
                "PATCH" => &mut item.patch,
                _ => &mut item.trace,
            };
            if slot.is_none() {
                *slot = Some(self.operation(operation, &suffix));
                return true;
            }
        }
        false
    }

    fn operation(&mut self, operation: &api::Operation, suffix: &str) -> Operation {
        // The names that progenitor's type for an operation has anyway.
        let mut names: BTreeSet<String> = ["body", "into_inner", "new"].map(str::to_owned).into();
        let mut parameters = Vec::new();
        for (index, parameter) in operation.parameters.iter().enumerate() {
            let is_in_path = parameter.location == Location::Path;
            if is_in_path && !operation.path.contains(&Segment::Parameter(index)) {
                continue;
            }
            let Some(projected) = self.parameter(parameter, suffix) else {
                continue;
            };
            let name = match is_in_path {
                true => &parameter.name,
                false => &parameter.key,
            };
            if names.insert(name.replace('\'', "").to_snake_case()) {
                parameters.push(ReferenceOr::Item(projected));
            }
        }
        let body = operation.body.as_ref();
        let body = body.and_then(|body| match &body.content {
            Content::Json(value) => Some(("application/json", self.reference(value))),
            Content::Text => {
                let text = SchemaKind::Type(Type::String(StringType::default()));
                Some(("text/plain", ReferenceOr::Item(inline(text))))
            }
            Content::Form(..) | Content::Multipart(_) | Content::Bytes => None,
        });
        let request_body = body.map(|(media_type, schema)| {
            ReferenceOr::Item(RequestBody {
                content: content(media_type, schema),
                ..RequestBody::default()
            })
        });
        let mut responses = Responses::default();
        match &operation.success {
            Success::Always(answer) => {
                let response = self.response(answer);
                responses.responses.insert(StatusCode::Range(2), response);
            }
            Success::ByStatus { answers, .. } => {
                for (status, answer) in answers {
                    let status = match status.parse() {
                        Ok(status) if NAMED_STATUSES.contains(&status) => StatusCode::Code(status),
                        Ok(_) => continue,
                        Err(_) => StatusCode::Range(2),
                    };
                    let response = self.response(answer);
                    responses.responses.insert(status, response);
                }
            }
        }
        if let Some(error) = &operation.error {
            let answer = Answer::Json(error.clone());
            responses.default = Some(self.response(&answer));
        }
        Operation {
            operation_id: Some(operation.name.clone()),
            parameters,
            request_body,
            responses,
            ..Operation::default()
        }
    }

    fn parameter(&mut self, parameter: &api::Parameter, suffix: &str) -> Option<Parameter> {
        if !matches!(parameter.style, Style::Text | Style::Exploded) {
            return None;
        }
        let schema = self.text(&parameter.value)?;
        let name = match parameter.location {
            Location::Path if !self.is_plain(&parameter.value) => return None,
            Location::Path => format!("{}{suffix}", parameter.name),
            _ => parameter.key.clone(),
        };
        let parameter_data = ParameterData {
            name,
            description: None,
            required: parameter.required,
            deprecated: None,
            format: ParameterSchemaOrContent::Schema(schema),
            example: None,
            examples: Default::default(),
            explode: None,
            extensions: Default::default(),
        };
        match parameter.location {
            Location::Path => Some(Parameter::Path {
                parameter_data,
                style: PathStyle::Simple,
            }),
            Location::Query => Some(Parameter::Query {
                parameter_data,
                allow_reserved: false,
                style: QueryStyle::Form,
                allow_empty_value: None,
            }),
            Location::Header => Some(Parameter::Header {
                parameter_data,
                style: HeaderStyle::Simple,
            }),
            Location::Cookie => None,
        }
    }

    /// The schema of a type that displays what is on the wire.
    fn text(&mut self, value: &TypeRef) -> Option<ReferenceOr<Schema>> {
        let of = match value {
            TypeRef::Primitive(primitive) => match primitive {
                Primitive::String => Type::String(StringType::default()),
                Primitive::Bool => Type::Boolean(BooleanType::default()),
                Primitive::Integer(integer) => Type::Integer(IntegerType {
                    format: format(*integer),
                    ..IntegerType::default()
                }),
                Primitive::Timestamp | Primitive::Date | Primitive::Uuid | Primitive::Ip => {
                    return Some(self.reference(value));
                }
                Primitive::Float | Primitive::Float32 | Primitive::Json => return None,
            },
            TypeRef::Named(id) => {
                let is_displayed = match &self.api.definition(*id).shape {
                    Shape::Enum(_) => true,
                    Shape::Newtype(newtype) => is_text(&newtype.inner),
                    Shape::Struct(_) | Shape::Union(_) => false,
                };
                return is_displayed.then(|| self.reference(value));
            }
            TypeRef::Boxed(_) | TypeRef::Nullable(_) | TypeRef::List(_) | TypeRef::Map(_) => {
                return None;
            }
        };
        Some(ReferenceOr::Item(inline(SchemaKind::Type(of))))
    }

    /// Whether what a type displays is sent in a path as it is. For a text that is up to the caller.
    fn is_plain(&self, value: &TypeRef) -> bool {
        match value {
            TypeRef::Primitive(primitive) => {
                !matches!(primitive, Primitive::Timestamp | Primitive::Ip)
            }
            TypeRef::Named(id) => match &self.api.definition(*id).shape {
                Shape::Newtype(newtype) => self.is_plain(&newtype.inner),
                Shape::Enum(values) => {
                    let is_unreserved =
                        |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '~');
                    let mut values = values.variants.iter();
                    values.all(|variant| variant.value.chars().all(is_unreserved))
                }
                Shape::Struct(_) | Shape::Union(_) => false,
            },
            TypeRef::Boxed(_) | TypeRef::Nullable(_) | TypeRef::List(_) | TypeRef::Map(_) => false,
        }
    }

    fn response(&mut self, answer: &Answer) -> ReferenceOr<Response> {
        let content = match answer {
            Answer::Json(value) => content("application/json", self.reference(value)),
            Answer::Empty | Answer::Events(_) | Answer::Bytes => Default::default(),
        };
        ReferenceOr::Item(Response {
            content,
            ..Response::default()
        })
    }

    /// A reference to the component of a type.
    fn reference(&mut self, value: &TypeRef) -> ReferenceOr<Schema> {
        let known = self.types.iter().position(|of| of == value);
        let index = known.unwrap_or_else(|| {
            self.types.push(value.clone());
            self.types.len() - 1
        });
        ReferenceOr::Reference {
            reference: format!("#/components/schemas/{}", component(index)),
        }
    }
}

/// Whether a type of its own around this one displays what is on the wire.
fn is_text(inner: &TypeRef) -> bool {
    matches!(
        inner,
        TypeRef::Primitive(
            Primitive::Bool
                | Primitive::Integer(_)
                | Primitive::String
                | Primitive::Timestamp
                | Primitive::Date
                | Primitive::Uuid
                | Primitive::Ip
        )
    )
}

/// The name of a component, which progenitor does not change.
fn component(index: usize) -> String {
    format!("Type{index}")
}

/// The path template as a regular expression, which progenitor's mocks take it for. It has the Rust names of parameters:
/// those of the document may have braces. One whose text has braces is no template.
fn path(operation: &api::Operation, suffix: &str) -> Option<String> {
    let pieces = operation.path.iter().map(|segment| match segment {
        Segment::Text(text) if text.contains(['{', '}']) => None,
        Segment::Text(text) => Some(escaped(text)),
        Segment::Parameter(index) => {
            let name = &operation.parameters[*index].name;
            Some(format!("{{{name}{suffix}}}"))
        }
    });
    pieces.collect()
}

fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        if "\\.+*?()|[]^$".contains(c) {
            escaped.push('\\');
        }
        escaped.push(c);
    }
    escaped
}

fn content(media_type: &str, schema: ReferenceOr<Schema>) -> openapiv3::Content {
    let of = MediaType {
        schema: Some(schema),
        ..MediaType::default()
    };
    [(media_type.to_owned(), of)].into_iter().collect()
}

fn inline(schema_kind: SchemaKind) -> Schema {
    Schema {
        schema_data: SchemaData::default(),
        schema_kind,
    }
}

fn format(integer: Integer) -> VariantOrUnknownOrEmpty<IntegerFormat> {
    match integer {
        Integer::I32 => VariantOrUnknownOrEmpty::Item(IntegerFormat::Int32),
        Integer::I64 | Integer::I128 => VariantOrUnknownOrEmpty::Item(IntegerFormat::Int64),
        Integer::I8 => VariantOrUnknownOrEmpty::Unknown("int8".to_owned()),
        Integer::I16 => VariantOrUnknownOrEmpty::Unknown("int16".to_owned()),
        Integer::U8 => VariantOrUnknownOrEmpty::Unknown("uint8".to_owned()),
        Integer::U16 => VariantOrUnknownOrEmpty::Unknown("uint16".to_owned()),
        Integer::U32 => VariantOrUnknownOrEmpty::Unknown("uint32".to_owned()),
        Integer::U64 => VariantOrUnknownOrEmpty::Unknown("uint64".to_owned()),
    }
}
