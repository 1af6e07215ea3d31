//! Calls of operations with the right words in the wrong form: each is one error with the call to write.

use mimo_graph::code::Code;
use mimo_graph::diag::Diag;
use mimo_graph::graph::TensorId;
use mimo_graph::item::{Item, Kind};
use mimo_graph::layers::{self, LayerKind};

use super::{Binding, Lower};
use crate::ast::{Arg, Expr, ExprKind, name_of};
use crate::parse::text_of;

/// Codes of errors that follow from counting the batch among the axes of a `Weight`.
const COUNTED: &[Code] = &[Code::BatchAxis, Code::AxisOutOfRange, Code::WrongRank, Code::UnequalShapes];

impl Lower<'_> {
    /// Error for a call of an operation in the wrong form.
    pub(super) fn misused(&self, item: &Item, args: &[Arg]) -> Option<Diag> {
        let shown = |arg: &Arg| text_of(arg.value.tokens.clone());
        match (item.class, args) {
            ("max" | "min", [first, second])
                if second.keyword.is_none()
                    && (self.is_tensor(&second.value)
                        || matches!(self.known_number(&second.value), Some(n) if n.fract() != 0.0)
                        || matches!(second.value.kind, ExprKind::Float(_))) =>
            {
                let (class, a, b) = (item.class, shown(first), shown(second));
                let other = if class == "max" { "maximum" } else { "minimum" };
                let message = format!(
                    "`{class}` compares the values of one tensor over axes, and `{b}` is not an axis"
                );
                Some(
                    Diag::error(Code::WrongValue, second.value.loc, message)
                        .help(format!("write `{other}({a}, {b})`")),
                )
            }
            ("einsum", [first, ..])
                if first.keyword.is_none() && !matches!(first.value.kind, ExprKind::Str(_)) =>
            {
                let equation = args.iter().find(|arg| matches!(arg.value.kind, ExprKind::Str(_)))?;
                let tensors =
                    args.iter().filter(|arg| !std::ptr::eq(*arg, equation) && arg.keyword.is_none());
                let all: Vec<String> = [equation].into_iter().chain(tensors).map(shown).collect();
                let message = "the equation of `einsum` stands before its tensors";
                Some(
                    Diag::error(Code::WrongValue, equation.value.loc, message)
                        .help(format!("write `einsum({})`", all.join(", "))),
                )
            }
            ("einsum", [first, a, b, c, ..]) if [a, b, c].iter().all(|arg| arg.keyword.is_none()) => {
                let tensors: Vec<String> = args[1..].iter().map(shown).collect();
                let message = format!("`einsum` takes one tensor or two, but {} are given", tensors.len());
                let diag = Diag::error(Code::TooManyArguments, c.value.loc, message);
                let two = match &first.value.kind {
                    ExprKind::Str(equation) => in_two_steps(equation, &tensors),
                    _ => None,
                };
                Some(diag.help(match two {
                    Some(form) => format!("contract two of them first: `{form}`"),
                    None => {
                        "write an `einsum` of two of them, and another one of its result and the third".into()
                    }
                }))
            }
            _ => self.tensors_as_list(item, args),
        }
    }

    /// `matmul([a, b])`, where the tensors are separate arguments.
    fn tensors_as_list(&self, item: &Item, args: &[Arg]) -> Option<Diag> {
        let tensors = item.positional.iter().filter(|argument| argument.kind == Kind::Tensors);
        let (place, list, items) =
            args.iter().enumerate().find_map(|(place, arg)| match &arg.value.kind {
                ExprKind::List(items) if items.iter().any(|item| self.is_tensor(item)) => {
                    Some((place, arg, items))
                }
                _ => None,
            })?;
        let kind = item.positional.get(place).map(|argument| argument.kind);
        if kind != Some(Kind::Tensors) || tensors.count() < 2 || list.keyword.is_some() {
            return None;
        }
        let shown = |arg: &Arg| text_of(arg.value.tokens.clone());
        let before = args[..place].iter().map(shown);
        let own = items.iter().map(|item| text_of(item.tokens.clone()));
        let after = args[place + 1..].iter().map(|arg| match &arg.keyword {
            Some((name, _)) => format!("{name} = {}", shown(arg)),
            None => shown(arg),
        });
        let all: Vec<String> = before.chain(own).chain(after).collect();
        let class = item.class;
        let message = format!("`{class}` takes its tensors one by one, and not as a list");
        Some(
            Diag::error(Code::NotATensor, list.value.loc, message)
                .help(format!("write `{class}({})`", all.join(", "))),
        )
    }

    /// `maximum(x)`, which would be `x` itself.
    pub(super) fn merge_of_one(&self, expr: &Expr, name: &str, args: &[Arg]) -> Option<Diag> {
        const MERGES: &[&str] = &["add", "average", "maximum", "minimum", "multiply", "subtract"];
        let [arg, settings @ ..] = args else { return None };
        let alone = arg.keyword.is_none()
            && settings.iter().all(|arg| arg.keyword.is_some())
            && !matches!(arg.value.kind, ExprKind::List(_))
            && !self.may_be_several(&arg.value);
        if !MERGES.contains(&name) || !alone || !self.is_tensor(&arg.value) {
            return None;
        }
        let x = text_of(arg.value.tokens.clone());
        let message = format!("`{name}` joins tensors, and one is given");
        let diag = Diag::error(Code::WrongNumberOfTensors, expr.loc, message);
        let over = match name {
            "add" => Some("sum"),
            "average" => Some("mean"),
            "maximum" => Some("max"),
            "minimum" => Some("min"),
            "multiply" => Some("prod"),
            _ => None,
        };
        let diag = match over {
            Some(over) => diag.help(format!("over an axis of it, write `{over}({x}, axis = -1)`")),
            None => diag,
        };
        let example = if matches!(name, "maximum" | "minimum") { "0.0" } else { "b" };
        Some(diag.help(match layers::operation(name) {
            Some(_) => format!("of two tensors, or of a tensor and a number, write `{name}({x}, {example})`"),
            None => format!("of two tensors, write `{name}([{x}, b])`"),
        }))
    }

    /// Whether an expression may return several tensors.
    fn may_be_several(&self, expr: &Expr) -> bool {
        match &expr.kind {
            ExprKind::Paren(inner) => self.may_be_several(inner),
            ExprKind::Name(ident) => {
                !matches!(self.frame.scope.get(&name_of(ident)), Some(Binding::Tensor(_)))
            }
            ExprKind::Binary(..) | ExprKind::Neg(_) => false,
            _ => true,
        }
    }

    /// Adds a note to the errors after the first `told`, if one of the tensors is a `Weight`: its axes are those of a
    /// sample.
    pub(super) fn note_axes_of_weights(&mut self, told: usize, tensors: &[TensorId]) {
        let graph = self.builder.graph();
        let weight = tensors.iter().find_map(|&tensor| {
            let layer = graph.layer(graph.node(graph.tensor(tensor).producer?).layer);
            let LayerKind::WeightTensor(weight) = &layer.kind else { return None };
            let name = graph.tensor(tensor).bindings.last().map_or("Weight(…)", String::as_str);
            Some(match weight.shape.rank() {
                0 => format!("`{name}` is one number for every sample, without axes"),
                _ => format!("a `Weight` has the axes of a sample: axis 0 is the batch, as for every tensor, and axis 1 the first of `{name}`"),
            })
        });
        let Some(note) = weight else { return };
        let mut at = 0;
        self.diags.retain_mut(|diag| {
            let counted = COUNTED.contains(&diag.code)
                || diag.code == Code::WrongValue && diag.message.contains("batch");
            if at >= told && counted && !diag.notes.contains(&note) {
                diag.notes.push(note.clone());
            }
            at += 1;
            true
        });
    }
}

