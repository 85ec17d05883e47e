//! What headers say, asked of a C compiler: it describes a probe that includes them in BTF.
//!
//! For what the running kernel was built without, for newer kernels, and for macros, which BTF lacks.
//! Needed to renew the list only, never to check it.

use std::fmt::Write as _;
use std::path::PathBuf;
use std::process::Command;
use std::{env, fs, process};

use anyhow::{Context, Result, bail};

use super::btf::Btf;
use super::fact::{self, Fact};
use super::selection::Header;

/// Marks the probe's own enumerators: one for each macro, with the macro's value.
const MARK: &str = "sockeye_macro_";
/// What the headers expect from their surroundings. `BIT` is not in uapi, though some macros there use it.
const SURROUNDINGS: &str = "#include <stdint.h>\n#include <sys/socket.h>\n#define BIT(n) (1 << (n))\n";

/// A folder of kernel headers.
#[derive(Debug, Clone)]
pub(super) struct Folder {
    path: PathBuf,
    kernel: String,
}

impl std::str::FromStr for Folder {
    type Err = anyhow::Error;

    fn from_str(text: &str) -> Result<Self> {
        let (path, kernel) = text.split_once('=').context("expected FOLDER=KERNEL, such as include/uapi=Linux 7.1")?;
        Ok(Self { path: path.into(), kernel: kernel.to_owned() })
    }
}

/// The first folder that has the header, and what it says there; `None` where no folder has it.
pub(super) fn read(folders: &[Folder], header: &Header) -> Result<Option<(String, Vec<Vec<Fact>>)>> {
    let Some(folder) = folders.iter().find(|folder| folder.path.join(header.path).exists()) else {
        return Ok(None);
    };
    let scratch = Scratch::make()?;
    let include = format!("{SURROUNDINGS}#include <{}>\n", header.path);
    let macros = macros(&scratch, folder, &include, header)?;
    let btf = compile(&scratch, folder, &probe(&include, &macros))?;
    let mut groups = fact::groups(&btf, header)?;
    groups.push(aliases(&macros));
    groups.push(numbers(&btf, header));
    Ok(Some((format!("{} of {}", header.path, folder.kernel), groups)))
}

/// Name and text of the macros to take, by name.
fn macros(scratch: &Scratch, folder: &Folder, include: &str, header: &Header) -> Result<Vec<(String, String)>> {
    let source = scratch.write("macros.c", include)?;
    let listed = run(compiler(folder).args(["-E", "-dM"]).arg(source))?;
    let defined = listed.lines().filter_map(|line| line.strip_prefix("#define ")?.split_once(' '));
    let mut taken: Vec<(String, String)> = defined
        .filter(|(name, _)| header.macro_family(name).is_some())
        .map(|(name, text)| (name.to_owned(), text.trim().to_owned()))
        .collect();
    taken.sort();
    Ok(taken)
}

/// A file that includes the header and gives each macro's value to an enumerator.
fn probe(include: &str, macros: &[(String, String)]) -> String {
    let mut text = format!("{include}enum {{\n");
    for (name, _) in macros.iter().filter(|(_, text)| !is_field_name(text)) {
        // Writing to a `String` cannot fail.
        let _ = writeln!(text, "\t{MARK}{name} = ({name}),");
    }
    text + "\t" + MARK + "none = 0\n};\n"
}

fn aliases(macros: &[(String, String)]) -> Vec<Fact> {
    let named = macros.iter().filter(|(_, text)| is_field_name(text));
    named.map(|(name, of)| Fact::Alias { name: name.clone(), of: of.clone() }).collect()
}

/// By the family they were asked for with, then by number: flags beside flags, in their order.
fn numbers(btf: &Btf, header: &Header) -> Vec<Fact> {
    let values = btf.enumeration_with(&format!("{MARK}none")).unwrap_or_default();
    let mut named: Vec<(usize, i64, String)> = values
        .into_iter()
        .filter_map(|(marked, value)| {
            let name = marked.strip_prefix(MARK)?;
            Some((header.macro_family(name)?, value, name.to_owned()))
        })
        .collect();
    named.sort();
    named.into_iter().map(|(_, value, name)| Fact::Macro { name, value }).collect()
}

/// A field is written in small letters; a macro that stands for one is a second name of it.
fn is_field_name(text: &str) -> bool {
    text.starts_with(|first: char| first.is_ascii_lowercase())
        && text.chars().all(|one| one.is_ascii_lowercase() || one.is_ascii_digit() || one == '_')
}

/// Compiles a probe and reads the types the compiler describes in it, unused ones too.
fn compile(scratch: &Scratch, folder: &Folder, probe: &str) -> Result<Btf> {
    let source = scratch.write("probe.c", probe)?;
    let (object, types) = (scratch.0.join("probe.o"), scratch.0.join("probe.btf"));
    run(compiler(folder).args(["-c", "-gbtf", "-fno-eliminate-unused-debug-types", "-o"]).arg(&object).arg(source))?;
    run(Command::new("objcopy").arg("--dump-section").arg(format!(".BTF={}", types.display())).arg(&object))?;
    Btf::read(&fs::read(types)?)
}

fn compiler(folder: &Folder) -> Command {
    let mut command = Command::new("gcc");
    command.arg("-I").arg(&folder.path);
    command
}

fn run(command: &mut Command) -> Result<String> {
    let output = command.output().with_context(|| format!("cannot start {command:?}"))?;
    if !output.status.success() {
        bail!("{command:?} failed:\n{}", String::from_utf8_lossy(&output.stderr));
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// A folder that goes away with its owner.
struct Scratch(PathBuf);

impl Scratch {
    fn make() -> Result<Self> {
        let path = env::temp_dir().join(format!("sockeye-kernel-names-{}", process::id()));
        fs::create_dir(&path).with_context(|| format!("cannot make {}", path.display()))?;
        Ok(Self(path))
    }

    fn write(&self, name: &str, text: &str) -> Result<PathBuf> {
        let path = self.0.join(name);
        fs::write(&path, text).with_context(|| format!("cannot write {}", path.display()))?;
        Ok(path)
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        // Nothing depends on it: what stays behind is a probe of a few kilobytes.
        let _ = fs::remove_dir_all(&self.0);
    }
}
