//! Tests of every kind of file at the end of every kind of path.
//!
//! For regular and missing files the standard library is the reference: [`save`] leaves the same in a folder as
//! [`std::fs::write`] in a copy of the folder, and [`load`] reads what [`std::fs::read`] reads. Other files, which
//! these would block on or write to, are refused and unchanged.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::sync::mpsc;
use std::time::Duration;

use super::*;

/// Target of a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Target {
    Regular,
    Private,
    Missing,
    Directory,
    MissingParent,
    ParentIsFile,
    Unwritable,
    Unreadable,
    MissingInUnwritable,
    LongName,
    TooLongName,
    RegularAndSeparator,
    MissingAndSeparator,
    MissingAndDot,
    Loop,
    Pipe,
    Socket,
    Device,
}

impl Target {
    const ALL: [Target; 18] = [
        Target::Regular,
        Target::Private,
        Target::Missing,
        Target::Directory,
        Target::MissingParent,
        Target::ParentIsFile,
        Target::Unwritable,
        Target::Unreadable,
        Target::MissingInUnwritable,
        Target::LongName,
        Target::TooLongName,
        Target::RegularAndSeparator,
        Target::MissingAndSeparator,
        Target::MissingAndDot,
        Target::Loop,
        Target::Pipe,
        Target::Socket,
        Target::Device,
    ];

    /// Whether opening it may block or have effects.
    fn is_special(self) -> bool {
        matches!(self, Target::Pipe | Target::Socket | Target::Device)
    }

    /// Creates it in a folder. `None` if the system or the user cannot: only root creates devices.
    fn make(self, folder: &Path) -> Option<PathBuf> {
        let write = |name: &str, mode: u32| {
            let path = folder.join(name);
            fs::write(&path, to_bytes(&two::<f32>(1)).expect("bytes")).expect("written");
            set_mode(&path, mode);
            path
        };
        let run = |program: &str, path: PathBuf, arguments: &[&str]| {
            let made = std::process::Command::new(program).arg(&path).args(arguments).output();
            made.is_ok_and(|made| made.status.success()).then_some(path)
        };
        Some(match self {
            Target::Regular => write("file", 0o640),
            Target::Private => write("file", 0o600),
            Target::Missing => folder.join("new"),
            Target::Directory => {
                fs::create_dir(folder.join("folder")).expect("created");
                folder.join("folder")
            }
            Target::MissingParent => folder.join("none/new"),
            Target::ParentIsFile => write("file", 0o600).join("new"),
            Target::Unwritable => write("file", 0o400),
            Target::Unreadable => write("file", 0o200),
            Target::MissingInUnwritable => {
                fs::create_dir(folder.join("closed")).expect("created");
                set_mode(&folder.join("closed"), 0o500);
                folder.join("closed/new")
            }
            // The name of a temporary file must not be longer than what it replaces.
            Target::LongName => folder.join("n".repeat(255)),
            Target::TooLongName => folder.join("n".repeat(256)),
            Target::RegularAndSeparator => write("file", 0o640).join(""),
            Target::MissingAndSeparator => folder.join("new/"),
            Target::MissingAndDot => folder.join("new/."),
            Target::Loop => {
                link("second".as_ref(), &folder.join("first"));
                link("first".as_ref(), &folder.join("second"));
                folder.join("first")
            }
            Target::Pipe => return run("mkfifo", folder.join("pipe"), &[]),
            Target::Socket => {
                #[cfg(unix)]
                std::os::unix::net::UnixListener::bind(folder.join("socket")).ok()?;
                return cfg!(unix).then(|| folder.join("socket"));
            }
            // The device of `/dev/null`, in a temporary folder.
            Target::Device => return run("mknod", folder.join("device"), &["c", "1", "3"]),
        })
    }
}

/// How a path refers to a target.
#[derive(Clone, Copy, Debug)]
enum Via {
    Itself,
    Link,
    RelativeLink,
    LinkToLink,
    LinkedFolder,
}

