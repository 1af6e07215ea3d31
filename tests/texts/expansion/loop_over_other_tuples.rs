use mimo::prelude::*;

model! {
    pub Net {
        let x = Input(shape = [8]);
        let y = Dense(4)(x);
        for (units, rate) in [(3, 0.5), 4] { let y = Dense(units)(y); let y = Dropout(rate)(y); }
        Model(inputs = [x], outputs = [y])
    }
}

fn main() {}
