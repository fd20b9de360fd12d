//! What must not compile, and says why.

#[test]
#[cfg_attr(miri, ignore = "starts the compiler")]
fn what_does_not_travel_does_not_compile() {
    let cases = trybuild::TestCases::new();
    cases.compile_fail("tests/compile_fail/*.rs");
}
