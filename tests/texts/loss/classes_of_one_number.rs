use mimo::prelude::*;

model! {
    pub Net {
        let x = Input(shape = [4]);
        let y = sum(Dense(3)(x), axis = -1);
        Model(inputs = [x], outputs = [y]).compile(loss = sparse_categorical_crossentropy)
    }
}

fn main() {}
