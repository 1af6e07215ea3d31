use mimo::prelude::*;

model! {
    pub Net {
        let x = Input(shape = [8]);
        let h = max(x, axis = 2, keepdims = true);
        let y = Dense(1)(Reshape([1])(h));
        Model(inputs = [x], outputs = [y])
    }
}

fn main() {}
