use mimo::prelude::*;

model! {
    pub Net {
        let x = Input(shape = [8]);
        let y = Dense(1)(x);
        model = Model(inputs = [x], outputs = [y]);
        model.compile(optimizer = Adam(), loss = mse);
    }
}

fn main() {}
