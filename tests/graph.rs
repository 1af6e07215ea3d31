//! `Model::GRAPH`: the description with every argument, also in files and with lengths from constants.

use mimo::__private::{
    Argument, GraphLayer, GraphPort, GraphSpec, GraphTensor, ItemSpec, LayerCall, NestedModel, Setting,
    SpecDtype,
};
use mimo::prelude::*;
use serde_json::Value;

const UNITS: usize = 3;

model! {
    /// Nested layers.
    Encoder {
        let x = Input(shape = [5, 4]);
        let a = Bidirectional(LSTM(UNITS, return_sequences = true), name = "both", trainable = false)(x);
        let steps = TimeDistributed(Dense(UNITS * 2, name = "own", activation = "relu"))(x);
        let y = concatenate([a, steps]);
        Model(inputs = [x], outputs = [y])
    }
}

model! {
    /// A nested model that is called twice, and integers.
    Whole {
        use Encoder;
        let left = Input(shape = [5, 4]);
        let right = Input(shape = [5, 4]);
        let words = Input(shape = [2], dtype = "int32");
        let encoder = Encoder(name = "encoder");
        let h = Flatten()(encoder(left) - encoder(right));
        let e = Embedding(10, 2)(words);
        let h = Dropout(0)(concatenate([h, Flatten()(e)]));
        let h = BatchNormalization(axis = -1)(h);
        let class = Dense(4, activation = softmax, kernel_initializer = HeNormal(seed = 7))(h);
        let score = Dense(1, kernel_regularizer = L2(1e-4))(h);
        Model(inputs = [left, right, words], outputs = [class, score]).compile(
            optimizer = Adam(clipnorm = 1),
            loss = { class: categorical_crossentropy, score: Huber(delta = 2) },
            loss_weights = { score: 0.5 },
            metrics = { class: [accuracy], score: [mae] },
        )
    }
}

const GRAPH: &GraphSpec = <Whole as Model>::GRAPH;

fn layer(name: &str) -> &'static GraphLayer {
    GRAPH.layers.iter().find(|layer| layer.name == name).unwrap_or_else(|| panic!("{name}: {GRAPH:?}"))
}

#[test]
fn layers_have_all_arguments() {
    let class = layer("class");
    assert_eq!(class.item.class, "Dense");
    assert_eq!(class.item.argument("units"), Some(&Setting::Whole(4)));
    assert_eq!(class.item.argument("use_bias"), Some(&Setting::Bool(true)));
    assert_eq!(class.item.argument("name"), None);
    let initializer = class.item.argument("kernel_initializer").and_then(Setting::item).unwrap();
    assert_eq!((initializer.class, initializer.argument("seed")), ("HeNormal", Some(&Setting::Whole(7))));
    assert_eq!(class.weights, ["class/kernel", "class/bias"]);
    assert_eq!(layer("batch_normalization").item.argument("axis"), Some(&Setting::Negative(-1)));
    assert_eq!(layer("dropout").item.argument("rate"), Some(&Setting::Float(0.0)));
}

#[test]
fn layers_of_layers_and_of_models_are_layers() {
    let both = layer("encoder/both");
    assert!(!both.trainable);
    assert_eq!(
        both.model.map(|at| (GRAPH.models[at].class, GRAPH.models[at].name)),
        Some(("Encoder", "encoder"))
    );
    let parts: Vec<_> = both.parts.iter().map(|&at| &GRAPH.layers[at]).collect();
    let backwards = |part: &&GraphLayer| part.item.argument("go_backwards").cloned();
    assert_eq!(
        parts.iter().map(backwards).collect::<Vec<_>>(),
        [false, true].map(|it| Some(Setting::Bool(it)))
    );
    for part in parts {
        assert_eq!(part.item.argument("units"), Some(&Setting::Whole(UNITS)));
        assert_eq!((part.item.class, part.weights.len()), ("LSTM", 3));
    }
    let steps = layer("encoder/time_distributed");
    let inner = steps.item.argument("layer").and_then(Setting::item).unwrap();
    assert_eq!((inner.class, inner.argument("units")), ("Dense", Some(&Setting::Whole(2 * UNITS))));
    assert_eq!(inner.argument("activation").and_then(Setting::item).map(|it| it.class), Some("relu"));
    assert_eq!(steps.weights[0], "encoder/time_distributed/own/kernel");
}

#[test]
fn calls_lead_from_inputs_to_outputs() {
    let mut known: Vec<usize> = GRAPH.inputs.iter().map(|port| port.tensor).collect();
    for call in GRAPH.calls {
        assert!(call.inputs.iter().all(|input| known.contains(input)), "{call:?}");
        known.extend(call.outputs);
    }
    for (port, output) in GRAPH.outputs.iter().zip(<Whole as Model>::SPEC.outputs) {
        assert!(known.contains(&port.tensor));
        assert_eq!((port.name, GRAPH.tensors[port.tensor].shape), (output.name, output.shape));
    }
    let subtract = GRAPH.layers.iter().position(|layer| layer.item.class == "Subtract").unwrap();
    assert_eq!(GRAPH.calls.iter().filter(|call| call.layer == subtract).count(), 1);
    let weights = GRAPH.layers.iter().flat_map(|layer| layer.weights);
    let mut weights: Vec<_> = weights.copied().collect();
    let mut wanted: Vec<_> = <Whole as Model>::SPEC.weights.iter().map(|weight| weight.name).collect();
    weights.sort_unstable();
    wanted.sort_unstable();
    assert_eq!(weights, wanted);
}

