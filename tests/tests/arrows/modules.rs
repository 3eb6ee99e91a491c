//! The modules of a crate, and the file that a path leads to.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use proc_macro2::TokenStream;
use quote::ToTokens as _;
use syn::{Attribute, ImplItem, Item, TraitItem};

use crate::graph::{Edge, Graph};
use crate::paths::{Import, Paths, imports, is_for_tests, plain};

/// Reads the text of a file; `None` if there is none.
pub type Read<'a> = &'a dyn Fn(&Path) -> Option<String>;

/// A crate as its root file declares it: the files that are written by hand, and their modules.
pub struct Modules<'a> {
    read: Read<'a>,
    files: Vec<PathBuf>,
    modules: Vec<Module>,
}

#[derive(Default)]
struct Module {
    parent: Option<usize>,
    file: usize,
    names: BTreeMap<String, Vec<Name>>,
    imports: Vec<Import>,
    /// Paths of `use …::*`.
    globs: Vec<Vec<String>>,
    paths: Vec<Vec<String>>,
    /// Generated code, whose names are not read.
    is_generated: bool,
}

#[derive(Clone)]
enum Name {
    Module(usize),
    Item,
    Import(Vec<String>),
}

/// The end of a path.
#[derive(Clone, Copy, PartialEq)]
enum Target {
    Module(usize),
    /// An item of a module.
    Item(usize),
}

/// The folders in which a file looks for the files of its modules.
struct Folders {
    /// For `mod name;`.
    children: PathBuf,
    /// For `#[path = "…"]`.
    file: PathBuf,
}

impl<'a> Modules<'a> {
    /// # Errors
    ///
    /// A file that `mod` declares is missing, or is no Rust.
    pub fn read(root: &Path, read: Read<'a>) -> Result<Self, String> {
        let mut modules = Self {
            read,
            files: Vec::new(),
            modules: Vec::new(),
        };
        let folder = root.parent().unwrap_or(Path::new(""));
        modules.file(root, folder.to_owned(), None)?;
        Ok(modules)
    }

    /// Reads a file as a module, and returns the index of the module.
    fn file(
        &mut self,
        path: &Path,
        children: PathBuf,
        parent: Option<usize>,
    ) -> Result<usize, String> {
        let shown = path.display();
        let text = (self.read)(path).ok_or_else(|| format!("{shown} can't be read"))?;
        let module = self.modules.len();
        self.modules.push(Module {
            parent,
            file: self.files.len(),
            is_generated: text.starts_with("// @generated"),
            ..Module::default()
        });
        self.files.push(path.to_owned());
        if !self.modules[module].is_generated {
            let file = syn::parse_file(&text).map_err(|error| format!("{shown}: {error}"))?;
            let folder = path.parent().unwrap_or(Path::new("")).to_owned();
            let folders = Folders {
                children,
                file: folder,
            };
            self.items(module, file.items, &folders)?;
        }
        Ok(module)
    }

    fn items(&mut self, module: usize, items: Vec<Item>, folders: &Folders) -> Result<(), String> {
        let mut paths = Paths::default();
        for mut item in items {
            if attributes(&item).iter().any(is_for_tests) {
                continue;
            }
            match &mut item {
                Item::Mod(item) => {
                    let child = self.child(module, item, folders)?;
                    self.declare(module, &item.ident.to_string(), Name::Module(child));
                    continue;
                }
                Item::Use(item) => {
                    paths.imports.extend(imports(item));
                    continue;
                }
                Item::Impl(item) => item
                    .items
                    .retain(|item| !impl_attributes(item).iter().any(is_for_tests)),
                Item::Trait(item) => item
                    .items
                    .retain(|item| !trait_attributes(item).iter().any(is_for_tests)),
                _ => {}
            }
            if let Some(name) = name(&item) {
                self.declare(module, &name, Name::Item);
            }
            paths.read(item.into_token_stream());
        }
        for import in &paths.imports {
            match &import.name {
                Some(name) => self.declare(module, name, Name::Import(import.path.clone())),
                None if import.is_glob => self.modules[module].globs.push(import.path.clone()),
                None => {}
            }
        }
        self.modules[module].imports = paths.imports;
        self.modules[module].paths = paths.paths;
        Ok(())
    }

