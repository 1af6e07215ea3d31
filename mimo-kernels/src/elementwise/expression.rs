//! Compiles the steps of an expression to a program: decides which values stay in registers and where the others are
//! stored.

mod backward;
mod slope;

use super::list::List;
use super::program::{Instruction, Operation, Place, Quick, Run};
use super::{Function, TILE, Tile};
use crate::dispatch::Kernels;
use crate::element::Element;

/// Limit on the number of inputs, numbers and steps of an expression together.
pub const MOST_REGISTERS: usize = 32;

/// Limit on the number of instructions: at most three for a step and six for each of its gradients.
const MOST_INSTRUCTIONS: usize = 21 * MOST_REGISTERS;

/// Operand of a step.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Operand<E> {
    /// The input number `at`.
    Input(usize),
    /// A number.
    Number(E),
    /// The result of an earlier step.
    Step(usize),
}

/// Destination of the gradient of an input.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Target {
    /// The arena from this value on, in the order of the result's values.
    Arena {
        /// The first value.
        at: usize,
        /// Add to the present gradient.
        accumulate: bool,
    },
    /// The tile [`Expression::gradient`].
    Tile,
}

/// An input of an expression.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Input {
    /// Offset of its first value in the arena, if its values have the order of the result's; else they are in the
    /// tile [`Expression::values`].
    pub at: Option<usize>,
    /// Destination of its gradient.
    pub target: Option<Target>,
}

#[derive(Clone, Copy, Debug)]
struct Step<E> {
    function: Function,
    x: [Operand<E>; 3],
}

impl<E: Copy> Step<E> {
    fn operands(&self) -> &[Operand<E>] {
        &self.x[..self.function.operands()]
    }
}

/// Index of a kind of tiles.
const VALUES: usize = 0;
const GRADIENTS: usize = 1;

/// An expression of elementwise functions, and the program that computes it.
///
/// Inputs and steps are added first. Then [`forward`](Self::forward) or [`backward`](Self::backward) is called once,
/// after which [`run`](Self::run) may be called.
#[derive(Debug)]
pub struct Expression<E> {
    inputs: List<Input, MOST_REGISTERS>,
    steps: List<Step<E>, MOST_REGISTERS>,
    instructions: List<Instruction<E>, MOST_INSTRUCTIONS>,
    /// Tiles that hold a number.
    numbers: List<(E, u8), MOST_REGISTERS>,
    /// Tiles in use, as bits.
    used: u128,
    /// Largest number of tiles in use at any time.
    tiles: usize,
    /// Tiles of inputs and steps, and of their gradients.
    input_tiles: [[u8; MOST_REGISTERS]; 2],
    step_tiles: [[u8; MOST_REGISTERS]; 2],
    /// Length of the arena that a run of zero values needs.
    reach: usize,
    /// Smallest distance between the values that a slow function writes and reads in the arena.
    apart: usize,
}

impl<E: Element> Expression<E> {
    /// An expression without steps.
    #[inline]
    #[expect(clippy::new_without_default, reason = "of no use by itself")]
    pub fn new() -> Self {
        Expression {
            inputs: List::new(),
            steps: List::new(),
            instructions: List::new(),
            numbers: List::new(),
            used: 0,
            tiles: 0,
            input_tiles: [[0; MOST_REGISTERS]; 2],
            step_tiles: [[0; MOST_REGISTERS]; 2],
            reach: 0,
            apart: usize::MAX,
        }
    }

    /// Adds an input.
    pub fn input(&mut self, input: Input) {
        let at = self.inputs.len();
        if input.at.is_none() {
            self.input_tiles[VALUES][at] = self.take();
        }
        if input.target == Some(Target::Tile) {
            self.input_tiles[GRADIENTS][at] = self.take();
        }
        self.inputs.push(input);
    }

