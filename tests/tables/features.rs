//! The forms of columns: numbers, dates, categories, texts and classes, their settings, and readers of them that are saved.

use mimo::data::Dataset;
use mimo::prelude::*;
use mimo::table::{
    DatePart, Feature, IntegerLookup, Numbers, OutputMode, StringLookup, TextVectorization, category,
    classes, column, columns, columns_like, integer_category, text,
};

use crate::job::Homes;
use crate::small;

model! {
    /// Every form of inputs and targets that a table can have.
    pub Forms {
        let image = Input(shape = [2, 2]);
        let words = Input(shape = [3], dtype = "int32");
        let counts = Input(shape = [4]);
        let hot = Input(shape = [3]);
        let code = Input(shape = [1], dtype = "int32");
        let w = Flatten()(Embedding(5, 2)(words));
        let c = Flatten()(Embedding(4, 2)(code));
        let x = Dense(4)(concatenate([Flatten()(image), w, counts, hot, c]));
        let index = Dense(3, activation = softmax)(x);
        let one_hot = Dense(3, activation = softmax)(x);
        let pair = Dense(2)(x);
        Model(inputs = [image, words, counts, hot, code], outputs = [index, one_hot, pair]).compile(
            optimizer = Adam(),
            loss = { index: sparse_categorical_crossentropy, one_hot: categorical_crossentropy, pair: mse },
        )
    }
}

model! {
    /// Parts of dates.
    pub Dated {
        let since = Input(shape = [4]);
        let pair = Dense(2)(since);
        Model(inputs = [since], outputs = [pair]).compile(optimizer = Adam(), loss = { pair: mse })
    }
}

fn forms_table() -> Result<Table> {
    let mut table = Table::new();
    for place in 0..4 {
        table = table.with(format!("pixel_{place}"), vec![place as f64, 10.0 + place as f64, 20.0, 30.0])?;
    }
    table
        .with("review", [Some("good good film"), Some("Bad film!"), None, Some("good")])?
        .with("color", [Some("red"), Some("blue"), Some("red"), None])?
        .with("zip", [Some(100), Some(200), Some(100), None])?
        .with("grade", [Some("10"), Some("9"), None, Some("2")])?
        .with("x", [Some(1.0), None, Some(3.0), Some(5.0)])?
        .with("y", [Some(2.0), None, Some(2.0), Some(8.0)])
}

fn forms() -> TableColumns<Forms> {
    let words = TextVectorization::new().output_sequence_length(3);
    TableColumns::<Forms>::new()
        .input("image", columns_like("pixel_*"))
        .input("words", text("review", words.clone()))
        .input("counts", text("review", words.output_mode(OutputMode::Count)))
        .input("hot", category("color").one_hot())
        .input("code", integer_category("zip"))
        .target("index", classes("grade"))
        .target("one_hot", classes("grade"))
        .target("pair", columns(["x", "y"]).normalize())
}

#[test]
fn every_form_is_encoded() {
    let table = forms_table().expect("a table");
    let reader = forms().adapt(&table).expect("a reader");
    assert_eq!(reader.classes("index").expect("classes"), ["2", "9", "10"], "numbers in their order");
    assert_eq!(reader.classes("words").expect("tokens"), ["", "[UNK]", "good", "film", "bad"]);
    assert_eq!(reader.classes("counts").expect("tokens"), ["[UNK]", "good", "film", "bad"]);
    let inputs = reader.inputs(&table).expect("inputs");
    let mut columns = vec![vec![]; 5];
    mimo::__private::Columns::read(&inputs, &mut mimo::__private::Reader::new(&mut columns)).expect("read");
    assert_eq!(
        columns[0],
        [0.0, 1.0, 2.0, 3.0, 10.0, 11.0, 12.0, 13.0, 20.0, 20.0, 20.0, 20.0, 30.0, 30.0, 30.0, 30.0_f32]
    );
    // "", "[UNK]", good, film, bad
    assert_eq!(columns[1], [2.0, 2.0, 3.0, 4.0, 3.0, 0.0, 0.0, 0.0, 0.0, 2.0, 0.0, 0.0]);
    // "[UNK]", good, film, bad
    assert_eq!(columns[2], [0.0, 2.0, 1.0, 0.0, 0.0, 0.0, 1.0, 1.0, 0.0, 0.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0]);
    // "[UNK]", red, blue
    assert_eq!(columns[3], [0.0, 1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 1.0, 0.0, 1.0, 0.0, 0.0]);
    assert_eq!(columns[4], [1.0, 2.0, 1.0, 0.0]);

    // Targets, as a trainer sees them.
    let data = reader.dataset(&table).expect("data").check_finite().expect("valid numbers");
    assert!(Dataset::<Forms>::missing_targets(&data));
    let mut model = Forms::new(1);
    let mut trainer = Trainer::new(&mut model).expect("a trainer");
    let history = trainer.fit(&data, FitOptions::new().epochs(2).verbose(Verbose::Silent)).expect("trained");
    assert!(history.get("loss").expect("losses").iter().all(|loss| loss.is_finite()));
    let restored = reader.restore("pair", &[0.0, 0.0, 1.0, -1.0]).expect("values");
    let deviation = |values: [f64; 3]| {
        let mean = values.iter().sum::<f64>() / 3.0;
        (mean, (values.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / 3.0).sqrt())
    };
    let ((a, da), (b, db)) = (deviation([1.0, 3.0, 5.0]), deviation([2.0, 2.0, 8.0]));
    for (found, expected) in restored.iter().zip([a, b, a + da, b - db]) {
        assert!((found - expected).abs() < 1e-12, "{restored:?}");
    }
    assert_eq!(reader.labels("one_hot", &[0.1, 0.2, 0.7, 0.5, 0.3, 0.2]).expect("labels"), ["10", "2"]);

    // A table in parts teaches the same, and so does what was saved.
    let parts = [[0, 1], [2, 3]].map(|rows| table.select(&rows));
    let in_parts = forms().adapt_parts(parts).expect("a reader").to_json().expect("JSON");
    let json = reader.to_json().expect("JSON");
    assert_eq!(in_parts, json);
    let loaded = TableReader::<Forms>::from_json(&json).expect("a reader");
    assert_eq!(loaded.to_json().expect("JSON"), json);
}

