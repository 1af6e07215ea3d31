use super::*;
use crate::testing::{self, float, int, items, named, string, value, word};

mod masks;

/// A builder and its errors. Every value is at location 1, every call where the test says.
struct Written {
    builder: Builder,
    diags: Diags,
}

impl Written {
    fn new() -> Self {
        let mut builder = Builder::new("Net");
        for text in ["A", "B"] {
            builder.constant(text, Loc(0), false);
        }
        Written { builder, diags: Diags::new() }
    }

    fn input(&mut self, name: &str, shape: Value) -> TensorId {
        let args = testing::args([named("shape", shape)]);
        let tensor = self.builder.input(&args, Loc(2), &mut self.diags);
        self.builder.bind(tensor, name);
        tensor
    }

    fn layer(&mut self, class: &str, given: impl IntoIterator<Item = testing::Given>) -> LayerId {
        let args = testing::args(given);
        self.builder.layer(class, Loc(3), &args, Loc(4), &mut self.diags).expect(class)
    }

    fn call(&mut self, layer: LayerId, inputs: &[TensorId]) -> TensorId {
        let inputs: Vec<_> = inputs.iter().map(|&input| (input, Loc(5))).collect();
        self.builder.call(layer, &inputs, Loc(6), &mut self.diags)[0]
    }

    fn shape(&self, tensor: TensorId) -> String {
        let graph = self.builder.graph();
        graph.tensor(tensor).shape.as_ref().map_or("?".into(), |it| it.display(&graph.consts).to_string())
    }

    fn checks(&self) -> Vec<String> {
        let consts = &self.builder.graph().consts;
        self.builder.checks.iter().map(|check| testing::show(check, consts)).collect()
    }

    #[track_caller]
    fn expect(&mut self, messages: &[&str]) -> Vec<Diag> {
        testing::expect(&mut self.diags, messages)
    }
}

fn list(lengths: &[i64]) -> Value {
    items(lengths.iter().map(|&n| int(n)))
}

#[test]
fn a_model_is_built_call_by_call() {
    let mut written = Written::new();
    let image = written.input("image", list(&[28, 28]));
    let flatten = written.layer("Flatten", []);
    let flat = written.call(flatten, &[image]);
    let dense = written.layer("Dense", [(None, int(10)), named("name", string("head"))]);
    let scores = written.call(dense, &[flat]);
    assert_eq!((written.shape(flat), written.shape(scores)), ("[784]".into(), "[10]".into()));
    written.expect(&[]);
    let (graph, checks) = written.builder.finish();
    assert_eq!(checks, []);
    assert_eq!((graph.name.as_str(), graph.sources.clone()), ("Net", vec![image]));
    let layer = graph.layer(dense);
    assert_eq!((layer.name.as_str(), layer.named, layer.trainable), ("head", true, true));
    let weights: Vec<_> = layer.weights.iter().map(|weight| (weight.name, weight.shape.clone())).collect();
    assert_eq!(weights, [("kernel", Shape::known(&[784, 10])), ("bias", Shape::known(&[10]))]);
    assert_eq!(graph.layer(flatten).name, "");
    assert_eq!(graph.tensor(scores).producer, Some(NodeId(1)));
    assert_eq!(graph.node(NodeId(1)).inputs, [flat]);
}

#[test]
fn the_same_text_is_the_same_constant() {
    let mut builder = Builder::new("Net");
    let (a, b) = (builder.constant("A", Loc(1), false), builder.constant("B * 2", Loc(2), false));
    assert_eq!((builder.constant("A", Loc(3), false), a, b), (ConstId(0), ConstId(0), ConstId(1)));
    assert_eq!(builder.graph().consts[0].loc, Loc(1));
}

#[test]
fn inputs_are_shapes_without_the_batch() {
    let mut written = Written::new();
    let mut input = |given: Vec<testing::Given>| {
        let tensor = written.builder.input(&testing::args(given), Loc(2), &mut written.diags);
        (written.shape(tensor), written.builder.graph().tensor(tensor).dtype)
    };
    assert_eq!(input(vec![(None, list(&[256, 1]))]), ("[256, 1]".into(), Dtype::Float));
    assert_eq!(input(vec![named("shape", items([word("A")]))]).0, "[A]");
    assert_eq!(input(vec![(None, items([]))]).0, "[]");
    let ids = vec![(None, list(&[7])), named("dtype", string("int32")), named("name", string("ids"))];
    assert_eq!(input(ids), ("[7]".into(), Dtype::Int));
    written.expect(&[]);
    let tensor = TensorId(3);
    assert_eq!(written.builder.input_name(tensor), Some("ids"));
    assert_eq!(written.builder.graph().tensor_name(tensor), "ids");
}

