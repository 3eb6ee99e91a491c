//! Types: structs, enums, unions and newtypes that come, go and change.

use std::collections::BTreeSet;

use super::changes::Changes;
use super::context::{Context, Side, is_component};
use super::matching::{Matching, matching};
use super::{Effect, Kind, Owner, Place};
use crate::api::{
    EnumType, Field, Presence, Primitive, Shape, StructType, TypeId, TypeRef, UnionBranch,
    UnionType,
};

/// Adds what changed in the types.
pub fn compare(changes: &mut Changes<'_>) {
    let context = changes.context;
    let Context { old, new, .. } = context;
    // A type without a name in the document comes and goes with the place that it is made for.
    let is_separate = |side: &Side<'_>, id: TypeId, place: &Place| {
        matches!(place.owner, Owner::Schema(_)) || !side.is_used(id)
    };
    for before in (0..old.api.types.len()).map(TypeId) {
        let place = old.place(before);
        match context.types.get(&before) {
            Some(after) => pair(before, *after, changes),
            None if is_separate(old, before, &place) => {
                let what = format!("is gone: it was {}", old.directions(before));
                changes.add(Kind::SchemaRemoved, &place, what);
            }
            None => {}
        }
    }
    let known: BTreeSet<&TypeId> = context.types.values().collect();
    for after in (0..new.api.types.len()).map(TypeId) {
        let place = new.place(after);
        if !known.contains(&after) && is_separate(new, after, &place) {
            let what = format!("is new: it is {}", new.directions(after));
            changes.add(Kind::SchemaAdded, &place, what);
        }
    }
}

fn pair(before: TypeId, after: TypeId, changes: &mut Changes<'_>) {
    let context = changes.context;
    let (old, new) = (
        context.old.api.definition(before),
        context.new.api.definition(after),
    );
    let place = context.new.place(after);
    if old.name != new.name {
        let name = match &place.owner {
            Owner::Schema(name) => name,
            _ => &new.name,
        };
        let what = format!("is called `{name}` now, with the same content");
        let reason = format!("the type `{}` is `{}`", old.name, new.name);
        let place = context.old.place(before);
        changes.with(Kind::SchemaRenamed, &place, what, (Effect::Build, reason));
    }
    let mut comparison = Comparison {
        context,
        is_sent: context.old.is_sent(before),
        place: place.clone(),
        changes,
    };
    comparison.shapes(&old.shape, &new.shape);
    comparison.debug(&place, old.docs.private, new.docs.private);
    let is_named = is_component(&old.origin) && is_component(&new.origin);
    if is_named {
        let kinds = [Kind::SchemaDeprecated, Kind::SchemaRestored];
        let (was, is) = (old.docs.deprecated, new.docs.deprecated);
        comparison.changes.deprecation(&place, kinds, was, is);
    }
}

/// Two types that are one to callers.
struct Comparison<'c, 'd> {
    context: &'d Context<'d>,
    place: Place,
    /// Whether callers make values of it.
    is_sent: bool,
    changes: &'c mut Changes<'d>,
}

