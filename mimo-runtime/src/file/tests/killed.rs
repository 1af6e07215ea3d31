//! Tests of processes that are killed while they save, and of processes that save to one path at once.

use std::fs::File;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use super::*;
use crate::kernels;

/// Path to which the child saves.
const PATH: &str = "MIMO_TEST_SAVE_TO";
/// Number of repetitions.
const TIMES: &str = "MIMO_TEST_SAVE_TIMES";

/// Not a test: the process that saves, started by the tests below.
#[test]
#[ignore = "the child process of other tests"]
fn child() {
    let (Ok(path), Ok(times)) = (std::env::var(PATH), std::env::var(TIMES)) else { return };
    for seed in 0..times.parse::<u64>().expect("a number") {
        save(&two::<f32>(seed % SEEDS), &path).expect("saved");
    }
}

/// Number of models that the child saves.
const SEEDS: u64 = 5;

fn start(path: &Path, times: u64) -> Child {
    Command::new(std::env::current_exe().expect("this program"))
        .args(["file::tests::killed::child", "--exact", "--ignored"])
        .env(PATH, path)
        .env(TIMES, times.to_string())
        .stdout(Stdio::null())
        .spawn()
        .expect("a child process")
}

/// Starts a child and kills it while it saves.
fn kill_one(path: &Path, key: u64) {
    let mut child = start(path, u64::MAX);
    std::thread::sleep(Duration::from_micros((kernels::uniform(key, 0) * 40_000.0) as u64));
    child.kill().expect("killed");
    child.wait().expect("waited for");
}

/// Loads one of the models that were saved.
fn check(path: &Path) {
    let mut model = two::<f32>(99);
    load(&mut model, path).expect("a whole file");
    assert!((0..SEEDS).any(|seed| values(&model) == values(&two::<f32>(seed))));
}

fn abandoned(folder: &Folder) -> PathBuf {
    folder.file(".mimo-0123456789abcdef.tmp")
}

#[test]
fn killed_processes_lose_nothing_and_leave_nothing() {
    let folder = Folder::new("killed");
    let path = folder.file("two.safetensors");
    save(&two::<f32>(0), &path).expect("saved");
    let mut left = 0;
    for key in 0..60 {
        kill_one(&path, key);
        check(&path);
        left += folder.names().len() - 1;
    }
    println!("{left} temporary files were left");
    // At least this one.
    std::fs::write(abandoned(&folder), "half a").expect("written");

    save(&two::<f32>(1), &path).expect("saved");
    assert_eq!(folder.names(), ["two.safetensors"]);
    check(&path);
}

#[test]
fn processes_that_save_at_once_do_not_disturb_each_other() {
    let folder = Folder::new("at-once");
    let path = folder.file("two.safetensors");
    save(&two::<f32>(0), &path).expect("saved");
    let mut children = [(); 2].map(|()| start(&path, 60));
    for key in 100.. {
        // A third process leaves a file to remove, which belongs to neither of them.
        kill_one(&path, key);
        check(&path);
        if children.iter_mut().all(|child| child.try_wait().expect("a state").is_some()) {
            break;
        }
    }
    for mut child in children {
        assert!(child.wait().expect("a state").success());
    }
    save(&two::<f32>(1), &path).expect("saved");
    assert_eq!(folder.names(), ["two.safetensors"]);
}

#[test]
fn only_temporary_files_without_owners_are_removed() {
    let folder = Folder::new("owners");
    let path = folder.file("two.safetensors");
    let owned = folder.file(".mimo-00000000000000aa.tmp");
    let owner = File::create(&owned).expect("created");
    owner.lock().expect("locked");
    std::fs::write(abandoned(&folder), "half a").expect("written");
    // Names that are not ours, and an entry that is not a file.
    let others = [".mimo-1.tmp", ".mimo-00000000000000zz.tmp", "mimo-00000000000000bb.tmp"];
    others.iter().for_each(|other| std::fs::write(folder.file(other), []).expect("written"));
    std::fs::create_dir(folder.file(".mimo-00000000000000cc.tmp")).expect("created");

    save(&two::<f32>(1), &path).expect("saved");
    assert!(!abandoned(&folder).exists() && owned.exists());
    drop(owner);
    save(&two::<f32>(1), &path).expect("saved");
    let mut wanted = others.map(String::from).to_vec();
    wanted.extend([".mimo-00000000000000cc.tmp".into(), "two.safetensors".into()]);
    wanted.sort();
    assert_eq!(folder.names(), wanted);
}

/// Another machine may not see our locks.
#[test]
fn a_temporary_file_that_is_removed_is_written_again() {
    let folder = Folder::new("removed");
    let path = folder.file("two.safetensors");
    for round in 0..20 {
        let saved = std::sync::atomic::AtomicBool::new(false);
        std::thread::scope(|scope| {
            scope.spawn(|| {
                let mut removals = 2;
                while removals > 0 && !saved.load(std::sync::atomic::Ordering::Relaxed) {
                    let found = folder.names().into_iter().find(|name| name.ends_with(".tmp"));
                    removals -= usize::from(
                        found.is_some_and(|name| std::fs::remove_file(folder.file(&name)).is_ok()),
                    );
                }
            });
            let result = save(&two::<f32>(round % SEEDS), &path);
            saved.store(true, std::sync::atomic::Ordering::Relaxed);
            result.expect("saved at the third attempt");
        });
        check(&path);
        assert_eq!(folder.names(), ["two.safetensors"]);
    }
}