#[test]
fn wrong_inputs_are_told_once_and_poisoned() {
    let none = || value(ValueKind::None);
    let mut helps = vec![];
    for (given, message) in [
        (vec![(None, int(5))], "`shape` of `Input` must be a list, found the number 5"),
        (vec![], "`Input` needs `shape`, the shape of one sample"),
        (vec![named("shap", list(&[3]))], "`Input` has no argument `shap`"),
        (vec![named("batch_shape", list(&[1, 3]))], "mimo has no `batch_shape` for `Input`"),
        (vec![(None, items([none(), int(4)]))], "an axis of `Input` cannot be of unknown length"),
        (
            vec![(None, list(&[0]))],
            "each axis in `shape` of `Input` must be an integer of at least 1, found the number 0",
        ),
        (
            vec![(None, list(&[3])), named("dtype", string("int33"))],
            "`dtype` of `Input` must be one of `float32`, `int32`, found the string \"int33\"",
        ),
    ] {
        let mut written = Written::new();
        let tensor = written.builder.input(&testing::args(given), Loc(2), &mut written.diags);
        assert_eq!(written.shape(tensor), "?");
        helps.push(written.expect(&[message])[0].helps.join("; "));
        let dense = written.layer("Dense", [(None, int(3))]);
        let poisoned = written.call(dense, &[tensor]);
        assert_eq!(written.shape(poisoned), "?");
        written.expect(&[]);
    }
    assert_eq!(helps[0], "write `shape = [5]`");
    assert_eq!(helps[3], "write `shape = …` without the batch axis");
    assert_eq!(helps[6], "did you mean `int32`?");
}

#[test]
fn a_shared_layer_keeps_its_weights() {
    let mut written = Written::new();
    let (x, y) = (written.input("x", list(&[8])), written.input("y", list(&[5])));
    let z = written.input("z", list(&[2, 8]));
    let dense = written.layer("Dense", [(None, int(4))]);
    written.call(dense, &[x]);
    let fine = written.call(dense, &[z]);
    assert_eq!(written.shape(fine), "[2, 4]");
    let wrong = written.call(dense, &[y]);
    assert_eq!(written.shape(wrong), "?");
    let diags =
        written.expect(&["the `kernel` of this `Dense` is [8, 4], but `y`, which is [5], needs [5, 4]"]);
    assert_eq!(diags[0].notes, ["its first call, on `x`, made them", "x [8]"]);
    assert_eq!(diags[0].helps, ["give `y` a layer of its own, or bring it to the same shape"]);

    let a = written.input("a", items([word("A")]));
    let deferred = written.call(dense, &[a]);
    assert_eq!(written.shape(deferred), "[4]");
    assert_eq!(
        written.checks(),
        [
            "each axis in `shape` of `Input`: A AtLeast 1",
            "number of weights in `kernel` of `Dense`: A * 4 AtMost 1099511627776",
            "axis 0 of the `kernel` that `a` needs: A Equal 8",
        ]
    );
}

#[test]
fn the_first_sound_call_makes_the_weights() {
    let mut written = Written::new();
    let poison = written.builder.poison(Loc(0));
    let x = written.input("x", list(&[8]));
    let dense = written.layer("Dense", [(None, int(4)), named("use_bias", value(ValueKind::Bool(false)))]);
    written.call(dense, &[poison]);
    assert_eq!(written.builder.graph().layer(dense).weights, []);
    written.call(dense, &[x]);
    assert_eq!(written.builder.graph().layer(dense).weights.len(), 1);
    written.expect(&[]);
}

#[test]
fn calls_have_as_many_tensors_as_the_layer_reads() {
    let mut written = Written::new();
    let x = written.input("x", list(&[8]));
    let dense = written.layer("Dense", [(None, int(4))]);
    let subtract = written.layer("Subtract", []);
    let add = written.layer("Add", []);
    let mut message = |layer, inputs: &[TensorId]| {
        written.call(layer, inputs);
        std::mem::take(&mut written.diags).into_sorted().remove(0).message
    };
    assert_eq!(message(dense, &[x, x]), "`Dense` takes 1 tensor, but 2 are given");
    assert_eq!(message(subtract, &[x, x, x]), "`Subtract` takes 2 tensors, but 3 are given");
    assert_eq!(message(add, &[]), "`Add` takes at least 1 tensor, but none are given");
}

#[test]
fn unbound_tensors_go_by_what_gives_them() {
    let mut written = Written::new();
    let x = written.input("x", list(&[2, 3]));
    let flatten = written.layer("Flatten", []);
    let flat = written.call(flatten, &[x]);
    let add = written.layer("Add", []);
    written.call(add, &[x, flat]);
    written.expect(&["`Add` needs equal shapes, but `x` is [2, 3] and `Flatten(…)` is [6]"]);
}

