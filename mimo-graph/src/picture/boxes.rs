//! The graph of a model as boxes and lines.

use std::collections::BTreeMap;
use std::fmt::Write;

use super::layered::{Layout, layout};
use super::svg::{Anchor, Canvas, Number, width};

/// Of more boxes, those without a branch between them share one.
const MANY: usize = 40;
/// Space between ranks, in which the shapes of tensors stand.
const BETWEEN: f64 = 42.0;
/// The part of it in which lines go straight down, beside their shapes.
const STRAIGHT: f64 = 16.0;
/// Height of a line of text.
const LINE: f64 = 15.0;
/// Longer texts about a layer have several lines, broken between settings.
const LONGEST: f64 = 320.0;
/// Ranks of a wider graph are folded, and boxes without a branch between them share one.
const WIDEST: f64 = 1100.0;
/// Bold letters are as wide as plain ones of a size that is larger by this.
const BOLD: f64 = 1.1;

/// A graph to draw. Tensors and models are named by their indices.
#[derive(Clone, Debug, Default)]
pub struct Drawn {
    /// The name of the model.
    pub title: String,
    /// The shape of each tensor.
    pub shapes: Vec<String>,
    /// Inputs: name and tensor.
    pub inputs: Vec<(String, usize)>,
    /// Calls of layers in topological order.
    pub calls: Vec<DrawnCall>,
    /// Nested models: name, class, and what is said about their parameters.
    pub models: Vec<[String; 3]>,
    /// Outputs: name, tensor, and the loss if there is one.
    pub outputs: Vec<(String, usize, Option<String>)>,
}

/// A call of a layer.
#[derive(Clone, Debug, Default)]
pub struct DrawnCall {
    /// The layer, by which its calls are counted.
    pub layer: usize,
    /// Its name.
    pub name: String,
    /// Its class and settings.
    pub about: String,
    /// Its number of parameters, if it has any.
    pub parameters: String,
    /// The nested model that it belongs to.
    pub model: Option<usize>,
    /// The tensors that it reads.
    pub inputs: Vec<usize>,
    /// The tensors that it outputs.
    pub outputs: Vec<usize>,
}

/// A box: an input, calls of layers, or a nested model.
#[derive(Debug)]
struct Node {
    kind: Kind,
    lines: Vec<Line>,
    /// The outputs of the model that it computes.
    outputs: Vec<String>,
}

/// A layer in a box.
#[derive(Clone, Debug)]
struct Line {
    name: String,
    /// Class and settings.
    about: String,
    /// Shape of its output, which a box with several lines has in the line.
    shape: String,
    /// Number of parameters, if there are any.
    parameters: String,
}

impl Line {
    /// Text beside or below the name.
    fn text(&self, with_shape: bool) -> String {
        let shape = if with_shape { &*self.shape } else { "" };
        let parts = [&*self.about, shape, &*self.parameters];
        parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" · ")
    }
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Kind {
    Input,
    Layer,
    Nested,
}

/// A tensor that is read.
#[derive(Clone, Debug, PartialEq)]
struct Edge {
    from: usize,
    to: usize,
    shape: String,
}

/// Draws a graph. Returns the width and height, and the shapes.
pub fn draw(graph: &Drawn) -> ((f64, f64), Canvas) {
    let (nodes, edges) = boxes(graph);
    let (sizes, placed) = place(&nodes, &edges);
    let (nodes, edges, sizes, placed) = if nodes.len() > MANY || placed.size.0 > WIDEST {
        let (nodes, edges) = stacked(nodes, edges);
        let (sizes, placed) = place(&nodes, &edges);
        (nodes, edges, sizes, placed)
    } else {
        (nodes, edges, sizes, placed)
    };
    const MARGIN: f64 = 14.0;
    // Shapes stand to the right of their lines, also of the last.
    let shapes = edges.iter().map(|edge| width(&edge.shape, 10.0)).fold(0.0, f64::max);
    let shift = |(x, y): (f64, f64)| (x + MARGIN, y + MARGIN + 24.0);
    let mut canvas = Canvas::default();
    let whole = (placed.size.0 + 2.0 * MARGIN + shapes / 2.0).max(width(&graph.title, 14.0) + 2.0 * MARGIN);
    canvas.text((MARGIN, 22.0), Anchor::Start, 14.0, "ink strong", &graph.title);
    for route in &placed.routes {
        let points: Vec<_> = route.iter().copied().map(shift).collect();
        line(&mut canvas, &points);
    }
    // One shape for each tensor, at its begin.
    let mut shown: Vec<(usize, &str)> = Vec::new();
    for (edge, route) in edges.iter().zip(&placed.routes) {
        if let Some(&start) = route.first()
            && !shown.contains(&(edge.from, &edge.shape))
        {
            let place = shown.iter().filter(|(from, _)| *from == edge.from).count() as f64;
            shown.push((edge.from, &edge.shape));
            let (x, y) = shift(start);
            canvas.text((x + 5.0, y + 13.0 + 11.0 * place), Anchor::Start, 10.0, "dim halo", &edge.shape);
        }
    }
    for ((node, &center), &(wide, high)) in nodes.iter().zip(&placed.centers).zip(&sizes) {
        let (x, y) = shift(center);
        draw_box(&mut canvas, node, [x - wide / 2.0, y - high / 2.0, wide, high]);
    }
    ((whole, placed.size.1 + 2.0 * MARGIN + 28.0), canvas)
}

