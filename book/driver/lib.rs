//! The program that builds the book: mdBook, with directives of our own.
//!
//! * [`preprocess`] turns directives into HTML and refuses what mdBook lets pass:
//!   missing includes and anchors, typed code and typed output.
//! * [`output`] runs the commands whose output a page shows, and compares by a rule.
//! * [`player`], [`timeline`] and [`quiz`] draw what the directives of these names show.
//! * [`catalogue`] knows what the repository holds, [`python_map`] what Python calls it,
//!   and [`appendix`] gathers what is said about all pages.
//! * [`render`] keeps the pages of source files out of search, print and contents.
//! * [`build`] and [`links`] fail where mdBook only warns; [`serve`] shows the book.

pub mod appendix;
pub mod build;
pub mod catalogue;
pub mod command;
pub mod demos;
pub mod directive;
pub mod exercises;
pub mod html;
pub mod links;
pub mod listing;
pub mod output;
pub mod paths;
pub mod player;
pub mod preprocess;
pub mod python_map;
pub mod quiz;
pub mod render;
pub mod serve;
pub mod timeline;
pub mod trace;
pub mod verdicts;
