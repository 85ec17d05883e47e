//! Connections from here to the other end, and what programs do with them.

use std::io::{Read as _, Write as _};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::thread;
use std::time::Duration;

use rustix::net::sockopt;

use sockeye_zoo::Skip;

use crate::place::{Place, Way};

/// What the two buffers of a connection are limited to, in bytes; as the kernel likes where none is said.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Limits {
    /// The send buffer here.
    pub(crate) send: Option<usize>,
    /// The receive buffer at the other end.
    pub(crate) receive: Option<usize>,
}

/// A connection that both programs let go when it is dropped.
#[derive(Debug)]
pub(crate) struct Connection {
    /// The socket here.
    pub(crate) near: TcpStream,
    /// The socket at the other end.
    pub(crate) far: TcpStream,
}

impl Connection {
    pub(crate) fn over(place: &Place, way: Way, limits: Limits) -> Result<Self, Skip> {
        let listener = place.at_the_end_of(way, || TcpListener::bind((way.far_address(), 0))).expect("a port is free");
        if let Some(bytes) = limits.receive {
            // A connection has the buffer of the listener that it came in by.
            sockopt::set_socket_recv_buffer_size(&listener, bytes).expect("anybody may have less");
        }
        let near = TcpStream::connect(listener.local_addr().expect("bound")).expect("the way is there");
        if let Some(bytes) = limits.send {
            sockopt::set_socket_send_buffer_size(&near, bytes).expect("anybody may have less");
        }
        let (far, _) = listener.accept().expect("a connection waits");
        let control = place.congestion_control;
        for socket in [&near, &far] {
            sockopt::set_tcp_congestion(socket, control)
                .map_err(|error| Skip::new(format!("tcp_{control}"), error.to_string()))?;
        }
        Ok(Self { near, far })
    }

    /// A bulk transfer: one writes as much as it can, the other reads as fast as it can.
    pub(crate) fn transfers(self) -> Self {
        writes_all_the_time(&self.near);
        reads_all_the_time(&self.far);
        self
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        for stream in [&self.near, &self.far] {
            // Ends the threads that read and write.
            let _ = stream.shutdown(Shutdown::Both);
        }
    }
}

/// The identity of a socket.
pub(crate) fn cookie(socket: impl std::os::fd::AsFd) -> u64 {
    sockopt::socket_cookie(socket).expect("every socket has one")
}

/// Does something with a stream on a thread of its own until it fails.
fn forever(stream: &TcpStream, mut step: impl FnMut(&mut TcpStream) -> std::io::Result<()> + Send + 'static) {
    let mut stream = stream.try_clone().expect("a descriptor");
    thread::spawn(move || while step(&mut stream).is_ok() {});
}

pub(crate) fn writes_all_the_time(stream: &TcpStream) {
    writes_all_the_time_by(stream, 1 << 16);
}

pub(crate) fn writes_all_the_time_by(stream: &TcpStream, bytes_at_once: usize) {
    let bytes = vec![b'w'; bytes_at_once];
    forever(stream, move |stream| stream.write_all(&bytes));
}

pub(crate) fn reads_all_the_time(stream: &TcpStream) {
    let mut bytes = vec![0; 1 << 16];
    forever(stream, move |stream| stream.read(&mut bytes).and_then(ended));
}

/// Reads a little, then sleeps: the sleep is what is provoked with.
pub(crate) fn reads_and_sleeps(stream: &TcpStream, little: usize, sleep: Duration) {
    let mut bytes = vec![0; little];
    forever(stream, move |stream| {
        thread::sleep(sleep);
        stream.read(&mut bytes).and_then(ended)
    });
}

/// Writes a little, then sleeps: the sleep is what is provoked with.
pub(crate) fn writes_and_sleeps(stream: &TcpStream, little: usize, sleep: Duration) {
    let bytes = vec![b's'; little];
    forever(stream, move |stream| {
        thread::sleep(sleep);
        stream.write_all(&bytes)
    });
}

fn ended(read: usize) -> std::io::Result<()> {
    if read == 0 { Err(std::io::ErrorKind::UnexpectedEof.into()) } else { Ok(()) }
}
