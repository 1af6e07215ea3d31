use mimo::prelude::*;

const LABELS: usize = 3;

model! {
    pub Net {
        let x = Input(shape = [4]);
        let y = Dense(LABELS, activation = sigmoid)(x);
        Model(inputs = [x], outputs = [y]).compile(
            optimizer = adam,
            loss = binary_crossentropy(pos_weight = [1.0, 2.0]),
            metrics = [precision(class_id = 3)],
        )
    }
}

fn main() {}
