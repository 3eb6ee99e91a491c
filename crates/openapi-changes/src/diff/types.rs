//! Types: structs, enums, unions and newtypes that come, go and change.

use std::collections::BTreeSet;

use super::changes::Changes;
use super::context::{Context, Side};
use super::effect::Effect;
use super::kind::Kind;
use super::matching::{Matching, Rule, matching};
use super::place::{Owner, Place};
use openapi_client_gen::api::{
    EnumType, Field, Primitive, Shape, StructType, TypeId, TypeRef, UnionBranch, UnionType,
};

use openapi_document::view::is_component;

/// Compares the types.
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
    let old = context.old.api.definition(before);
    let new = context.new.api.definition(after);
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
        is_sent: context.old.is_sent(before),
        place: &place,
        changes,
    };
    comparison.shapes(&old.shape, &new.shape);
    changes.debug(&place, old.docs.private, new.docs.private);
    if is_component(&old.origin) && is_component(&new.origin) {
        let kinds = [Kind::SchemaDeprecated, Kind::SchemaRestored];
        changes.deprecation(&place, kinds, old.docs.deprecated, new.docs.deprecated);
    }
}

/// The fields that both structs have, by their names in JSON, or else in Rust.
pub fn fields<'a>(old: &'a StructType, new: &'a StructType) -> Matching<'a, Field> {
    let rules: [&Rule<'_, Field>; 2] = [&|old, new| old.key == new.key, &|old, new| {
        old.name == new.name
    }];
    matching(&old.fields, &new.fields, &rules)
}

/// Two types that are one to callers.
struct Comparison<'c, 'd> {
    place: &'c Place,
    /// Whether callers make values of it.
    is_sent: bool,
    changes: &'c mut Changes<'d>,
}

impl Comparison<'_, '_> {
    /// Adds a change of the type.
    fn add(&mut self, kind: Kind, what: impl Into<String>) {
        self.changes.add(kind, self.place, what);
    }

