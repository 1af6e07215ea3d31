//! Losses that users write as functions of slices, and the comparison of their gradients with differences of their values.

use std::cell::{Cell, RefCell};

use mimo_graph::loss::Loss;

use super::{Criterion, Form, LossOp, Masked, Pass, Sample, Slope, Visit};
use crate::chunk::{Chunk, Mode};
use crate::float::Float;
use crate::own::Batched;

/// A loss of one position: returns it and writes its derivative by each value of the prediction, given prediction, target, and zeros to
/// be written.
pub type OwnLossFn<E> = dyn Fn(&[E], &[E], &mut [E]) -> E;

/// A loss of one's own.
#[expect(missing_debug_implementations, reason = "functions of the user")]
pub enum OwnLoss<'f, E> {
    /// Of one position.
    Position(&'f OwnLossFn<E>),
    /// Of several positions at once.
    Positions(&'f dyn Batched<E>),
}

/// Why a loss of one's own cannot be used.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum LossFault {
    /// The function is one of another float type.
    Element {
        /// The output.
        output: usize,
    },
    /// The function of tensors returned another number of losses than there are positions, or a mask divides positions.
    Positions {
        /// The output.
        output: usize,
    },
    /// The function wrote another derivative than its values have.
    Gradient {
        /// The output.
        output: usize,
        /// The value of the position.
        element: usize,
        /// Its prediction.
        prediction: f64,
        /// Its target; the class index of a sparse loss.
        target: f64,
        /// The derivative that the function wrote.
        written: f64,
        /// The central difference of its values.
        difference: f64,
    },
}

/// Positions of a chunk whose gradients are compared, and values of each.
const COMPARED: [usize; 2] = [64, 32];

/// The loss of the rows of a chunk.
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

/// A function of slices.
fn by_position<E: Float>(
    op: &LossOp,
    mask: Option<&Masked>,
    function: &OwnLossFn<E>,
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

/// A function of tensors: the positions that count are gathered, and their losses and gradients taken from there in a second pass.
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
    let Some((losses, gradients)) = function.run(rows, y, target, backward) else {
        return Some(LossFault::Positions { output: op.output });
    };
    let next = Cell::new(0);
    let computed = Computed { losses: &losses, gradients: &gradients, classes, next: &next };
    Pass::over(op, mask, chunk, |_, form, pass| visit(op, form, pass, computed));
    None
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

/// Losses and gradients of the positions that were gathered, in their order.
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

struct Position<'f, E: 'static> {
    output: usize,
    function: &'f OwnLossFn<E>,
    /// Positions whose gradients are still to be compared.
    compared: &'f Cell<usize>,
    found: &'f Cell<Option<LossFault>>,
    /// A gradient that nobody reads, of a long position.
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
    /// The loss alone. The memory of the gradient may have other values while evaluating.
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
            let mut at_distance = |distance: f64| {
                moved[element] = E::of(at.f64() + distance);
                let distance = moved[element].f64() - at.f64();
                let loss = self.value(&moved, target).f64();
                moved[element] = at;
                (distance, loss)
            };
            let mut fault = None;
            let sound = [1e-2, 1e-3].into_iter().any(|step| {
                let step = step * at.f64().abs().max(1e-2);
                let [(up, above), (down, below)] = [step, -step].map(&mut at_distance);
                let slopes = [(above - loss) / up, (below - loss) / down];
                // Where the loss ends, there is nothing to compare with.
                if slopes.iter().any(|slope| !slope.is_finite()) {
                    return true;
                }
                fault = Some((above - below) / (up - down));
                is_slope(
                    written,
                    slopes,
                    8.0 * epsilon::<E>() * (loss.abs() + above.abs() + below.abs()) / step,
                )
            });
            if let (false, Some(difference)) = (sound, fault) {
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

/// Whether a derivative lies between the slopes to both sides, as one of a kink does, nearly.
fn is_slope(written: f64, slopes: [f64; 2], rounding: f64) -> bool {
    let [low, high] = [slopes[0].min(slopes[1]), slopes[0].max(slopes[1])];
    let tolerance = 0.02 * written.abs().max(low.abs()).max(high.abs()) + rounding;
    (low - tolerance..=high + tolerance).contains(&written)
}

/// Distance from 1 to the next number.
fn epsilon<E>() -> f64 {
    if size_of::<E>() == size_of::<f32>() { f64::from(f32::EPSILON) } else { f64::EPSILON }
}