#[test]
fn settings_that_make_no_sense_are_errors_of_their_column() {
    let table = small();
    let words = || TextVectorization::new().output_sequence_length(4);
    let too_few = || StringLookup::new().max_tokens(1);
    let cases: [(Feature, &str); 9] = [
        (column("age").fill(f64::NAN).into(), "column `age`: `fill` takes a finite number"),
        (column("age").fill(f64::INFINITY).into(), "column `age`: `fill` takes a finite number"),
        (
            column("age").fill(f64::NEG_INFINITY).normalize().into(),
            "column `age`: `fill` takes a finite number",
        ),
        (text("district", words().ngrams(0)), "column `district`: `ngrams` is the largest number of words"),
        (
            text("district", words().max_tokens(2)),
            "column `district`: `max_tokens` counts the special tokens",
        ),
        (text("district", TextVectorization::new()), "column `district`: indices of words need an"),
        (category("district").lookup(too_few()).into(), "column `district`: `max_tokens` counts"),
        (
            integer_category("rooms").lookup(IntegerLookup::new().max_tokens(0)).into(),
            "column `rooms`: `max_tokens`",
        ),
        (classes("sold").in_order(["yes", "yes"]).into(), "column `sold`: the vocabulary has `yes` twice"),
    ];
    for (feature, wanted) in cases {
        let columns = TableColumns::<Dated>::new().input("since", feature).target("pair", ["area", "rooms"]);
        let error = columns.adapt(&table).expect_err("a setting").to_string();
        assert!(error.starts_with(wanted), "{error}");
    }
}

