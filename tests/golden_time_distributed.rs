//! `TimeDistributed` of `Bidirectional` and of models against Keras's numbers.

// Exported models of a crate are exported here too.
#![allow(unreachable_pub)]

#[path = "support/layers.rs"]
mod layers;
mod support;

use layers::layers;
use mimo::prelude::model;

model! {
    /// Words as a vector.
    Sentence {
        let words = Input(shape = [4, 2]);
        let near = Conv1D(3, 2, padding = same, activation = relu)(words);
        let read = Bidirectional(GRU(2, return_sequences = true))(near);
        let all = concatenate([near, read, words]);
        let a = Dense(2, activation = tanh)(Flatten()(MaxPooling1D(2)(all)));
        let b = Dense(3, activation = sigmoid)(GlobalAveragePooling1D()(all));
        let vector = concatenate([a, b]);
        Model(inputs = [words], outputs = [vector])
    }
}

model! {
    /// Sentences as a vector.
    Document {
        use Sentence;

        let sentences = Input(shape = [3, 4, 2]);
        let vectors: [3, 5] = TimeDistributed(Sentence())(sentences);
        let state = LSTM(3)(vectors);
        let y = Dense(2, activation = tanh)(state);
        Model(inputs = [sentences], outputs = [y])
    }
}

model! {
    /// One of the layers has averages, which do not change.
    Normalized {
        let x = Input(shape = [4]);
        let h = BatchNormalization(scale = false, trainable = false)(Dense(3, activation = relu)(x));
        let y = Dense(2)(h);
        Model(inputs = [x], outputs = [y])
    }
}

layers! {
    "time_distributed.json":
    both_directions: "bi-lstm", Both, BothInputs, BothTargets, [a => x: 12] {
        let y = TimeDistributed(Bidirectional(LSTM(3)), name = "layer")(Reshape([2, 3, 2])(x));
    }
    sums_of_both_directions: "bi-gru sum sequences", Sums, SumsInputs, SumsTargets, [a => x: 12] {
        let x = Reshape([2, 3, 2])(x);
        let y = TimeDistributed(
            Bidirectional(GRU(2, return_sequences = true, name = "own"), merge_mode = sum, name = "ends"),
            name = "layer",
        )(x);
    }
    steps_of_steps: "bi-rnn twice", Twice, TwiceInputs, TwiceTargets, [a => x: 24] {
        let x = Reshape([2, 3, 2, 2])(x);
        let y = TimeDistributed(TimeDistributed(Bidirectional(SimpleRNN(2), merge_mode = mul)), name = "layer")(x);
    }
    model: "sentences", Sentences, SentencesInputs, SentencesTargets, [a => x: 24] {
        use super::Sentence;
        let y = TimeDistributed(Sentence(name = "layer"))(Reshape([3, 4, 2])(x));
    }
    model_of_models: "documents", Documents, DocumentsInputs, DocumentsTargets, [a => x: 48] {
        use super::Document;
        let y = TimeDistributed(Document(name = "layer"))(Reshape([2, 3, 4, 2])(x));
    }
    model_of_steps_of_steps: "sentences twice", Deep, DeepInputs, DeepTargets, [a => x: 48] {
        use super::Sentence;
        let once = TimeDistributed(Sentence(name = "layer"));
        let y = TimeDistributed(once)(Reshape([2, 3, 4, 2])(x));
    }
    model_that_is_also_called_once: "shared", Shared, SharedInputs, SharedTargets, [a => x: 24] {
        use super::Sentence;
        let x = Reshape([3, 4, 2])(x);
        let sentence = Sentence(name = "layer");
        let vectors = TimeDistributed(sentence)(x);
        let first = Cropping1D([0, 2])(Reshape([3, 8])(x));
        let y = concatenate([Flatten()(vectors), sentence(Reshape([4, 2])(first))]);
    }
    model_with_frozen_averages: "frozen normalization", Frozen, FrozenInputs, FrozenTargets, [a => x: 12] {
        use super::Normalized;
        let y = TimeDistributed(Normalized(name = "layer"))(Reshape([3, 4])(x));
    }
}

mod words {
    use std::sync::{Arc, Mutex};

    use mimo::dfdx::prelude::*;
    use mimo::prelude::{Error, Model, Trainer, model, tensor};

    model! {
        Words {
            let words = Input(shape = [4], dtype = "int32");
            let vectors = Embedding(10, 3)(words);
            let vector = LSTM(2)(vectors);
            Model(inputs = [words], outputs = [vector])
        }
    }

    model! {
        /// Words in sentences in documents.
        Library {
            use Words;

            let documents = Input(shape = [2, 3, 4], dtype = "int32");
            let sentences: [2, 3, 2] = TimeDistributed(TimeDistributed(Words()))(documents);
            let document: [2, 2] = TimeDistributed(GRU(2))(sentences);
            let y = Dense(1)(Flatten()(document));
            Model(inputs = [documents], outputs = [y, sentences])
                .compile(optimizer = Adam(0.05), loss = { y: mse, sentences: none })
        }
    }

