use mimo::prelude::*;

model! {
    pub Net {
        let x = Input(shape = [4]);
        let y = Dense(3)(x);
        Model(inputs = [x], outputs = [y]).compile(optimizer = adam, loss = categorical_focal_crossentropy)
    }
}

fn main() {}
