//! Frames: the names of the block, or of the body of a function while a call of it is expanded.

use std::collections::{BTreeMap, BTreeSet};

use mimo_graph::code::Code;
use mimo_graph::diag::{Diag, Loc};
use mimo_graph::graph::TensorId;

use super::expansion::names_bound;
use super::library::{Callee, Home, Site};
use super::{Binding, Lower};
use crate::ast::{Lost, Statement, name_of};

/// The names known in one body. A function does not see the names around its call.
#[derive(Debug, Default)]
pub(super) struct Frame {
    /// The function whose body this is; `None` for the block.
    function: Option<String>,
    /// The block in which the body was written.
    pub(super) home: Home,
    /// Where errors of the body are reported, if it was written in another block.
    pub(super) site: Option<Site>,
    /// Bindings of names.
    pub(super) scope: BTreeMap<String, Binding>,
    /// Every name that a `let` of the body binds, to distinguish "not yet" from "never".
    pub(super) bound: BTreeSet<String>,
    /// Names bound only in loops without rounds, or in branches that are not chosen.
    pub(super) never: BTreeMap<String, Never>,
    /// Names that were reported as unknown: a second use is the same mistake.
    pub(super) unknown: BTreeSet<String>,
    /// Names that may be bound in statements that were not parsed.
    pub(super) lost: BTreeSet<String>,
    /// Number of bound but unknown names.
    pub(super) nameless: usize,
    /// Unbound names, each with the error to report unless it is one of the missing names.
    pub(super) pending: Vec<(String, Diag)>,
    /// Tensors passed to the function, with the names of its parameters.
    passed: Vec<(TensorId, String)>,
}

/// Reason why the statement that binds a name is not expanded.
#[derive(Clone, Debug)]
pub(super) enum Never {
    /// The values of the loop.
    Empty(String),
    /// The conditions: `` `include_top` does not hold here ``.
    Unchosen(String),
}

impl Never {
    /// Error for a use of the name.
    pub(super) fn diag(&self, name: &str, loc: Loc) -> Diag {
        let error = |message: String| Diag::error(Code::UsedBeforeBound, loc, message);
        match self {
            Never::Empty(values) => error(format!("`{name}` is bound in a loop without rounds"))
                .help(format!("bind `{name}` before the loop, or let the loop go over at least one value"))
                .note(format!("`{values}` is empty")),
            Never::Unchosen(why) => {
                error(format!("`{name}` is bound only on a side of an `if` that is not expanded"))
                    .help(format!("bind `{name}` before the `if`, or on its other side too"))
                    .note(why.clone())
            }
        }
    }
}

impl Frame {
    /// The frame of the block.
    pub(super) fn block(statements: &[Statement], lost: &Lost) -> Self {
        Frame {
            bound: names_bound(statements),
            lost: lost.names.clone(),
            nameless: lost.nameless,
            ..Frame::default()
        }
    }

    /// The function whose body this is.
    pub(super) fn function(&self) -> Option<&str> {
        self.function.as_deref()
    }

    /// The frame of a call of a function.
    fn call(callee: &Callee, site: Option<Site>) -> Self {
        let Callee { function, home, .. } = callee;
        let block = Frame::block(&function.body, &function.lost);
        Frame { function: Some(name_of(&function.ident)), home: *home, site, ..block }
    }
}

impl Lower<'_> {
    /// Enters the body of a function, for a call at `call`.
    pub(super) fn push_frame(&mut self, callee: &Callee, call: Loc) {
        let site = (callee.home > 0).then(|| self.site_of(call));
        self.callers.push(std::mem::replace(&mut self.frame, Frame::call(callee, site)));
        self.move_to(callee.home);
        self.consts.enter();
    }

    /// Leaves the body of a function.
    pub(super) fn pop_frame(&mut self) {
        self.consts.leave();
        let Some(caller) = self.callers.pop() else { return };
        self.move_to(caller.home);
        for (tensor, name) in std::mem::replace(&mut self.frame, caller).passed {
            self.builder.unbind(tensor, &name);
        }
    }

    /// Binds the parameter's name to a tensor that is passed, for messages about the body.
    pub(super) fn bind_passed(&mut self, tensor: TensorId, parameter: String) {
        self.builder.bind(tensor, &parameter);
        self.frame.passed.push((tensor, parameter));
    }

    /// Whether the body of a function is being expanded.
    pub(super) fn is_open(&self, callee: &Callee) -> bool {
        let name = name_of(&callee.function.ident);
        let mut frames = self.callers.iter().chain([&self.frame]);
        frames.any(|frame| frame.home == callee.home && frame.function.as_ref() == Some(&name))
    }

    /// Names bound where the open functions are called.
    pub(super) fn bound_by_callers(&self) -> impl Iterator<Item = &str> {
        self.callers.iter().flat_map(|caller| caller.scope.keys().map(String::as_str))
    }

    /// The function that is being expanded, if an unknown name in it is bound where it is called.
    pub(super) fn outside(&self, name: &str) -> Option<&str> {
        let function = self.frame.function.as_deref()?;
        self.callers.iter().any(|caller| caller.scope.contains_key(name)).then_some(function)
    }
}