    /// Adds a step. Operands that the function does not have are ignored.
    pub fn step(&mut self, function: Function, x: [Operand<E>; 3]) {
        let step = Step { function, x };
        for operand in step.operands() {
            let exists = match *operand {
                Operand::Input(at) => at < self.inputs.len(),
                Operand::Step(at) => at < self.steps.len(),
                Operand::Number(_) => true,
            };
            assert!(exists, "{operand:?} is not before the step");
        }
        self.steps.push(step);
    }

    /// Number of tiles that a run needs.
    pub fn tiles(&self) -> usize {
        self.tiles
    }

    /// The tile for the values of an input whose values do not have the order of the result's.
    pub fn values(&self, input: usize) -> usize {
        usize::from(self.input_tiles[VALUES][input])
    }

    /// The tile of the gradient of an input with [`Target::Tile`].
    pub fn gradient(&self, input: usize) -> usize {
        usize::from(self.input_tiles[GRADIENTS][input])
    }

    /// Fills the tiles that hold numbers.
    pub fn fill_numbers(&self, tiles: &mut [Tile<E>]) {
        for (number, tile) in self.numbers.iter() {
            tiles[usize::from(*tile)].fill(*number);
        }
    }

    /// Computes `len` values, from `start` on in the arena: at most a tile if some inputs are in tiles.
    pub fn run(&self, arena: &mut [E], tiles: &mut [Tile<E>], start: usize, len: usize) {
        let end = start.checked_add(len).and_then(|end| end.checked_add(self.reach));
        assert!(end.is_some_and(|end| end <= arena.len()), "a run is inside of the arena");
        assert!(self.tiles <= tiles.len(), "a run has its tiles");
        assert!(len.min(TILE) <= self.apart, "slow functions write to other values than they read");
        let run = Run {
            instructions: &self.instructions,
            arena: arena.as_mut_ptr().wrapping_add(start),
            tiles: tiles.as_mut_ptr().cast(),
            len,
        };
        // SAFETY: all places in the arena and tiles are valid, as was checked. A program computes each step before it
        // reads it, loads before it uses the last result, and its slow functions do not write tiles that they read;
        // the table is for this processor.
        unsafe { E::kernels().program(&run) }
    }

    /// Compiles the forward program, which writes the last step to the arena, from `result` on.
    pub fn forward(&mut self, result: usize) {
        let Some(last) = self.steps.len().checked_sub(1) else { return };
        let result = self.arena(result);
        self.place_numbers(|step, _| quick_operation(step).is_none());
        self.compute(!0, 0, Some((last, result)));
    }

    /// Emits the steps in `needed`. Steps in `kept` are in their tiles at the end; one result goes to a place.
    fn compute(&mut self, needed: u32, kept: u32, result: Option<(usize, Place)>) {
        // The steps that are read from memory, and the last reader of each.
        let mut stored = kept;
        let mut last_read = [0; MOST_REGISTERS];
        let mut before = None;
        for at in bits(needed, self.steps.len()) {
            let step = &self.steps[at];
            let quick = quick_operation(step);
            let lead = quick.is_some().then(|| lead(step, before));
            for (place, operand) in step.operands().iter().enumerate() {
                if let Operand::Step(read) = *operand {
                    last_read[read] = at;
                    let in_register = lead == Some(place) && before == Some(read);
                    stored |= u32::from(!in_register) << read;
                }
            }
            stored |= u32::from(quick.is_none()) << at;
            before = quick.map(|_| at);
        }
        let mut before = None;
        for at in bits(needed, self.steps.len()) {
            let write = match result {
                Some((last, place)) if last == at => Some(place),
                _ => (stored >> at & 1 != 0).then(|| {
                    let tile = self.take();
                    self.step_tiles[VALUES][at] = tile;
                    Place::tile(usize::from(tile))
                }),
            };
            let step = self.steps[at];
            let quick = quick_operation(&step);
            match &quick {
                Some(quick) => self.quick_step(&step, quick, before),
                None => {
                    let x = self.slow_operands(&step);
                    if let Some(to) = write.and_then(Place::in_arena) {
                        let read = x.into_iter().filter_map(Place::in_arena);
                        self.apart = read.map(|x| x.abs_diff(to)).fold(self.apart, usize::min);
                    }
                    self.slow(Operation::Slow(step.function), x, x[0], x[0]);
                }
            }
            self.set_write(write);
            before = quick.map(|_| at);
            for operand in step.operands() {
                if let Operand::Step(read) = *operand
                    && last_read[read] == at
                    && stored & !kept & 1 << read != 0
                {
                    self.free(self.step_tiles[VALUES][read]);
                }
            }
        }
    }

