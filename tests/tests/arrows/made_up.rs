//! The tests of these tests: small crates of a few files, and small workspaces.

use std::path::Path;

use serde_json::{Value, json};

use crate::crates::{Arrows, problems};
use crate::graph::Cycle;
use crate::modules::Modules;

fn cycles(files: &[(&str, &str)]) -> Vec<Cycle> {
    let read = |path: &Path| {
        let file = files.iter().find(|(name, _)| Path::new(name) == path);
        file.map(|(_, text)| (*text).to_owned())
    };
    let modules = Modules::read(Path::new("lib.rs"), &read).expect("modules");
    modules.graph().cycles()
}

fn imports(files: &[(&str, &str)]) -> Vec<String> {
    let cycles = cycles(files);
    assert_eq!(cycles.len(), 1);
    cycles.into_iter().flat_map(|cycle| cycle.imports).collect()
}

#[test]
fn a_cycle_of_two_files_is_shown_with_its_lines() {
    let imports = imports(&[
        ("lib.rs", "mod a;\nmod b;"),
        (
            "a.rs",
            "//! Says b::B.\nuse std::fmt;\nuse crate::b::B;\npub struct A(B);",
        ),
        (
            "b.rs",
            "pub struct B;\nimpl B {\n    fn a(&self) -> Option<super::a::A> { None }\n}",
        ),
    ]);
    assert_eq!(
        imports,
        [
            "a.rs:3 imports crate::b::B from b.rs",
            "b.rs:3 imports super::a::A from a.rs",
        ]
    );
}

#[test]
fn a_cycle_through_a_reexport_names_the_file_that_defines_the_item() {
    let imports = imports(&[
        ("lib.rs", "mod a;\nmod b;\npub use a::A;\npub use b::*;"),
        ("a.rs", "use crate::B;\npub struct A(B);"),
        (
            "b.rs",
            "use crate::{A as Other};\npub struct B(Option<Other>);",
        ),
    ]);
    assert_eq!(
        imports,
        [
            "a.rs:1 imports crate::B from b.rs",
            "b.rs:1 imports crate::A from a.rs"
        ]
    );
}

#[test]
fn the_shortest_cycle_stands_for_all_files_of_it() {
    let cycles = cycles(&[
        ("lib.rs", "mod a; mod b; mod c;"),
        ("a.rs", "use crate::b::B; pub struct A;"),
        ("b.rs", "use crate::c::C; pub struct B;"),
        ("c.rs", "use crate::a::A; use crate::b::B; pub struct C;"),
    ]);
    assert_eq!(cycles.len(), 1);
    assert_eq!(cycles[0].files.len(), 3);
    assert_eq!(cycles[0].imports.len(), 2);
    let message = cycles[0].message(Path::new(""));
    assert!(
        message.starts_with("3 files import each other: a.rs, b.rs, c.rs\n"),
        "{message}"
    );
}

#[test]
fn each_way_to_write_a_path_is_seen() {
    let ways = [
        "fn f() { super::a::go() }",
        "fn f() { crate::a::go() }",
        "use super::a;\nfn f() { a::go() }",
        "use crate::{a::{self as first}};\nfn f() { first::go() }",
        "use crate::a;",
        "use crate::a::*;",
        "fn f() { use crate::a::go; go() }",
        "fn f() { println!(\"{}\", crate::a::go()) }",
        "macro_rules! go { () => { $crate::a::go() } }",
        "#[serde(with = \"crate::a\")]\nstruct S(#[serde(default = \"crate::a::go\")] u8);",
        "impl crate::a::Trait for u8 {}",
        "fn f(x: &dyn for<'a> crate::a::Trait) {}",
        "mod inner { fn f() { super::super::a::go() } }",
        "pub use crate::a::go;\nfn f() { go() }",
    ];
    for way in ways {
        let cycles = cycles(&[
            ("lib.rs", "mod a; mod b;"),
            (
                "a.rs",
                "use crate::b as other; pub fn go() { other::back() } pub trait Trait {}",
            ),
            ("b.rs", way),
        ]);
        assert_eq!(cycles.len(), 1, "{way}");
    }
}

#[test]
fn a_parent_that_calls_a_child_that_calls_it_is_a_cycle() {
    let cycles = cycles(&[
        ("lib.rs", "mod parent;"),
        ("parent.rs", "mod child;\npub fn up() { child::down() }"),
        ("parent/child.rs", "use super::up;\npub fn down() { up() }"),
    ]);
    assert_eq!(cycles.len(), 1);
}

