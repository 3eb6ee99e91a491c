//! The client that progenitor generates for a document as it is, and the signatures of its methods.

use std::collections::BTreeMap;
use std::panic::{self, AssertUnwindSafe};

use openapiv3::{OpenAPI, ReferenceOr};
use progenitor::{GenerationSettings, Generator, InterfaceStyle};
use quote::ToTokens;
use syn::{
    FnArg, GenericArgument, ImplItem, Item, Pat, PathArguments, Type, TypeParamBound,
    WherePredicate,
};

/// The HTTP method and the path template of an operation.
pub type Route = (String, String);

/// The client.
pub struct Theirs {
    /// Its code.
    pub code: String,
    /// Its methods, by HTTP method and path template.
    pub methods: BTreeMap<Route, Method>,
    /// The operations that progenitor does not accept: HTTP method and path.
    pub rejected: Vec<Route>,
}

/// A method of the client.
pub struct Method {
    /// Its name.
    pub name: String,
    /// Its arguments.
    pub arguments: Vec<Argument>,
}

/// An argument of a method.
#[derive(Clone)]
pub struct Argument {
    /// Its name.
    pub name: String,
    /// Its type, without `Option` and `&`.
    pub kind: Kind,
    /// Whether it is an `Option`.
    pub is_optional: bool,
}

/// The type of an argument.
#[derive(Clone, PartialEq, Eq)]
pub enum Kind {
    /// `&str`.
    Text,
    /// `&T`.
    Reference(String),
    /// `T`.
    Value(String),
    /// The body as text.
    TextBody,
    /// The body as bytes.
    Bytes,
}

/// Generates the client, without the operations that progenitor does not accept, and without those for which it prints what
/// does not compile.
///
/// # Errors
///
/// If progenitor accepts none of them, or openapiv3 can't read the document.
pub fn generate(document: &serde_json::Value, uncompiled: &[Route]) -> Result<Theirs, String> {
    // By way of text, as a user of progenitor reads it.
    let document: OpenAPI = serde_json::from_str(&document.to_string())
        .map_err(|error| format!("unreadable: {error}"))?;
    // It calls methods for them that reqwest does not have.
    let is_uncompiled =
        |route: &Route| matches!(&*route.0, "OPTIONS" | "TRACE") || uncompiled.contains(route);
    let (mut rejected, compiled): (Vec<_>, Vec<_>) =
        operations(&document).into_iter().partition(is_uncompiled);
    let code = match attempt(&only(&document, &compiled)) {
        Ok(code) => code,
        Err(_) => {
            let mut without = document.clone();
            without.paths.paths.clear();
            attempt(&without).map_err(|reason| format!("schemas: {reason}"))?;
            let accepted = accepted(&document, compiled);
            rejected = operations(&document);
            rejected.retain(|operation| !accepted.contains(operation));
            if accepted.is_empty() {
                rejected.truncate(1);
                let reason = attempt(&only(&document, &rejected)).err();
                let reason = reason.unwrap_or_default();
                return Err(format!("each operation, the first for {reason}"));
            }
            attempt(&only(&document, &accepted))?
        }
    };
    // One line for each statement, so that the compiler's errors lead to operations.
    let file = syn::parse_file(&code).map_err(|error| error.to_string())?;
    let code = prettyplease::unparse(&file);
    let methods = methods(&file);
    Ok(Theirs {
        code,
        methods,
        rejected,
    })
}

/// The HTTP methods and paths of a document.
fn operations(document: &OpenAPI) -> Vec<Route> {
    let operations = document.operations();
    operations
        .map(|(path, method, _)| (method.to_ascii_uppercase(), path.to_owned()))
        .collect()
}

/// The operations that progenitor accepts, of some: all if it accepts them together, and else those of each half.
fn accepted(document: &OpenAPI, operations: Vec<Route>) -> Vec<Route> {
    if attempt(&only(document, &operations)).is_ok() {
        return operations;
    }
    if operations.len() < 2 {
        return Vec::new();
    }
    let (first, second) = operations.split_at(operations.len() / 2);
    let mut accepted = self::accepted(document, first.to_vec());
    accepted.extend(self::accepted(document, second.to_vec()));
    accepted
}

/// The document with these operations alone.
fn only(document: &OpenAPI, operations: &[Route]) -> OpenAPI {
    let mut document = document.clone();
    for (path, item) in &mut document.paths.paths {
        let ReferenceOr::Item(item) = item else {
            continue;
        };
        let is_wanted = |method: &str| operations.iter().any(|(of, at)| of == method && at == path);
        for (method, operation) in [
            ("GET", &mut item.get),
            ("PUT", &mut item.put),
            ("POST", &mut item.post),
            ("DELETE", &mut item.delete),
            ("OPTIONS", &mut item.options),
            ("HEAD", &mut item.head),
            ("PATCH", &mut item.patch),
            ("TRACE", &mut item.trace),
        ] {
            if !is_wanted(method) {
                *operation = None;
            }
        }
    }
    document
}

