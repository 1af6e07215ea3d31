//! `if stride == 2 { … } else { … }`: the macro evaluates the condition and expands one branch.

use mimo_graph::code::Code;
use mimo_graph::diag::{Diag, did_you_mean};
use mimo_graph::value::ValueKind;

use super::consts::Known;
use super::frame::Never;
use super::nested::Callable;
use super::tensor::Evaluated;
use super::{Binding, Lower};
use crate::ast::{Branch, Condition, Expr, ExprKind, If, Op, name_of};
use crate::parse::text_of;

/// Reason why a condition has no value.
enum Wrong {
    /// Reported before.
    Told,
    /// To be reported.
    Error(Box<Diag>),
    /// To be reported, for an unbound name.
    Unknown(String, Box<Diag>),
}

impl From<Diag> for Wrong {
    fn from(diag: Diag) -> Self {
        Wrong::Error(Box::new(diag))
    }
}

/// Operand of a comparison.
#[derive(Debug, PartialEq)]
enum Operand {
    Number(f64),
    Bool(bool),
    /// A word or a string.
    Word(String),
    /// A word written in the condition itself. It may be a misspelt parameter.
    Written(String),
    None,
    List(Vec<Operand>),
    /// A call as a word: `leaky_relu(0.2)`.
    Call(String),
    /// A tensor, a list of tensors or a layer, which can only be compared with `none`.
    Bound(&'static str),
}

impl Operand {
    /// Whether both are equal. Words are equal independent of their origin.
    fn is(&self, other: &Operand) -> bool {
        match (self, other) {
            (Operand::Word(a) | Operand::Written(a), Operand::Word(b) | Operand::Written(b)) => a == b,
            (Operand::List(a), Operand::List(b)) => {
                a.len() == b.len() && a.iter().zip(b).all(|(a, b)| a.is(b))
            }
            _ => self == other,
        }
    }

    fn describe(&self) -> String {
        match self {
            Operand::Number(n) => format!("the number {n}"),
            Operand::Bool(b) => format!("`{b}`"),
            Operand::Word(word) | Operand::Written(word) => format!("`{word}`"),
            Operand::None => "`none`".into(),
            Operand::List(items) => format!("a list of {}", items.len()),
            Operand::Call(name) => format!("`{name}(…)`"),
            Operand::Bound(what) => (*what).into(),
        }
    }
}

/// Integers are comparable with all numbers, as in Python.
fn number(n: i64) -> Operand {
    Operand::Number(n as f64)
}

impl Lower<'_> {
    /// An `if` statement: bindings of the chosen branch stay bound.
    pub(super) fn if_statement(&mut self, branching: &If) {
        match self.choose(branching) {
            Some(Some(branch)) => self.statements(&branch.body),
            Some(None) => {}
            None if self.depends_on_call(branching) => self.sides_of_unknown(branching),
            None => {
                self.broken = true;
                branching.branches().for_each(|branch| self.poison_all(&branch.body));
            }
        }
    }

    /// An `if` expression; bindings of its chosen branch are only visible inside.
    pub(super) fn chosen(&mut self, branching: &If) -> Evaluated {
        let Some(branch) = self.choose(branching) else {
            match self.depends_on_call(branching) {
                true => self.sides_of_unknown(branching),
                false => self.broken = true,
            }
            return Evaluated::Poison;
        };
        // A missing `else` was reported.
        let Some(branch) = branch else { return Evaluated::Poison };
        let (scope, parameters) = (self.frame.scope.clone(), self.consts.parameters());
        self.statements(&branch.body);
        let given = match &branch.result {
            Some(result) => self.result(result, true),
            None => Evaluated::Poison,
        };
        self.frame.scope = scope;
        self.consts.restore(parameters);
        given
    }

    /// Whether a condition only has a value in calls of a function, which is checked without one.
    fn depends_on_call(&self, branching: &If) -> bool {
        let conditions = &mut branching.arms.iter().map(|(condition, _)| condition);
        self.calls.is_some() && conditions.any(|condition| condition.any(&|expr| self.mentions_unknown(expr)))
    }

    /// Checks all branches of an `if` whose condition only a call knows. Their bindings are unknown afterwards.
    fn sides_of_unknown(&mut self, branching: &If) {
        let mut bound = vec![];
        for branch in branching.branches() {
            let (scope, parameters) = (self.frame.scope.clone(), self.consts.parameters());
            self.statements(&branch.body);
            if let Some(result) = &branch.result {
                self.result(result, true);
            }
            self.frame.scope = scope;
            self.consts.restore(parameters);
            bound.extend(super::expansion::names_bound(&branch.body));
        }
        bound.iter().for_each(|name| self.define_unknown(name));
    }

