//! Outputs recorded by dfdx for a custom loss, and the gradients that come back.

use std::rc::Rc;

use dfdx::shapes::Shape;
use dfdx::tensor::{Cpu, Gradients, OwnedTape, PutTape, SplitTape, Tape, Tensor, Trace};

use crate::error::Error;
use crate::float::Float;

/// Passes outputs to dfdx, and then finds those that a result was computed from.
#[derive(Debug, Default)]
pub struct Tracer {
    /// One mark per output. The tape of the output holds another reference to it.
    marks: Vec<Rc<()>>,
}

impl Tracer {
    /// Returns the output, recorded by dfdx.
    pub fn tensor<S: Shape, E: Float>(
        &mut self,
        tensor: &Tensor<S, E, Cpu>,
    ) -> Tensor<S, E, Cpu, OwnedTape<E, Cpu>> {
        let mark = Rc::new(());
        self.marks.push(mark.clone());
        let (tensor, mut tape) = tensor.leaky_trace().split_tape();
        // Computes nothing: the mark lives as long as the tape, which a result has taken over or a closure dropped.
        tape.add_backward_op(move |_| {
            drop(mark);
            Ok(())
        });
        tensor.put_tape(tape)
    }

    /// Returns for each output whether a living value was computed from it. Call it before the tapes run backward.
    pub fn read(&self) -> Vec<bool> {
        self.marks.iter().map(|mark| Rc::strong_count(mark) > 1).collect()
    }
}

/// Adds the gradients of outputs, multiplied by the weight of a loss, to one column after another.
#[derive(Debug)]
pub struct GradientReader<'a, E: Float> {
    gradients: &'a mut Gradients<E, Cpu>,
    weight: E,
    columns: &'a mut [Vec<E>],
    /// For each output, whether its gradient has values other than 0.
    nonzero: Vec<bool>,
}

impl<'a, E: Float> GradientReader<'a, E> {
    /// Creates a reader that adds to `columns`, one per output, whose lengths do not change.
    pub fn new(gradients: &'a mut Gradients<E, Cpu>, weight: E, columns: &'a mut [Vec<E>]) -> Self {
        GradientReader { gradients, weight, columns, nonzero: vec![] }
    }

    /// Reads the gradient of an output; zeros if the loss does not depend on it.
    pub fn tensor<S: Shape>(&mut self, tensor: &Tensor<S, E, Cpu>) -> Result<(), Error> {
        let Some(column) = self.columns.get_mut(self.nonzero.len()) else {
            return Err(Error::Inconsistent { what: "the number of outputs with gradients" });
        };
        let gradient = self.gradients.get_or_alloc_mut(tensor)?;
        if gradient.len() != column.len() {
            return Err(Error::Inconsistent { what: "the length of an output's gradient" });
        }
        for (to, gradient) in column.iter_mut().zip(gradient.iter()) {
            *to += self.weight * *gradient;
        }
        self.nonzero.push(gradient.iter().any(|gradient| *gradient != E::default()));
        Ok(())
    }

    /// Returns for each output that was read whether its gradient has values other than 0.
    pub fn nonzero(&self) -> &[bool] {
        &self.nonzero
    }
}