impl Via {
    #[cfg(unix)]
    const ALL: &[Via] = &[Via::Itself, Via::Link, Via::RelativeLink, Via::LinkToLink, Via::LinkedFolder];
    /// On other systems links need privileges.
    #[cfg(not(unix))]
    const ALL: &[Via] = &[Via::Itself];

    /// Creates a path in `folder` that refers to `target` in `folder/targets`.
    fn make(self, folder: &Path, target: &Path) -> PathBuf {
        let relative = target.strip_prefix(folder).expect("a target in the folder");
        let path = folder.join("link");
        match self {
            Via::Itself => return target.into(),
            Via::Link => link(target, &path),
            Via::RelativeLink => link(relative, &path),
            Via::LinkToLink => {
                // In another folder than the first one, so that its text is relative to its own folder.
                fs::create_dir(folder.join("links")).expect("created");
                link(&Path::new("..").join(relative), &folder.join("links/second"));
                link("links/second".as_ref(), &path);
            }
            Via::LinkedFolder => {
                link("targets".as_ref(), &path);
                return path.join(target.strip_prefix(folder.join("targets")).expect("a target"));
            }
        }
        path
    }
}

#[cfg(unix)]
fn link(target: &Path, path: &Path) {
    std::os::unix::fs::symlink(target, path).expect("linked");
}

#[cfg(not(unix))]
fn link(_: &Path, _: &Path) {}

#[cfg(unix)]
fn set_mode(path: &Path, mode: u32) {
    use std::os::unix::fs::PermissionsExt;
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).expect("set");
}

#[cfg(not(unix))]
fn set_mode(_: &Path, _: u32) {}

/// The contents of a folder: paths, kinds, permissions, targets of links and data of files.
fn contents(folder: &Path) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    let mut folders = vec![folder.to_path_buf()];
    while let Some(inner) = folders.pop() {
        for entry in fs::read_dir(inner).expect("a folder") {
            let path = entry.expect("an entry").path();
            let metadata = fs::symlink_metadata(&path).expect("metadata");
            let relative = |path: &Path| path.strip_prefix(folder).unwrap_or(path).display().to_string();
            let holds = if metadata.is_symlink() {
                relative(&fs::read_link(&path).expect("a link"))
            } else if metadata.is_file() {
                format!("{:?}", fs::read(&path).map_err(|error| error.kind()))
            } else {
                String::new()
            };
            let about = format!("{:?} {:?} {holds}", metadata.file_type(), metadata.permissions());
            found.insert(relative(&path), about);
            if metadata.is_dir() {
                folders.push(path);
            }
        }
    }
    found
}

/// Makes a target and a path to it in a new folder.
fn made(target: Target, via: Via, twin: &str) -> Option<(Folder, PathBuf)> {
    let folder = Folder::new(&format!("paths-{target:?}-{via:?}-{twin}"));
    fs::create_dir(folder.file("targets")).expect("created");
    let path = via.make(&folder.0, &target.make(&folder.file("targets"))?);
    Some((folder, path))
}

/// Runs code that must not block.
fn in_time<T: Send + 'static>(what: &str, work: impl FnOnce() -> T + Send + 'static) -> T {
    let (sender, receiver) = mpsc::channel();
    std::thread::spawn(move || sender.send(work()));
    receiver.recv_timeout(Duration::from_secs(60)).unwrap_or_else(|_| panic!("{what}: no end"))
}

fn saved(path: &Path) -> Result<(), Error> {
    let path = path.to_path_buf();
    in_time("save", move || save(&two::<f32>(2), path))
}

fn loaded(path: &Path) -> Result<Vec<f64>, Error> {
    let path = path.to_path_buf();
    in_time("load", move || {
        let mut model = two::<f32>(3);
        load(&mut model, path).map(|()| values(&model))
    })
}

