use mimo::prelude::*;

model! {
    pub Net {
        let x = Input(shape = [4]);
        let y = Dense(3, activation = sigmoid)(x);
        Model(inputs = [x], outputs = [y]).compile(optimizer = adam, loss = binary_crossentropy, metrics = [precision(class_id = 3)])
    }
}

fn main() {}
