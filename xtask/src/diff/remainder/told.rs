//! What was told of the code already, by where in the documents it stands.
//!
//! A type that has no name in the document is told by its name in Rust; in the document it is the field, the parameter or
//! the answer that holds it.

use std::collections::{BTreeMap, BTreeSet};

use super::Sides;
use super::site::Site;
use super::walk::Difference;
use crate::diff::uses;
use crate::diff::{Change, Kind, Owner, Part, Place};
use crate::surface::{Kind as Content, Surface, Type};

/// What a change says of the place that it is about.
enum Said {
    /// All that can be said of it, and of what is in there.
    All,
    /// All that can be said of it.
    Here,
    /// What these words of OpenAPI say of it.
    Words(&'static [&'static str]),
}

const TYPE_AND_RANGE: &[&str] = &[
    "type",
    "format",
    "minimum",
    "maximum",
    "exclusiveMinimum",
    "exclusiveMaximum",
];

/// What a change of a kind says.
fn said(kind: Kind) -> Said {
    use Kind::*;
    match kind {
        StatusAdded | StatusRemoved | AnswerChanged | ErrorChanged | SetterAdded
        | SetterRemoved | SetterTypeChanged | SchemaAdded | SchemaRemoved | SchemaTypeChanged
        | FieldAdded | FieldRemoved | FieldTypeChanged => Said::All,
        TraitLost | TraitGained | MemberAdded | MemberRemoved | MemberChanged | RuleTightened
        | RuleLoosened => Said::Here,
        OperationDeprecated | OperationRestored | SetterDeprecated | SetterRestored
        | SchemaDeprecated | SchemaRestored => Said::Words(&["deprecated"]),
        // Another method for another media type.
        OperationAdded | OperationRemoved | BodyFormatChanged => Said::Words(&["content"]),
        SetterRequired | SetterOptional | FieldRequired | FieldOptional => {
            Said::Words(&["required", "nullable", "default"])
        }
        SetterWidened | SetterNarrowed => Said::Words(TYPE_AND_RANGE),
        SetterSentOtherwise | FieldSentOtherwise => {
            Said::Words(&["name", "in", "style", "explode", "content", "contentType"])
        }
        SetterDefaultChanged | FieldDefaultChanged | SchemaDefaultChanged => {
            Said::Words(&["default"])
        }
        SchemaOpened | SchemaClosed | SchemaMapChanged => Said::Words(&["additionalProperties"]),
        SchemaDebugChanged => Said::Words(&["x-private"]),
        MembersToldOtherwise => Said::Words(&["discriminator"]),
        ValueAdded | ValueRemoved | ValueSentOtherwise => Said::Words(&["enum"]),
        VersionChanged
        | OperationRenamed
        | OperationMoved
        | OperationDescribed
        | SetterRenamed
        | SchemaRenamed
        | SchemaDescribed
        | SchemaNotSent
        | DocumentDescribed
        | AuthenticationChanged
        | ServersChanged
        | DetailChanged => Said::Words(&[]),
    }
}

/// What was told, by site.
#[derive(Default)]
pub struct Told {
    sites: BTreeMap<Site, Vec<Said>>,
}

impl Told {
    /// Finds the sites of changes, of which operations that are one in the document have one name.
    pub fn of(sides: &Sides<'_>, one_name: &BTreeMap<String, String>, changes: &[Change]) -> Self {
        let mut holders = Holders {
            one_name,
            of: BTreeMap::new(),
            unions: BTreeSet::new(),
        };
        holders.find(sides.old);
        holders.find(sides.new);
        let mut told = Self::default();
        for change in changes {
            for site in holders.sites(change) {
                told.sites.entry(site).or_default().push(said(change.kind));
            }
        }
        told
    }

    /// Whether a difference was told.
    pub fn covers(&self, difference: &Difference) -> bool {
        let at = &difference.at;
        // Words about a thing are told whatever else is told of it.
        if difference.is_documentation() {
            return false;
        }
        let has_word = |word: &str| at.keys.iter().any(|key| key.text() == word);
        let is_told = |site: Site| {
            let mut here = self.sites.get(&site).into_iter().flatten();
            here.any(|said| match said {
                Said::All | Said::Here => true,
                Said::Words(words) => words.iter().any(|word| has_word(word)),
            }) || self.is_inside_of_told(site)
        };
        // What an answer holds is told of the answer; its headers are not.
        let is_content = has_word("content") || !at.site.fields.is_empty();
        is_told(at.site.clone()) || (is_content && returned(&at.site).into_iter().any(is_told))
    }