    /// Adds a change of a part of the type.
    fn part(&mut self, kind: Kind, (part, name): (&'static str, &str), what: impl Into<String>) {
        self.changes.add(kind, &self.place.part(part, name), what);
    }

    fn shapes(&mut self, old: &Shape, new: &Shape) {
        let what = match (old, new) {
            (Shape::Struct(old), Shape::Struct(new)) => return self.structs(old, new),
            (Shape::Enum(old), Shape::Enum(new)) => return self.enums(old, new),
            (Shape::Union(old), Shape::Union(new)) => return self.unions(old, new),
            (Shape::Newtype(old), Shape::Newtype(new)) => {
                match self.types(&old.inner, "holds", &new.inner) {
                    Some(types) => format!("held {types}"),
                    None => return,
                }
            }
            (old, new) => format!("was {} and is {}", in_words(old), in_words(new)),
        };
        self.add(Kind::SchemaTypeChanged, what);
    }

    /// Two types in words, such as `` `string` and holds `i64` ``, if they differ.
    fn types(&self, old: &TypeRef, verb: &str, new: &TypeRef) -> Option<String> {
        let (was, is) = self
            .changes
            .context
            .differing(("", Some(old)), ("", Some(new)))?;
        Some(format!("{was} and {verb} {is}"))
    }

    fn structs(&mut self, old: &StructType, new: &StructType) {
        let context = self.changes.context;
        if let Some(types) = self.types(&old.extra, "holds them as", &new.extra) {
            let what = format!("held members that aren't described as {types}");
            self.add(Kind::SchemaMapChanged, what);
        }
        if old.extra_name != new.extra_name {
            let (is, was) = (&new.extra_name, &old.extra_name);
            let what = format!("keeps members that aren't described in `{is}` instead of `{was}`");
            let effect = (Effect::Build, "another field has its name");
            self.changes
                .with(Kind::SchemaMapChanged, self.place, what, effect);
        }
        let demand = self.demand(old, new);
        let fields = fields(old, new);
        for field in &fields.gone {
            self.part(Kind::FieldRemoved, ("field", &field.key), "is gone");
        }
        for field in &fields.added {
            let (what, effect) = match (field.required, demand) {
                (false, _) => ("is new", Kind::FieldAdded.effect()),
                (true, (Effect::None, _)) => ("is new, and required", Kind::FieldAdded.effect()),
                (true, demand) => ("is new, and required", demand),
            };
            let place = self.place.part("field", &field.key);
            self.changes.with(Kind::FieldAdded, &place, what, effect);
        }
        for (before, after, _) in &fields.pairs {
            let place = self.place.part("field", &after.key);
            self.field(&place, before, after, demand);
            if before.name != after.name {
                let (is, was) = (&after.name, &before.name);
                let what = format!("is the field `{is}` in Rust instead of `{was}`");
                let is_taken = new.fields.iter().any(|field| {
                    field.name == before.name
                        && field.key != after.key
                        && context.same(&before.value, &field.value)
                });
                self.changes
                    .renamed(Kind::FieldRenamed, &place, what, is_taken);
            }
        }
        self.setters(&fields);
        // The required fields are the arguments of `new`, in their order.
        if self.is_sent && fields.is_reordered(|field| field.required) {
            let what = "has its required fields in another order";
            let is_same = |old: &Field, new: &Field| {
                has_same_presence(old, new) && context.same(&old.value, &new.value)
            };
            let required = [old, new].map(|object| object.fields.iter().filter(|f| f.required));
            self.changes
                .reordered(Kind::FieldsReordered, self.place, what, required, is_same);
        }
    }

    /// The effect of a field that is required now and was not, or was not there.
    fn demand(&self, old: &StructType, new: &StructType) -> (Effect, &'static str) {
        let has_default = |object: &StructType| object.fields.iter().all(|field| !field.required);
        match has_default(old) && !has_default(new) {
            true => (Effect::Build, "the type has no `Default` any more"),
            false if self.is_sent => (Effect::Build, "`new` takes another argument"),
            false => (Effect::None, "it is only received, and read as before"),
        }
    }

    fn field(&mut self, place: &Place, old: &Field, new: &Field, demand: (Effect, &'static str)) {
        if old.key != new.key {
            let what = format!("was `{}` on the wire and is `{}`", old.key, new.key);
            self.changes.add(Kind::FieldSentOtherwise, place, what);
        }
        if let Some(types) = self.types(&old.value, "is", &new.value) {
            let what = format!("was {types}");
            self.changes.add(Kind::FieldTypeChanged, place, what);
        }
        self.presence(place, old, new, demand);
        self.accessors(place, old, new);
        let changes = &mut self.changes;
        let (was, is) = (old.default.as_deref(), new.default.as_deref());
        changes.default_value(Kind::FieldDefaultChanged, place, was, is);
        changes.debug(place, old.docs.private, new.docs.private);
        let kinds = [Kind::SchemaDeprecated, Kind::SchemaRestored];
        changes.deprecation(place, kinds, old.docs.deprecated, new.docs.deprecated);
    }

    fn presence(
        &mut self,
        place: &Place,
        old: &Field,
        new: &Field,
        demand: (Effect, &'static str),
    ) {
        let null = match (old.nullable, new.nullable) {
            (false, true) => ", and may be `null` now",
            (true, false) => ", and is never `null` now",
            _ => "",
        };
        let (kind, what) = match (old.required, new.required) {
            (false, true) => (Kind::FieldRequired, format!("is required now{null}")),
            (true, false) => (Kind::FieldOptional, format!("is optional now{null}")),
            _ if null.is_empty() => return,
            _ => (Kind::FieldNullable, null.replacen(", and ", "", 1)),
        };
        // An absent value and `null` are both `None` where one of them alone is possible.
        let options = |field: &Field| usize::from(!field.required) + usize::from(field.nullable);
        let effect = match kind {
            _ if options(old) != options(new) => kind.effect(),
            Kind::FieldRequired => demand,
            _ if self.is_sent => (Effect::Build, "`new` takes an argument less"),
            _ => (Effect::None, "its type is the same"),
        };
        self.changes.with(kind, place, what, effect);
    }

    /// Compares the methods of a field. The setters of a type come and go together.
    fn accessors(&mut self, place: &Place, old: &Field, new: &Field) {
        if !keeps_accessors(old, new) {
            return;
        }
        let (was, is) = (&old.accessors, &new.accessors);
        for (accessor, was, is) in [
            ("getter", &was.getter, &is.getter),
            ("setter", &was.setter, &is.setter),
            ("setter of `null`", &was.null_setter, &is.null_setter),
        ] {
            let (kind, what) = match (was, is) {
                (Some(was), Some(is)) if was != is => {
                    let what = format!("has the {accessor} `{is}` instead of `{was}`");
                    (Kind::AccessorRenamed, what)
                }
                (None, Some(name)) if accessor == "getter" => {
                    (Kind::AccessorAdded, format!("has the getter `{name}` now"))
                }
                (Some(name), None) if accessor == "getter" => (
                    Kind::AccessorRemoved,
                    format!("has no getter `{name}` any more"),
                ),
                _ => continue,
            };
            self.changes.add(kind, place, what);
        }
    }

    /// Compares whether the type has setters, which only a type of requests has.
    fn setters(&mut self, fields: &Matching<'_, Field>) {
        let pairs = fields.pairs.iter();
        let mut pairs = pairs.filter(|(old, new, _)| keeps_accessors(old, new));
        let setters = pairs.find_map(|(old, new, _)| {
            let [was, is] = [old, new].map(|field| field.accessors.setter.is_some());
            (was != is).then_some(is)
        });
        match setters {
            Some(true) => self.add(Kind::AccessorAdded, "has setters now, for it is sent"),
            Some(false) => {
                let what = "has no setters any more, for it is not sent";
                self.add(Kind::AccessorRemoved, what);
            }
            None => {}
        }
    }

    fn enums(&mut self, old: &EnumType, new: &EnumType) {
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
        for (before, after, _) in &values.pairs {
            let place = self.place.part("value", &after.value);
            if before.value != after.value {
                let (was, is) = (&before.value, &after.value);
                let what = format!("was `{was}` on the wire and is `{is}`");
                self.changes.add(Kind::ValueSentOtherwise, &place, what);
            } else if before.name != after.name {
                let what = format!("is `{}` in Rust instead of `{}`", after.name, before.name);
                let is_taken = new.variants.iter().any(|other| other.name == before.name);
                self.changes
                    .renamed(Kind::ValueRenamed, &place, what, is_taken);
            }
        }
        if values.is_reordered(|_| true) {
            self.add(Kind::ValuesReordered, "has its values in another order");
        }
    }

    /// Compares the names of the variants for values that are not described.
    fn unknown(&mut self, kind: Kind, old: &str, new: &str) {
        if old != new {
            let what = format!("keeps values that aren't described as `{new}` instead of `{old}`");
            self.add(kind, what);
        }
    }

    fn unions(&mut self, old: &UnionType, new: &UnionType) {
        let context = self.changes.context;
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
            let part = ("member", &*new.name);
            if old.name != new.name {
                let what = format!("was called `{}`", old.name);
                self.part(Kind::MemberRenamed, part, what);
            }
            if let Some(types) = self.types(&old.value, "holds", &new.value) {
                self.part(Kind::MemberChanged, part, format!("held {types}"));
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
        let [was, is] = [old, new].map(|union| match &union.discriminator {
            Some(discriminator) => format!("`{}`", discriminator.key),
            None => "what its members hold".to_owned(),
        });
        if was != is {
            let what = format!("is discriminated by {is} instead of {was}");
            return self.add(Kind::DiscriminatorChanged, what);
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
        let pairs = members.pairs.iter();
        let members: Vec<(Option<&str>, usize)> = pairs
            .map(|(old, _, at)| (json_type(&self.changes.context.old, &old.value), *at))
            .collect();
        let overlaps = members.iter().enumerate().any(|(index, (first, at))| {
            let mut later = members[index + 1..].iter();
            later.any(|(second, then)| {
                then < at && (first.is_none() || second.is_none() || first == second)
            })
        });
        let effect = match overlaps && new.discriminator.is_none() {
            true => Kind::MembersReordered.effect(),
            false => (
                Effect::None,
                "no value fits two of the members that changed places",
            ),
        };
        let what = "has its members in another order";
        self.changes
            .with(Kind::MembersReordered, self.place, what, effect);
    }
}

/// The JSON type that all values of a type have.
fn json_type(side: &Side<'_>, reference: &TypeRef) -> Option<&'static str> {
    Some(match reference {
        TypeRef::Boxed(inner) => return json_type(side, inner),
        TypeRef::Nullable(_) | TypeRef::Primitive(Primitive::Json) => return None,
        TypeRef::List(_) => "array",
        TypeRef::Map(_) => "object",
        TypeRef::Primitive(Primitive::Bool) => "boolean",
        TypeRef::Primitive(Primitive::Integer(_) | Primitive::Float | Primitive::Float32) => {
            "number"
        }
        TypeRef::Primitive(_) => "string",
        TypeRef::Named(id) => match &side.api.definition(*id).shape {
            Shape::Struct(_) => "object",
            Shape::Enum(_) => "string",
            Shape::Newtype(newtype) if newtype.inner.named().is_none() => {
                return json_type(side, &newtype.inner);
            }
            Shape::Union(_) | Shape::Newtype(_) => return None,
        },
    })
}

/// Whether a field has no other name or presence, which would be a change by itself and give it other accessors.
fn keeps_accessors(old: &Field, new: &Field) -> bool {
    has_same_presence(old, new) && old.name == new.name
}

fn has_same_presence(old: &Field, new: &Field) -> bool {
    (old.required, old.nullable) == (new.required, new.nullable)
}

fn in_words(shape: &Shape) -> &'static str {
    match shape {
        Shape::Struct(_) => "an object",
        Shape::Enum(_) => "an enum",
        Shape::Union(_) => "a union",
        Shape::Newtype(_) => "a single value",
    }
}
