//! Losses that users write as functions of slices, and the comparison of their gradients with differences of their values.

use std::cell::{Cell, RefCell};

use mimo_graph::loss::Loss;

use super::{Criterion, LossOp, Masked, Pass, Sample, Slope, Visit};
use crate::chunk::{Chunk, Mode};
use crate::float::Float;

/// A loss of one position: returns it and writes its derivative by each value of the prediction, given prediction, target, and zeros to
/// be written.
pub type OwnLossFn<E> = dyn Fn(&[E], &[E], &mut [E]) -> E;

/// Why a loss of one's own cannot be used.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum LossFault {
    /// The function is one of another float type.
    Element {
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
    function: Option<&OwnLossFn<E>>,
    chunk: &mut Chunk<'_, E>,
) {
    let Some(function) = function else {
        chunk.own.fault.get_or_insert(LossFault::Element { output: op.output });
        return;
    };
    let compared = if chunk.own.check_gradients && chunk.mode == Mode::Train { COMPARED[0] } else { 0 };
    let (compared, found) = (Cell::new(compared), Cell::new(None));
    Pass::over(op, mask, chunk, |loss, form, pass| {
        let position =
            Position { output: op.output, function, compared: &compared, found: &found, unused: RefCell::default() };
        match loss {
            Loss::Own { sparse: true, .. } => pass.visit(form.each(Sparse(position))),
            _ => pass.visit(form.each(position)),
        }
    });
    if let Some(fault) = found.take() {
        chunk.own.fault.get_or_insert(fault);
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

struct Sparse<'f, E: 'static>(Position<'f, E>);

impl<E: Float> Criterion<E> for Sparse<'_, E> {
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
                to.iter_mut().for_each(|value| *value = *value * scale);
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
                is_slope(written, slopes, 8.0 * epsilon::<E>() * (loss.abs() + above.abs() + below.abs()) / step)
            });
            if let (false, Some(difference)) = (sound, fault) {
                let target = target.get(element).or(target.first()).map_or(f64::NAN, |target| target.f64());
                let (output, prediction) = (self.output, at.f64());
                self.found.set(Some(LossFault::Gradient { output, element, prediction, target, written, difference }));
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
