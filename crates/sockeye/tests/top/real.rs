//! A real terminal, driven by keys: tmux, with connections whose rates are to be seen.

use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::os::fd::AsFd as _;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use sockeye_zoo::{Skip, in_namespace};

use crate::tmux::Tmux;

/// Connections over loopback: one that sends without pause, one that never does.
struct Load {
    busy_port: u16,
    idle: TcpStream,
    idle_peer: TcpStream,
    listening: u16,
    is_over: Arc<AtomicBool>,
}

impl Load {
    fn start() -> std::io::Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", 0))?;
        let address = listener.local_addr()?;
        let mut busy = TcpStream::connect(address)?;
        let (mut sink, _) = listener.accept()?;
        let idle = TcpStream::connect(address)?;
        let (idle_peer, _) = listener.accept()?;
        let busy_port = busy.local_addr()?.port();
        let is_over = Arc::new(AtomicBool::new(false));
        let enough = Arc::clone(&is_over);
        std::thread::spawn(move || {
            let block = [0x5a; 16_384];
            while !enough.load(Ordering::Relaxed) && busy.write_all(&block).is_ok() {
                // Fast, but not all of the processor.
                std::thread::sleep(Duration::from_millis(1));
            }
        });
        std::thread::spawn(move || {
            let mut block = vec![0; 65_536];
            while sink.read(&mut block).is_ok_and(|length| length > 0) {}
            drop(listener);
        });
        Ok(Self { busy_port, idle, idle_peer, listening: address.port(), is_over })
    }
}

impl Drop for Load {
    fn drop(&mut self) {
        self.is_over.store(true, Ordering::Relaxed);
    }
}

/// The cells of the row that begins with this local end, behind the mark before them.
fn row_of(screen: &str, port: u16) -> Option<Vec<&str>> {
    let local = format!("127.0.0.1:{port}");
    // The protocol may stand before it.
    let is_it = |row: &Vec<&str>| row.iter().take(2).any(|cell| *cell == local);
    screen.lines().filter_map(|line| line.get(2..)).map(|line| line.split_whitespace().collect()).find(is_it)
}

