use std::time::Instant;

use mimo::data::{ArrayDataset, Random};
use mimo::prelude::*;

model! {
    pub Picture {
        let image = Input(shape = [32, 32, 3]);
        let x = Conv2D(16, 3, padding = same)(image);
        let x = MaxPooling2D(2)(Activation(relu)(BatchNormalization()(x)));
        let x = MaxPooling2D(2)(Conv2D(32, 3, activation = relu)(x));
        let x = Dense(64, activation = relu)(GlobalAveragePooling2D()(x));
        let kind = Dense(10, activation = softmax)(x);
        let value = Dense(1)(x);

        Model(inputs = [image], outputs = [kind, value]).compile(
            optimizer = Adam(),
            loss = { kind: sparse_categorical_crossentropy, value: mse },
        )
    }
}

fn data(rows: usize) -> Result<ArrayDataset<Picture>> {
    let mut random = Random::new(1);
    let pixels = (0..rows * 32 * 32 * 3).map(|_| random.uniform(0.0..1.0) as f32);
    let image = tensor(pixels.collect::<Vec<_>>())?;
    let kind = tensor((0..rows).map(|_| random.below(10)).collect::<Vec<_>>())?;
    let value =
        tensor((0..rows).map(|_| random.normal() as f32).collect::<Vec<_>>())?;
    ArrayDataset::new(&PictureInputs { image }, &PictureTargets { kind, value })
}

/// Trains on a number of threads. Returns the weights, as the bytes of a file.
fn train(data: &ArrayDataset<Picture>, threads: usize) -> Result<Vec<u8>> {
    let mut model = Picture::new(1);
    let options = TrainerOptions::new().threads(threads);
    let mut trainer = Trainer::with_options(&mut model, options)?;
    let batch: Vec<usize> = (0..32).collect();
    trainer.train_on_rows(data, &batch)?; // the first step reserves memory
    let start = Instant::now();
    for _ in 0..20 {
        trainer.train_on_rows(data, &batch)?;
    }
    let milliseconds = start.elapsed().as_secs_f64() * 1e3 / 20.0;
    println!("{threads} thread(s): {milliseconds:.1} ms per step of 32 images");
    trainer.finish();
    mimo::file::to_bytes(&model)
}

fn main() -> mimo::Result<()> {
    let data = data(32)?;
    let (one, two) = (train(&data, 1)?, train(&data, 2)?);
    println!("the same weights: {}", one == two);

    let model = Picture::new(1);
    let mut predictor = Predictor::with_threads(&model, 1)?;
    let pixels = vec![0.5; 32 * 32 * 3];
    let sample = PictureSample { image: mimo::array(&pixels)? };
    let mut prediction = PicturePrediction::default();
    predictor.predict_one_into(&sample, &mut prediction)?;
    let start = Instant::now();
    for _ in 0..100 {
        predictor.predict_one_into(&sample, &mut prediction)?; // allocates nothing
    }
    println!("one prediction: {:.0} µs", start.elapsed().as_secs_f64() * 1e4);
    Ok(())
}
