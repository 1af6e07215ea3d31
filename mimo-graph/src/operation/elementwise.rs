//! Expressions of single values, such as `mean + sd * noise`: a program of functions that runs over all values at once.

use super::{MergeInput, Planned, View, Written, operation};
use crate::describe::{Describe, List};
use crate::dim::{ConstId, Dim};

/// Declares the functions: each with its number of operands, and whether a derivative depends on an operand.
macro_rules! functions {
    ($(#[$meta:meta])* pub enum $enum:ident { $($(#[$doc:meta])* $name:ident($operands:literal, $curved:literal),)* }) => {
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

            /// Whether a derivative depends on what the operands are, so that the backward reads them.
            const fn is_curved(self) -> bool {
                match self { $($enum::$name => $curved,)* }
            }
        }
    };
}

functions! {
    /// A function of one to three values; see [`mimo::language::operations`](crate::language::operations). Conditions are 1 and 0.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub enum Function {
        /// `a + b`.
        Add(2, false),
        /// `a - b`.
        Subtract(2, false),
        /// `a * b`.
        Multiply(2, true),
        /// `a / b`.
        Divide(2, true),
        /// `a` to the power of `b`.
        Power(2, true),
        /// The larger.
        Maximum(2, true),
        /// The smaller.
        Minimum(2, true),
        /// What a division that rounds down leaves.
        Mod(2, true),
        /// `a / b`, rounded down.
        FloorDivide(2, false),
        /// The angle of a point.
        Arctan2(2, true),
        /// `a > b`.
        Greater(2, false),
        /// `a >= b`.
        GreaterEqual(2, false),
        /// `a < b`.
        Less(2, false),
        /// `a <= b`.
        LessEqual(2, false),
        /// `a == b`.
        Equal(2, false),
        /// `a != b`.
        NotEqual(2, false),
        /// Both.
        LogicalAnd(2, false),
        /// One or both.
        LogicalOr(2, false),
        /// Not.
        LogicalNot(1, false),
        /// `b` where `a` is another number than 0, else `c`.
        Where(3, true),
        /// At least `b` and at most `c`.
        Clip(3, true),
        /// `-a`.
        Negative(1, false),
        /// `|a|`.
        Abs(1, true),
        /// -1, 0 or 1.
        Sign(1, false),
        /// `a²`.
        Square(1, true),
        /// `√a`.
        Sqrt(1, true),
        /// `1 / √a`.
        Rsqrt(1, true),
        /// `1 / a`.
        Reciprocal(1, true),
        /// `eᵃ`.
        Exp(1, true),
        /// `eᵃ − 1`.
        Expm1(1, true),
        /// The natural logarithm.
        Log(1, true),
        /// `log(1 + a)`.
        Log1p(1, true),
        /// The logarithm with base 2.
        Log2(1, true),
        /// The logarithm with base 10.
        Log10(1, true),
        /// The sine.
        Sin(1, true),
        /// The cosine.
        Cos(1, true),
        /// The tangent.
        Tan(1, true),
        /// The inverse sine.
        Arcsin(1, true),
        /// The inverse cosine.
        Arccos(1, true),
        /// The inverse tangent.
        Arctan(1, true),
        /// The hyperbolic sine.
        Sinh(1, true),
        /// The hyperbolic cosine.
        Cosh(1, true),
        /// The hyperbolic tangent.
        Tanh(1, true),
        /// The inverse hyperbolic sine.
        Arcsinh(1, true),
        /// The inverse hyperbolic cosine.
        Arccosh(1, true),
        /// The inverse hyperbolic tangent.
        Arctanh(1, true),
        /// The error function.
        Erf(1, true),
        /// `1 / (1 + e⁻ᵃ)`.
        Sigmoid(1, true),
        /// At least 0.
        Relu(1, true),
        /// Rounded down.
        Floor(1, false),
        /// Rounded up.
        Ceil(1, false),
        /// Rounded to the nearest whole number.
        Round(1, false),
        /// `a`; its gradient is multiplied by `b`.
        ScaleGradient(2, false),
    }
}

impl Function {
    /// Whether no operand has a gradient: what comes before is not trained through it.
    pub const fn is_flat(self) -> bool {
        matches!(
            self,
            Function::FloorDivide
                | Function::Greater
                | Function::GreaterEqual
                | Function::Less
                | Function::LessEqual
                | Function::Equal
                | Function::NotEqual
                | Function::LogicalAnd
                | Function::LogicalOr
                | Function::LogicalNot
                | Function::Sign
                | Function::Floor
                | Function::Ceil
                | Function::Round
        )
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
            // The constant's item is of type `f64`.
            Number::Constant(id) => Dim::constant(*id).literal(),
        }
    }
}

crate::describe! {
    /// What a step of an expression reads.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub enum Source {
        /// The input number `at`.
        Input(at: usize),
        /// The number at this place of the list of numbers.
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
    /// An expression of single values: its steps run over all values, and nothing that is between them is written to memory.
    /// The last step gives the result.
    ///
    /// **Keras equivalent:** functions of `keras.ops`.
    #[derive(Clone, Debug, PartialEq)]
    pub struct Elementwise<L> {
        /// The shape of the result.
        pub shape: List<L>,
        /// Constants.
        pub numbers: List<L::Number>,
        /// The functions, in order. Inputs, numbers and steps are at most [`MOST_REGISTERS`] together.
        pub steps: List<ElementwiseStep>,
        /// The inputs, each once.
        pub inputs: List<MergeInput<L>>,
        /// The result.
        pub y: Written<L>,
    }
}

/// Inputs, numbers and steps of an expression: their tiles stay in the first-level cache. Longer expressions are cut.
pub const MOST_REGISTERS: usize = 32;

impl Planned for Elementwise<Dim> {
    fn prepare_backward(&mut self, _: &mut dyn FnMut(Dim) -> View<Dim>) {
        // The backward computes what a derivative depends on again, from the inputs.
        let mut needed = vec![false; self.steps.len()];
        let mut read = vec![false; self.inputs.len()];
        for (at, step) in self.steps.iter().enumerate().rev() {
            if !needed[at] && !step.function.is_curved() {
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
