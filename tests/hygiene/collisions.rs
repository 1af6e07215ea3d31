//! Items of the user with the names of generated items or of names in the block.
#![allow(dead_code, nonstandard_style, unused_macros, reason = "only there to be in the way")]

/// Types with the names of generic parameters, functions with those of the block, constants with those of layers and
/// outputs.
mod items {
    struct E;
    struct D;
    struct B;
    struct T;
    struct V;
    struct E2;
    struct D2;
    struct Dense;
    struct Adam;
    struct Input;
    struct relu;
    struct __Plan;
    struct __Layout;
    struct __Losses;
    const WEIGHTS: () = ();
    const hidden: usize = 7;
    const y: usize = 9;
    static __mimo: () = ();
    mod dfdx {}
    fn concatenate() {}
    fn add() {}
    fn mse() {}
    fn visitor() {}
    fn chunk() {}
    fn Flatten() {}
    macro_rules! Model {
        () => {};
    }
    macro_rules! quote {
        () => {};
    }

    mimo::model! {
        pub(super) Net {
            const hidden_units: usize = hidden;
            let x = Input(shape = [2, 3]);
            let z = Input(shape = [y]);
            let hidden = Dense(hidden_units, activation = relu)(concatenate([Flatten()(x), z]));
            let hidden = add([hidden, Dense(hidden_units)(hidden)]);
            let y = Dense(2, activation = softmax)(hidden);
            let E = Dense(1)(hidden);
            Model(inputs = [x, z], outputs = [y, E]).compile(
                optimizer = Adam(),
                loss = { y: categorical_crossentropy, E: mse },
                metrics = { y: [accuracy], E: [mae] },
            )
        }
    }
}

#[test]
fn items_keep_their_names() {
    assert_eq!(items::Net::hidden_units, 7);
    assert_eq!(items::Net::INPUTS[1].shape, [9]);
    assert_eq!(items::Net::OUTPUTS[1].name, "E");
}

/// A keyword, a lower-case word and a single letter as names of models.
mod names {
    use mimo::prelude::*;

    model! { pub(super) r#match { let r#in = Input(shape = [2]); let r#type = Dense(1, name = "kernel")(r#in); Model(r#in, r#type) } }
    model! { pub(super) net { let x = Input(shape = [2]); let y = Dense(1)(x); Model(x, y).compile(optimizer = SGD(0.1), loss = mse) } }
    model! { pub(super) X { let x = Input(shape = [2]); let X = Dense(1)(x); Model(x, X).compile(optimizer = SGD(0.1), loss = mse) } }

    #[test]
    fn any_name_names_a_model() {
        let inputs = matchInputs::<usize> { r#in: tensor([1.0, 2.0]).unwrap() };
        assert_eq!(r#match::new(1).forward(&inputs).unwrap().r#type.as_vec().len(), 1);
        assert_eq!((net::PARAMETERS, X::PARAMETERS), (3, 3));
        assert!(r#match::summary().starts_with("match") || r#match::summary().contains("kernel"));
    }
}

/// In the body of a constant, a method, a closure and a block, several in one scope.
mod bodies {
    const _: () = {
        mimo::model! { Net { let x = Input(shape = [2]); let y = Dense(1)(x); Model(x, y) } }
        assert!(Net::PARAMETERS == 3);
    };

    const LEN: usize = {
        mimo::model! { Net { let x = Input(shape = [4]); let y = Dense(2)(x); Model(x, y) } }
        mimo::model! { Other { let x = Input(shape = [4]); let y = Dense(3)(x); Model(x, y) } }
        Net::PARAMETERS + Other::PARAMETERS
    };

    struct Owner;

    impl Owner {
        fn count(&self) -> usize {
            mimo::model! { Net { let x = Input(shape = [LEN]); let y = Dense(1)(x); Model(x, y) } }
            let inner = || {
                mimo::model! { Net { let x = Input(shape = [1]); let y = Dense(1)(x); Model(x, y) } }
                Net::PARAMETERS
            };
            Net::PARAMETERS + inner()
        }
    }

    #[test]
    fn every_body_has_its_own() {
        assert_eq!(LEN, 10 + 15);
        assert_eq!(Owner.count(), LEN + 1 + 2);
    }
}