#[test]
fn a_night_at_the_screen() {
    in_namespace(|zoo| {
        let load = Load::start().expect("loopback is up");
        let tmux = Tmux::start(zoo.directory(), concat!(env!("CARGO_BIN_EXE_sockeye"), " top --interval 200ms"))?;
        let idle_port = load.idle.local_addr().expect("connected").port();

        // The busy one stands above, moves megabytes, and the idle one moves nothing.
        let heading = tmux.sees("the heading", |screen| screen.contains("OUT/s"));
        let column = |name: &str, screen: &str| {
            let heading = screen.lines().find(|line| line.contains("OUT/s")).expect("a heading");
            heading.split_whitespace().position(|title| title.trim_start_matches(['v', '^']) == name).expect("a column")
        };
        let out = column("OUT/s", &heading);
        let screen = tmux.sees("the rates", |screen| {
            let busy = row_of(screen, load.busy_port).is_some_and(|row| row[out].ends_with('M'));
            let idle = row_of(screen, idle_port).is_some_and(|row| row[out] == "0");
            busy && idle && screen.contains("4 conns, 1 listener")
        });
        let first = screen.lines().nth(3).expect("a row").to_owned();
        assert!(first.contains(&format!("127.0.0.1:{}", load.busy_port)), "{screen}");

        // A mistake is told, and the screen goes on; the right filter shows one row.
        tmux.keys(&["/"]);
        tmux.keys(&["-l", &format!("sprot = {idle_port}")]);
        tmux.keys(&["Enter"]);
        tmux.sees("the mistake", |screen| screen.contains("! unknown field `sprot`") && screen.contains("4 conns"));
        tmux.keys(&["C-u"]);
        tmux.keys(&["-l", &format!("sport = {idle_port}")]);
        tmux.keys(&["Enter"]);
        tmux.sees("one row", |screen| screen.contains("1 conn, 0 listeners") && row_of(screen, idle_port).is_some());

        // All of it: its inode is that of our descriptor.
        let inode = rustix::fs::fstat(load.idle.as_fd()).expect("a socket").st_ino.to_string();
        tmux.keys(&["Enter"]);
        tmux.sees("the inode", |screen| {
            screen.lines().any(|line| line.split_whitespace().collect::<Vec<_>>() == ["inode", &inode])
        });

        // Closed: asked about first, then for real, which its owner feels.
        tmux.keys(&["x"]);
        let asked = tmux.sees("a question", |screen| screen.contains("Close") && screen.contains("any"));
        if asked.contains("y closes it") {
            tmux.keys(&["y"]);
            tmux.sees("that it was closed", |screen| screen.contains("the socket was closed"));
            let mut peer = load.idle_peer.try_clone().expect("descriptors are left");
            let ended = peer.read(&mut [0; 8]);
            assert!(ended.is_err() || ended.is_ok_and(|length| length == 0), "the other end sees the end too");
            // Without the kernel's own events it is known to be there as long as we hold it, and to be no connection.
            tmux.sees("that it is over", |screen| {
                let is_closed = |line: &str| line.split_whitespace().eq(["state", "bound-inactive"]);
                screen.contains("this socket is gone") || screen.lines().any(is_closed)
            });
            tmux.keys(&["Escape"]);
            tmux.sees("no row", |screen| screen.contains("no connections that fit the filter"));
        } else {
            return Err(Skip::new("close", "a test without CAP_NET_ADMIN closes no socket"));
        }

        // Without the filter, the listener, and the process that has it all: this one.
        tmux.keys(&["/"]);
        tmux.keys(&["C-u", "Enter"]);
        tmux.keys(&["2"]);
        tmux.sees("the listener", |screen| row_of(screen, load.listening).is_some());
        tmux.keys(&["3"]);
        let pid = std::process::id().to_string();
        tmux.sees("our process", |screen| {
            screen.lines().any(|line| line.split_whitespace().any(|word| word == pid) && line.contains('M'))
        });

        // A socket of UDP is asked for by itself too, and is what it was.
        let datagrams = std::net::UdpSocket::bind(("127.0.0.1", 0)).expect("free");
        let port = datagrams.local_addr().expect("bound").port();
        let inode = rustix::fs::fstat(&datagrams).expect("a socket").st_ino.to_string();
        tmux.keys(&["2"]);
        tmux.keys(&["/"]);
        tmux.keys(&["-l", &format!("udp and sport = {port}")]);
        tmux.keys(&["Enter"]);
        tmux.sees("the receiver", |screen| row_of(screen, port).is_some());
        tmux.keys(&["g", "Enter"]);
        tmux.sees("the inode", |screen| {
            let has_inode = |line: &str| line.split_whitespace().collect::<Vec<_>>() == ["inode", &inode];
            screen.lines().any(has_inode) && !screen.contains("is gone")
        });
        tmux.keys(&["Escape"]);
        tmux.keys(&["/"]);
        tmux.keys(&["C-u", "Enter"]);
        drop(datagrams);

        // Another size is used at once.
        tmux.run(&["resize-window", "-x", "60", "-y", "12"]);
        tmux.sees("the smaller screen", |screen| {
            screen.lines().count() == 12 && screen.lines().last().is_some_and(|line| line.starts_with("q quit"))
        });

        // What changes on the machine is told.
        tmux.keys(&["6"]);
        tmux.sees("the pane", |screen| screen.contains("[6 changes]") || screen.contains("WHAT HAPPENED"));
        let up = Command::new("ip").args(["address", "add", "10.99.7.3/24", "dev", "lo"]).status().expect("ip runs");
        assert!(up.success());
        tmux.sees("the address", |screen| screen.contains("addresses + lo 10.99.7.3"));

        tmux.keys(&["q"]);
        tmux.sees("the end", |screen| screen.contains("ended with 0") && !screen.contains("sockeye top"));
        Ok(())
    });
}
