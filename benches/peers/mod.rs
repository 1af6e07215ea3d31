//! Programs in other frameworks, which print their measurements as a line of JSON.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// Environment variable with a Python that has the frameworks.
const PYTHON: &str = "MIMO_PEERS_PYTHON";
/// Environment variable with a folder for built packages.
const TARGET: &str = "MIMO_PEERS_TARGET";

/// A program and its first arguments.
#[derive(Clone, Debug)]
pub struct Program {
    pub name: String,
    path: PathBuf,
    arguments: Vec<String>,
}

impl Program {
    /// This program itself, as another process.
    pub fn myself(name: &str) -> Result<Self, String> {
        let path = std::env::current_exe().map_err(|error| format!("{name}: {error}"))?;
        Ok(Program { name: name.into(), path, arguments: vec![] })
    }

    /// A Python program in this directory.
    pub fn python(name: &str, script: &str, arguments: &[&str]) -> Result<Self, String> {
        let path = std::env::var_os(PYTHON)
            .ok_or_else(|| format!("{name}: skipped, {PYTHON} names no Python that has it"))?;
        let script = folder().join(script).display().to_string();
        let arguments = [script].into_iter().chain(arguments.iter().map(|&argument| argument.into()));
        Ok(Program { name: name.into(), path: path.into(), arguments: arguments.collect() })
    }

    /// A program of a Rust package in this directory, which is built first.
    pub fn package(name: &str, package: &str, binary: &str) -> Result<Self, String> {
        let target = std::env::var_os(TARGET).map_or_else(
            || Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("peers-{package}")),
            |folder| Path::new(&folder).join(package),
        );
        let built = Command::new(env!("CARGO"))
            .args(["build", "--release", "--quiet", "--manifest-path"])
            .arg(folder().join(package).join("Cargo.toml"))
            .arg("--target-dir")
            .arg(&target)
            .status();
        if !built.is_ok_and(|status| status.success()) {
            return Err(format!("{name}: skipped, its program cannot be built"));
        }
        let path = target.join("release").join(format!("{binary}{}", std::env::consts::EXE_SUFFIX));
        Ok(Program { name: name.into(), path, arguments: vec![] })
    }

    /// Runs the program to the end and shows its output.
    pub fn show(&self, arguments: &[String]) -> Result<(), String> {
        let status = self.command(arguments).status();
        match status {
            Ok(status) if status.success() => Ok(()),
            Ok(status) => Err(format!("{}: {status}", self.name)),
            Err(error) => Err(format!("{}: {error}", self.name)),
        }
    }

    /// Runs the program to the end and parses the last line of its output.
    pub fn measure(&self, arguments: &[String]) -> Result<serde_json::Value, String> {
        let output = self
            .command(arguments)
            .stderr(Stdio::null())
            .output()
            .map_err(|error| format!("{}: {error}", self.name))?;
        let text = String::from_utf8_lossy(&output.stdout);
        text.lines()
            .last()
            .and_then(|line| serde_json::from_str(line).ok())
            .ok_or_else(|| format!("{} printed no measurement ({})", self.name, output.status))
    }

    fn command(&self, arguments: &[String]) -> Command {
        let mut command = Command::new(&self.path);
        command.args(&self.arguments).args(arguments);
        command
    }
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/peers")
}
