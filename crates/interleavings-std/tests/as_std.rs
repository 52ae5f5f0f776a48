//! Programs for which `std` is this package, as in a learner's tests.
//!
//! A package cannot depend on itself under another name, so each module says so.

mod as_std {
    mod inside;
    mod outside;
}
