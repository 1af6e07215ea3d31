//! Compiles the program of the gradients.
//!
//! Each step multiplies the gradient of its result by its derivatives. In a chain, the result is the gradient that
//! the previous step needs, so it stays in the registers; elsewhere the gradients of a step are summed in a tile.

use super::slope::{Derivative, quick_derivative};
use super::{Expression, GRADIENTS, MOST_REGISTERS, Operand, Step, Target, VALUES, bits, quick_operation};
use crate::element::Element;
use crate::elementwise::program::{Instruction, Operation, Place, Quick};

/// Numbers of gradients that are summed per input and per step.
#[derive(Default)]
struct Parts {
    inputs: [u8; MOST_REGISTERS],
    steps: [u8; MOST_REGISTERS],
}

impl<E: Element> Expression<E> {
    /// Compiles the program that writes the gradients of all inputs, from the gradient of the last step in the arena
    /// from `dy` on.
    pub fn backward(&mut self, dy: usize) {
        let Some(root) = self.steps.len().checked_sub(1) else { return };
        let wanted = self.wanted(root);
        if wanted >> root & 1 == 0 {
            return;
        }
        // Steps that derivatives read are stored; the steps that those depend on are only computed.
        let (parts, read) = self.reads(wanted);
        let mut needed = read;
        for at in bits(!0, root + 1).rev() {
            if needed >> at & 1 != 0 {
                needed |= self.operands_of(at);
            }
        }
        self.place_numbers(|step, at| {
            let mut places = 0..step.operands().len();
            quick_operation(step).is_none()
                || places.any(|place| quick_derivative(step.function, step.x, place, at).is_none())
        });
        self.compute(needed, read, None);
        let dy = self.arena(dy);
        self.gradients(dy, root, wanted, &parts);
    }

    /// The steps that gradients pass, as bits: those between the last step and an input with a gradient.
    fn wanted(&self, root: usize) -> u32 {
        let mut wanted = 0;
        for (at, step) in self.steps.iter().enumerate() {
            let goes_on = step.operands().iter().any(|operand| self.is_target(*operand, wanted));
            wanted |= u32::from(goes_on) << at;
        }
        let mut reached = 1 << root;
        for at in bits(wanted, root + 1).rev() {
            if reached >> at & 1 != 0 {
                reached |= self.operands_of(at);
            }
        }
        wanted & reached
    }

    /// Counts the gradients that are summed, and finds the steps whose values derivatives read.
    fn reads(&self, wanted: u32) -> (Parts, u32) {
        let (mut parts, mut read) = (Parts::default(), 0);
        for at in bits(wanted, self.steps.len()) {
            let step = &self.steps[at];
            for (place, operand) in step.operands().iter().enumerate() {
                match *operand {
                    operand if !self.is_target(operand, wanted) => continue,
                    Operand::Input(input) => parts.inputs[input] += 1,
                    Operand::Step(step) => parts.steps[step] += 1,
                    Operand::Number(_) => {}
                }
                match quick_derivative(step.function, step.x, place, at) {
                    Some(Derivative { x: Some(Operand::Step(step)), .. }) => read |= 1 << step,
                    Some(_) => {}
                    None => read |= self.operands_of(at) | 1 << at,
                }
            }
        }
        (parts, read)
    }