impl<'d> Comparison<'_, 'd> {
    fn part(&mut self, kind: Kind, (what, name): (&'static str, &str), change: impl Into<String>) {
        let place = self.place.part(what, name);
        self.changes.add(kind, &place, change);
    }

    fn shapes(&mut self, old: &Shape, new: &Shape) {
        let what = match (old, new) {
            (Shape::Struct(old), Shape::Struct(new)) => return self.structs(old, new),
            (Shape::Enum(old), Shape::Enum(new)) => return self.enums(old, new),
            (Shape::Union(old), Shape::Union(new)) => return self.unions(old, new),
            (Shape::Newtype(old), Shape::Newtype(new)) => {
                if self.context.same(&old.inner, &new.inner) {
                    return;
                }
                format!("held {}", self.types(&old.inner, "holds", &new.inner))
            }
            (old, new) => format!("was {} and is {}", in_words(old), in_words(new)),
        };
        self.changes.add(Kind::SchemaTypeChanged, &self.place, what);
    }

    /// Two types in words, such as `` `string` and holds `i64` ``.
    fn types(&self, old: &TypeRef, verb: &str, new: &TypeRef) -> String {
        let (was, is) = self.context.in_words(old, new);
        format!("{was} and {verb} {is}")
    }

    /// Compares whether `Debug` shows the values.
    fn debug(&mut self, place: &Place, was_private: bool, is_private: bool) {
        let what = match (was_private, is_private) {
            (false, true) => "is not shown by `Debug` any more",
            (true, false) => "is shown by `Debug` now",
            _ => return,
        };
        self.changes.add(Kind::SchemaDebugChanged, place, what);
    }

    fn structs(&mut self, old: &StructType, new: &StructType) {
        if !self.context.same(&old.extra, &new.extra) {
            let types = self.types(&old.extra, "holds them as", &new.extra);
            let what = format!("held members that aren't described as {types}");
            self.changes.add(Kind::SchemaMapChanged, &self.place, what);
        }
        if old.extra_name != new.extra_name {
            let what = format!(
                "keeps members that aren't described in `{}` instead of `{}`",
                new.extra_name, old.extra_name
            );
            let effect = (Effect::Build, "another field has its name");
            self.changes
                .with(Kind::SchemaMapChanged, &self.place, what, effect);
        }
        let context = self.context;
        let demand = self.demand(old, new);
        let fields = matching(
            &old.fields,
            &new.fields,
            &[&|old, new| old.key == new.key, &|old, new| {
                old.name == new.name
            }],
        );
        for field in &fields.gone {
            self.part(Kind::FieldRemoved, ("field", &field.key), "is gone");
        }
        for field in &fields.added {
            let place = self.place.part("field", &field.key);
            let (what, effect) = match (is_required(field), demand) {
                (false, _) => ("is new", Kind::FieldAdded.effect()),
                (true, (Effect::None, _)) => ("is new, and required", Kind::FieldAdded.effect()),
                (true, demand) => ("is new, and required", demand),
            };
            self.changes.with(Kind::FieldAdded, &place, what, effect);
        }
        for (before, after, _) in &fields.pairs {
            self.field(before, after, demand);
            if before.name != after.name {
                let place = self.place.part("field", &after.key);
                let what = format!(
                    "is the field `{}` in Rust instead of `{}`",
                    after.name, before.name
                );
                let is_taken = new.fields.iter().any(|field| {
                    field.name == before.name
                        && field.key != after.key
                        && context.same(&before.value, &field.value)
                });
                self.changes
                    .renamed(Kind::FieldRenamed, &place, what, is_taken);
            }
        }
        // The required fields are the arguments of `new`, in their order.
        if self.is_sent && fields.is_reordered(is_required) {
            let what = "has its required fields in another order";
            let is_same = |old: &Field, new: &Field| {
                old.presence == new.presence && context.same(&old.value, &new.value)
            };
            let required =
                [old, new].map(|object| object.fields.iter().filter(|field| is_required(field)));
            let kind = Kind::FieldsReordered;
            self.changes
                .reordered(kind, &self.place, what, required, is_same);
        }
    }

    /// The effect of a field that is required now and was not, or was not there.
    fn demand(&self, old: &StructType, new: &StructType) -> (Effect, &'static str) {
        let has_default = |object: &StructType| !object.fields.iter().any(is_required);
        match has_default(old) && !has_default(new) {
            true => (Effect::Build, "the type has no `Default` any more"),
            false if self.is_sent => (Effect::Build, "`new` takes another argument"),
            false => (Effect::None, "it is only received, and read as before"),
        }
    }

    fn field(&mut self, old: &Field, new: &Field, demand: (Effect, &'static str)) {
        let place = self.place.part("field", &new.key);
        if old.key != new.key {
            let what = format!("was `{}` on the wire and is `{}`", old.key, new.key);
            self.changes.add(Kind::FieldSentOtherwise, &place, what);
        }
        if !self.context.same(&old.value, &new.value) {
            let what = format!("was {}", self.types(&old.value, "is", &new.value));
            self.changes.add(Kind::FieldTypeChanged, &place, what);
        }
        self.presence(&place, old, new, demand);
        let (was, is) = (old.default.as_deref(), new.default.as_deref());
        self.changes
            .default_value(Kind::FieldDefaultChanged, &place, was, is);
        self.debug(&place, old.docs.private, new.docs.private);
        let kinds = [Kind::SchemaDeprecated, Kind::SchemaRestored];
        let (was, is) = (old.docs.deprecated, new.docs.deprecated);
        self.changes.deprecation(&place, kinds, was, is);
    }

    fn presence(
        &mut self,
        place: &Place,
        old: &Field,
        new: &Field,
        demand: (Effect, &'static str),
    ) {
        let null = match (is_nullable(old), is_nullable(new)) {
            (false, true) => "may be `null` now",
            (true, false) => "is never `null` now",
            _ => "",
        };
        let (kind, mut what) = match (is_required(old), is_required(new)) {
            (false, true) => (Kind::FieldRequired, "is required now".to_owned()),
            (true, false) => (Kind::FieldOptional, "is optional now".to_owned()),
            _ if null.is_empty() => return,
            _ => (Kind::FieldNullable, null.to_owned()),
        };
        if kind != Kind::FieldNullable && !null.is_empty() {
            what = format!("{what}, and {null}");
        }
        // An absent value and `null` are both `None` where one of them alone is possible.
        let options = |field| usize::from(!is_required(field)) + usize::from(is_nullable(field));
        let effect = match kind {
            _ if options(old) != options(new) => kind.effect(),
            Kind::FieldRequired => demand,
            _ if self.is_sent => (Effect::Build, "`new` takes an argument less"),
            _ => (Effect::None, "its type is the same"),
        };
        self.changes.with(kind, place, what, effect);
    }

    fn enums(&mut self, old: &EnumType, new: &EnumType) {
        let new_variants = &new.variants;
        self.unknown(Kind::ValueRenamed, &old.unknown, &new.unknown);
        let values = matching(
            &old.variants,
            &new.variants,
            &[&|old, new| old.value == new.value, &|old, new| {
                old.name == new.name
            }],
        );
        for variant in &values.gone {
            self.part(Kind::ValueRemoved, ("value", &variant.value), "is gone");
        }
        for variant in &values.added {
            let (effect, reason) = Kind::ValueAdded.effect();
            let reason = format!("{reason}; there is a variant `{}`", variant.name);
            let place = self.place.part("value", &variant.value);
            self.changes
                .with(Kind::ValueAdded, &place, "is new", (effect, reason));
        }
        for (old, new, _) in &values.pairs {
            let part = ("value", &*new.value);
            if old.value != new.value {
                let what = format!("was `{}` on the wire and is `{}`", old.value, new.value);
                self.part(Kind::ValueSentOtherwise, part, what);
            } else if old.name != new.name {
                let what = format!("is `{}` in Rust instead of `{}`", new.name, old.name);
                let is_taken = new_variants.iter().any(|other| other.name == old.name);
                let place = self.place.part("value", &new.value);
                self.changes
                    .renamed(Kind::ValueRenamed, &place, what, is_taken);
            }
        }
        if values.is_reordered(|_| true) {
            let what = "has its values in another order";
            self.changes.add(Kind::ValuesReordered, &self.place, what);
        }
    }

    /// Compares the names of the variants for values that are not described.
    fn unknown(&mut self, kind: Kind, old: &str, new: &str) {
        if old != new {
            let what = format!("keeps values that aren't described as `{new}` instead of `{old}`");
            self.changes.add(kind, &self.place, what);
        }
    }

    fn unions(&mut self, old: &UnionType, new: &UnionType) {
        let context = self.context;
        let members = matching(
            &old.branches,
            &new.branches,
            &[&|old, new| old.name == new.name, &|old, new| {
                context.same(&old.value, &new.value)
            }],
        );
        for member in &members.gone {
            self.part(Kind::MemberRemoved, ("member", &member.name), "is gone");
        }
        for member in &members.added {
            self.part(Kind::MemberAdded, ("member", &member.name), "is new");
        }
        for (old, new, _) in &members.pairs {
            if old.name != new.name {
                let what = format!("was called `{}`", old.name);
                self.part(Kind::MemberRenamed, ("member", &new.name), what);
            }
            if !context.same(&old.value, &new.value) {
                let what = format!("held {}", self.types(&old.value, "holds", &new.value));
                self.part(Kind::MemberChanged, ("member", &new.name), what);
            }
        }
        self.unknown(Kind::MemberRenamed, &old.unknown, &new.unknown);
        self.discriminators(old, new, &members);
        if members.is_reordered(|_| true) {
            self.order(new, &members);
        }
    }

    fn discriminators(
        &mut self,
        old: &UnionType,
        new: &UnionType,
        members: &Matching<'_, UnionBranch>,
    ) {
        let key = |union: &UnionType| match &union.discriminator {
            Some(discriminator) => format!("`{}`", discriminator.key),
            None => "what its members hold".to_owned(),
        };
        let (was, is) = (key(old), key(new));
        if was != is {
            let what = format!("is discriminated by {is} instead of {was}");
            return self
                .changes
                .add(Kind::DiscriminatorChanged, &self.place, what);
        }
        let values = |union: &UnionType, member: &UnionBranch| {
            let values = union.discriminator.iter().flat_map(|known| &known.values);
            let named = values.filter(|(_, index)| union.branches[*index].name == member.name);
            let texts: BTreeSet<String> = named.map(|(value, _)| format!("`{value}`")).collect();
            texts.into_iter().collect::<Vec<_>>().join(" or ")
        };
        for (before, after, _) in &members.pairs {
            let (was, is) = (values(old, before), values(new, after));
            if was != is {
                let what = format!("was discriminated by {was} and is by {is}");
                self.part(Kind::DiscriminatorChanged, ("member", &after.name), what);
            }
        }
    }

    /// Adds that members are in another order, which counts if a value may fit two of those that changed places.
    fn order(&mut self, new: &UnionType, members: &Matching<'_, UnionBranch>) {
        let json_types = members
            .pairs
            .iter()
            .map(|(old, _, at)| (self.json_type(&old.value), *at));
        let json_types: Vec<(Option<&str>, usize)> = json_types.collect();
        let mut pairs = json_types.iter().enumerate().flat_map(|(index, first)| {
            let later = json_types[index + 1..].iter();
            later.map(move |second| (first, second))
        });
        let overlap = pairs.any(|((first, at), (second, then))| {
            then < at && (first.is_none() || second.is_none() || first == second)
        });
        let effect = match overlap && new.discriminator.is_none() {
            true => Kind::MembersReordered.effect(),
            false => (
                Effect::None,
                "no value fits two of the members that changed places",
            ),
        };
        let what = "has its members in another order";
        self.changes
            .with(Kind::MembersReordered, &self.place, what, effect);
    }

    /// The JSON type that all values of a type on the old side have.
    fn json_type(&self, reference: &TypeRef) -> Option<&'static str> {
        Some(match reference {
            TypeRef::Boxed(inner) => return self.json_type(inner),
            TypeRef::Nullable(_) | TypeRef::Primitive(Primitive::Json) => return None,
            TypeRef::List(_) => "array",
            TypeRef::Map(_) => "object",
            TypeRef::Primitive(Primitive::Bool) => "boolean",
            TypeRef::Primitive(Primitive::Integer(_) | Primitive::Float | Primitive::Float32) => {
                "number"
            }
            TypeRef::Primitive(_) => "string",
            TypeRef::Named(id) => match &self.context.old.api.definition(*id).shape {
                Shape::Struct(_) => "object",
                Shape::Enum(_) => "string",
                Shape::Newtype(newtype) if newtype.inner.named().is_none() => {
                    return self.json_type(&newtype.inner);
                }
                Shape::Union(_) | Shape::Newtype(_) => return None,
            },
        })
    }
}

fn is_required(field: &Field) -> bool {
    matches!(
        field.presence,
        Presence::Required | Presence::RequiredNullable
    )
}

fn is_nullable(field: &Field) -> bool {
    matches!(
        field.presence,
        Presence::RequiredNullable | Presence::OptionalNullable
    )
}

fn in_words(shape: &Shape) -> &'static str {
    match shape {
        Shape::Struct(_) => "an object",
        Shape::Enum(_) => "an enum",
        Shape::Union(_) => "a union",
        Shape::Newtype(_) => "a single value",
    }
}
