//! What the safe interface refuses to compile: every way to touch or free memory that an operation is using.

#[test]
#[cfg_attr(miri, ignore = "starts the compiler")]
fn what_would_race_with_an_operation_does_not_compile() {
    let cases = trybuild::TestCases::new();
    cases.compile_fail("tests/compile_fail/*.rs");
}
