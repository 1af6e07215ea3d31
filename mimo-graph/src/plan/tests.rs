use super::*;
use crate::activation::Activation;
use crate::compile::resolve;
use crate::context::Cx;
use crate::diag::{Diags, Loc};
use crate::layers::LayerKind;
use crate::layers::merge::Merge;
use crate::layers::merge::MergeOp;
use crate::names;
use crate::operation::Dense;
use crate::shape::Shape;
use crate::sketch::{Model, args};

/// The plan of a model whose output layers have weights, compiled with `text`.
fn plan(model: Model, text: &str) -> Plan {
    let mut model = model.weighted();
    let mut diags = Diags::new();
    names::assign(&mut model.graph, &mut diags);
    let consts = model.graph.consts.clone();
    let mut cx = Cx { consts: &consts, diags: &mut diags, checks: &mut vec![] };
    model.graph.compile = resolve(&model.graph, &args(text), Loc(0), &mut cx);
    assert!(!diags.has_errors(), "{:?}", diags.into_sorted());
    Plan::new(&model.graph)
}

fn op<'p>(plan: &'p Plan, name: &str) -> &'p Op {
    match plan.forward.iter().find(|op| op.name == name) {
        Some(op) => op,
        None => panic!("no {name} in {:?}", names_of(plan)),
    }
}

fn names_of(plan: &Plan) -> Vec<&str> {
    plan.forward.iter().map(|op| op.name.as_str()).collect()
}

fn dense<'p>(plan: &'p Plan, name: &str) -> &'p Dense<Dim> {
    match &op(plan, name).kind {
        OpKind::Dense(dense) => dense.as_ref(),
        other => panic!("{name} is {other:?}"),
    }
}

fn written<'p>(plan: &'p Plan, name: &str) -> &'p Written {
    op(plan, name).kind.written().expect("every operation writes")
}

fn backward<'p>(plan: &'p Plan, operations: &[usize]) -> Vec<&'p str> {
    operations.iter().map(|&at| plan.forward[at].name.as_str()).collect()
}

/// `x → hidden (relu) → value, kind (softmax)`
fn two_heads() -> Model {
    let mut model = Model::new();
    let x = model.input("x", &[10]);
    let hidden = model.dense("hidden", x, 8, Activation::Relu);
    let value = model.dense("value", hidden, 1, Activation::Linear);
    let kind = model.dense("kind", hidden, 3, Activation::Softmax);
    model.output("value", value);
    model.output("kind", kind);
    model
}

const LOSSES: &str = "optimizer = adam, loss = { value: mse, kind: categorical_crossentropy }";

#[test]
fn siblings_on_one_input_are_one_product() {
    let plan = plan(two_heads(), LOSSES);
    assert_eq!(names_of(&plan), ["dense", "value_and_kind", "kind_activation"]);
    let heads = dense(&plan, "value_and_kind");
    assert_eq!((heads.inputs.known(), heads.units.known()), (Some(8), Some(4)));
    // Their weights are columns of one block.
    let places: Vec<_> =
        plan.params.iter().map(|param| (param.block, param.column.known(), param.cols.known())).collect();
    assert_eq!(places[2], (2, Some(0), Some(1)));
    assert_eq!(places[4], (2, Some(1), Some(3)));
    assert_eq!(plan.outputs[0].slot, written(&plan, "value_and_kind").view.slot);
}

#[test]
fn siblings_of_two_optimizers_stay_apart() {
    let losses = "loss = { value: mse, kind: categorical_crossentropy }";
    let apart = ["dense", "value", "kind", "kind_activation"];
    let two = plan(two_heads(), &format!("optimizer = {{ kind: sgd, rest: adam }}, {losses}"));
    assert_eq!(names_of(&two), apart);
    // A norm of a weight needs its own block.
    let whole = plan(two_heads(), &format!("optimizer = lamb, {losses}"));
    assert_eq!(names_of(&whole), apart);
    // One optimizer trains both.
    let one = plan(two_heads(), &format!("optimizer = {{ dense: sgd, rest: adam }}, {losses}"));
    assert_eq!(names_of(&one), ["dense", "value_and_kind", "kind_activation"]);
}

