use mimo::prelude::*;

model! {
    pub Net {
        let x = Input(shape = [4]);
        let kind = Dense(1)(x);
        Model(inputs = [x], outputs = [kind]).compile(loss = sparse_categorical_crossentropy(from_logits = true))
    }
}

fn main() {}
