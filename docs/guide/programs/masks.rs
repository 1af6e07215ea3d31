use mimo::data::Random;
use mimo::prelude::*;

model! {
    /// Whether a sentence asks for something, and which of its words are numbers.
    pub Request {
        const WORDS: usize = 60;
        const LENGTH: usize = 20;

        let words = Input(shape = [LENGTH], dtype = "int32");
        let x = Embedding(WORDS, 16, mask_zero = true)(words);
        let x = Bidirectional(LSTM(16, return_sequences = true))(x);

        let number: [LENGTH, 1] = Dense(1, activation = sigmoid)(x);
        let asks = Dense(1, activation = sigmoid)(GlobalAveragePooling1D()(x));

        Model(inputs = [words], outputs = [number, asks]).compile(
            optimizer = Adam(1e-2),
            loss = binary_crossentropy,
            metrics = accuracy,
        )
    }
}

/// Sentences of 3 to 12 words, padded with 0. Words above 50 are numbers; a sentence
/// with the word 1 asks for something.
fn sentences(rows: usize, seed: u64) -> Result<(RequestInputs, RequestTargets)> {
    let mut random = Random::new(seed);
    let (mut words, mut numbers, mut asks) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..rows {
        let mut sentence = vec![0; Request::LENGTH];
        let length = 3 + random.below(10);
        let asking = random.chance(0.5);
        for word in &mut sentence[..length] {
            *word = 2 + random.below(Request::WORDS - 2);
        }
        if asking {
            sentence[random.below(length)] = 1;
        }
        numbers.extend(sentence.iter().map(|&word| f32::from(u8::from(word > 50))));
        asks.push(f32::from(u8::from(asking)));
        words.extend(sentence);
    }
    let targets = RequestTargets { number: tensor(numbers)?, asks: tensor(asks)? };
    Ok((RequestInputs { words: tensor(words)? }, targets))
}

fn main() -> mimo::Result<()> {
    let (inputs, targets) = sentences(1000, 1)?;
    let mut model = Request::new(1);
    let mut trainer = Trainer::new(&mut model)?;
    trainer.fit(
        (&inputs, &targets),
        FitOptions::new().epochs(6).verbose(Verbose::Silent),
    )?;
    let (inputs, targets) = sentences(500, 2)?;
    let reached = trainer.evaluate((&inputs, &targets), 100)?;
    println!("sentences that ask: {:.2} right", reached.asks.accuracy);
    println!(
        "numbers:            {:.2} of the real words right",
        reached.number.accuracy
    );
    trainer.finish();

    // Five words, and fifteen steps of padding that the layers do not read.
    let mut words = [0; Request::LENGTH];
    words[..5].copy_from_slice(&[7, 1, 33, 55, 20]);
    let mut predictor = Predictor::new(&model)?;
    let answer = predictor.predict_one(&RequestSample { words: &words })?;
    println!("asks: {:.2}", answer.asks[0]);
    println!("numbers: {:.1?}", answer.number.as_flattened().split_at(5).0);
    Ok(())
}
