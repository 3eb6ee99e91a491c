//! Where types are used: what is sent has to be made by callers, what is received is there to be read.

use std::collections::{BTreeMap, BTreeSet};

use super::Owner;
use crate::surface::{Kind, Operation, Setter, Signature, Surface, Type, Variant};

/// Which types are sent and which received, on either side of a comparison.
#[derive(Debug, Default)]
pub struct Uses {
    sent: BTreeSet<String>,
    received: BTreeSet<String>,
}

impl Uses {
    /// Finds them.
    pub fn of(old: &Surface, new: &Surface) -> Self {
        let mut uses = Self::default();
        for surface in [old, new] {
            let setters = surface.operations.values().flat_map(sent);
            reach(surface, setters, &mut uses.sent);
            let answers = surface
                .operations
                .values()
                .flat_map(|operation| [&operation.answer, &operation.error]);
            reach(surface, answers, &mut uses.received);
        }
        uses
    }

    /// Whether a type is part of a request.
    pub fn sent(&self, name: &str) -> bool {
        self.sent.contains(name)
    }

    /// What operations do with a type, in words.
    pub fn now(&self, name: &str) -> &'static str {
        match (self.sent.contains(name), self.received.contains(name)) {
            (true, true) => "it is sent and received",
            (true, false) => "it is sent",
            (false, true) => "it is received",
            (false, false) => "no operation sends or receives it",
        }
    }

    /// What operations did with a type, in words.
    pub fn before(&self, name: &str) -> &'static str {
        match (self.sent.contains(name), self.received.contains(name)) {
            (true, true) => "it was sent and received",
            (true, false) => "it was sent",
            (false, true) => "it was received",
            (false, false) => "no operation sent or received it",
        }
    }
}

fn sent(operation: &Operation) -> impl Iterator<Item = &Signature> {
    operation.setters.values().map(|Setter { takes, .. }| takes)
}

fn reach<'a>(
    surface: &'a Surface,
    from: impl Iterator<Item = &'a Signature>,
    reached: &mut BTreeSet<String>,
) {
    let mut pending: Vec<&str> = from
        .flat_map(|signature| signature.names.iter().map(String::as_str))
        .collect();
    let mut seen = BTreeSet::new();
    while let Some(name) = pending.pop() {
        let Some(ty) = surface.types.get(name).filter(|_| seen.insert(name)) else {
            continue;
        };
        let held = held(ty).into_values();
        pending.extend(held.flat_map(|signature| signature.names.iter().map(String::as_str)));
    }
    reached.extend(seen.into_iter().map(str::to_owned));
}

/// The types that a type holds, by where in it they stand.
pub fn held(ty: &Type) -> BTreeMap<String, &Signature> {
    match &ty.kind {
        Kind::Object { fields, others, .. } => fields
            .iter()
            .map(|(name, field)| (format!("/{name}"), &field.ty))
            .chain(others.iter().map(|(_, ty)| (String::new(), ty)))
            .collect(),
        Kind::Newtype { inner, .. } | Kind::Alias(inner) => {
            BTreeMap::from([(String::new(), inner)])
        }
        Kind::Values { .. } => BTreeMap::new(),
        Kind::Union { variants, .. } => variants
            .iter()
            .flat_map(|(variant, held)| match held {
                Variant::Unit => Vec::new(),
                Variant::Holds(types) => types
                    .iter()
                    .enumerate()
                    .map(|(index, ty)| (format!("{variant}/{index}"), ty))
                    .collect(),
                Variant::Fields { fields, others } => fields
                    .iter()
                    .map(|(name, field)| (format!("{variant}/{name}"), &field.ty))
                    .chain(others.iter().map(|(_, ty)| (variant.clone(), ty)))
                    .collect(),
            })
            .collect(),
    }
}

/// What to call a type: the schema that it was made from or, if that has no name, itself.
pub fn owner(name: &str, ty: &Type) -> Owner {
    match &ty.schema {
        Some(schema) => Owner::Schema(schema.clone()),
        None => Owner::Type(name.to_owned()),
    }
}
