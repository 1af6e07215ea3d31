// Converted from mood.keras by `mimo convert`.

use mimo::prelude::*;

model! {
    pub MoodOfWords {
        let words = Input(shape = [6], dtype = "int32");
        let embedding = Embedding(20, 4, mask_zero = true)(words);
        let (reader, reader_1) = GRU(5, return_state = true, name = "reader")(embedding);
        let plain = Embedding(20, 4, name = "plain")(words);
        let again = GRU(5, name = "again")(plain, initial_state = reader_1);
        let multiply_1 = reader * again;
        let mood = Dense(2)(multiply_1);

        Model(inputs = [words], outputs = [mood])
    }
}