#[test]
fn dates_are_numbers() {
    let read = |text: &str| mimo::table::CsvOptions::new().read_from(std::io::Cursor::new(text.to_owned()));
    let table = read("since,x\n2024-05-31,1970-01-03\n2023-01-01 18:30,\n,1970-01-05T12:00Z\n");
    let table = table.expect("a table");
    let parts = [DatePart::Year, DatePart::Month, DatePart::Weekday, DatePart::Hour];
    let since = column("since").dates(parts);
    let pair = || column("x").dates([DatePart::Days, DatePart::Weekday]).normalize();
    let dated = |since: Numbers| TableColumns::<Dated>::new().input("since", since).target("pair", pair());
    let reader = dated(since.clone().fill_mean()).adapt(&table).expect("a reader");
    let reader = TableReader::<Dated>::from_json(&reader.to_json().expect("JSON")).expect("a reader");
    let inputs = reader.inputs(&table).expect("inputs");
    let mut values = vec![vec![]; 1];
    mimo::__private::Columns::read(&inputs, &mut mimo::__private::Reader::new(&mut values)).expect("read");
    assert_eq!(values[0], [2024.0, 5.0, 4.0, 0.0, 2023.0, 1.0, 6.0, 18.0, 2023.5, 3.0, 5.0, 9.0_f32]);
    assert!(Dataset::<Dated>::missing_targets(&reader.dataset(&table).expect("data")));
    // Days 2 and 4.5, a Saturday and a Monday.
    let restored = reader.restore("pair", &[1.0, -1.0]).expect("days");
    assert!((restored[0] - 4.5).abs() < 1e-6 && restored[1].abs() < 1e-6, "{restored:?}");

    let error = |columns: TableColumns<Dated>, table: &Table| {
        columns
            .adapt(table)
            .and_then(|reader| reader.inputs(table).map(drop))
            .expect_err("an error")
            .to_string()
    };
    assert!(error(dated(since.clone()), &table).starts_with("line 4, column `since`: the value is missing"));
    let wrong = read("since,x\n2024-05-31,1970-01-01\n31.05.2024,1970-01-01\n").expect("a table");
    let text = error(dated(since.clone()), &wrong);
    assert!(
        text.starts_with("line 3, column `since`: `31.05.2024` is not a date as ISO 8601 writes it"),
        "{text}"
    );
    let text = error(dated(column("since")), &wrong);
    assert!(
        text.starts_with(
            "line 2, column `since`: `2024-05-31` is a date, not a number: read the column with `.dates("
        ),
        "{text}"
    );
    let text = error(dated(since.clone().dates([])), &table);
    assert!(text.starts_with("`dates` takes at least one part"), "{text}");
    let text = error(dated(since.clone().dates([DatePart::Days])), &table);
    assert!(
        text.starts_with("the input `since` takes 4 values per sample, but its columns have 1"),
        "{text}"
    );
    let numbers = Table::new().with("since", [20_240_531]).and_then(|it| it.with("x", ["1970-01-01"]));
    let text = error(dated(since), &numbers.expect("a table"));
    assert_eq!(
        text,
        "column `since`: the column holds integers, but dates as text, such as `2024-05-31`, are needed"
    );
}

#[test]
fn samples_are_weighed_by_a_column() {
    let table = forms_table().and_then(|table| table.with("w", [1.0, 0.0, 2.0, 0.5])).expect("a table");
    let reader = forms().weight("pair", "w").adapt(&table).expect("a reader");
    let reader = TableReader::<Forms>::from_json(&reader.to_json().expect("JSON")).expect("a reader");
    let by_column = reader.dataset(&table).expect("data");
    let weights = FormsPerOutput { index: None, one_hot: None, pair: Some(vec![1.0, 0.0, 2.0, 0.5_f32]) };
    let plain = forms().adapt(&table).and_then(|reader| reader.dataset(&table)).expect("data");
    let loss = |data: &ArrayDataset<Forms>| {
        let mut model = Forms::new(1);
        let mut trainer = Trainer::new(&mut model).expect("a trainer");
        trainer.evaluate(data, 4).expect("evaluated").loss.to_bits()
    };
    assert_eq!(loss(&by_column), loss(&plain.clone().sample_weights(&weights).expect("weights")));
    assert_ne!(loss(&by_column), loss(&plain));
    let text = |columns: TableColumns<Forms>| columns.adapt(&table).expect_err("an error").to_string();
    assert_eq!(text(forms().weight("pairs", "w")), "the model has no target `pairs`; did you mean `pair`?");
    assert!(text(forms().weight("pair", "ww")).starts_with("there is no column `ww`"));
}

#[test]
fn a_saved_reader_that_does_not_fit_is_an_error() {
    let json = forms().adapt(&forms_table().expect("a table")).and_then(|it| it.to_json()).expect("JSON");
    let error = |text: &str| match TableReader::<Forms>::from_json(text) {
        Ok(_) => panic!("no error in {text}"),
        Err(error) => error.to_string(),
    };
    let other = TableReader::<Homes>::from_json(&json).expect_err("another model").to_string();
    assert!(other.contains("but the model has `numbers`, `district`"), "{other}");
    assert!(error(&json.replace("\"version\":1", "\"version\":2")).contains("another version"));
    assert!(error(&json.replace("\"width\":3", "\"width\":4")).contains("takes 3 values"));
    assert!(
        error(&json.replace("\"normalization\":[[", "\"normalization\":[[1.0,1.0],["))
            .contains("different lengths")
    );
    // Every cut, and every byte that is another, is an error or a reader, and never a panic.
    for len in 0..json.len() {
        assert!(TableReader::<Forms>::from_json(json.get(..len).unwrap_or_default()).is_err());
    }
    let table = forms_table().expect("a table");
    for at in 0..json.len() {
        for byte in [b'0', b'9', b'-', b']', b'"', b','] {
            let mut bytes = json.clone().into_bytes();
            bytes[at] = byte;
            let Ok(text) = String::from_utf8(bytes) else { continue };
            if let Ok(reader) = TableReader::<Forms>::from_json(&text) {
                let _ = reader.dataset(&table);
            }
        }
    }
}
