use mimo::prelude::*;

const CLASSES: usize = 3;

model! {
    pub Net {
        let x = Input(shape = [4]);
        let y = Dense(CLASSES, activation = softmax)(x);
        Model(inputs = [x], outputs = [y])
            .compile(optimizer = adam, loss = categorical_crossentropy, metrics = [F1Score(average = none)])
    }
}

fn main() {}
