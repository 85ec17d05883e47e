//! A connection whose peer reads nothing, full to the brim.

use std::io::Write as _;
use std::net::TcpStream;
use std::thread;
use std::time::Duration;

use crate::patience::patience;

/// How often nothing more has to be taken, with a pause each time.
const REFUSALS: u32 = 3;
const PAUSE: Duration = Duration::from_millis(20);

/// Writes until the peer has no more room, and neither has this side. A buffer that is full at once may only wait for a processor to
/// carry it over; and then the peer has room, and nothing holds the connection back.
///
/// # Panics
///
/// If the connection breaks.
pub fn fill(mut stream: &TcpStream) {
    stream.set_nonblocking(true).expect("set");
    let much = vec![7; 65536];
    let mut refused = 0;
    while refused < REFUSALS {
        match stream.write(&much) {
            Ok(_) => refused = 0,
            Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => {
                refused += 1;
                thread::sleep(patience(PAUSE));
            }
            Err(error) => panic!("the connection broke: {error}"),
        }
    }
}
