//! Functions and loops.

use mimo::prelude::*;

model! {
    /// Two residual blocks, and two more layers.
    pub Residual {
        const UNITS: usize = 16;

        fn block(x, units = UNITS, activation = relu) {
            let inner = Dense(units, activation = activation)(x);
            let h = Dense(UNITS)(inner);
            h + x
        }

        let x = Input(shape = [16]);
        let h = block(x);
        let h = block(h, 8, activation = tanh);
        for (units, rate) in [(32, 0.1), (8, 0.2)] {
            let wide = Dense(units, activation = relu)(h);
            let h = Dropout(rate)(wide);
        }
        let y = Dense(1)(h);

        Model(inputs = [x], outputs = [y]).compile(loss = mse)
    }
}
