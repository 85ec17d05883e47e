//! How long a scan takes beside the plain way of std, on a load that this program makes itself.
//!
//! `cargo run --release -p sockeye-owners --example scan_speed [PROCESSES [SOCKETS]]`: so many processes, each with so
//! many sockets (by default 200 and 1000), live until the measurement is over or this program dies.

use std::{
    collections::HashMap,
    env, fs,
    io::{self, BufRead, BufReader, Read, Write},
    num::NonZero,
    os::unix::net::UnixDatagram,
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use sockeye_owners::{Facts, ScanOptions, SourceChoice, scan};

/// Descriptors a process may be asked to hold.
const SOCKETS_MAX: usize = 19_000;

/// Processes of a load.
const PROCESSES_MAX: usize = 1000;

/// Measurements of each way, taken in turns.
const ROUNDS: usize = 7;

type Outcome<T> = Result<T, Box<dyn std::error::Error>>;

fn main() -> Outcome<()> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    if let [hold, sockets] = arguments.as_slice()
        && hold == "hold"
    {
        return hold_sockets(sockets.parse()?);
    }
    let number = |at: usize, default: usize| arguments.get(at).map_or(Ok(default), |text| text.parse());
    let (processes, sockets) = (number(0, 200)?.min(PROCESSES_MAX), number(1, 1000)?.min(SOCKETS_MAX));
    let load: Vec<Child> = (0..processes).map(|_| holder(sockets)).collect::<Outcome<_>>()?;
    let measured = measure();
    for mut child in load {
        drop(child.stdin.take());
        child.wait()?;
    }
    measured
}

/// Holds sockets until standard input ends.
fn hold_sockets(sockets: usize) -> Outcome<()> {
    let limit = rustix::process::getrlimit(rustix::process::Resource::Nofile);
    let raised = rustix::process::Rlimit { current: limit.maximum, ..limit };
    rustix::process::setrlimit(rustix::process::Resource::Nofile, raised)?;
    let held = (0..sockets).map(|_| UnixDatagram::unbound()).collect::<Result<Vec<_>, _>>()?;
    println!("{}", held.len());
    io::stdout().flush()?;
    io::stdin().read_to_end(&mut Vec::new())?;
    Ok(())
}

fn holder(sockets: usize) -> Outcome<Child> {
    let mut child = Command::new(env::current_exe()?)
        .args(["hold", &sockets.to_string()])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()?;
    let mut ready = String::new();
    BufReader::new(child.stdout.take().ok_or("no standard output")?).read_line(&mut ready)?;
    if ready.trim() == sockets.to_string() { Ok(child) } else { Err("a process could not open its sockets".into()) }
}

fn measure() -> Outcome<()> {
    let threads = std::thread::available_parallelism()?;
    let source = SourceChoice::Proc;
    let one = ScanOptions { facts: Facts::NONE, threads: NonZero::new(1), source, ..ScanOptions::default() };
    let many = ScanOptions { threads: Some(threads), ..one };
    let facts = Facts::COMM | Facts::UID | Facts::CMDLINE | Facts::CGROUP;
    let all = ScanOptions { facts, ..many };
    let [bpf, bpf_all] = [many, all].map(|options| ScanOptions { source: SourceChoice::Bpf, ..options });
    let mut ways = vec![("scan, 1 thread", one), ("scan, all threads", many), ("scan, all threads, all facts", all)];
    // The first one loads the program, which later ones find there.
    let start = Instant::now();
    match scan(&bpf) {
        Ok(found) => {
            let first = start.elapsed().as_secs_f64() * 1e3;
            println!("first scan by BPF: {first:.1} ms, {} sockets", found.owners.len());
            ways.push(("BPF", bpf));
            ways.push(("BPF, all facts", bpf_all));
        }
        Err(error) => println!("{error}"),
    }
    let mut times = vec![Vec::new(); ways.len() + 1];
    let mut found = vec![0; ways.len() + 1];
    for _ in 0..ROUNDS {
        for at in 0..times.len() {
            let start = Instant::now();
            found[at] = match at.checked_sub(1) {
                None => plain()?.values().map(Vec::len).sum(),
                Some(way) => scan(&ways[way].1)?.owners.len(),
            };
            times[at].push(start.elapsed());
        }
    }
    let median = |times: &mut Vec<Duration>| {
        times.sort_unstable();
        (times[0], times[times.len() / 2])
    };
    let base = median(&mut times[0]).1;
    println!("{threads} processors, {ROUNDS} rounds; milliseconds");
    println!("{:<30} {:>8} {:>8} {:>7} {:>9}", "", "best", "median", "ratio", "sockets");
    let names = ["std, 1 thread"].into_iter().chain(ways.iter().map(|(name, _)| *name));
    for (at, name) in names.enumerate() {
        let (best, median) = median(&mut times[at]);
        let ratio = median.as_secs_f64() / base.as_secs_f64();
        let (best, median) = (best.as_secs_f64() * 1e3, median.as_secs_f64() * 1e3);
        println!("{name:<30} {best:>8.1} {median:>8.1} {ratio:>7.2} {:>9}", found[at]);
    }
    lookups(&many)
}

/// The plain way: std, one thread, a map of vectors.
fn plain() -> Outcome<HashMap<u32, Vec<(u32, u32)>>> {
    let mut owners: HashMap<u32, Vec<(u32, u32)>> = HashMap::new();
    for process in fs::read_dir("/proc")?.flatten() {
        let Some(pid) = process.file_name().to_str().and_then(|name| name.parse().ok()) else {
            continue;
        };
        let Ok(descriptors) = fs::read_dir(process.path().join("fd")) else {
            continue;
        };
        for descriptor in descriptors.flatten() {
            let Ok(link) = fs::read_link(descriptor.path()) else {
                continue;
            };
            let inode = link.to_str().and_then(|link| link.strip_prefix("socket:[")?.strip_suffix(']')?.parse().ok());
            if let (Some(inode), Some(Ok(fd))) = (inode, descriptor.file_name().to_str().map(str::parse)) {
                owners.entry(inode).or_default().push((pid, fd));
            }
        }
    }
    Ok(owners)
}

/// Looks up every inode there is, far from its neighbours each time.
fn lookups(options: &ScanOptions<'_>) -> Outcome<()> {
    let owners = scan(options)?.owners;
    let mut inodes: Vec<u32> = plain()?.into_keys().collect();
    inodes.sort_unstable();
    // A prime step visits every place once, unless the number of places divides by it.
    let places = (0..inodes.len()).map(|step| step * 7919 % inodes.len());
    let start = Instant::now();
    let found: usize = places.map(|place| owners.of(inodes[place]).count()).sum();
    let each = start.elapsed().as_nanos() / inodes.len().max(1) as u128;
    println!("lookup: {each} ns ({found} owners of {} sockets)", inodes.len());
    Ok(())
}