/// An `einsum` of three tensors as a nested one of two.
fn in_two_steps(equation: &str, tensors: &[String]) -> Option<String> {
    let (operands, result) = equation.split_once("->")?;
    let terms: Vec<&str> = operands.split(',').map(str::trim).collect();
    let ([a, b, c], [x, y, z]) = (&terms[..], tensors) else { return None };
    let result = result.trim();
    let plain = |term: &str| term.chars().all(|letter| letter.is_ascii_alphabetic());
    if ![a, b, c, &result].into_iter().all(|term| plain(term)) {
        return None;
    }
    // Axes of the first step that the last one reads.
    let mut both = String::new();
    for letter in a.chars().chain(b.chars()) {
        if (c.contains(letter) || result.contains(letter)) && !both.contains(letter) {
            both.push(letter);
        }
    }
    Some(format!("einsum(\"{both},{c}->{result}\", einsum(\"{a},{b}->{both}\", {x}, {y}), {z})"))
}

#[cfg(test)]
mod tests {
    use super::in_two_steps;

    #[test]
    fn three_tensors_are_contracted_in_two_steps() {
        let tensors = ["a", "b", "c"].map(str::to_owned);
        assert_eq!(
            in_two_steps("bij,bkj,bkl->bil", &tensors).as_deref(),
            Some("einsum(\"bik,bkl->bil\", einsum(\"bij,bkj->bik\", a, b), c)")
        );
        assert_eq!(in_two_steps("bij,bkj->bil", &tensors), None);
        assert_eq!(in_two_steps("...i,bi,bi->b", &tensors), None);
    }
}
