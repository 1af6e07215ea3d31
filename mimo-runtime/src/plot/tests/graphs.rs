//! Graphs of models: their boxes and what stands in them.

use mimo_graph::spec::{
    Argument, Connection, GraphLayer, GraphPort, GraphSpec, GraphTensor, InputSpec, ItemSpec, LayerCall,
    ModelSpec, NestedModel, OutputSpec, Setting,
};

use super::*;

const fn layer(name: &'static str, class: &'static str, model: Option<usize>) -> GraphLayer {
    GraphLayer { name, item: ItemSpec::plain(class), model, ..GraphLayer::PLAIN }
}

const fn call(layer: usize, inputs: &'static [usize], outputs: &'static [usize]) -> LayerCall {
    LayerCall { layer, inputs, keywords: &[], outputs, steps: 0 }
}

const fn tensor(shape: &'static [usize]) -> GraphTensor {
    GraphTensor { binding: None, shape, dtype: mimo_graph::shape::Dtype::Float }
}

const fn output(name: &'static str) -> OutputSpec {
    OutputSpec {
        name,
        shape: &[3],
        source: Connection::first("x"),
        loss: Some(mimo_graph::loss::Loss::MeanSquaredError),
        weight: 1.0,
        metrics: &[],
        unweighted: 0,
        range: mimo_graph::target::TargetRange::Any,
    }
}

const SPEC: ModelSpec = ModelSpec {
    name: "Net",
    inputs: &[] as &[InputSpec],
    outputs: &[output("same<b>")],
    layers: &[],
    weights: &[],
    optimizers: &[],
};

/// The texts of a graph, after a check that they stand in boxes and are not cut.
fn graph_texts(picture: &Picture) -> Vec<String> {
    let svg = picture.to_svg();
    let document = roxmltree::Document::parse(&svg).unwrap();
    let number = |node: &roxmltree::Node<'_, '_>, name: &str| -> f64 {
        node.attribute(name).and_then(|text| text.parse().ok()).unwrap_or(0.0)
    };
    let named = |name: &'static str| document.descendants().filter(move |node| node.has_tag_name(name));
    let boxes: Vec<[f64; 4]> = named("rect")
        .map(|node| ["x", "y", "width", "height"].map(|name| number(&node, name)))
        .filter(|[_, _, width, _]| *width > 0.0)
        .collect();
    // The title comes first, and shapes have a halo.
    let of_boxes = named("text").skip(1);
    for node in of_boxes.filter(|node| !node.attribute("class").unwrap_or("").contains("halo")) {
        let (x, y, text) = (number(&node, "x"), number(&node, "y"), node.text().unwrap_or(""));
        let width = svg::width(text, number(&node, "font-size"));
        let (left, right) = match node.attribute("text-anchor") {
            Some("middle") => (x - width / 2.0, x + width / 2.0),
            Some("end") => (x - width, x),
            _ => (x, x + width),
        };
        let is_inside =
            |&[x, y0, wide, high]: &[f64; 4]| left > x && right < x + wide && y > y0 && y < y0 + high;
        assert!(boxes.iter().any(is_inside) && !text.contains('…'), "`{text}`");
    }
    texts(picture)
}

#[test]
fn boxes_are_as_wide_as_their_texts() {
    const LIST: Setting = Setting::List(&[const { Setting::Whole(1_000_000) }; 60]);
    const NAME: &str = "the_concentration_of_nitrogen_dioxide_in_the_air_above_the_motorway_at_the_northern_border_of_the_town";
    const ITEM: ItemSpec =
        ItemSpec { given: &[Argument { name: "kernel_size", value: LIST }], ..ItemSpec::plain("Reshape") };
    let outputs: Vec<OutputSpec> = vec![output(NAME)];
    let spec = ModelSpec { outputs: outputs.leak(), ..SPEC };
    // Alone in its box, and in a stack of many.
    for count in [1, 60] {
        let layers: Vec<GraphLayer> = (0..count)
            .map(|index| match index {
                0 => GraphLayer { name: NAME, item: ITEM, ..GraphLayer::PLAIN },
                _ => layer(NAME, "D", None),
            })
            .collect();
        let graph = GraphSpec {
            layers: layers.leak(),
            calls: (0..count)
                .map(|index| call(index, vec![index].leak(), vec![index + 1].leak()))
                .collect::<Vec<_>>()
                .leak(),
            tensors: vec![tensor(&[16]); count + 1].leak(),
            models: &[],
            inputs: &[GraphPort { name: "x", tensor: 0 }],
            outputs: vec![GraphPort { name: NAME, tensor: count }].leak(),
        };
        let texts = graph_texts(&graph::draw(&spec, &graph));
        assert!(has(&texts, NAME), "{texts:?}");
        let numbers: usize = texts.iter().map(|text| text.matches("1000000").count()).sum();
        assert_eq!(numbers, 60, "{texts:?}");
    }
}

