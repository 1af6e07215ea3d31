//! Tables as data of models: a complete program, columns that do not fit, and readers saved with the weights.
#![allow(clippy::float_cmp, reason = "values that are copied are equal")]
#![allow(missing_docs, dead_code, unreachable_pub, reason = "the example is a program by itself")]

mod features;
#[path = "../../examples/19_table.rs"]
mod job;

use job::{Homes, homes};
use mimo::data::Dataset;
use mimo::file;
use mimo::prelude::*;
use mimo::table::{
    Feature, StringLookup, category, classes, column, columns, columns_like, integer_category,
};

const FILE: &str = "examples/data/homes.csv";
const SEED: u64 = 7;

fn train(threads: usize) -> Result<(Homes, TableReader<Homes>, [f64; 2], Table)> {
    let table = Table::read_csv(FILE)?;
    let (train, test_table) = table.stratified_split("sold", 0.2, SEED)?;
    let reader = homes().adapt(&train)?;
    let (train, test) = (reader.dataset(&train)?, reader.dataset(&test_table)?);
    let mut model = Homes::new(SEED);
    let mut trainer = Trainer::with_options(&mut model, TrainerOptions::new().threads(threads).seed(SEED))?;
    let options = FitOptions::new().epochs(20).validation_data(&test).verbose(Verbose::Silent);
    trainer.fit(
        &train,
        options.callback(EarlyStopping::new("val_loss").patience(5).restore_best_weights(true)),
    )?;
    let found = trainer.evaluate(&test, 256)?;
    let found = [found.price.loss, found.sold.accuracy];
    trainer.finish();
    Ok((model, reader, found, test_table))
}

fn bits(model: &Homes) -> Vec<u8> {
    file::to_bytes(model).expect("bytes")
}

#[test]
fn the_job_learns_is_the_same_on_any_threads_and_is_loaded_elsewhere() {
    let (model, reader, [mse, accuracy], test) = train(1).expect("trained");
    let (again, ..) = train(2).expect("trained");
    assert_eq!(bits(&model), bits(&again), "the same bits on two threads");
    // The noise is 20 and the standard deviation of the prices 115: at best 0.03.
    assert!(mse < 0.08 && accuracy > 0.7, "{mse} {accuracy}");

    let path = std::env::temp_dir().join(format!("mimo-tables-{}.safetensors", std::process::id()));
    reader.save(&model, &path).expect("saved");
    let loaded = Homes::load(&path).expect("the weights");
    assert_eq!(bits(&loaded), bits(&model));
    let served = TableReader::<Homes>::load(&path).expect("the reader");
    assert_eq!(served.to_json().expect("JSON"), reader.to_json().expect("JSON"));
    // Without the columns of targets.
    let mut rows = Table::new();
    for name in ["district", "area", "rooms", "age"] {
        rows = rows.with(name, test.column(name).expect("a column").clone()).expect("a table");
    }
    let [here, there] = [(&model, &reader), (&loaded, &served)].map(|(model, reader)| {
        let inputs = reader.inputs(&rows).expect("inputs");
        Predictor::new(model).expect("a predictor").predict_columns(&inputs).expect("outputs")
    });
    assert_eq!(here.price.as_vec(), there.price.as_vec());
    // Prices are near those of the table, in its units.
    let prices = served.restore("price", &there.price.as_vec()).expect("prices");
    let labels = served.labels("sold", &there.sold.as_vec()).expect("labels");
    let data = served.dataset(&test).expect("data");
    assert_eq!((prices.len(), labels.len(), Dataset::<Homes>::rows(&data)), (320, 320, 320));
    assert!(labels.iter().all(|label| label == "yes" || label == "no"));
    assert_eq!(served.classes("sold").expect("classes"), ["no", "yes"]);
    let mimo::table::Column::Text(cells) = test.column("price").expect("a column") else { panic!("text") };
    let errors: Vec<f64> = prices
        .iter()
        .enumerate()
        .filter_map(|(row, price)| Some((price - cells.get(row)?.parse::<f64>().expect("a number")).powi(2)))
        .collect();
    let root = (errors.iter().sum::<f64>() / errors.len() as f64).sqrt();
    assert!((20.0..40.0).contains(&root) && errors.len() < 320, "{root}");

    // A file of weights alone has no reader, and its weights are the same. The error has the name of the file.
    let error = |wanted: &str| {
        let error = TableReader::<Homes>::load(&path).expect_err("no reader of this model").to_string();
        assert!(
            error.starts_with(&format!("`{}`: not a valid table reader file: ", path.display())),
            "{error}"
        );
        assert!(error.contains(wanted), "{error}");
    };
    model.save(&path).expect("saved");
    error("the file has weights only");
    for (json, wanted) in [
        ("{}", "missing field"),
        (
            "{\"version\":1,\"inputs\":[],\"targets\":[],\"weights\":[]}",
            "but the model has `numbers`, `district`",
        ),
        ("[", "EOF"),
    ] {
        file::save_with_preprocessing(&model, json, &path).expect("saved");
        error(wanted);
    }
    let _ = std::fs::remove_file(path);
}

