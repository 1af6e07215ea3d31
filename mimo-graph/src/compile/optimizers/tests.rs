use super::*;
use crate::optimizer::{Clip, Rule, WeightAverage};
use crate::sketch::{Model, args, reported, resolved, shown};

const ADAM: Rule = Rule::Adam { beta_1: 0.9, beta_2: 0.999, epsilon: 1e-7, amsgrad: false };

const MUON: Rule = Rule::Muon {
    adam_beta_1: 0.9,
    adam_beta_2: 0.999,
    adam_weight_decay: Some(0.004),
    epsilon: 1e-7,
    exclude_layers: &[],
    exclude_embeddings: true,
    muon_a: 3.4445,
    muon_b: -4.775,
    muon_c: 2.0315,
    adam_lr_ratio: 1.0,
    momentum: 0.95,
    ns_steps: 5,
    nesterov: true,
    rms_rate: Some(0.2),
};

fn alone(text: &str) -> (Option<Optimizer>, Vec<String>) {
    let args = args(text);
    let graph = Model::new().graph;
    let (optimizer, diags, _) = reported(&graph, |cx| read(&args[0].value, cx));
    (optimizer, shown(&diags))
}

fn optimizer(rule: Rule, learning_rate: f64) -> Optimizer {
    Optimizer {
        rule,
        learning_rate,
        schedule: None,
        weight_decay: None,
        clip: Clip::None,
        average: None,
        accumulation: None,
    }
}

#[test]
fn names_are_read_in_any_case_with_keras_s_defaults() {
    for text in ["adam", "\"Adam\"", "ADAM", "Adam()", "Adam"] {
        assert_eq!(alone(text), (Some(optimizer(ADAM, 1e-3)), vec![]), "{text}");
    }
    let sgd = Rule::Sgd { momentum: 0.0, nesterov: false };
    assert_eq!(alone("sgd").0, Some(optimizer(sgd, 0.01)));
    let rmsprop = Rule::RmsProp { rho: 0.9, momentum: 0.0, epsilon: 1e-7, centered: false };
    assert_eq!(alone("RMSProp").0, Some(optimizer(rmsprop, 1e-3)));
    let adagrad = Rule::Adagrad { initial_accumulator_value: 0.1, epsilon: 1e-7 };
    assert_eq!(alone("Adagrad").0, Some(optimizer(adagrad, 1e-3)));
    let adamw = Optimizer { weight_decay: Some(0.004), ..optimizer(ADAM, 1e-3) };
    assert_eq!(alone("AdamW").0, Some(adamw));
    assert_eq!(alone("AdamW(weight_decay = none)").0, Some(optimizer(ADAM, 1e-3)));
    let adadelta = Rule::Adadelta { rho: 0.95, epsilon: 1e-7 };
    assert_eq!(alone("adadelta").0, Some(optimizer(adadelta, 1e-3)));
    let adamax = Rule::Adamax { beta_1: 0.9, beta_2: 0.999, epsilon: 1e-7 };
    assert_eq!(alone("\"adamax\"").0, Some(optimizer(adamax, 1e-3)));
    let nadam = Rule::Nadam { beta_1: 0.9, beta_2: 0.999, epsilon: 1e-7 };
    assert_eq!(alone("nadam").0, Some(optimizer(nadam, 1e-3)));
    assert_eq!(alone("lion").0, Some(optimizer(Rule::Lion { beta_1: 0.9, beta_2: 0.99 }, 1e-3)));
    let adafactor = Rule::Adafactor {
        beta_2_decay: -0.8,
        epsilon_1: 1e-30,
        epsilon_2: 1e-3,
        clip_threshold: 1.0,
        relative_step: true,
    };
    assert_eq!(alone("adafactor").0, Some(optimizer(adafactor, 1e-3)));
    let lamb = Rule::Lamb { beta_1: 0.9, beta_2: 0.999, epsilon: 1e-7 };
    assert_eq!(alone("\"LAMB\"").0, Some(optimizer(lamb, 1e-3)));
    let muon = Optimizer { weight_decay: Some(0.004), ..optimizer(MUON, 1e-3) };
    assert_eq!(alone("muon"), (Some(muon), vec![]));
}

