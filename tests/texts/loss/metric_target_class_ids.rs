use mimo::prelude::*;

model! {
    pub Net {
        let x = Input(shape = [4]);
        let y = Dense(3, activation = softmax)(x);
        Model(inputs = [x], outputs = [y]).compile(optimizer = adam, loss = sparse_categorical_crossentropy, metrics = [IoU(3, [0, 3])])
    }
}

fn main() {}
