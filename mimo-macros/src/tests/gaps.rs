//! Expressions of tensors that users of Keras, NumPy, PyTorch or Rust write. Each is one error, and the replacement
//! in its help is valid.

use mimo_graph::code::Code;

use super::*;

/// A model with tensors of several ranks and both types, and these statements.
fn with(statements: &str) -> String {
    format!(
        "pub Net {{ const D: usize = 3; let v = Input(shape = [4]); let s = Input(shape = [12, 8]);
         let i = Input(shape = [6, 6, 3]); let n = Input(shape = [5], dtype = \"int32\"); let b = Dense(4)(v);
         {statements}
         let y = Dense(1)(concatenate([v, b, Flatten()(s), Flatten()(i), Flatten()(Embedding(5, 3)(n))]));
         Model(inputs = [v, s, i, n], outputs = [y]) }}"
    )
}

/// The errors of such a model.
fn errors(statements: &str) -> Vec<Diag> {
    let (diags, _) = diagnosed(with(statements).parse().unwrap());
    diags.into_iter().filter(|diag| diag.severity == Severity::Error).collect()
}

/// The code in a help.
fn written(diag: &Diag) -> Option<String> {
    let help = diag.helps.first()?;
    let (_, rest) = help.split_once('`')?;
    Some(rest.rsplit_once('`')?.0.split("`, ").next()?.to_owned())
}