#[test]
fn many_outputs_or_inputs_stand_in_several_rows() {
    let names: Vec<String> = (0..26).map(|index| format!("value_number_{index}")).collect();
    let names: &'static [String] = names.leak();
    let port = |index: usize, tensor: usize| GraphPort { name: &names[index], tensor };
    let heads = GraphSpec {
        layers: names.iter().map(|name| layer(name, "Dense", None)).collect::<Vec<_>>().leak(),
        calls: (0..26).map(|index| call(index, &[0], vec![index + 1].leak())).collect::<Vec<_>>().leak(),
        tensors: vec![tensor(&[16]); 27].leak(),
        models: &[],
        inputs: &[GraphPort { name: "x", tensor: 0 }],
        outputs: (0..26).map(|index| port(index, index + 1)).collect::<Vec<_>>().leak(),
    };
    let inputs: Vec<usize> = (0..26).collect();
    let joined = GraphSpec {
        layers: vec![layer("concatenate", "Concatenate", None)].leak(),
        calls: vec![call(0, inputs.leak(), &[26])].leak(),
        tensors: vec![tensor(&[16]); 27].leak(),
        models: &[],
        inputs: (0..26).map(|index| port(index, index)).collect::<Vec<_>>().leak(),
        outputs: &[GraphPort { name: "y", tensor: 26 }],
    };
    for graph in [heads, joined] {
        let picture = graph::draw(&SPEC, &graph);
        let texts = graph_texts(&picture);
        assert!(names.iter().all(|name| has(&texts, name)), "{texts:?}");
        let (wide, high) = picture.size();
        assert!(wide < 1400.0 && high < 800.0, "{wide} × {high}");
    }
}

#[test]
fn a_nested_model_is_one_box_for_each_of_its_calls() {
    const GRAPH: GraphSpec = GraphSpec {
        layers: &[
            layer("encoder/dense", "Dense", Some(0)),
            layer("encoder/relu", "Activation", Some(0)),
            layer("add", "Add", None),
        ],
        calls: &[
            call(0, &[0], &[2]),
            call(1, &[2], &[3]),
            call(0, &[1], &[4]),
            call(1, &[4], &[5]),
            call(2, &[3, 5], &[6]),
        ],
        tensors: &[const { tensor(&[4]) }; 7],
        models: &[NestedModel { class: "Encoder", name: "encoder" }],
        inputs: &[GraphPort { name: "left", tensor: 0 }, GraphPort { name: "right", tensor: 1 }],
        outputs: &[GraphPort { name: "same<b>", tensor: 6 }],
    };
    let texts = graph_texts(&graph::draw(&SPEC, &GRAPH));
    for text in [
        "left",
        "right",
        "encoder",
        "encoder (call 2)",
        "Encoder",
        "add",
        "output same<b> [4] · mean_squared_error",
    ] {
        assert!(has(&texts, text), "{text}: {texts:?}");
    }
    assert!(!has(&texts, "encoder/dense"), "{texts:?}");
    assert_eq!(
        texts.iter().filter(|text| *text == "4").count(),
        4,
        "the shape of each tensor between boxes: {texts:?}"
    );
}

#[test]
fn a_nested_model_around_a_layer_is_drawn_layer_by_layer() {
    // The second call reads the first, and a layer between them.
    const GRAPH: GraphSpec = GraphSpec {
        layers: &[layer("fuse/add", "Add", Some(0)), layer("between", "Dense", None)],
        calls: &[call(0, &[0, 0], &[1]), call(1, &[1], &[2]), call(0, &[1, 2], &[3])],
        tensors: &[const { tensor(&[]) }; 4],
        models: &[NestedModel { class: "Fuse", name: "fuse" }],
        inputs: &[GraphPort { name: "x", tensor: 0 }],
        outputs: &[GraphPort { name: "y", tensor: 3 }],
    };
    let texts = graph_texts(&graph::draw(&SPEC, &GRAPH));
    for text in ["fuse/add", "between", "fuse/add (call 2)"] {
        assert!(has(&texts, text), "{text}: {texts:?}");
    }
}

#[test]
fn two_hundred_layers_have_their_names_and_few_boxes() {
    // A chain, with a branch around every tenth layer.
    let names: Vec<String> = (0..200).map(|index| format!("layer_{index}")).collect();
    let names: &'static [String] = names.leak();
    let layers: Vec<GraphLayer> = names.iter().map(|name| layer(name, "Dense", None)).collect();
    let calls: Vec<LayerCall> = (0..200)
        .map(|index| {
            let inputs: Vec<usize> = if index % 10 == 9 { vec![index, index - 3] } else { vec![index] };
            call(index, inputs.leak(), vec![index + 1].leak())
        })
        .collect();
    let graph = GraphSpec {
        layers: layers.leak(),
        calls: calls.leak(),
        tensors: vec![tensor(&[16]); 201].leak(),
        models: &[],
        inputs: &[GraphPort { name: "x", tensor: 0 }],
        outputs: &[GraphPort { name: "y", tensor: 200 }],
    };
    let picture = graph::draw(&SPEC, &graph);
    let texts = graph_texts(&picture);
    assert!(names.iter().all(|name| has(&texts, name)), "{texts:?}");
    let boxes = picture.to_svg().matches("class=\"box\"").count();
    assert!(boxes < 70, "{boxes}");
    // References to what is not there are left out.
    let broken = GraphSpec { layers: &[], tensors: &[], ..graph };
    graph::draw(&SPEC, &broken).to_svg();
    texts_of_empty();
}

fn texts_of_empty() {
    let texts = texts(&graph::draw(&SPEC, GraphSpec::EMPTY));
    assert_eq!(texts, ["Net"]);
}
