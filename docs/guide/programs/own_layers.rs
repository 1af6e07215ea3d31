use mimo::data::Random;
use mimo::prelude::*;

/// The 0.9 quantile: the loss of one position, and its derivative by each prediction.
pub fn pinball(prediction: &[f32], target: &[f32], gradient: &mut [f32]) -> f32 {
    let error = target[0] - prediction[0];
    gradient[0] = if error > 0.0 { -0.9 } else { 0.1 };
    if error > 0.0 { 0.9 * error } else { -0.1 * error }
}

/// Share of the targets below the prediction. The state is two sums.
pub struct Covered;

impl mimo::Metric<2> for Covered {
    fn update<E: mimo::Float>(
        [below, all]: &mut [f64; 2],
        prediction: &[E],
        target: &[E],
        weight: f64,
    ) {
        *below += weight * f64::from(target[0] < prediction[0]);
        *all += weight;
    }

    fn result([below, all]: &[f64; 2]) -> f64 {
        below / all
    }
}

model! {
    /// The expected demand of the next day, and one that suffices nine times in ten.
    pub Demand {
        const DAYS: usize = 14;

        fn layer_scale(x, dim, start = 0.1) {
            let gamma = Weight([dim], initializer = Constant(start));
            x * gamma
        }
        fn block(x, dim) {
            let h = Dense(dim, activation = gelu)(LayerNormalization()(x));
            x + layer_scale(h, dim)
        }
        fn noisy(x, stddev) {
            if training { x + stddev * random_normal(x) } else { x }
        }

        let past = Input(shape = [DAYS]);
        let x = Dense(32)(noisy(past, 0.02));
        for _ in 0..2 {
            let x = block(x, 32);
        }
        let expected = Dense(1)(x);
        let enough = Dense(1)(x);

        Model(inputs = [past], outputs = [expected, enough]).compile(
            optimizer = Adam(CosineDecay(3e-3, 1890)),
            loss = { expected: mse, enough: self::pinball },
            metrics = { expected: [mae], enough: [self::Covered] },
        )
    }
}

fn days(rows: usize, seed: u64) -> Result<(DemandInputs, DemandTargets)> {
    let mut random = Random::new(seed);
    let (mut past, mut next) = (Vec::new(), Vec::new());
    for _ in 0..rows {
        let (level, phase) = (random.uniform(1.0..2.0), random.below(7));
        let day = |day: usize| {
            let weekend = (day + phase) % 7 >= 5;
            level * if weekend { 0.5 } else { 1.0 }
        };
        past.extend((0..Demand::DAYS).map(|at| day(at) as f32));
        next.push((day(Demand::DAYS) + 0.2 * random.normal()) as f32);
    }
    let targets =
        DemandTargets { expected: tensor(next.clone())?, enough: tensor(next)? };
    Ok((DemandInputs { past: tensor(past)? }, targets))
}

fn main() -> mimo::Result<()> {
    let (inputs, targets) = days(2000, 1)?;
    let mut model = Demand::new(1);
    let mut trainer = Trainer::new(&mut model)?;
    trainer.fit(
        (&inputs, &targets),
        FitOptions::new().epochs(30).verbose(Verbose::Silent),
    )?;
    let (inputs, targets) = days(1000, 2)?;
    let reached = trainer.evaluate((&inputs, &targets), 100)?;
    println!("error of the expected demand: {:.2}", reached.expected.mae);
    println!("days on which it suffices:    {:.2}", reached.enough.covered);
    trainer.finish();

    println!("weights:");
    for weight in <Demand as Model>::SPEC.weights {
        println!("  {:<28} {:?}", weight.name, weight.shape);
    }
    Ok(())
}
