use mimo::prelude::*;

model! {
    pub Net {
        let x = Input(shape = [4]);
        let y = Dense(3, activation = sigmoid)(x);
        Model(inputs = [x], outputs = [y]).compile(optimizer = adam, loss = dice(axis = [1, 2]))
    }
}

fn main() {}
