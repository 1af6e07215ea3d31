//! Losses defined by users as functions of slices, and the check of their gradients against differences of their
//! values.

use std::cell::{Cell, RefCell};

use mimo_graph::loss::Loss;

use super::{Criterion, Form, LossOp, Masked, Pass, Sample, Slope, Visit};
use crate::chunk::{Chunk, Mode};
use crate::float::Float;
use crate::own::Batched;

/// A loss of one position. The arguments are the prediction, the target, and zeros that are overwritten with the
/// derivatives with respect to the prediction; the result is the loss.
pub type OwnLossFn<'f, E> = dyn Fn(&[E], &[E], &mut [E]) -> E + 'f;

/// A custom loss.
#[expect(missing_debug_implementations, reason = "functions of the user")]
pub enum OwnLoss<'f, E> {
    /// A function of one position.
    Position(&'f OwnLossFn<'f, E>),
    /// A function of several positions at once.
    Positions(&'f dyn Batched<E>),
}

/// Why a custom loss cannot be used.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum LossFault {
    /// The function has another float type.
    Element {
        /// Index of the output.
        output: usize,
    },
    /// The function of tensors returned another number of losses than positions, or a mask divides positions.
    Positions {
        /// Index of the output.
        output: usize,
    },
    /// The written derivative differs from the slope of the values.
    Gradient {
        /// Index of the output.
        output: usize,
        /// Index of the value in its position.
        element: usize,
        /// Prediction of the value.
        prediction: f64,
        /// Target of the value; the class index of a sparse loss.
        target: f64,
        /// The derivative that the function wrote.
        written: f64,
        /// The central difference of the values.
        difference: f64,
    },
    /// The loss that the function of tensors returned for a position depends on the other positions.
    Mixed {
        /// Index of the output.
        output: usize,
        /// The loss of the position, computed together with others.
        among: f64,
        /// The loss of the position, computed alone.
        alone: f64,
    },
}

/// Number of positions of a chunk whose gradients are compared, and of values of each.
const COMPARED: [usize; 2] = [64, 32];

/// Number of positions of a chunk for which a function of tensors is called separately: each call allocates tensors.
const COMPARED_TENSORS: usize = 8;

/// Computes the loss of the rows of a chunk.
pub(crate) fn pass<E: Float>(
    op: &LossOp,
    mask: Option<&Masked>,
    loss: Option<OwnLoss<'_, E>>,
    chunk: &mut Chunk<'_, E>,
) {
    let fault = match loss {
        None => Some(LossFault::Element { output: op.output }),
        Some(OwnLoss::Position(function)) => by_position(op, mask, function, chunk),
        Some(OwnLoss::Positions(function)) => together(op, mask, function, chunk),
    };
    if let Some(fault) = fault {
        chunk.own.fault.get_or_insert(fault);
    }
}

/// Whether targets are class indices.
fn is_sparse(op: &LossOp) -> bool {
    matches!(op.loss, Some(Loss::Own { sparse: true, .. }))
}

/// Computes the loss by a function of slices.
fn by_position<E: Float>(
    op: &LossOp,
    mask: Option<&Masked>,
    function: &OwnLossFn<'_, E>,
    chunk: &mut Chunk<'_, E>,
) -> Option<LossFault> {
    let compared = if chunk.own.check_gradients && chunk.mode == Mode::Train { COMPARED[0] } else { 0 };
    let (compared, found) = (Cell::new(compared), Cell::new(None));
    Pass::over(op, mask, chunk, |_, form, pass| {
        let (output, unused) = (op.output, RefCell::default());
        let position = Position { output, function, compared: &compared, found: &found, unused };
        visit(op, form, pass, position);
    });
    found.take()
}

/// Computes the loss by a function of tensors: gathers the positions that count, and distributes their losses and
/// gradients in a second pass.
fn together<E: Float>(
    op: &LossOp,
    mask: Option<&Masked>,
    function: &dyn Batched<E>,
    chunk: &mut Chunk<'_, E>,
) -> Option<LossFault> {
    let backward = chunk.mode == Mode::Train && op.gradient.is_some();
    let gathered = RefCell::new(Gathered::default());
    Pass::over(op, mask, chunk, |_, form, pass| visit(op, form, pass, Gather(&gathered)));
    let Gathered { rows, y, target } = gathered.into_inner();
    if rows == 0 {
        return None;
    }
    let classes = y.len() / rows;
    let compared = (backward && chunk.own.check_gradients).then(|| {
        let [few, width] = [rows.min(COMPARED_TENSORS), target.len() / rows];
        Gathered { rows, y: y[..few * classes].to_vec(), target: target[..few * width].to_vec() }
    });
    let Some((losses, gradients)) = function.run(rows, y, target, backward) else {
        return Some(LossFault::Positions { output: op.output });
    };
    if let Some(compared) = compared
        && let Some(fault) = compare_alone(op.output, function, &compared, &losses, &gradients)
    {
        return Some(fault);
    }
    let next = Cell::new(0);
    let computed = Computed { losses: &losses, gradients: &gradients, classes, next: &next };
    Pass::over(op, mask, chunk, |_, form, pass| visit(op, form, pass, computed));
    None
}