#[test]
fn cross_entropy_is_computed_from_what_the_softmax_is_given() {
    let plan = plan(two_heads(), LOSSES);
    let [value, kind] = &plan.losses[..] else { panic!("two losses") };
    assert_eq!(value.logits, None);
    let logits = kind.logits.as_ref().expect("fused");
    assert_eq!(
        (logits.column.known(), logits.len.known(), logits.stride.known()),
        (Some(1), Some(3), Some(4))
    );
    assert_eq!(logits.slot, written(&plan, "value_and_kind").view.slot);
    // The gradient is computed from the logits, so nothing passes the softmax again.
    assert_eq!(
        kind.gradient.as_ref().map(|view| view.slot),
        written(&plan, "value_and_kind").gradient.as_ref().map(|view| view.slot)
    );
    assert!(!op(&plan, "kind_activation").backward);
}

#[test]
fn a_relu_is_passed_on_the_way_back() {
    let plan = plan(two_heads(), LOSSES);
    let gradient_target =
        dense(&plan, "value_and_kind").x.gradient.clone().expect("the hidden layer is trained");
    assert_eq!(gradient_target.mask, Some(dense(&plan, "value_and_kind").x.view.clone()));
    assert!(!gradient_target.accumulate);
    assert!(dense(&plan, "dense").activations[0].activation_grad_applied);
    assert_eq!(dense(&plan, "dense").x.gradient, None, "inputs have no gradient");
    let packed: Vec<bool> = plan.blocks.iter().map(|block| block.pack).collect();
    assert_eq!(packed, [false, false, true, false]);
}

#[test]
fn heads_go_back_before_what_they_share() {
    let mut model = Model::new();
    let x = model.input("x", &[10]);
    let shared = model.dense("shared", x, 8, Activation::Tanh);
    let a = model.dense("a", shared, 4, Activation::Relu);
    let b = model.dense("b", shared, 4, Activation::Gelu { approximate: false });
    let left = model.dense("left", a, 1, Activation::Linear);
    let right = model.dense("right", b, 1, Activation::Linear);
    model.output("left", left);
    model.output("right", right);
    let plan = plan(model, "optimizer = adam, loss = mse");
    assert_eq!(backward(&plan, &plan.heads), ["right", "left", "dense_2_activation"]);
    assert_eq!(backward(&plan, &plan.trunk), ["dense_1_and_dense_2", "dense"]);
}

#[test]
fn a_tensor_that_is_read_twice_collects_both_gradients() {
    let mut model = Model::new();
    let x = model.input("x", &[4]);
    let hidden = model.dense("hidden", x, 4, Activation::Relu);
    let add = model.layer(LayerKind::Merge(Merge::from(MergeOp::Add)));
    let sum = model.call("sum", add, &[hidden, hidden], Some(Shape::known(&[4])));
    let y = model.dense("y", sum, 1, Activation::Linear);
    model.output("y", y);
    let plan = plan(model, "optimizer = adam, loss = mse");
    let OpKind::Merge(merge) = &op(&plan, "add").kind else { panic!("a merge") };
    let accumulates: Vec<_> =
        merge.inputs.iter().map(|input| input.x.gradient.as_ref().map(|to| to.accumulate)).collect();
    assert_eq!(accumulates, [Some(false), Some(true)]);
    // The last operation that writes is not a product, so the layer applies its own ReLU.
    assert!(!dense(&plan, "dense").activations[0].activation_grad_applied);
}