    fn words(rows: usize) -> Vec<usize> {
        (0..rows * 24).map(|at| at * 7 % 10).collect()
    }

    #[test]
    fn every_sentence_is_read_by_itself() {
        let mut library = Library::new(3);
        let inputs = LibraryInputs { documents: tensor(words(5)).expect("documents") };
        let found = library.forward(&inputs).expect("outputs").sentences.as_vec();
        let alone = WordsInputs { words: tensor(words(5)).expect("sentences") };
        let alone = library.words.forward(&alone).expect("vectors").vector.as_vec();
        assert_eq!(found.len(), alone.len());
        assert!(found.iter().zip(&alone).all(|(found, alone)| (found - alone).abs() < 1e-6));

        let before = library.words.embedding.embeddings.as_vec();
        let targets = LibraryTargets { y: tensor(vec![1.0, 0.0, 1.0, 0.0, 1.0]).expect("targets") };
        let mut trainer = Trainer::new(&mut library).expect("a trainer");
        let loss = |trainer: &mut Trainer<'_, Library>| {
            trainer.train_on_batch(&inputs, &targets).expect("a step").loss
        };
        let first = loss(&mut trainer);
        let last = (0..40).map(|_| loss(&mut trainer)).last().expect("a loss");
        assert!(last < first / 2.0, "{first} {last}");
        drop(trainer);
        assert_ne!(before, library.words.embedding.embeddings.as_vec());
    }

    #[test]
    fn words_have_to_be_known() {
        let library = Library::new(3);
        let mut words = words(1);
        words[20] = 10;
        let inputs = LibraryInputs { documents: tensor(words).expect("a document") };
        assert!(matches!(library.forward(&inputs), Err(Error::Vocabulary { .. })));
    }

    model! {
        Noisy {
            let x = Input(shape = [50]);
            let h = Dropout(0.5)(x);
            let y = Activation(linear)(Dense(50, trainable = false)(h));
            Model(inputs = [x], outputs = [y])
        }
    }

    model! {
        Steps {
            use Noisy;

            let x = Input(shape = [3, 50]);
            let y = TimeDistributed(Noisy())(Dense(50)(x));
            Model(inputs = [x], outputs = [y]).compile(optimizer = SGD(0.0), loss = custom)
        }
    }

    /// Keras draws new numbers at every step.
    #[test]
    fn every_step_has_zeros_of_its_own() {
        let mut model = Steps::new(1);
        let inputs = StepsInputs { x: tensor(vec![1.0; 300]).expect("samples") };
        let targets = StepsTargets { y: model.forward(&inputs).expect("outputs").y };
        let steps = |values: &[f32]| values.chunks(50).map(<[f32]>::to_vec).collect::<Vec<_>>();
        let plain = steps(&targets.y.as_vec());
        assert!(plain.iter().all(|step| *step == plain[0]));
        let seen = Arc::new(Mutex::new(vec![]));
        let watched = Arc::clone(&seen);
        let mut trainer = Trainer::new(&mut model).expect("a trainer");
        trainer.set_loss(move |outputs, _| {
            *watched.lock().expect("one thread") = outputs.y.as_vec();
            Ok(outputs.y.sum())
        });
        trainer.train_on_batch(&inputs, &targets).expect("a step");
        let drawn = steps(&seen.lock().expect("one thread"));
        for (at, step) in drawn.iter().enumerate() {
            assert!(drawn[..at].iter().all(|other| other != step));
        }
    }

    model! {
        Ends {
            let x = Input(shape = [2, 5, 3]);
            let y = TimeDistributed(Bidirectional(GRU(4), name = "ends"), name = "each")(x);
            Model(inputs = [x], outputs = [y])
        }
    }

    #[test]
    fn names_and_graphs() {
        let graph = <Library as Model>::GRAPH;
        let steps = graph.calls.iter().map(|call| (graph.layers[call.layer].name, call.steps));
        let wanted =
            [("words/embedding", 2), ("words/vector", 2), ("time_distributed", 0), ("flatten", 0), ("y", 0)];
        assert_eq!(steps.collect::<Vec<_>>(), wanted);

        let model = Ends::new(1);
        assert_eq!(model.each.ends.backward_gru.kernel.shape().concrete(), [3, 12]);
        let graph = <Ends as Model>::GRAPH;
        let weights: Vec<_> = graph.layers.iter().flat_map(|layer| layer.weights.iter().copied()).collect();
        let [first, .., last] = &weights[..] else { panic!("{weights:?}") };
        assert_eq!([*first, *last], ["each/ends/forward_gru/kernel", "each/ends/backward_gru/bias"]);
        let backwards = graph.layers[0].parts.iter().map(|&part| {
            let item = &graph.layers[part].item;
            assert_eq!(item.class, "TimeDistributed");
            let layer = item.argument("layer").and_then(|layer| layer.item()).expect("a layer");
            assert_eq!(layer.class, "GRU");
            layer.argument("go_backwards").cloned()
        });
        let bool = |value| Some(mimo::graph::spec::Setting::Bool(value));
        assert_eq!(backwards.collect::<Vec<_>>(), [bool(false), bool(true)]);
    }
}
