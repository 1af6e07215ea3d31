//! Operations on tensors, random numbers and a loss that the model adds.

use mimo::prelude::*;

model! {
    /// A code with noise, and how far it is from the noise alone.
    pub Autoencoder {
        let x = Input(shape = [16]);
        let center = Dense(4)(x);
        let log_variance = Dense(4)(x);
        let z = center + exp(0.5 * log_variance) * random_normal(center, stddev = 0.5);
        for i in 0..2 {
            add_loss(mean(square(center), axis = -1), weight = 0.1, name = "size_{i}");
        }
        add_loss(0.5 * sum(exp(log_variance) - log_variance, axis = -1));
        let y = Dense(16)(z);

        Model(inputs = [x], outputs = [y]).compile(loss = mse)
    }
}