#[test]
fn what_is_no_import_makes_no_cycle() {
    let parents = [
        // A declaration, and a re-export for others.
        "mod child;\npub struct Top;",
        "mod child;\npub use child::Low;\npub struct Top;",
        "pub mod child;\npub use self::child::*;\npub struct Top;",
        // For tests only.
        "mod child;\npub struct Top;\n#[cfg(test)]\nmod tests { use super::child::Low; }",
        "mod child;\npub struct Top;\n#[cfg(all(doctest, feature = \"x\"))]\nmod tests;",
        // A link in documentation, fields, methods, and names of other crates.
        "mod child;\n/// See [`child::Low`](self::child::Low).\npub struct Top;",
        "mod child;\npub struct Top;\nfn f(x: X) { x.child.child::<u8>(::child::Low, other::child::Low) }",
        // A visibility.
        "mod child;\npub struct Top { pub(in crate::parent) x: u8 }",
    ];
    for parent in parents {
        let cycles = cycles(&[
            ("lib.rs", "mod parent;"),
            ("parent.rs", parent),
            (
                "parent/child.rs",
                "use super::Top;\npub struct Low(Top);\npub(super) struct Other;",
            ),
        ]);
        assert_eq!(cycles.len(), 0, "{parent}");
    }
}

#[test]
fn files_are_found_where_the_compiler_finds_them() {
    let cycles = cycles(&[
        (
            "lib.rs",
            "#[path = \"x/../other/a.rs\"]\nmod a;\nmod inline { mod b; }\nmod c;",
        ),
        ("other/a.rs", "mod below;"),
        ("other/below.rs", "use crate::c::C;"),
        ("inline/b.rs", "use crate::c::d;\nfn f() { d::go() }"),
        ("c/mod.rs", "pub mod d;\npub struct C;"),
        ("c/d.rs", "use super::C;\npub fn go() {}"),
    ]);
    assert_eq!(cycles.len(), 0);
}

#[test]
fn generated_files_are_not_judged() {
    let cycles = cycles(&[
        ("lib.rs", "mod a;\nmod made;\npub use made::*;"),
        (
            "a.rs",
            "use crate::made::B;\nuse crate::C;\npub struct A(B, C);",
        ),
        (
            "made.rs",
            "// @generated by a generator.\nuse crate::a::A;\npub struct B(A);",
        ),
    ]);
    assert_eq!(cycles.len(), 0);
}

fn package(name: &str, dependencies: &[(&str, Option<&str>)]) -> Value {
    let dependencies: Vec<Value> = (dependencies.iter())
        .map(|(name, kind)| json!({ "name": name, "kind": kind }))
        .collect();
    json!({ "name": name, "manifest_path": format!("{name}/Cargo.toml"), "dependencies": dependencies })
}

const ARROWS: Arrows<'static> = &[("high", &["low"]), ("low", &[])];
const NEVER_FOR_TESTS: Arrows<'static> = &[("low", &["high"])];

#[test]
fn an_allowed_workspace_has_no_problem() {
    let high = package("high", &[("low", None), ("serde", None)]);
    let low = package("low", &[("low", Some("dev"))]);
    let problems = problems(&json!({ "packages": [high, low] }), ARROWS, NEVER_FOR_TESTS);
    assert_eq!(problems, Vec::<String>::new());
}

#[test]
fn a_dependency_against_the_arrows_is_named_with_its_manifest() {
    let high = package("high", &[("low", None)]);
    for kind in [None, Some("build"), Some("dev")] {
        let low = package("low", &[("high", kind)]);
        let problems = problems(&json!({ "packages": [high, low] }), ARROWS, NEVER_FOR_TESTS);
        let shown = kind.unwrap_or("normal");
        let start =
            format!("low/Cargo.toml: low must not depend on high ({shown} dependency): move ");
        assert_eq!(problems.len(), 1);
        assert!(problems[0].starts_with(&start), "{problems:?}");
    }
}

#[test]
fn the_table_of_crates_has_a_line_for_each_crate_and_no_other() {
    let missing = package("new", &[]);
    let unused = package("high", &[]);
    let problems = problems(&json!({ "packages": [missing, unused] }), ARROWS, &[]);
    assert_eq!(
        problems,
        [
            "low is in the table of crates, but not in the workspace: remove its line",
            "high/Cargo.toml: high no longer depends on low: remove that from the table of crates",
            "new/Cargo.toml: new is not in the table of crates: add a line with the crates that it may depend on",
        ]
    );
}
