//! Shared and wrapped layers, layers with several outputs; lengths that the macro does not know; names in maps.

use mimo::prelude::*;

/// Steps of a sentence.
pub const STEPS: usize = 7;

/// Lengths that only const evaluation knows.
pub mod config {
    /// Words.
    pub const WORDS: usize = 12;
}

model! {
    /// Two sentences become one.
    pub Translate {
        const UNITS: usize = config::WORDS * 2;
        const HALF: f64 = 0.5;

        let source = Input(shape = (STEPS, config::WORDS));
        let target = Input(shape = (STEPS, config::WORDS));

        let encoder = LSTM(UNITS, return_state = true);
        let (read, h, c) = encoder(source);
        let (_, _, _) = encoder(target);
        let written = LSTM(UNITS, return_sequences = true)(target, initial_state = [h, c]);
        let both = Bidirectional(GRU(8, return_sequences = true), merge_mode = sum)(written);
        let word = TimeDistributed(Dense(config::WORDS, activation = softmax))(both);
        let length = Dense(usize::pow(2, 0), name = "length_head")(Dropout(HALF)(read + h * c));

        Model(inputs = { source: source, wanted: target }, outputs = { word: word, "length": length }).compile(
            optimizer = "adam",
            loss = [categorical_crossentropy(label_smoothing = 0.1), none],
            metrics = accuracy,
        )
    }
}
