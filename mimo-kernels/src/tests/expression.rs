//! Compares programs with one function after another, bit by bit.

use super::*;
use crate::elementwise::{Expression, Function, Input, Operand, TILE, Target, Tile, add_gradient, apply};

/// Random steps with their inputs; every operand is read.
struct Random {
    steps: Vec<(Function, [Operand<f64>; 3])>,
    inputs: usize,
}

impl Random {
    fn new(source: &mut Source) -> Self {
        let (count, inputs) = (1 + source.below(9), 1 + source.below(3));
        let mut steps = Vec::new();
        for at in 0..count {
            // Half of the steps have functions that are computed in registers.
            let quick = [
                Function::Add,
                Function::Subtract,
                Function::Multiply,
                Function::Divide,
                Function::Maximum,
                Function::Minimum,
                Function::Clip,
                Function::Abs,
                Function::Square,
                Function::Negative,
            ];
            let function = match source.below(2) {
                0 => quick[source.below(quick.len())],
                _ => Function::ALL[source.below(Function::ALL.len())].0,
            };
            let mut number = || Operand::Number([-1.5, -0.0, 0.25, 1.0, 3.0][source.below(5)]);
            let [a, b, c] = [number(), number(), number()];
            let mut x = [a, b, c];
            for (place, x) in x.iter_mut().enumerate() {
                let before = if at > 0 && source.below(3) > 0 { at } else { 1 + source.below(at.max(1)) };
                *x = match source.below(5) {
                    0 | 1 if at > 0 => Operand::Step(before - 1),
                    2 | 3 => Operand::Input(source.below(inputs)),
                    _ if place == 0 => Operand::Input(0),
                    _ => continue,
                };
            }
            if at > 0 && source.below(4) > 0 {
                let operands = function.operands();
                x[source.below(operands)] = Operand::Step(at - 1);
            }
            steps.push((function, x));
        }
        Random { steps, inputs }
    }

    /// The values of all steps, one function after the other, and the gradients of inputs and steps.
    fn plain<E: Element>(&self, inputs: &[Vec<E>], dy: &[E]) -> (Vec<Vec<E>>, Vec<Vec<E>>) {
        let len = dy.len();
        let values = |x: Operand<f64>, steps: &[Vec<E>]| match x {
            Operand::Input(at) => inputs[at].clone(),
            Operand::Number(number) => vec![E::of(number); len],
            Operand::Step(at) => steps[at].clone(),
        };
        let mut steps: Vec<Vec<E>> = Vec::new();
        for (function, x) in &self.steps {
            let x = x.map(|x| values(x, &steps));
            let mut y = vec![E::zero(); len];
            apply(*function, [&x[0], &x[1], &x[2]], &mut y);
            steps.push(y);
        }
        let mut gradients = vec![vec![E::zero(); len]; self.inputs + steps.len()];
        *gradients.last_mut().unwrap() = dy.to_vec();
        for (at, (function, x)) in self.steps.iter().enumerate().rev() {
            let values = x.map(|x| values(x, &steps));
            let dy = gradients[self.inputs + at].clone();
            let operands = function.operands();
            for (place, x) in x.iter().enumerate().take(operands) {
                let to = match *x {
                    Operand::Input(at) => at,
                    Operand::Step(at) => self.inputs + at,
                    Operand::Number(_) => continue,
                };
                let x = [&values[0][..], &values[1], &values[2]];
                add_gradient(*function, place, x, &steps[at], &dy, &mut gradients[to]);
            }
        }
        (steps, gradients)
    }

    /// Whether each step is read by a later one.
    fn is_whole(&self) -> bool {
        (0..self.steps.len() - 1).all(|at| {
            self.steps.iter().any(|(function, x)| {
                let operands = function.operands();
                x[..operands].contains(&Operand::Step(at))
            })
        })
    }
}

fn assert_same<E: Element>(got: &[E], want: &[E], what: &str) {
    for (at, (got, want)) in got.iter().zip(want).enumerate() {
        let same = got == want && got.is_sign_negative() == want.is_sign_negative();
        assert!(same || got.is_nan() && want.is_nan(), "{what}: {got:?} at {at}, and not {want:?}");
    }
}

/// Values with zeros of both signs among them.
fn some<E: Element>(source: &mut Source, len: usize) -> Vec<E> {
    (0..len)
        .map(|_| match source.below(8) {
            0 => E::zero(),
            1 => -E::zero(),
            2 => E::of(0.25),
            _ => source.next(),
        })
        .collect()
}

