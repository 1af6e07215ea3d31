//! The service of `examples/21_serve.rs`, with real requests from many threads.
#![allow(missing_docs, dead_code, unreachable_pub, reason = "the example is a program by itself")]

#[path = "../examples/21_serve.rs"]
mod example;

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use example::{DigitReader, DigitReaderPrediction, DigitReaderSample, Service};
use mimo::Predictor;
use serde_json::{Value, json};

type Image = [[f32; 8]; 8];

/// Sends a request, and returns the answer.
fn request(address: SocketAddr, method: &str, path: &str, body: &str) -> (u16, Value) {
    let mut stream = TcpStream::connect(address).expect("a connection");
    stream.set_read_timeout(Some(Duration::from_secs(60))).expect("a time limit");
    let len = body.len();
    let text = format!(
        "{method} {path} HTTP/1.1\r\nHost: test\r\nConnection: close\r\nContent-Length: {len}\r\n\r\n{body}"
    );
    stream.write_all(text.as_bytes()).expect("a request that is sent");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("an answer");
    let (head, body) = answer.split_once("\r\n\r\n").expect("a head and a body");
    let status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).expect("a status");
    (status, serde_json::from_str(body).expect("JSON"))
}

fn image(seed: usize) -> Image {
    std::array::from_fn(|row| {
        std::array::from_fn(|column| ((row * 8 + column + 1) * (seed + 5) * 31 % 17) as f32 / 16.0)
    })
}

fn wanted(predictor: &mut Predictor<DigitReader>, image: &Image) -> DigitReaderPrediction {
    predictor.predict_one(&DigitReaderSample { image }).expect("a prediction")
}

/// Whether an answer is that of a model. Samples of a batch may be rounded differently than a single one.
fn is(answer: &Value, wanted: &DigitReaderPrediction) -> bool {
    let near = |value: &Value, wanted: f32| {
        value.as_f64().is_some_and(|value| (value - f64::from(wanted)).abs() < 1e-5)
    };
    let chances = answer["chances"].as_array().expect("chances");
    chances.len() == 10
        && chances.iter().zip(wanted.digit).all(|(chance, wanted)| near(chance, wanted))
        && near(&answer["even"], wanted.even[0])
}

/// A file that is deleted after the test.
struct File(PathBuf);

impl File {
    fn new(name: &str) -> Self {
        File(std::env::temp_dir().join(format!("mimo-{}-{name}.safetensors", std::process::id())))
    }
}

impl Drop for File {
    fn drop(&mut self) {
        drop(std::fs::remove_file(&self.0));
    }
}

fn start(file: &File) -> (Service, [Predictor<DigitReader>; 2]) {
    let models = [1, 2].map(DigitReader::new);
    models[0].save(&file.0).expect("a file");
    let service = Service::start(([127, 0, 0, 1], 0).into(), &models[0], file.0.clone()).expect("a service");
    (service, models.each_ref().map(|model| Predictor::with_threads(model, 1).expect("a predictor")))
}

