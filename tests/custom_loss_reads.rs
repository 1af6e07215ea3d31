//! Requirements on custom losses: they have to read their outputs, and the sample weights of all outputs that they
//! read. Tests every combination of two losses, of the outputs that they read and of the weights in the data.

use mimo::data::ArrayDataset;
use mimo::dfdx::prelude::*;
use mimo::prelude::{Error, Trainer, model, tensor};
use mimo::{CustomTargets, LossTensor};

model! {
    Heads {
        let x = Input(shape = [1]);
        let a = Dense(1)(x);
        let b = Dense(1)(x);
        let c = Dense(1)(x);
        Model(inputs = [x], outputs = [a, b, c])
            .compile(optimizer = SGD(0.0), loss = { a: custom, b: custom, c: mse })
    }
}

const NAMES: [&str; 3] = ["a", "b", "c"];

/// A custom loss: its output, the outputs that it reads and the weights that it reads.
#[derive(Clone, Copy, Debug)]
struct Custom {
    output: Option<usize>,
    outputs: [bool; 3],
    weights: [bool; 3],
}

impl Custom {
    /// All losses of an output, or all joint ones.
    fn all(output: Option<usize>) -> impl Iterator<Item = Custom> {
        (0..64).map(move |bits| {
            let bit = |index: usize| bits >> index & 1 == 1;
            Custom { output, outputs: [bit(0), bit(1), bit(2)], weights: [bit(3), bit(4), bit(5)] }
        })
    }

    fn add(self, trainer: &mut Trainer<'_, Heads>) {
        let name = self.output.map_or("joint", |output| NAMES[output]);
        let loss = move |outputs: <Heads as mimo::prelude::Model>::TracedOutputs,
                         targets: &CustomTargets<Heads>| {
            let weights = targets.sample_weights();
            let weights = [&weights.a, &weights.b, &weights.c];
            for (weights, _) in weights.iter().zip(self.weights).filter(|(_, read)| *read) {
                let _ = weights.tensor();
            }
            // Gradients other than zero are not required.
            let nothing = targets.a.clone().leaky_trace().mean() * 0.0;
            let outputs = [outputs.a, outputs.b, outputs.c].into_iter().zip(self.outputs);
            let read = outputs.filter(|(_, read)| *read).map(|(output, _)| output.mean() * 0.0);
            Ok(read.fold(nothing, |sum: LossTensor<f32>, output| sum + output))
        };
        trainer.add_loss(name, loss).expect("a custom output or a free name");
    }
}

/// Expected result of the trainer.
#[derive(Debug, PartialEq)]
enum Verdict {
    Right,
    WeightsIgnored(&'static str),
    OutputIgnored(&'static str),
    NoLoss(&'static str),
}

fn wanted(losses: &[Custom], weighted: [bool; 3]) -> Verdict {
    let joint = losses.iter().any(|loss| loss.output.is_none());
    for (output, name) in NAMES.iter().enumerate().take(2) {
        if !joint && losses.iter().all(|loss| loss.output != Some(output)) {
            return Verdict::NoLoss(name);
        }
    }
    for loss in losses {
        let concerns = |output: usize| loss.outputs[output] || loss.output == Some(output);
        if let Some(output) = (0..3).find(|&o| concerns(o) && weighted[o] && !loss.weights[o]) {
            return Verdict::WeightsIgnored(NAMES[output]);
        }
    }
    let forgotten = (0..2).find(|&output| losses.iter().all(|loss| !loss.outputs[output]));
    forgotten.map_or(Verdict::Right, |output| Verdict::OutputIgnored(NAMES[output]))
}

fn found<T>(result: Result<T, Error>) -> Verdict {
    match result {
        Ok(_) => Verdict::Right,
        Err(Error::SampleWeightsIgnored { output }) => Verdict::WeightsIgnored(output),
        Err(Error::OutputIgnored { output }) => Verdict::OutputIgnored(output),
        Err(Error::NoCustomLoss { output }) => Verdict::NoLoss(output),
        Err(other) => panic!("{other}"),
    }
}

/// The data with weights for some of the outputs.
fn data(weighted: [bool; 3]) -> ArrayDataset<Heads> {
    let column = || tensor(vec![1.0, 3.0]).expect("two samples");
    let inputs = HeadsInputs { x: column() };
    let targets = HeadsTargets { a: column(), b: column(), c: column() };
    let [a, b, c] = weighted.map(|weighted| weighted.then(|| vec![0.5, 2.0]));
    let weights = HeadsPerOutput { a, b, c };
    ArrayDataset::new(&inputs, &targets).and_then(|data| data.sample_weights(&weights)).expect("a data set")
}

fn check(losses: &[Custom]) -> usize {
    let mut model = Heads::new(1);
    let mut trainer = Trainer::new(&mut model).expect("a trainer");
    for loss in losses {
        loss.add(&mut trainer);
    }
    for bits in 0..8_usize {
        let weighted = [0, 1, 2].map(|index| bits >> index & 1 == 1);
        let data = data(weighted);
        let wanted = wanted(losses, weighted);
        assert_eq!(found(trainer.train_on_rows(&data, &[0, 1])), wanted, "{losses:?} {weighted:?}");
        // A forgotten output is found by its gradient, which an evaluation does not have.
        let wanted = if matches!(wanted, Verdict::OutputIgnored(_)) { Verdict::Right } else { wanted };
        assert_eq!(found(trainer.evaluate(&data, 2)), wanted, "{losses:?} {weighted:?}");
    }
    8
}

#[test]
fn every_loss_reads_the_weights_of_what_it_reads_and_every_custom_output_is_read() {
    let mut cases = check(&[]);
    for first in Custom::all(None).chain(Custom::all(Some(0))).chain(Custom::all(Some(1))) {
        cases += check(&[first]);
    }
    for first in Custom::all(Some(0)) {
        // Every seventh, which covers all values of each bit: all would take a minute.
        for second in Custom::all(Some(1)).chain(Custom::all(None)).step_by(7) {
            cases += check(&[first, second]);
        }
    }
    assert_eq!(cases, 8 * (1 + 3 * 64 + 64 * 128_usize.div_ceil(7)));
}

/// The first tape of `a` is dropped; the gradient shows that `a` was read.
#[test]
fn an_output_that_is_read_on_a_tape_of_its_own_is_not_forgotten() {
    let mut model = Heads::new(1);
    let mut trainer = Trainer::new(&mut model).expect("a trainer");
    trainer.set_loss(|outputs, _| Ok((outputs.a.with_empty_tape().square() + outputs.b).mean()));
    trainer.train_on_rows(&data([false; 3]), &[0, 1]).expect("a step");
}

#[test]
fn the_errors_say_what_to_write() {
    let mut model = Heads::new(1);
    let mut trainer = Trainer::new(&mut model).expect("a trainer");
    trainer.set_loss(|outputs, _| Ok(outputs.a.mean()));
    let forgotten = trainer.train_on_rows(&data([false; 3]), &[0, 1]).expect_err("`b` is not read");
    assert_eq!(
        forgotten.to_string(),
        "no custom loss reads `outputs.b`, so `b` would not be trained: read it, set its loss with `add_loss(\"b\", …)`, \
         or write `b: none` in `.compile(…)`"
    );
    let ignored = trainer.train_on_rows(&data([true; 3]), &[0, 1]).expect_err("weights");
    assert_eq!(
        ignored.to_string(),
        "the data has sample weights for `a`, but a custom loss of it does not read `targets.sample_weights().a.tensor()`; to leave \
         them out on purpose, read them and drop them: `let _ = targets.sample_weights().a.tensor()`"
    );
}