/// Expressions, and the code of their error. The help is the complete expression to write.
const EXPRESSIONS: &[(&str, Code)] = &[
    // Operators of truth values.
    ("v && b", Code::NotATensor),
    ("v || b", Code::NotATensor),
    ("v | b", Code::NotATensor),
    ("v & b", Code::NotATensor),
    ("v ^ b", Code::NotATensor),
    ("v ^ 2", Code::NotATensor),
    ("1.0 + v ^ 0.5", Code::NotATensor),
    ("!v", Code::NotATensor),
    ("~v", Code::NotATensor),
    ("(v > 0.0) & (b > 0.0)", Code::NotATensor),
    ("v > 0.0 && !(b > 0.0) || v < b", Code::NotATensor),
    ("v > 0.0 and b > 0.0", Code::PythonExpression),
    ("v or b", Code::PythonExpression),
    ("not v", Code::PythonExpression),
    // Functions of modules.
    ("K.square(v)", Code::PythonModule),
    ("K::square(v)", Code::PythonModule),
    ("2.0 * K::square(v)", Code::PythonModule),
    ("K.exp(v) + 1.0", Code::PythonModule),
    ("K.mean(s, axis = -1) * 2.0", Code::PythonModule),
    ("1.0 + jnp.exp(v)", Code::PythonModule),
    ("F.relu(v)", Code::PythonModule),
    // Methods.
    ("s.sum(axis = -1)", Code::NotATensor),
    ("s.sum(dim = 1, keepdim = True)", Code::NotATensor),
    ("s.mean()", Code::NotATensor),
    ("s.max(axis = 1)", Code::NotATensor),
    ("s.reshape(4, 24)", Code::NotATensor),
    ("s.reshape(-1, 96)", Code::NotATensor),
    ("s.view(batch, 24, 4)", Code::NotATensor),
    ("s.transpose(0, 2, 1)", Code::NotATensor),
    ("s.transpose(1, 2)", Code::NotATensor),
    ("i.permute(0, 3, 1, 2)", Code::NotATensor),
    ("s.T", Code::NotATensor),
    ("i.T", Code::NotATensor),
    ("v.abs()", Code::NotATensor),
    ("v.exp() + 1.0", Code::NotATensor),
    ("1.0 + v.exp() * b.exp()", Code::NotATensor),
    ("v.exp().sum(axis = -1)", Code::NotATensor),
    ("(v + b).exp()", Code::NotATensor),
    ("Dense(3)(v).gelu()", Code::NotATensor),
    ("s[0].exp()", Code::NotATensor),
    ("v.detach()", Code::NotATensor),
    ("v.clamp(0.0, 1.0)", Code::NotATensor),
    ("v.pow(2)", Code::NotATensor),
    ("s.unsqueeze(1)", Code::NotATensor),
    ("s.flatten()", Code::NotATensor),
    ("n.astype(\"float32\")", Code::NotATensor),
    ("n.float()", Code::NotATensor),
    ("v.to(torch.int64)", Code::NotATensor),
    ("v.mul(b)", Code::NotATensor),
    // Powers.
    ("v ** 2", Code::PythonExpression),
    ("(v + b) ** 2", Code::PythonExpression),
    ("v ** 0.5", Code::PythonExpression),
    ("v ** 0.5 ** 2", Code::PythonExpression),
    ("0.5 ** v", Code::PythonExpression),
    ("2 ** v", Code::PythonExpression),
    // Indices.
    ("v[::2]", Code::PythonExpression),
    ("s[::2]", Code::PythonExpression),
    ("s[::-1]", Code::PythonExpression),
    ("s[:, ::2]", Code::PythonExpression),
    ("s[:, :, ::2]", Code::PythonExpression),
    ("s[:, 1::3, :]", Code::PythonExpression),
    ("s[1:9:2]", Code::PythonExpression),
    ("i[:, ::2, ::2]", Code::PythonExpression),
    ("i[:, :, ::-1]", Code::PythonExpression),
    ("v[..., 0]", Code::PythonExpression),
    ("s[..., 0]", Code::PythonExpression),
    ("i[..., 0:2]", Code::PythonExpression),
    ("v[:, 0]", Code::PythonExpression),
    ("s[:, -1, :]", Code::PythonExpression),
    ("s[:, :]", Code::PythonExpression),
    ("v[0:3]", Code::PythonExpression),
    ("v[None]", Code::PythonExpression),
    ("v[newaxis]", Code::PythonExpression),
    ("v[:, None]", Code::PythonExpression),
    ("s[:, :, None]", Code::PythonExpression),
    ("s[..., None]", Code::PythonExpression),
    ("s[:, 0, None]", Code::PythonExpression),
    ("i[..., tf.newaxis]", Code::PythonExpression),
    // Arguments in another form.
    ("matmul([s, transpose(s, axes = [0, 2, 1])])", Code::NotATensor),
    ("einsum(s, s, \"bij,bkj->bik\")", Code::WrongValue),
    ("einsum(\"bij,bkj->bik\", [s, s])", Code::NotATensor),
    ("einsum(\"bij,bkj,bkl->bil\", s, s, s)", Code::TooManyArguments),
    ("maximum(s)", Code::WrongNumberOfTensors),
    ("minimum(s)", Code::WrongNumberOfTensors),
    ("add(v)", Code::WrongNumberOfTensors),
    ("max(v, 0.5)", Code::WrongValue),
    // Losses as functions.
    ("mse(v, b)", Code::UnavailableLayer),
    ("mean_absolute_error(v, b)", Code::UnavailableLayer),
    ("keras.losses.mse(v, b)", Code::UnavailableLayer),
    ("MeanSquaredError()(v, 2.0 * b)", Code::UnavailableLayer),
    ("keras.losses.Huber()(v, b)", Code::UnavailableLayer),
    ("MAPE(v, b)", Code::UnavailableLayer),
    ("msle(v, b)", Code::UnavailableLayer),
    ("binary_crossentropy(v, sigmoid(b))", Code::UnavailableLayer),
    ("categorical_crossentropy(v, softmax(b))", Code::UnavailableLayer),
    ("kl_divergence(v, b)", Code::UnavailableLayer),
    ("cosine_similarity(v, b)", Code::UnavailableLayer),
    ("hinge(v, b)", Code::UnavailableLayer),
    ("squared_hinge(v, b)", Code::UnavailableLayer),
    ("log_cosh(v, b)", Code::UnavailableLayer),
    ("poisson(v, b)", Code::UnavailableLayer),
    // Custom weights.
    ("add_weight(shape = [4])", Code::UnavailableLayer),
    ("self.add_weight(shape = [4], name = \"w\")", Code::UnavailableLayer),
    ("keras.Variable([4])", Code::UnavailableLayer),
    ("Weight(n)", Code::WrongValue),
    // Expressions of Rust.
    ("n as f32", Code::NotATensor),
    ("&v", Code::NotATensor),
];

