//! Holds the README against the workspace: every demo is named, every command works.

use std::fs;

use course_tests::{demos, workspace};

fn readme() -> String {
    fs::read_to_string(workspace().join("README.md")).unwrap()
}

#[test]
fn the_table_names_every_demo_with_its_command() {
    let readme = readme();
    for demo in demos() {
        let row = format!("| `cargo run -p {}` |", demo.name);
        assert!(readme.contains(&row), "no row with {row}");
    }
}

#[test]
fn every_command_names_a_demo_and_a_scene_that_exist() {
    let readme = readme();
    for command in readme.split("cargo run -p ").skip(1) {
        let command = command.split(['`', '\n']).next().unwrap();
        let mut words = command.split_whitespace();
        let name = words.next().unwrap();
        if name == "book" {
            continue;
        }
        let demo = demos().iter().find(|demo| demo.name == name);
        let demo = demo.unwrap_or_else(|| panic!("no demo `{name}`"));
        if let (Some("--"), Some(scene)) = (words.next(), words.next())
            && !scene.starts_with("--")
        {
            assert!(demo.scenes.iter().any(|known| known == scene), "no `{command}`");
        }
    }
}

#[test]
fn the_table_of_parts_is_that_of_the_book() {
    let (readme, parts) = (readme(), book::build::parts().unwrap());
    let (before, rest) = readme.split_once("| Part |").unwrap();
    let (_, after) = rest.split_once("\n\n").unwrap();
    let right = format!("{before}{parts}\n{after}");
    if std::env::var_os("COURSE_UPDATE").is_some() {
        fs::write(workspace().join("README.md"), right).unwrap();
    } else {
        assert_eq!(readme, right, "COURSE_UPDATE=1 mends it");
    }
}
