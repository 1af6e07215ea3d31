//! A model as a service: requests of many clients in one batch, and weights replaced while it serves.
//!
//! New here: `predict_one` with plain arrays, a `Predictor` that several threads share by `clone`, `replace_weights`, and a batch
//! collector (`support/collector.rs`).
//!
//! `cargo run --release --example 21_serve -- --weights digits.safetensors` reads the weights, or trains for some seconds and writes them
//! if there is no such file. It serves until Ctrl-C or SIGTERM:
//!
//! ```sh
//! curl localhost:8018/health
//! # 8 rows of 8 grey values
//! curl localhost:8018/predict --data '{"image": [[0, 0, 0.3, 0.8, 0.6, 0, 0, 0], …]}'
//! # reads the file of the weights again
//! curl -X POST localhost:8018/weights
//! ```
//!
//! A public service also needs a proxy with encryption, time limits for slow clients, and protection of `/weights`.

use std::io::Read as _;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::channel;
use std::thread::JoinHandle;
use std::time::Duration;

use mimo::array;
use mimo::prelude::*;
use serde_json::{Value, json};
use tiny_http::{Header, Method, Request, Response, Server};

#[path = "support/collector.rs"]
mod collector;
#[path = "support/course.rs"]
mod course;
#[path = "support/digits.rs"]
mod digits;
#[path = "support/json_input.rs"]
mod json_input;

use collector::{Collector, Limits, Unanswered};
use course::Outcome;
use digits::Digits;

model! {
    /// The digit in an image of 8 by 8 grey values, and whether it is even.
    pub DigitReader {
        const SIDE: usize = 8;
        const DIGITS: usize = 10;

        let image = Input(shape = [SIDE, SIDE]);
        let x = Dense(128, activation = relu)(Flatten()(image));
        let features = Dense(64, activation = relu)(Dropout(0.2)(x));
        let digit = Dense(DIGITS, activation = softmax)(features);
        let even = Dense(1, activation = sigmoid)(features);

        Model(inputs = [image], outputs = [digit, even]).compile(
            optimizer = Adam(learning_rate = 2e-3),
            loss = { digit: sparse_categorical_crossentropy, even: binary_crossentropy },
            metrics = { digit: [accuracy] },
        )
    }
}

/// Number of threads for clients. Each waits for the answer to one request, so a batch has at most this many samples.
const WORKERS: usize = 16;
const LIMITS: Limits = Limits { batch: WORKERS, wait: Duration::from_millis(2) };
/// Largest request in bytes; an image has about 500.
const LONGEST: usize = 1 << 16;

/// Prediction for an image.
type Answer = DigitReaderPrediction;

/// A running service.
pub(crate) struct Service {
    server: Arc<Server>,
    address: SocketAddr,
    threads: Vec<JoinHandle<()>>,
}

/// State of every thread of the service.
#[derive(Clone)]
struct Shared {
    collector: Collector<Vec<f32>, Answer>,
    /// The predicting thread has a clone, which sees weights replaced here.
    predictor: Predictor<DigitReader>,
    /// File of the weights. A client decides when it is read, never which one.
    weights: Arc<Path>,
    counts: Arc<Counts>,
}

#[derive(Default)]
struct Counts {
    samples: AtomicUsize,
    passes: AtomicUsize,
}

impl Service {
    /// Serves at an address, with the current weights of `model`. Port 0 means any free one.
    pub(crate) fn start(
        address: SocketAddr,
        model: &DigitReader,
        weights: PathBuf,
    ) -> std::result::Result<Self, Box<dyn std::error::Error + Send + Sync>> {
        let predictor = Predictor::new(model)?;
        let counts = Arc::new(Counts::default());
        let (mut predicts, counted) = (predictor.clone(), Arc::clone(&counts));
        let (collector, thread) = Collector::start(LIMITS, move |images: &[Vec<f32>]| {
            counted.samples.fetch_add(images.len(), Ordering::Relaxed);
            counted.passes.fetch_add(1, Ordering::Relaxed);
            predict(&mut predicts, images).map_err(|error| error.to_string())
        })?;
        let server = Arc::new(Server::http(address)?);
        let address = server.server_addr().to_ip().ok_or("an address of another kind")?;
        let shared = Shared { collector, predictor, weights: weights.into(), counts };
        let mut threads = vec![thread];
        for _ in 0..WORKERS {
            let (server, shared) = (Arc::clone(&server), shared.clone());
            threads.push(std::thread::spawn(move || {
                while let Ok(request) = server.recv() {
                    serve(&shared, request);
                }
            }));
        }
        Ok(Service { server, address, threads })
    }

    /// Returns the address of the service.
    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Answers the current requests, and ends.
    pub(crate) fn stop(self) {
        (0..WORKERS).for_each(|_| self.server.unblock());
        // The collector ends with the last worker, so it is joined after the workers.
        for thread in self.threads.into_iter().rev() {
            if thread.join().is_err() {
                eprintln!("a thread of the service has panicked");
            }
        }
    }
}

