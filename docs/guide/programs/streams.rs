use mimo::data::{Dataset, augment, from_fn, prefetch};
use mimo::prelude::*;

model! {
    /// The number of bright squares in an image, and whether the first pixel is bright.
    pub Squares {
        const SIDE: usize = 12;

        let image = Input(shape = [SIDE, SIDE, 1]);
        let x = Conv2D(8, 3, activation = relu)(image);
        let x = Flatten()(MaxPooling2D(2)(x));
        let x = Dense(32, activation = relu)(x);
        let count = Dense(1)(x);
        let corner = Dense(1, activation = sigmoid)(x);

        Model(inputs = [image], outputs = [count, corner]).compile(
            optimizer = Adam(3e-3),
            loss = { count: mse, corner: binary_crossentropy },
            metrics = { count: [mae], corner: [accuracy] },
        )
    }
}

/// Images that are drawn when a batch is filled: nothing but the batch is in memory.
fn images(rows: usize, seed: u64) -> impl Dataset<Squares> {
    from_fn(rows, move |rows, batch| {
        const SIDE: usize = Squares::SIDE;
        for (at, &row) in rows.iter().enumerate() {
            // The same row is the same image in every epoch.
            let mut random = mimo::data::Random::new(seed + row as u64);
            let mut pixels = [0.0_f32; SIDE * SIDE];
            let squares = random.below(4);
            for _ in 0..squares {
                // Squares of two by two pixels, on a grid of three.
                let (y, x) = (3 * random.below(4), 3 * random.below(4));
                for (dy, dx) in [(0, 0), (0, 1), (1, 0), (1, 1)] {
                    pixels[(y + dy) * SIDE + x + dx] = 1.0;
                }
            }
            let count = pixels.iter().sum::<f32>() / 4.0;
            batch.input(0)[at * pixels.len()..][..pixels.len()]
                .copy_from_slice(&pixels);
            batch.target(0)[at] = count;
            batch.target(1)[at] = pixels[0];
        }
        Ok(())
    })
}

fn main() -> mimo::Result<()> {
    let validation = images(500, 1_000_000);
    // Noise is added to the batches of the training only, by several threads.
    let noisy = augment::<Squares, _, _>(images(2000, 1), 7, |batch, random| {
        let pixels = Squares::SIDE * Squares::SIDE;
        for place in 0..batch.rows() {
            let mut random = random.of(place);
            for pixel in &mut batch.input(0)[place * pixels..][..pixels] {
                *pixel += 0.1 * random.normal() as f32;
            }
        }
        Ok(())
    });
    // Batches are filled ahead, on threads of their own, while steps are computed.
    let train = prefetch(noisy).workers(2);
    let mut model = Squares::new(1);
    let mut trainer = Trainer::new(&mut model)?;
    let options = FitOptions::new().epochs(8).verbose(Verbose::Silent);
    trainer.fit(&train, options)?;
    println!("{}", trainer.evaluate(&validation, 64)?);
    Ok(())
}
