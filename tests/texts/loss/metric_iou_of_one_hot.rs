use mimo::prelude::*;

model! {
    pub Net {
        let x = Input(shape = [4]);
        let y = Dense(3, activation = softmax)(x);
        Model(inputs = [x], outputs = [y]).compile(optimizer = adam, loss = categorical_crossentropy, metrics = [mean_iou(3)])
    }
}

fn main() {}
