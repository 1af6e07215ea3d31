//! The table of a model's layers, as Keras's `summary()` prints it, and the line that identifies the files of its
//! weights.

use std::fmt::Write;

use crate::optimizer::OptimizerSpec;
use crate::shape::Dtype;
use crate::spec::{Connection, LayerSpec, ModelSpec};

/// Width at which a cell of the last column is continued on the next line.
const CONNECTED_WIDTH: usize = 40;

/// Keras's table of layers, the totals, and a table of the outputs and how each is trained.
///
/// Columns are as wide as their content; nothing is cut. Layers are in the order of [`ModelSpec::layers`].
/// `bytes_per_value` is the size of the model's float type.
pub fn summary(spec: &ModelSpec, bytes_per_value: usize) -> String {
    let mut layers = Table::new(&["Layer (type)", "Output Shape", ">Param #", "Connected to"]);
    for layer in spec.layers {
        layers.row(vec![
            vec![format!("{} ({})", layer.name, layer.class)],
            vec![batched(layer.output_shape)],
            vec![thousands(layer.parameters)],
            connections(layer),
        ]);
    }
    let values = |trainable: bool| -> usize {
        let weights = spec.weights.iter().filter(|weight| weight.trainable == trainable);
        weights.map(|weight| weight.shape.iter().product::<usize>()).sum()
    };
    let (trainable, fixed) = (values(true), values(false));
    let total = |text: &mut String, what: &str, values: usize| {
        let size = bytes(values.saturating_mul(bytes_per_value));
        let _ = writeln!(text, " {what} params: {} ({size})", thousands(values));
    };

    let mut text = format!("Model: \"{}\"\n", spec.name);
    layers.draw(&mut text);
    total(&mut text, "Total", trainable + fixed);
    total(&mut text, "Trainable", trainable);
    total(&mut text, "Non-trainable", fixed);
    match spec.optimizers {
        [] => {}
        [OptimizerSpec { key: None, optimizer, .. }] => {
            let _ = writeln!(text, " Optimizer: {optimizer}");
        }
        several => {
            text.push_str(" Optimizers:\n");
            for OptimizerSpec { key, optimizer, .. } in several {
                let _ = writeln!(text, "   {}: {optimizer}", key.unwrap_or_default());
            }
        }
    }
    text.push('\n');
    outputs(spec).draw(&mut text);
    text
}

/// The table of outputs; without columns about training for a model that only predicts.
fn outputs(spec: &ModelSpec) -> Table {
    if spec.optimizers.is_empty() {
        let mut table = Table::new(&["Output", "Output Shape"]);
        for output in spec.outputs {
            table.row(vec![vec![output.name.into()], vec![batched(output.shape)]]);
        }
        return table;
    }
    let mut table = Table::new(&["Output", "Output Shape", "Loss", ">Weight", "Metrics"]);
    for output in spec.outputs {
        let metrics: Vec<_> = output.metrics.iter().map(|&(name, _)| name).collect();
        let (loss, weight) = match output.loss {
            Some(loss) => (loss.to_string(), output.weight.to_string()),
            None => ("-".into(), "-".into()),
        };
        let metrics = if metrics.is_empty() { "-".into() } else { metrics.join(", ") };
        table.row(vec![
            vec![output.name.into()],
            vec![batched(output.shape)],
            vec![loss],
            vec![weight],
            vec![metrics],
        ]);
    }
    table
}

/// A line that is equal for two models if a file of weights of one fits the other: inputs, outputs and every weight,
/// with names and shapes. It does not contain the model's own name, losses and the optimizer.
pub fn signature(spec: &ModelSpec) -> String {
    let inputs = spec.inputs.iter().map(|input| {
        let dtype = match input.dtype {
            Dtype::Float => "",
            Dtype::Int => ":int",
        };
        format!("{}{}{dtype}", input.name, listed(input.shape))
    });
    let outputs = spec.outputs.iter().map(|output| format!("{}{}", output.name, listed(output.shape)));
    let weights = spec.weights.iter().map(|weight| format!("{}{}", weight.name, listed(weight.shape)));
    let joined = |items: Vec<String>| items.join(" ");
    format!(
        "inputs: {}; outputs: {}; weights: {}",
        joined(inputs.collect()),
        joined(outputs.collect()),
        joined(weights.collect())
    )
}

