//! Private values are not formatted.

use codegen_runtime::example::Prompt;

#[test]
fn debug_shows_the_named_fields_alone() {
    let prompt = Prompt {
        id: 7,
        text: "secret",
    };
    assert_eq!(format!("{prompt:?}"), "Prompt { id: 7, .. }");
}