fn check<E: Element>(table: &str) {
    let mut source = Source::new(5);
    let mut checked = 0;
    for round in 0..rounds(3000) {
        let random = Random::new(&mut source);
        if !random.is_whole() {
            continue;
        }
        checked += 1;
        let lens = [1, 7, 16, 31, 32, 33, 64, TILE - 1, TILE, TILE + 1, 2 * TILE, 3 * TILE + 77];
        let len = lens[if cfg!(miri) { source.below(4) } else { source.below(lens.len()) }];
        let inputs: Vec<Vec<E>> = (0..random.inputs).map(|_| some(&mut source, len)).collect();
        let dy: Vec<E> = some(&mut source, len);
        let (steps, gradients) = random.plain(&inputs, &dy);
        // Inputs in the arena or in tiles, gradients the same, or added.
        let mut arena: Vec<E> = Vec::new();
        let mut places = Vec::new();
        for values in &inputs {
            let tiled = source.below(4) == 0;
            let at = arena.len();
            arena.extend(values);
            let target = match source.below(4) {
                0 => None,
                1 => Some(Target::Tile),
                how => Some(Target::Arena { at: arena.len(), accumulate: how == 2 }),
            };
            arena.extend(some::<E>(&mut source, len));
            places.push((at, Input { at: (!tiled).then_some(at), target }));
        }
        let result = arena.len();
        arena.extend(vec![E::of(9.0); len]);
        let dy_at = arena.len();
        arena.extend(&dy);
        let build = |backward: bool| {
            let mut expression = Expression::<E>::new();
            for (_, input) in &places {
                expression.input(Input { target: input.target.filter(|_| backward), ..*input });
            }
            for (function, x) in &random.steps {
                expression.step(
                    *function,
                    x.map(|x| match x {
                        Operand::Number(number) => Operand::Number(E::of(number)),
                        Operand::Input(at) => Operand::Input(at),
                        Operand::Step(at) => Operand::Step(at),
                    }),
                );
            }
            if backward {
                expression.backward(dy_at)
            } else {
                expression.forward(result)
            }
            expression
        };
        let what = format!("{table}, round {round}, {len} values of {:?}", random.steps);
        let before = arena.clone();
        let mut sums: Vec<Vec<E>> = vec![Vec::new(); random.inputs];
        for backward in [false, true] {
            let expression = build(backward);
            let mut tiles = vec![Tile::zeros(); expression.tiles()];
            expression.fill_numbers(&mut tiles);
            let tiled =
                places.iter().any(|(_, input)| input.at.is_none() || input.target == Some(Target::Tile));
            let part = if tiled { TILE } else { len };
            for start in (0..len).step_by(part) {
                let len = part.min(len - start);
                for (at, (from, input)) in places.iter().enumerate() {
                    if input.at.is_none() {
                        tiles[expression.values(at)][..len].copy_from_slice(&before[from + start..][..len]);
                    }
                }
                expression.run(&mut arena, &mut tiles, start, len);
                for (at, (_, input)) in places.iter().enumerate() {
                    if backward && input.target == Some(Target::Tile) {
                        sums[at].extend(&tiles[expression.gradient(at)][..len]);
                    }
                }
            }
        }
        let mut want = before.clone();
        want[result..result + len].copy_from_slice(steps.last().unwrap());
        let read = |at: usize| {
            random.steps.iter().any(|(function, x)| {
                let operands = function.operands();
                x[..operands].contains(&Operand::Input(at))
            })
        };
        for (at, (_, input)) in places.iter().enumerate().filter(|(at, _)| read(*at)) {
            match input.target {
                None => {}
                Some(Target::Tile) => assert_same(&sums[at], &gradients[at], &what),
                Some(Target::Arena { at: to, accumulate }) => {
                    for (to, gradient) in want[to..to + len].iter_mut().zip(&gradients[at]) {
                        *to = if accumulate { *to + *gradient } else { *gradient };
                    }
                }
            }
        }
        assert_same(&arena, &want, &what);
    }
    assert!(checked > rounds(3000) / 20, "{checked}");
}

#[test]
fn programs_have_the_bits_of_their_functions() {
    every_table(check::<f32>, || check::<f64>("f64"));
}
