use mimo::prelude::*;

model! {
    #[deny(mimo::accuracy_of_logits)]
    pub Net {
        let x = Input(shape = [8]);
        let y = Dense(1)(x);
        Model(inputs = [x], outputs = [y]).compile(loss = binary_crossentropy(from_logits = true), metrics = [accuracy])
    }
}

fn main() {}
