//! Blocks as text.

use std::fmt::Write;

use mimo_graph::item::{Item, Kind, Module};
use mimo_graph::language::find;
use mimo_graph::layers::get_item::Entry;
use mimo_graph::value::{Arg, Value, ValueKind};

use super::{Block, Call, Callee, Expr, Function, Layer, Operand, Port, Statement};

/// Longer lines are broken where that is possible.
const WIDTH: usize = 120;

/// A file with these models, in this order.
pub fn file(blocks: &[Block], header: &[String]) -> String {
    let mut text = String::new();
    for line in header {
        let _ = writeln!(text, "// {}", one_line(line));
    }
    if !header.is_empty() {
        text.push('\n');
    }
    text.push_str("use mimo::prelude::*;\n");
    for block in blocks {
        text.push('\n');
        text.push_str(&model(block));
    }
    text
}

/// A text from a file as one line of a comment.
pub fn one_line(text: &str) -> String {
    let plain = |c: char| if c.is_control() { ' ' } else { c };
    text.chars().map(plain).collect()
}

/// One `model!`.
pub fn model(block: &Block) -> String {
    let mut out = Lines::default();
    out.line(0, "model! {");
    for line in &block.docs {
        out.line(1, &format!("/// {}", one_line(line)));
    }
    out.line(1, &format!("pub {} {{", block.name));
    for used in &block.uses {
        out.line(2, &format!("use {used};"));
    }
    if !block.uses.is_empty() {
        out.blank();
    }
    for function in &block.functions {
        out.function(function);
        out.blank();
    }
    out.statements(2, &block.statements);
    out.blank();
    let inputs = ports(&block.inputs);
    let outputs = ports(&block.outputs);
    let tail = format!("Model(inputs = {inputs}, outputs = {outputs})");
    if tail.len() + 8 > WIDTH {
        out.line(2, "Model(");
        out.line(3, &format!("inputs = {inputs},"));
        out.line(3, &format!("outputs = {outputs},"));
        out.line(2, ")");
    } else {
        out.line(2, &tail);
    }
    for line in &block.compile_comments {
        out.line(3, &format!("// {}", one_line(line)));
    }
    if let Some(args) = &block.compile {
        let compile = find(Module::Model, "compile");
        let shown: Vec<String> = args.iter().map(|arg| argument(compile, arg)).collect();
        let line = format!(".compile({})", shown.join(", "));
        if line.len() + 12 <= WIDTH {
            out.line(3, &line);
        } else {
            out.line(3, ".compile(");
            for argument in shown {
                out.line(4, &format!("{argument},"));
            }
            out.line(3, ")");
        }
    }
    out.line(1, "}");
    out.line(0, "}");
    out.0
}

fn ports(ports: &[Port]) -> String {
    let plain = ports.iter().all(|port| port.name == port.binding);
    let shown: Vec<String> = ports
        .iter()
        .map(|port| match plain {
            true => port.name.clone(),
            false => format!("{}: {}", port.name, port.binding),
        })
        .collect();
    match plain {
        true => format!("[{}]", shown.join(", ")),
        false => format!("{{ {} }}", shown.join(", ")),
    }
}

#[derive(Default)]
struct Lines(String);

impl Lines {
    fn line(&mut self, depth: usize, text: &str) {
        for _ in 0..depth {
            self.0.push_str("    ");
        }
        self.0.push_str(text);
        self.0.push('\n');
    }

    fn blank(&mut self) {
        if !self.0.ends_with("{\n") && !self.0.ends_with("\n\n") {
            self.0.push('\n');
        }
    }

    fn function(&mut self, function: &Function) {
        self.line(2, &format!("fn {}({}) {{", function.name, function.parameters.join(", ")));
        let (last, others) = match function.statements.split_last() {
            // What is returned is not bound first.
            Some((Statement::Let(last), others)) if last.bindings == [function.result.clone()] => {
                (expr(&last.value), others)
            }
            _ => (function.result.clone(), &function.statements[..]),
        };
        self.statements(3, others);
        self.line(3, &last);
        self.line(2, "}");
    }