/// A shape as Keras shows it, with the batch axis: `(None, 28, 28, 1)`.
pub(crate) fn batched(shape: &[usize]) -> String {
    let mut text = String::from("(None,");
    for (i, length) in shape.iter().enumerate() {
        let comma = if i + 1 == shape.len() { "" } else { "," };
        let _ = write!(text, " {length}{comma}");
    }
    text.push(')');
    text
}

/// A shape without spaces, for the signature: `[28,28,1]`.
fn listed(shape: &[usize]) -> String {
    let lengths: Vec<_> = shape.iter().map(usize::to_string).collect();
    format!("[{}]", lengths.join(","))
}

/// Inputs of a layer, as lines of a cell.
fn connections(layer: &LayerSpec) -> Vec<String> {
    let mut lines = vec![String::new()];
    for (i, &Connection { layer: source, call, tensor }) in layer.connected_to.iter().enumerate() {
        let comma = if i + 1 == layer.connected_to.len() { "" } else { "," };
        let item = format!("{source}[{call}][{tensor}]{comma}");
        match lines.last_mut() {
            Some(line) if line.is_empty() => line.push_str(&item),
            Some(line) if width(line) + 1 + width(&item) <= CONNECTED_WIDTH => {
                line.push(' ');
                line.push_str(&item);
            }
            _ => lines.push(item),
        }
    }
    if layer.connected_to.is_empty() {
        return vec!["-".into()];
    }
    lines
}

