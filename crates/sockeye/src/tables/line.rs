//! What the kernel sends, received while rows are being written: on a large table the two take turns on two processors.

use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread;

use sockeye_conn::{Buffer, Error, Socket};
use sockeye_state::Received;
use sockeye_wire::{Kind, Messages};

/// Datagrams of a dump that are received here before a second thread is worth its while: half a megabyte.
const ALONE: usize = 16;
/// Datagrams that are handed over together: to wake the other thread costs as much as to fill a datagram with a few dozen
/// rows, and whoever writes is mostly the faster one.
const TOGETHER: usize = 8;
/// Batches that may wait to be written.
const WAITING: usize = 4;

/// Datagrams in the order in which they came, and what ended them.
#[derive(Default)]
struct Batch {
    buffers: Vec<Buffer>,
    filled: usize,
    failure: Option<Error>,
}

/// Hands everything that is received to `take`, until it wants no more or the dump is over. `false`: the dump was left
/// before its end, and the socket cannot be used for another.
pub(super) fn receive(
    socket: &mut Socket,
    buffer: &mut Buffer,
    mut take: impl FnMut(Received<'_>) -> bool,
) -> Result<bool, Error> {
    for _ in 0..ALONE {
        let received = socket.receive(buffer)?;
        let last = is_last(received);
        let more = take(received);
        if last || !more {
            return Ok(last);
        }
    }
    thread::scope(|scope| {
        let (filled, to_write) = sync_channel(WAITING);
        let (emptied, to_fill) = sync_channel(WAITING + 2);
        for _ in 0..WAITING {
            // The channel has room for all of them.
            let _ = emptied.send(Batch::default());
        }
        scope.spawn(move || fill(socket, &filled, &to_fill));
        while let Ok(mut batch) = to_write.recv() {
            for buffer in &batch.buffers[..batch.filled] {
                let last = is_last(buffer.received());
                let more = take(buffer.received());
                if last || !more {
                    return Ok(last);
                }
            }
            if let Some(failure) = batch.failure.take() {
                return Err(failure);
            }
            // The other thread has ended: what it filled comes all the same.
            let _ = emptied.send(batch);
        }
        Ok(false)
    })
}

/// Fills batches until the dump is over, or nobody wants them.
fn fill(socket: &mut Socket, filled: &SyncSender<Batch>, to_fill: &Receiver<Batch>) {
    while let Ok(mut batch) = to_fill.recv() {
        batch.filled = 0;
        let mut last = false;
        while !last && batch.filled < TOGETHER {
            if batch.filled == batch.buffers.len() {
                batch.buffers.push(Buffer::new());
            }
            match socket.receive(&mut batch.buffers[batch.filled]).map(is_last) {
                Ok(is_last) => {
                    batch.filled += 1;
                    last = is_last;
                }
                Err(error) => {
                    batch.failure = Some(error);
                    last = true;
                }
            }
        }
        if filled.send(batch).is_err() || last {
            return;
        }
    }
}

/// Whether the dump ends with this.
fn is_last(received: Received<'_>) -> bool {
    let Received::Datagram(datagram) = received else { return false };
    datagram.sender == 0
        && Messages::new(datagram.bytes)
            .map_while(Result::ok)
            .any(|message| matches!(message.kind(), Kind::Done | Kind::Error))
}
