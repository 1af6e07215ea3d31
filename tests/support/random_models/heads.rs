//! The heads of a random model, its outputs and losses, and the model as text.

use std::fmt::Write;

use super::{Growing, OPTIMIZERS, Tensor, losses};

impl Growing {
    pub(super) fn finish(mut self) -> (String, bool) {
        let heads = 1 + self.random.below(4);
        let mut outputs: Vec<(String, &str)> = vec![];
        let (mut names, mut losses, mut weights) = (vec![], vec![], vec![]);
        // All heads but the last read some tensor, the last one reads the rest.
        for index in 0..heads {
            let last = index + 1 == heads;
            let (x, front) = if last {
                (self.rest(), vec![])
            } else {
                let at = self.any();
                let x = self.read(at);
                (x.name, x.shape[..x.shape.len() - 1].to_vec())
            };
            let (activation, several, loss): (&str, bool, &str) = self.random.pick(&[
                ("linear", false, "mse"),
                ("linear", false, "mae"),
                ("linear", false, "huber(delta = 0.8)"),
                ("tanh", false, "log_cosh"),
                ("linear", true, "cosine_similarity"),
                ("linear", false, "hinge"),
                ("linear", true, "categorical_hinge"),
                ("softmax", true, "categorical_crossentropy"),
                ("softmax", true, "CategoricalCrossentropy(label_smoothing = 0.1)"),
                ("softmax", true, "sparse_categorical_crossentropy"),
                ("softmax", true, "SparseCategoricalCrossentropy(ignore_class = 0)"),
                ("linear", true, "SparseCategoricalCrossentropy(from_logits = true)"),
                ("softmax", true, "kl_divergence"),
                ("sigmoid", false, "binary_crossentropy"),
                ("sigmoid", false, "BinaryCrossentropy(label_smoothing = 0.2)"),
                ("linear", false, "BinaryCrossentropy(from_logits = true)"),
                ("softplus", false, "poisson"),
                ("softplus", false, "msle"),
            ]);
            // An output without a loss requires another trained one: the last.
            let loss = if !last && self.random.chance(0.12) { "none" } else { loss };
            let units = 1 + usize::from(several) + self.random.below(4);
            let name = format!("y{index}");
            if self.random.chance(0.4) {
                // The logits are a tensor that can also be an output.
                let logits = format!("l{index}");
                let shape = [&front[..], &[units]].concat();
                self.lines.push(format!("let {logits} = Dense({units})({x});"));
                self.lines.push(format!("let {name} = Activation({activation})({logits});"));
                let ending = Some("linear");
                self.tensors.push(Tensor { name: logits, shape, read: true, ending, input: false });
            } else {
                self.lines.push(format!("let {name} = Dense({units}, activation = {activation})({x});"));
            }
            outputs.push((name, loss));
        }
        for _ in 0..self.random.below(4) {
            let at = self.random.below(self.tensors.len());
            let tensor = self.tensors[at].clone();
            if outputs.iter().any(|(name, _)| *name == tensor.name) {
                continue;
            }
            let fitting = match tensor.ending {
                Some("softmax") if tensor.last() == 1 => vec!["none"],
                _ if tensor.input => vec!["none"],
                ending => losses::fitting(ending, tensor.last()),
            };
            let place = self.random.below(outputs.len() + 1);
            outputs.insert(place, (tensor.name, self.random.pick(&fitting)));
        }
        for (name, loss) in outputs {
            losses.push(format!("{name}: {loss}"));
            if loss != "none" && self.random.chance(0.5) {
                weights.push(format!("{name}: {}", self.random.pick(&["0.25", "0.5", "2.0"])));
            }
            names.push(name);
        }
        (self.print(&names, &losses, &weights), self.noisy)
    }

    fn print(&mut self, outputs: &[String], losses: &[String], weights: &[String]) -> String {
        let name = format!("Random{:02}", self.index);
        // Axes are often of length 1.
        let allow = "#[allow(mimo::normalization_of_one_value)]";
        let mut text = format!("\nmodel! {{\n    {allow}\n    pub(super) {name} {{\n");
        for line in &self.lines {
            let _ = writeln!(text, "        {line}");
        }
        let inputs: Vec<String> = (0..self.inputs).map(|index| format!("x{index}")).collect();
        let optimizer = OPTIMIZERS[self.index % OPTIMIZERS.len()];
        let _ = writeln!(
            text,
            "        Model(inputs = [{}], outputs = [{}]).compile(\n            optimizer = {optimizer},\n            \
             loss = {{ {} }},",
            inputs.join(", "),
            outputs.join(", "),
            losses.join(", ")
        );
        if !weights.is_empty() {
            let _ = writeln!(text, "            loss_weights = {{ {} }},", weights.join(", "));
        }
        text.push_str("        )\n    }\n}\n\n");
        let field = |(index, input): (usize, &String)| {
            format!("{input}: tensor(narrow::<E>(&columns[{index}])).expect(\"samples\")")
        };
        let fields: Vec<String> = inputs.iter().enumerate().map(field).collect();
        // In rustfmt's style.
        let fields = match &fields[..] {
            [only] => format!("{{ {only} }}"),
            _ => format!("{{\n            {},\n        }}", fields.join(",\n            ")),
        };
        let _ = write!(
            text,
            "impl<E: Real> RandomModel for {name}<E, Cpu>\nwhere\n    Cpu: Device<E>,\n{{\n    \
             fn build_random(seed: u64) -> Self {{\n        {name}::build(seed)\n    }}\n\n    \
             fn inputs(columns: &[Vec<f64>]) -> Self::Inputs {{\n        {name}Inputs {fields}\n    }}\n}}\n"
        );
        text
    }
}
