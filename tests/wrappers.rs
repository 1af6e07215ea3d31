//! Wrapped layers, also in doubly nested models, are named by their path, in files and as fields.

use mimo::prelude::*;

model! {
    /// Wrapped layers.
    Inner {
        let x = Input(shape = [5, 4]);
        let a = Bidirectional(LSTM(3), name = "encoder", trainable = false)(x);
        let steps = TimeDistributed(TimeDistributed(Dense(2, name = "own")))(Reshape([5, 2, 2])(x));
        let both = Bidirectional(GRU(2, name = "inner"), merge_mode = none);
        let (b, c) = both(x);
        let features = concatenate([a, Flatten()(steps), b, c]);
        Model(inputs = [x], outputs = [features])
    }
}

model! {
    /// One deeper.
    Middle {
        use Inner;
        let x = Input(shape = [5, 4]);
        let h = Inner(name = "deep")(x);
        let y = Dense(2)(h);
        Model(inputs = [x], outputs = [y])
    }
}

model! {
    /// Two deeper.
    Outer {
        use Inner;
        use Middle;
        let x = Input(shape = [5, 4]);
        let h = concatenate([Inner()(x), Middle()(x)]);
        let y = Dense(1)(h);
        Model(inputs = [x], outputs = [y]).compile(optimizer = SGD(0.1), loss = mse)
    }
}

fn names<M: Model>() -> Vec<&'static str> {
    M::SPEC
        .weights
        .iter()
        .filter(|weight| weight.name.ends_with("/kernel"))
        .map(|weight| weight.name)
        .collect()
}

#[test]
fn weights_and_fields_have_the_path_of_the_layer() -> Result<()> {
    let inner = [
        "encoder/forward_lstm/kernel",
        "encoder/backward_lstm/kernel",
        "time_distributed/time_distributed/own/kernel",
        "bidirectional/forward_inner/kernel",
        "bidirectional/backward_inner/kernel",
    ];
    assert_eq!(names::<Inner>(), inner);
    let all = |prefix: &'static str| inner.map(|name| format!("{prefix}/{name}"));
    let wanted: Vec<String> = all("inner").into_iter().chain(all("middle/deep")).collect();
    let found = names::<Outer>();
    assert!(wanted.iter().all(|name| found.contains(&name.as_str())), "{found:?}");
    assert_eq!(found.len(), wanted.len() + 2);

    let mut outer = Outer::new(1);
    let inner = Inner::new(2);
    outer.inner = inner.clone();
    outer.middle.deep.encoder.forward_lstm = inner.encoder.forward_lstm.clone();
    assert_eq!(
        outer.inner.time_distributed.time_distributed.own.kernel.as_vec(),
        inner.time_distributed.time_distributed.own.kernel.as_vec()
    );
    assert_eq!(outer.inner.bidirectional.backward_inner.bias.as_vec().len(), 12);
    let before = outer.clone();
    let inputs = OuterInputs { x: tensor((0..40).map(|i| i as f32 / 40.0).collect::<Vec<_>>())? };
    let targets = OuterTargets { y: tensor(vec![3.0, -3.0])? };
    Trainer::new(&mut outer)?.train_on_batch(&inputs, &targets)?;
    let unchanged = |a: Vec<f32>, b: Vec<f32>| a == b;
    let (now, then) = (&outer.middle.deep, &before.middle.deep);
    assert!(unchanged(now.encoder.forward_lstm.kernel.as_vec(), then.encoder.forward_lstm.kernel.as_vec()));
    let (now, then) = (&now.time_distributed.time_distributed, &then.time_distributed.time_distributed);
    assert!(!unchanged(now.own.kernel.as_vec(), then.own.kernel.as_vec()));
    Ok(())
}

#[test]
fn a_wrapper_is_one_row_of_the_summary() {
    let rows: Vec<_> =
        <Inner as Model>::SPEC.layers.iter().map(|layer| (layer.name, layer.parameters)).collect();
    assert!(rows.contains(&("encoder", 192)) && rows.contains(&("bidirectional", 96)), "{rows:?}");
    assert_eq!(rows.iter().filter(|(name, _)| name.contains("inner") || name.contains("lstm")).count(), 0);
    let connected = Inner::summary();
    assert!(
        connected.contains("bidirectional[0][0], bidirectional[0][1]")
            || connected.contains("bidirectional[0][1]")
    );
}