#[test]
fn a_shared_layer_has_one_block_and_two_uses() {
    let mut model = Model::new();
    let (left, right) = (model.input("left", &[4]), model.input("right", &[4]));
    let encoder = model.dense_layer(Dim::Known(3), Activation::Relu);
    let a = model.call("a", encoder, &[left], Some(Shape::known(&[3])));
    let b = model.call("b", encoder, &[right], Some(Shape::known(&[3])));
    let (y, z) = (model.dense("y", a, 1, Activation::Linear), model.dense("z", b, 1, Activation::Linear));
    model.output("y", y);
    model.output("z", z);
    let plan = plan(model, "optimizer = adam, loss = mse");
    assert_eq!(names_of(&plan), ["dense", "dense_call_1", "y", "z"]);
    assert_eq!(dense(&plan, "dense").kernel, dense(&plan, "dense_call_1").kernel);
    let Some(Gradient::Product(uses)) = &plan.blocks[0].gradient else { panic!("a trained kernel") };
    assert_eq!(uses.len(), 2);
    assert_eq!(plan.weighted.len(), 3);
}

#[test]
fn what_is_not_trained_has_no_backward() {
    let mut model = two_heads();
    model.graph.layers[0].trainable = false;
    let frozen = plan(model, LOSSES);
    assert!(!op(&frozen, "dense").backward);
    assert_eq!(frozen.blocks[0].gradient, None);
    assert_eq!(dense(&frozen, "value_and_kind").x.gradient, None);

    // Siblings stay separate if one is not trained: its part of the gradient would never be written.
    let half = plan(two_heads(), "optimizer = adam, loss = { value: mse, kind: none }");
    assert_eq!(names_of(&half), ["dense", "value", "kind", "kind_activation"]);
    assert!(op(&half, "value").backward && !op(&half, "kind").backward);
    assert_eq!(half.losses.len(), 1);
}

#[test]
fn a_reshaped_tensor_is_the_same_memory() {
    let mut model = Model::new();
    let x = model.input("x", &[2, 3]);
    let flat = model.flatten("flat", x, 6);
    let y = model.dense("y", flat, 1, Activation::Linear);
    model.output("y", y);
    let plan = plan(model, "optimizer = adam, loss = mse");
    assert_eq!(names_of(&plan), ["y"]);
    assert_eq!(dense(&plan, "y").x.view, plan.inputs[0]);
}

/// Every slot is alive whenever an operation uses it, and slots are ordered as `place` requires.
#[test]
fn slots_live_from_the_first_to_the_last_touch() {
    let plan = plan(two_heads(), LOSSES);
    assert!(plan.slots.is_sorted_by_key(|slot| slot.train[0]));
    let losses_at = plan.forward.len() + 1;
    for (at, op) in plan.forward.iter().enumerate() {
        let Some(y) = op.kind.written() else { panic!("{op:?} writes") };
        let [from, to] = plan.slots[y.view.slot].train;
        assert!(from <= at + 1 && at < to);
    }
    for loss in &plan.losses {
        assert_eq!(plan.slots[loss.target.slot].train, [0, losses_at]);
        assert_eq!(plan.slots[loss.target.slot].predict, None);
    }
    // The input is read again for the gradient of the first kernel.
    let end = losses_at + 1 + plan.heads.len() + plan.trunk.len();
    assert_eq!(plan.slots[plan.inputs[0].slot].train, [0, end]);
    assert_eq!(plan.slots[plan.inputs[0].slot].predict, Some([0, 1]));
}

fn batch_normalization() -> LayerKind {
    use crate::layers::WeightOptions;
    use crate::layers::batch_normalization::BatchNormalization;
    let zeros = crate::initializer::Initializer::ZEROS;
    let trained = WeightOptions { initializer: zeros, regularizer: None, constraint: None, trainable: true };
    let average = WeightOptions { trainable: false, ..trained };
    LayerKind::BatchNormalization(BatchNormalization {
        axis: -1,
        momentum: 0.9,
        epsilon: 0.1,
        beta: Some(trained),
        gamma: Some(trained),
        moving_mean: average,
        moving_variance: average,
    })
}