    /// Emits a step in registers. The result of the step `before` is in the registers.
    fn quick_step(&mut self, step: &Step<E>, quick: &Vectors<E>, before: Option<usize>) {
        let lead = lead(step, before);
        if before.is_none_or(|before| step.x[lead] != Operand::Step(before)) {
            match step.x[lead] {
                Operand::Number(number) => self.push(Quick::Fill, None, [number; 2]),
                operand => self.push(Quick::Load, Some(operand), [E::zero(); 2]),
            }
        }
        match *quick {
            Vectors::Unary(operations, numbers) => {
                for operation in operations.into_iter().flatten() {
                    self.push(operation, None, numbers);
                }
            }
            Vectors::Binary(forms) => match step.x[1 - lead] {
                Operand::Number(number) => self.push(forms[2 * lead], None, [number; 2]),
                operand => self.push(forms[2 * lead + 1], Some(operand), [E::zero(); 2]),
            },
        }
    }

    /// The steps that are operands of a step, as bits.
    fn operands_of(&self, at: usize) -> u32 {
        self.steps[at].operands().iter().fold(0, |set, operand| match *operand {
            Operand::Step(before) => set | 1 << before,
            _ => set,
        })
    }

    /// Assigns tiles to the numbers that slow functions read; nothing else may write to these.
    fn place_numbers(&mut self, is_slow: impl Fn(&Step<E>, usize) -> bool) {
        for at in 0..self.steps.len() {
            let step = self.steps[at];
            if is_slow(&step, at) {
                for operand in step.operands() {
                    if matches!(operand, Operand::Number(_)) {
                        self.place(*operand);
                    }
                }
            }
        }
    }

    fn load(&mut self, from: Place) {
        self.instructions.push(Instruction::quick(Quick::Load, from, [E::zero(); 2]));
    }

    fn push(&mut self, operation: Quick, x: Option<Operand<E>>, numbers: [E; 2]) {
        // Tiles are always long enough and need no check.
        let x = x.map_or(Place::tile(0), |x| self.place(x));
        self.instructions.push(Instruction::quick(operation, x, numbers));
    }

    fn slow(&mut self, operation: Operation, x: [Place; 3], y: Place, dy: Place) {
        let numbers = [E::zero(); 2];
        self.instructions.push(Instruction { operation, x, values: [y, dy], numbers, write: None });
    }

    fn set_write(&mut self, write: Option<Place>) {
        if let Some(last) = self.instructions.last_mut() {
            last.write = write;
        }
    }

    /// The operands of a slow function; the first one repeated for those that it does not have.
    fn slow_operands(&mut self, step: &Step<E>) -> [Place; 3] {
        let mut places = [None; 3];
        for (place, operand) in places.iter_mut().zip(step.operands()) {
            *place = Some(self.place(*operand));
        }
        let first = places[0].unwrap_or(Place::tile(0));
        places.map(|place| place.unwrap_or(first))
    }

    /// Place of an operand in memory; assigns a tile to a number.
    fn place(&mut self, operand: Operand<E>) -> Place {
        let tile = match operand {
            Operand::Input(input) => match self.inputs[input].at {
                Some(at) => return self.arena(at),
                None => self.input_tiles[VALUES][input],
            },
            Operand::Step(step) => self.step_tiles[VALUES][step],
            Operand::Number(number) => {
                let same = |known: &&(E, u8)| {
                    known.0 == number && known.0.is_sign_negative() == number.is_sign_negative()
                };
                match self.numbers.iter().find(same) {
                    Some((_, tile)) => *tile,
                    None => {
                        let tile = self.take();
                        self.numbers.push((number, tile));
                        tile
                    }
                }
            }
        };
        Place::tile(usize::from(tile))
    }

