//! A wire with a length: what goes in at one end comes out at the other after a time.
//!
//! Two devices without hardware (TUN), each in the network namespace that it was made in, and a thread that carries packets
//! between them. Kernels without netem have no other way to make a round trip take time.

use std::collections::VecDeque;
use std::ffi::CStr;
use std::io::{self, PipeWriter};
use std::os::fd::{AsFd as _, OwnedFd};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};

use crate::sys;

/// Longest packet of a TUN device.
const PACKET_LEN_MAX: usize = 65_536;

/// Packets on their way in one direction; more are lost, as on any wire.
const PACKETS_MAX: usize = 10_000;

/// One end of a wire: a device in the network namespace of the thread that made it. It is down and has no address.
#[derive(Debug)]
pub struct WireEnd {
    file: OwnedFd,
}

impl WireEnd {
    /// Makes the device. Needs `CAP_NET_ADMIN` in the namespace, and `/dev/net/tun`.
    pub fn new(name: &CStr) -> io::Result<Self> {
        sys::tunnel(name).map(|(file, _)| Self { file })
    }

    /// A device that is made.
    pub(crate) fn of(file: OwnedFd) -> Self {
        Self { file }
    }
}

/// What becomes of a packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fate {
    Arrives,
    ArrivesTwice,
    /// So many packets that were sent after it arrive before it.
    IsOvertaken(usize),
    Vanishes,
}

/// Decides what becomes of a packet, which it may change, by the end that it comes from.
pub(crate) type Decision = Box<dyn FnMut(usize, &mut Vec<u8>) -> Fate + Send>;

/// A wire between two ends. With it, the devices vanish.
#[derive(Debug)]
pub struct LongWire {
    stop: Option<PipeWriter>,
    carrier: Option<JoinHandle<()>>,
}

impl LongWire {
    /// A wire on which every packet travels for `delay`, after it has waited for those before it where the wire carries only
    /// so many bytes a second each way.
    pub fn between(near: WireEnd, far: WireEnd, delay: Duration, rate: Option<u32>) -> io::Result<Self> {
        Self::deciding(near, far, delay, rate, Box::new(|_, _| Fate::Arrives))
    }

    /// The same wire, on which not every packet arrives. The near end is 0, the far one 1.
    pub(crate) fn deciding(
        near: WireEnd,
        far: WireEnd,
        delay: Duration,
        rate: Option<u32>,
        decide: Decision,
    ) -> io::Result<Self> {
        let (stopped, stop) = io::pipe()?;
        let carrier = std::thread::spawn(move || carry(&[near.file, far.file], &stopped.into(), delay, rate, decide));
        Ok(Self { stop: Some(stop), carrier: Some(carrier) })
    }
}

impl Drop for LongWire {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(carrier) = self.carrier.take() {
            let _ = carrier.join();
        }
    }
}

/// A packet on its way, and when it arrives.
type Travelling = (Instant, Vec<u8>);

/// Carries packets until the other end of `stopped` is closed.
fn carry(ends: &[OwnedFd; 2], stopped: &OwnedFd, delay: Duration, rate: Option<u32>, mut decide: Decision) {
    let mut travelling = [VecDeque::new(), VecDeque::new()];
    // For each end what is overtaken on the way to it, and by how many more.
    let mut overtaken = [const { None }; 2];
    // When the last packet towards each end has gone on the wire.
    let mut free = [Instant::now(); 2];
    let mut packet = vec![0; PACKET_LEN_MAX];
    loop {
        for (end, travelling) in ends.iter().zip(&mut travelling) {
            while let Some((_, bytes)) = travelling.pop_front_if(|(due, _): &mut Travelling| *due <= Instant::now()) {
                // A device that is down takes nothing: the packet is lost.
                let _ = rustix::io::write(end, &bytes);
            }
        }
        let next = travelling.iter().filter_map(|travelling| travelling.front().map(|(due, _)| *due)).min();
        let patience = next.map(|due| due.saturating_duration_since(Instant::now()));
        let patience = patience.and_then(|patience| Timespec::try_from(patience).ok());
        let mut awaited = [
            PollFd::new(&ends[0], PollFlags::IN),
            PollFd::new(&ends[1], PollFlags::IN),
            PollFd::from_borrowed_fd(stopped.as_fd(), PollFlags::IN),
        ];
        if poll(&mut awaited, patience.as_ref()).is_err() {
            continue;
        }
        let ready = awaited.map(|fd| !fd.revents().is_empty());
        if ready[2] {
            return;
        }
        for from in 0..2 {
            let to = 1 - from;
            if ready[from]
                && let Ok(length) = rustix::io::read(&ends[from], &mut packet[..])
                && travelling[to].len() < PACKETS_MAX
            {
                let bytes = u32::try_from(length).unwrap_or(u32::MAX);
                let takes = rate.map_or(Duration::ZERO, |rate| Duration::from_secs(1) * bytes / rate);
                free[to] = free[to].max(Instant::now()) + takes;
                let mut bytes = packet[..length].to_vec();
                let fate = decide(from, &mut bytes);
                let due = free[to] + delay;
                match fate {
                    Fate::Vanishes => continue,
                    Fate::IsOvertaken(by) => {
                        overtaken[to] = Some((by, bytes));
                        continue;
                    }
                    Fate::ArrivesTwice => travelling[to].push_back((due, bytes.clone())),
                    Fate::Arrives => {}
                }
                travelling[to].push_back((due, bytes));
                match overtaken[to].take() {
                    Some((0 | 1, bytes)) => travelling[to].push_back((due, bytes)),
                    Some((by, bytes)) => overtaken[to] = Some((by - 1, bytes)),
                    None => {}
                }
            }
        }
    }
}