/// Predicts a batch of images.
fn predict(predictor: &mut Predictor<DigitReader>, images: &[Vec<f32>]) -> Result<Vec<Answer>> {
    if let [image] = images {
        return Ok(vec![predictor.predict_one(&DigitReaderSample { image: array(image)? })?]);
    }
    let outputs = predictor.predict(&DigitReaderInputs { image: tensor(images.concat())? })?;
    let (digits, evens) = (outputs.digit.as_vec(), outputs.even.as_vec());
    let answers = digits.chunks_exact(DigitReader::DIGITS).zip(&evens);
    answers.map(|(digit, even)| Ok(Answer { digit: *array(digit)?, even: [*even] })).collect()
}

/// Answers a request.
fn serve(shared: &Shared, mut request: Request) {
    let path = request.url().split('?').next().unwrap_or_default().to_owned();
    let (status, body) = match (request.method(), path.as_str()) {
        (Method::Get, "/health") => {
            let Counts { samples, passes } = &*shared.counts;
            let (samples, passes) = (samples.load(Ordering::Relaxed), passes.load(Ordering::Relaxed));
            (200, json!({ "status": "ok", "samples": samples, "passes": passes }))
        }
        (Method::Post, "/predict") => match body(&mut request) {
            Ok(body) => answer(shared, &body),
            Err(refused) => refused,
        },
        (Method::Post, "/weights") => replace(shared),
        (_, "/health" | "/predict" | "/weights") => (405, error("this path has another method")),
        _ => (404, error("the paths are /health, /predict and /weights")),
    };
    let mut response = Response::from_string(body.to_string()).with_status_code(status);
    if let Ok(header) = Header::from_bytes("Content-Type", "application/json") {
        response.add_header(header);
    }
    // A client that is gone needs no answer.
    drop(request.respond(response));
}

fn error(message: &str) -> Value {
    json!({ "error": message })
}

/// Returns the body of a request, or why it is not accepted.
fn body(request: &mut Request) -> std::result::Result<Vec<u8>, (u16, Value)> {
    let mut body = vec![];
    match request.as_reader().take(LONGEST as u64 + 1).read_to_end(&mut body) {
        Ok(_) if body.len() > LONGEST => Err((413, error(&format!("more than {LONGEST} bytes")))),
        Ok(_) => Ok(body),
        Err(_) => Err((400, error("the request ends too early"))),
    }
}

fn answer(shared: &Shared, body: &[u8]) -> (u16, Value) {
    let image = match json_input::read(DigitReader::INPUTS, body) {
        // The model has one input.
        Ok(inputs) => inputs.concat(),
        Err(message) => return (400, error(&message)),
    };
    match shared.collector.ask(image) {
        Ok(Answer { digit, even }) => {
            let best = (0..digit.len()).max_by(|&a, &b| digit[a].total_cmp(&digit[b]));
            (200, json!({ "digit": best, "chances": digit, "even": even[0] }))
        }
        Err(Unanswered::Failed(message)) => (500, error(&message)),
        Err(Unanswered::Ended) => (503, error("the service is ending")),
    }
}

/// Reads the file of the weights again.
fn replace(shared: &Shared) -> (u16, Value) {
    let replaced =
        DigitReader::load(&*shared.weights).and_then(|model| shared.predictor.replace_weights(&model));
    match replaced {
        Ok(()) => (200, json!({ "weights": "replaced" })),
        Err(message) => {
            // Clients must not see paths of the machine.
            eprintln!("the weights stay as they were: {message:#}");
            (500, error("the file of the weights cannot be read: they stay as they were"))
        }
    }
}

/// Loads the model from a file. If there is none, trains the model and writes the file.
fn model(weights: &Path) -> std::result::Result<DigitReader, Box<dyn std::error::Error>> {
    if weights.exists() {
        return Ok(DigitReader::load(weights)?);
    }
    let digits = Digits::load()?;
    let targets = DigitReaderTargets { digit: tensor(digits.labels.clone())?, even: tensor(digits.even())? };
    let inputs = DigitReaderInputs { image: tensor(digits.pixels)? };
    let mut model = DigitReader::new(42);
    let options = FitOptions::new().epochs(20).validation_split(0.1);
    Trainer::new(&mut model)?.fit((&inputs, &targets), options)?;
    model.save(weights)?;
    Ok(model)
}

fn main() -> ExitCode {
    course::end(run())
}

fn run() -> Outcome {
    let (mut port, mut weights) = (8018, PathBuf::from("digits.safetensors"));
    let mut args = std::env::args().skip(1);
    while let Some(arg) = args.next() {
        match (arg.as_str(), args.next()) {
            ("--port", Some(number)) => port = number.parse()?,
            ("--weights", Some(path)) => weights = path.into(),
            _ => return Err("usage: 21_serve [--port N] [--weights FILE]".into()),
        }
    }
    let service = Service::start(([127, 0, 0, 1], port).into(), &model(&weights)?, weights);
    let service = service.map_err(|error| error.to_string())?;
    println!("serving at http://{}", service.address());
    let (signal, ended) = channel();
    ctrlc::set_handler(move || signal.send(()).unwrap_or(()))?;
    ended.recv()?;
    println!("ending");
    service.stop();
    Ok(ExitCode::SUCCESS)
}