#[test]
fn arguments_have_keras_s_order() {
    let sgd = Rule::Sgd { momentum: 0.9, nesterov: true };
    let expected = Optimizer { weight_decay: Some(1e-4), clip: Clip::Norm(1.0), ..optimizer(sgd, 0.1) };
    assert_eq!(alone("SGD(0.1, 0.9, true, 1e-4, 1)"), (Some(expected), vec![]));
    let adam = Rule::Adam { beta_1: 0.8, beta_2: 0.99, epsilon: 1e-8, amsgrad: true };
    let expected = Optimizer { clip: Clip::GlobalNorm(5.0), ..optimizer(adam, 1.0) };
    let text = "Adam(1, 0.8, 0.99, epsilon = 1e-8, amsgrad = true, global_clipnorm = 5.0)";
    assert_eq!(alone(text), (Some(expected), vec![]));
    let adadelta = Rule::Adadelta { rho: 0.9, epsilon: 1e-6 };
    let expected = Optimizer { weight_decay: Some(0.1), ..optimizer(adadelta, 1.0) };
    assert_eq!(alone("Adadelta(1, 0.9, 1e-6, 0.1)"), (Some(expected), vec![]));
    let adamax = Rule::Adamax { beta_1: 0.8, beta_2: 0.99, epsilon: 1e-8 };
    let expected = Optimizer { clip: Clip::Norm(1.0), ..optimizer(adamax, 0.01) };
    assert_eq!(alone("Adamax(0.01, 0.8, 0.99, 1e-8, none, 1)"), (Some(expected), vec![]));
    let average = Some(WeightAverage { momentum: 0.9, overwrite_frequency: Some(10) });
    let expected = Optimizer { average, accumulation: Some(4), ..optimizer(ADAM, 0.01) };
    let text = "Adam(0.01, use_ema = true, ema_momentum = 0.9, ema_overwrite_frequency = 10, \
                gradient_accumulation_steps = 4)";
    assert_eq!(alone(text), (Some(expected), vec![]));
    let expected = Optimizer { weight_decay: Some(0.1), clip: Clip::Value(0.5), ..optimizer(ADAM, 0.01) };
    assert_eq!(alone("AdamW(0.01, 0.1, clipvalue = 0.5)"), (Some(expected), vec![]));
    let rmsprop = Rule::RmsProp { rho: 0.8, momentum: 0.5, epsilon: 1e-6, centered: true };
    assert_eq!(alone("RMSprop(0.01, 0.8, 0.5, 1e-6, true)"), (Some(optimizer(rmsprop, 0.01)), vec![]));
}

