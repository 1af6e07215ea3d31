//! Layers that a prediction folds into one.

use super::{Growing, Tensor};

impl Growing {
    /// A linear layer, usually followed by a batch normalization and an activation. Layers may have two calls, only
    /// one of which is followed by the others.
    pub(super) fn foldable(&mut self) {
        self.noisy = true;
        let at = self.any();
        let x = self.read(at);
        let (units, bias) = (
            1 + self.random.below(5),
            self.random.pick(&[
                "",
                "",
                "",
                ", use_bias = false",
                ", use_bias = false",
                ", activation = relu",
            ]),
        );
        let channels = x.last();
        let kinds = match x.shape.len() {
            2 => vec![
                (format!("Conv1D({units}, 2, padding = same{bias})"), units),
                (format!("Conv1DTranspose({units}, 3, padding = same{bias})"), units),
                (format!("SeparableConv1D({units}, 2, padding = same{bias})"), units),
                (format!("DepthwiseConv1D(2, padding = same, depth_multiplier = 2{bias})"), 2 * channels),
                (format!("TimeDistributed(Dense({units}{bias}))"), units),
            ],
            3 => vec![
                (format!("Conv2D({units}, 2, padding = same{bias})"), units),
                (format!("Conv2DTranspose({units}, 2, padding = same{bias})"), units),
                (format!("SeparableConv2D({units}, [1, 2], padding = same{bias})"), units),
                (format!("DepthwiseConv2D(2, padding = same{bias})"), channels),
            ],
            _ => vec![],
        };
        let dense = (format!("Dense({units}{bias})"), units);
        let (layer, last) = match self.random.chance(0.3) || kinds.is_empty() {
            true => dense,
            false => self.random.pick(&kinds),
        };
        let norm = self.random.pick(&[
            "BatchNormalization(epsilon = 0.1)",
            "BatchNormalization(epsilon = 0.1, momentum = 0.5, center = false)",
            "BatchNormalization(epsilon = 0.1, scale = false)",
            "BatchNormalization(axis = 1, epsilon = 0.1)",
            "BatchNormalization(trainable = false)",
        ]);
        let shape = [&x.shape[..x.shape.len() - 1], &[last]].concat();
        let (layer, norm) = match self.random.chance(0.25) {
            true => {
                let number = self.lines.len();
                self.lines.push(format!("let l{number} = {layer};"));
                self.lines.push(format!("let n{number} = {norm};"));
                (format!("l{number}"), format!("n{number}"))
            }
            false => (layer, norm.to_owned()),
        };
        let calls = if norm.starts_with('n') { 2 } else { 1 };
        for call in 0..calls {
            let mut after = vec![];
            if call == 0 || self.random.chance(0.6) {
                after.push(norm.clone());
            }
            let as_made =
                Tensor { name: String::new(), shape: shape.clone(), read: true, ending: None, input: false };
            let activation = self.random.chance(0.6).then(|| self.activation(&as_made));
            after.extend(activation.map(|activation| format!("Activation({activation})")));
            let mut result = format!("{layer}({})", x.name);
            for function in after {
                // A named tensor may have other readers, or be an output.
                if self.random.chance(0.3) {
                    result = self.give(&result, shape.clone());
                    self.read(self.tensors.len() - 1);
                }
                result = format!("{function}({result})");
            }
            match activation {
                Some(activation) => self.give_activated(&result, shape.clone(), activation),
                None => self.give(&result, shape.clone()),
            };
        }
    }
}
