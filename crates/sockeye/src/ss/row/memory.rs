//! Memory of a socket.

use sockeye_wire::sock_diag::memory::{MemoryInfo, SocketMemory};

use super::labelled;
use crate::output::number;

/// ` skmem:(r0,rb131072,…)`, or the short form of old kernels.
pub(super) fn write(out: &mut Vec<u8>, memory: Option<&[u8]>, short: Option<&[u8]>) {
    if let Some(payload) = memory {
        let memory = SocketMemory(payload);
        let values: [(&[u8], _); 7] = [
            (b" skmem:(r", memory.rmem_alloc()),
            (b",rb", memory.rcvbuf()),
            (b",t", memory.wmem_alloc()),
            (b",tb", memory.sndbuf()),
            (b",f", memory.fwd_alloc()),
            (b",w", memory.wmem_queued()),
            (b",o", memory.optmem()),
        ];
        for (label, value) in values {
            labelled(out, label, unsigned(value));
        }
        for (label, value) in [(&b",bl"[..], memory.backlog()), (b",d", memory.drops())] {
            if let Some(value) = value {
                labelled(out, label, value);
            }
        }
        out.push(b')');
    } else if let Some(payload) = short {
        let memory = MemoryInfo(payload);
        let values: [(&[u8], _); 4] =
            [(b" mem:(r", memory.rmem()), (b",w", memory.wmem()), (b",f", memory.fmem()), (b",t", memory.tmem())];
        for (label, value) in values {
            out.extend_from_slice(label);
            number::decimal(out, unsigned(value));
        }
        out.push(b')');
    }
}

/// The value as the kernel's 32 bits say it, which `ss` takes for unsigned.
fn unsigned(value: Option<u64>) -> u64 {
    value.unwrap_or(0) & u64::from(u32::MAX)
}