/// Calls a function of tensors with single positions: their losses have to equal those computed together, and their
/// derivatives the differences. `rows` is the number of all positions.
fn compare_alone<E: Float>(
    output: usize,
    function: &dyn Batched<E>,
    Gathered { rows, y, target }: &Gathered<E>,
    losses: &[E],
    gradients: &[E],
) -> Option<LossFault> {
    let classes = gradients.len() / rows;
    let width = target.len() * classes / y.len().max(1);
    let alone = |y: &[E], target: &[E], _: &mut [E]| {
        let run = function.run(1, y.to_vec(), target.to_vec(), false);
        run.and_then(|(losses, _)| losses.first().copied()).unwrap_or(E::nan())
    };
    let (compared, found) = (Cell::new(0), Cell::new(None));
    let unused = RefCell::default();
    let position = Position { output, function: &alone, compared: &compared, found: &found, unused };
    let parts = y.chunks_exact(classes.max(1)).zip(target.chunks_exact(width.max(1)));
    for (((y, target), &among), gradient) in parts.zip(losses).zip(gradients.chunks_exact(classes.max(1))) {
        let loss = alone(y, target, &mut []);
        let (among, alone) = (among.f64(), loss.f64());
        // Sums over several positions are rounded differently than those over one.
        if (among - alone).abs() > 1e-3 * among.abs().max(alone.abs()) + 64.0 * epsilon::<E>() {
            return Some(LossFault::Mixed { output, among, alone });
        }
        position.compare(y, target, gradient, loss);
    }
    found.take()
}

fn visit<E: Float>(op: &LossOp, form: Form, pass: impl Visit<E>, criterion: impl Criterion<E>) {
    match is_sparse(op) {
        true => pass.visit(form.each(Sparse(criterion))),
        false => pass.visit(form.each(criterion)),
    }
}

struct Gathered<E> {
    rows: usize,
    y: Vec<E>,
    target: Vec<E>,
}

impl<E> Default for Gathered<E> {
    fn default() -> Self {
        Gathered { rows: 0, y: vec![], target: vec![] }
    }
}

/// Gathers positions.
struct Gather<'g, E>(&'g RefCell<Gathered<E>>);

impl<E: Float> Criterion<E> for Gather<'_, E> {
    fn sample(&self, Sample { y, target, .. }: Sample<'_, E>, _: Option<Slope<'_, E>>) -> E {
        let mut gathered = self.0.borrow_mut();
        gathered.rows += 1;
        gathered.y.extend_from_slice(y);
        gathered.target.extend_from_slice(target);
        E::zero()
    }
}

/// Losses and gradients of the gathered positions, in their order.
struct Computed<'c, E> {
    losses: &'c [E],
    gradients: &'c [E],
    classes: usize,
    next: &'c Cell<usize>,
}

impl<E: Float> Criterion<E> for Computed<'_, E> {
    fn sample(&self, _: Sample<'_, E>, slope: Option<Slope<'_, E>>) -> E {
        let place = self.next.replace(self.next.get() + 1);
        if let Some(Slope { to, scale }) = slope {
            let gradient = self.gradients.get(place * self.classes..).unwrap_or(&[]);
            to.iter_mut().zip(gradient).for_each(|(to, gradient)| *to = *gradient * scale);
        }
        self.losses.get(place).copied().unwrap_or(E::zero())
    }
}

struct Position<'f, E> {
    output: usize,
    function: &'f OwnLossFn<'f, E>,
    /// Positions whose gradients remain to be compared.
    compared: &'f Cell<usize>,
    found: &'f Cell<Option<LossFault>>,
    /// Unused gradient of a long position.
    unused: RefCell<Vec<E>>,
}

/// A criterion whose targets are class indices.
struct Sparse<C>(C);

impl<E: Float, C: Criterion<E>> Criterion<E> for Sparse<C> {
    const SPARSE: bool = true;

    fn sample(&self, sample: Sample<'_, E>, slope: Option<Slope<'_, E>>) -> E {
        self.0.sample(sample, slope)
    }
}