/// The error of a program with this table.
fn error_of(columns: TableColumns<Homes>, table: &Table) -> String {
    match columns.adapt(table).and_then(|reader| reader.dataset(table)) {
        Ok(_) => panic!("no error"),
        Err(error) => error.to_string(),
    }
}

fn small() -> Table {
    Table::new()
        .with("area", [54.0, 120.5, 33.0])
        .and_then(|table| table.with("rooms", [2, 5, 1]))
        .and_then(|table| table.with("age", [Some(3.0), None, Some(9.0)]))
        .and_then(|table| table.with("district", [Some("a"), Some("b"), None]))
        .and_then(|table| table.with("price", [Some(1.0_f32), None, Some(3.0)]))
        .and_then(|table| table.with("sold", ["yes", "no", "yes"]))
        .expect("a table")
}

#[test]
fn what_does_not_fit_is_named_with_what_is_near() {
    let table = small();
    let set = |name: &str, feature: Feature| TableColumns::<Homes>::new().input(name.to_owned(), feature);
    let cases = [
        (set("number", column("area").into()), "the model has no input `number`; did you mean `numbers`?"),
        (homes().target("solt", "sold"), "the model has no target `solt`; did you mean `sold`?"),
        (homes().input("district", "area"), "the columns of the input `district` are set twice"),
        (
            set("numbers", ["area", "rooms"].into())
                .input("district", category("district"))
                .target("sold", classes("sold")),
            "the input `numbers` takes 3 values per sample, but its columns have 2",
        ),
        (set("numbers", ["area", "room", "age"].into()), "there is no column `room`; did you mean `rooms`?"),
        (set("numbers", columns_like("pixel_*").into()), "no column fits the pattern `pixel_*`"),
        // A column with the input's name.
        (
            TableColumns::new(),
            "there is no column `numbers`; the input `numbers` is read from the column of its own name, unless `.input(\"numbers\", columns([…]))` names others",
        ),
        (
            set("sold", column("area").into()),
            "the model has no input `sold`; it is an output: `.target(…)` sets its columns",
        ),
        (
            homes().target("district", "a"),
            "the model has no target `district`; it is an input: `.input(…)` sets its columns",
        ),
        (
            set("numbers", ["area", "rooms", "area"].into()),
            "column `area`: the column is there twice in one input or target",
        ),
        (
            set("numbers", columns(["area", "rooms", "age"]).into())
                .input("district", category("district"))
                .target("sold", classes("sold")),
            "row 1 (from 0), column `age`: the value is missing; of columns of numbers, `.fill_mean()` or `.fill(0.0)` says what an input takes in its place",
        ),
        (
            set("numbers", ["area", "rooms", "district"].into()),
            "row 0 (from 0), column `district`: `a` is not a number; if it means that the value is missing, add it to `missing`",
        ),
        (
            set("numbers", columns(["area", "rooms", "age"]).fill(0.0).into())
                .input("district", category("district").one_hot())
                .target("sold", classes("sold")),
            "the input `district` takes 1 values per sample, but its columns have 3",
        ),
        (
            set("numbers", columns(["area", "rooms", "age"]).fill(0.0).into())
                .input("district", category("district"))
                .target("sold", classes("age")),
            // 3 and 9 are two classes; the missing one is a missing target.
            "",
        ),
        (
            set("numbers", columns(["area", "rooms", "age"]).fill(0.0).into())
                .input("district", category("district"))
                .target("sold", classes("area")),
            "column `area`: the column has 3 classes, but the output `sold` has one value, which tells two classes apart: 3 classes need `Dense(3, activation = softmax)` and `sparse_categorical_crossentropy`",
        ),
        (
            set("numbers", columns(["area", "rooms", "age"]).fill(0.0).into())
                .input("district", integer_category("area"))
                .target("sold", classes("sold")),
            "row 1 (from 0), column `area`: `120.5` is not an integer",
        ),
        (
            set("numbers", columns(["area", "rooms", "age"]).fill(0.0).into())
                .input("district", category("district").lookup(StringLookup::new().num_oov_indices(0)))
                .target("sold", classes("sold")),
            "row 2 (from 0), column `district`: the value is missing; of columns of numbers, `.fill_mean()` or `.fill(0.0)` says what an input takes in its place",
        ),
        (
            set("numbers", columns(["area", "rooms", "age"]).fill(0.0).into())
                .input("district", category("district"))
                .target("sold", classes("sold").in_order(["no", "yess"])),
            "row 0 (from 0), column `sold`: `yes` is not in the vocabulary, which has no index for other values; did you mean `yess`?",
        ),
    ];
    for (columns, expected) in cases {
        if expected.is_empty() {
            assert!(columns.adapt(&table).and_then(|reader| reader.dataset(&table)).is_ok());
        } else {
            assert_eq!(error_of(columns, &table), expected);
        }
    }
    // Too many districts for the Embedding of the model.
    let many: Vec<String> = (0..9).map(|it| format!("d{it}")).collect();
    let mut table = Table::new().with("district", many).expect("a table");
    for name in ["area", "rooms", "age", "price"] {
        table = table.with(name, vec![1.0; 9]).expect("a table");
    }
    let one = table.clone().with("sold", ["no"; 9]).expect("a table");
    let error = error_of(homes(), &one);
    assert!(error.starts_with("column `sold`: the only class is `no`"), "{error}");
    table = table.with("sold", ["no", "yes", "no", "no", "no", "no", "no", "no", "no"]).expect("a table");
    let error = error_of(homes(), &table);
    assert!(
        error.starts_with(
            "the vocabulary of the input `district` has 10 entries, but the model has indices for 9"
        ),
        "{error}"
    );
}

