use mimo::prelude::*;

model! {
    pub Net {
        let x = Input(shape = [4]);
        let risk = Dense(1)(x);
        Model(inputs = [x], outputs = [risk]).compile(loss = binary_crossentropy)
    }
}

fn main() {}