impl<E: Float> Criterion<E> for Position<'_, E> {
    fn sample(&self, Sample { y, target, .. }: Sample<'_, E>, slope: Option<Slope<'_, E>>) -> E {
        match slope {
            Some(Slope { to, scale }) => {
                to.fill(E::zero());
                let loss = (self.function)(y, target, to);
                if self.compared.get() > 0 {
                    self.compared.set(self.compared.get() - 1);
                    self.compare(y, target, to, loss);
                }
                to.iter_mut().for_each(|value| *value *= scale);
                loss
            }
            None => self.value(y, target),
        }
    }
}

impl<E: Float> Position<'_, E> {
    /// The loss alone. The gradient's buffer may hold other values in evaluation.
    fn value(&self, y: &[E], target: &[E]) -> E {
        let mut few = [E::zero(); 32];
        if let Some(unused) = few.get_mut(..y.len()) {
            return (self.function)(y, target, unused);
        }
        let mut unused = self.unused.borrow_mut();
        unused.clear();
        unused.resize(y.len(), E::zero());
        (self.function)(y, target, &mut unused)
    }

    /// Compares the derivatives that the function wrote with differences of its values.
    fn compare(&self, y: &[E], target: &[E], written: &[E], loss: E) {
        let loss = loss.f64();
        if !loss.is_finite() || self.found.get().is_some() {
            return;
        }
        let mut moved = y.to_vec();
        for element in (0..y.len()).step_by(y.len().div_ceil(COMPARED[1]).max(1)) {
            let (at, written) = (y[element], written[element].f64());
            let mut loss_at = |distance: f64| {
                moved[element] = E::of(at.f64() + distance);
                let distance = moved[element].f64() - at.f64();
                let value = self.value(&moved, target).f64();
                moved[element] = at;
                (value - loss) / distance
            };
            // The longest step that shows the slope decides: one for which half of it shows the same, on both sides.
            // A longer step crosses a kink or the end of a range; a shorter one is less exact, because the values are
            // rounded.
            let steps = [1e-2, 1e-3, 1e-4, 1e-5].map(|step| step * at.f64().abs().max(1e-2));
            let verdict = steps.into_iter().find_map(|step| {
                let slopes = [step, -step].map(&mut loss_at);
                let halves = [0.5 * step, -0.5 * step].map(&mut loss_at);
                // A loss may round at 1 although it is near 0, as `ln(cosh(x))` does.
                let rounding = 16.0 * epsilon::<E>() * (1.0 + loss.abs()) / step;
                let shows = |(slope, half): (&f64, &f64)| {
                    (slope - half).abs() <= 0.05 * slope.abs().max(half.abs()) + 2.0 * rounding
                };
                // Unchanged values say nothing: rounding or a clip may hide the slope.
                let changes = slopes.iter().chain(&halves).any(|slope| *slope != 0.0);
                let is_finite = slopes.iter().all(|slope| slope.is_finite());
                let trusted = changes && is_finite && slopes.iter().zip(&halves).all(shows);
                trusted.then(|| (is_slope(written, slopes, rounding), 0.5 * (slopes[0] + slopes[1])))
            });
            if let Some((false, difference)) = verdict {
                let target = target.get(element).or(target.first()).map_or(f64::NAN, |target| target.f64());
                let (output, prediction) = (self.output, at.f64());
                self.found.set(Some(LossFault::Gradient {
                    output,
                    element,
                    prediction,
                    target,
                    written,
                    difference,
                }));
                return;
            }
        }
    }
}

/// Whether a derivative lies nearly between the slopes on both sides, as at a kink.
fn is_slope(written: f64, slopes: [f64; 2], rounding: f64) -> bool {
    let [low, high] = [slopes[0].min(slopes[1]), slopes[0].max(slopes[1])];
    let tolerance = 0.02 * written.abs().max(low.abs()).max(high.abs()) + rounding;
    (low - tolerance..=high + tolerance).contains(&written)
}

