use mimo::prelude::*;

model! {
    pub Net {
        let x = Input(shape = [8]);
        let y = Dense(1)(x);
        let z = Dense(1)(x);
        let v = Dense(1)(x);
        let w = Dense(1)(x);
        Model(inputs = [x], outputs = [y, z, v, w]).compile(
            optimizer = Adam(),
            loss = { y: crate::pinball(q = 0.9), z: crate::sparse(sparse = 1), v: crate::typed::<f32>, w: crate::mine() },
            metrics = {
                y: [crate::Lift(name = "2 lifts"), crate::Lift(at = 0.9), crate::Lift(name = lift, 3)],
                z: [crate::Loss, Lift, losses::mse],
                v: [crate::Lift(), crate::At::<3>],
            },
        )
    }
}

fn main() {}
