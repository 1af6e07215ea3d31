use mimo::prelude::*;

model! {
    pub Net {
        let x = Input(shape = [8]);
        let kind = Dense(3, activation = softmax)(x);
        let policy = Dense(2, activation = softmax)(x);
        Model(inputs = [x], outputs = [kind, policy]).compile(
            loss = categorical_crossentropy,
            check_targets = { policy: none, kinds: false },
        )
    }
}

fn main() {}
