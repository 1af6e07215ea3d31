use mimo::prelude::*;

model! {
    #[deny(mimo::weight_with_batch_axis)]
    pub Net {
        let x = Input(shape = [12, 8]);
        let positions = Weight([1, 12, 8]);
        let y = Dense(1)(x + positions);
        Model(inputs = [x], outputs = [y])
    }
}

fn main() {}
