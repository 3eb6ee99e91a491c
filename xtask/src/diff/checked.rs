//! Constraints of the model: what generated code checks before it sends a value.

use std::ptr;

use super::Owner;
use super::context::Side;
use crate::api::{Constraints, Shape, TypeId, TypeRef};
use crate::construct::constraints::constraints;
use crate::construct::schema::Schema;

/// The values of one schema in a model.
#[derive(Clone, Copy, Debug)]
pub struct Checked<'d> {
    side: &'d Side<'d>,
    value: Option<&'d TypeRef>,
    constraints: Option<&'d Constraints>,
    /// The type, if it is a generated one.
    id: Option<TypeId>,
    /// The constraints of the list, if its schema is a list of such values.
    list: Option<&'d Constraints>,
}

impl<'d> Checked<'d> {
    /// The values of a type with constraints beside those of the type.
    pub fn of(
        side: &'d Side<'d>,
        value: &'d TypeRef,
        constraints: Option<&'d Constraints>,
    ) -> Self {
        match value {
            TypeRef::Boxed(inner) | TypeRef::Nullable(inner) => Self::of(side, inner, constraints),
            TypeRef::Named(id) => Self::of_type(side, *id),
            value => Self {
                side,
                value: Some(value),
                constraints,
                id: None,
                list: None,
            },
        }
    }

    /// The values of a generated type.
    pub fn of_type(side: &'d Side<'d>, id: TypeId) -> Self {
        let (value, constraints) = match &side.api.definition(id).shape {
            Shape::Newtype(newtype) => (Some(&newtype.inner), Some(&newtype.constraints)),
            Shape::Struct(object) => (None, Some(&object.extra_constraints)),
            Shape::Enum(_) | Shape::Union(_) => (None, None),
        };
        Self {
            side,
            value,
            constraints,
            id: Some(id),
            list: None,
        }
    }

    /// The definition of the type, if it has one.
    fn shape(&self) -> Option<&'d Shape> {
        self.id.map(|id| &self.side.api.definition(id).shape)
    }

    /// The owner of the changes of the type.
    pub fn owner(&self) -> Option<Owner> {
        self.id.map(|id| self.side.place(id).owner)
    }

    /// The values, each of which is an item of the list that the schema describes.
    pub fn repeated(self, list: &'d Constraints) -> Self {
        Self {
            list: Some(list),
            ..self
        }
    }

    /// The branches of a union.
    fn branches(&self) -> impl Iterator<Item = Self> {
        let (side, shape) = (self.side, self.shape().filter(|_| self.list.is_none()));
        let branches = match shape {
            Some(Shape::Union(union)) => &union.branches[..],
            _ => &[],
        };
        branches
            .iter()
            .map(move |branch| Self::of(side, &branch.value, Some(&branch.constraints)))
    }

    /// Whether generated code checks a keyword before it sends a value. A keyword beside a list of JSON types constrains a branch
    /// of a union.
    pub fn checks(&self, keyword: &str) -> bool {
        let mut values = std::iter::once(*self).chain(self.branches());
        values.any(|values| match values.list.or(values.constraints) {
            _ if keyword == "additionalProperties" => values.is_closed(),
            constraints => constraints.is_some_and(|constraints| checks(constraints, keyword)),
        })
    }

    /// Whether members without a field are rejected.
    fn is_closed(&self) -> bool {
        self.list.is_none() && matches!(self.shape(), Some(Shape::Struct(object)) if object.closed)
    }

    /// The items of a list.
    pub fn items(&self) -> Option<Self> {
        match self.value {
            _ if self.list.is_some() => Some(Self {
                list: None,
                ..*self
            }),
            Some(TypeRef::List(item)) => Some(Self::of(self.side, item, self.of_item())),
            _ => None,
        }
    }

    /// The values of a map, or the members of an object that have no field.
    pub fn extra(&self) -> Option<Self> {
        match (self.value, self.shape()) {
            (Some(TypeRef::Map(value)), _) => Some(Self::of(self.side, value, self.of_item())),
            (_, Some(Shape::Struct(object))) => {
                let constraints = object.extra_constraints.item.as_deref();
                Some(Self::of(self.side, &object.extra, constraints))
            }
            _ => None,
        }
    }

    fn of_item(&self) -> Option<&'d Constraints> {
        self.constraints
            .and_then(|constraints| constraints.item.as_deref())
    }

    /// The branch of a union that was constructed from a schema.
    pub fn branch(&self, schema: &Schema<'d>) -> Option<Self> {
        let object = schema.objects().next()?;
        self.branches().find(
            |branch| match (branch.id, branch.value, branch.constraints) {
                (Some(id), ..) => {
                    let origin = self.side.schema(&self.side.api.definition(id).origin);
                    let origin = origin.and_then(|origin| origin.objects().next());
                    origin.is_some_and(|origin| ptr::eq(origin, object))
                }
                (None, Some(value), Some(known)) => {
                    !known.is_empty() && constraints(self.side.root, schema, value) == *known
                }
                _ => false,
            },
        )
    }
}

/// Whether some constraints are those of a keyword.
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
