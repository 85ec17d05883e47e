//! A ring that is too small: what is lost is counted. In a program of its own, so that no other test makes connections.

use std::net::{TcpListener, TcpStream};

use sockeye_bpf::Btf;
use sockeye_bpf::socket_state::SocketStates;

const ALL: u32 = 0xffff;
/// Times that somebody else on the machine may have made a connection meanwhile.
const ATTEMPTS: usize = 5;

#[test]
fn what_does_not_fit_is_counted_exactly() {
    let btf = Btf::load().expect("types");
    let open = |bytes| SocketStates::open(&btf, bytes, ALL).unwrap_or_else(|error| panic!("{error}"));
    let mut seen = Vec::new();
    for _ in 0..ATTEMPTS {
        let (mut small, mut large) = (open(4096), open(4 << 20));
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        for _ in 0..200 {
            let client = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
            drop(listener.accept().unwrap());
            drop(client);
        }
        drop(listener);
        let (mut kept, mut made) = (0, 0);
        large.read(&mut |_| made += 1);
        small.read(&mut |_| kept += 1);
        assert_eq!(large.lost().unwrap(), 0);
        assert!(kept <= 4096 / 176, "{kept} do not fit");
        // The listener is told of as well, going both ways.
        assert!(made >= 200 * 8, "{made}");
        if kept + small.lost().unwrap() == made {
            return;
        }
        seen.push((kept, small.lost().unwrap(), made));
    }
    panic!("kept and lost are not what was made: {seen:?}");
}