    fn is_inside_of_told(&self, mut site: Site) -> bool {
        while site.fields.pop().is_some() {
            let mut said = self.sites.get(&site).into_iter().flatten();
            if said.any(|said| matches!(said, Said::All)) {
                return true;
            }
        }
        false
    }
}

/// What a status is in the code: an answer, or an error.
fn returned(site: &Site) -> Vec<Site> {
    let parts: &[&'static str] = match &site.part {
        Some(Part { what, name }) if *what == "status" => match name.as_str() {
            "default" => &["answer", "error"],
            name if name.starts_with('2') => &["answer"],
            _ => &["error"],
        },
        _ => &[],
    };
    let part = |what| Part {
        what,
        name: String::new(),
    };
    let parts = parts.iter().map(|what| Site {
        part: Some(part(what)),
        ..site.clone()
    });
    parts.collect()
}

/// How many places of a type are looked at: one that holds itself has no end of them.
const MAX_SITES: usize = 64;

/// Where types stand that have no name in the document.
struct Holders<'a> {
    one_name: &'a BTreeMap<String, String>,
    of: BTreeMap<String, BTreeSet<Site>>,
    /// The types that have members, which have no names in the document.
    unions: BTreeSet<Owner>,
}

impl Holders<'_> {
    fn operation(&self, name: &str) -> Owner {
        let name = self.one_name.get(name).map_or(name, String::as_str);
        Owner::Operation(name.to_owned())
    }

    fn find(&mut self, surface: &Surface) {
        let mut pending: Vec<(&String, Site)> = Vec::new();
        for (name, operation) in &surface.operations {
            let owner = self.operation(name);
            let setters = operation.setters.values();
            let setters = setters.map(|setter| (setter.member.words(), &setter.takes));
            let returned = [("answer", &operation.answer), ("error", &operation.error)];
            let returned = returned.into_iter().map(|(what, ty)| ((what, ""), ty));
            for ((what, name), signature) in setters.chain(returned) {
                let site = Site::part(owner.clone(), what, name);
                pending.extend(signature.names.iter().map(|name| (name, site.clone())));
            }
        }
        for (name, ty) in &surface.types {
            let owner = uses::owner(name, ty);
            if matches!(owner, Owner::Schema(_)) {
                pending.extend(inside(ty, &Site::of(owner.clone())));
            }
            if matches!(ty.kind, Content::Union { .. }) {
                self.unions.insert(owner);
            }
        }
        while let Some((name, site)) = pending.pop() {
            let Some(ty) = surface.types.get(name).filter(|ty| ty.schema.is_none()) else {
                continue;
            };
            let sites = self.of.entry(name.clone()).or_default();
            if sites.len() < MAX_SITES && sites.insert(site.clone()) {
                pending.extend(inside(ty, &site));
            }
        }
    }

    /// The sites that a change is about.
    fn sites(&self, change: &Change) -> Vec<Site> {
        let Place { owner, part } = &change.place;
        let bases = match owner {
            Owner::Operation(name) => {
                let owner = self.operation(name);
                return match (change.kind, part) {
                    (Kind::OperationAdded | Kind::OperationRemoved, _) => {
                        let part = |what| Site::part(owner.clone(), what, "");
                        vec![part("body"), part("answer")]
                    }
                    (_, Some(part)) => vec![Site::part(owner, part.what, &part.name)],
                    (_, None) => vec![Site::of(owner)],
                };
            }
            Owner::Type(name) => self.of.get(name).into_iter().flatten().cloned().collect(),
            owner => vec![Site::of(owner.clone())],
        };
        match part {
            Some(part) if part.what == "field" && !self.unions.contains(owner) => {
                bases.iter().map(|base| base.field(&part.name)).collect()
            }
            _ => bases,
        }
    }
}

/// The types that a type holds, each with its site.
fn inside<'a>(ty: &'a Type, site: &Site) -> Vec<(&'a String, Site)> {
    let is_object = matches!(ty.kind, Content::Object { .. });
    let held = uses::held(ty).into_iter();
    held.flat_map(|(place, signature)| {
        let site = match place.strip_prefix('/') {
            Some(field) if is_object => site.field(field),
            _ => site.clone(),
        };
        signature.names.iter().map(move |name| (name, site.clone()))
    })
    .collect()
}
