//! Messages of inet_diag as the kernel would send them, for tests: written by the tables of `wire`, field by field.

use sockeye_wire::sock_diag::inet::{InetMessage, MESSAGE_LEN};
use sockeye_wire::sock_diag::memory::SocketMemory;
use sockeye_wire::sock_diag::state::State;
use sockeye_wire::sock_diag::tcp_info::TcpInfo;
use sockeye_wire::{Layout, sock_diag};

use super::Counters;

/// Bytes of `struct tcp_info` in Linux 6.18.
const INFO_LEN: usize = 280;

/// One socket, to be refined.
#[derive(Clone)]
pub(super) struct Sample {
    message: Vec<u8>,
    info: Vec<u8>,
    memory: Vec<u8>,
}

impl Sample {
    /// A socket in this state, everything else zero.
    pub(super) fn of(state: State) -> Self {
        let mut message = vec![0; MESSAGE_LEN];
        (message[0], message[1]) = (sock_diag::inet::AF_INET, state.number());
        let mut info = vec![0; INFO_LEN];
        info[0] = state.number();
        Self { message, info, memory: vec![0; 36] }
    }

    /// A connection that has moved much and that nothing holds back.
    pub(super) fn healthy() -> Self {
        Self::of(State::Established)
            .info("snd_mss", 1448)
            .info("rtt", 150)
            .info("min_rtt", 30)
            .info("snd_cwnd", 97)
            .info("snd_wnd", 3_144_000)
            .info("rcv_wnd", 65_483)
            .memory("rcvbuf", 131_072)
            .memory("sndbuf", 2_626_560)
            .info("bytes_acked", 7_000_000_000)
            .info("bytes_received", 9_000_000)
            .info("data_segs_out", 4_000_000)
    }

    /// With a field of `tcp_info`.
    pub(super) fn info(mut self, name: &str, value: u64) -> Self {
        set(&mut self.info, &TcpInfo::LAYOUT, name, value);
        self
    }

    /// With a field of `skmem`.
    pub(super) fn memory(mut self, name: &str, value: u64) -> Self {
        set(&mut self.memory, &SocketMemory::LAYOUT, name, value);
        self
    }

    /// With a field of the message itself.
    pub(super) fn message(mut self, name: &str, value: u64) -> Self {
        set(&mut self.message, &InetMessage::LAYOUT, name, value);
        self
    }

    /// As a kernel says it whose structures are not longer than this.
    pub(super) fn cut(mut self, info_len: usize, memory_len: usize) -> Self {
        self.info.truncate(info_len);
        self.memory.truncate(memory_len);
        self
    }

    /// The payload of the message.
    pub(super) fn payload(&self) -> Vec<u8> {
        let mut payload = self.message.clone();
        for (kind, bytes) in [(2_u16, &self.info), (7, &self.memory)] {
            let length = u16::try_from(4 + bytes.len()).expect("small");
            payload.extend(length.to_ne_bytes());
            payload.extend(kind.to_ne_bytes());
            payload.extend(bytes);
            payload.resize(payload.len().next_multiple_of(4), 0);
        }
        payload
    }

    pub(super) fn counters(&self) -> Counters {
        Counters::read(&self.payload()).expect("a whole message")
    }
}

fn set(bytes: &mut [u8], layout: &Layout, name: &str, value: u64) {
    let field = layout.fields.iter().find(|field| field.name == name);
    let field = field.unwrap_or_else(|| panic!("{} has no {name}", layout.kernel));
    let value = value.to_ne_bytes();
    let size = field.holds.size();
    let low = if cfg!(target_endian = "little") { &value[..size] } else { &value[8 - size..] };
    bytes[field.offset..field.offset + size].copy_from_slice(low);
}
