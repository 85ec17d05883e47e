//! The harness catches what it is for: targets that are broken on purpose are attacked, each is reported with an input
//! that does it again, and a sound one is not.
//!
//! This program is its own child, so it has no main of the usual kind.

use core::hint::black_box;
use std::process::{Command, ExitCode, Output, abort};
use std::time::Duration;
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

/// Longer than an input may take, and it comes to an end.
fn dawdles(_: &[u8]) {
    thread::sleep(Duration::from_secs(7));
}

/// Whether this process was given one input alone.
fn is_alone() -> bool {
    env::args().any(|argument| argument == "--once")
}

fn hangs_and_dies_alone(input: &[u8]) {
    if is_alone() {
        abort();
    }
    hangs(input);
}

fn hangs_and_panics_alone(input: &[u8]) {
    if is_alone() {
        panics(input);
    }
    hangs(input);
}

/// A machine that stands still, or threads that wait for each other: nothing that one input does.
fn stands_still_among_others(input: &[u8]) {
    if !is_alone() {
        hangs(input);
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

/// Understands nothing, or makes itself ready for longer than there is time.
struct Useless {
    ready_after: Duration,
}

impl Target for Useless {
    fn input(&self, random: &mut Random) -> Vec<u8> {
        random.draw().to_le_bytes().to_vec()
    }

    fn reader(&self) -> Reader<'_> {
        thread::sleep(self.ready_after);
        Box::new(|_| false)
    }
}

/// A target of that name, and what is to be reported of it.
macro_rules! broken {
    ($($harm:ident: $wanted:literal;)*) => {
        &[$((Entry { name: stringify!($harm), about: "", beyond: "", make: || Box::new(Broken($harm)) }, $wanted)),*]
    };
}

const TARGETS: &[(Entry, &str)] = broken! {
    nothing: "";
    panics: "panic: ";
    overflows: "attempt to subtract with overflow";
    allocates: "allocation: 100000 bytes held, 65568 allowed";
    hangs: "hang: not done after 5 s";
    dawdles: "hang: not done after 5 s";
    hangs_and_dies_alone: "death of the process: ";
    hangs_and_panics_alone: "seen: 8";
    recurses: "death of the process: ";
    exhausts: "death of the process: ";
};

/// Targets whose attack proves nothing, and what is said of it.
const WITHOUT_PROOF: &[(Entry, &str)] = &[
    (
        Entry { name: "stands_still", about: "", beyond: "", make: || Box::new(Broken(stands_still_among_others)) },
        "stands_still: given up with ",
    ),
    (
        Entry { name: "turns_away", about: "", beyond: "", make: || Box::new(Useless { ready_after: Duration::ZERO }) },
        "less than one in a hundred",
    ),
    (
        Entry {
            name: "is_late",
            about: "",
            beyond: "",
            make: || Box::new(Useless { ready_after: Duration::from_millis(1500) }),
        },
        "is_late: no input was tried",
    ),
];

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
        let part = line.split(" %").next().and_then(|before| before.rsplit(' ').next()?.parse::<u32>().ok());
        assert!(part.is_some_and(|part| (45..=55).contains(&part)), "half of the inputs are understood: {line}");
    } else {
        assert_eq!(output.status.code(), Some(1), "{}: {text}", entry.name);
        let first = found.first().unwrap_or_else(|| panic!("nothing was found of {}: {text}", entry.name));
        assert!(first.contains(wanted), "{first}");
        replay(entry, wanted, first);
    }
    let _ = fs::remove_dir_all(directory);
}

/// An attack that proves nothing is a failure that says so, and no finding.
fn proves_nothing(entry: &Entry, wanted: &str) {
    let directory = env::temp_dir().join(format!("sockeye-fuzz-{}-{}", std::process::id(), entry.name));
    let place = directory.to_str().expect("a path of letters");
    let output = run(&["--target", entry.name, "--for", "1s", "--seed", "5", "--threads", "1", "--findings", place]);
    let text = String::from_utf8_lossy(&output.stdout);
    assert_eq!(output.status.code(), Some(1), "{}: {text}", entry.name);
    assert!(text.contains(wanted) && !text.contains('\t'), "{}: {text}", entry.name);
    let _ = fs::remove_dir_all(directory);
}

/// The input that was kept does it again, whatever it is but a hang, which would be one again.
fn replay(entry: &Entry, wanted: &str, finding: &str) {
    let path = finding.split('\t').next().expect("a path");
    let input = fs::read(path).expect("it was kept");
    let number = u64::from_le_bytes(input.try_into().expect("eight bytes"));
    assert_eq!(number % 1000, 7, "{finding}");
    if !wanted.starts_with("hang") && !entry.name.starts_with("hangs") {
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
    assert!(text.contains("1000000000000 inputs were to be tried, and in ") && text.contains(" s were not"), "{text}");
    let _ = fs::remove_dir_all(directory);
    println!("test at_least ... ok");
}

fn main() -> ExitCode {
    let is_program = env::args().any(|argument| argument.starts_with("--") && argument != "--nocapture");
    if is_program {
        let targets: Vec<Entry> = TARGETS.iter().chain(WITHOUT_PROOF).map(|(entry, _)| *entry).collect();
        return sockeye_fuzz::run(&targets);
    }
    at_least();
    // At once, since most of them wait for something that takes too long.
    thread::scope(|scope| {
        for (targets, check) in [(TARGETS, check as fn(&Entry, &str)), (WITHOUT_PROOF, proves_nothing)] {
            for (entry, wanted) in targets {
                scope.spawn(move || {
                    check(entry, wanted);
                    println!("test {} ... ok", entry.name);
                });
            }
        }
    });
    println!("\ntest result: ok. {} passed; 0 failed", TARGETS.len() + WITHOUT_PROOF.len());
    ExitCode::SUCCESS
}