#[test]
fn written_shapes_are_compared_with_inferred_ones() {
    let mut written = Written::new();
    let x = written.input("x", list(&[14, 14]));
    let reshape = written.layer("Reshape", [(None, list(&[14, 14, 1]))]);
    let y = written.call(reshape, &[x]);
    written.builder.bind(y, "y");
    let mut ascribe = |tensor, shape| written.builder.ascribe(tensor, &shape, Loc(7), &mut written.diags);
    ascribe(y, list(&[14, 14, 1]));
    ascribe(y, list(&[28, 28, 1]));
    ascribe(y, items([int(28), word("A"), int(1)]));
    ascribe(y, list(&[196]));
    ascribe(y, int(196));
    ascribe(y, items([int(14), word("A"), word("B")]));
    ascribe(y, items([int(0)]));
    let diags = written.expect(&[
        "the shape of `y` must be a list, found the number 196",
        "each axis in the shape of `y` must be an integer of at least 1, found the number 0",
        "`y` is [14, 14, 1], written as [28, 28, 1]",
        "`y` is [14, 14, 1], written as [28, A, 1]",
        "`y` is [14, 14, 1], written as [196]",
    ]);
    assert_eq!(diags[2].notes, ["x [14, 14] → Reshape → y [14, 14, 1]"]);
    assert_eq!(diags[2].helps, ["write `[14, 14, 1]`, or leave the shape out"]);
    assert_eq!(written.checks(), ["axis 2 of `y`: 14 Equal A", "axis 3 of `y`: 1 Equal B"]);
    let poison = written.builder.poison(Loc(0));
    written.builder.ascribe(poison, &list(&[1]), Loc(7), &mut written.diags);
    written.expect(&[]);
}

/// Fixes for a call whose annotated shape does not fit.
fn offered(input: &[i64], class: &str, settings: Vec<testing::Given>, shape: &[i64]) -> Vec<String> {
    let mut written = Written::new();
    let x = written.input("x", list(input));
    let layer = written.layer(class, settings);
    let y = written.call(layer, &[x]);
    written.builder.bind(y, "y");
    written.builder.ascribe(y, &list(shape), Loc(7), &mut written.diags);
    let [diag] = &std::mem::take(&mut written.diags).into_sorted()[..] else { panic!("one error") };
    let (last, offered) = diag.helps.split_last().expect("a help");
    assert!(last.ends_with("or leave the shape out"), "{last}");
    offered.to_vec()
}

#[test]
fn a_setting_that_gives_the_written_shape_is_offered() {
    let same = || named("padding", string("same"));
    let conv = || vec![(None, int(1)), (None, int(3))];
    let plus = |more: testing::Given| [conv(), vec![more]].concat();
    let offer =
        |setting: &str, class: &str, shape: &str| [format!("`{setting}` in `{class}` would make it {shape}")];
    assert_eq!(
        offered(&[14, 14, 32], "Conv2DTranspose", plus(same()), &[28, 28, 1]),
        offer("strides = (2, 2)", "Conv2DTranspose", "[28, 28, 1]")
    );
    assert_eq!(
        offered(&[14, 14, 32], "Conv2DTranspose", plus(same()), &[28, 14, 1]),
        offer("strides = (2, 1)", "Conv2DTranspose", "[28, 14, 1]")
    );
    assert_eq!(
        offered(&[28, 28, 1], "Conv2D", conv(), &[28, 28, 1]),
        offer("padding = same", "Conv2D", "[28, 28, 1]")
    );
    assert_eq!(offered(&[28, 1], "Conv1D", conv(), &[13, 1]), offer("strides = 2", "Conv1D", "[13, 1]"));
    assert_eq!(
        offered(&[7, 7, 2], "MaxPooling2D", vec![], &[4, 4, 2]),
        offer("padding = same", "MaxPooling2D", "[4, 4, 2]")
    );
    assert_eq!(
        offered(&[100, 50], "LSTM", vec![(None, int(8))], &[100, 8]),
        offer("return_sequences = true", "LSTM", "[100, 8]")
    );
}

