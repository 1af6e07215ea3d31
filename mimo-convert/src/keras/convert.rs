//! A model of Keras as blocks of source. Each statement is evaluated as soon as it is made, so that shapes of nested models and
//! numbers of outputs are known, and a mistake is reported at its layer.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use mimo_graph::graph::Graph;
use mimo_graph::value::ValueKind;
use serde_json::Value as Json;

use crate::description::metadata;
use crate::error::Error;
use crate::keras::config::{self, Layer, Model, Tensor};
use crate::keras::order::{order, prune};
use crate::keras::state::{State, augments, is_whole, read_outputs, settings_shown, without_last_axis};
use crate::keras::{applications, calls, compile, layers, operations};
use crate::source::evaluate::{Evaluated, Evaluator, Models};
use crate::source::names::{self, Taken};
use crate::source::{self, Block, Callee, Expr, Let, Port, Statement, keyword, text, value, whole};

/// Lengths of axes that are `None` in Keras, by the names of inputs.
pub type Lengths = BTreeMap<String, Vec<usize>>;

/// Something that the source does not have, or has otherwise.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// The layer, with the models around it.
    pub place: String,
    /// What is missing, why, and what to do.
    pub reason: String,
    /// Whether the model computes something else because of it.
    pub is_missing: bool,
}

/// A converted model.
#[derive(Debug)]
pub struct Conversion {
    /// The models, nested ones first.
    pub parts: Vec<Part>,
    /// The model itself as its source is read: its calls have the order of the source.
    pub written: Evaluated,
    /// Missing parts, in the order of the layers.
    pub problems: Vec<Problem>,
}

/// One model of a conversion.
#[derive(Debug)]
pub struct Part {
    /// Its source.
    pub block: Block,
    /// What the source means.
    pub evaluated: Evaluated,
    /// Keras's model.
    pub model: Model,
    /// By Keras's name of a nested model: the name of its struct.
    pub nested: BTreeMap<String, String>,
}

impl Conversion {
    /// Whether the source means all that the file does.
    pub fn is_complete(&self) -> bool {
        !self.problems.iter().any(|problem| problem.is_missing)
    }

    /// Metadata of the file of weights: the description of the model. Empty if the source is not complete.
    pub fn metadata(&self) -> BTreeMap<String, String> {
        self.graph().map(metadata).unwrap_or_default()
    }

    /// The graph of the model, if every layer of it was made.
    pub fn graph(&self) -> Option<&Graph> {
        let graph = &self.written.graph;
        let is_known = graph.tensors.iter().all(|tensor| tensor.shape.is_some());
        Some(graph).filter(|_| is_known && self.is_complete() && self.written.errors.is_empty())
    }

    /// The model itself.
    pub fn whole(&self) -> Option<&Part> {
        self.parts.last()
    }
}

/// Settings besides the configuration.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// Name of the struct; made of Keras's name without it.
    pub name: Option<String>,
    /// Lengths of axes that are `None`.
    pub lengths: Lengths,
}

/// Converts a configuration, and what the model was compiled with.
pub fn convert(config: &Json, compiled: Option<&Json>, options: &Options) -> Result<Conversion, Error> {
    let model = config::model(config)?;
    let mut converter = Converter {
        lengths: &options.lengths,
        problems: vec![],
        parts: vec![],
        models: Models::new(),
        classes: Taken::default(),
        within: vec![],
        missing_lengths: vec![],
    };
    let unknown: Vec<&String> = options
        .lengths
        .keys()
        .filter(|name| !model.inputs.iter().any(|it| &it.tensor.layer == *name))
        .collect();
    if let Some(name) = unknown.first() {
        let inputs: Vec<&str> = model.inputs.iter().map(|it| it.tensor.layer.as_str()).collect();
        return Err(Error::new(format!("there is no input `{name}`; the inputs are {}", inputs.join(", ")))
            .within("--length"));
    }
    let name = options.name.clone().unwrap_or_else(|| converter.classes.class(&model.name));
    converter.model(&model, &name, None)?;
    if !converter.missing_lengths.is_empty() {
        let lengths = converter.missing_lengths.join(" ");
        return Err(Error::new(format!(
            "the lengths of some axes are not in the file, and mimo needs them: add {lengths} with the lengths that you want, such as the longest sequence; shorter ones are padded and masked"
        )));
    }
    if let (Some(compiled), Some(part)) = (compiled.filter(|it| !it.is_null()), converter.parts.last_mut()) {
        let mut problems = compile::add(part, compiled, &converter.models);
        converter.problems.append(&mut problems);
    }
    let Converter { mut parts, problems, models, .. } = converter;
    for part in &mut parts {
        source::blocks::tidy(&mut part.block, &part.evaluated, &models);
    }
    let written = match parts.last() {
        Some(part) => source::evaluate::written(&part.block, &models),
        None => return Err(Error::new("the file has no model")),
    };
    Ok(Conversion { parts, written, problems })
}

