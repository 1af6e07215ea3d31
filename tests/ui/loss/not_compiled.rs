//! A model without `.compile(…)` predicts; it has nothing to be trained with.

use mimo::prelude::*;

model! {
    pub Net {
        let x = Input(shape = [2]);
        let y = Dense(1)(x);
        Model(inputs = [x], outputs = [y])
    }
}

fn main() {
    let mut model = Net::new(0);
    let _ = Trainer::new(&mut model);
}
