//! What the demos consist of, read from their sources: scenes, and the std they use.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use anyhow::Context;
use syn::visit::{self, Visit};
use syn::{Expr, ExprMethodCall, ItemUse, Lit, UseTree};
use walkdir::WalkDir;

use crate::paths;

/// A demo and its scenes.
#[derive(Debug)]
pub struct Demo {
    /// The name of its package.
    pub name: String,
    /// In the order in which they run.
    pub scenes: Vec<Scene>,
}

/// A scene, as its demo's `main` registers it.
#[derive(Debug)]
pub struct Scene {
    /// What one types to run it.
    pub name: String,
    /// The line that `--list` prints.
    pub about: String,
    /// The file that holds it, relative to the workspace.
    pub file: String,
}

/// All demos of the workspace, sorted by name.
///
/// # Errors
///
/// When a file cannot be read or is not Rust.
pub fn all(root: &Path) -> anyhow::Result<Vec<Demo>> {
    let mut demos = Vec::new();
    for entry in fs::read_dir(root.join("crates")).context("read `crates`")? {
        let name = entry?.file_name().to_string_lossy().into_owned();
        let main = format!("crates/{name}/src/main.rs");
        if name.ends_with("-demo") && root.join(&main).is_file() {
            let file = parse(root, &main)?;
            let mut scenes =
                SceneFinder { folder: main.replace("main.rs", ""), found: vec![] };
            scenes.visit_file(&file);
            // The last call of a chain is visited first.
            scenes.found.reverse();
            demos.push(Demo { name, scenes: scenes.found });
        }
    }
    demos.sort_by(|one, other| one.name.cmp(&other.name));
    Ok(demos)
}

fn parse(root: &Path, path: &str) -> anyhow::Result<syn::File> {
    syn::parse_file(&paths::read(root, path)?)
        .with_context(|| format!("parse `{path}`"))
}

struct SceneFinder {
    folder: String,
    found: Vec<Scene>,
}

impl<'ast> Visit<'ast> for SceneFinder {
    fn visit_expr_method_call(&mut self, call: &'ast ExprMethodCall) {
        let method = call.method.to_string();
        let arguments: Vec<&Expr> = call.args.iter().collect();
        if ["scene", "scene_with", "goes_wrong"].contains(&method.as_str())
            && let [Expr::Lit(name), Expr::Lit(about), Expr::Path(run)] =
                arguments.as_slice()
            && let (Lit::Str(name), Lit::Str(about)) = (&name.lit, &about.lit)
            && let Some(module) = run.path.segments.first()
        {
            self.found.push(Scene {
                name: name.value(),
                about: about.value(),
                file: format!("{}{}.rs", self.folder, module.ident),
            });
        }
        visit::visit_expr_method_call(self, call);
    }
}

/// The files of the demos, sorted.
#[must_use]
pub fn files(root: &Path, demo: &str) -> Vec<String> {
    let folder = root.join("crates").join(demo).join("src");
    let entries = WalkDir::new(folder).sort_by_file_name().into_iter().flatten();
    let files = entries.filter(|entry| entry.file_type().is_file());
    let files = files.map(|entry| paths::relative(root, entry.path()));
    files.filter(|file| file.ends_with(".rs") && !file.ends_with("tests.rs")).collect()
}

/// The items of std that a file uses, by their full paths.
///
/// # Errors
///
/// When the file cannot be read or is not Rust.
pub fn std_items(root: &Path, path: &str) -> anyhow::Result<BTreeSet<String>> {
    let file = parse(root, path)?;
    let mut finder = StdFinder::default();
    finder.visit_file(&file);
    Ok(finder.items)
}

/// Follows `use std::thread;` to `thread::scope`.
#[derive(Default)]
struct StdFinder {
    items: BTreeSet<String>,
    /// What a name stands for, when it is a module of std.
    names: BTreeMap<String, String>,
}

impl StdFinder {
    fn import(&mut self, prefix: &str, tree: &UseTree) {
        let join = |name: &dyn std::fmt::Display| format!("{prefix}::{name}");
        match tree {
            UseTree::Path(path) => self.import(&join(&path.ident), &path.tree),
            UseTree::Group(group) => {
                for tree in &group.items {
                    self.import(prefix, tree);
                }
            }
            UseTree::Name(name) if name.ident == "self" => self.name(prefix, None),
            UseTree::Name(name) => self.name(&join(&name.ident), None),
            UseTree::Rename(rename) => {
                let alias = rename.rename.to_string();
                self.name(&join(&rename.ident), Some(alias));
            }
            UseTree::Glob(_) => {}
        }
    }

    fn name(&mut self, path: &str, alias: Option<String>) {
        let last = path.rsplit("::").next().unwrap_or(path).to_owned();
        if last.starts_with(char::is_lowercase) {
            self.names.insert(alias.unwrap_or(last), path.to_owned());
        } else {
            self.items.insert(path.to_owned());
        }
    }
}

impl<'ast> Visit<'ast> for StdFinder {
    fn visit_item_use(&mut self, item: &'ast ItemUse) {
        if let UseTree::Path(path) = &item.tree
            && path.ident == "std"
        {
            self.import("std", &path.tree);
        }
    }

    fn visit_path(&mut self, path: &'ast syn::Path) {
        let segments: Vec<String> =
            path.segments.iter().map(|segment| segment.ident.to_string()).collect();
        if let [module, item, ..] = segments.as_slice() {
            if let Some(full) = self.names.get(module) {
                self.items.insert(format!("{full}::{item}"));
            } else if module == "std" {
                // As far as the item: a method or a variant is not one.
                let end =
                    segments.iter().position(|s| s.starts_with(char::is_uppercase));
                let end = end.map_or(segments.len(), |end| end + 1);
                self.items.insert(segments[..end].join("::"));
            }
        }
        visit::visit_path(self, path);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scenes_come_in_the_order_of_main() {
        let demos = all(paths::workspace()).unwrap();
        let demo = demos.iter().find(|demo| demo.name == "semaphore-demo").unwrap();
        let names: Vec<_> =
            demo.scenes.iter().map(|scene| scene.name.as_str()).collect();
        assert_eq!(names[..2], ["counting", "bounded"]);
        assert_eq!(demo.scenes[0].file, "crates/semaphore-demo/src/counting.rs");
        for scene in demos.iter().flat_map(|demo| &demo.scenes) {
            assert!(paths::workspace().join(&scene.file).is_file(), "{}", scene.file);
        }
    }

    #[test]
    fn imports_and_qualified_paths_are_items() {
        let file = syn::parse_file(
            "use std::sync::{Mutex, mpsc::{self, Sender}};\nuse std::thread;\n\
             fn f() { thread::scope(|s| {}); mpsc::channel::<u8>(); \
             std::process::exit(1); let _: std::time::Duration; }",
        )
        .unwrap();
        let mut finder = StdFinder::default();
        finder.visit_file(&file);
        let items: Vec<_> = finder.items.iter().map(String::as_str).collect();
        assert_eq!(
            items,
            [
                "std::process::exit",
                "std::sync::Mutex",
                "std::sync::mpsc::Sender",
                "std::sync::mpsc::channel",
                "std::thread::scope",
                "std::time::Duration",
            ]
        );
    }
}
