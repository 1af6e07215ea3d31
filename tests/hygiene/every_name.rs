//! Models with every name that occurs in generated code, with keywords and with names of Rust's prelude, also used
//! for their constants, inputs, outputs, layers, hidden tensors, functions, and a constant of the surrounding module.
//! `mimo-macros/src/tests/every_name.rs` finds the names, and tests those that are rejected.

/// One module per line; the parameters define the role of each name.
macro_rules! models {
    ($($module:ident: $model:ident $constant:ident $input:ident $output:ident $layer:literal $tensor:ident $function:ident
        $outside:ident;)*) => {$(
        #[allow(dead_code, nonstandard_style, clippy::all, reason = "names are of any case")]
        mod $module {
            const $outside: usize = 2;

            ::mimo::model! {
                pub(super) $model {
                    const $constant: usize = 2;
                    fn $function(argument) { Dense($constant)(argument) }
                    let first = Input(shape = [$outside]);
                    let $tensor = $function(first);
                    let last = Dense(1, name = $layer)($tensor);
                    Model(inputs = { $input: first }, outputs = { $output: last }).compile(optimizer = SGD(0.1), loss = mse)
                }
            }

            pub(super) fn count_of_weights() -> usize {
                $model::PARAMETERS
            }
        }
    )*

    /// The name of each module, and the parameters of its model.
    fn parameters() -> Vec<(&'static str, usize)> {
        vec![$((stringify!($module), $module::count_of_weights())),*]
    }
    };
}

include!("../generated/names.rs");

#[test]
fn every_name_names_something() {
    assert!(parameters().len() > 150);
    for (module, count) in parameters() {
        assert_eq!(count, 2 * 2 + 2 + 2 + 1, "{module}");
    }
}
