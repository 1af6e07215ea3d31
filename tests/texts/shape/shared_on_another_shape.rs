use mimo::prelude::*;

model! {
    pub Net {
        let a = Input(shape = [10, 4]);
        let b = Input(shape = [10, 6]);
        let encoder = GRU(8);
        let one = encoder(a);
        let two = encoder(Dense(5)(b));
        let y = Dense(1)(one * two);
        Model(inputs = [a, b], outputs = [y])
    }
}

fn main() {}