#[test]
fn what_an_error_in_an_expression_says_to_write_is_right() {
    let mut wrong = Vec::new();
    for (expression, code) in EXPRESSIONS {
        let found = errors(&format!("let _z = {expression};"));
        let [diag] = &found[..] else {
            wrong.push(format!("{expression}: {found:#?}"));
            continue;
        };
        let Some(text) = written(diag).filter(|_| diag.code == *code) else {
            wrong.push(format!("{expression}: {diag:#?}"));
            continue;
        };
        let left = errors(&format!("let _z = {text};"));
        if !left.is_empty() {
            wrong.push(format!("{expression}: write {text}: {left:#?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n---\n"));
}

/// Statements, the code of their only error, and a part of its text.
const STATEMENTS: &[(&str, Code, &str)] = &[
    (
        "let _z = 2.0 * if training { v } else { b };",
        Code::NoTensorOfBranch,
        "`let y = if training { v } else { b };`",
    ),
    ("let _z = Dense(3)(if training { v } else { b });", Code::NoTensorOfBranch, "only where `let` binds it"),
    ("let _z = (if training { v } else { b });", Code::NoTensorOfBranch, "bind it first"),
    (
        "let _z = if training { s } else { v };",
        Code::UnequalShapes,
        "both sides of an `if training` need equal shapes",
    ),
    ("let _z = if training { 1.0 } else { 0.5 };", Code::NotATensor, "both sides of this switch are numbers"),
    (
        "let (_p, _q) = if training { (v, b) } else { (b, v) };",
        Code::WrongNumberOfNames,
        "`let _p = if training { v } else { b }; let _q = if training { b } else { v };`",
    ),
    ("let _z = where(training, v, b);", Code::UnknownName, "`let y = if training { a } else { b };`"),
    ("v += b;", Code::MutableBinding, "`let v = v + b;`"),
    ("self.add_loss(mean(v, axis = -1));", Code::PythonModule, "write `add_loss`"),
    ("add_loss(mse(v, b));", Code::UnavailableLayer, "`mean(square(v - b), axis = -1)`"),
    ("let _z = take(s, [0, 1]);", Code::UnavailableLayer, "`x[..4]`"),
    ("let _z = pad(s, [[0, 0], [1, 1]]);", Code::UnavailableLayer, "`ZeroPadding1D(1)(x)`"),
    ("let _z = zeros([4]);", Code::UnavailableLayer, "as in `2.0 * x`"),
    ("let _z = full([4], 0.5);", Code::UnavailableLayer, "as in `2.0 * x`"),
    ("let _z = where(v > 0);", Code::MissingArgument, "needs `x1` and `x2`"),
    ("let _z = einsum(\"bij->bji\");", Code::MissingArgument, "`einsum(…, x1)`"),
    ("let _z = Weight([n]);", Code::WrongValue, "`n` is a tensor"),
    ("let _z = Reshape([n, 2])(v);", Code::WrongValue, "`n` is a tensor"),
    ("let _z = Dense(units = n)(v);", Code::WrongValue, "`n` is a tensor"),
    (
        "let w = Weight([1, 5, 8]); let _z = s + w;",
        Code::UnequalShapes,
        "a `Weight` has the axes of a sample",
    ),
    (
        "let w = Weight([4, 3]); let _z = sum(w, axis = 0);",
        Code::BatchAxis,
        "a `Weight` has the axes of a sample",
    ),
    (
        "let w = Weight([4, 3]); let _z = einsum(\"bi,ij->bj\", v, w);",
        Code::WrongValue,
        "a `Weight` has the axes of a sample",
    ),
    ("let _z = Embedding(9, 2)(n * 1.5);", Code::WholeNumbersNeeded, "`cast(multiply(…), int32)`"),
    ("let _z = Embedding(9, 2)(n / 2);", Code::WholeNumbersNeeded, "integers"),
    ("let _z = Dense(2)(n + 1);", Code::FloatsNeeded, "holds integers"),
    (
        "let l = unstack(s, axis = 1); for (k, p) in l { let _q = p; }",
        Code::LoopPattern,
        "`for k in 0..12 { let p = l[k]; … }`",
    ),
    ("let (_p, _q) = (v, b, v);", Code::WrongNumberOfNames, "these are 3 values, but 2 names are bound"),
    ("let (_p, _q) = v, b;", Code::MissingParentheses, "write `(v, b)`"),
    ("let _p, _q = v, b;", Code::MissingParentheses, "`let (_p, _q) = …;`"),
    ("let z = 0.5; let _z = Dense(3)(z);", Code::NotATensor, "`let z = Layer(settings)(tensor);`"),
    ("let _z = s.shape[0];", Code::ValueNotKnown, "`reshape` takes -1"),
    ("let _z = v ? b : v;", Code::UnexpectedToken, "`where(condition, a, b)`"),
    ("let _z = v * 0.5 ** 2;", Code::PythonExpression, "write `0.25`"),
];

#[test]
fn what_people_write_between_tensors_is_one_error() {
    let mut wrong = Vec::new();
    for (statements, code, text) in STATEMENTS {
        let found = errors(statements);
        let told = found.iter().map(report::message).collect::<Vec<_>>().join("\n");
        if found.len() != 1 || found[0].code != *code || !told.contains(text) {
            wrong.push(format!("{statements}\n{told}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n---\n"));
}

#[test]
fn what_python_writes_alike_is_read() {
    for statements in [
        "for p in unstack(s, axis = 1) { let _q = Dense(1)(p); }",
        "let h = for p in split(s, 3, axis = 1) { Dense(1)(p) }; let _z = concatenate(h);",
        "let (q, k) = (exp(v), Dense(4)(v)); let _z = q + k;",
        "let (q, k) = (Dense(2), Dense(2)); let _z = q(v) + k(v);",
        "let (q, k) = (b, v); let (k, q) = (q, k); let _z = q - k;",
        "let _z = maximum([v]);",
    ] {
        let found = errors(statements);
        assert!(found.is_empty(), "{statements}\n{found:#?}");
    }
}

/// Integers stay whole, unless a fraction or a division makes them floats.
#[test]
fn whole_numbers_are_computed_with_as_in_keras() {
    let looked_up = |expression: &str| errors(&format!("let _z = Embedding(9, 2)({expression});")).is_empty();
    let computed = |expression: &str| errors(&format!("let _z = Dense(2)({expression});")).is_empty();
    for expression in [
        "n + 1",
        "n + n",
        "2 * n",
        "n - D",
        "-n",
        "abs(n)",
        "n % 2",
        "maximum(n - 1, 0)",
        "minimum(n, n + 1)",
        "clip(n, 0, 8)",
        "where(n > 2, n, 0)",
        "floor_divide(n, 2)",
        "add([n, n])",
        "square(n)",
        "n + argmax(s, axis = 1)[0..5]",
    ] {
        assert!(looked_up(expression) && !computed(expression), "{expression}");
    }
    for expression in [
        "n + 1.0",
        "n * 1.5",
        "n / 2",
        "exp(n)",
        "n > 2",
        "n == n",
        "n * v[0]",
        "average([n, n])",
        "where(n > 2, n, 0.5)",
        "maximum(n, 0.5)",
    ] {
        assert!(!looked_up(expression) && computed(expression), "{expression}");
    }
}
