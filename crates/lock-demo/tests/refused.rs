//! What the compiler refuses stays refused, with the message that the scenes show.

#[test]
fn the_compiler_refuses_what_the_scenes_say() {
    trybuild::TestCases::new().compile_fail("tests/refused/*.rs");
}
