//! Branches of an `if`, and computed values.

use mimo::prelude::*;

model! {
    /// Two blocks that select different branches.
    pub Branches {
        const DEPTHS: [usize; 2] = [1, 2];

        fn twice(n, least = 4) {
            max(least, int(2.0 * n))
        }

        fn block(x, units, activation = relu, skip = none) {
            let project = x.shape[-1] != units || units > 8;
            let chosen = if activation == gelu && !project { none } else { activation };
            let h = if skip != none { Dense(units)(skip) } else { Dense(units, activation = chosen)(x) };
            if project {
                let h = Dense(twice(units) + 1, activation = if units == DEPTHS[0] { tanh } else { chosen })(h);
            }
            h
        }

        let input = Input(shape = [16]);
        let x = input;
        let width = 8;
        for (i, depth) in DEPTHS.iter().enumerate() {
            if i == DEPTHS.len() - 1 {
                let x = block(x, depth + i + width);
            }
        }
        let y = Dense(1)(x);
        Model(inputs = [input], outputs = [y]).compile(loss = mse)
    }
}