    fn statements(&mut self, depth: usize, statements: &[Statement]) {
        for statement in statements {
            match statement {
                Statement::Comment(lines) => {
                    for line in lines {
                        self.line(depth, &format!("// {}", one_line(line)));
                    }
                }
                Statement::Let(bound) => {
                    let names = match &bound.bindings[..] {
                        [name] => name.clone(),
                        names => format!("({})", names.join(", ")),
                    };
                    let shape = match &bound.shape {
                        Some(shape) => {
                            let axes: Vec<String> = shape.iter().map(usize::to_string).collect();
                            format!(": [{}]", axes.join(", "))
                        }
                        None => String::new(),
                    };
                    let start = format!("let {names}{shape} = ");
                    let value = expr(&bound.value);
                    if start.len() + value.len() + depth * 4 < WIDTH {
                        self.line(depth, &format!("{start}{value};"));
                    } else {
                        self.broken(depth, &start, &bound.value);
                    }
                }
                Statement::For { names, rounds, body } => {
                    let pattern = match &names[..] {
                        [name] => name.clone(),
                        names => format!("({})", names.join(", ")),
                    };
                    self.line(depth, &format!("for {pattern} in {} {{", range(rounds)));
                    self.statements(depth + 1, body);
                    self.line(depth, "}");
                }
            }
        }
    }

    /// A call that is too long for one line: its value in the next line, or an argument per line.
    fn broken(&mut self, depth: usize, start: &str, value: &Expr) {
        let whole = expr(value);
        if whole.len() + (depth + 1) * 4 < WIDTH {
            self.line(depth, start.trim_end());
            return self.line(depth + 1, &format!("{whole};"));
        }
        if let Expr::Call(call) = value
            && let Callee::Class(layer) = &call.callee
            && !layer.args.is_empty()
        {
            let item = find(Module::Layers, &layer.class);
            self.line(depth, &format!("{start}{}(", layer.class));
            for arg in layer.arguments() {
                self.line(depth + 1, &format!("{},", argument(item, &arg)));
            }
            return self.line(depth, &format!("){};", operands(call)));
        }
        self.line(depth, &format!("{start}{whole};"));
    }
}

/// The rounds of a loop: `0..3`, a list, or a list of tuples.
fn range(rounds: &[Vec<Value>]) -> String {
    let first = |round: &Vec<Value>| match &round[..] {
        [Value { kind: ValueKind::Int(n), .. }] => Some(*n),
        _ => None,
    };
    let numbers: Option<Vec<i64>> = rounds.iter().map(first).collect();
    if let Some(numbers) = numbers
        && let Some(&start) = numbers.first()
        && numbers.iter().zip(start..).all(|(&n, wanted)| n == wanted)
    {
        let count = i64::try_from(numbers.len()).unwrap_or(i64::MAX);
        return format!("{start}..{}", start.saturating_add(count));
    }
    let shown = rounds.iter().map(|round| match &round[..] {
        [one] => setting(Kind::Plain, one),
        several => {
            let several: Vec<String> = several.iter().map(|it| setting(Kind::Plain, it)).collect();
            format!("({})", several.join(", "))
        }
    });
    format!("[{}]", shown.collect::<Vec<_>>().join(", "))
}

/// An expression.
pub fn expr(expr: &Expr) -> String {
    match expr {
        Expr::Name(name) => name.clone(),
        Expr::Input(args) => format!("Input({})", arguments(find(Module::Layers, "Input"), args)),
        Expr::Layer(made) => callee(made),
        Expr::Call(call) => match &call.callee {
            Callee::Function { name, arguments } => {
                let tensors = call.tensors.iter().map(self::expr);
                let settings = arguments
                    .iter()
                    .map(|value| passed_on(value).unwrap_or_else(|| setting(Kind::Plain, value)));
                format!("{name}({})", tensors.chain(settings).collect::<Vec<_>>().join(", "))
            }
            made => format!("{}{}", callee(made), operands(call)),
        },
        Expr::Operation { word, arguments } => {
            let item = find(Module::Operations, word);
            let shown = arguments.iter().map(|(name, operand)| match name {
                Some(name) => format!("{name} = {}", self::operand(operand, kind_of(item, name))),
                None => self::operand(operand, Kind::Plain),
            });
            format!("{word}({})", shown.collect::<Vec<_>>().join(", "))
        }
        Expr::Binary(op, left, right) => {
            let side = |side: &Operand, right: bool| {
                let shown = operand(side, Kind::Float);
                match side {
                    Operand::Tensor(Expr::Binary(other, ..))
                        if level(other) < level(op)
                            || right && level(other) <= level(op)
                            || level(op) == 0 =>
                    {
                        format!("({shown})")
                    }
                    _ => shown,
                }
            };
            format!("{} {op} {}", side(left, false), side(right, true))
        }
        Expr::Negative(inner) => match &**inner {
            Expr::Binary(..) => format!("-({})", self::expr(inner)),
            _ => format!("-{}", self::expr(inner)),
        },
        Expr::Index(inner, key) => {
            let key: Vec<String> = key.iter().map(entry).collect();
            match &**inner {
                Expr::Binary(..) | Expr::Negative(_) => {
                    format!("({})[{}]", self::expr(inner), key.join(", "))
                }
                _ => format!("{}[{}]", self::expr(inner), key.join(", ")),
            }
        }
    }
}

