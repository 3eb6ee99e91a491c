//! The builder of an operation: its setters, and what `send` returns.

use std::collections::{BTreeMap, BTreeSet};

use syn::{
    Expr, File, GenericArgument, ImplItem, ImplItemFn, Item, PathArguments, ReturnType, Stmt, Type,
};

use super::declarations;
use super::members::Member;
use super::signature::{Reader, Signature};
use crate::model;

/// A setter of a builder.
#[derive(Clone, Debug)]
pub struct Setter {
    /// What it sets.
    pub member: Member,
    /// What its argument has to be.
    pub takes: Signature,
    /// Whether `send` refuses a request for which it wasn't called.
    pub required: bool,
}

/// Setters by name, the answer and the error of a builder.
pub fn read(
    file: &File,
    wire: &model::Operation,
) -> Option<(BTreeMap<String, Setter>, Signature, Signature)> {
    let declared = declarations::answers(file).into_keys().collect();
    let reader = Reader {
        declared: &declared,
    };
    let methods: Vec<&ImplItemFn> = file
        .items
        .iter()
        .filter_map(|item| match item {
            Item::Impl(item) => Some(&item.items),
            _ => None,
        })
        .flatten()
        .filter_map(|member| match member {
            ImplItem::Fn(method) => Some(method),
            _ => None,
        })
        .collect();
    let named = |name: &str| methods.iter().find(|method| method.sig.ident == name);
    let unset = unset(named("new")?);
    let (answer, error) = returned(named("send")?, &reader)?;
    let mut setters = BTreeMap::new();
    for method in &methods {
        let name = method.sig.ident.to_string();
        let bounds = &method.sig.generics.where_clause;
        let (Some(member), Some(bounds)) = (Member::of(wire, &name), bounds) else {
            continue;
        };
        let required = match member.named() {
            Some(named) => named.required,
            None => unset.contains(&name),
        };
        let takes = reader.of_bounds(bounds);
        setters.insert(
            name,
            Setter {
                member,
                takes,
                required,
            },
        );
    }
    Some((setters, answer, error))
}

/// The fields that a new builder has no value for.
fn unset(new: &ImplItemFn) -> BTreeSet<String> {
    let Some(Stmt::Expr(Expr::Struct(literal), _)) = new.block.stmts.last() else {
        return BTreeSet::new();
    };
    let is_error = |value: &Expr| match value {
        Expr::Call(call) => {
            matches!(&*call.func, Expr::Path(path) if path.path.is_ident("Err"))
        }
        _ => false,
    };
    literal
        .fields
        .iter()
        .filter(|field| is_error(&field.expr))
        .filter_map(|field| match &field.member {
            syn::Member::Named(name) => Some(name.to_string()),
            syn::Member::Unnamed(_) => None,
        })
        .collect()
}

/// `A` and `E` in `-> Result<ResponseValue<A>, Error<E>>`.
fn returned(send: &ImplItemFn, reader: &Reader<'_>) -> Option<(Signature, Signature)> {
    let ReturnType::Type(_, result) = &send.sig.output else {
        return None;
    };
    let [answer, error] = arguments(result)[..] else {
        return None;
    };
    Some((reader.of_type(answer), reader.of_type(error)))
}

fn arguments(ty: &Type) -> Vec<&Type> {
    let Type::Path(path) = ty else {
        return Vec::new();
    };
    let Some(PathArguments::AngleBracketed(arguments)) =
        path.path.segments.last().map(|segment| &segment.arguments)
    else {
        return Vec::new();
    };
    arguments
        .args
        .iter()
        .filter_map(|argument| match argument {
            GenericArgument::Type(ty) => Some(ty),
            _ => None,
        })
        .collect()
}
