use mimo::prelude::*;

model! {
    pub Net {
        let x = Input(shape = [8]);
        let y = Dense(CLASSES, activation = softmax)(x);
        Model(inputs = [x], outputs = [y]).compile(loss = categorical_crossentropy)
    }
}

const CLASSES: usize = 1;

fn main() {}