/// The sizes of boxes, and their places.
fn place(nodes: &[Node], edges: &[Edge]) -> (Vec<(f64, f64)>, Layout) {
    let sizes: Vec<(f64, f64)> = nodes.iter().map(size).collect();
    let pairs: Vec<(usize, usize)> = edges.iter().map(|edge| (edge.from, edge.to)).collect();
    let placed = layout(&sizes, &pairs, BETWEEN, WIDEST);
    (sizes, placed)
}

/// The boxes in topological order, and the tensors between them.
fn boxes(graph: &Drawn) -> (Vec<Node>, Vec<Edge>) {
    let shape = |tensor: usize| graph.shapes.get(tensor).cloned().unwrap_or_default();
    let input = |(name, tensor): &(String, usize)| {
        let (shape, parameters) = (shape(*tensor), String::new());
        let line = Line { name: name.clone(), about: "Input".into(), shape, parameters };
        Node { kind: Kind::Input, lines: vec![line], outputs: vec![] }
    };
    let mut nodes: Vec<Node> = graph.inputs.iter().map(input).collect();
    let mut makers: BTreeMap<usize, usize> =
        graph.inputs.iter().enumerate().map(|(i, input)| (input.1, i)).collect();
    let groups = nested(&graph.calls);
    let mut calls_of: BTreeMap<(bool, usize), usize> = BTreeMap::new();
    let mut node_of_group: BTreeMap<usize, usize> = BTreeMap::new();
    let mut edges: Vec<Edge> = Vec::new();
    for (call, group) in graph.calls.iter().zip(&groups) {
        let place = match group.and_then(|group| node_of_group.get(&group)) {
            Some(&place) => place,
            None => {
                let place = nodes.len();
                let model = call.model.filter(|_| group.is_some());
                let mut node = node(graph, call, model, &mut calls_of);
                if let (Some(line), Some(&tensor)) = (node.lines.first_mut(), call.outputs.first()) {
                    line.shape = shape(tensor);
                }
                nodes.push(node);
                if let Some(group) = group {
                    node_of_group.insert(*group, place);
                }
                place
            }
        };
        for &tensor in &call.inputs {
            if let Some(&from) = makers.get(&tensor)
                && from != place
            {
                let edge = Edge { from, to: place, shape: shape(tensor) };
                // A nested model may read a tensor in several places.
                if group.is_none() || !edges.contains(&edge) {
                    edges.push(edge);
                }
            }
        }
        makers.extend(call.outputs.iter().map(|tensor| (*tensor, place)));
    }
    for (name, tensor, loss) in &graph.outputs {
        if let Some(node) = makers.get(tensor).and_then(|place| nodes.get_mut(*place)) {
            let loss = loss.as_ref().map_or(String::new(), |loss| format!(" · {loss}"));
            let is_layers = node.lines.last().is_some_and(|line| line.name == *name);
            let name = if is_layers { String::new() } else { format!("{name} ") };
            node.outputs.push(format!("output {name}[{}]{loss}", shape(*tensor)));
        }
    }
    (nodes, edges)
}

/// The call of a layer as a box, or that of the nested model to which it belongs.
fn node(
    graph: &Drawn,
    call: &DrawnCall,
    model: Option<usize>,
    calls_of: &mut BTreeMap<(bool, usize), usize>,
) -> Node {
    let of_model = model.and_then(|model| Some((model, graph.models.get(model)?)));
    let (key, kind, [name, about, parameters]) = match of_model {
        Some((model, texts)) => ((true, model), Kind::Nested, texts.clone()),
        None => {
            let texts = [&call.name, &call.about, &call.parameters].map(String::clone);
            ((false, call.layer), Kind::Layer, texts)
        }
    };
    let mut line = Line { name, about, shape: String::new(), parameters };
    let calls = calls_of.entry(key).or_insert(0);
    *calls += 1;
    if *calls > 1 {
        let _ = write!(line.name, " (call {calls})");
    }
    Node { kind, lines: vec![line], outputs: vec![] }
}

