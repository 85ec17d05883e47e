//! The harness catches what it is for: targets that are broken on purpose are attacked, each is reported with an input
//! that does it again, and a sound one is not.
//!
//! This program is its own child, so it has no main of the usual kind.

use core::hint::black_box;
use std::process::{Command, ExitCode, Output};
use std::{env, fs, thread};

use sockeye_fuzz::target::Reader;
use sockeye_fuzz::{Entry, Random, Target};

#[global_allocator]
static ALLOCATOR: sockeye_fuzz::allocator::Counting = sockeye_fuzz::allocator::Counting;

/// What an input does to a reader that is broken.
type Harm = fn(&[u8]);

/// A reader that does harm once in a thousand inputs.
struct Broken(Harm);

impl Target for Broken {
    fn input(&self, random: &mut Random) -> Vec<u8> {
        random.draw().to_le_bytes().to_vec()
    }

    fn reader(&self) -> Reader<'_> {
        Box::new(|input| {
            let number = input.first_chunk().map_or(0, |bytes| u64::from_le_bytes(*bytes));
            if number % 1000 == 7 {
                (self.0)(input);
            }
            number % 2 == 0
        })
    }
}

fn nothing(_: &[u8]) {}

fn panics(input: &[u8]) {
    panic!("seen: {}", input.len());
}

fn overflows(input: &[u8]) {
    black_box(input.len() - black_box(9));
}

fn allocates(_: &[u8]) {
    drop(black_box(vec![1_u8; 100_000]));
}

fn hangs(_: &[u8]) {
    loop {
        thread::park();
    }
}

fn recurses(_: &[u8]) {
    fn deeper(depth: u64) -> u64 {
        let room = black_box([depth; 64]);
        if room[7] == u64::MAX { 0 } else { deeper(depth + 1) + room[9] }
    }
    black_box(deeper(0));
}

fn exhausts(_: &[u8]) {
    drop(black_box(Vec::<u8>::with_capacity(1 << 40)));
}

/// A target of that name, and what is to be reported of it.
macro_rules! broken {
    ($($harm:ident: $wanted:literal;)*) => {
        &[$((Entry { name: stringify!($harm), about: "", make: || Box::new(Broken($harm)) }, $wanted)),*]
    };
}

const TARGETS: &[(Entry, &str)] = broken! {
    nothing: "";
    panics: "panic: ";
    overflows: "attempt to subtract with overflow";
    allocates: "allocation: 100000 bytes held, 65568 allowed";
    hangs: "hang: not done after 5 s";
    recurses: "death of the process: ";
    exhausts: "death of the process: ";
};

fn run(arguments: &[&str]) -> Output {
    Command::new(env::current_exe().expect("a program")).args(arguments).output().expect("it runs")
}

fn check(entry: &Entry, wanted: &str) {
    let directory = env::temp_dir().join(format!("sockeye-fuzz-{}-{}", std::process::id(), entry.name));
    let place = directory.to_str().expect("a path of letters");
    let output = run(&["--target", entry.name, "--for", "700ms", "--seed", "5", "--threads", "2", "--findings", place]);
    let text = String::from_utf8_lossy(&output.stdout);
    let found: Vec<_> = text.lines().filter(|line| line.contains('\t')).collect();
    if wanted.is_empty() {
        assert!(output.status.success() && found.is_empty(), "{}: {text}", entry.name);
        let line = text.lines().find(|line| line.starts_with(entry.name)).expect("a line of the target");
        assert!(line.contains(" 49 %") || line.contains(" 50 %"), "half of the inputs are understood: {line}");
    } else {
        assert_eq!(output.status.code(), Some(1), "{}: {text}", entry.name);
        let first = found.first().unwrap_or_else(|| panic!("nothing was found of {}: {text}", entry.name));
        assert!(first.contains(wanted), "{first}");
        replay(entry, wanted, first);
    }
    let _ = fs::remove_dir_all(directory);
}

/// The input that was kept does it again, whatever it is but a hang, which would be one again.
fn replay(entry: &Entry, wanted: &str, finding: &str) {
    let path = finding.split('\t').next().expect("a path");
    let input = fs::read(path).expect("it was kept");
    let number = u64::from_le_bytes(input.try_into().expect("eight bytes"));
    assert_eq!(number % 1000, 7, "{finding}");
    if !wanted.starts_with("hang") {
        assert!(!run(&["--replay", path]).status.success(), "{}: {finding}", entry.name);
    }
}

/// More inputs than fit into the time are tried nevertheless, and what no time is enough for is a failure that says so.
fn at_least() {
    let directory = env::temp_dir().join(format!("sockeye-fuzz-{}-at-least", std::process::id()));
    let place = directory.to_str().expect("a path of letters");
    let tried = |wanted: &str, time: &str| {
        let arguments = ["--target", "nothing", "--for", time, "--seed", "5", "--threads", "1", "--findings", place];
        let output = run(&[&arguments[..], &["--at-least", wanted]].concat());
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        let line = text.lines().rfind(|line| line.starts_with("all ")).expect("a line of all").to_owned();
        // The numbers that are there: inputs in groups of three digits, behind two blanks at least.
        let inputs = line["all".len()..].trim_start().split("  ").next().expect("a number").replace(' ', "");
        (output.status.code(), inputs.parse::<u64>().expect("a number"), text)
    };
    let (_, in_a_round, text) = tried("0", "1s");
    assert!(in_a_round > 1000, "{text}");
    // A machine of which another one takes half is half as fast.
    let wanted = in_a_round * 3;
    let (status, inputs, text) = tried(&wanted.to_string(), "1s");
    assert!(status == Some(0) && inputs >= wanted && text.contains("more inputs are to be tried"), "{text}");
    let (status, inputs, text) = tried("1000000000000", "50ms");
    assert!(status == Some(1) && inputs < 1_000_000_000_000, "{text}");
    assert!(text.contains("1000000000000 inputs were to be tried, and in 0 s were not"), "{text}");
    let _ = fs::remove_dir_all(directory);
    println!("test at_least ... ok");
}

fn main() -> ExitCode {
    let is_program = env::args().any(|argument| argument.starts_with("--") && argument != "--nocapture");
    if is_program {
        let targets: Vec<Entry> = TARGETS.iter().map(|(entry, _)| *entry).collect();
        return sockeye_fuzz::run(&targets);
    }
    at_least();
    for (entry, wanted) in TARGETS {
        check(entry, wanted);
        println!("test {} ... ok", entry.name);
    }
    println!("\ntest result: ok. {} passed; 0 failed", TARGETS.len());
    ExitCode::SUCCESS
}
