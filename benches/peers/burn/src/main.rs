//! One of the nine nets in burn: a training step, predictions, and memory, as `nine.py` measures them elsewhere.
//!
//! ```text
//! nine --net N [--threads T] [--seconds S]
//! ```

mod net;

use std::hint::black_box;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use burn::module::Module;
use burn::nn::loss::{BinaryCrossEntropyLossConfig, CrossEntropyLossConfig, MseLoss, Reduction};
use burn::optim::{AdamConfig, GradientsParams};
use burn::tensor::activation::{sigmoid, softmax};
use burn::tensor::{Device, Int, Tensor, TensorData};

use net::{INPUT, Input, Kind, Net, TARGET, inputs, mirrored, outputs, rearranged, tensor, uniform};

/// Rows of a batch.
const BATCH: usize = 32;
/// Steps and predictions that are run first and not timed.
const WARM_UP: usize = 10;
/// Steps after which the training starts over, so that no gradient or moment becomes denormal.
const RESTART: usize = 500;

/// The wanted rows of one output.
#[derive(Clone)]
enum Target {
    Numbers(Tensor<2>),
    Labels(Tensor<2, Int>),
    Classes(Tensor<1, Int>),
}

impl Target {
    fn select(&self, rows: &Tensor<1, Int>) -> Self {
        match self.clone() {
            Target::Numbers(x) => Target::Numbers(x.select(0, rows.clone())),
            Target::Labels(x) => Target::Labels(x.select(0, rows.clone())),
            Target::Classes(x) => Target::Classes(x.select(0, rows.clone())),
        }
    }
}

fn given(net: usize, rows: usize, device: &Device) -> Vec<Input> {
    let columns = (INPUT..).zip(inputs(net)).map(|(stream, shape)| {
        let values = uniform(stream, rows * shape.iter().product::<usize>());
        Input::new(net, &values, rows, shape, device)
    });
    columns.collect()
}

fn wanted(net: usize, device: &Device) -> Vec<Target> {
    let columns = (TARGET..).zip(outputs(net)).map(|(stream, &(len, kind, _))| {
        let values = uniform(stream, BATCH * len);
        match kind {
            Kind::Number => Target::Numbers(tensor(values, [BATCH, len], device)),
            Kind::Pixels => {
                let axes: Vec<usize> = mirrored(net).iter().map(|axis| axis + 1).collect();
                let values = rearranged(&values, &[BATCH, 28, 28], &[0, 1, 2], &axes);
                Target::Numbers(tensor(values, [BATCH, len], device))
            }
            Kind::Labels => {
                let labels: Vec<i64> = values.iter().map(|&x| i64::from(x > 0.0)).collect();
                Target::Labels(Tensor::from_data(TensorData::new(labels, [BATCH, len]), device))
            }
            Kind::Class => {
                let classes: Vec<i64> = (0..BATCH).map(|row| (row % len) as i64).collect();
                Target::Classes(Tensor::from_data(TensorData::new(classes, [BATCH]), device))
            }
        }
    });
    columns.collect()
}

/// The total, and every loss and metric.
fn losses_and_metrics(net: usize, found: Vec<Tensor<2>>, wanted: Vec<Target>) -> (Tensor<1>, Vec<Tensor<1>>) {
    let mut total: Option<Tensor<1>> = None;
    let mut measured = vec![];
    for ((found, wanted), &(_, kind, weight)) in found.into_iter().zip(wanted).zip(outputs(net)) {
        let device = found.device();
        let (loss, metric) = match wanted {
            Target::Numbers(wanted) => {
                let found = if kind == Kind::Pixels { sigmoid(found) } else { found };
                let metric = (found.clone().inner() - wanted.clone().inner()).abs().mean();
                (MseLoss::new().forward(found, wanted, Reduction::Mean), metric)
            }
            Target::Labels(wanted) => {
                let right = found.clone().inner().greater_elem(0.0).int().equal(wanted.clone().inner());
                let loss = BinaryCrossEntropyLossConfig::new().with_logits(true).init(&device);
                (loss.forward(found, wanted), right.float().mean())
            }
            Target::Classes(wanted) => {
                let right = found.clone().inner().argmax(1).squeeze_dim::<1>(1).equal(wanted.clone().inner());
                let loss = CrossEntropyLossConfig::new().init(&device);
                (loss.forward(found, wanted), right.float().mean())
            }
        };
        measured.extend([loss.clone().inner(), metric]);
        let loss = loss * weight;
        total = Some(match total {
            Some(total) => total + loss,
            None => loss,
        });
    }
    (total.expect("an output"), measured)
}

/// Microseconds, the median and the tenth percentile.
fn summary(mut times: Vec<Duration>) -> (f64, f64) {
    times.sort_unstable();
    let at = |place: usize| times.get(place).map_or(f64::NAN, |time| time.as_secs_f64() * 1e6);
    (at(times.len() / 2), at(times.len() / 10))
}

