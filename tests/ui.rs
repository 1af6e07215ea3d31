//! Errors of `model!` and `functions!`, with their texts. They are those of the one compiler in
//! `rust-toolchain.toml`; `TRYBUILD=overwrite cargo test --test ui` rewrites them, to be reviewed before they are
//! committed.

#[test]
fn ui() {
    let cases = trybuild::TestCases::new();
    cases.compile_fail("tests/ui/syntax/*.rs");
    cases.compile_fail("tests/ui/name/*.rs");
    cases.compile_fail("tests/ui/operation/*.rs");
    cases.compile_fail("tests/ui/shape/*.rs");
    cases.compile_fail("tests/ui/recurrent/*.rs");
    cases.compile_fail("tests/ui/mask/*.rs");
    cases.compile_fail("tests/ui/nested/*.rs");
    cases.compile_fail("tests/ui/functions/*.rs");
    cases.compile_fail("tests/ui/const/*.rs");
    cases.compile_fail("tests/ui/expansion/*.rs");
    cases.compile_fail("tests/ui/list/*.rs");
    cases.compile_fail("tests/ui/loss/*.rs");
    cases.compile_fail("tests/ui/output/*.rs");
    cases.compile_fail("tests/ui/own/*.rs");
    cases.compile_fail("tests/ui/lint/*.rs");
    cases.compile_fail("tests/ui/keras/*.rs");
    cases.compile_fail("tests/ui/tutorial/*.rs");
    cases.compile_fail("tests/ui/page/*.rs");
}