/// One run of progenitor, which panics on much of what it does not accept.
fn attempt(document: &OpenAPI) -> Result<String, String> {
    let mut settings = GenerationSettings::default();
    settings.with_interface(InterfaceStyle::Positional);
    let work = || Generator::new(&settings).generate_tokens(document);
    let hook = panic::take_hook();
    panic::set_hook(Box::new(|_| {}));
    let result = panic::catch_unwind(AssertUnwindSafe(work));
    panic::set_hook(hook);
    match result {
        Ok(Ok(tokens)) => Ok(tokens.to_string()),
        Ok(Err(error)) => Err(error.to_string()),
        Err(panic) => {
            let text = panic.downcast_ref::<String>().cloned();
            let text = text.or_else(|| panic.downcast_ref::<&str>().map(|text| (*text).to_owned()));
            let text = text.unwrap_or_default();
            let line = text.lines().next().unwrap_or_default();
            Err(format!("a panic: {line}"))
        }
    }
}

/// The methods of a client, each with the request that its documentation names.
fn methods(file: &syn::File) -> BTreeMap<Route, Method> {
    let items = file.items.iter().filter_map(|item| match item {
        Item::Impl(item) if item.trait_.is_none() => Some(&item.items),
        _ => None,
    });
    let mut methods = BTreeMap::new();
    for item in items.flatten() {
        let ImplItem::Fn(function) = item else {
            continue;
        };
        let documentation: String = function
            .attrs
            .iter()
            .map(|attribute| attribute.to_token_stream().to_string())
            .collect();
        let (Some(route), true) = (route(&documentation), function.sig.asyncness.is_some()) else {
            continue;
        };
        let arguments = function.sig.inputs.iter().filter_map(|input| match input {
            FnArg::Typed(input) => Some(input),
            FnArg::Receiver(_) => None,
        });
        let arguments = arguments.map(|input| {
            let Pat::Ident(pattern) = &*input.pat else {
                unreachable!("an argument is a name");
            };
            let (of, is_optional) = match option(&input.ty) {
                Some(inner) => (inner, true),
                None => (&*input.ty, false),
            };
            Argument {
                name: pattern.ident.to_string(),
                kind: kind(of),
                is_optional,
            }
        });
        let entry = Method {
            name: function.sig.ident.to_string(),
            arguments: arguments.collect(),
        };
        methods.insert(route, entry);
    }
    methods
}

/// The request that the documentation of a method names.
fn route(documentation: &str) -> Option<Route> {
    let (_, rest) = documentation.rsplit_once("Sends a `")?;
    let (method, rest) = rest.split_once("` request to `")?;
    let (path, _) = rest.split_once('`')?;
    Some((method.to_owned(), path.to_owned()))
}

impl Theirs {
    /// The operation whose method has a line of the code.
    pub fn route(&self, line: usize) -> Option<Route> {
        let lines: Vec<&str> = self.code.lines().take(line).collect();
        let client = lines.iter().rposition(|line| *line == "impl Client {")?;
        lines[client..].iter().rev().find_map(|line| route(line))
    }
}

/// The matchers of the operations in a module of mocks, by the names of their types.
///
/// # Panics
///
/// If the module is not Rust, or not as progenitor prints it.
pub fn matchers(code: &str) -> BTreeMap<String, Vec<Argument>> {
    let file = syn::parse_file(code).expect("Rust");
    let operations = file.items.iter().find_map(|item| match item {
        Item::Mod(module) if module.ident == "operations" => module.content.as_ref(),
        _ => None,
    });
    let (_, items) = operations.expect("the operations");
    let mut matchers = BTreeMap::new();
    for item in items {
        let Item::Impl(item) = item else { continue };
        let functions = item.items.iter().filter_map(|item| match item {
            ImplItem::Fn(function) => Some(function),
            _ => None,
        });
        let arguments = functions.filter_map(|function| {
            let name = function.sig.ident.to_string();
            let value = function.sig.inputs.iter().nth(1)?;
            let FnArg::Typed(value) = value else {
                return None;
            };
            // `T: Into<Option<X>>`, or the type itself.
            let bounds = function.sig.generics.where_clause.as_ref();
            let optional = bounds.and_then(|bounds| match bounds.predicates.first()? {
                WherePredicate::Type(bound) => match bound.bounds.first()? {
                    TypeParamBound::Trait(into) => {
                        let PathArguments::AngleBracketed(into) =
                            &into.path.segments.last()?.arguments
                        else {
                            return None;
                        };
                        match into.args.first()? {
                            GenericArgument::Type(inner) => option(inner),
                            _ => None,
                        }
                    }
                    _ => None,
                },
                _ => None,
            });
            let is_value = matches!(&*value.pat, Pat::Ident(pattern) if pattern.ident == "value");
            is_value.then(|| Argument {
                name,
                kind: kind(optional.unwrap_or(&value.ty)),
                is_optional: false,
            })
        });
        let name = item.self_ty.to_token_stream().to_string();
        matchers.insert(name, arguments.collect());
    }
    matchers
}

fn option(of: &Type) -> Option<&Type> {
    let Type::Path(path) = of else { return None };
    let segment = path.path.segments.last()?;
    let PathArguments::AngleBracketed(arguments) = &segment.arguments else {
        return None;
    };
    match arguments.args.first()? {
        GenericArgument::Type(inner) if segment.ident == "Option" => Some(inner),
        _ => None,
    }
}

fn kind(of: &Type) -> Kind {
    match of {
        Type::Reference(reference) => match reference.elem.to_token_stream().to_string().as_str() {
            "str" => Kind::Text,
            text => Kind::Reference(text.to_owned()),
        },
        value => match value.to_token_stream().to_string().as_str() {
            "B" => Kind::Bytes,
            "String" => Kind::TextBody,
            text => Kind::Value(text.to_owned()),
        },
    }
}
