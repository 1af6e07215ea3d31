use mimo::prelude::*;

model! {
    pub Net {
        let x = Input(shape = [8]);
        let h = mean(x, axis = 0);
        let y = Dense(1)(Reshape([1])(h));
        Model(inputs = [x], outputs = [y])
    }
}

fn main() {}
