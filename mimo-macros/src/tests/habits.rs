//! Habits of other languages, by kind: each is one error that says what to write here, and no message of a Rust
//! parser reaches the user.

use mimo_graph::code::Code;
use mimo_graph::language::{self, Module};

use super::*;

/// The codes of the errors in a line between a valid start and a valid end, and the complete text.
fn said(line: &str) -> (Vec<Code>, String) {
    let (diags, _) = diagnosed(model(line).parse().unwrap());
    let errors = diags.iter().filter(|diag| diag.severity == Severity::Error);
    let text = errors.clone().map(report::message).collect::<Vec<_>>().join("\n");
    (errors.map(|diag| diag.code).collect(), text)
}

/// Lines with one habit each, the code, and a text that the help must contain.
const HABITS: &[(&str, Code, &str)] = &[
    (
        "let _a = [Dense(2)(x) for i in 0..5];",
        Code::PythonExpression,
        "let list = for i in 0..5 { Dense(2)(x) };",
    ),
    ("let _a = add([Dense(2)(x) for i in range(5)]);", Code::PythonExpression, "for i in 0..5 {"),
    ("let _a = add(Dense(2)(x) for i in range(1, 5));", Code::PythonExpression, "for i in 1..5 {"),
    ("let _a = (Dense(n)(x) for i, n in pairs);", Code::PythonExpression, "for (i, n) in pairs {"),
    ("let _a = { i: Dense(2)(x) for i in names };", Code::PythonExpression, "let y = Dense(2)(x);"),
    ("let _a = Dense(2)(x) if deep else x;", Code::PythonExpression, "`if deep { Dense(2)(x) } else { x }`"),
    ("let _a = if DEEP { x } else { y0 };", Code::ConditionNotKnown, "`const DEEP: bool = true;`"),
    ("let _a = x and y0;", Code::PythonExpression, "`logical_and(x, y0)`"),
    ("let _a = not x;", Code::PythonExpression, "`logical_not(x)`"),
    ("let _a = x @ y0;", Code::PythonExpression, "`matmul(a, b)`"),
    ("let _a = x ** 2;", Code::PythonExpression, "`square(x)`"),
    ("let _a = Dense(2)(x) ** 2;", Code::PythonExpression, "`square(Dense(2)(x))`"),
    ("let _a = x ** 0.5;", Code::PythonExpression, "`power(x, 0.5)`"),
    ("let _a = Dense(2 ** 5)(x);", Code::PythonExpression, "`32`"),
    ("let _a = Dense(crate::N ** 2)(x);", Code::PythonExpression, "`usize::pow(crate::N, 2)`"),
    ("const N: usize = 2 ** 4; let _a = Dense(N)(x);", Code::PythonExpression, "`16`"),
    ("for i in 0..2 ** 2 { let _a = Dense(2)(x); }", Code::PythonExpression, "`4`"),
    ("let _a = x[:, 0];", Code::PythonExpression, "the batch is not counted: write `x[0]`"),
    ("let _a = x[:, 1:3];", Code::PythonExpression, "the batch is not counted: write `x[1..3]`"),
    ("let _a = x[0:2];", Code::PythonExpression, "`x[0..2]`"),
    ("let _a = x[:-1];", Code::PythonExpression, "`x[..-1]`"),
    ("let _a = x[..., 0];", Code::PythonExpression, "`x[0]`"),
    ("let _a = x[::2];", Code::PythonExpression, "`Reshape([2, 2])(x)[.., 0]`"),
    ("let _a = x[:, None];", Code::PythonExpression, "`expand_dims(x, axis = 1)`"),
    ("let _a = x[tf.newaxis];", Code::PythonExpression, "`expand_dims(x, axis = 1)`"),
    ("let _a = x[x > 0.0];", Code::WrongValue, "`where(condition, x, 0.0)`"),
    ("let _a = x[0.5];", Code::WrongValue, "`x[0]`"),
    ("let _a = x[crate::N];", Code::ValueNotKnown, "`x[0]`"),
    ("let _a = x.size();", Code::NotATensor, "shapes are known"),
    ("let _a = Dense(3)(x).relu();", Code::NotATensor, "`relu(Dense(3)(x))`"),
    ("let _a = pow(x, 2);", Code::UnavailableLayer, "`power(x, 2.0)`"),
    ("let _a = true_divide(x, y0);", Code::UnavailableLayer, "`a / b`"),
    ("let _a = keras.ops.exp(x);", Code::PythonModule, "write `exp`"),
    ("let _a = np.array(x);", Code::UnavailableLayer, "an `Input`"),
    ("let _a = np.fromiter(x);", Code::PythonModule, "a function of the block"),
    ("let _a = block(x);", Code::UnknownName, "`fn block(x) { Dense(32)(x) }`"),
    ("let _a = Sequential([Dense(2), Dense(1)])(x);", Code::ModelAsLayer, "one after the other"),
    ("let _a = Lambda(f)(x);", Code::UnavailableLayer, "write a function of the block"),
    ("let _a = keras.layers.InputLayer(2)(x);", Code::UnavailableLayer, "`let x = Input(shape = [8]);`"),
    ("let _a = Dense(2, activation = foo.nn.relu)(x);", Code::WrongValue, "`relu`"),
    ("let _a = Dense(2, activation = 'r')(x);", Code::WrongValue, "`\"r\"`"),
    ("let _a = Dense(2, name = f\"dense\")(x);", Code::PythonExpression, "`\"dense\"`"),
    ("let _a = Dense(units = None)(x);", Code::WrongValue, "`32`"),
    ("let _a = Dense(-5)(x);", Code::ValueOutOfRange, "at least 1"),
    ("for i in range(3) { let _a = Dense(2)(x); }", Code::LoopValues, "`for i in 0..3 { … }`"),
    (
        "for i in range(4, 0, -1) { let _a = Dense(2)(x); }",
        Code::LoopValues,
        "`for i in (1..=4).rev() { … }`",
    ),
    (
        "for i, n in enumerate([8, 4]) { let _a = Dense(n)(x); }",
        Code::LoopValues,
        "(i, n) in [(0, 8), (1, 4)]",
    ),
    ("for i, n in [(0, 8)] { let _a = Dense(n)(x); }", Code::LoopPattern, "`for (i, n) in [(0, 8)] { … }`"),
    ("for i in range(3): let _a = Dense(2)(x);", Code::IncompleteLoop, "`for i in 0..4 { … }`"),
    ("def block(x): return Dense(2)(x);", Code::NotAStatement, "`fn block(x) { …; result }`"),
    ("fn f(x, n) { Dense(n)(x) } let _a = f(8)(x);", Code::MissingArgument, "`f(x, 8)`"),
    ("fn f(x, n) { Dense(n)(x) } let _a = f(x);", Code::MissingArgument, "`f(x, n)`"),
];

