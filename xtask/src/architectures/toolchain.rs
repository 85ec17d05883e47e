//! A compiler, and the standard libraries of other architectures: Debian's, unpacked outside the repository and the system.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs};

use anyhow::{Context, Result, bail};

use super::ALL;

/// The package of the compiler that Debian keeps new, for browsers, and of its standard library.
const COMPILER: &str = "rustc-web";
const LIBRARY: &str = "libstd-rust-web-dev";
/// The architecture of the compiler.
const HOST: &str = "amd64";

/// A compiler with standard libraries.
pub(super) struct Toolchain {
    /// The first two numbers of its version: `1.85`.
    pub(super) version: String,
    pub(super) folder: PathBuf,
}

impl Toolchain {
    /// Takes it from the cache, or downloads and unpacks the newest that there is for all. `None`: there is none.
    pub(super) fn get() -> Result<Option<Self>> {
        let cache = cache()?;
        let lists = Lists::get(&cache)?;
        let offered = lists.newest_common()?;
        // Where there are no lists at the moment, what is there already does as well.
        let Some(full) = offered.map_or_else(|| newest_kept(&cache), |full| Ok(Some(full)))? else { return Ok(None) };
        let version: String = full.split('.').take(2).collect::<Vec<_>>().join(".");
        let toolchain = Self { version, folder: cache.join(&full) };
        if !toolchain.folder.exists() {
            eprintln!("architectures: downloading Rust {full}");
            // Only a whole one gets its name, whatever ends this program in between.
            let partial = cache.join(format!("{full}.partial.{}", std::process::id()));
            fs::create_dir_all(&partial).with_context(|| format!("cannot make {}", partial.display()))?;
            let unpacked = toolchain.unpack(&partial, &lists, &full);
            let named = unpacked.and_then(|()| fs::rename(&partial, &toolchain.folder).context("cannot name it"));
            if named.is_err() {
                let _ = fs::remove_dir_all(&partial);
            }
            named?;
        }
        Ok(Some(toolchain))
    }

    pub(super) fn compiler(&self) -> PathBuf {
        self.sysroot().join("bin/rustc")
    }

    /// Where the compiler looks for standard libraries.
    pub(super) fn sysroot(&self) -> PathBuf {
        self.folder.join("usr")
    }

    /// Where the system looks for the libraries that the compiler is made of.
    pub(super) fn libraries(&self) -> std::ffi::OsString {
        self.folder.join("usr/lib/x86_64-linux-gnu").into()
    }

    fn unpack(&self, folder: &Path, lists: &Lists, full: &str) -> Result<()> {
        let own = format!("libstd-rust-web-{}", self.version);
        let mut packages = vec![format!("{COMPILER}:{HOST}={full}"), format!("{own}:{HOST}={full}")];
        packages.extend(lists.needed_libraries(&own)?);
        packages.extend(ALL.iter().map(|one| format!("{LIBRARY}:{}={full}", one.debian)));
        run(lists.apt("apt-get").args(["-qq", "download"]).args(&packages).current_dir(folder))?;
        for entry in fs::read_dir(folder)? {
            let package = entry?.path();
            if package.extension().is_some_and(|end| end == "deb") {
                run(Command::new("dpkg-deb").arg("-x").arg(&package).arg(folder))?;
                fs::remove_file(&package)?;
            }
        }
        Ok(())
    }
}

/// What the last update of the lists complained of, in their folder.
const SAID: &str = "said";

/// What the last update of the lists complained of.
pub(super) fn said_of_lists() -> Result<String> {
    let said = fs::read(cache()?.join("apt").join(SAID)).context("the lists were not read")?;
    Ok(String::from_utf8_lossy(&said).trim().to_owned())
}

/// The newest toolchain that is unpacked already.
fn newest_kept(cache: &Path) -> Result<Option<String>> {
    let mut newest: Option<(Vec<u32>, String)> = None;
    for entry in fs::read_dir(cache).with_context(|| format!("cannot read {}", cache.display()))? {
        let name = entry?.file_name().to_string_lossy().into_owned();
        let is_whole = name.starts_with(|first: char| first.is_ascii_digit()) && !name.contains(".partial.");
        let numbers: Vec<u32> = name.split(|letter: char| !letter.is_ascii_digit()).flat_map(str::parse).collect();
        if is_whole && newest.as_ref().is_none_or(|(other, _)| *other < numbers) {
            newest = Some((numbers, name));
        }
    }
    Ok(newest.map(|(_, name)| name))
}

/// The lists of packages of all architectures: the system's are of its own.
struct Lists {
    configuration: PathBuf,
}

