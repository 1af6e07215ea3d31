//! The model of `19_table` as a service: it receives rows of a CSV file and returns prices and probabilities.
//!
//! Teaches `CsvOptions::read_from`, which reads a table from any reader, and errors that clients understand: an error
//! in a row has its line and column. The reader and the weights are loaded from the file that `19_table` saves, so
//! run that first.
//!
//! `cargo run --release --example 22_serve_table --features csv` serves until Ctrl-C or SIGTERM:
//!
//! ```sh
//! curl localhost:8019/predict \
//!     --data-binary $'district,area,rooms,age\nHarbour,82.0,3,\nMoon,40.5,1,12\n'
//! ```
//!
//! `21_serve` shows the rest of a service with many clients: threads, batches of several requests, replacing weights.

use std::io::{Cursor, Read as _};
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;

use mimo::prelude::*;
use mimo::table::CsvOptions;
use serde_json::{Value, json};
use tiny_http::{Header, Method, Request, Response, Server};

#[path = "support/course.rs"]
mod course;

use course::Outcome;

include!("support/homes.rs");

/// Largest request in bytes: some ten thousand homes.
const LONGEST: u64 = 1 << 20;

/// The service: a model and the reader of its tables.
pub(crate) struct Homebroker {
    reader: TableReader<Homes>,
    predictor: Predictor<Homes>,
}

impl Homebroker {
    /// Loads the model and the reader of its tables from one file.
    pub(crate) fn load(path: &Path) -> Result<Self> {
        Ok(Homebroker { reader: TableReader::load(path)?, predictor: Predictor::new(&Homes::load(path)?)? })
    }

    /// Returns a price and a probability for each row of a CSV text.
    pub(crate) fn answer(&mut self, csv: Vec<u8>) -> Result<Value> {
        let homes = CsvOptions::new().read_from(Cursor::new(csv))?;
        let outputs = self.predictor.predict_columns(&self.reader.inputs(&homes)?)?;
        let prices = self.reader.restore("price", &outputs.price.as_vec())?;
        let chances = outputs.sold.as_vec();
        Ok(prices.iter().zip(&chances).map(|(price, sold)| json!({ "price": price, "sold": sold })).collect())
    }

    fn serve(&mut self, mut request: Request) {
        let (status, body) = match (request.method(), request.url()) {
            (Method::Post, "/predict") => self.predict(&mut request),
            (_, "/predict") => (405, json!({ "error": "send rows of a CSV file by POST" })),
            _ => (404, json!({ "error": "the path is /predict" })),
        };
        let mut response = Response::from_string(body.to_string()).with_status_code(status);
        if let Ok(header) = Header::from_bytes("Content-Type", "application/json") {
            response.add_header(header);
        }
        // A client that is gone needs no answer.
        drop(request.respond(response));
    }

    fn predict(&mut self, request: &mut Request) -> (u16, Value) {
        let mut csv = vec![];
        match request.as_reader().take(LONGEST + 1).read_to_end(&mut csv) {
            Ok(len) if len as u64 <= LONGEST => match self.answer(csv) {
                Ok(answer) => (200, answer),
                // All errors here are errors in the rows.
                Err(error) => (400, json!({ "error": error.to_string() })),
            },
            Ok(_) => (413, json!({ "error": format!("more than {LONGEST} bytes") })),
            Err(_) => (400, json!({ "error": "the request ends too early" })),
        }
    }

    /// Answers requests until the server is unblocked.
    pub(crate) fn run(mut self, server: &Server) {
        while let Ok(request) = server.recv() {
            self.serve(request);
        }
    }
}

fn main() -> ExitCode {
    course::end(run())
}

fn run() -> Outcome {
    let (mut port, mut file) = (8019_u16, "target/homes.safetensors".to_owned());
    let mut args = std::env::args().skip(1);
    while let Some(arg) = args.next() {
        match (arg.as_str(), args.next()) {
            ("--port", Some(number)) => port = number.parse()?,
            ("--model", Some(path)) => file = path,
            _ => return Err("usage: 22_serve_table [--port N] [--model FILE]".into()),
        }
    }
    let broker = Homebroker::load(Path::new(&file))?;
    let server = Server::http(("127.0.0.1", port)).map_err(|error| error.to_string())?;
    let server = Arc::new(server);
    println!("serving at http://{}", server.server_addr());
    let ends = Arc::clone(&server);
    ctrlc::set_handler(move || ends.unblock())?;
    broker.run(&server);
    println!("ending");
    Ok(ExitCode::SUCCESS)
}