/// `x → dense → a, b`, each followed by a batch normalization, and their sum.
fn branches() -> Model {
    let mut model = Model::new();
    let x = model.input("x", &[3]);
    let h = model.dense("h", x, 4, Activation::Tanh);
    let sides = ["a", "b"].map(|name| {
        let side = model.dense(name, h, 4, Activation::Tanh);
        let norm = model.layer(batch_normalization());
        model.call(name, norm, &[side], Some(Shape::known(&[4])))
    });
    let y = model.dense("y", sides[0], 1, Activation::Linear);
    let z = model.dense("z", sides[1], 1, Activation::Linear);
    model.output("y", y);
    model.output("z", z);
    model
}

#[test]
fn batch_normalizations_beside_each_other_share_a_stage() {
    let plan = plan(branches(), "optimizer = adam, loss = mse");
    let stages: Vec<_> = plan
        .stages
        .iter()
        .map(|stage| (stage.part, backward(&plan, &stage.operations), backward(&plan, &stage.sums)))
        .collect();
    let norms = vec!["batch_normalization", "batch_normalization_1"];
    assert_eq!(
        stages,
        [
            (StepPart::Forward, vec!["dense", "dense_1_and_dense_2"], norms.clone()),
            (StepPart::Forward, vec!["batch_normalization", "batch_normalization_1", "y", "z"], vec![]),
            (StepPart::Heads, vec!["z", "y"], vec!["batch_normalization_1", "batch_normalization"]),
            (StepPart::Heads, vec!["batch_normalization_1", "batch_normalization"], vec![]),
            (StepPart::Trunk, vec!["dense_1_and_dense_2", "dense"], vec![]),
        ]
    );
    // Four sums per channel each, and the gradients of the weights are among them.
    assert_eq!(plan.sums, Dim::Known(32));
    let gradients = plan.blocks.iter().filter(|block| matches!(block.gradient, Some(Gradient::BatchSums(_))));
    assert_eq!(gradients.count(), 4);
}

#[test]
fn a_frozen_batch_normalization_waits_for_nobody() {
    let mut model = branches();
    for layer in &mut model.graph.layers {
        layer.trainable &= !matches!(layer.kind, LayerKind::BatchNormalization(_));
    }
    let plan = plan(model, "optimizer = adam, loss = mse");
    assert!(plan.stages.iter().all(|stage| stage.sums.is_empty()));
    assert_eq!((plan.stages.len(), &plan.sums), (3, &Dim::Known(0)));
}

/// Two inputs, each followed by a dense layer, a batch normalization and a ReLU; in the second, the activation is in
/// another position.
fn folds() -> Model {
    use crate::layers::activation::{Activation as Layer, Class};
    let mut model = Model::new();
    let inputs = ["x", "y"].map(|name| model.input(name, &[3]));
    let dense = inputs.map(|x| model.dense("h", x, 4, Activation::Linear));
    let normal = dense.map(|h| {
        let norm = model.layer(batch_normalization());
        model.call("n", norm, &[h], Some(Shape::known(&[4])))
    });
    for (name, n) in ["a", "b"].into_iter().zip(normal).rev() {
        let relu = Layer { activation: Activation::Relu, class: Class::Activation };
        let relu = model.layer(LayerKind::Activation(relu));
        let relu = model.call("r", relu, &[n], Some(Shape::known(&[4])));
        let y = model.dense(name, relu, 1, Activation::Linear);
        model.output(name, y);
    }
    model
}