    /// The branch that is expanded, without reporting errors.
    pub(super) fn chosen_silently<'e>(&self, branching: &'e If) -> Option<Option<&'e Branch>> {
        for (condition, branch) in &branching.arms {
            if self.holds(condition).ok()? {
                return Some(Some(branch));
            }
        }
        Some(branching.otherwise.as_ref())
    }

    /// The branch that is expanded; `None` if there is none. Reports a condition without a value.
    fn choose<'e>(&mut self, branching: &'e If) -> Option<Option<&'e Branch>> {
        let mut chosen = None;
        for (at, (condition, branch)) in branching.arms.iter().enumerate() {
            self.prepare_condition(condition);
            match self.holds(condition) {
                Ok(true) => {
                    chosen = Some((at, branch));
                    break;
                }
                Ok(false) => {}
                Err(_) if self.depends_on_call(branching) => return None,
                Err(wrong) => {
                    match wrong {
                        Wrong::Told => {}
                        Wrong::Error(diag) => self.error(*diag),
                        Wrong::Unknown(name, diag) => {
                            if !self.is_told(&name) {
                                self.unbound(&name, *diag);
                            }
                        }
                    }
                    branching.branches().for_each(|branch| self.pass_over(branch, String::new()));
                    return None;
                }
            }
        }
        let taken = chosen.map(|(_, branch)| branch).or(branching.otherwise.as_ref());
        for (at, (condition, branch)) in branching.arms.iter().enumerate() {
            let shown = shown(condition);
            match chosen {
                Some((chosen, _)) if chosen == at => {}
                Some((chosen, _)) if chosen < at => {
                    self.pass_over(branch, "a condition before it holds here".into());
                }
                _ => self.pass_over(branch, format!("`{shown}` does not hold here")),
            }
        }
        if let (Some((at, _)), Some(otherwise)) = (chosen, &branching.otherwise) {
            let shown = branching.arms.get(at).map(|(condition, _)| shown(condition)).unwrap_or_default();
            self.pass_over(otherwise, format!("`{shown}` holds here"));
        }
        Some(taken)
    }

    /// Records the names that a skipped branch mentions and binds, which are not errors.
    fn pass_over(&mut self, branch: &Branch, why: String) {
        self.expansions.pass_over(&branch.mentions);
        for name in super::expansion::names_bound(&branch.body) {
            self.frame.never.insert(name, Never::Unchosen(why.clone()));
        }
        for name in &branch.mentions {
            let nested = self.nested_model(name);
            self.used.extend(nested);
            let graph = self.builder.graph();
            match self.frame.scope.get(name) {
                Some(Binding::Tensor(tensor)) => {
                    self.spared.insert(graph.tensor(*tensor).loc);
                }
                Some(Binding::Tensors(tensors)) => {
                    self.spared.extend(tensors.iter().map(|tensor| graph.tensor(*tensor).loc));
                    let lists = self.lists.iter().filter(|list| list.tensors == *tensors);
                    self.spared.extend(lists.map(|list| list.loc));
                }
                Some(Binding::Layer(Callable::Layer(layer))) => {
                    self.spared.insert(graph.layer(*layer).loc);
                }
                Some(Binding::Layer(Callable::Instance(instance, _))) => {
                    self.spared.extend(self.instances.place(*instance, graph));
                }
                Some(Binding::Layer(Callable::Function(shared))) => {
                    self.spared.extend(self.shared.get(*shared).map(|shared| shared.place()));
                }
                Some(Binding::Poison) | None => {}
            }
        }
    }

    /// Whether a condition is true. The second operand of `&&` and `||` is only evaluated if it decides.
    fn holds(&self, condition: &Condition) -> Result<bool, Wrong> {
        match condition {
            Condition::Not(inner) => Ok(!self.holds(inner)?),
            Condition::And(left, right) => Ok(self.holds(left)? && self.holds(right)?),
            Condition::Or(left, right) => Ok(self.holds(left)? || self.holds(right)?),
            Condition::Of(expr) => self.expression_holds(expr),
        }
    }

    /// A comparison as a value, if both operands are known.
    pub(super) fn compares(&self, whole: &Expr, op: Op, left: &Expr, right: &Expr) -> Option<Known> {
        // Comparisons of comparisons are those of tensors; evaluating them here would double the work at each level.
        let nested = |part: &ExprKind| match part {
            ExprKind::Binary(op, ..) => !op.computes(),
            ExprKind::Rust => true,
            _ => false,
        };
        if left.find(&nested).is_some() || right.find(&nested).is_some() {
            return None;
        }
        self.compared(whole, op, left, right).ok().map(Known::Bool)
    }

    /// Same as [`holds`](Self::holds), for a condition without valid locations: it contains no evaluated calls.
    pub(super) fn holds_in(&self, condition: &Condition) -> Option<Known> {
        let calls =
            |expr: &Expr| expr.find(&|part| matches!(part, ExprKind::Call(..) | ExprKind::If(_))).is_some();
        match condition.any(&calls) {
            true => None,
            false => self.holds(condition).ok().map(Known::Bool),
        }
    }

    fn expression_holds(&self, expr: &Expr) -> Result<bool, Wrong> {
        match &expr.kind {
            ExprKind::Paren(inner) => return self.expression_holds(inner),
            ExprKind::Binary(op, left, right) if !op.computes() => {
                return self.compared(expr, *op, left, right);
            }
            _ => {}
        }
        let shown = text_of(expr.tokens.clone());
        let help = match self.operand_of_condition(expr)? {
            Operand::Bool(holds) => return Ok(holds),
            Operand::Written(_) => return Err(self.unknown_in_condition(expr)),
            Operand::Bound("a tensor") => return Err(tensor_in_condition(expr, &shown).into()),
            Operand::Number(_) => format!("compare it: `if {shown} > 0 {{ … }}`"),
            Operand::List(_) => "compare it with another list: `kernel == [1, 1]`".into(),
            Operand::Word(word) => format!("compare it: `if {shown} == {word} {{ … }}`"),
            Operand::None | Operand::Call(_) | Operand::Bound(_) => {
                format!("compare it with `none`: `if {shown} != none {{ … }}`")
            }
        };
        let found = self.operand_of_condition(expr)?.describe();
        let message = format!("a condition is `true` or `false`, and `{shown}` is {found} here");
        Err(Diag::error(Code::NotACondition, expr.loc, message).help(help).into())
    }

    /// `stride == 2`
    fn compared(&self, whole: &Expr, op: Op, left: &Expr, right: &Expr) -> Result<bool, Wrong> {
        use Operand::{Bound, None, Number, Word, Written};
        let (a, b) = (self.operand_of_condition(left)?, self.operand_of_condition(right)?);
        let equality = matches!(op, Op::Equal | Op::NotEqual);
        let shown = text_of(whole.tokens.clone());
        match (&a, &b) {
            (Bound(_), None) | (None, Bound(_)) if equality => return Ok(op == Op::NotEqual),
            (Bound(_), _) | (_, Bound(_)) => return Err(tensor_in_condition(whole, &shown).into()),
            (Number(a), Number(b)) => {
                return Ok(match op {
                    Op::Greater => a > b,
                    Op::GreaterEqual => a >= b,
                    Op::Less => a < b,
                    Op::LessEqual => a <= b,
                    Op::NotEqual => a != b,
                    _ => a == b,
                });
            }
            _ => {}
        }
        for (side, word, other, of) in [(left, &a, &b, right), (right, &b, &a, left)] {
            // A word is a value if the other operand may be a word.
            let may_be_word = match other {
                Word(_) | Operand::Call(_) => true,
                None => !matches!(of.kind, ExprKind::None),
                _ => false,
            };
            if matches!(word, Written(_)) && !may_be_word {
                return Err(self.unknown_in_condition(side));
            }
        }
        if !equality {
            let message = format!(
                "`{}` compares numbers, and these are {} and {}",
                op.symbol(),
                a.describe(),
                b.describe()
            );
            let diag = Diag::error(Code::NotACondition, whole.loc, message);
            return Err(diag.help("compare other values with `==` or `!=`").into());
        }
        Ok(a.is(&b) == (op == Op::Equal))
    }

    /// Value of an operand of a comparison.
    fn operand_of_condition(&self, expr: &Expr) -> Result<Operand, Wrong> {
        if self.is_lost_value(expr) {
            return Err(Wrong::Told);
        }
        if let Some(known) = self.fold(expr) {
            return operand_of(&known).ok_or_else(|| not_known(expr).into());
        }
        if let Some(diag) = self.unknown_part(expr) {
            return Err(diag.into());
        }
        Ok(match &expr.kind {
            ExprKind::None => Operand::None,
            ExprKind::Paren(inner) => return self.operand_of_condition(inner),
            ExprKind::List(items) => {
                let items = items.iter().map(|item| self.operand_of_condition(item));
                Operand::List(items.collect::<Result<_, _>>()?)
            }
            ExprKind::Call(callee, _) if !self.mentions_tensor(&expr.tokens) => match &callee.kind {
                ExprKind::Name(ident) => Operand::Call(name_of(ident)),
                _ => return Err(not_known(expr).into()),
            },
            ExprKind::Name(ident) => {
                let name = name_of(ident);
                match self.frame.scope.get(&name) {
                    Some(Binding::Tensor(_)) => return Ok(Operand::Bound("a tensor")),
                    Some(Binding::Tensors(_)) => return Ok(Operand::Bound("a list of tensors")),
                    Some(Binding::Layer(_)) => return Ok(Operand::Bound("a layer")),
                    Some(Binding::Poison) => return Err(Wrong::Told),
                    None => {}
                }
                if let Some(given) = self.consts.parameter(&name) {
                    return operand_of(&Known::of(&given.kind)).ok_or_else(|| not_known(expr).into());
                }
                if self.consts.contains(&name) || super::operations::is_constant(&name) {
                    return Err(not_known(expr).into());
                }
                Operand::Written(name)
            }
            _ if self.mentions_tensor(&expr.tokens) => {
                return Err(tensor_in_condition(expr, &text_of(expr.tokens.clone())).into());
            }
            _ => return Err(not_known(expr).into()),
        })
    }

    /// Error for an unknown word.
    fn unknown_in_condition(&self, expr: &Expr) -> Wrong {
        let name = text_of(expr.tokens.clone());
        let message = format!("cannot find a parameter, a constant or a name of a loop `{name}`");
        let diag = Diag::error(Code::UnknownName, expr.loc, message);
        let known = self.consts.names().chain(self.frame.scope.keys().map(String::as_str));
        let diag = match did_you_mean(&name, known) {
            Some(near) => diag.help(format!("did you mean `{near}`?")),
            None if self.callers.is_empty() => {
                diag.help(format!("write `const {}: usize = …;`", name.to_uppercase()))
            }
            None => diag.help(format!("make it a parameter of the function: `fn block(x, {name} = …)`")),
        };
        Wrong::Unknown(name, Box::new(diag))
    }
}