/// For each call, a number of the box of the nested model to which it belongs. Calls of one nested model that read each other's tensors share a
/// box, unless there would be a cycle.
fn nested(calls: &[DrawnCall]) -> Vec<Option<usize>> {
    let model = |call: usize| calls.get(call)?.model;
    let maker: BTreeMap<usize, usize> = (calls.iter().enumerate())
        .flat_map(|(index, call)| call.outputs.iter().map(move |tensor| (*tensor, index)))
        .collect();
    let mut groups: Vec<usize> = (0..calls.len()).collect();
    let read = |index: usize| {
        let inputs = calls.get(index).map_or(&[][..], |call| &call.inputs);
        inputs.iter().filter_map(|tensor| maker.get(tensor).copied())
    };
    for index in 0..groups.len() {
        if model(index).is_none() {
            continue;
        }
        for other in read(index).filter(|&other| model(other) == model(index)) {
            let (a, b) = (groups[index], groups[other]);
            let (least, greatest) = (a.min(b), a.max(b));
            groups.iter_mut().filter(|group| **group == greatest).for_each(|group| *group = least);
        }
    }
    // A box stands where its first call does, so a tensor from outside must not come from a later box.
    let first = |group: usize| groups.iter().position(|it| *it == group).unwrap_or(group);
    let is_cyclic = (0..groups.len()).any(|index| {
        let group = groups[index];
        read(index).any(|other| groups[other] != group && first(groups[other]) > first(group))
    });
    let of = |index: usize| (model(index).is_some() && !is_cyclic).then(|| groups[index]);
    (0..groups.len()).map(of).collect()
}

/// Joins boxes of which the first has one reader and the second reads nothing else.
fn stacked(nodes: Vec<Node>, edges: Vec<Edge>) -> (Vec<Node>, Vec<Edge>) {
    let mut read = vec![0_usize; nodes.len()];
    let mut reads = vec![0_usize; nodes.len()];
    for edge in &edges {
        read[edge.from] += 1;
        reads[edge.to] += 1;
    }
    let mut place = vec![0; nodes.len()];
    let mut joined: Vec<Node> = Vec::new();
    for (index, node) in nodes.into_iter().enumerate() {
        let before = edges.iter().find(|edge| edge.to == index).map(|edge| (edge.from, &edge.shape));
        match before.filter(|(before, _)| reads[index] == 1 && read[*before] == 1 && node.kind == Kind::Layer)
        {
            Some((before, _))
                if joined
                    .get(place[before])
                    .is_some_and(|it| it.kind == Kind::Layer && it.outputs.is_empty()) =>
            {
                place[index] = place[before];
                if let Some(stack) = joined.get_mut(place[before]) {
                    stack.lines.extend(node.lines);
                    stack.outputs.extend(node.outputs);
                }
            }
            _ => {
                place[index] = joined.len();
                joined.push(node);
            }
        }
    }
    let edges = edges.into_iter().map(|edge| Edge { from: place[edge.from], to: place[edge.to], ..edge });
    (joined, edges.filter(|edge| edge.from != edge.to).collect())
}

/// A row of text in a box.
#[derive(Debug, PartialEq)]
enum Row<'n> {
    /// The name of the only layer.
    Title(&'n str),
    /// Something about it.
    About(String),
    /// The name of one of several layers, and something about it beside it.
    Pair(&'n str, String),
    /// More about it.
    More(String),
    Output(String),
}

/// Space at the sides of a box, and between a name and the text beside it.
const SIDE: f64 = 10.0;
const GAP: f64 = 14.0;
const TITLE_SIZE: f64 = 12.0;
const NAME_SIZE: f64 = 11.0;
const TEXT_SIZE: f64 = 10.0;

impl Row<'_> {
    fn width(&self) -> f64 {
        match self {
            Row::Title(name) => width(name, TITLE_SIZE * BOLD),
            Row::Pair(name, text) => width(name, NAME_SIZE * BOLD) + GAP + width(text, TEXT_SIZE),
            Row::About(text) | Row::More(text) | Row::Output(text) => width(text, TEXT_SIZE),
        }
    }
}