    fn declare(&mut self, module: usize, name: &str, declared: Name) {
        let names = &mut self.modules[module].names;
        names.entry(plain(name)).or_default().push(declared);
    }

    fn child(
        &mut self,
        parent: usize,
        item: &mut syn::ItemMod,
        folders: &Folders,
    ) -> Result<usize, String> {
        let name = plain(&item.ident.to_string());
        let path = item.attrs.iter().find_map(path_attribute);
        if let Some((_, items)) = item.content.take() {
            let child = self.modules.len();
            self.modules.push(Module {
                parent: Some(parent),
                file: self.modules[parent].file,
                ..Module::default()
            });
            let folder = folders.children.join(&name);
            let folders = Folders {
                children: folder.clone(),
                file: folder,
            };
            self.items(child, items, &folders)?;
            return Ok(child);
        }
        if let Some(path) = path {
            let file = joined(&folders.file, &path);
            let children = file.parent().unwrap_or(Path::new("")).to_owned();
            return self.file(&file, children, Some(parent));
        }
        let children = folders.children.join(&name);
        let flat = folders.children.join(format!("{name}.rs"));
        let nested = children.join("mod.rs");
        let file = [flat, nested]
            .into_iter()
            .find(|file| (self.read)(file).is_some());
        let shown = self.files[self.modules[parent].file].display();
        let file = file.ok_or_else(|| format!("{shown}: the module {name} has no file"))?;
        self.file(&file, children, Some(parent))
    }

    /// The files, and an edge for each file that another one needs.
    ///
    /// `mod` makes no edge, and neither does a re-export whose name the file itself does not use.
    pub fn graph(&self) -> Graph {
        let mut graph = Graph::new(self.files.clone());
        for (index, module) in self.modules.iter().enumerate() {
            let mut edge = |path: &[String], written: &[String]| {
                let mut is_item = false;
                for target in self.resolve(index, path, &mut BTreeSet::new()) {
                    if let Target::Item(target) = target {
                        is_item = true;
                        self.edge(module, target, written, &mut graph);
                    }
                }
                is_item
            };
            let private = || module.imports.iter().filter(|import| !import.is_exported);
            for import in private() {
                edge(&import.path, &import.path);
            }
            let mut used: BTreeSet<&str> = BTreeSet::new();
            for path in &module.paths {
                if let [name] = path.as_slice()
                    && private().any(|import| import.name.as_ref() == Some(name))
                {
                    continue;
                }
                if edge(path, path) {
                    used.insert(&path[0]);
                }
            }
            // An imported module of which no item is named.
            for import in private() {
                let is_used = import.name.as_deref().is_some_and(|n| used.contains(n));
                for target in self.resolve(index, &import.path, &mut BTreeSet::new()) {
                    if let Target::Module(target) = target
                        && !is_used
                    {
                        self.edge(module, target, &import.path, &mut graph);
                    }
                }
            }
        }
        graph
    }

    fn edge(&self, from: &Module, target: usize, written: &[String], graph: &mut Graph) {
        let to = &self.modules[target];
        if from.file != to.file && !to.is_generated {
            graph.add(Edge {
                from: from.file,
                to: to.file,
                line: line(&self.text(from.file), written),
                path: written.join("::"),
            });
        }
    }

    fn text(&self, file: usize) -> String {
        (self.read)(&self.files[file]).unwrap_or_default()
    }

    /// All that a path in a module may lead to: a module and a function can have the same name.
    fn resolve(
        &self,
        module: usize,
        path: &[String],
        seen: &mut BTreeSet<(usize, String)>,
    ) -> Vec<Target> {
        let Some((first, rest)) = path.split_first() else {
            return vec![Target::Module(module)];
        };
        match first.as_str() {
            "crate" => return self.resolve(0, rest, seen),
            "self" if rest.is_empty() => return vec![Target::Module(module)],
            "self" => return self.resolve(module, rest, seen),
            "super" => {
                let parent = self.modules[module].parent;
                return parent.map_or_else(Vec::new, |parent| self.resolve(parent, rest, seen));
            }
            _ => {}
        }
        if !seen.insert((module, path.join("::"))) {
            return Vec::new();
        }
        let content = &self.modules[module];
        if content.is_generated {
            return Vec::new();
        }
        let mut targets = Vec::new();
        for name in content.names.get(first).into_iter().flatten() {
            match name {
                Name::Module(child) => targets.extend(self.resolve(*child, rest, seen)),
                Name::Item => targets.push(Target::Item(module)),
                Name::Import(import) => targets.extend(self.through(module, import, rest, seen)),
            }
        }
        if targets.is_empty() && !content.names.contains_key(first) {
            for glob in &content.globs {
                targets.extend(self.through(module, glob, path, seen));
            }
        }
        targets
    }