    /// Emits the steps in reverse, from the gradient `dy` of the last one.
    fn gradients(&mut self, dy: Place, root: usize, wanted: u32, parts: &Parts) {
        let mut done = Parts::default();
        // The step whose gradient is in the registers.
        let mut left = None;
        for at in bits(wanted, root + 1).rev() {
            let step = self.steps[at];
            let in_tile = at != root && left != Some(at);
            let own = if in_tile { Place::tile(usize::from(self.step_tiles[GRADIENTS][at])) } else { dy };
            let next = bits(wanted, at).next_back();
            let operands = step.operands();
            for (place, operand) in operands.iter().enumerate() {
                if !self.is_target(*operand, wanted) {
                    continue;
                }
                if let Some(derivative) = quick_derivative(step.function, step.x, place, at) {
                    if left != Some(at) {
                        self.load(own);
                    }
                    self.push(derivative.operation, derivative.x, derivative.numbers);
                } else {
                    self.slow_gradient(&step, at, place, own);
                }
                left = None;
                match *operand {
                    Operand::Input(input) => {
                        done.inputs[input] += 1;
                        let count = done.inputs[input];
                        self.add_to_input(input, count == 1, count == parts.inputs[input]);
                    }
                    Operand::Step(step) => {
                        done.steps[step] += 1;
                        let is_last = !operands[place + 1..].iter().any(|x| self.is_target(*x, wanted));
                        let is_sum = parts.steps[step] > 1;
                        if is_last && !is_sum && next == Some(step) && self.takes_registers(step, wanted) {
                            left = Some(step);
                            continue;
                        }
                        let first = done.steps[step] == 1;
                        if first {
                            self.step_tiles[GRADIENTS][step] = self.take();
                        }
                        let tile = Place::tile(usize::from(self.step_tiles[GRADIENTS][step]));
                        self.add_to(tile, !first);
                    }
                    Operand::Number(_) => {}
                }
            }
            if in_tile {
                self.free(self.step_tiles[GRADIENTS][at]);
            }
        }
    }

    /// Whether an operand has a gradient.
    fn is_target(&self, operand: Operand<E>, wanted: u32) -> bool {
        match operand {
            Operand::Input(input) => self.inputs[input].target.is_some(),
            Operand::Step(step) => wanted >> step & 1 != 0,
            Operand::Number(_) => false,
        }
    }

    /// Whether the gradient of a step is read once, and from registers.
    fn takes_registers(&self, at: usize, wanted: u32) -> bool {
        let step = &self.steps[at];
        let operands = step.operands().iter().enumerate();
        let mut targets = operands.filter(|(_, operand)| self.is_target(**operand, wanted));
        let quick = |place| quick_derivative(step.function, step.x, place, at).is_some();
        targets.next().is_some_and(|(place, _)| quick(place)) && targets.next().is_none()
    }

    /// Emits the gradient of one operand by its slow derivative; the result is in the registers.
    fn slow_gradient(&mut self, step: &Step<E>, at: usize, place: usize, dy: Place) {
        let sum = self.take();
        let to = Place::tile(usize::from(sum));
        self.push(Quick::Fill, None, [E::zero(); 2]);
        self.set_write(Some(to));
        let x = self.slow_operands(step);
        let y = Place::tile(usize::from(self.step_tiles[VALUES][at]));
        #[expect(clippy::cast_possible_truncation, reason = "one of three")]
        self.slow(Operation::SlowGradient(step.function, place as u8), x, y, dy);
        self.set_write(Some(to));
        self.load(to);
        self.free(sum);
    }

    /// Emits the addition of the registers to the gradient of an input, for its first, last or a middle part.
    fn add_to_input(&mut self, input: usize, first: bool, last: bool) {
        match self.inputs[input].target {
            None => {}
            Some(Target::Arena { at, accumulate: false }) => {
                let to = self.arena(at);
                self.add_to(to, !first);
            }
            Some(Target::Tile) => self.add_to(Place::tile(self.gradient(input)), !first),
            // The present gradient is added to the complete sum, which needs a tile unless it has only one part.
            Some(Target::Arena { at, accumulate: true }) => {
                if first && !last {
                    self.input_tiles[GRADIENTS][input] = self.take();
                }
                if !(first && last) {
                    self.add_to(Place::tile(self.gradient(input)), !first);
                }
                if last {
                    let to = self.arena(at);
                    self.add_to(to, true);
                }
            }
        }
    }

    /// Emits a store of the registers to a place, or an addition.
    fn add_to(&mut self, to: Place, accumulate: bool) {
        if accumulate {
            self.instructions.push(Instruction::quick(Quick::AddValues, to, [E::zero(); 2]));
        }
        self.set_write(Some(to));
    }
}