/// A value as an operand of a comparison; `None` if only const evaluation knows it.
fn operand_of(known: &Known) -> Option<Operand> {
    Some(match known {
        Known::Int(n) => number(*n),
        Known::Float(x) => Operand::Number(*x),
        Known::Bool(b) => Operand::Bool(*b),
        Known::Str(text) => Operand::Word(text.clone()),
        Known::List(items) => Operand::List(items.iter().map(operand_of).collect::<Option<_>>()?),
        Known::Other(ValueKind::Ident { text, .. }) if super::operations::is_constant(text) => return None,
        Known::Other(ValueKind::Ident { text, .. }) => Operand::Word(text.clone()),
        Known::Other(ValueKind::None) => Operand::None,
        Known::Other(ValueKind::Call { name, .. }) => Operand::Call(name.clone()),
        Known::Other(ValueKind::Tensor) => Operand::Bound("a tensor"),
        Known::Other(_) | Known::Unknown => return None,
    })
}

/// Error for a value that only const evaluation knows.
fn not_known(expr: &Expr) -> Diag {
    let shown = text_of(expr.tokens.clone());
    let message = format!("`{shown}` is not known while the macro runs, and decides what is built");
    Diag::error(Code::ConditionNotKnown, expr.loc, message)
        .help("write the value, or a `const` of the block that is one: `const DEEP: bool = true;`")
        .note("layers are made before Rust evaluates constants of other places")
}

/// Error for a condition on the values of a tensor.
fn tensor_in_condition(expr: &Expr, shown: &str) -> Diag {
    let message =
        format!("`{shown}` differs from sample to sample, and an `if` chooses once, while the macro runs");
    let condition = match &expr.kind {
        ExprKind::Binary(..) => shown.to_owned(),
        _ => format!("{shown} > 0.0"),
    };
    Diag::error(Code::ConditionNotKnown, expr.loc, message)
        .help(format!("choose value by value: `where({condition}, a, b)`"))
}

/// Formats a condition as written.
fn shown(condition: &Condition) -> String {
    let joined =
        |left: &Condition, op: &str, right: &Condition| format!("{} {op} {}", shown(left), shown(right));
    match condition {
        Condition::Of(expr) => text_of(expr.tokens.clone()),
        Condition::Not(inner) => format!("!({})", shown(inner)),
        Condition::And(left, right) => joined(left, "&&", right),
        Condition::Or(left, right) => joined(left, "||", right),
    }
}