    /// Where an import leads to, and a path from there.
    fn through(
        &self,
        module: usize,
        import: &[String],
        rest: &[String],
        seen: &mut BTreeSet<(usize, String)>,
    ) -> Vec<Target> {
        let starts = self.resolve(module, import, seen);
        let ends = starts.into_iter().flat_map(|start| match start {
            Target::Module(start) => self.resolve(start, rest, seen),
            // A variant, or an associated function.
            Target::Item(_) => vec![start],
        });
        ends.collect()
    }
}

/// The first line of code with the path, or with its last segment.
fn line(text: &str, path: &[String]) -> usize {
    let is_boundary = |c: Option<char>| c.is_none_or(|c| c != '_' && !c.is_alphanumeric());
    let find = |wanted: &str| {
        text.lines().position(|line| {
            !line.trim_start().starts_with("//")
                && line.match_indices(wanted).any(|(at, _)| {
                    is_boundary(line[..at].chars().next_back())
                        && is_boundary(line[at + wanted.len()..].chars().next())
                })
        })
    };
    let position = find(&path.join("::")).or_else(|| find(path.last()?));
    position.map_or(1, |position| position + 1)
}

/// A path without `..`, so that a file has one.
fn joined(folder: &Path, path: &str) -> PathBuf {
    let mut joined = folder.to_owned();
    for part in path.split('/') {
        match part {
            ".." => {
                joined.pop();
            }
            part => joined.push(part),
        }
    }
    joined
}

fn path_attribute(attribute: &Attribute) -> Option<String> {
    let syn::Meta::NameValue(value) = &attribute.meta else {
        return None;
    };
    if !value.path.is_ident("path") {
        return None;
    }
    let text: TokenStream = value.value.to_token_stream();
    Some(text.to_string().trim_matches('"').to_owned())
}

fn attributes(item: &Item) -> &[Attribute] {
    match item {
        Item::Const(item) => &item.attrs,
        Item::Enum(item) => &item.attrs,
        Item::ExternCrate(item) => &item.attrs,
        Item::Fn(item) => &item.attrs,
        Item::Impl(item) => &item.attrs,
        Item::Macro(item) => &item.attrs,
        Item::Mod(item) => &item.attrs,
        Item::Static(item) => &item.attrs,
        Item::Struct(item) => &item.attrs,
        Item::Trait(item) => &item.attrs,
        Item::Type(item) => &item.attrs,
        Item::Union(item) => &item.attrs,
        Item::Use(item) => &item.attrs,
        _ => &[],
    }
}

fn impl_attributes(item: &ImplItem) -> &[Attribute] {
    match item {
        ImplItem::Const(item) => &item.attrs,
        ImplItem::Fn(item) => &item.attrs,
        ImplItem::Type(item) => &item.attrs,
        _ => &[],
    }
}

fn trait_attributes(item: &TraitItem) -> &[Attribute] {
    match item {
        TraitItem::Const(item) => &item.attrs,
        TraitItem::Fn(item) => &item.attrs,
        TraitItem::Type(item) => &item.attrs,
        _ => &[],
    }
}

fn name(item: &Item) -> Option<String> {
    let ident = match item {
        Item::Const(item) => &item.ident,
        Item::Enum(item) => &item.ident,
        Item::Fn(item) => &item.sig.ident,
        Item::Macro(item) => item.ident.as_ref()?,
        Item::Static(item) => &item.ident,
        Item::Struct(item) => &item.ident,
        Item::Trait(item) => &item.ident,
        Item::Type(item) => &item.ident,
        Item::Union(item) => &item.ident,
        _ => return None,
    };
    Some(ident.to_string())
}
