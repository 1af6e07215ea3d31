//! Tests of levels of mimo's warnings, and of the remaining attributes.

use super::*;

const UNUSED: &str = "`h` is never used";

/// A model in which `h` is unused, with attributes before its name, before `h` and before `Model(…)`.
fn unused(model: &str, statement: &str) -> String {
    format!(
        "{model} Net {{ let x = Input(shape = [4]); {statement} let h = Dense(2)(x); \
         let y = Dense(1)(x); Model(inputs = [x], outputs = [y]) }}"
    )
}

/// The first lines of the diagnostics, without locations.
fn said(source: &str) -> Vec<String> {
    let line = |text: &String| text.lines().next().unwrap_or_default().to_owned();
    told(source).iter().map(line).map(|line| line.split_once("] ").unwrap_or_default().1.to_owned()).collect()
}

fn expanded(source: &str) -> String {
    crate::expand::expand(source.parse().unwrap()).to_string().replace(' ', "")
}

#[test]
fn a_warning_is_allowed_on_the_model_and_on_the_statement() {
    let warning = format!("warning: {UNUSED}");
    assert_eq!(said(&unused("", "")), [warning.as_str()]);
    let none: [&str; 0] = [];
    assert_eq!(said(&unused("#[allow(mimo::unused_tensor)]", "")), none);
    assert_eq!(said(&unused("#[allow(mimo::unused_tensor)] pub", "")), none);
    assert_eq!(said(&unused("", "#[allow(mimo::unused_tensor)]")), none);
    assert_eq!(said(&unused("#[allow(mimo::unused_layer, mimo::unused_tensor,)]", "")), none);
    assert_eq!(said(&unused("", "#[allow(mimo::unused_tensor, reason = \"a probe\")]")), none);
    assert_eq!(said(&unused("", "#[allow(mimo::unused_layer)]")), [warning.as_str()]);
}

#[test]
fn an_attribute_of_one_statement_says_nothing_about_the_others() {
    let source = "Net { let x = Input(shape = [4]); #[allow(mimo::unused_tensor)] let a = Dense(2)(x); \
                  let b = Dense(2)(x); let y = Dense(1)(x); Model(inputs = [x], outputs = [y]) }";
    assert_eq!(said(source), ["warning: `b` is never used"]);
}

#[test]
fn statements_of_functions_and_loops_have_levels_of_their_own() {
    let function = |outer: &str, inner: &str| {
        format!(
            "Net {{ {outer} fn wide(x) {{ {inner} let a = Dense(2)(x); let b = Dense(2)(x); Dense(1)(x) }} \
             let x = Input(shape = [4]); let y = wide(x); Model(inputs = [x], outputs = [y]) }}"
        )
    };
    let repeated = |outer: &str, inner: &str| {
        format!(
            "Net {{ let x = Input(shape = [4]); let y = Dense(4)(x); \
             {outer} for i in 0..1 {{ {inner} let a = Dense(2)(x); let b = Dense(2)(x); let y = Dense(4)(y); }} \
             Model(inputs = [x], outputs = [y]) }}"
        )
    };
    let allow = "#[allow(mimo::unused_tensor)]";
    let (a, b) = ("warning: `a` is never used", "warning: `b` is never used");
    for source in [&function as &dyn Fn(&str, &str) -> String, &repeated] {
        assert_eq!(said(&source("", "")), [a, b]);
        assert_eq!(said(&source("", allow)), [b]);
        assert!(said(&source(allow, "")).is_empty());
        assert_eq!(said(&source(allow, "#[warn(mimo::unused_tensor)]")), [a]);
    }
    let unused = "Net { #[allow(mimo::unused_function)] fn head(x) { Dense(1)(x) } \
                  let x = Input(shape = [4]); let y = Dense(1)(x); Model(inputs = [x], outputs = [y]) }";
    assert!(said(unused).is_empty());
}

#[test]
fn the_innermost_level_decides_and_then_the_last() {
    let (warning, error) = (format!("warning: {UNUSED}"), UNUSED.to_owned());
    let (allow, warn, deny) =
        ("#[allow(mimo::unused_tensor)]", "#[warn(mimo::unused_tensor)]", "#[deny(mimo::unused_tensor)]");
    assert_eq!(said(&unused(deny, "")), [error.as_str()]);
    assert_eq!(said(&unused("", deny)), [error.as_str()]);
    assert_eq!(said(&unused(allow, warn)), [warning.as_str()]);
    assert_eq!(said(&unused(deny, warn)), [warning]);
    assert_eq!(said(&unused(allow, deny)), [error.as_str()]);
    assert_eq!(said(&unused("", &format!("{allow} {deny}"))), [error]);
    assert!(said(&unused("", &format!("{deny} {allow}"))).is_empty());
    let note = "  = note: `#[deny(mimo::unused_tensor)]` makes it an error";
    assert_eq!(told(&unused(deny, ""))[0].lines().last(), Some(note));
}

