//! Losses and metrics that the user writes, by path.

use mimo::prelude::*;

pub mod own {
    use mimo::Float;

    /// Keras's `mae`.
    pub struct MeanAbsolute;

    impl mimo::Metric<2> for MeanAbsolute {
        const HIGHER_IS_BETTER: Option<bool> = Some(false);

        fn update<E: Float>([sum, all]: &mut [f64; 2], prediction: &[E], target: &[E], weight: f64) {
            let errors = prediction.iter().zip(target).map(|(p, t)| (p.f64() - t.f64()).abs());
            *sum += weight * errors.sum::<f64>() / prediction.len() as f64;
            *all += weight;
        }

        fn result([sum, all]: &[f64; 2]) -> f64 {
            sum / all
        }
    }

    pub fn squared<E: Float>(prediction: &[E], target: &[E], gradient: &mut [E]) -> E {
        let n = E::of(prediction.len() as f64);
        let mut sum = E::of(0.0);
        for ((&p, &t), gradient) in prediction.iter().zip(target).zip(gradient) {
            *gradient = E::of(2.0) * (p - t) / n;
            sum += (p - t) * (p - t) / n;
        }
        sum
    }

    pub fn pinball(prediction: &[f32], target: &[f32], gradient: &mut [f32]) -> f32 {
        let error = target[0] - prediction[0];
        gradient[0] = if error > 0.0 { -0.9 } else { 0.1 };
        if error > 0.0 { 0.9 * error } else { -0.1 * error }
    }
}

model! {
    pub Net {
        let x = Input(shape = [3]);
        let h = Dense(4, activation = tanh)(x);
        let a = Dense(2)(h);
        let b = Dense(1)(h);
        Model(inputs = [x], outputs = [a, b]).compile(
            optimizer = SGD(0.1),
            loss = { a: crate::own::squared, b: crate::own::pinball },
            metrics = { a: [mae, own::MeanAbsolute, crate::own::MeanAbsolute(name = "again")], b: [mse] },
            weighted_metrics = { a: [crate::own::MeanAbsolute] },
        )
    }
}

#[test]
fn smoke() {
    let mut net = Net::new(1);
    let mut trainer = Trainer::new(&mut net).unwrap();
    let inputs = NetInputs { x: tensor((0..30).map(|i| (i as f32 * 0.7).sin()).collect::<Vec<_>>()).unwrap() };
    let targets = NetTargets {
        a: tensor((0..20).map(|i| (i as f32 * 0.3).cos()).collect::<Vec<_>>()).unwrap(),
        b: tensor((0..10).map(|i| (i as f32 * 0.1).cos()).collect::<Vec<_>>()).unwrap(),
    };
    let history = trainer.fit((&inputs, &targets), FitOptions::new().epochs(3).batch_size(4).verbose(Verbose::Silent)).unwrap();
    let last = &history.epochs()[2].train;
    println!("{last:?}");
    assert_eq!(last.a.mae, last.a.mean_absolute);
}
