//! Custom layers: weights, functions as layers, switches between training and inference, lists from loops.

use super::{Growing, Tensor};

impl Growing<'_, '_> {
    /// An expression with functions, loops and weights.
    pub(super) fn own(&mut self, x: &Tensor) {
        let (name, shape) = (&x.name, &x.shape);
        let last = shape.last().copied().unwrap_or(1);
        let number = self.tensors.len();
        match self.choices.below(6) {
            0 => {
                let settings = self.choices.pick(&[
                    "",
                    ", regularizer = L2(0.01)",
                    ", constraint = NonNeg()",
                    ", trainable = false",
                ]);
                let weight = format!("Weight([{last}], initializer = Constant(0.7){settings})");
                self.ending(format!("{name} * {weight}"), shape.clone(), "linear");
            }
            1 => {
                let weight = format!("Weight({shape:?}, initializer = RandomNormal(stddev = 0.3))");
                self.ending(format!("{name} + tanh({weight})"), shape.clone(), "linear");
            }
            2 => {
                self.statements += &format!(
                    "    fn f{number}(x, dim, start = 0.5) {{ let w = Weight([dim], initializer = Constant(start)); \
                     Dense(dim, activation = tanh)(x * w) + Weight([], initializer = zeros) }}\n    \
                     let s{number} = f{number}(dim = {last});\n"
                );
                self.ending(format!("s{number}(s{number}({name}))"), shape.clone(), "linear");
            }
            3 => {
                let noise = self.choices.pick(&["GaussianNoise(0.1)", "Dropout(0.2)", "Dense(LAST)"]);
                let noise = noise.replace("LAST", &last.to_string());
                let switch = format!("if training {{ let h = {noise}({name}); 0.5 * h }} else {{ {name} }}");
                self.ending(switch, shape.clone(), "linear");
            }
            4 => {
                self.statements += &format!(
                    "    let l{number} = for i in 0..3 {{ Dense({last}, activation = tanh)({name}) * (i + 1) }};\n"
                );
                let joined = self.choices.pick(&["add", "maximum", "average"]);
                self.ending(format!("{joined}(l{number})"), shape.clone(), "linear");
            }
            _ => {
                self.statements += &format!(
                    "    let l{number} = for i in [1, {last}] {{ {name} + Dense({last})({name}) / i }};\n"
                );
                self.ending(format!("l{number}[-1] - l{number}[0]"), shape.clone(), "linear");
            }
        }
    }
}
