//! What was read of a body so far.

use crate::ast::Expr;

/// What the statements are the body of.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Place {
    /// The block of the model.
    #[default]
    Block,
    /// The block of `functions!`.
    Functions,
    /// A function of the block.
    Function,
    /// A loop of the block.
    Loop,
    /// A loop inside a function.
    LoopOfFunction,
    /// A loop that gives a list of tensors, one per round.
    List,
    /// A loop inside such a loop.
    LoopOfList,
    /// One side of an `if` that gives a tensor or a value.
    Branch,
    /// One side of an `if` that is a statement.
    Side,
}

/// What was seen of the block so far.
#[derive(Debug, Default)]
pub(super) struct State {
    /// What is being read.
    pub(super) place: Place,
    /// Whether this is the last statement of a body, and if so, whether a `;` follows it.
    pub(super) last: Option<bool>,
    /// Result of the function, or of each round of a loop that gives a list.
    pub(super) result: Option<Expr>,
    /// The name in `model = Model(…)`, so that `model.compile(…)` is understood.
    pub(super) model_name: Option<String>,
    /// Whether a statement after `Model(…)` was reported.
    pub(super) after_tail: bool,
    /// Whether `Sequential(…)` was reported, so that a call on it is not reported again.
    pub(super) sequential: bool,
}

impl State {
    /// At the start of a body.
    pub(super) fn at(place: Place) -> State {
        State { place, ..State::default() }
    }
}