#[test]
fn wrong_optimizers_get_help() {
    for (text, error) in [
        ("adma", "unknown optimizer `adma`\n  = help: did you mean `adam`?"),
        (
            "ftrl()",
            "mimo has no optimizer `Ftrl`\n  \
             = help: write `adagrad`, which adapts the steps in the same way, with `kernel_regularizer = L1(…)` for sparse weights",
        ),
        (
            "Muon(ns_steps = 1000)",
            "`ns_steps` of `Muon` must be at most 100, found the number 1000\n  = help: write `5`, as usual",
        ),
        (
            "Muon(exclude_layers = head)",
            "`exclude_layers` of `Muon` must be a list of names of layers, found `head`\n  \
             = help: write `exclude_layers = [\"head\"]`",
        ),
        (
            "Adafactor(beta_2_decay = 0.8)",
            "`beta_2_decay` of `Adafactor` must be below 0, found 0.8\n  \
             = help: write a number that is below 0",
        ),
        (
            "[adam]",
            "`optimizer` must be an optimizer, found a list of 1\n  \
             = help: write one of them, or a map: `optimizer = { encoder: SGD(0.001), rest: Adam() }`",
        ),
        (
            "Adam(loss_scale_factor = 8)",
            "mimo has no `loss_scale_factor` for `Adam`\n  \
             = help: leave it out: gradients are computed in the model's float type, `f32` or `f64`, which needs no scaling",
        ),
        (
            "Adam(ema_momentum = 0.9)",
            "`ema_momentum` has no effect without `use_ema = true`\n  \
             = help: add `use_ema = true`, or remove `ema_momentum`",
        ),
        (
            "Adam(gradient_accumulation_steps = 1)",
            "`gradient_accumulation_steps` of `Adam` must be an integer of at least 2, found the number 1\n  \
             = help: write an integer of at least 2",
        ),
        (
            "SGD(learning_rate = -1)",
            "`learning_rate` of `SGD` must be at least 0, found -1\n  = help: write a number that is at least 0",
        ),
        (
            "SGD(learning_rate = ExponentalDecay(0.1, 100, 0.9))",
            "unknown schedule `ExponentalDecay`\n  = help: did you mean `ExponentialDecay`?",
        ),
        (
            "SGD(learning_rate = Halved(0.1))",
            "unknown schedule `Halved`\n  \
             = help: a schedule of your own is a callback: \
             `LearningRateScheduler::new(|epoch, rate| if epoch < 10 { rate } else { rate * 0.9 })`\n  \
             = note: every schedule is listed in `mimo::language::schedules`",
        ),
        (
            "SGD(learning_rate = PiecewiseConstantDecay([100], [0.1]))",
            "`values` of `PiecewiseConstantDecay` must be a list of 2 learning rates, one more than `boundaries`, found a list of 1\n  \
             = help: add or remove learning rates, or boundaries",
        ),
        (
            "SGD(learning_rate = PiecewiseConstantDecay([100, 100], [0.1, 0.2, 0.3]))",
            "`boundaries` of `PiecewiseConstantDecay` must ascend, found 100 after 100\n  = help: write the boundaries in ascending order",
        ),
        (
            "SGD(learning_rate = CosineDecay(0.1, 0))",
            "`decay_steps` of `CosineDecay` must be an integer of at least 1, found the number 0\n  \
             = help: write an integer of at least 1",
        ),
        (
            "SGD(learning_rate = CosineDecay(0.1, 100, warmup_steps = 10))",
            "`warmup_steps` has no effect without `warmup_target`\n  \
             = help: add `warmup_target = 0.1`, the learning rate after the warmup, or remove `warmup_steps`",
        ),
        (
            "Adam(clipnorm = 1.0, clipvalue = 0.5)",
            "gradients are clipped in one way, but `clipnorm`, `clipvalue` are given\n  \
             = help: keep one of them",
        ),
    ] {
        let (optimizer, errors) = alone(text);
        assert_eq!(optimizer, None, "{text}");
        let [found] = &errors[..] else { panic!("{text}: {errors:?}") };
        let error: &str = error;
        assert_eq!(found.split_once(": error: ").map(|(_, error)| error), Some(error));
    }
}

#[test]
fn weights_are_excluded_by_parts_of_their_paths() {
    assert!(MUON.updates_whole(2, "dense/kernel"));
    assert!(!MUON.updates_whole(1, "dense/bias"));
    assert!(!MUON.updates_whole(4, "conv2d/kernel"));
    assert!(!MUON.updates_whole(2, "words/embeddings"));
    let (Some(optimizer), errors) = alone("Muon(exclude_layers = [\"head\"], exclude_embeddings = false)")
    else {
        panic!()
    };
    assert_eq!(errors, Vec::<String>::new());
    assert!(!optimizer.rule.updates_whole(2, "my_head/kernel"));
    assert!(optimizer.rule.updates_whole(2, "words/embeddings"));
}

mod by_key {
    use crate::activation::Activation::{Linear, Relu, Sigmoid};
    use crate::graph::{Compile, Group, GroupId};
    use crate::sketch::{Model, resolved};

    /// `x → trunk → middle → kind`, `trunk → risk`, and a nested layer `encoder/inner` before the trunk.
    fn model() -> Model {
        let mut model = Model::new();
        let x = model.input("x", &[4]);
        let inner = model.dense("", x, 4, Relu);
        model.named("inner");
        model.graph.layers[0].group = Some(GroupId(0));
        let class = "Encoder".to_owned();
        let loc = model.graph.layers[0].loc;
        let name = "encoder".into();
        model.graph.groups.push(Group { class, name, named: true, called: true, outputs: vec![], loc });
        let trunk = model.dense("h", inner, 4, Relu);
        model.named("trunk");
        let flat = model.flatten("flat", trunk, 4);
        model.named("flat");
        let middle = model.dense("m", flat, 4, Relu);
        model.named("middle");
        let kind = model.dense("kind", middle, 3, Linear);
        let risk = model.dense("risk", flat, 1, Sigmoid);
        model.output("kind", kind);
        model.output("risk", risk);
        model.weighted()
    }

