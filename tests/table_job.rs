//! The job of `examples/19_table.rs`, stopped and taken up again, with its report; and the service of `examples/22_serve_table.rs`.
#![allow(missing_docs, dead_code, unreachable_pub, reason = "the examples are programs by themselves")]

#[path = "../examples/19_table.rs"]
mod job;
#[path = "../examples/22_serve_table.rs"]
mod service;

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::path::PathBuf;
use std::sync::Arc;

use job::{Homes, homes};
use mimo::file;
use mimo::prelude::*;
use mimo::table::CsvOptions;
use serde_json::Value;
use service::Homebroker;
use tiny_http::Server;

const SEED: u64 = 7;

/// A file that goes with the test.
struct Temporary(PathBuf);

impl Temporary {
    fn new(name: &str) -> Self {
        Temporary(std::env::temp_dir().join(format!("mimo-table-job-{}-{name}", std::process::id())))
    }
}

impl Drop for Temporary {
    fn drop(&mut self) {
        std::fs::remove_file(&self.0).unwrap_or(());
    }
}

fn read() -> Result<(TableReader<Homes>, Table, Table)> {
    let (train, test) = Table::read_csv("examples/data/homes.csv")?.stratified_split("sold", 0.2, SEED)?;
    Ok((homes().adapt(&train)?, train, test))
}

/// Trains until an epoch is reached, by the callbacks of the example. Returns the bytes of the model, the epochs of the history, and the report.
fn train(epochs: usize, threads: usize, checkpoint: &Temporary) -> Result<(Homes, usize, String)> {
    let (reader, train, test) = read()?;
    let (train, test) = (reader.dataset(&train)?, reader.dataset(&test)?);
    let mut model = Homes::new(SEED);
    let mut trainer = Trainer::with_options(&mut model, TrainerOptions::new().threads(threads).seed(SEED))?;
    let options = FitOptions::new().epochs(epochs).validation_data(&test).verbose(Verbose::Silent);
    let options = options
        .callback(EarlyStopping::new("val_loss").patience(8).restore_best_weights(true))
        .callback(ReduceLROnPlateau::new("val_loss").patience(3))
        .callback(BackupAndRestore::new(&checkpoint.0).delete_checkpoint(false));
    let history = trainer.fit(&train, options)?;
    let evaluation = trainer.evaluate(&test, 256)?;
    let sold = trainer.confusion_matrix(&test, 256, |outputs| &outputs.sold)?;
    let sold = sold.with_names(reader.classes("sold")?)?;
    let report = trainer.report(&history).evaluation("test data", &evaluation).confusion_matrix(&sold)?;
    let page = report.to_html();
    let epochs = history.epochs().len();
    trainer.finish();
    Ok((model, epochs, page))
}

#[test]
fn a_job_that_was_stopped_goes_on_to_the_same_bits_and_its_report_has_all_epochs() {
    let (whole, parts) = (Temporary::new("whole"), Temporary::new("parts"));
    let (model, epochs, page) = train(12, 1, &whole).expect("trained");
    train(5, 2, &parts).expect("trained in part");
    let (resumed, resumed_epochs, resumed_page) = train(12, 2, &parts).expect("resumed");
    assert_eq!(file::to_bytes(&model).expect("bytes"), file::to_bytes(&resumed).expect("bytes"));
    assert_eq!((epochs, resumed_epochs), (12, 12));
    // Curves, evaluation and model are the same; what `fit` was asked for and how long it took is not.
    let curves = |page: &str| page.matches("<svg").count();
    assert_eq!(curves(&page), curves(&resumed_page));
    for what in ["loss", "test data", "12", "price", "sold", ">yes</text>"] {
        assert!(resumed_page.contains(what), "the report says nothing about {what}");
    }
}

/// The answer to a request.
fn request(address: SocketAddr, method: &str, path: &str, body: &[u8]) -> (u16, Value) {
    let mut stream = TcpStream::connect(address).expect("a connection");
    let len = body.len();
    write!(
        stream,
        "{method} {path} HTTP/1.1\r\nHost: test\r\nConnection: close\r\nContent-Length: {len}\r\n\r\n"
    )
    .expect("a request that is sent");
    stream.write_all(body).expect("a request that is sent");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("an answer");
    let (head, body) = answer.split_once("\r\n\r\n").expect("a head and a body");
    let status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).expect("a status");
    (status, serde_json::from_str(body).expect("JSON"))
}

#[test]
fn the_service_answers_rows_and_says_what_is_wrong_with_them() {
    let saved = Temporary::new("model");
    let (reader, ..) = read().expect("a reader");
    let model = Homes::new(SEED);
    reader.save(&model, &saved.0).expect("saved");
    let server = Arc::new(Server::http("127.0.0.1:0").expect("a server"));
    let address = server.server_addr().to_ip().expect("an address");
    let broker = Homebroker::load(&saved.0).expect("loaded");
    let serves = Arc::clone(&server);
    let thread = std::thread::spawn(move || broker.run(&serves));

    let rows = "district,area,rooms,age\nHarbour,82.0,3,\nMoon,40.5,1,12\n";
    let (status, answer) = request(address, "POST", "/predict", rows.as_bytes());
    let homes = CsvOptions::new().read_from(rows.as_bytes()).expect("a table");
    let inputs = reader.inputs(&homes).expect("inputs");
    let outputs = Predictor::new(&model).and_then(|mut it| it.predict_columns(&inputs)).expect("outputs");
    let prices = reader.restore("price", &outputs.price.as_vec()).expect("prices");
    let answered: Vec<_> =
        answer.as_array().expect("a list").iter().map(|home| home["price"].as_f64()).collect();
    assert_eq!((status, answered), (200, prices.into_iter().map(Some).collect()));

    let refused = |method: &str, path: &str, body: &[u8]| {
        let (status, answer) = request(address, method, path, body);
        (status, answer["error"].as_str().expect("an error").to_owned())
    };
    let wrong = |body: &[u8]| refused("POST", "/predict", body);
    let line = |text: &str| (400, text.to_owned());
    assert_eq!(
        wrong(b"district,area,rooms,age\nHarbour,wide,3,1\n"),
        line(
            "line 2, column `area`: `wide` is not a number; if it means that the value is missing, add it to `missing`"
        )
    );
    assert_eq!(wrong(b"district,rooms,age\nHarbour,3,1\n").0, 400);
    assert_eq!(wrong(b"").0, 400);
    assert_eq!(wrong(&vec![b'a'; (1 << 20) + 1]), (413, "more than 1048576 bytes".to_owned()));
    assert_eq!(refused("GET", "/predict", b"").0, 405);
    assert_eq!(refused("POST", "/", b"").0, 404);
    server.unblock();
    thread.join().expect("a service that ends");
}