#[test]
fn plans_refer_to_layers() {
    let plan = <Whole as Model>::PLAN;
    assert_eq!(plan.params.len(), <Whole as Model>::SPEC.weights.len());
    for (param, weight) in plan.params.iter().zip(<Whole as Model>::SPEC.weights) {
        assert!(GRAPH.layers[param.layer].weights.contains(&weight.name));
    }
    assert_eq!((plan.inputs.len(), plan.outputs.len(), plan.losses.len()), (3, 2, 2));
    assert!(plan.operations.iter().any(|step| step.steps == Some(5)));
    assert!(plan.heads.iter().chain(plan.trunk).all(|&at| plan.operations[at].backward));
}

/// The graph in the header of a file.
fn in_file() -> Value {
    let bytes = mimo::file::to_bytes(&Whole::new(1)).unwrap();
    let len = u64::from_le_bytes(*bytes.first_chunk().unwrap()) as usize;
    let header: Value = serde_json::from_slice(&bytes[8..8 + len]).unwrap();
    assert_eq!(header["__metadata__"]["version"], "2");
    serde_json::from_str(header["__metadata__"]["graph"].as_str().unwrap()).unwrap()
}

#[test]
fn files_carry_the_graph() {
    let json = in_file();
    let read = GraphSpec {
        layers: list(&json["layers"], |it| GraphLayer {
            name: text(&it["name"]),
            item: item(it),
            trainable: it["trainable"].as_bool().unwrap(),
            model: it["model"].as_u64().map(|at| at as usize),
            whole: it["whole"].as_u64().map(|at| at as usize),
            parts: list(&it["parts"], whole),
            weights: list(&it["weights"], text),
        }),
        calls: list(&json["calls"], |it| LayerCall {
            steps: it["steps"].as_u64().expect("steps") as usize,
            layer: whole(&it["layer"]),
            inputs: list(&it["inputs"], whole),
            keywords: list(&it["keywords"], text),
            outputs: list(&it["outputs"], whole),
        }),
        tensors: list(&json["tensors"], |it| GraphTensor {
            binding: it["binding"].as_str().map(|_| text(&it["binding"])),
            shape: list(&it["shape"], whole),
            dtype: if it["dtype"] == "int" { SpecDtype::Int } else { SpecDtype::Float },
        }),
        models: list(&json["models"], |it| NestedModel {
            class: text(&it["class"]),
            name: text(&it["name"]),
        }),
        inputs: list(&json["inputs"], port),
        outputs: list(&json["outputs"], port),
    };
    let layers: Vec<_> =
        GRAPH.layers.iter().map(|layer| GraphLayer { item: plain(&layer.item), ..layer.clone() }).collect();
    assert_eq!(read, GraphSpec { layers: layers.leak(), ..GRAPH.clone() });
}

#[test]
fn files_carry_the_compile_settings() {
    let json = in_file();
    let [class, score] = &json["outputs"].as_array().unwrap()[..] else { panic!("{json}") };
    assert_eq!(class["loss"]["class"], "CategoricalCrossentropy");
    assert_eq!((&class["metrics"][0]["name"], &class["weight"]), (&"accuracy".into(), &1.0.into()));
    assert_eq!((&score["loss"]["class"], &score["weight"]), (&"Huber".into(), &0.5.into()));
    assert_eq!(json["optimizer"]["class"], "Adam");
    assert_eq!(json["optimizer"]["arguments"]["learning_rate"], 0.001);
}

fn list<T>(json: &Value, each: impl Fn(&Value) -> T) -> &'static [T] {
    json.as_array().unwrap().iter().map(each).collect::<Vec<_>>().leak()
}

fn whole(json: &Value) -> usize {
    json.as_u64().unwrap() as usize
}

fn text(json: &Value) -> &'static str {
    json.as_str().unwrap().to_owned().leak()
}

fn port(json: &Value) -> GraphPort {
    GraphPort { name: text(&json["name"]), tensor: whole(&json["tensor"]) }
}

/// An item whose list of defaults is the list of its values, in alphabetical order, as in files.
fn item(json: &Value) -> ItemSpec {
    let arguments = json["arguments"].as_object().unwrap().iter();
    let arguments = arguments.map(|(name, value)| (&*name.clone().leak(), setting(value)));
    of(text(&json["class"]), arguments.collect())
}

fn of(class: &'static str, mut arguments: Vec<(&'static str, Setting)>) -> ItemSpec {
    arguments.sort_by_key(|(name, _)| *name);
    let arguments: Vec<_> = arguments.into_iter().map(|(name, value)| Argument { name, value }).collect();
    ItemSpec { class, defaults: arguments.leak(), given: &[] }
}

fn setting(json: &Value) -> Setting {
    match json {
        Value::Null => Setting::None,
        Value::Bool(value) => Setting::Bool(*value),
        Value::Number(value) => match (value.as_u64(), value.as_i64()) {
            (Some(value), _) => Setting::Whole(value as usize),
            (None, Some(value)) => Setting::Negative(value),
            (None, None) => Setting::Float(value.as_f64().unwrap()),
        },
        Value::String(_) => Setting::Text(text(json)),
        Value::Array(_) => Setting::List(list(json, setting)),
        Value::Object(_) => Setting::Item(item(json)),
    }
}

/// An item of the model in the same form.
fn plain(item: &ItemSpec) -> ItemSpec {
    let value = |value: &Setting| match value {
        Setting::Item(item) => Setting::Item(plain(item)),
        other => other.clone(),
    };
    of(item.class, item.arguments().map(|(name, it)| (name, value(it))).collect())
}