/// The rows of a box, by which it is measured and drawn.
fn rows(node: &Node) -> Vec<Row<'_>> {
    let mut rows = vec![];
    for line in &node.lines {
        let is_only = node.lines.len() == 1;
        let mut texts = wrapped(&line.text(!is_only)).into_iter();
        if is_only {
            rows.push(Row::Title(&line.name));
            rows.extend(texts.map(Row::About));
        } else {
            rows.push(Row::Pair(&line.name, texts.next().unwrap_or_default()));
            rows.extend(texts.map(Row::More));
        }
    }
    let outputs = node.outputs.iter().flat_map(|output| wrapped(output));
    rows.extend(outputs.map(Row::Output));
    rows
}

/// Lines of a text, which is broken after commas and points where it is too long. A part that is too long by itself stays whole.
fn wrapped(text: &str) -> Vec<String> {
    let mut lines: Vec<String> = vec![];
    for part in text.split_inclusive(", ").flat_map(|part| part.split_inclusive("· ")) {
        match lines.last_mut() {
            Some(line) if width(line, TEXT_SIZE) + width(part.trim_end(), TEXT_SIZE) <= LONGEST => {
                line.push_str(part);
            }
            _ => lines.push(part.to_owned()),
        }
    }
    lines.iter().map(|line| line.trim_end().to_owned()).filter(|line| !line.is_empty()).collect()
}

/// Width and height of a box.
fn size(node: &Node) -> (f64, f64) {
    let rows = rows(node);
    let wide = rows.iter().map(Row::width).fold(60.0, f64::max);
    (wide + 2.0 * SIDE, LINE * rows.len() as f64 + 10.0)
}

fn draw_box(canvas: &mut Canvas, node: &Node, [x, y, wide, high]: [f64; 4]) {
    let class = match node.kind {
        Kind::Input => "input",
        _ if !node.outputs.is_empty() => "output",
        Kind::Nested => "nested",
        Kind::Layer => "box",
    };
    let round = if node.kind == Kind::Input { 14 } else { 4 };
    let hint: Vec<String> = node
        .lines
        .iter()
        .map(|line| format!("{}: {}", line.name, line.text(true)))
        .chain(node.outputs.clone())
        .collect();
    let stroke = if node.outputs.is_empty() { "1" } else { "2" };
    let attributes = format!("class=\"{class}\" rx=\"{round}\" stroke-width=\"{stroke}\"");
    canvas.rect([x, y, wide, high], &attributes, Some(&hint.join("\n")));
    let (left, middle, right) = (x + SIDE, x + wide / 2.0, x + wide - SIDE);
    for (place, row) in rows(node).iter().enumerate() {
        let y = y + 16.0 + LINE * place as f64;
        match row {
            Row::Title(name) => canvas.text((middle, y), Anchor::Middle, TITLE_SIZE, "ink strong", name),
            Row::About(text) => canvas.text((middle, y), Anchor::Middle, TEXT_SIZE, "dim", text),
            Row::Pair(name, text) => {
                canvas.text((left, y), Anchor::Start, NAME_SIZE, "ink strong", name);
                canvas.text((right, y), Anchor::End, TEXT_SIZE, "dim", text);
            }
            Row::More(text) => canvas.text((right, y), Anchor::End, TEXT_SIZE, "dim", text),
            Row::Output(text) => canvas.text((middle, y), Anchor::Middle, TEXT_SIZE, "ink", text),
        }
    }
}

/// A line that leaves and enters its points from above, with a head.
fn line(canvas: &mut Canvas, points: &[(f64, f64)]) {
    let (Some((x, y)), Some((end_x, end_y))) = (points.first(), points.last()) else { return };
    canvas.push(format_args!(
        "<path class=\"edge\" fill=\"none\" stroke-width=\"1.3\" d=\"M{},{}",
        Number(*x),
        Number(*y)
    ));
    canvas.push(format_args!(" L{},{}", Number(*x), Number(y + STRAIGHT)));
    let curved = [(*x, y + STRAIGHT)].into_iter().chain(points.iter().skip(1).copied());
    let curved: Vec<(f64, f64)> = curved.collect();
    for pair in curved.windows(2) {
        let &[(x1, y1), (x2, y2)] = pair else { continue };
        if (x1 - x2).abs() < 0.01 {
            canvas.push(format_args!(" L{},{}", Number(x2), Number(y2)));
        } else {
            let middle = (y1 + y2) / 2.0;
            let [x1, x2, y2, middle] = [x1, x2, y2, middle].map(Number);
            canvas.push(format_args!(" C{x1},{middle} {x2},{middle} {x2},{y2}"));
        }
    }
    let [left, right, base, x, y] = [end_x - 3.5, end_x + 3.5, end_y - 7.0, *end_x, *end_y].map(Number);
    canvas
        .push(format_args!("\"/>\n<path class=\"head\" d=\"M{x},{y} L{left},{base} L{right},{base} Z\"/>\n"));
}