#[test]
fn batch_normalizations_are_folded_into_the_layers_before_them() {
    let plan = plan(folds(), "optimizer = adam, loss = mse");
    let folded = plan.folded.as_ref().expect("a folded pass");
    let names: Vec<_> = folded.pass(&plan).map(|op| op.name.as_str()).collect();
    let first = "dense_and_batch_normalization_and_activation_1";
    assert_eq!(names, [first, "dense_1_and_batch_normalization_1_and_activation", "b", "a"]);
    let OpKind::Dense(dense) = &folded.operations[0].kind else { panic!("{:?}", folded.operations) };
    assert_eq!(dense.activations[0].activation, Activation::Relu);
    assert_eq!(dense.y.view, written(&plan, "activation_1").view);
    // Its bias is stored in place of the moving mean.
    let OpKind::BatchNormalization(norm) = &op(&plan, "batch_normalization").kind else { panic!() };
    assert_eq!(dense.bias.map(|bias| bias.block), Some(norm.moving_mean));
    assert_eq!(plan.forward[folded.folds[0].norm].name, "batch_normalization");
    // Buffers are placed in the order of their first use.
    let firsts: Vec<_> = plan.slots.iter().filter_map(|slot| Some(slot.folded?[0])).collect();
    assert!(firsts.is_sorted(), "{firsts:?}");
    assert_eq!(plan.slots[written(&plan, "dense").view.slot].folded, None);
}

#[test]
fn nothing_is_folded_into_siblings_or_after_an_activation() {
    assert_eq!(plan(branches(), "optimizer = adam, loss = mse").folded, None);
}

/// Two outputs, the first with a mask that a separate operation computes.
fn masked() -> Model {
    let mut model = two_heads();
    let x = model.graph.inputs[0].tensor;
    let mask = model.dense("steps", x, 1, Activation::Linear);
    model.graph.outputs[0].mask = Some(mask);
    model
}

#[test]
fn a_mask_is_computed_for_its_loss_only() {
    let masked_plan = plan(masked(), LOSSES);
    let [mask] = &masked_plan.masks[..] else { panic!("one mask") };
    let steps = masked_plan.forward.iter().position(|op| op.name.contains("dense_1")).expect("the mask");
    assert_eq!(masked_plan.only_losses, [steps]);
    assert_eq!(mask.view.slot, written(&masked_plan, &masked_plan.forward[steps].name).view.slot);
    assert_eq!((mask.loss, mask.start.known(), masked_plan.sums.known()), (0, Some(0), Some(3)));
    assert!(!masked_plan.forward[steps].backward, "nothing is trained through a mask");
    // It is alive when the loss reads it, and unused in predictions.
    let slot = &masked_plan.slots[mask.view.slot];
    assert_eq!((slot.train[1], slot.predict), (masked_plan.forward.len() + 1, None));

    let predicts = {
        let mut model = masked().weighted();
        names::assign(&mut model.graph, &mut Diags::new());
        Plan::new(&model.graph)
    };
    assert!(predicts.masks.is_empty());
    assert_eq!(predicts.forward.len(), masked_plan.forward.len() - 1);
    let without = plan(two_heads(), LOSSES);
    assert_eq!((without.masks.len(), without.only_losses.len(), without.sums.known()), (0, 0, Some(0)));
}

#[test]
fn a_masked_loss_looks_at_its_targets_after_the_forward_pass() {
    let losses = "optimizer = adam, loss = { value: hinge, kind: hinge }";
    let of_both = plan(two_heads(), losses);
    assert_eq!((of_both.scans(0), of_both.scans(1), of_both.sums.known()), (true, true, Some(2)));
    let masked_plan = plan(masked(), losses);
    assert_eq!((masked_plan.scans(0), masked_plan.scans(1)), (false, true));
    // After the counts of both outputs.
    assert_eq!((masked_plan.masks[0].start.known(), masked_plan.sums.known()), (Some(2), Some(5)));
}

#[test]
fn a_mask_over_all_axes_is_one_of_single_values() {
    let scores = |loss: &str| {
        let mut model = Model::new();
        let (x, mask) = (model.input("x", &[5]), model.input("steps", &[5]));
        let y = model.dense("y", x, 5, Activation::Softmax);
        model.output("y", y);
        model.graph.outputs[0].mask = Some(mask);
        plan(model, &format!("adam, {loss}")).masks.len()
    };
    assert_eq!((scores("mse"), scores("categorical_crossentropy")), (1, 0));
}
