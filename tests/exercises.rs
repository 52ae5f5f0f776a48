//! Holds the files of the exercises against each other.
//!
//! `COURSE_UPDATE=1` writes the list in `Cargo.toml` anew from `info.toml`.
//! `COURSE_AUTHOR=1` also looks at the exercises themselves, which a reader changes.

use std::fmt::Write;
use std::fs;
use std::path::Path;

use book::exercises::Exercise;
use course_tests::workspace;

/// The exercise itself or its solution, by the folder.
fn source(exercise: &Exercise, folder: &str) -> String {
    let file = workspace().join(folder).join(&exercise.dir).join(&exercise.name);
    read(&file.with_extension("rs"))
}

fn read(file: &Path) -> String {
    fs::read_to_string(file)
        .unwrap_or_else(|error| panic!("{}: {error}", file.display()))
}

fn exercises() -> Vec<Exercise> {
    book::exercises::all(workspace()).unwrap()
}

#[test]
fn cargo_toml_lists_what_info_toml_lists() {
    let mut list = String::from("\n");
    for Exercise { name, dir, .. } in exercises() {
        for (suffix, folder) in [("", "exercises"), ("_sol", "solutions")] {
            let path = format!("{folder}/{dir}/{name}.rs");
            writeln!(
                list,
                "  {{ name = \"{name}{suffix}\", path = \"{path}\", test = false }},"
            )
            .unwrap();
        }
    }
    let file = workspace().join("Cargo.toml");
    let manifest = read(&file);
    let (before, rest) = manifest.split_once("bin = [").unwrap();
    let (listed, after) = rest.split_once(']').unwrap();
    if std::env::var_os("COURSE_UPDATE").is_some() {
        fs::write(file, format!("{before}bin = [{list}]{after}")).unwrap();
    } else {
        assert_eq!(listed, list, "COURSE_UPDATE=1 mends it");
    }
}

#[test]
fn every_exercise_has_three_hints_and_the_first_is_in_info_toml() {
    for exercise in exercises() {
        let hints = exercise.hints(workspace()).unwrap();
        let words = |text: &str| -> Vec<String> {
            text.split_whitespace().map(str::to_owned).collect()
        };
        assert_eq!(
            words(&hints[0]),
            words(&exercise.hint),
            "first hint of {}",
            exercise.name
        );
    }
}

#[test]
fn every_solution_says_why_and_leaves_nothing_to_do() {
    for exercise in exercises() {
        let solution = source(&exercise, "solutions");
        let name = &exercise.name;
        for part in ["//! Goal:   ", "//! Answer: ", "//! Check:  ", "//! Read:   "] {
            assert!(solution.contains(part), "{name}: no `{part}`");
        }
        assert!(!solution.contains("TODO") && !solution.contains("todo!"), "{name}");
    }
}

#[test]
fn every_exercise_differs_from_its_solution_in_the_header_and_the_hole_only() {
    if std::env::var_os("COURSE_AUTHOR").is_none() {
        return;
    }
    for exercise in exercises() {
        let (name, text) = (&exercise.name, source(&exercise, "exercises"));
        for part in ["Goal", "Given", "Change", "Check", "Read"] {
            let part = format!("//! {:8}", format!("{part}:"));
            assert!(text.contains(&part), "{name}: no `{part}`");
        }
        let lines = text.lines().count();
        assert!((30..=90).contains(&lines), "{name} has {lines} lines");
        assert!(text.contains("real_threads::end_if_stuck();"), "{name} may hang");
        let holes = text.matches("todo!(").count();
        assert!((1..=2).contains(&holes), "{name} has {holes} holes");

        let solution = source(&exercise, "solutions");
        let diff = similar::TextDiff::from_lines(&text, &solution);
        for group in diff.grouped_ops(0) {
            let removed = group.iter().flat_map(|op| diff.iter_changes(op));
            let removed =
                removed.filter(|change| change.tag() == similar::ChangeTag::Delete);
            let removed: String = removed.map(|change| change.value()).collect();
            let known =
                ["//! ", "TODO", "todo!"].iter().any(|part| removed.contains(part));
            assert!(
                known || removed.is_empty(),
                "{name} differs elsewhere:\n{removed}"
            );
        }
    }
}
