//! The test programs, built on this machine as `cargo test` builds them.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::SystemTime;

use anyhow::{Context, Result, bail};
use serde_json::Value;

/// The workspace.
pub(crate) const REPOSITORY: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/..");

/// A test program that cargo built.
#[derive(Clone, Debug)]
pub(crate) struct Program {
    /// Its package and its own name: `sockeye/watch`, `conn/kernel`; the unit tests of a library are `bpf/lib`.
    pub(crate) name: String,
    /// Where it is.
    pub(crate) path: PathBuf,
    /// The folder of its package, in which cargo runs tests.
    pub(crate) folder: PathBuf,
    /// The programs of its package, which tests run: cargo builds the test anew for none of them.
    pub(crate) binaries: Vec<PathBuf>,
}

impl Program {
    /// When it was built, or what it runs.
    pub(crate) fn built(&self) -> Option<SystemTime> {
        let changed = |path: &PathBuf| fs::metadata(path).and_then(|metadata| metadata.modified());
        let times = std::iter::once(&self.path).chain(&self.binaries).map(changed);
        times.collect::<Result<Vec<_>, _>>().ok()?.into_iter().max()
    }
}

/// Builds all of them.
pub(crate) fn programs() -> Result<Vec<Program>> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(cargo);
    command.args(["test", "--workspace", "--no-run", "--locked", "--message-format=json-render-diagnostics"]);
    let output = command.current_dir(REPOSITORY).stderr(Stdio::inherit()).output().context("cannot run cargo")?;
    if !output.status.success() {
        bail!("the tests do not build");
    }
    let text = String::from_utf8(output.stdout).context("cargo's messages are no UTF-8")?;
    let messages = text.lines().map(serde_json::from_str).collect::<Result<Vec<Value>, _>>();
    Ok(programs_of(&messages.context("cargo's messages are no JSON")?))
}

/// The test programs that cargo's messages are about, each with the programs of its package.
fn programs_of(messages: &[Value]) -> Vec<Program> {
    let mut programs: Vec<Program> = messages.iter().filter_map(program).collect();
    for program in &mut programs {
        program.binaries = messages.iter().filter_map(|message| binary(message, &program.folder)).collect();
    }
    programs
}

/// The program of this package that one of cargo's messages is about.
fn binary(message: &Value, folder: &Path) -> Option<PathBuf> {
    let is_binary = message["target"]["kind"][0] == "bin" && message["profile"]["test"] == false;
    let is_of_package = Path::new(message["manifest_path"].as_str()?).parent() == Some(folder);
    (is_binary && is_of_package).then(|| message["executable"].as_str().map(PathBuf::from))?
}

/// What one of cargo's messages says of a test program, if it is about one.
fn program(message: &Value) -> Option<Program> {
    if message["reason"] != "compiler-artifact" || message["profile"]["test"] != true {
        return None;
    }
    let folder = Path::new(message["manifest_path"].as_str()?).parent()?;
    // Packages are folders of their own, and shorter than their names.
    let package = folder.file_name()?.to_str()?;
    let name = match message["target"]["kind"][0].as_str()? {
        "lib" => "lib",
        "bin" => "bin",
        _ => message["target"]["name"].as_str()?,
    };
    let path = message["executable"].as_str()?.into();
    Some(Program { name: format!("{package}/{name}"), path, folder: folder.to_owned(), binaries: Vec::new() })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn programs_are_known_by_package_and_name() {
        let message = |kind: &str, is_test: bool| {
            json!({
                "reason": "compiler-artifact",
                "manifest_path": "/src/crates/conn/Cargo.toml",
                "target": {"kind": [kind], "name": "kernel"},
                "profile": {"test": is_test},
                "executable": "/src/target/debug/deps/kernel-a9",
            })
        };
        let test = program(&message("test", true)).expect("a test program");
        assert_eq!((test.name.as_str(), test.folder.to_str()), ("conn/kernel", Some("/src/crates/conn")));
        assert_eq!(program(&message("lib", true)).expect("unit tests").name, "conn/lib");
        assert!(program(&message("test", false)).is_none(), "an example is no test");
    }

    #[test]
    fn a_test_program_knows_what_it_runs() {
        let message = |package: &str, kind: &str, is_test: bool| {
            json!({
                "reason": "compiler-artifact",
                "manifest_path": format!("/src/{package}/Cargo.toml"),
                "target": {"kind": [kind], "name": "watch"},
                "profile": {"test": is_test},
                "executable": format!("/target/{package}-{kind}-{is_test}"),
            })
        };
        let messages = [("one", "test", true), ("one", "bin", true), ("one", "bin", false), ("other", "bin", false)]
            .map(|(package, kind, is_test)| message(package, kind, is_test));
        let programs = programs_of(&messages);
        assert_eq!(programs.iter().map(|one| one.name.as_str()).collect::<Vec<_>>(), ["one/watch", "one/bin"]);
        for program in programs {
            assert_eq!(program.binaries, [Path::new("/target/one-bin-false")], "{}", program.name);
        }
    }
}
