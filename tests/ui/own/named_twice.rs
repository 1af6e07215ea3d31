use mimo::prelude::*;

pub struct Lift;

impl mimo::Metric<1> for Lift {
    fn update<E: mimo::Float>(_: &mut [f64; 1], _: &[E], _: &[E], _: f64) {}

    fn result([sum]: &[f64; 1]) -> f64 {
        *sum
    }
}

model! {
    pub Net {
        let x = Input(shape = [8]);
        let y = Dense(1)(x);
        let z = Dense(1)(x);
        Model(inputs = [x], outputs = [y, z]).compile(
            optimizer = Adam(),
            loss = mse,
            metrics = { y: [mae, crate::Lift, crate::Lift], z: [crate::Lift(name = "mae"), mae] },
        )
    }
}

fn main() {}