/// Trains until the limit is over; gives the times, and the total losses of the first steps.
fn train(net: usize, limit: Duration) -> (Vec<Duration>, Vec<f32>) {
    let device = Device::flex().autodiff();
    let (x, y) = (given(net, BATCH, &device), wanted(net, &device));
    let rows: Vec<i64> = (0..BATCH as i64).map(|row| row * 13 % BATCH as i64).collect();
    let rows: Tensor<1, Int> = Tensor::from_data(TensorData::new(rows, [BATCH]), &device);
    let (mut times, mut losses) = (vec![], vec![]);
    let mut end = None;
    while end.is_none_or(|end| Instant::now() < end) {
        let mut model = Net::new(net, &device);
        let mut adam = AdamConfig::new().with_epsilon(1e-7).init();
        for at in 0..RESTART {
            let now = Instant::now();
            let batch = x.iter().map(|column| column.select(&rows)).collect();
            let targets = y.iter().map(|column| column.select(&rows)).collect();
            let (total, mut measured) = losses_and_metrics(net, model.forward(net, batch), targets);
            measured.insert(0, total.clone().inner());
            let gradients = GradientsParams::from_grads(total.backward(), &model);
            model = adam.step(1e-3, model, gradients);
            let read = Tensor::cat(measured, 0).into_data();
            let total = black_box(read.iter::<f32>().next()).unwrap_or(f32::NAN);
            if losses.len() < WARM_UP {
                losses.push(total);
            }
            if at >= WARM_UP {
                times.push(now.elapsed());
            }
            // The limit counts from the first step that is timed.
            if at >= WARM_UP && Instant::now() > *end.get_or_insert_with(|| Instant::now() + limit) {
                break;
            }
        }
    }
    (times, losses)
}

fn predict(net: usize, rows: usize, limit: Duration) -> f64 {
    let device = Device::flex();
    let model = Net::new(net, &device.clone().autodiff()).valid();
    let x = given(net, rows, &device);
    let mut times = vec![];
    let mut end = Instant::now() + limit;
    for at in 0.. {
        let now = Instant::now();
        let found = model.forward(net, x.clone()).into_iter().zip(outputs(net));
        let found: Vec<_> = found
            .map(|(found, (_, kind, _))| match kind {
                Kind::Number => found,
                Kind::Class => softmax(found, 1),
                Kind::Labels | Kind::Pixels => sigmoid(found),
            })
            .map(Tensor::into_data)
            .collect();
        black_box(found);
        if at == WARM_UP {
            end = Instant::now() + limit;
        }
        if at >= WARM_UP {
            times.push(now.elapsed());
            if Instant::now() > end {
                break;
            }
        }
    }
    summary(times).0
}

/// The most memory that the process has had at once, in MB of a million bytes; where Linux says so.
fn peak_memory() -> Option<f64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|line| line.starts_with("VmHWM:"))?;
    let kib: f64 = line.split_whitespace().nth(1)?.parse().ok()?;
    Some(kib * 1024.0 / 1e6)
}

fn run() -> Result<(), String> {
    let (mut net, mut threads, mut seconds) = (None, 2, 1.0);
    let mut arguments = std::env::args().skip(1);
    while let Some(name) = arguments.next() {
        let value = arguments.next().ok_or_else(|| format!("{name} needs a value"))?;
        let wrong = || format!("{name} cannot be `{value}`");
        match name.as_str() {
            "--net" => net = Some(value.parse().ok().filter(|net| (1..=9).contains(net)).ok_or_else(wrong)?),
            "--threads" => threads = value.parse().ok().filter(|&n| n > 0).ok_or_else(wrong)?,
            "--seconds" => seconds = value.parse().map_err(|_| wrong())?,
            _ => return Err(format!("there is no {name}; there are --net, --threads and --seconds")),
        }
    }
    let net = net.ok_or("--net names none of the nets 1 to 9")?;
    let limit = Duration::try_from_secs_f64(seconds).map_err(|error| format!("--seconds: {error}"))?;
    rayon::ThreadPoolBuilder::new()
        .num_threads(threads)
        .build_global()
        .map_err(|error| format!("--threads: {error}"))?;
    let (times, losses) = train(net, limit);
    let (step, low) = summary(times);
    let (one, batch) = (predict(net, 1, limit / 2), predict(net, BATCH, limit / 2));
    println!(
        "{{\"net\": {net}, \"framework\": \"burn\", \"version\": \"0.22.1\", \"threads\": {threads}, \"step\": {step:.2}, \
         \"step_low\": {low:.2}, \"predict_1\": {one:.2}, \"predict_32\": {batch:.2}, \"memory\": {:.1}, \
         \"parameters\": {}, \"loss_1\": {:.6}, \"loss_10\": {:.6}}}",
        peak_memory().unwrap_or(f64::NAN),
        Net::new(net, &Device::flex()).num_params(),
        losses[0],
        losses[WARM_UP - 1],
    );
    Ok(())
}

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("{message}");
            ExitCode::FAILURE
        }
    }
}