/// Formats `1234567` as `1,234,567`.
pub fn thousands(n: usize) -> String {
    let digits = n.to_string();
    let mut text = String::new();
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// Formats a size in the largest suitable unit, as Keras does.
fn bytes(n: usize) -> String {
    let mut size = n as f64;
    for unit in ["B", "KB", "MB", "GB", "TB"] {
        if size < 1024.0 {
            return format!("{size:.2} {unit}");
        }
        size /= 1024.0;
    }
    format!("{size:.2} PB")
}

fn width(text: &str) -> usize {
    text.chars().count()
}

/// A table with a heavy header, as Keras draws it. Cells may have several lines.
struct Table {
    /// Titles; whether the column is aligned to the right.
    columns: Vec<(String, bool)>,
    rows: Vec<Vec<Vec<String>>>,
}

impl Table {
    /// A title that starts with `>` makes the column right-aligned.
    fn new(titles: &[&str]) -> Self {
        let column = |title: &&str| match title.strip_prefix('>') {
            Some(title) => (title.into(), true),
            None => ((*title).into(), false),
        };
        Table { columns: titles.iter().map(column).collect(), rows: vec![] }
    }

    fn row(&mut self, cells: Vec<Vec<String>>) {
        self.rows.push(cells);
    }

    fn draw(&self, text: &mut String) {
        let titles: Vec<_> = self.columns.iter().map(|(title, _)| vec![title.clone()]).collect();
        let widths: Vec<_> = (0..self.columns.len())
            .map(|column| {
                let cells = self.rows.iter().chain([&titles]).filter_map(|row| row.get(column));
                cells.flatten().map(|line| width(line)).max().unwrap_or(0)
            })
            .collect();
        let rule = |text: &mut String, [left, line, cross, right]: [char; 4]| {
            text.push(left);
            for (i, width) in widths.iter().enumerate() {
                if i > 0 {
                    text.push(cross);
                }
                text.extend(std::iter::repeat_n(line, width + 2));
            }
            text.push(right);
            text.push('\n');
        };
        rule(text, ['┏', '━', '┳', '┓']);
        self.cells(text, &titles, &widths, '┃');
        rule(text, ['┡', '━', '╇', '┩']);
        for (i, row) in self.rows.iter().enumerate() {
            if i > 0 {
                rule(text, ['├', '─', '┼', '┤']);
            }
            self.cells(text, row, &widths, '│');
        }
        rule(text, ['└', '─', '┴', '┘']);
    }

    fn cells(&self, text: &mut String, row: &[Vec<String>], widths: &[usize], bar: char) {
        let height = row.iter().map(Vec::len).max().unwrap_or(0);
        for y in 0..height {
            for (column, cell) in row.iter().enumerate() {
                let line = cell.get(y).map_or("", String::as_str);
                let wide = widths.get(column).copied().unwrap_or(0);
                let right = self.columns.get(column).is_some_and(|&(_, right)| right);
                let _ = match right {
                    true => write!(text, "{bar} {line:>wide$} "),
                    false => write!(text, "{bar} {line:<wide$} "),
                };
            }
            text.push(bar);
            text.push('\n');
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::spec::examples::{DIAGNOSIS, SIAMESE};

    #[test]
    fn the_summary_is_keras_s_table_with_the_outputs_below() {
        let expected = &r#"
Model: "Diagnosis"
┏━━━━━━━━━━━━━━━━━━━━━━━━┳━━━━━━━━━━━━━━┳━━━━━━━━━┳━━━━━━━━━━━━━━━━━━━━━━━━━━━━┓
┃ Layer (type)           ┃ Output Shape ┃ Param # ┃ Connected to               ┃
┡━━━━━━━━━━━━━━━━━━━━━━━━╇━━━━━━━━━━━━━━╇━━━━━━━━━╇━━━━━━━━━━━━━━━━━━━━━━━━━━━━┩
│ ecg (InputLayer)       │ (None, 1200) │       0 │ -                          │
├────────────────────────┼──────────────┼─────────┼────────────────────────────┤
│ age (InputLayer)       │ (None,)      │       0 │ -                          │
├────────────────────────┼──────────────┼─────────┼────────────────────────────┤
│ dense (Dense)          │ (None, 8)    │   9,608 │ ecg[0][0]                  │
├────────────────────────┼──────────────┼─────────┼────────────────────────────┤
│ flatten (Flatten)      │ (None, 1)    │       0 │ age[0][0]                  │
├────────────────────────┼──────────────┼─────────┼────────────────────────────┤
│ features (Concatenate) │ (None, 9)    │       0 │ dense[0][0], flatten[0][0] │
├────────────────────────┼──────────────┼─────────┼────────────────────────────┤
│ diagnosis (Dense)      │ (None, 3)    │      30 │ features[0][0]             │
├────────────────────────┼──────────────┼─────────┼────────────────────────────┤
│ head (Dense)           │ (None, 1)    │      10 │ features[0][0]             │
└────────────────────────┴──────────────┴─────────┴────────────────────────────┘
 Total params: 9,648 (37.69 KB)
 Trainable params: 40 (160.00 B)
 Non-trainable params: 9,608 (37.53 KB)
 Optimizer: SGD(learning_rate = 0.01, momentum = 0.9, clipnorm = 1)

┏━━━━━━━━━━━┳━━━━━━━━━━━━━━┳━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━┳━━━━━━━━┳━━━━━━━━━━━━━━━┓
┃ Output    ┃ Output Shape ┃ Loss                                            ┃ Weight ┃ Metrics       ┃
┡━━━━━━━━━━━╇━━━━━━━━━━━━━━╇━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━╇━━━━━━━━╇━━━━━━━━━━━━━━━┩
│ diagnosis │ (None, 3)    │ categorical_crossentropy(label_smoothing = 0.1) │      1 │ accuracy      │
├───────────┼──────────────┼─────────────────────────────────────────────────┼────────┼───────────────┤
│ risk      │ (None, 1)    │ binary_crossentropy                             │    0.5 │ accuracy, auc │
├───────────┼──────────────┼─────────────────────────────────────────────────┼────────┼───────────────┤
│ features  │ (None, 9)    │ -                                               │      - │ -             │
└───────────┴──────────────┴─────────────────────────────────────────────────┴────────┴───────────────┘
"#[1..];
        assert_eq!(summary(&DIAGNOSIS, 4), expected);
    }

    #[test]
    fn a_model_that_only_predicts_lists_its_outputs_without_training() {
        let expected = &r#"
Model: "Sia"mese"
┏━━━━━━━━━━━━━━━━━━━━┳━━━━━━━━━━━━━━┳━━━━━━━━━┳━━━━━━━━━━━━━━━━━━━━━━━━━┓
┃ Layer (type)       ┃ Output Shape ┃ Param # ┃ Connected to            ┃
┡━━━━━━━━━━━━━━━━━━━━╇━━━━━━━━━━━━━━╇━━━━━━━━━╇━━━━━━━━━━━━━━━━━━━━━━━━━┩
│ left (InputLayer)  │ (None, 4)    │       0 │ -                       │
├────────────────────┼──────────────┼─────────┼─────────────────────────┤
│ right (InputLayer) │ (None, 4)    │       0 │ -                       │
├────────────────────┼──────────────┼─────────┼─────────────────────────┤
│ enc (Dense<"2">)   │ (None, 2)    │      10 │ left[0][0], right[0][0] │
├────────────────────┼──────────────┼─────────┼─────────────────────────┤
│ sum (Add)          │ (None, 2)    │       0 │ enc[0][0], enc[1][0]    │
└────────────────────┴──────────────┴─────────┴─────────────────────────┘
 Total params: 10 (40.00 B)
 Trainable params: 10 (40.00 B)
 Non-trainable params: 0 (0.00 B)

┏━━━━━━━━┳━━━━━━━━━━━━━━┓
┃ Output ┃ Output Shape ┃
┡━━━━━━━━╇━━━━━━━━━━━━━━┩
│ a      │ (None, 2)    │
├────────┼──────────────┤
│ b      │ (None, 2)    │
└────────┴──────────────┘
"#[1..];
        assert_eq!(summary(&SIAMESE, 4), expected);
    }

    #[test]
    fn long_connections_go_on_in_the_next_line() {
        const PARTS: [Connection; 5] = [Connection { layer: "some_branch", call: 0, tensor: 0 }; 5];
        let layer = LayerSpec {
            name: "all",
            class: "Concatenate",
            output_shape: &[5],
            parameters: 0,
            trainable: true,
            connected_to: &PARTS,
        };
        assert_eq!(
            connections(&layer),
            [
                "some_branch[0][0], some_branch[0][0],",
                "some_branch[0][0], some_branch[0][0],",
                "some_branch[0][0]"
            ]
        );
    }

    #[test]
    fn sizes_and_counts_read_as_in_keras() {
        assert_eq!(thousands(0), "0");
        assert_eq!(thousands(999), "999");
        assert_eq!(thousands(1_000), "1,000");
        assert_eq!(thousands(12_345_678), "12,345,678");
        assert_eq!(bytes(32), "32.00 B");
        assert_eq!(bytes(686 * 4), "2.68 KB");
        assert_eq!(bytes(3 << 30), "3.00 GB");
        assert_eq!(batched(&[]), "(None,)");
        assert_eq!(batched(&[28, 28, 1]), "(None, 28, 28, 1)");
    }

    #[test]
    fn the_signature_names_every_weight() {
        assert_eq!(
            signature(&DIAGNOSIS),
            "inputs: ecg[1200] age[]:int; outputs: diagnosis[3] risk[1] features[9]; \
             weights: dense/kernel[1200,8] dense/bias[8] diagnosis/kernel[9,3] diagnosis/bias[3] \
             head/kernel[9,1] head/bias[1]"
        );
    }
}