#[test]
fn many_callers_are_answered_while_the_weights_are_replaced() {
    const CALLERS: usize = 8;
    const REQUESTS: usize = 30;

    let file = File::new("many");
    let (service, predictors) = start(&file);
    let address = service.address();
    let replaced = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let callers = Vec::from_iter((0..CALLERS).map(|caller| {
            let [mut old, mut new] = predictors.clone();
            let replaced = &replaced;
            scope.spawn(move || {
                for at in 0..REQUESTS {
                    let image = image(caller * REQUESTS + at);
                    let was_replaced = replaced.load(Ordering::SeqCst);
                    let (status, answer) =
                        request(address, "POST", "/predict", &json!({ "image": image }).to_string());
                    assert_eq!(status, 200, "{answer}");
                    let of_old = !was_replaced && is(&answer, &wanted(&mut old, &image));
                    assert!(of_old || is(&answer, &wanted(&mut new, &image)), "{answer}");
                    let digit = answer["digit"].as_u64().expect("a digit") as usize;
                    let largest = answer["chances"][digit].as_f64().expect("a chance");
                    let chances = answer["chances"].as_array().expect("chances");
                    assert!(chances.iter().all(|chance| chance.as_f64() <= Some(largest)));
                }
            })
        }));
        DigitReader::new(2).save(&file.0).expect("a file");
        assert_eq!(request(address, "POST", "/weights", ""), (200, json!({ "weights": "replaced" })));
        replaced.store(true, Ordering::SeqCst);
        for caller in callers {
            caller.join().expect("no panic");
        }
    });
    let (status, health) = request(address, "GET", "/health", "");
    assert_eq!(
        (status, &health["status"], &health["samples"]),
        (200, &json!("ok"), &json!(CALLERS * REQUESTS))
    );
    let passes = health["passes"].as_u64().expect("a number") as usize;
    assert!((CALLERS * REQUESTS / 16..=CALLERS * REQUESTS).contains(&passes), "{passes} passes");

    // A file of another model changes nothing.
    std::fs::write(&file.0, "nothing").expect("a file");
    let (status, answer) = request(address, "POST", "/weights", "/etc/passwd");
    assert_eq!(status, 500);
    assert!(!answer.to_string().contains("mimo-"), "{answer}");
    let (_, answer) = request(address, "POST", "/predict", &json!({ "image": image(3) }).to_string());
    let [_, mut new] = predictors;
    assert!(is(&answer, &wanted(&mut new, &image(3))));

    service.stop();
    // The listening thread ends a moment later.
    let ended = (0..200).any(|_| {
        std::thread::sleep(Duration::from_millis(25));
        TcpStream::connect(address).is_err()
    });
    assert!(ended, "nobody listens any more");
}

#[test]
fn wrong_requests_are_told_what_is_wrong() {
    let file = File::new("wrong");
    let (service, _) = start(&file);
    let address = service.address();
    let with = |change: &dyn Fn(&mut Value)| {
        let mut body = json!({ "image": image(1) });
        change(&mut body);
        body.to_string()
    };
    let predict = |body: &str, status: u16, text: &str| {
        let (found, answer) = request(address, "POST", "/predict", body);
        let message = answer["error"].as_str().unwrap_or_default();
        assert_eq!(found, status, "{answer}");
        assert!(message.contains(text), "{message}");
    };
    predict("{", 400, "not an object in JSON");
    predict("[1]", 400, "not an object in JSON");
    predict("{}", 400, "the input `image` is missing");
    predict(
        &with(&|body| body["Image"] = json!(1)),
        400,
        "there is no input `Image`: the inputs are `image`",
    );
    predict(&with(&|body| body["image"] = json!(1)), 400, "`image` is not a list: its shape is [8, 8]");
    predict(&with(&|body| body["image"][7] = json!(1)), 400, "`image[7]` is not a list: its shape is [8]");
    predict(&with(&|body| body["image"][2] = json!([1])), 400, "`image[2]` has 1 entries");
    predict(&with(&|body| body["image"][2][3] = json!("a")), 400, "`image[2][3]` is not a number");
    predict(&with(&|body| body["image"][2][3] = json!(null)), 400, "`image[2][3]` is not a number");
    predict(
        &with(&|body| body["image"][2][3] = json!(1e39)),
        400,
        "`image[2][3]` is 1e39, which is too large",
    );
    predict(&"[".repeat(1 << 15), 400, "not an object in JSON");
    predict(&" ".repeat((1 << 16) + 1), 413, "more than 65536 bytes");
    for (method, path, status) in
        [("GET", "/predict", 405), ("POST", "/health", 405), ("GET", "/nothing", 404)]
    {
        assert_eq!(request(address, method, path, "").0, status, "{method} {path}");
    }
    // Valid requests still work.
    assert_eq!(request(address, "POST", "/predict?x=1", &with(&|_| {})).0, 200);
    service.stop();
}
