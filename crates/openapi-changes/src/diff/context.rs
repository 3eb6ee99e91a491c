//! The two sides of a comparison, and the pairs of their operations and types.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value as Json;

use super::matching::Matching;
use super::pairing;
use super::place::{Owner, Place};
use openapi_client_gen::api::{Api, Operation, TypeDef, TypeId, TypeRef, reached};
use openapi_document::pointer;
use openapi_document::schema::Schema;
use openapi_document::view::{self, OperationView, is_component};

/// One side of a comparison.
#[derive(Debug)]
pub struct Side<'a> {
    /// The model.
    pub api: &'a Api,
    /// The document that it was constructed from.
    pub root: &'a Json,
    /// The operations of the document, by their pointers.
    views: BTreeMap<String, OperationView<'a>>,
    /// The types of parameters and bodies.
    sent: BTreeSet<TypeId>,
    /// The types of responses.
    received: BTreeSet<TypeId>,
}

impl<'a> Side<'a> {
    /// The side of a document.
    pub fn of(api: &'a Api, root: &'a Json) -> Self {
        let views = OperationView::all(root).into_iter();
        let sent = api.operations.iter().flat_map(Operation::request_types);
        let received = api.operations.iter().flat_map(Operation::response_types);
        Self {
            api,
            root,
            views: views.map(|view| (view.pointer(), view)).collect(),
            sent: reached(&api.types, sent),
            received: reached(&api.types, received),
        }
    }

    /// The operation of the document that a method was made from.
    pub fn view(&self, operation: &Operation) -> Option<OperationView<'a>> {
        self.views.get(&operation.origin).copied()
    }

    /// The schema at a pointer.
    pub fn schema(&self, pointer: &str) -> Option<Schema<'a>> {
        Schema::at(self.root, pointer)
    }

    /// The schema that is a value of the document.
    pub fn schema_of(&self, value: &'a Json) -> Schema<'a> {
        Schema::of(self.root, value, "")
    }

    /// The value that another one refers to, unless that is a schema with a name.
    pub fn followed<'v>(&self, value: &'v Json) -> &'v Json
    where
        'a: 'v,
    {
        match view::target(value) {
            Some(target) if !is_component(target) => {
                view::resolve(self.root, value).map_or(value, |(_, value)| value)
            }
            _ => value,
        }
    }

    /// Whether callers send values of a type.
    pub fn is_sent(&self, id: TypeId) -> bool {
        self.sent.contains(&id)
    }

    /// Whether a request or a response has values of a type.
    pub fn is_used(&self, id: TypeId) -> bool {
        self.sent.contains(&id) || self.received.contains(&id)
    }

    /// The directions of a type in words, after "it is" or "it was".
    pub fn directions(&self, id: TypeId) -> &'static str {
        match (self.sent.contains(&id), self.received.contains(&id)) {
            (true, true) => "sent and received",
            (true, false) => "sent",
            (false, true) => "received",
            (false, false) => "neither sent nor received",
        }
    }

    /// The place of a type: its schema, if that has a name. Of the two types that a schema may have, the one for requests
    /// is a type of its own.
    pub fn place(&self, id: TypeId) -> Place {
        let definition = self.api.definition(id);
        let is_first = |other: &TypeDef| other.origin == definition.origin;
        let first = self.api.types.iter().position(is_first) == Some(id.0);
        Place::of(match is_component(&definition.origin) && first {
            true => Owner::Schema(pointer::last(&definition.origin)),
            false => Owner::Type(definition.name.clone()),
        })
    }
}

/// A value that callers pass or get: words, and the type after them, if it has one.
pub type Value<'v> = (&'static str, Option<&'v TypeRef>);

/// Both sides, with the pairs of their operations and types.
#[derive(Debug)]
pub struct Context<'a> {
    pub old: Side<'a>,
    pub new: Side<'a>,
    /// The operations of both sides.
    pub operations: Matching<'a, Operation>,
    /// The types that both sides have.
    pub types: BTreeMap<TypeId, TypeId>,
    /// The component schemas that have another name, by their pointers.
    renamed: BTreeMap<&'a str, &'a str>,
}

impl<'a> Context<'a> {
    /// Pairs the operations and types.
    pub fn of(old: Side<'a>, new: Side<'a>) -> Self {
        let operations = pairing::operations(old.api, new.api);
        let types = pairing::types(old.api, new.api, &operations.pairs);
        let origins = types.iter().map(|(before, after)| {
            let origin = |api: &'a Api, id: &TypeId| api.definition(*id).origin.as_str();
            (origin(old.api, before), origin(new.api, after))
        });
        let renamed = origins.filter(|(before, after)| before != after).collect();
        Self {
            old,
            new,
            operations,
            types,
            renamed,
        }
    }

    /// Whether two references are the same type to callers, whatever it is called.
    pub fn same(&self, old: &TypeRef, new: &TypeRef) -> bool {
        match pairing::aligned(old, new) {
            Ok(Some((old, new))) => self.types.get(&old) == Some(&new),
            Ok(None) => true,
            Err(()) => false,
        }
    }

    /// Whether two pointers lead to the same schema, which may have another name.
    pub fn same_schema(&self, old: &str, new: &str) -> bool {
        *self.renamed.get(old).unwrap_or(&old) == new
    }

    /// Two values in words, if they are not the same to callers.
    pub fn differing(&self, old: Value<'_>, new: Value<'_>) -> Option<(String, String)> {
        let is_same = match (old.1, new.1) {
            (Some(before), Some(after)) => self.same(before, after),
            (before, after) => before.is_none() && after.is_none(),
        };
        if old.0 == new.0 && is_same {
            return None;
        }
        let text = |api: &Api, (words, value): Value<'_>| match value {
            Some(value) => format!("{words}`{}`", api.type_text(value)),
            None => words.to_owned(),
        };
        let (was, mut is) = (text(self.old.api, old), text(self.new.api, new));
        // The model prints a type that is boxed like any other.
        if was == is {
            is.push_str(", boxed otherwise");
        }
        Some((was, is))
    }
}
