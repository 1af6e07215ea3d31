//! A model in edition 2015, where a path in an import starts at the crate's root.
#![deny(warnings)]

#[macro_use]
extern crate net;

pub mod inner {
    model! {
        crate = ::net;

        pub Net {
            const WIDTH: usize = ::WIDTH + 1;
            let x = Input(shape = [WIDTH, 2]);
            let h = Dense(3, activation = relu)(Flatten()(x));
            let kind = Dense(2, activation = softmax)(h);
            let value = Dense(1)(h);
            Model(inputs = [x], outputs = [kind, value]).compile(
                optimizer = Adam(),
                loss = { kind: categorical_crossentropy, value: mse },
                metrics = { kind: [accuracy], value: [mae] },
            )
        }
    }
}

const WIDTH: usize = 3;

#[test]
fn it_runs() {
    let x = net::prelude::tensor(vec![0.5; 8]).unwrap();
    let outputs = inner::Net::new(1).forward(&inner::NetInputs::<usize> { x }).unwrap();
    assert_eq!(outputs.kind.as_vec().len() + outputs.value.as_vec().len(), 3);
}
