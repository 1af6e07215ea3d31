use mimo::prelude::*;

model! {
    pub Net {
        let x = Input(shape = [8]);
        let y = Dense(1)(x);
        Model(inputs = [x], outputs = [y]).compile(optimizer = Adam(), loss = my_loss)
    }
}

#[allow(dead_code)]
fn my_loss(y_true: f32, y_pred: f32) -> f32 {
    (y_true - y_pred).abs()
}

fn main() {}