/// `name` for `"{name}"`: a text that is passed on as it is.
fn passed_on(value: &Value) -> Option<String> {
    let ValueKind::Str(text) = &value.kind else { return None };
    let name = text.strip_prefix('{')?.strip_suffix('}')?;
    name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_').then(|| name.to_owned())
}

/// Precedence of an operator.
fn level(op: &str) -> usize {
    match op {
        "*" | "/" | "%" => 2,
        "+" | "-" => 1,
        _ => 0,
    }
}

fn entry(entry: &Entry) -> String {
    let bound = |bound: &Option<i64>| bound.map(|n| n.to_string()).unwrap_or_default();
    match entry {
        Entry::At(n) => n.to_string(),
        Entry::Range(start, end) => format!("{}..{}", bound(start), bound(end)),
    }
}

fn operands(call: &Call) -> String {
    if let Callee::Class(Layer { class, .. }) = &call.callee
        && class == "Weight"
    {
        return String::new();
    }
    let tensors: Vec<String> = call.tensors.iter().map(expr).collect();
    let mut shown = match call.list {
        true => vec![format!("[{}]", tensors.join(", "))],
        false => tensors,
    };
    shown.extend(call.keywords.iter().map(|(name, it)| format!("{name} = {}", operand(it, Kind::Plain))));
    format!("({})", shown.join(", "))
}

fn callee(made: &Callee) -> String {
    match made {
        Callee::Bound(name) => name.clone(),
        Callee::Class(layer) => layer_text(layer),
        Callee::Model(layer) => format!("{}({})", layer.class, arguments(None, &layer.arguments())),
        Callee::Steps(inner) => format!("TimeDistributed({})", callee(inner)),
        Callee::Function { name, .. } => name.clone(),
    }
}

fn layer_text(layer: &Layer) -> String {
    let item = find(Module::Layers, &layer.class);
    format!("{}({})", layer.class, arguments(item, &layer.arguments()))
}

fn operand(it: &Operand, kind: Kind) -> String {
    match it {
        Operand::Tensor(tensor) => expr(tensor),
        Operand::Tensors(tensors) => {
            format!("[{}]", tensors.iter().map(expr).collect::<Vec<_>>().join(", "))
        }
        Operand::Value(value) => setting(kind, value),
    }
}

fn arguments(item: Option<&Item>, args: &[Arg]) -> String {
    args.iter().map(|arg| argument(item, arg)).collect::<Vec<_>>().join(", ")
}

fn kind_of(item: Option<&Item>, name: &str) -> Kind {
    item.and_then(|item| item.argument(name)).map_or(Kind::Plain, |argument| argument.kind)
}

fn argument(item: Option<&Item>, arg: &Arg) -> String {
    match &arg.name {
        Some((name, _)) => format!("{name} = {}", setting(kind_of(item, name), &arg.value)),
        None => {
            let kind = item.and_then(|item| item.positional.first()).map_or(Kind::Plain, |first| first.kind);
            setting(kind, &arg.value)
        }
    }
}

/// A value of an argument.
pub fn setting(kind: Kind, value: &Value) -> String {
    match &value.kind {
        ValueKind::Int(n) => n.to_string(),
        ValueKind::Float(x) => format!("{x:?}"),
        ValueKind::Bool(b) => b.to_string(),
        ValueKind::Str(text) => format!("{text:?}"),
        ValueKind::Ident { text, .. } => text.clone(),
        ValueKind::List(items) => {
            let items: Vec<String> = items.iter().map(|item| setting(kind, item)).collect();
            format!("[{}]", items.join(", "))
        }
        ValueKind::Call { name, args, .. } => {
            let item = match kind {
                Kind::Item(module) => find(module, name),
                Kind::Rate => find(Module::Schedules, name),
                _ => find(Module::Layers, name),
            };
            format!("{name}({})", arguments(item, args))
        }
        ValueKind::Map(entries) => {
            let entries: Vec<String> =
                entries.iter().map(|(key, _, value)| format!("{key}: {}", setting(kind, value))).collect();
            format!("{{ {} }}", entries.join(", "))
        }
        ValueKind::None | ValueKind::Expr(_) | ValueKind::Tensor | ValueKind::Invalid => "none".into(),
    }
}
