//! Which crate of the workspace may depend on which.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

/// Each crate with the crates of the workspace that it may depend on.
pub type Arrows<'a> = &'a [(&'a str, &'a [&'a str])];

/// The problems of the dependencies that `cargo metadata` lists, a line for each, with the manifest and the remedy.
pub fn problems(metadata: &Value, arrows: Arrows<'_>, never_for_tests: Arrows<'_>) -> Vec<String> {
    let arrows: BTreeMap<&str, &[&str]> = arrows.iter().copied().collect();
    let packages = metadata["packages"].as_array().into_iter().flatten();
    let packages: BTreeMap<&str, &Value> = packages
        .filter_map(|package| Some((package["name"].as_str()?, package)))
        .collect();
    let mut problems: Vec<String> = (arrows.keys())
        .filter(|name| !packages.contains_key(*name))
        .map(|name| {
            format!("{name} is in the table of crates, but not in the workspace: remove its line")
        })
        .collect();
    for (name, package) in &packages {
        let manifest = package["manifest_path"].as_str().unwrap_or(name);
        let Some(allowed) = arrows.get(name) else {
            problems.push(format!(
                "{manifest}: {name} is not in the table of crates: add a line with the crates that it may depend on"
            ));
            continue;
        };
        let mut found = BTreeSet::new();
        for dependency in package["dependencies"].as_array().into_iter().flatten() {
            let other = dependency["name"].as_str().unwrap_or_default();
            let kind = dependency["kind"].as_str().unwrap_or("normal");
            // A crate may be its own dependency for its tests, with more features.
            if other == *name || !packages.contains_key(other) {
                continue;
            }
            let is_allowed = if kind == "dev" {
                let mut never = never_for_tests.iter().filter(|(from, _)| from == name);
                !never.any(|(_, never)| never.contains(&other))
            } else {
                found.insert(other);
                allowed.contains(&other)
            };
            if !is_allowed {
                problems.push(format!(
                    "{manifest}: {name} must not depend on {other} ({kind} dependency): move what it needs to a crate that both may use, \
                     or change the table of crates and ARCHITECTURE.md"
                ));
            }
        }
        for unused in allowed.iter().filter(|allowed| !found.contains(*allowed)) {
            problems.push(format!(
                "{manifest}: {name} no longer depends on {unused}: remove that from the table of crates"
            ));
        }
    }
    problems
}
