//! Layers over sequences and images in whole models: gradients compared with differences of the loss in `f64`, and
//! bit-identical results for any number of threads.

mod support;

use mimo::TrainerOptions;
use mimo::prelude::{Trainer, model};
use support::{Check, Data, check_gradients, step};

model! {
    Image {
        const SIDE: usize = 6;
        let x = Input(shape = [5]);
        let h = Dense(SIDE * 7 * 3, activation = relu)(x);
        let image = Reshape([SIDE, 7, 3])(h);
        let a = MaxPooling2D(2)(image);
        let b = AveragePooling2D((3, 2), strides = 2, padding = same)(image);
        let b = Cropping2D(((0, 0), (1, 0)))(b);
        let c = ZeroPadding2D(((1, 0), (0, 2)))(a + b);
        let c = UpSampling2D((1, 2), interpolation = bilinear)(c);
        let c = MaxPooling2D(3, strides = 1, padding = same)(c);
        let c = Dense(4, activation = tanh)(c);
        let d = UpSampling2D(2)(a);
        let y = Dense(2)(concatenate([GlobalAveragePooling2D()(c), GlobalMaxPooling2D()(d), Flatten()(b)]));
        Model(inputs = [x], outputs = [y]).compile(optimizer = SGD(0.01), loss = mse)
    }
}

model! {
    Sequence {
        let x = Input(shape = [5]);
        let steps = Reshape([6, 4])(Dense(24, activation = tanh)(x));
        let query = Dense(4, activation = relu)(x);
        let scores = dot([steps, query], axes = (2, 1));
        let read = Dot(axes = (1, 1))([steps, Activation("softmax")(scores)]);
        let similar = dot([steps, steps], axes = 2, normalize = true);
        let h = MaxPooling1D(2)(ZeroPadding1D((1, 2))(similar));
        let h = UpSampling1D(3)(Cropping1D((0, 1))(h));
        let h = AveragePooling1D(4, strides = 3)(h);
        let y = Dense(2)(concatenate([read, Flatten()(h), GlobalMaxPooling1D()(steps)]));
        let length = dot([query, query], axes = 1);
        let cosine = dot([read, query], axes = -1, normalize = true);
        Model(inputs = [x], outputs = [y, length, cosine]).compile(optimizer = SGD(0.01), loss = mse)
    }
}

#[test]
fn gradients_of_images() {
    check_gradients(&mut Image::<f64>::build(1), Check::default());
}

#[test]
fn gradients_of_sequences() {
    check_gradients(&mut Sequence::<f64>::build(1), Check::default());
}

macro_rules! on_threads {
    ($model:ident) => {{
        let data = Data::random::<$model>(2000, 3);
        let trained = |threads: usize| {
            let mut model = $model::<f32>::build(1);
            let options = TrainerOptions::new().seed(1).threads(threads);
            let mut trainer = Trainer::with_options(&mut model, options).expect("a trainer");
            let logs: Vec<_> = (0..3).map(|_| step(&mut trainer, &data).expect("a step")).collect();
            (logs, trainer.weights())
        };
        // Large enough for its steps to be shared.
        const { assert!(3 * 2000 * <$model as mimo::Model>::PROGRAM.flops > 4_000_000) };
        assert!(trained(1) == trained(2), "two threads, and one");
    }};
}

#[test]
fn images_train_the_same_on_two_threads() {
    on_threads!(Image);
}

#[test]
fn sequences_train_the_same_on_two_threads() {
    on_threads!(Sequence);
}
