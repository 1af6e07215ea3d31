//! Derivatives that are computed in registers.

use super::Operand;
use crate::element::Element;
use crate::elementwise::Function;
use crate::elementwise::program::Quick;

/// Turns the gradient of a value into that of an operand.
#[derive(Clone, Copy, Debug)]
pub(super) struct Derivative<E> {
    pub(super) operation: Quick,
    /// The values that the operation reads.
    pub(super) x: Option<Operand<E>>,
    pub(super) numbers: [E; 2],
}

/// Derivative of the step `at` by its operand number `place`; `None` if it is slow.
///
/// The results have the same bits as those of [`add_gradient`](crate::elementwise::add_gradient) on zeros.
pub(super) fn quick_derivative<E: Element>(
    function: Function,
    x: [Operand<E>; 3],
    place: usize,
    at: usize,
) -> Option<Derivative<E>> {
    use Function as F;
    use Operand::Number;
    let (zero, one) = (E::zero(), E::one());
    let by = |operation, numbers| Some(Derivative { operation, x: None, numbers });
    let read = |operation, x, numbers| Some(Derivative { operation, x: Some(x), numbers });
    let y = Operand::Step(at);
    let scale = |operand| match operand {
        Number(number) => by(Quick::ScaleNumber, [number; 2]),
        values => read(Quick::ScaleValues, values, [zero; 2]),
    };
    match (function, place, x) {
        // A product with one is unchanged.
        (F::Add, ..) | (F::Subtract, 0, _) => by(Quick::AddNumber, [zero; 2]),
        (F::Subtract | F::Negative, ..) => scale(Number(-one)),
        (F::Multiply, ..) => scale(x[1 - place.min(1)]),
        (F::ScaleGradient, 0, _) => scale(x[1]),
        (F::Divide, 0, [_, Number(b), _]) => scale(Number(one / b)),
        (F::Divide, 0, _) => read(Quick::ScaleReciprocal, x[1], [zero; 2]),
        (F::Maximum, 0, [a, Number(b), _]) => read(Quick::ScaleFrom, a, [b, one]),
        (F::Maximum, 1, [Number(a), b, _]) => read(Quick::ScaleUpTo, b, [a, zero]),
        (F::Minimum, 0, [a, Number(b), _]) => read(Quick::ScaleUpTo, a, [b, one]),
        (F::Minimum, 1, [Number(a), b, _]) => read(Quick::ScaleFrom, b, [a, zero]),
        (F::Clip, 0, [a, Number(low), Number(high)]) => read(Quick::ScaleWithin, a, [low, high]),
        (F::Square, ..) => read(Quick::ScaleSquare, x[0], [zero; 2]),
        (F::Abs, ..) => read(Quick::ScaleAbs, x[0], [zero; 2]),
        (F::Relu, ..) => read(Quick::ScalePositive, y, [zero; 2]),
        (F::Exp, ..) => scale(y),
        (F::Tanh, ..) => read(Quick::ScaleTanh, y, [zero; 2]),
        (F::Sigmoid, ..) => read(Quick::ScaleSigmoid, y, [zero; 2]),
        (
            F::FloorDivide
            | F::Greater
            | F::GreaterEqual
            | F::Less
            | F::LessEqual
            | F::Equal
            | F::NotEqual
            | F::LogicalAnd
            | F::LogicalOr
            | F::LogicalNot
            | F::Sign
            | F::Floor
            | F::Ceil
            | F::Trunc
            | F::Round,
            ..,
        )
        | (F::Where, 0, _)
        | (F::ScaleGradient, 1, _) => by(Quick::Fill, [zero; 2]),
        _ => None,
    }
}
