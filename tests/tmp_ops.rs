#![allow(missing_docs)]
use mimo::prelude::*;
mimo::model! {
    pub Vae {
        let x = Input(shape = [6]);
        let noise = Input(shape = [2]);
        let h = Dense(8, activation = tanh)(x / 255.0 - 0.5);
        let mean = Dense(2)(h);
        let log_variance = Dense(2)(h);
        let sd = exp(0.5 * log_variance);
        let z = mean + sd * noise;
        let y = Dense(6)(where(z > 0.0, z, 0.1 * -z));
        let p = clip(1.0 - square(z), x_max = 1.0, x_min = 0.0);
        Model(inputs = [x, noise], outputs = [y, p])
            .compile(optimizer = Adam(), loss = { y: mse, p: mse })
    }
}
#[test]
fn runs() {
    println!("{}", Vae::summary());
    for step in <Vae as mimo::Model>::PLAN.operations { println!("{:?}\n", step); }
}