    fn arena(&mut self, at: usize) -> Place {
        self.reach = self.reach.max(at);
        Place::arena(at)
    }

    /// Takes an unused tile.
    #[expect(clippy::cast_possible_truncation, reason = "one of 128")]
    fn take(&mut self) -> u8 {
        let tile = self.used.trailing_ones();
        self.used |= 1 << tile;
        self.tiles = self.tiles.max(tile as usize + 1);
        tile as u8
    }

    fn free(&mut self, tile: u8) {
        self.used &= !(1 << tile);
    }
}

/// The numbers below `end` whose bit is set.
fn bits(set: u32, end: usize) -> impl DoubleEndedIterator<Item = usize> {
    (0..end).filter(move |at| set >> at & 1 != 0)
}

/// A function computed in registers.
enum Vectors<E> {
    /// Operations on the operand, with numbers.
    Unary([Option<Quick>; 2], [E; 2]),
    /// The operation if the operand in registers is the first, with a number or with values as the second; and the
    /// same if it is the second.
    Binary([Quick; 4]),
}

fn quick_operation<E: Element>(step: &Step<E>) -> Option<Vectors<E>> {
    use Quick as Q;
    let (zero, one) = (E::zero(), E::one());
    let unary = |operation| Some(Vectors::Unary([Some(operation), None], [zero; 2]));
    match step.function {
        Function::Add => Some(Vectors::Binary([Q::AddNumber, Q::AddValues, Q::AddNumber, Q::AddValues])),
        Function::Subtract => Some(Vectors::Binary([
            Q::SubtractNumber,
            Q::SubtractValues,
            Q::NumberSubtract,
            Q::ValuesSubtract,
        ])),
        Function::Multiply => Some(Vectors::Binary([
            Q::MultiplyNumber,
            Q::MultiplyValues,
            Q::MultiplyNumber,
            Q::MultiplyValues,
        ])),
        Function::Divide => {
            Some(Vectors::Binary([Q::DivideNumber, Q::DivideValues, Q::NumberDivide, Q::ValuesDivide]))
        }
        Function::Maximum => {
            Some(Vectors::Binary([Q::MaximumNumber, Q::MaximumValues, Q::NumberMaximum, Q::ValuesMaximum]))
        }
        Function::Minimum => {
            Some(Vectors::Binary([Q::MinimumNumber, Q::MinimumValues, Q::NumberMinimum, Q::ValuesMinimum]))
        }
        Function::Clip => match step.x {
            [_, Operand::Number(low), Operand::Number(high)] => {
                Some(Vectors::Unary([Some(Q::Clip), None], [low, high]))
            }
            _ => None,
        },
        Function::Negative => unary(Q::Negative),
        Function::Abs => unary(Q::Abs),
        Function::Square => unary(Q::Square),
        Function::Sqrt => unary(Q::Sqrt),
        Function::Rsqrt => Some(Vectors::Unary([Some(Q::Sqrt), Some(Q::NumberDivide)], [one; 2])),
        Function::Reciprocal => Some(Vectors::Unary([Some(Q::NumberDivide), None], [one; 2])),
        Function::Relu => unary(Q::MaximumNumber),
        Function::ScaleGradient => unary(Q::Same),
        _ => None,
    }
}

/// The operand that is in registers when a quick step is computed: the result of the previous step, or else the first
/// operand that is not a number, which is loaded.
fn lead<E: Element>(step: &Step<E>, before: Option<usize>) -> usize {
    // The further operands of other functions are numbers or are not read.
    let binary = matches!(quick_operation(step), Some(Vectors::Binary(_)));
    let operands = &step.operands()[..if binary { 2 } else { 1 }];
    let last = operands.iter().position(|x| before.is_some_and(|before| *x == Operand::Step(before)));
    last.or_else(|| operands.iter().position(|x| !matches!(x, Operand::Number(_)))).unwrap_or(0)
}
