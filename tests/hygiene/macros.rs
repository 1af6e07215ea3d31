//! Models that macros write, from every kind of fragment.

use mimo::prelude::*;

/// Layers by repetition over token trees, names from outside.
macro_rules! tower {
    ($name:ident: $input:ident $shape:tt => $($layer:ident $settings:tt),+ => $output:ident) => {
        model! {
            $name {
                let $input = Input(shape = $shape);
                let h = $input;
                $(let h = $layer $settings(h);)+
                let $output = Dense(1)(h);
                Model(inputs = [$input], outputs = [$output])
                    .compile(optimizer = SGD(0.1), loss = mse)
            }
        }
    };
}

tower!(Tall: signal [8, 2] => Conv1D (4, 3, activation = relu), Flatten (), Dense (5), Dropout (0.5) => level);

/// A macro that writes a macro that writes a model.
macro_rules! factory {
    ($make:ident, $width:expr) => {
        macro_rules! $make {
            ($name:ident) => {
                model! {
                    pub(crate) $name {
                        const WIDTH: usize = $width;
                        let x = Input(shape = [WIDTH]);
                        let y = Dense($width)(x);
                        Model(x, y)
                    }
                }
            };
        }
    };
}

factory!(wide, 2 + 3);
wide!(Wide);

/// Statements, types, blocks, literals, paths, visibilities, attributes and whole lists.
macro_rules! assembled {
    ($(#[$meta:meta])* $vis:vis $name:ident, $ty:ty, $block:block, $text:literal, $path:path, [$($head:ident = $units:literal),* $(,)?]) => {
        model! {
            $(#[$meta])*
            $vis $name {
                const SIDE: $ty = $block;
                const AREA: $ty = $path * SIDE;
                let x = Input(shape = [SIDE, AREA]);
                let h = Dense(4, activation = $text)(Flatten()(x));
                $(let $head = Dense($units)(h);)*
                Model(inputs = [x], outputs = [$($head),*])
                    .compile(optimizer = Adam(), loss = { $($head: mse),* }, metrics = { $($head: [mae]),* })
            }
        }
    };
}

mod outer {
    pub(super) const FACTOR: usize = 2;
}

assembled!(
    /// With documentation.
    #[must_use]
    pub(crate) Assembled, usize, { 1 + 2 }, "relu", outer::FACTOR, [low = 1, high = 2]
);

/// The whole model as one list of tokens.
macro_rules! passed_on {
    ($($tokens:tt)*) => {
        model! { $($tokens)* }
    };
}

passed_on! {
    PassedOn {
        let x = Input(shape = [3]);
        let y = Dense(2)(x) + Dense(2)(x);
        Model(inputs = [x], outputs = [y])
    }
}

#[test]
fn they_are_models() {
    assert_eq!(Tall::OUTPUTS[0].name, "level");
    assert_eq!(Tall::PARAMETERS, 4 * 2 * 3 + 4 + 5 * 24 + 5 + 6);
    assert_eq!((Wide::WIDTH, Wide::PARAMETERS), (5, 30));
    assert_eq!((Assembled::SIDE, Assembled::AREA), (3, 6));
    assert_eq!(Assembled::OUTPUTS.iter().map(|output| output.name).collect::<Vec<_>>(), ["low", "high"]);
    assert_eq!(PassedOn::PARAMETERS, 16);
    let signal = tensor(vec![0.5; 16]).unwrap();
    let level = Tall::new(1).forward(&TallInputs::<usize> { signal }).unwrap().level;
    assert_eq!(level.as_vec().len(), 1);
}
