//! Parts of tensors, and lists of parts.

use mimo::prelude::*;

model! {
    /// Words that gate a part of the steps.
    pub Parts {
        const HALF: usize = 4;

        let words = Input(shape = [6], dtype = "int32");
        let steps = Input(shape = [6, 8]);
        let known = Embedding(50, 8)(words[..HALF])[.., 0..HALF];
        let (gate, rest) = split(steps[2..], 2, axis = -1);
        let both = stack([known * sigmoid(gate), rest], axis = 1);
        let columns = unstack(transpose(both[0], axes = [0, 2, 1]), axis = 1);
        let last = for i in 0..2 {
            columns[i][-1..] * cast(words[i..i + 1], float32)
        };
        let y = Dense(1)(concatenate([Flatten()(stack(last, axis = 1)), columns[-1]]));

        Model(inputs = [words, steps], outputs = [y])
    }
}