struct Converter<'a> {
    lengths: &'a Lengths,
    problems: Vec<Problem>,
    parts: Vec<Part>,
    models: Models,
    classes: Taken,
    /// The nested models around the layer.
    within: Vec<String>,
    missing_lengths: Vec<String>,
}

/// Shape and type of an input of a nested model, from its first call.
type Given = Vec<Option<Vec<usize>>>;

impl Converter<'_> {
    fn problem(&mut self, layer: &str, reason: String, is_missing: bool) {
        let place = self.within.iter().map(String::as_str).chain([layer]).collect::<Vec<_>>().join("/");
        let problem = Problem { place, reason, is_missing };
        if !self.problems.contains(&problem) {
            self.problems.push(problem);
        }
    }

    /// Converts a model and returns the name of its struct; one that is equal to another has the name of that.
    fn model(&mut self, model: &Model, class: &str, given: Option<&Given>) -> Result<String, Error> {
        let order = order(model)?;
        let mut state = State {
            evaluator: Evaluator::new(class, &self.models),
            block: Block { name: class.into(), ..Block::default() },
            bindings: BTreeMap::new(),
            layers: BTreeMap::new(),
            taken: Taken::default(),
            nested: BTreeMap::new(),
            calls: BTreeMap::new(),
        };
        for &(layer, _) in &order {
            *state.calls.entry(layer).or_default() += 1;
        }
        self.inputs(model, &order, given, &mut state)?;
        for &(layer, call) in &order {
            if let Some(layer) = model.layers.get(layer) {
                self.call(model, layer, call, &mut state)?;
            }
        }
        self.outputs(model, &mut state);
        let State { mut block, nested, .. } = state;
        // With those that were nested in it.
        let models = self.models.clone();
        prune(&mut block);
        names::assign(&mut block, &models);
        let evaluated = source::evaluate::block(&block, &models);
        for error in &evaluated.errors {
            let said = layers::said_of(error);
            // What is wrong with one statement was reported there.
            if !self.problems.iter().any(|problem| problem.reason == said)
                && self.problems.iter().all(|it| !it.is_missing)
            {
                self.problem(&model.name, said, true);
            }
        }
        // A model that is the same as one before is the same struct.
        let same = |part: &Part| {
            let (a, b) = (&part.block, &block);
            (&a.statements, &a.inputs, &a.outputs, &a.uses) == (&b.statements, &b.inputs, &b.outputs, &b.uses)
        };
        if given.is_some()
            && let Some(part) = self.parts.iter().find(|part| same(part))
        {
            return Ok(part.block.name.clone());
        }
        self.models.insert(class.into(), Rc::new(evaluated.graph.clone()));
        self.parts.push(Part { block, evaluated, model: model.clone(), nested });
        Ok(class.into())
    }

    fn inputs(
        &mut self,
        model: &Model,
        order: &[(usize, usize)],
        given: Option<&Given>,
        state: &mut State,
    ) -> Result<(), Error> {
        for (input, at) in model.inputs.iter().zip(0..) {
            let name = &input.tensor.layer;
            let Some(index) = model.layers.iter().position(|layer| &layer.name == name) else {
                return Err(Error::new(format!("there is no layer `{name}`")).within("input_layers"));
            };
            let is_read = order.iter().any(|&(layer, _)| layer == index);
            let Some(layer) = model.layers.get(index) else { continue };
            if !is_read {
                let reason = "no output needs this input, so that it is left out".to_owned();
                state.missing(name, &reason);
                self.problem(name, reason, false);
                continue;
            }
            let shapes = given.and_then(|given| given.get(at)).and_then(Option::as_ref);
            let shape = self.shape(layer, shapes, given.is_some())?;
            let key = input.key.as_deref().unwrap_or(name);
            let binding = state.taken.binding(key);
            let axes = shape.iter().map(|&n| whole(i64::try_from(n).unwrap_or(i64::MAX))).collect();
            let mut args = vec![keyword("shape", value(ValueKind::List(axes)))];
            if is_whole(model, layer) {
                args.push(keyword("dtype", text("int32")));
            }
            let bound = Let {
                bindings: vec![binding.clone()],
                shape: None,
                value: Expr::Input(args),
                origin: name.clone(),
            };
            self.push(bound, name, state);
            state.bindings.insert(input.tensor.clone(), binding.clone());
            state.block.inputs.push(Port { name: binding.clone(), binding });
        }
        Ok(())
    }

    /// The shape of a sample of an input.
    fn shape(
        &mut self,
        layer: &Layer,
        given: Option<&Vec<usize>>,
        nested: bool,
    ) -> Result<Vec<usize>, Error> {
        let config = &layer.config;
        let keys = ["batch_shape", "batch_input_shape", "shape"];
        let json = keys.iter().find_map(|key| config.get(*key).filter(|it| !it.is_null()));
        let json = match json {
            Some(Json::Object(object)) => object.get("items"),
            other => other,
        };
        let Some(axes) = json.and_then(Json::as_array) else {
            return match given {
                Some(shape) => Ok(shape.clone()),
                None => Err(Error::new("its shape is not in the file: build the model before it is saved, with an `Input` as its first layer")
                    .within(format!("input `{}`", layer.name))),
            };
        };
        let asked = self.lengths.get(&layer.name).cloned().unwrap_or_default();
        let mut asked = asked.into_iter();
        let last = asked.clone().next_back();
        let mut shape = Vec::new();
        let mut is_open = false;
        for (axis, at) in axes.iter().skip(1).zip(0usize..) {
            let known = axis.as_u64().and_then(|n| usize::try_from(n).ok());
            let by_call = given.and_then(|given| given.get(at)).copied();
            let length = match known.or(by_call) {
                Some(length) => Some(length),
                None if !nested => asked.next().or(last),
                None => None,
            };
            is_open |= length.is_none();
            shape.push(length.unwrap_or(1));
        }
        if is_open {
            let open = axes.iter().skip(1).filter(|axis| axis.is_null()).count();
            let lengths = vec!["…"; open.max(1)].join(",");
            let flag = format!("`--length {}={lengths}`", layer.name);
            if !self.missing_lengths.contains(&flag) {
                self.missing_lengths.push(flag);
            }
        }
        Ok(shape)
    }

    fn call(&mut self, model: &Model, layer: &Layer, at: usize, state: &mut State) -> Result<(), Error> {
        if layer.class == "InputLayer" {
            return Ok(());
        }
        let Some(call) = layer.calls.get(at) else { return Ok(()) };
        let tensor = |output| Tensor { layer: layer.name.clone(), call: at, output };
        let shared = state.calls_of(model, layer) > 1;
        if applications::is_scale(layer) {
            return self.scale(layer, at, call, state);
        }
        let sum = applications::scaled_sum(layer, call, state);
        let drops;
        let layer = match applications::as_dropout(layer, call, state) {
            Some(dropout) => {
                drops = dropout;
                &drops
            }
            None => layer,
        };
        let made = if let Some(sum) = sum {
            Ok((sum, vec![]))
        } else if layer.is_operation {
            operations::call(layer, call, state)
        } else if operations::is_legacy(&layer.class) {
            operations::legacy(layer, call, state)
        } else {
            match self.callee(layer, call, shared, state)? {
                Ok(callee) => calls::call(layer, callee, call, state),
                Err(reason) => Err(reason),
            }
        };
        let (expr, problems) = match made {
            Ok(made) => made,
            Err(reason) => {
                self.lost(layer, at, call, reason, state);
                return Ok(());
            }
        };
        for reason in problems {
            state.missing(&layer.name, &reason);
            self.problem(&layer.name, reason, true);
        }
        let penalty = match (layer.is_operation, &layer.model) {
            (false, None) => layers::layer(&layer.class, &layer.config).ok().and_then(|made| made.penalty),
            _ => None,
        };
        let of = call.tensors().first().and_then(|tensor| state.bindings.get(*tensor));
        let base = match of {
            Some(of) if shared && model.inputs.iter().any(|input| input.tensor.layer == *of) => {
                format!("{}_{of}", layer.name)
            }
            _ if shared => format!("{}_{}", layer.name, at + 1),
            _ => layer.name.clone(),
        };
        let before = state.evaluator.graph().nodes.len();
        let given = self.evaluate(&expr, layer, state);
        let gives_mask =
            call.keywords.iter().any(|(key, it)| key.contains("mask") && !it.tensors().is_empty());
        let reads_mask = state
            .evaluator
            .graph()
            .nodes
            .iter()
            .skip(before)
            .any(|node| node.roles.iter().any(|role| role.contains("mask")));
        if call.has_masks && reads_mask && !gives_mask && layer.model.is_none() {
            let reason = "Keras 3 computes with all steps here, and mimo leaves out those that are masked; what is padded counts in Keras, \
                          because it loses masks in operations and beside an `initial_state`";
            state.missing(&layer.name, reason);
            self.problem(&layer.name, reason.into(), true);
        }
        let wanted = read_outputs(model, &tensor(0));
        let bindings: Vec<String> = match given.len() {
            1 => vec![state.taken.binding(&base)],
            count => (0..count.max(1))
                .map(|output| match wanted.contains(&output) {
                    false => "_".into(),
                    true if output == 0 => state.taken.binding(&base),
                    true => state.taken.binding(&format!("{base}_{output}")),
                })
                .collect(),
        };
        for (output, binding) in bindings.iter().enumerate().filter(|(_, binding)| *binding != "_") {
            state.bindings.insert(tensor(output), binding.clone());
        }
        state.evaluator.bind(&bindings, given);
        let origin = layer.name.clone();
        state.block.statements.push(Statement::Let(Let {
            bindings: bindings.clone(),
            shape: None,
            value: expr,
            origin,
        }));
        if let (Some(args), Some(binding)) = (penalty, bindings.first()) {
            let penalty = Callee::Class(source::Layer {
                class: "ActivityRegularization".into(),
                args,
                name: format!("{}_penalty", mimo_graph::names::field_like(&layer.name)),
                named: false,
            });
            let call = source::Call {
                callee: penalty,
                tensors: vec![Expr::Name(binding.clone())],
                list: false,
                keywords: vec![],
            };
            let name = state.taken.binding(&format!("{}_penalty", layer.name));
            let bound = Let {
                bindings: vec![name.clone()],
                shape: None,
                value: Expr::Call(Box::new(call)),
                origin: layer.name.clone(),
            };
            self.push(bound, &layer.name, state);
            state.bindings.insert(tensor(0), name);
        }
        Ok(())
    }

    /// A `LayerScale`: a weight, and the product with it.
    fn scale(
        &mut self,
        layer: &Layer,
        at: usize,
        call: &config::Call,
        state: &mut State,
    ) -> Result<(), Error> {
        let Some((weight, product)) = applications::scale(layer, call, state) else {
            self.lost(layer, at, call, layers::no_class(&layer.class), state);
            return Ok(());
        };
        for bound in [weight, product] {
            if let Some(binding) = bound.bindings.first() {
                let tensor = Tensor { layer: layer.name.clone(), call: at, output: 0 };
                state.bindings.insert(tensor, binding.clone());
            }
            self.push(bound, &layer.name, state);
        }
        Ok(())
    }

    /// The layer of a call; a shared one is bound first. An error inside says why there is none.
    fn callee(
        &mut self,
        layer: &Layer,
        call: &config::Call,
        shared: bool,
        state: &mut State,
    ) -> Result<Result<Callee, String>, Error> {
        if let Some(bound) = state.layers.get(&layer.name) {
            return Ok(Ok(Callee::Bound(bound.clone())));
        }
        let name = mimo_graph::names::field_like(&layer.name);
        let wrapped = layer.config.get("layer").and_then(layers::class_and_config);
        let wraps_a_model = wrapped.is_some_and(|(class, config)| config::is_model(class, config));
        let callee = if let Some(model) = &layer.model {
            self.nested(model, &name, layer, call, 0, state)?
        } else if layer.class == "TimeDistributed" && wraps_a_model {
            let json = layer.config.get("layer").unwrap_or(&Json::Null);
            let model =
                config::model(json).map_err(|error| error.within(format!("layer `{}`", layer.name)))?;
            Callee::Steps(Box::new(self.nested(&model, &name, layer, call, 1, state)?))
        } else {
            match layers::layer(&layer.class, &layer.config) {
                Ok(made) => {
                    for reason in made.problems {
                        state.missing(&layer.name, &reason);
                        self.problem(&layer.name, reason, true);
                    }
                    let args = without_last_axis(made.item, made.args, call, state);
                    Callee::Class(source::Layer { class: made.item.class.into(), args, name, named: false })
                }
                Err(reason) => return Ok(Err(reason)),
            }
        };
        if !shared {
            return Ok(Ok(callee));
        }
        let binding = state.taken.binding(&layer.name);
        let bound = Let {
            bindings: vec![binding.clone()],
            shape: None,
            value: Expr::Layer(callee),
            origin: layer.name.clone(),
        };
        self.push(bound, &layer.name, state);
        state.layers.insert(layer.name.clone(), binding.clone());
        Ok(Ok(Callee::Bound(binding)))
    }

    fn nested(
        &mut self,
        model: &Model,
        name: &str,
        layer: &Layer,
        call: &config::Call,
        steps: usize,
        state: &mut State,
    ) -> Result<Callee, Error> {
        let given: Given = call
            .tensors()
            .iter()
            .map(|tensor| {
                let shape = state.evaluator.shape(state.bindings.get(*tensor)?)?;
                shape.get(steps..).map(<[usize]>::to_vec)
            })
            .collect();
        self.within.push(layer.name.clone());
        let class = self.classes.class(&layer.name);
        let made = self.model(model, &class, Some(&given));
        self.within.pop();
        let class = made?;
        if !state.block.uses.contains(&class) {
            state.block.uses.push(class.clone());
        }
        state.nested.insert(layer.name.clone(), class.clone());
        if let Some(graph) = self.models.get(&class) {
            state.evaluator.add_model(&class, graph);
        }
        let mut args = vec![];
        if !model.trainable || layer.config.get("trainable") == Some(&Json::Bool(false)) {
            args.push(keyword("trainable", value(ValueKind::Bool(false))));
        }
        Ok(Callee::Model(source::Layer { class, args, name: name.into(), named: false }))
    }

    /// Evaluates an expression and reports what is wrong with it.
    fn evaluate(
        &mut self,
        expr: &Expr,
        layer: &Layer,
        state: &mut State,
    ) -> Vec<mimo_graph::graph::TensorId> {
        let place = state.place();
        let (given, wrong) = state.evaluator.value(expr, place);
        self.report(wrong, &layer.name, state);
        given
    }

    fn report(&mut self, wrong: Vec<mimo_graph::diag::Diag>, layer: &str, state: &mut State) {
        for diag in wrong {
            let reason = layers::said_of(&diag);
            state.missing(layer, &reason);
            self.problem(layer, reason, true);
        }
    }

    fn push(&mut self, bound: Let, layer: &str, state: &mut State) {
        let place = state.place();
        let wrong = state.evaluator.run(&bound, place);
        self.report(wrong, layer, state);
        state.block.statements.push(Statement::Let(bound));
    }

    /// A layer that there is not: a comment at its place. Layers that change data while training only are left out.
    fn lost(&mut self, layer: &Layer, at: usize, call: &config::Call, reason: String, state: &mut State) {
        let base = state.taken.binding(&layer.name);
        let read: Vec<String> =
            call.tensors().iter().filter_map(|it| state.bindings.get(*it).cloned()).collect();
        let shown = format!("{}({})({})", layer.class, settings_shown(layer), read.join(", "));
        state.comment(format!("let {base} = {shown};"));
        state.missing(&layer.name, &reason);
        self.problem(&layer.name, reason, true);
        let tensor = Tensor { layer: layer.name.clone(), call: at, output: 0 };
        match (augments(&layer.class), read.first()) {
            // Predictions are what they are without it.
            (true, Some(first)) => {
                state.bindings.insert(tensor, first.clone());
            }
            _ => {
                state.evaluator.lose(&base);
                state.bindings.insert(tensor, base);
            }
        }
    }

    fn outputs(&mut self, model: &Model, state: &mut State) {
        let mut names = BTreeSet::new();
        for output in &model.outputs {
            let Some(binding) = state.bindings.get(&output.tensor).cloned() else { continue };
            let wanted = mimo_graph::names::field_like(output.key.as_deref().unwrap_or(&output.tensor.layer));
            let mut name = wanted.clone();
            let mut count = 1;
            while !names.insert(name.clone()) {
                name = format!("{wanted}_{count}");
                count += 1;
            }
            state.block.outputs.push(Port { name, binding });
        }
    }
}