    fn compiled(optimizer: &str) -> (Option<Compile>, Vec<String>) {
        resolved(
            &model(),
            &format!("optimizer = {optimizer}, loss = {{ kind: mse, risk: binary_crossentropy }}"),
        )
    }

    /// By key: the layers that it selects.
    fn layers(compile: &Compile) -> Vec<(&str, Vec<u32>)> {
        let keyed = compile.optimizers.iter();
        keyed
            .map(|it| (it.key.as_deref().unwrap_or(""), it.layers.iter().map(|layer| layer.0).collect()))
            .collect()
    }

    #[test]
    fn keys_are_layers_models_and_outputs() {
        let (compile, errors) = compiled("{ encoder: SGD(1e-3), kind: lamb, rest: Adam() }");
        assert_eq!(errors, Vec::<String>::new());
        let compile = compile.unwrap();
        assert_eq!(layers(&compile), [("encoder", vec![0]), ("kind", vec![3, 4]), ("rest", vec![])]);
        let names: Vec<_> = compile.optimizers.iter().map(|it| it.optimizer.rule.name()).collect();
        assert_eq!(names, ["SGD", "Lamb", "Adam"]);
        let owners: Vec<_> = (0..6).map(|layer| compile.optimizer_of(crate::graph::LayerId(layer))).collect();
        assert_eq!(owners, [0, 2, 2, 1, 1, 2]);
        // `rest` may be left out if nothing is left.
        let (compile, errors) = compiled("{ encoder: sgd, trunk: sgd, kind: adam, risk: adam }");
        assert_eq!(errors, Vec::<String>::new());
        assert_eq!(layers(&compile.unwrap())[1], ("trunk", vec![1]));
    }

    #[test]
    fn every_weight_has_one_optimizer() {
        for (optimizer, wanted) in [
            (
                "{ trnk: sgd, rest: adam }",
                "at trnk: error: the model has no layer, nested model or output `trnk`\n  = help: did you mean `trunk`?",
            ),
            (
                "{ h: sgd, rest: adam }",
                "at h: error: the model has no layer, nested model or output `h`\n  \
                 = help: `h` is bound to a tensor: the layer that outputs it is `trunk`",
            ),
            (
                "{ somewhere: sgd, rest: adam }",
                "at somewhere: error: the model has no layer, nested model or output `somewhere`\n  \
                 = help: the layers that are trained are `encoder/inner`, `trunk`, `middle`, `kind`, `risk`\n  \
                 = help: `rest` is everything that no other key means",
            ),
            (
                "{ inner: sgd, rest: adam }",
                "at inner: error: the model has no layer, nested model or output `inner`\n  \
                 = help: write its whole name: `\"encoder/inner\"`",
            ),
            (
                "{ kind: sgd, middle: adam, rest: adam }",
                "at middle: error: `middle` and `kind` both mean the layer `middle`\n  \
                 = help: remove one of the two keys: each weight is trained by one optimizer\n  \
                 = note: an output's key means every layer that leads to this output only",
            ),
            (
                "{ trunk: sgd, trunk: adam, rest: adam }",
                "at trunk: error: `trunk` stands twice in `optimizer`\n  = help: remove one",
            ),
            (
                "{ flat: sgd, rest: adam }",
                "at flat: error: `flat` has no weights that are trained\n  = help: remove it",
            ),
            (
                "{ trunk: sgd, kind: adam }",
                "at a list or map: error: no optimizer trains the layers `encoder/inner`, `risk`\n  \
                 = help: add `rest: adam`, or another optimizer for everything that no other key means",
            ),
            (
                "{ encoder: sgd, trunk: sgd, kind: adam, risk: adam, rest: adam }",
                "at rest: error: nothing is left for `rest`: the other keys mean every layer that is trained\n  \
                 = help: remove it",
            ),
            (
                "{ trunk: sdg, rest: adam }",
                "at sdg: error: unknown optimizer `sdg`\n  = help: did you mean `sgd`?",
            ),
        ] {
            let (compile, errors) = compiled(optimizer);
            assert!(compile.is_none(), "{optimizer}");
            assert_eq!(errors, [wanted], "{optimizer}");
        }
    }

