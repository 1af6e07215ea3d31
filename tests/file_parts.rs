//! Parts of models loaded from files of whole models, and vice versa.
#![allow(missing_docs, unreachable_pub, reason = "models of tests need no documentation")]

use std::path::PathBuf;

use mimo::file::{Fault, load_part, save_part};
use mimo::prelude::*;

model! {
    Encoder {
        let image = Input(shape = [5]);
        let h = Dense(6, activation = relu, name = "first")(image);
        let code = BatchNormalization(name = "norm")(h);
        Model(inputs = [image], outputs = [code])
    }
}

model! {
    Pair {
        use Encoder;

        let a = Input(shape = [5]);
        let b = Input(shape = [5]);
        let encode = Encoder();
        let same = Dense(1)(encode(a) - encode(b));
        Model(inputs = [a, b], outputs = [same]).compile(optimizer = Adam(0.01), loss = mse)
    }
}

model! {
    /// The encoder under another name, in another model.
    Single {
        use Encoder as Vision;

        let x = Input(shape = [5]);
        let kind = Dense(3)(Vision(name = "eye")(x));
        Model(inputs = [x], outputs = [kind])
    }
}

/// A file that is removed at the end of a test.
struct File(PathBuf);

impl File {
    fn new(name: &str) -> Self {
        File(std::env::temp_dir().join(format!("mimo-parts-{}-{name}", std::process::id())))
    }
}

impl Drop for File {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

fn weights<M: Model<Float = f32>>(model: &M) -> Vec<Vec<f32>> {
    let mut all = vec![];
    model.read_weights(&mut |_, values| all.push(values));
    all
}

#[test]
fn a_nested_model_comes_out_of_the_file_of_the_whole_and_goes_back() {
    let (whole, file) = (File::new("whole"), File::new("encoder"));
    let pair = Pair::new(1);
    pair.save(&whole.0).expect("saved");
    let mut encoder = Encoder::new(2);
    load_part(&mut encoder, "", &whole.0, "encoder").expect("loaded");
    assert_eq!(weights(&encoder), weights(&pair.encoder));

    // Into another model, by its name there, from the whole file and from the encoder's own.
    encoder.save(&file.0).expect("saved");
    for (path, part) in [(&whole.0, "encoder"), (&file.0, "")] {
        let mut single = Single::new(3);
        let head = single.kind.clone();
        load_part(&mut single, "eye", path, part).expect("loaded");
        assert_eq!(weights(&single.eye), weights(&pair.encoder));
        assert_eq!(single.kind.kernel.array(), head.kernel.array(), "the rest stays");
    }

    // A saved part is equal to the saved nested model, except for the graph.
    let part = File::new("part");
    save_part(&pair, "encoder", &part.0).expect("saved");
    let mut again = Encoder::load(&part.0).expect("a file of an encoder");
    assert_eq!(weights(&again), weights(&pair.encoder));
    // A single layer.
    again.norm.gamma = Encoder::new(0).norm.gamma;
    let other = Encoder::new(9);
    let mut mixed = Encoder::new(9);
    load_part(&mut mixed, "first", &part.0, "first").expect("loaded");
    assert_eq!(weights(&mixed)[..2], weights(&pair.encoder)[..2]);
    assert_eq!(weights(&mixed)[2..], weights(&other)[2..]);
    // A single weight.
    let mut mixed = Encoder::new(9);
    load_part(&mut mixed, "first/bias", &whole.0, "encoder/first/bias").expect("loaded");
    assert_eq!(weights(&mixed)[1], weights(&pair.encoder)[1]);
}

#[test]
fn a_checkpoint_has_parts_too() {
    let file = File::new("checkpoint");
    let mut pair = Pair::new(1);
    Trainer::new(&mut pair).expect("a trainer").save_checkpoint(&file.0).expect("saved");
    let mut encoder = Encoder::new(2);
    load_part(&mut encoder, "", &file.0, "encoder").expect("loaded");
    assert_eq!(weights(&encoder), weights(&pair.encoder));
    let mut other = Pair::new(3);
    load_part(&mut other, "", &file.0, "").expect("the whole is a part");
    assert_eq!(weights(&other), weights(&pair));
}

#[test]
fn all_differences_of_a_part_are_named_and_nothing_is_loaded() {
    let file = File::new("other");
    Single::new(1).save(&file.0).expect("saved");
    let mut encoder = Encoder::new(2);
    let before = weights(&encoder);
    let error = load_part(&mut encoder, "", &file.0, "encoder").expect_err("no such part");
    let Error::WeightsFile { faults, .. } = &error else { panic!("{error}") };
    assert_eq!(faults.len(), 6);
    assert!(matches!(&faults[0], Fault::Missing { name, .. } if name == "encoder/first/kernel"), "{error}");
    let error = load_part(&mut encoder, "first", &file.0, "kind").expect_err("another shape").to_string();
    assert!(error.contains("`kind/kernel` has shape [6, 3], but [5, 6] in the model"), "{error}");
    assert!(error.contains("`kind/bias` has shape [3], but [6] in the model"), "{error}");
    let error = load_part(&mut encoder, "first", &file.0, "eye").expect_err("more than a layer").to_string();
    assert!(error.contains("`eye/kernel` is missing"), "{error}");
    assert!(error.contains("`eye/norm/gamma` is not a weight of the model"), "{error}");
    let error = load_part(&mut encoder, "frst", &file.0, "eye").expect_err("no such part").to_string();
    assert!(error.contains("did you mean `first`?"), "{error}");
    let error = save_part(&encoder, "nrm", &file.0).expect_err("no such part").to_string();
    assert!(error.contains("did you mean `norm`?"), "{error}");
    assert_eq!(weights(&encoder), before);
}