#[test]
fn each_habit_is_one_error_with_what_is_written_here() {
    let mut wrong = Vec::new();
    for (line, code, help) in HABITS {
        let (codes, text) = said(line);
        if codes != [*code] || !text.contains(help) {
            wrong.push(format!("{line}\n{text}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n---\n"));
}

/// Every word of every module of the language, with its module in Keras: the prefix is the only mistake.
#[test]
fn the_path_of_every_word_is_one_error() {
    let places = [
        (Module::Layers, "let _a = Dense(2)(PATH);"),
        (Module::Activations, "let _a = Dense(2, activation = PATH)(x);"),
        (Module::Initializers, "let _a = Dense(2, kernel_initializer = PATH)(x);"),
        (Module::Regularizers, "let _a = Dense(2, kernel_regularizer = PATH)(x);"),
        (Module::Constraints, "let _a = Dense(2, kernel_constraint = PATH)(x);"),
    ];
    let mut tried = 0;
    for (module, line) in places {
        for name in language::items(module)
            .into_iter()
            .flat_map(|item| item.names)
            .filter(|_| module != Module::Layers)
        {
            for prefix in [
                format!("keras.{module}."),
                format!("tf.keras.{module}."),
                format!("{module}."),
                format!("tfa.{module}."),
                format!("keras::{module}::"),
            ] {
                let (codes, text) = said(&line.replace("PATH", &format!("{prefix}{name}")));
                assert!(text.contains(&format!("write `{name}`")), "{text}");
                tried += 1;
                assert_eq!(codes.first(), Some(&Code::PythonModule), "{prefix}{name}: {text}");
                // Some have required arguments.
                assert!(codes.iter().skip(1).all(|code| *code != Code::WrongValue), "{prefix}{name}: {text}");
            }
        }
    }
    assert!(tried > 100, "{tried}");
    for class in mimo_graph::layers::classes() {
        for prefix in ["keras.layers.", "tfa.layers.", "keras::layers::"] {
            let (codes, text) = said(&format!("let _a = {prefix}{class}(3);"));
            assert!(codes.contains(&Code::PythonModule), "{class}: {text}");
        }
    }
    // A Rust path to a constant is not a Python path.
    assert_line("let _a = Dense(layers::UNITS)(x);", &[]);
}

/// Number of errors of a model with tensors of every rank and these lines.
fn errors_with(lines: &str) -> usize {
    let source = format!(
        "pub Net {{ let v = Input(shape = [64]); let s = Input(shape = [12, 8]); let i = Input(shape = [64, 64, 3]);
         let f = Input(shape = [4, 16, 16, 3]); let w = Input(shape = [12], dtype = \"int32\"); {lines}
         Model(inputs = [v, s, i, f, w], outputs = [v, s, i, f, w]) }}"
    );
    let (diags, _) = diagnosed(source.parse().unwrap());
    diags.iter().filter(|diag| diag.severity == Severity::Error).count()
}

/// The replacement for a name that mimo does not have compiles: each piece of code separately, on a tensor of some
/// rank, or one after another.
#[test]
fn what_stands_in_for_a_name_of_keras_compiles() {
    let file = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/golden/names.json"));
    let file = file.unwrap();
    let line = file.lines().find(|line| line.trim().starts_with("\"layers\"")).unwrap();
    let names = line.split('"').skip(3).step_by(2).map(str::to_owned);
    let others = [
        "InstanceNormalization",
        "LocallyConnected2D",
        "Maxout",
        "CuDNNGRU",
        "Linear",
        "Rescale",
        "ThresholdedReLU",
    ];
    let functions = [
        "exp",
        "clip",
        "einsum",
        "concat",
        "transpose",
        "mean",
        "max",
        "pad",
        "split",
        "repeat",
        "one_hot",
        "square",
    ];
    let sound = errors_with("");
    let is_sound = |lines: String| errors_with(&lines) == sound;
    let mut wrong = Vec::new();
    let mut tried = 0;
    for name in names.chain(others.into_iter().chain(functions).map(str::to_owned)) {
        let (codes, text) = said(&format!("let _a = {name}(x);"));
        let Some(help) = text.split("= help: ").nth(1).filter(|_| codes == [Code::UnavailableLayer]) else {
            continue;
        };
        let help = help.lines().next().unwrap_or_default();
        let pieces = help.split('`').skip(1).step_by(2);
        let begins = |piece: &&str| {
            let word = piece.split('(').next().unwrap_or_default();
            language::find(Module::Layers, word).is_some() && piece.ends_with(')')
        };
        let pieces: Vec<&str> = pieces.filter(begins).collect();
        let call = |piece: &str, tensor: &str| match piece.contains("(x)") || piece.contains("[a, b]") {
            true => {
                let piece = piece.replace("(x)", &format!("({tensor})"));
                format!("let _z = {};", piece.replace("[a, b]", &format!("[{tensor}, {tensor}]")))
            }
            false => format!("let _z = {piece}({tensor});"),
        };
        let tensors = ["v", "s", "i", "f", "w"];
        let alone = |piece: &&str| tensors.iter().any(|tensor| is_sound(call(piece, tensor)));
        let chain = |tensor: &str| {
            let calls = pieces.iter().map(|piece| format!("let z = {piece}(z);"));
            is_sound(format!("let z = {tensor}; {}", calls.collect::<String>()))
        };
        tried += pieces.len();
        let in_turn = help.contains("after it") && tensors.iter().any(|tensor| chain(tensor));
        if !in_turn && (help.contains("after it") || !pieces.iter().all(alone)) {
            wrong.push(format!("{name}: {help}"));
        }
    }
    assert!(wrong.is_empty() && tried > 30, "{tried} {wrong:#?}");
}

#[test]
fn what_a_name_of_keras_gets_as_help_names_no_list() {
    for line in ["let _a = Foo(3)(x);", "let _a = Dense(2, activation = foo)(x);", "let _a = Pooling(3)(x);"]
    {
        let (_, text) = said(line);
        assert!(text.matches('`').count() <= 14, "{text}");
    }
    let (_, text) = said("let _a = Pooling(3)(x);");
    assert!(text.contains("did you mean"), "{text}");
}

/// syn's messages are about a grammar that users do not write.
#[test]
fn no_text_of_a_parser_reaches_the_user() {
    let pieces = [
        "[x for", "x..", "..4", "if x", "|x| x", "async", "x as", "&", "match", "'a", "x?", "::", "fn", "{",
        "<", "let", "unsafe", "#[a", "!", "x.", "->", "=>", "return", "const", ": &", "static", "move",
    ];
    for piece in pieces {
        for line in [
            "let _a = PIECE;",
            "let _a = Dense(PIECE)(x);",
            "const N: PIECE = 3;",
            "const N: usize = PIECE;",
            "#[PIECE] let _a = x;",
        ] {
            let line = line.replace("PIECE", piece);
            let source = model(&line);
            let Ok(tokens) = source.parse::<TokenStream>() else { continue };
            let (diags, _) = diagnosed(tokens);
            for diag in diags {
                let text = report::message(&diag);
                for word in ["syn", "feature", "unexpected end", "expected one of", "lookahead", "literal"] {
                    assert!(!text.contains(word), "{line}: {text}");
                }
            }
        }
    }
}