#[test]
fn errors_of_a_file_have_the_file_the_line_and_the_column() {
    let path = std::env::temp_dir().join(format!("mimo-tables-errors-{}.csv", std::process::id()));
    std::fs::write(&path, "area,rooms,age,district,price,sold\n50,2,1,a,1,yes\n\n60,2,old,b,2,no\n")
        .expect("written");
    let table = Table::read_csv(&path).expect("a table");
    let expected = format!(
        "`{}`, line 4, column `age`: `old` is not a number; if it means that the value is missing, add it to `missing`",
        path.display()
    );
    assert_eq!(error_of(homes(), &table), expected);
    let german = mimo::table::CsvOptions::new()
        .delimiter(b';')
        .read_from("area;rooms;age;district;price;sold\n50,5;2;1;a;1;no\n".as_bytes());
    assert_eq!(
        error_of(homes(), &german.expect("a table")),
        "line 2, column `area`: `50,5` is not a number: write `.` before the decimals, or read a file of such numbers with `CsvOptions::new().decimal(b',')`"
    );
    let text = "area;rooms;age;district;price;sold\n50,5;2;1;a;1;no\n1;1;1;b;2,5;yes\n1.5;1;1;b;2;yes\n";
    let german = mimo::table::CsvOptions::new().delimiter(b';').decimal(b',').read_from(text.as_bytes());
    let german = german.expect("a table");
    assert!(homes().adapt(&german.select(&[0, 1]).expect("rows")).is_ok());
    assert!(
        error_of(homes(), &german).starts_with("line 4, column `area`: `1.5` is not a number with decimals")
    );
    // Numbers too large for the float type, and predictions that are not numbers.
    let reader = homes().adapt(&small()).expect("a reader");
    let large = mimo::table::CsvOptions::new()
        .read_from("area,rooms,age,district\n1,1,1,a\n1,1e300,1,a\n".as_bytes());
    let error = reader.inputs(&large.expect("a table")).expect_err("too large").to_string();
    assert_eq!(error, "line 3, column `rooms`: 1e300 is not finite as `f32`, the model's float type");
    let error = reader.labels("sold", &[0.2, f32::NAN]).expect_err("no class");
    assert_eq!(format!("{error:?}"), "row 1 (from 0): a prediction of `sold` is NaN");
    let error = reader.restore("price", &[0.2, f32::INFINITY]).expect_err("no price").to_string();
    assert_eq!(error, "row 1 (from 0): a prediction of `price` is inf");
    // Values that the model does not take: a district without a row of the `Embedding`, and a target that is no probability.
    let read =
        |text: &'static str| mimo::table::CsvOptions::new().read_from(text.as_bytes()).expect("a table");
    let numbers = || TableColumns::<Homes>::new().input("numbers", columns(["area", "rooms", "age"]));
    let indices = read(
        "area,rooms,age,district,price,sold\n1,1,1,0,1,0\n\n1,1,1,8,1,0.5\n1,1,1,9,1,1\n1,1,1,2,1,1.5\n",
    );
    let first = indices.select(&[0, 1, 2]).expect("rows");
    let error = error_of(numbers(), &first);
    assert!(error.starts_with("line 5, column `district`: ") && error.contains('9'), "{error}");
    let reader = numbers().adapt(&first.select(&[0, 1]).expect("rows")).expect("a reader");
    let error = reader.inputs(&first).expect_err("no such district").to_string();
    assert!(error.starts_with("line 5, column `district`: "), "{error}");
    let error = error_of(numbers(), &indices.select(&[0, 3]).expect("rows"));
    assert!(error.starts_with("line 6, column `sold`: ") && error.contains("1.5"), "{error}");
    // Rows of a split keep their lines.
    let second = table.select(&[1]).expect("a row");
    assert_eq!(error_of(homes(), &second), expected);
    let _ = std::fs::remove_file(path);
}

