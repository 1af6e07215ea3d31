//! Elementwise expressions, such as `mean + sd * noise`: a program of functions that runs over all values at once.

use super::{MergeInput, Planned, View, Written, operation};
use crate::describe::{Describe, List};
use crate::dim::{ConstId, Dim};

/// Kind of a function's derivatives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Derivative {
    /// Zero wherever it exists: nothing before the operation is trained through it.
    Zero,
    /// A number that does not depend on the operands.
    Constant,
    /// A function of the operands, which the backward reads.
    Varying,
}

/// Declares the functions: each with its number of operands and its derivatives.
macro_rules! functions {
    ($(#[$meta:meta])* pub enum $enum:ident { $($(#[$doc:meta])* $name:ident($operands:literal, $derivative:ident),)* }) => {
        crate::describe! {
            $(#[$meta])*
            pub enum $enum {
                $($(#[$doc])* $name,)*
            }
        }

        impl $enum {
            /// The number of operands.
            pub const fn operands(self) -> usize {
                match self { $($enum::$name => $operands,)* }
            }

            const fn derivative(self) -> Derivative {
                match self { $($enum::$name => Derivative::$derivative,)* }
            }

            /// Whether all derivatives are zero, so that nothing before the operation is trained through it.
            pub const fn is_flat(self) -> bool {
                matches!(self.derivative(), Derivative::Zero)
            }

            /// Whether whole operands give a whole result.
            pub const fn keeps_whole(self) -> bool {
                use $enum::*;
                matches!(
                    self,
                    Add | Subtract
                        | Multiply
                        | Maximum
                        | Minimum
                        | Mod
                        | FloorDivide
                        | Negative
                        | Abs
                        | Sign
                        | Square
                        | Where
                        | Clip
                        | ScaleGradient
                )
            }
        }
    };
}

functions! {
    /// A function of one to three values; see [`mimo::language::operations`](crate::language::operations). Conditions are 1 and 0.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub enum Function {
        /// `a + b`.
        Add(2, Constant),
        /// `a - b`.
        Subtract(2, Constant),
        /// `a * b`.
        Multiply(2, Varying),
        /// `a / b`.
        Divide(2, Varying),
        /// `a` to the power of `b`.
        Power(2, Varying),
        /// The larger.
        Maximum(2, Varying),
        /// The smaller.
        Minimum(2, Varying),
        /// Remainder of a division that rounds down.
        Mod(2, Varying),
        /// `a / b`, rounded down.
        FloorDivide(2, Zero),
        /// The angle of a point.
        Arctan2(2, Varying),
        /// `a > b`.
        Greater(2, Zero),
        /// `a >= b`.
        GreaterEqual(2, Zero),
        /// `a < b`.
        Less(2, Zero),
        /// `a <= b`.
        LessEqual(2, Zero),
        /// `a == b`.
        Equal(2, Zero),
        /// `a != b`.
        NotEqual(2, Zero),
        /// Both.
        LogicalAnd(2, Zero),
        /// One or both.
        LogicalOr(2, Zero),
        /// Not.
        LogicalNot(1, Zero),
        /// `b` where `a` is nonzero, else `c`.
        Where(3, Varying),
        /// `a`, limited to at least `b` and at most `c`.
        Clip(3, Varying),
        /// `-a`.
        Negative(1, Constant),
        /// `|a|`.
        Abs(1, Varying),
        /// -1, 0 or 1.
        Sign(1, Zero),
        /// `a²`.
        Square(1, Varying),
        /// `√a`.
        Sqrt(1, Varying),
        /// `1 / √a`.
        Rsqrt(1, Varying),
        /// `1 / a`.
        Reciprocal(1, Varying),
        /// `eᵃ`.
        Exp(1, Varying),
        /// `eᵃ − 1`.
        Expm1(1, Varying),
        /// The natural logarithm.
        Log(1, Varying),
        /// `log(1 + a)`.
        Log1p(1, Varying),
        /// The logarithm with base 2.
        Log2(1, Varying),
        /// The logarithm with base 10.
        Log10(1, Varying),
        /// The sine.
        Sin(1, Varying),
        /// The cosine.
        Cos(1, Varying),
        /// The tangent.
        Tan(1, Varying),
        /// The inverse sine.
        Arcsin(1, Varying),
        /// The inverse cosine.
        Arccos(1, Varying),
        /// The inverse tangent.
        Arctan(1, Varying),
        /// The hyperbolic sine.
        Sinh(1, Varying),
        /// The hyperbolic cosine.
        Cosh(1, Varying),
        /// The hyperbolic tangent.
        Tanh(1, Varying),
        /// The inverse hyperbolic sine.
        Arcsinh(1, Varying),
        /// The inverse hyperbolic cosine.
        Arccosh(1, Varying),
        /// The inverse hyperbolic tangent.
        Arctanh(1, Varying),
        /// The error function.
        Erf(1, Varying),
        /// `1 / (1 + e⁻ᵃ)`.
        Sigmoid(1, Varying),
        /// `a`, limited to at least 0.
        Relu(1, Varying),
        /// Rounded down.
        Floor(1, Zero),
        /// Rounded up.
        Ceil(1, Zero),
        /// Rounded towards 0.
        Trunc(1, Zero),
        /// Rounded to the nearest integer.
        Round(1, Zero),
        /// `a`; its gradient is multiplied by `b`.
        ScaleGradient(2, Constant),
    }
}

/// A number in a model: a literal, or a constant of Rust.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Number {
    /// Known while the macro runs.
    Known(f64),
    /// Known to const evaluation only.
    Constant(ConstId),
}

impl Describe for Number {
    fn literal(&self) -> crate::describe::Literal {
        match self {
            Number::Known(number) => number.literal(),
            // The constant's item has the type `f64`.
            Number::Constant(id) => Dim::constant(*id).literal(),
        }
    }
}

crate::describe! {
    /// Operand of a step of an expression.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub enum Source {
        /// The input number `at`.
        Input(at: usize),
        /// The number at this index of the list of numbers.
        Number(at: usize),
        /// The result of an earlier step.
        Step(at: usize),
    }
}

crate::describe! {
    /// One function of an expression.
    #[derive(Clone, Debug, PartialEq)]
    pub struct ElementwiseStep {
        /// The function.
        pub function: Function,
        /// Its operands, in order.
        pub operands: List<Source>,
    }
}

operation! {
    /// An elementwise expression: its steps run over all values without writing intermediate results to memory. The
    /// last step is the result.
    ///
    /// **Keras equivalent:** functions of `keras.ops`.
    #[derive(Clone, Debug, PartialEq)]
    pub struct Elementwise<L> {
        /// The shape of the result.
        pub shape: List<L>,
        /// Constants.
        pub numbers: List<L::Number>,
        /// Index of the number that is 0, and 1 while training.
        pub training: Option<usize>,
        /// The functions, in order. Inputs, numbers and steps are at most [`MOST_REGISTERS`] together.
        pub steps: List<ElementwiseStep>,
        /// The inputs, each once.
        pub inputs: List<MergeInput<L>>,
        /// The result.
        pub y: Written<L>,
    }
}

/// Limit on the number of inputs, numbers and steps of an expression: their tiles stay in the first-level cache.
/// Longer expressions are split.
pub const MOST_REGISTERS: usize = 32;

impl Planned for Elementwise<Dim> {
    fn prepare_backward(&mut self, _: &mut dyn FnMut(Dim) -> View<Dim>) {
        // The backward computes the values that a derivative depends on again, from the inputs.
        let mut needed = vec![false; self.steps.len()];
        let mut read = vec![false; self.inputs.len()];
        for (at, step) in self.steps.iter().enumerate().rev() {
            if !needed[at] && step.function.derivative() != Derivative::Varying {
                continue;
            }
            for source in step.operands.iter() {
                match *source {
                    Source::Input(input) => read[input] = true,
                    Source::Step(before) => needed[before] = true,
                    Source::Number(_) => {}
                }
            }
        }
        for (input, read) in self.inputs.to_mut().iter_mut().zip(read) {
            input.x.kept = read;
        }
    }
}
