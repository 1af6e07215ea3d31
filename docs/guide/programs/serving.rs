use std::sync::atomic::{AtomicUsize, Ordering};

use mimo::prelude::*;

model! {
    /// Whether a reading of three sensors is an alarm, and its kind.
    pub Alarm {
        let sensors = Input(shape = [3]);
        let x = Dense(16, activation = relu)(sensors);
        let alarm = Dense(1, activation = sigmoid)(x);
        let kind = Dense(4, activation = softmax)(x);

        Model(inputs = [sensors], outputs = [alarm, kind])
    }
}

/// The sensors of a request, if they are three numbers that are finite.
fn parse(request: &str) -> std::result::Result<[f32; 3], String> {
    let values: Vec<f32> =
        request.split(',').map_while(|it| it.trim().parse().ok()).collect();
    match <[f32; 3]>::try_from(values) {
        Ok(values) if values.iter().all(|value| value.is_finite()) => Ok(values),
        _ => Err(format!("`{request}` is not three numbers")),
    }
}

fn answer(
    predictor: &mut Predictor<Alarm>,
    request: &str,
) -> std::result::Result<usize, String> {
    let sensors = parse(request)?;
    let sample = AlarmSample { sensors: &sensors };
    let prediction =
        predictor.predict_one(&sample).map_err(|error| error.to_string())?;
    let kinds = prediction.kind.iter().enumerate();
    Ok(kinds.max_by(|a, b| a.1.total_cmp(b.1)).map_or(0, |(kind, _)| kind))
}

fn main() -> mimo::Result<()> {
    // A service loads the file that a training has saved.
    Alarm::new(1).save("alarm.safetensors")?;
    let predictor = Predictor::with_threads(&Alarm::load("alarm.safetensors")?, 1)?;

    // Four workers with a clone each: the weights are in memory once.
    let served = AtomicUsize::new(0);
    std::thread::scope(|scope| {
        for worker in 0..4 {
            let (mut predictor, served) = (predictor.clone(), &served);
            scope.spawn(move || {
                for request in 0..1000 {
                    let request = format!("0.{request}, {worker}, -1.5");
                    if answer(&mut predictor, &request).is_ok() {
                        served.fetch_add(1, Ordering::Relaxed);
                    }
                }
            });
        }
        // Another model of the same shape replaces the weights while they predict.
        predictor.replace_weights(&Alarm::new(2))
    })?;
    println!("{} answers", served.into_inner());

    let mut predictor = predictor;
    println!("{:?}", answer(&mut predictor, "0.2, 1.0, -0.3"));
    println!("{:?}", answer(&mut predictor, "0.2, north"));
    Ok(())
}
