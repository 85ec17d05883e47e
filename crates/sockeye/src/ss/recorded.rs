//! `TCPDIAG_FILE`: TCP sockets from a file that `-D` wrote, here or with `ss`.

use std::path::Path;

use sockeye_query::sockets::{SocketRow, Table};
use sockeye_wire::{Kind, Messages};

use super::file_filter::FileFilter;
use super::listing::Output;
use crate::rows::{Row, Take as _};
use crate::sockets::system::Place;

/// Lists the sockets in a file. An error says where the file is not whole; what came before it is listed.
pub(super) fn list(path: &Path, filter: &FileFilter, output: &Output<'_>, place: &Place<'_>) -> Result<(), String> {
    let bytes = std::fs::read(path).map_err(|error| format!("cannot read {}: {error}", path.display()))?;
    let mut writer = output.writer();
    let mut ended = false;
    let mut wrong = None;
    // The answers for IPv4 and IPv6 stand behind each other, each with its own end.
    for message in Messages::new(&bytes) {
        let message = match message {
            Ok(message) => message,
            Err(error) => {
                wrong = Some(format!("{} is no recording of TCP sockets: {error}", path.display()));
                break;
            }
        };
        match message.kind() {
            Kind::Data(_) => {
                ended = false;
                let Ok(row) = SocketRow::read(Table::Tcp, message.payload(), place) else { continue };
                if filter.takes(&row) && !writer.take(Row::Socket(&row)) {
                    break;
                }
            }
            Kind::Done => ended = true,
            Kind::Error => {
                let errno = message.error().and_then(Result::ok).map_or(0, |error| error.errno);
                let why = std::io::Error::from_raw_os_error(errno);
                wrong = Some(format!("{}: the kernel had refused: {why}", path.display()));
                ended = true;
            }
            _ => {}
        }
    }
    writer.end();
    match wrong {
        Some(sentence) => Err(sentence),
        None if !ended => Err(format!("{} ends before its last message", path.display())),
        None => Ok(()),
    }
}