#[test]
fn warnings_of_compile_are_allowed_at_the_model() {
    let source = |attribute: &str| {
        format!(
            "Net {{ let x = Input(shape = [4]); let y = Dense(3, activation = sigmoid)(x); {attribute} \
             Model(inputs = [x], outputs = [y]).compile(loss = mse, metrics = [accuracy]) }}"
        )
    };
    assert_eq!(said(&source("")).len(), 1);
    assert_eq!(said(&source("#[allow(mimo::accuracy_of_labels)]")).len(), 0);
}

#[test]
fn unknown_lints_are_warnings_of_their_own() {
    assert_eq!(
        told(&unused("", "#[allow(mimo::unused_tensr, mimo::unused_tensor)]")),
        [
            "1:44 [mimo::unused_tensr] warning: unknown lint `mimo::unused_tensr`\n\n  = help: did you mean `mimo::unused_tensor`?"
        ]
    );
    let all = "`mimo::errors` lists every lint, such as `mimo::unused_tensor`";
    assert_eq!(
        told(&unused("#[warn(mimo::anything)]", "#[allow(mimo::unused_tensor)]")),
        [format!("1:8 [mimo::anything] warning: unknown lint `mimo::anything`\n\n  = help: {all}")]
    );
    assert_eq!(
        told(&unused("#[allow(mimo::E0201)]", "#[allow(mimo::unused_tensor)]")),
        [format!(
            "1:9 [mimo::E0201] warning: `mimo::E0201` is an error, and only warnings have levels\n\n  = help: {all}"
        )]
    );
    assert!(said(&unused("#[allow(mimo::unknown_lint, mimo::unused_tensor, mimo::other)]", "")).is_empty());
}

#[test]
fn an_unknown_lint_hides_no_error() {
    let nothing = "Net { fn f(x) { #[allow(mimo::nope)] let _h = Dense(2)(x); } let x = Input(shape = [4]); \
                   let y = f(x); Model(inputs = [x], outputs = [y]) }";
    assert_eq!(said(nothing), ["the function `f` returns nothing", "warning: unknown lint `mimo::nope`"]);
    let generic = "#[allow(mimo::nope)] Net<T> { let x = Input(shape = [4]); let y = Dense(2)(x); \
                   Model(inputs = [x], outputs = [y]) }";
    assert_eq!(said(generic), ["warning: unknown lint `mimo::nope`", "a model has no generic parameters"]);
}

#[test]
fn levels_that_mimo_does_not_have_are_errors() {
    let told = told(&unused("#[expect(mimo::unused_tensor)]", "#[allow(mimo::unused_tensor)]"));
    assert_eq!(
        told,
        [
            "1:1 [#[expect(mimo::unused_tensor)]] lints of mimo have no level `expect`\n\n  = help: write `allow`, `warn` or `deny`"
        ]
    );
    assert_eq!(said(&unused("#[forbid(mimo::unused_tensor)]", "#[allow(mimo::unused_tensor)]")).len(), 1);
}

#[test]
fn an_attribute_needs_a_statement() {
    let source = "Net { let x = Input(shape = [4]); let y = Dense(1)(x); \
                  Model(inputs = [x], outputs = [y]); #[allow(mimo::unused_tensor)] }";
    assert_eq!(said(source), ["no statement follows this"]);
}

#[test]
fn rustc_sees_other_lints_and_none_of_mimo() {
    let source = unused("#[allow(dead_code, mimo::unused_tensor, clippy::all)] #[derive(PartialEq)]", "");
    let code = expanded(&source);
    assert!(code.contains("#[allow(dead_code,clippy::all,)]#[derive(PartialEq)]"), "{code}");
    assert!(!code.contains("mimo::unused_tensor"), "{code}");
    // An attribute without other lints is removed, with its reason.
    let code = expanded(&unused("#[allow(mimo::unused_tensor, reason = \"a probe\")]", ""));
    assert!(!code.contains("probe"), "{code}");
    // Constants are emitted with their attributes.
    let source = unused(
        "",
        "#[allow(mimo::unused_tensor, dead_code)] const N: usize = 2; #[allow(mimo::unused_tensor)]",
    );
    let code = expanded(&source);
    // Descriptions for other models are not shown.
    let code = code.split("macro_rules!").next().unwrap_or_default();
    assert!(code.contains("#[allow(dead_code,)]") && !code.contains("mimo::unused"), "{code}");
}

#[test]
fn what_stands_in_macro_rules_is_read_as_well() {
    use proc_macro2::{Delimiter, Group, TokenTree};
    // `#[$meta]` with `$meta:meta`.
    let meta: TokenStream = "allow(mimo::unused_tensor)".parse().unwrap();
    let hidden = TokenTree::Group(Group::new(Delimiter::None, meta));
    let model: TokenStream = unused("", "").parse().unwrap();
    let input = quote::quote!(#[#hidden] #model);
    let mut parser = parse::Parser::default();
    let ast = parser.model(input);
    let outcome = lower::model(&ast, parser.spans, parser.diags);
    assert_eq!(outcome.diags.into_sorted(), []);
}