#[test]
fn a_setting_that_does_not_is_not_offered() {
    let conv = |more: Vec<testing::Given>| [vec![(None, int(1)), (None, int(3))], more].concat();
    let same = || named("padding", string("same"));
    // No stride gives 29, another number of channels is needed, the rank differs.
    for shape in [&[29, 28, 1][..], &[28, 28, 3], &[784]] {
        assert_eq!(offered(&[14, 14, 32], "Conv2DTranspose", conv(vec![same()]), shape), [""; 0]);
    }
    // Strides and dilation exclude each other, and the output padding must be below the strides.
    let dilated = conv(vec![same(), named("dilation_rate", int(2))]);
    assert_eq!(offered(&[14, 14, 32], "Conv2DTranspose", dilated, &[28, 28, 1]), [""; 0]);
    let added = conv(vec![named("strides", int(2)), named("output_padding", int(1))]);
    assert_eq!(offered(&[4, 2], "Conv1DTranspose", added, &[7, 1]), [""; 0]);
    // A window of 9 does not fit in 7.
    let pool = vec![(None, int(9)), named("strides", int(1)), same()];
    assert_eq!(offered(&[7, 7, 2], "MaxPooling2D", pool, &[1, 1, 2]), [""; 0]);
    assert_eq!(offered(&[100, 50], "LSTM", vec![(None, int(8))], &[100, 9]), [""; 0]);
}

#[test]
fn a_layer_with_a_wrong_setting_still_has_a_shape() {
    let mut written = Written::new();
    let x = written.input("x", list(&[8]));
    let dropout = written.layer("Dropout", [(None, float(1.5))]);
    let y = written.call(dropout, &[x]);
    assert_eq!(written.shape(y), "[8]");
    written.expect(&["`rate` of `Dropout` must be from 0 to 1, found 1.5"]);
}

#[test]
fn diagnostics_carry_the_tensors_they_speak_of() {
    let mut written = Written::new();
    let first = written.input("x", list(&[5, 2]));
    let second = written.input("x", list(&[4]));
    let lstm = written.layer("LSTM", [(None, int(3))]);
    written.call(lstm, &[first]);
    written.call(lstm, &[second]);
    let diags = written.expect(&["an `LSTM` reads [steps, features], but `x` is [4]"]);
    // The earlier call was on a tensor of the same name, which the message does not mention.
    let shown = Some(Shape::known(&[4]));
    assert_eq!(diags[0].subjects, [Subject { tensor: second, shown }]);
    // A step has another shape than the sequence.
    let conv = testing::call("Conv1D", [(None, int(3)), (None, int(2))]);
    let steps = written.layer("TimeDistributed", [(None, conv)]);
    written.call(steps, &[first]);
    let diags = written.expect(&["`Conv1D` reads sequences, [steps, channels], but `a step of x` is [2]"]);
    let shown = Some(Shape::known(&[2]));
    assert_eq!(diags[0].subjects, [Subject { tensor: first, shown }]);
    assert_eq!(diags[0].notes, ["x [5, 2]"]);
}

#[test]
fn states_are_given_and_taken() {
    let mut written = Written::new();
    let x = written.input("x", list(&[5, 2]));
    let given = |name: &'static str| [(None, int(3)), named(name, value(ValueKind::Bool(true)))];
    let lstm = written.layer("LSTM", given("return_state"));
    let states = written.builder.call(lstm, &[(x, Loc(5))], Loc(6), &mut written.diags);
    assert_eq!(states.iter().map(|&tensor| written.shape(tensor)).collect::<Vec<_>>(), ["[3]", "[3]", "[3]"]);
    assert_eq!(written.builder.siblings(states[0]), ["y", "h", "c"]);
    let next = written.layer("GRU", given("return_sequences"));
    let from = |written: &mut Written, states: &[TensorId]| {
        let states: Vec<_> = states.iter().map(|&state| (state, Loc(7))).collect();
        let inputs = [(x, Loc(5))];
        let further = Further { initial: Some((&states, Loc(8))), ..Further::default() };
        written.builder.call_with(next, &inputs, &further, Loc(6), &mut written.diags)[0]
    };
    let fine = from(&mut written, &states[1..2]);
    assert_eq!(written.shape(fine), "[5, 3]");
    let layer = written.builder.graph().layer(next);
    assert_eq!((layer.kind.states().len(), layer.kind.state_shape()), (1, Some(Shape::known(&[3]))));
    written.expect(&[]);
    from(&mut written, &states[1..]);
    from(&mut written, &[x]);
    let diags = written.expect(&[
        "this `GRU` needs an initial `h` of [3], but `x` is [5, 2]",
        "`GRU` has 1 state, but 2 are given",
    ]);
    assert_eq!(diags[1].helps, ["write `initial_state = h`"]);
    // A call with an error returns as many tensors as a valid one.
    let flat = written.input("flat", list(&[4]));
    let poisoned = written.builder.call(lstm, &[(flat, Loc(5))], Loc(6), &mut written.diags);
    assert_eq!(poisoned.iter().map(|&tensor| written.shape(tensor)).collect::<Vec<_>>(), ["?", "?", "?"]);
    from(&mut written, &poisoned[1..2]);
    written.expect(&["an `LSTM` reads [steps, features], but `flat` is [4]"]);
}
