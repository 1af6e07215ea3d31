use mimo::prelude::*;

pub fn pinball(prediction: f32, target: f32) -> f32 {
    (target - prediction).abs()
}

model! {
    pub Net {
        let x = Input(shape = [8]);
        let y = Dense(1)(x);
        Model(inputs = [x], outputs = [y]).compile(optimizer = Adam(), loss = crate::pinball)
    }
}

fn main() {}
