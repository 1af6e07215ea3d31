use mimo::prelude::*;

model! {
    pub Net {
        let x = Input(shape = [4]);
        let kind = Dense(3, activation = sigmoid)(x);
        Model(inputs = [x], outputs = [kind]).compile(loss = categorical_crossentropy)
    }
}

fn main() {}