    #[test]
    fn a_pattern_means_what_its_names_mean() {
        let (compile, errors) = compiled("{ ki*: sgd, rest: adam }");
        assert_eq!(errors, Vec::<String>::new());
        assert_eq!(layers(&compile.unwrap())[0], ("ki*", vec![3, 4]));
        for order in ["ki*: sgd, middle: adam", "middle: adam, ki*: sgd"] {
            let (compile, errors) = compiled(&format!("{{ {order}, rest: lamb }}"));
            assert_eq!(errors, Vec::<String>::new());
            let compile = compile.unwrap();
            assert!(layers(&compile).contains(&("ki*", vec![4])), "{order}");
        }
        for (optimizer, wanted) in [
            (
                "{ ki*: sgd, kind: adam, rest: adam }",
                "at ki*: error: nothing is left for `ki*`: the other keys mean every layer that it matches\n  \
                 = help: remove it",
            ),
            (
                "{ ki*: sgd, mid*: adam, rest: adam }",
                "at mid*: error: `mid*` and `ki*` both mean the layer `middle`\n  \
                 = help: remove one of the two keys: each weight is trained by one optimizer\n  \
                 = note: an output's key means every layer that leads to this output only",
            ),
            (
                "{ rsk*: sgd, rest: adam }",
                "at rsk*: error: the model has no layer, nested model or output that `rsk*` matches\n  \
                 = help: did you mean `risk*`?",
            ),
        ] {
            let (compile, errors) = compiled(optimizer);
            assert!(compile.is_none(), "{optimizer}");
            assert_eq!(errors, [wanted], "{optimizer}");
        }
    }

    #[test]
    fn the_reason_is_given_for_a_key_without_weights() {
        let mut frozen = model();
        frozen.graph.layers[1].trainable = false;
        let losses = "loss = { kind: mse, risk: binary_crossentropy }";
        let (_, errors) = resolved(&frozen, &format!("optimizer = {{ trunk: sgd, rest: adam }}, {losses}"));
        assert_eq!(
            errors,
            ["at trunk: error: `trunk` has no weights that are trained\n  \
              = help: remove `trainable = false` from its layers, or remove the key"]
        );
        let losses = "loss = { kind: none, risk: binary_crossentropy }";
        let (_, errors) = resolved(&model(), &format!("optimizer = {{ middle: sgd, rest: adam }}, {losses}"));
        assert_eq!(
            errors,
            ["at middle: error: `middle` has no weights that are trained\n  = help: remove it\n  \
              = note: a layer is trained if it leads to an output with a loss"]
        );
        let mut model = model();
        let trunk = model.graph.nodes[1].outputs[0];
        model.output("features", trunk);
        let losses = "loss = { kind: mse, risk: binary_crossentropy, features: mse }";
        let (_, errors) = resolved(&model, &format!("optimizer = {{ features: sgd, rest: adam }}, {losses}"));
        assert_eq!(
            errors,
            [
                "at features: error: `features` has no weights that are trained\n  = help: name a layer instead\n  \
              = note: an output's key means the layers that lead to this output only: those of `features` lead to others too"
            ]
        );
    }
}

#[test]
fn excluded_layers_are_those_of_the_model() {
    use crate::activation::Activation::Linear;
    let model = || Model::heads(&[("head", 3, Linear), ("other", 2, Linear)]).weighted();
    let told = |optimizer: &str| {
        let mut model = model();
        for (layer, name) in model.graph.layers.iter_mut().zip(["head", "other"]) {
            layer.name = name.into();
        }
        resolved(&model, &format!("{optimizer}, mse")).1
    };
    for known in ["[\"head\"]", "[\"hea\", \"other/kernel\"]", "[\"bias\"]"] {
        assert_eq!(told(&format!("Muon(exclude_layers = {known})")), [""; 0], "{known}");
    }
    let note = "  = note: `exclude_layers` has parts of names of weights, such as `dense/kernel`";
    for optimizer in ["Muon(exclude_layers = [\"haed\"])", "{ rest: Muon(exclude_layers = [\"haed\"]) }"] {
        let told = told(optimizer);
        let [error] = &told[..] else { panic!("{told:?}") };
        let text = "error: no weight of the model has `haed` in its name\n  = help: did you mean `head`?\n";
        assert!(error.ends_with(&format!("{text}{note}")), "{error}");
    }
    let told = told("Muon(exclude_layers = [\"x\"])");
    assert!(told.len() == 1 && told[0].contains("the layers with weights are `head`, `other`"), "{told:?}");
}