#[test]
fn a_file_that_does_not_fit_into_memory_is_a_stream() {
    use mimo::data;
    use mimo::table::CsvOptions;
    let options = CsvOptions::new();
    let reader = homes().adapt_parts(options.blocks(FILE, 100).expect("a file")).expect("a reader");
    let whole = homes().adapt(&Table::read_csv(FILE).expect("a table")).expect("a reader");
    assert_eq!(reader.to_json().expect("JSON"), whole.to_json().expect("JSON"));
    let rows = options.count_rows(FILE).expect("counted");
    let stream = data::stream::<Homes, _, _>(rows, {
        let reader = reader.clone();
        move || {
            let reader = reader.clone();
            Ok(options.blocks(FILE, 128)?.map(move |block| reader.dataset(&block?)))
        }
    });
    let train = |data: &dyn Dataset<Homes>| {
        let mut model = Homes::new(1);
        let mut trainer = Trainer::new(&mut model).expect("a trainer");
        trainer
            .fit(data, FitOptions::new().epochs(2).shuffle(false).verbose(Verbose::Silent))
            .expect("trained");
        trainer.finish();
        bits(&model)
    };
    let in_memory = reader.dataset(&Table::read_csv(FILE).expect("a table")).expect("data");
    assert_eq!(train(&data::prefetch(stream.missing_targets(true))), train(&in_memory));
}
