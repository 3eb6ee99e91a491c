//! The constraints that generated code checks before it sends a value.

use std::ptr;

use super::context::Side;
use super::place::Owner;
use openapi_client_gen::api::{Constraints, Shape, TypeId, TypeRef, UnionBranch};
use openapi_client_gen::construct::constraints::constraints;
use openapi_document::schema::Schema;

/// The values of one schema in a model.
#[derive(Clone, Debug)]
pub struct Checked<'d> {
    side: &'d Side<'d>,
    /// The type that decides which constraints are checked: for a newtype the type inside, and for a struct a map of its members
    /// without a field.
    value: TypeRef,
    /// The type, if it is a generated one.
    id: Option<TypeId>,
}

impl<'d> Checked<'d> {
    /// The values of a type.
    pub fn of(side: &'d Side<'d>, value: &TypeRef) -> Self {
        match value {
            TypeRef::Boxed(inner) | TypeRef::Nullable(inner) => Self::of(side, inner),
            TypeRef::Named(id) => Self {
                side,
                value: match &side.api.definition(*id).shape {
                    Shape::Newtype(newtype) => newtype.inner.clone(),
                    Shape::Struct(object) => TypeRef::Map(Box::new(object.extra.clone())),
                    Shape::Enum(_) | Shape::Union(_) => TypeRef::Named(*id),
                },
                id: Some(*id),
            },
            value => Self {
                side,
                value: value.clone(),
                id: None,
            },
        }
    }

    /// The owner of the changes of the type.
    pub fn owner(&self) -> Option<Owner> {
        self.id.map(|id| self.side.place(id).owner)
    }

    /// The branches of a union.
    fn branches(&self) -> impl Iterator<Item = (Self, &'d UnionBranch)> {
        let branches = match self.shape() {
            Some(Shape::Union(union)) => &union.branches[..],
            _ => &[],
        };
        let side = self.side;
        branches
            .iter()
            .map(|branch| (Self::of(side, &branch.value), branch))
    }

    fn shape(&self) -> Option<&'d Shape> {
        self.id.map(|id| &self.side.api.definition(id).shape)
    }

    /// Whether generated code checks a keyword of their schema before it sends a value. A keyword beside a list of JSON types
    /// constrains a branch of a union.
    pub fn checks(&self, schema: &Schema<'d>, keyword: &str) -> bool {
        let branches = self.branches().map(|(values, _)| values);
        let mut values = std::iter::once(self.clone()).chain(branches);
        values.any(|values| match keyword {
            "additionalProperties" => {
                matches!(values.shape(), Some(Shape::Struct(object)) if object.closed)
            }
            keyword => checks(&constraints(schema, &values.value), keyword),
        })
    }

    /// The items of a list.
    pub fn items(&self) -> Option<Self> {
        match &self.value {
            TypeRef::List(item) => Some(Self::of(self.side, item)),
            _ => None,
        }
    }

    /// The values of a map, or the members of an object that have no field.
    pub fn extra(&self) -> Option<Self> {
        match &self.value {
            TypeRef::Map(value) => Some(Self::of(self.side, value)),
            _ => None,
        }
    }

    /// The branch of a union that was constructed from a schema.
    pub fn branch(&self, schema: &Schema<'d>) -> Option<Self> {
        let api = &self.side.api;
        let object = schema.objects().next()?;
        let mut branches = self.branches();
        let (values, _) = branches.find(|(values, branch)| match values.id {
            Some(id) => {
                let origin = self.side.schema(&api.definition(id).origin);
                let origin = origin.and_then(|origin| origin.objects().next());
                origin.is_some_and(|origin| ptr::eq(origin, object))
            }
            None => {
                !branch.constraints.is_empty()
                    && constraints(schema, &branch.value) == branch.constraints
            }
        })?;
        Some(values)
    }
}

/// Whether a keyword is among some constraints.
fn checks(constraints: &Constraints, keyword: &str) -> bool {
    let Constraints {
        integer, number, ..
    } = constraints;
    match keyword {
        "enum" => {
            let is_one = integer.0.is_some() && integer.0 == integer.1;
            constraints.boolean.is_some() || is_one || number.0.is_some() && number.0 == number.1
        }
        "maxItems" => constraints.items.1.is_some(),
        "maxLength" => constraints.length.1.is_some(),
        "maxProperties" => constraints.members.1.is_some(),
        "maximum" => integer.1.is_some() || number.1.is_some(),
        "minItems" => constraints.items.0.is_some(),
        "minLength" => constraints.length.0.is_some(),
        "minProperties" => constraints.members.0.is_some(),
        "minimum" => integer.0.is_some() || number.0.is_some(),
        "multipleOf" => !constraints.multiples.is_empty(),
        "pattern" => !constraints.patterns.is_empty(),
        "patternProperties" | "propertyNames" => constraints.names.is_some(),
        "uniqueItems" => constraints.unique,
        _ => false,
    }
}
