use mimo::prelude::*;

model! {
    pub Net {
        let x = Input(shape = [12, 8]);
        let total = x.sum(dim = -1, keepdim = True);
        let rows = x.reshape(batch, 24, 4);
        let turned = x.T;
        let both = 1.0 + x.exp().mean(axis = 1);
        let length = x.size(1);
        let squares = 0.5 * K.square(x);
        let y = Dense(1)(x);
        Model(inputs = [x], outputs = [y])
    }
}

fn main() {}
