//! A custom loss and custom metrics.

use mimo::prelude::*;

/// Half of the squared error.
pub fn half_squared<E: mimo::Float>(prediction: &[E], target: &[E], gradient: &mut [E]) -> E {
    gradient[0] = prediction[0] - target[0];
    E::of(0.5) * gradient[0] * gradient[0]
}

/// Fraction of the targets below the prediction.
#[derive(Debug)]
pub struct Below<const N: usize>;

/// The metric of one value.
pub type BelowOne = Below<1>;

impl<const N: usize> mimo::Metric<2> for Below<N> {
    fn update<E: mimo::Float>([below, all]: &mut [f64; 2], prediction: &[E], target: &[E], weight: f64) {
        *below += weight * f64::from(u8::from(target[0] < prediction[0]));
        *all += weight;
    }

    fn result([below, all]: &[f64; 2]) -> f64 {
        below / all
    }
}

model! {
    /// Two heads.
    pub Own {
        let x = Input(shape = [4]);
        let low = Dense(1)(x);
        let high = Dense(1)(x);

        Model(inputs = [x], outputs = [low, high]).compile(
            loss = { low: crate::own::half_squared, high: mse },
            metrics = { low: [mae, crate::own::BelowOne, self::BelowOne(name = "again")] },
            weighted_metrics = { high: crate::own::BelowOne },
        )
    }
}