impl Lists {
    fn get(cache: &Path) -> Result<Self> {
        let folder = cache.join("apt");
        for part in ["lists/partial", "archives/partial"] {
            fs::create_dir_all(folder.join(part)).with_context(|| format!("cannot make {}", folder.display()))?;
        }
        // Nothing is installed there, so nothing is said to be.
        fs::write(folder.join("status"), "")?;
        let here = folder.display();
        let architectures = ALL.map(|one| format!("\"{}\"", one.debian)).join("; ");
        let text = format!(
            "Dir::State::Lists \"{here}/lists\";\nDir::State::status \"{here}/status\";\nDir::Cache \"{here}\";\n\
             APT::Architectures {{ \"{HOST}\"; {architectures}; }};\nAPT::Sandbox::User \"root\";\n"
        );
        let configuration = folder.join("apt.conf");
        fs::write(&configuration, text)?;
        let lists = Self { configuration };
        // A source that lacks an architecture, or has just been changed, fails; what others say is there all the same.
        let output = lists.apt("apt-get").args(["-qq", "update"]).output().context("cannot run apt-get")?;
        fs::write(folder.join(SAID), output.stderr)?;
        Ok(lists)
    }

    fn apt(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        // Its output belongs to this command's diagnostics, where nobody reads it.
        command.env("APT_CONFIG", &self.configuration).env("LC_ALL", "C").stdout(std::io::stderr());
        command
    }

    /// The newest version that the compiler and all libraries are to be had in.
    fn newest_common(&self) -> Result<Option<String>> {
        let mut common = self.versions(&format!("{COMPILER}:{HOST}"))?;
        for one in &ALL {
            let there = self.versions(&format!("{LIBRARY}:{}", one.debian))?;
            common.retain(|version| there.contains(version));
        }
        Ok(common.into_iter().next())
    }

    /// The versions of a package, newest first.
    fn versions(&self, package: &str) -> Result<Vec<String>> {
        let output = self.apt("apt-cache").args(["madison", package]).stdout(std::process::Stdio::piped()).output();
        let output = output.context("cannot run apt-cache")?;
        let text = String::from_utf8_lossy(&output.stdout);
        Ok(text.lines().filter_map(version_of).collect())
    }

    /// What the compiler's own library needs that a system may lack: the code generator, and what that needs.
    fn needed_libraries(&self, package: &str) -> Result<Vec<String>> {
        let mut needed = vec![format!("{package}:{HOST}")];
        let mut at = 0;
        while let Some(package) = needed.get(at).cloned() {
            at += 1;
            let mut command = self.apt("apt-cache");
            let command = command.args(["depends", "--important", &package]).stdout(std::process::Stdio::piped());
            let output = command.output().context("cannot run apt-cache")?;
            for name in String::from_utf8_lossy(&output.stdout).lines().filter_map(dependency_of) {
                let name = format!("{name}:{HOST}");
                let is_wanted = ["libllvm", "libedit", "libz3", "libxml2", "libbsd", "libmd"];
                if is_wanted.iter().any(|begin| name.starts_with(begin)) && !needed.contains(&name) {
                    needed.push(name);
                }
            }
        }
        Ok(needed.split_off(1))
    }
}

/// The version of a line of `apt-cache madison`: ` rustc-web | 1.85.0+dfsg3-1 | http://… Packages`.
fn version_of(line: &str) -> Option<String> {
    let mut parts = line.split('|').map(str::trim);
    let (_, version, source) = (parts.next()?, parts.next()?, parts.next()?);
    source.ends_with("Packages").then(|| version.to_owned())
}

/// The package of a line of `apt-cache depends`: `  Depends: libedit2`.
fn dependency_of(line: &str) -> Option<&str> {
    let name = line.trim().trim_start_matches('|').strip_prefix("Depends: ")?;
    Some(name.split(':').next().unwrap_or(name)).filter(|name| !name.starts_with('<'))
}

/// Where it is kept: `$XDG_CACHE_HOME/sockeye-architectures`, else `~/.cache/sockeye-architectures`.
fn cache() -> Result<PathBuf> {
    let base = env::var_os("XDG_CACHE_HOME").filter(|value| !value.is_empty()).map(PathBuf::from);
    let base = base.or_else(|| env::var_os("HOME").map(|home| PathBuf::from(home).join(".cache")));
    let base = base.context("neither XDG_CACHE_HOME nor HOME says where compilers can be kept")?;
    Ok(base.join("sockeye-architectures"))
}

fn run(command: &mut Command) -> Result<()> {
    let status = command.status().with_context(|| format!("cannot run {}", command.get_program().display()))?;
    if status.success() { Ok(()) } else { bail!("{command:?}: {status}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_of_apt_are_read() {
        let line = " rustc-web | 1.85.0+dfsg3-1~deb12u3 | http://deb.debian.org/debian bookworm/main amd64 Packages";
        assert_eq!(version_of(line).as_deref(), Some("1.85.0+dfsg3-1~deb12u3"));
        assert_eq!(version_of(" rustc-web | 1.85.0 | http://deb.debian.org/debian bookworm/main Sources"), None);
        assert_eq!(version_of("N: Unable to locate package"), None);
        assert_eq!(dependency_of("  Depends: libedit2"), Some("libedit2"));
        assert_eq!(dependency_of(" |Depends: libz3-4:amd64"), Some("libz3-4"));
        assert_eq!(dependency_of("  Depends: <libz3-4>"), None);
        assert_eq!(dependency_of("libllvm19"), None);
    }
}
