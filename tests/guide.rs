//! The programs of the guide are compiled and run, and print what their chapters say. `UPDATE=1 cargo test --features csv,report --test guide`
//! writes the outputs and the pictures anew.
//!
//! Programs are files of their own, `docs/guide/programs/NAME.rs`, and the chapters have copies of them (`tests/docs.rs`). They are all in one
//! test program, which costs a fraction of what a doc test for each would cost. Each runs in a process of its own, in a
//! temporary folder.
#![allow(
    missing_docs,
    dead_code,
    unreachable_pub,
    unused_qualifications,
    reason = "each is a program by itself"
)]

#[path = "support/pages.rs"]
mod pages;

use std::fs;
use std::process::Command;

/// Names the program that the process runs.
const PROGRAM: &str = "MIMO_GUIDE_PROGRAM";
/// Lines before and after what a program prints; the test harness prints, too.
const MARKS: [&str; 2] = ["<program>\n", "</program>\n"];

macro_rules! programs {
    ($($name:ident)*) => {
        $(mod $name {
            include!(concat!("../docs/guide/programs/", stringify!($name), ".rs"));

            pub(crate) fn run() {
                main().unwrap_or_else(|error| panic!("{error}"));
            }
        })*

        /// Runs the program that the environment names.
        #[test]
        #[ignore = "the other tests run it, in processes of their own"]
        fn program() {
            let name = std::env::var(PROGRAM).expect("the name of a program");
            print!("\n{}", MARKS[0]);
            match name.as_str() {
                $(stringify!($name) => $name::run(),)*
                name => panic!("no program is called {name}"),
            }
            print!("{}", MARKS[1]);
        }

        mod prints {
            $(#[test]
            fn $name() {
                super::compare(stringify!($name));
            })*
        }

        #[test]
        fn every_file_is_a_program() {
            let files = fs::read_dir(pages::root().join("docs/guide/programs")).expect("a folder");
            let names = files.map(|file| file.expect("an entry").file_name().into_string().expect("a name"));
            let mut names: Vec<String> = names.map(|name| name.replace(".rs", "")).collect();
            names.sort();
            let mut programs = vec![$(stringify!($name)),*];
            programs.sort_unstable();
            assert_eq!(names, programs);
        }
    };
}

programs! {
    data first_model freezing from_keras how_it_works masks own_layers performance reading_errors
    reports serving several_losses streams training
}

/// Runs a program and compares what it prints with the page that shows it.
fn compare(name: &str) {
    let folder = std::env::temp_dir().join(format!("mimo-guide-{}-{name}", std::process::id()));
    fs::create_dir_all(&folder).expect("a folder");
    let output = Command::new(std::env::current_exe().expect("this program"))
        .args(["--exact", "program", "--ignored", "--nocapture"])
        .env(PROGRAM, name)
        .current_dir(&folder)
        .output()
        .expect("a process");
    let text = String::from_utf8(output.stdout).expect("text").replace("\r\n", "\n");
    let errors = String::from_utf8_lossy(&output.stderr);
    let printed = text.split_once(MARKS[0]).and_then(|(_, rest)| Some(rest.split_once(MARKS[1])?.0));
    let printed = printed.unwrap_or_else(|| panic!("{name} did not end well:\n{text}\n{errors}"));
    let pictures = pictures(&folder);
    if pages::update() {
        assert!(pages::write("output", name, printed) > 0, "no page shows the output of {name}");
        for (picture, svg) in &pictures {
            fs::write(pages::root().join("docs/guide/src/pictures").join(picture), svg).expect("written");
        }
    }
    fs::remove_dir_all(&folder).expect("removed");

    let mut shown = 0;
    for path in pages::pages() {
        let page = fs::read_to_string(&path).expect("a page");
        let wanted = Some(("output".to_owned(), name.to_owned()));
        for block in pages::blocks(&page).into_iter().filter(|block| block.mark == wanted) {
            shown += 1;
            let page = &page[block.place];
            assert!(agree(page, printed), "the page says\n{page}\nbut {name} prints\n{printed}");
        }
    }
    assert!(shown > 0, "no page shows the output of {name}");
    for (picture, _) in &pictures {
        let path = pages::root().join("docs/guide/src/pictures").join(picture);
        assert!(path.exists(), "{name} draws {picture}, which is not in the guide");
    }
}

/// The pictures that a program has drawn into its folder.
fn pictures(folder: &std::path::Path) -> Vec<(String, String)> {
    let files = fs::read_dir(folder).expect("a folder").map(|file| file.expect("an entry").path());
    let files = files.filter(|path| path.extension().is_some_and(|ending| ending == "svg"));
    let read = |path: std::path::PathBuf| {
        let svg = fs::read_to_string(&path).expect("a picture");
        assert!(svg.len() < 60_000, "{} has {} bytes", path.display(), svg.len());
        (path.file_name().expect("a name").to_string_lossy().into_owned(), svg)
    };
    files.map(read).collect()
}

/// Whether two texts are the same except for numbers with a decimal point, which may differ a little: instruction sets round
/// differently, which a training amplifies. Times differ between any two runs.
fn agree(page: &str, printed: &str) -> bool {
    let (page, printed) = (pieces(page), pieces(printed));
    let same = |(at, (a, b)): (usize, (&String, &String))| {
        let unit =
            page.get(at + 1).and_then(|text| text.trim_start().split([',', ' ', '\n', ';', ')']).next());
        let time = ["s", "ms", "µs", "ns"].map(Some).contains(&unit);
        match (a.parse::<f64>(), b.parse::<f64>()) {
            (Ok(_), Ok(_)) if time => true,
            (Ok(a_value), Ok(b_value)) if a.contains('.') && b.contains('.') => {
                (a_value - b_value).abs() <= 0.1 + 0.1 * a_value.abs().max(b_value.abs())
            }
            _ => a == b,
        }
    };
    page.len() == printed.len() && page.iter().zip(&printed).enumerate().all(same)
}

/// A text as numbers and what is between them, without runs of spaces.
fn pieces(text: &str) -> Vec<String> {
    let mut pieces: Vec<String> = Vec::new();
    let mut number = false;
    for c in text.split(' ').filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ").chars() {
        let digit = c.is_ascii_digit() || number && c == '.';
        match pieces.last_mut() {
            Some(piece) if digit == number => piece.push(c),
            _ => pieces.push(c.to_string()),
        }
        number = digit;
    }
    pieces
}

#[test]
fn texts_agree_if_only_measured_numbers_differ() {
    assert!(agree("loss 0.512, 3 ms", "loss 0.520, 200 ms"));
    assert!(agree("loss  12.0", "loss 12.1"));
    assert!(!agree("loss 0.512", "loss 0.812"));
    assert!(!agree("loss 0.512", "mae 0.512"));
    assert!(!agree("100 rows", "101 rows"));
}
