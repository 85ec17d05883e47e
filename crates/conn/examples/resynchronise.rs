//! What becomes of a slow reader: it reads a little only when somebody presses Enter. When the kernel had to drop messages
//! meanwhile, there is a gap, then the differences that the repair found, then the mirror is right again. Ends with its
//! input.

use std::io::BufRead as _;

use sockeye_conn::Watcher;
use sockeye_state::rtnetlink::Tables;
use sockeye_state::watch::{Options, Output};
use sockeye_wire::rtnetlink::Table;

/// Room for a handful of messages.
const RECEIVE_BUFFER: usize = 4096;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let options = Options::new(Tables::one(Table::Rules));
    let mut watcher = Watcher::with_receive_buffer(None, options, RECEIVE_BUFFER)?;
    read(&mut watcher)?;
    for line in std::io::stdin().lock().lines() {
        line?;
        read(&mut watcher)?;
    }
    Ok(())
}

/// Reads until the mirror is right.
fn read(watcher: &mut Watcher) -> Result<(), sockeye_conn::Error> {
    let mut synced = false;
    let (mut announced, mut repaired) = (0, 0);
    watcher.advance(&mut |output| {
        if let Output::Synced(_) = output {
            synced = true;
        }
        count(&output, &mut announced, &mut repaired);
    })?;
    while !synced && !watcher.engine().synced().contains(Table::Rules) {
        watcher.wait(None, &mut |output| count(&output, &mut announced, &mut repaired))?;
    }
    let rules = watcher.engine().mirror(Table::Rules).map_or(0, sockeye_state::Mirror::len);
    println!("{announced} announced, {repaired} found by the repair; {rules} rules, in sync");
    Ok(())
}

fn count(output: &Output<'_>, announced: &mut u64, repaired: &mut u64) {
    match output {
        Output::Change(change) if change.is_resync() => *repaired += 1,
        Output::Change(_) => *announced += 1,
        Output::Gap(gap) => println!("gap: {}, datagrams lost: {:?}", gap.reason, gap.lost),
        _ => {}
    }
}
