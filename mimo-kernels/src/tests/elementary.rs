use super::*;
use crate::elementwise::{Function, TILE, add_gradient, apply};

/// Operands at which a function and its derivatives are defined and smooth.
fn operand(function: Function, place: usize, number: f64) -> f64 {
    match (function, place) {
        (Function::Log | Function::Log2 | Function::Log10 | Function::Sqrt | Function::Rsqrt, _)
        | (Function::Power, 0)
        | (Function::Divide | Function::Mod | Function::FloorDivide | Function::Reciprocal, _) => {
            1.25 + 0.7 * number
        }
        (Function::Arccosh, _) => 2.5 + number,
        (Function::Arcsin | Function::Arccos | Function::Arctanh | Function::Log1p, _) => 0.8 * number,
        // Both sides of both bounds.
        (Function::Clip, 1) => -0.5,
        (Function::Clip, 2) => 0.4,
        (Function::Where, 0) => f64::from(u8::from(number > 0.0)),
        // Differs from its slope: it scales the gradient only.
        (Function::ScaleGradient, 1) => 1.0,
        _ => number,
    }
}

fn check<E: Element>(table: &str) {
    for &(function, operands) in Function::ALL {
        for &len in cases(&[1, 7, 16, 33, TILE], &[3]) {
            let mut source = Source::new(11);
            let x: Vec<Vec<E>> = (0..3)
                .map(|place| {
                    (0..len).map(|_| E::of(operand(function, place, source.next::<f64>()))).collect()
                })
                .collect();
            let slices: [&[E]; 3] = std::array::from_fn(|i| if i < operands { &x[i][..] } else { &[] });
            let mut y = vec![E::of(7.0); len];
            apply(function, slices, &mut y);
            let single = |at: usize, place: usize, moved: f64| {
                let x: [[f64; 1]; 3] =
                    std::array::from_fn(|i| [x[i][at].f64() + if i == place { moved } else { 0.0 }]);
                let mut y = [0.0];
                let x: [&[f64]; 3] = std::array::from_fn(|i| if i < operands { &x[i][..] } else { &[] });
                apply(function, x, &mut y);
                y[0]
            };
            let dy: Vec<E> = source.values(len);
            for (at, y) in y.iter().enumerate() {
                let what = format!("{table} {function:?} at {at} of {len}");
                assert_near(y.f64(), single(at, 3, 0.0), 4.0, tolerance::<E>(), &what);
            }
            for place in 0..operands {
                let start: Vec<E> = source.values(len);
                let mut dx = start.clone();
                add_gradient(function, place, slices, &y, &dy, &mut dx);
                for at in 0..len {
                    let step = 1e-6;
                    let slope = (single(at, place, step) - single(at, place, -step)) / (2.0 * step);
                    // Step functions have no gradient, as in Keras.
                    let slope = if slope.abs() > 1e4 || (function, place) == (Function::Where, 0) {
                        0.0
                    } else {
                        slope
                    };
                    let want = start[at].f64() + dy[at].f64() * slope;
                    let what = format!("{table} gradient of {function:?} by {place} at {at}");
                    assert_near(dx[at].f64(), want, 1.0, tolerance::<E>().max(1e-7) * 100.0, &what);
                }
            }
        }
    }
}

#[test]
fn functions_and_their_derivatives() {
    every_table(check::<f32>, || check::<f64>("f64"));
}

/// The values that users of Keras know by heart.
#[test]
fn values_at_the_edges() {
    let one = |function, x: [f64; 3]| {
        let mut y = [0.0];
        apply(function, [&x[..1], &x[1..2], &x[2..]], &mut y);
        y[0]
    };
    let round = |x| one(Function::Round, [x, 0.0, 0.0]);
    assert_eq!([0.5, 1.5, 2.5, -0.5, -1.5, 2.4, -2.6].map(round), [0.0, 2.0, 2.0, 0.0, -2.0, 2.0, -3.0]);
    let modulo = |a, b| one(Function::Mod, [a, b, 0.0]);
    assert_eq!(
        [modulo(5.0, 3.0), modulo(-5.0, 3.0), modulo(5.0, -3.0), modulo(-5.0, -3.0)],
        [2.0, 1.0, -1.0, -2.0]
    );
    assert_eq!(modulo(6.0, -3.0), 0.0);
    assert_eq!([-2.0, 0.0, 3.0].map(|x| one(Function::Sign, [x, 0.0, 0.0])), [-1.0, 0.0, 1.0]);
    assert!(one(Function::Sign, [f64::NAN, 0.0, 0.0]).is_nan());
    assert!(one(Function::Clip, [f64::NAN, 0.0, 1.0]).is_nan());
    assert_eq!(one(Function::Where, [0.0, f64::NAN, 2.0]), 2.0);
    assert_eq!(one(Function::Power, [-3.0, 2.0, 0.0]), 9.0);
}