#[test]
fn paths_of_every_kind() {
    let (mut tried, bytes) = (0, to_bytes(&two::<f32>(2)).expect("bytes"));
    for target in Target::ALL {
        for &via in Via::ALL {
            let case = format!("{target:?} by {via:?}");
            let Some((folder, path)) = made(target, via, "ours") else { continue };
            let before = contents(&folder.0);
            tried += 1;

            if target.is_special() {
                for result in [saved(&path), loaded(&path).map(drop)] {
                    let error = result.expect_err(&case);
                    assert!(matches!(&error, Error::File { path: found, .. } if *found == path), "{case}");
                    assert!(error.to_string().ends_with(", not a regular file"), "{case}: {error}");
                }
                assert_eq!(contents(&folder.0), before, "{case}");
                continue;
            }

            let (twin, twin_path) = made(target, via, "theirs").expect("made once more");
            let (ours, theirs) = (loaded(&path), fs::read(&twin_path));
            assert_eq!(ours.is_ok(), theirs.is_ok(), "{case}: {ours:?}, {theirs:?}");
            assert!(
                ours.is_err() || ours.is_ok_and(|values| values == self::values(&two::<f32>(1))),
                "{case}"
            );
            assert_eq!(contents(&folder.0), before, "{case}");

            let (ours, theirs) = (saved(&path), fs::write(&twin_path, &bytes));
            assert_eq!(ours.is_ok(), theirs.is_ok(), "{case}: {ours:?}, {theirs:?}");
            assert_eq!(contents(&folder.0), contents(&twin.0), "{case}");
            if ours.is_err() {
                assert_eq!(contents(&folder.0), before, "{case}");
            }
        }
    }
    // At least those that need neither privileges nor tools.
    assert!(tried >= 15 * Via::ALL.len(), "{tried}");
}

#[test]
fn paths_that_end_in_no_name() {
    for path in ["", "/", ".", "..", "a\0b"] {
        assert!(matches!(saved(path.as_ref()), Err(Error::File { .. })), "{path:?}");
        assert!(matches!(loaded(path.as_ref()), Err(Error::File { .. })), "{path:?}");
    }
}

#[test]
fn files_that_cannot_be_read() {
    let folder = Folder::new("unreadable");
    let mut model = two::<f32>(1);
    let before = values(&model);
    let mut error = |path: PathBuf| match load(&mut model, path) {
        Err(error) => error,
        Ok(()) => panic!("loaded"),
    };
    assert!(matches!(error(folder.file("none")), Error::File { .. }));
    assert!(matches!(error(folder.0.clone()), Error::File { .. }));
    fs::write(folder.file("short"), [1, 2, 3]).expect("written");
    let short = error(folder.file("short"));
    assert!(
        matches!(&short, Error::WeightsFile { faults, .. } if faults[..] == [Fault::NoHeader { bytes: 3 }]),
        "{short}"
    );
    let mut cut = to_bytes(&two::<f32>(1)).expect("bytes");
    cut.pop();
    fs::write(folder.file("cut"), cut).expect("written");
    let cut = error(folder.file("cut"));
    assert!(
        cut.to_string()
            .contains("the file is cut short: it has 95 bytes of data, but its header describes 96"),
        "{cut}"
    );
    assert_eq!(values(&model), before);
}

#[test]
fn many_writers_leave_one_whole_file() {
    let folder = Folder::new("writers");
    let path = folder.file("two.safetensors");
    save(&two::<f32>(0), &path).expect("saved");
    std::thread::scope(|scope| {
        for seed in 0..4 {
            let path = &path;
            scope.spawn(move || (0..10).for_each(|_| save(&two::<f32>(seed), path).expect("saved")));
        }
        for _ in 0..50 {
            let mut model = two::<f32>(9);
            load(&mut model, &path).expect("a whole file");
            let found = values(&model);
            assert!((0..4).any(|seed| found == values(&two::<f32>(seed))));
        }
    });
    assert_eq!(folder.names(), ["two.safetensors"]);
}