/// Distance from 1 to the next number.
fn epsilon<E>() -> f64 {
    if size_of::<E>() == size_of::<f32>() { f64::from(f32::EPSILON) } else { f64::EPSILON }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Result of the comparison for a prediction and a target.
    fn found<E: Float>(function: &OwnLossFn<'_, E>, prediction: f64, target: f64) -> Option<LossFault> {
        let (compared, found) = (Cell::new(1), Cell::new(None));
        let position =
            Position { output: 0, function, compared: &compared, found: &found, unused: RefCell::default() };
        let (y, target) = ([E::of(prediction)], [E::of(target)]);
        let mut written = [E::zero()];
        let loss = function(&y, &target, &mut written);
        position.compare(&y, &target, &written, loss);
        found.take()
    }

    /// Losses with the derivative with respect to `p`, in `f64` or rounded to `f32`.
    type Rounded = fn(f64, f64, fn(f64) -> f64) -> (f64, f64);

    const LOSSES: [(&str, Rounded); 8] = [
        ("squared", |p, t, r| (r((p - t) * (p - t)), 2.0 * (p - t))),
        ("absolute", |p, t, r| (r((p - t).abs()), (p - t).signum())),
        ("pinball", |p, t, r| if t > p { (r(0.9 * (t - p)), -0.9) } else { (r(0.1 * (p - t)), 0.1) }),
        ("log cosh", |p, t, r| (r(r((p - t).cosh()).ln()), (p - t).tanh())),
        ("pseudo Huber", |p, t, r| {
            let root = r((1.0 + (p - t) * (p - t)).sqrt());
            (r(root - 1.0), (p - t) / root)
        }),
        ("root", |p, t, r| {
            let root = r((p - t).abs().sqrt());
            (root, 0.5 * (p - t).signum() / root)
        }),
        ("cross-entropy, clipped", |p, t, r| {
            let (q, t) = (r(1.0 / (1.0 + (-p).exp())).clamp(1e-7, 1.0 - 1e-7), f64::from(t > 0.0));
            let outer = (q - t) / (q * (1.0 - q)) * q * (1.0 - q);
            (r(-(t * q.ln() + (1.0 - t) * r(1.0 - q).ln())), outer)
        }),
        ("offset", |p, t, r| (r(1e6 + (p - t) * (p - t)), 2.0 * (p - t))),
    ];

    fn numbers(seed: u64) -> impl Iterator<Item = f64> {
        (1..).map(move |at| {
            let number = (seed * 1_000 + at).wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 11;
            number as f64 / (1_u64 << 52) as f64 - 1.0
        })
    }

    #[test]
    fn right_gradients_are_never_refused() {
        for (name, loss) in LOSSES {
            for scale in [1e-6, 1e-4, 1e-2, 0.1, 1.0, 10.0, 100.0] {
                let numbers: Vec<f64> = numbers(7).take(400).map(|number| scale * number).collect();
                for pair in numbers.chunks_exact(2) {
                    let (p, t) = (pair[0], pair[1]);
                    // A clipped value has slope 0.
                    if name.starts_with("cross") && p.abs() > 15.0 {
                        continue;
                    }
                    let of_f32 = move |p: &[f32], t: &[f32], g: &mut [f32]| {
                        let (value, slope) = loss(f64::from(p[0]), f64::from(t[0]), |x| f64::from(x as f32));
                        g[0] = slope as f32;
                        value as f32
                    };
                    let of_f64 = move |p: &[f64], t: &[f64], g: &mut [f64]| {
                        let (value, slope) = loss(p[0], t[0], |x| x);
                        g[0] = slope;
                        value
                    };
                    let faults = [found::<f32>(&of_f32, p, t), found::<f64>(&of_f64, p, t)];
                    assert_eq!(faults, [None, None], "{name} at scale {scale}: {p} {t}");
                }
            }
        }
    }

    /// The clipped cross-entropy of a probability: its slope changes within the distance to 1.
    #[test]
    fn a_sure_and_wrong_probability_is_no_fault() {
        let loss = |p: &[f32], t: &[f32], g: &mut [f32]| {
            let (q, t) = (p[0].clamp(1e-7, 1.0 - 1e-7), t[0]);
            g[0] = (q - t) / (q * (1.0 - q));
            -(t * q.ln() + (1.0 - t) * (1.0 - q).ln())
        };
        for exponent in 1..70 {
            let distance = 0.5 * 0.8_f64.powi(exponent);
            assert_eq!(found::<f32>(&loss, 1.0 - distance, 0.0), None, "{distance}");
            assert_eq!(found::<f32>(&loss, distance, 1.0), None, "{distance}");
        }
    }

    #[test]
    fn wrong_gradients_are_found() {
        for (name, loss) in LOSSES.into_iter().filter(|(name, _)| *name != "offset") {
            for factor in [-1.0, 0.0, 0.5, 1.2, 2.0] {
                let numbers: Vec<f64> = numbers(3).take(200).collect();
                let wrong = numbers.chunks_exact(2).filter(|pair| {
                    let of_f32 = move |p: &[f32], t: &[f32], g: &mut [f32]| {
                        let (value, slope) = loss(f64::from(p[0]), f64::from(t[0]), |x| f64::from(x as f32));
                        g[0] = (factor * slope) as f32;
                        value as f32
                    };
                    found::<f32>(&of_f32, pair[0], pair[1]).is_some()
                });
                // Some positions show nothing; a batch has many.
                let wrong = wrong.count();
                assert!(wrong >= 50, "{name} with a gradient times {factor}: {wrong} of 100");
            }
        }
    }
}
