use mimo::prelude::*;

model! {
    pub Net {
        let film = Input(shape = [10, 32, 32, 3]);
        let h = Conv2D(8, 3)(film);
        let y = Dense(1)(Flatten()(h));
        Model(inputs = [film], outputs = [y])
    }
}

fn main() {}
