use mimo::prelude::*;

model! {
    pub Net {
        let x = Input(shape = [7]);
        let a = Activation(glu)(x);
        let b = Dense(8, activation = glu)(x);
        let c = Activation(sparsemax(axis = 1))(x);
        let d = Activation(threshold)(x);
        let e = Activation(threshold(0.5))(x);
        let f = ReLU(max_value = -1)(x);
        let g = Activation(squareplus(b = 0))(x);
        Model(inputs = [x], outputs = [a, b, c, d, e, f, g])
    }
}

fn main() {}
