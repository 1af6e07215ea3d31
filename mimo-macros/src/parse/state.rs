//! Parsing state of a body.

use crate::ast::Expr;

/// Kind of a body.
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
    /// A loop that returns a list of tensors, one per round.
    List,
    /// A loop inside such a loop.
    LoopOfList,
    /// A branch of an `if` that returns a tensor or a value.
    Branch,
    /// A branch of an `if` statement.
    Side,
}

/// State of a body so far.
#[derive(Debug, Default)]
pub(super) struct State {
    /// Kind of the body.
    pub(super) place: Place,
    /// Whether this is the last statement of a body, and if so, whether a `;` follows it.
    pub(super) last: Option<bool>,
    /// Result of the function, or of each round of a loop that returns a list.
    pub(super) result: Option<Expr>,
    /// The name in `model = Model(…)`, so that `model.compile(…)` is recognized.
    pub(super) model_name: Option<String>,
    /// Whether a statement after `Model(…)` was reported.
    pub(super) after_tail: bool,
    /// Whether `Sequential(…)` was reported, so that a call on it is not reported again.
    pub(super) sequential: bool,
}

impl State {
    /// The state at the start of a body.
    pub(super) fn at(place: Place) -> State {
        State { place, ..State::default() }
    }
}
