//! Who is behind a port id.

/// The name of the process that asked last: one that makes a thousand routes is looked up once.
#[derive(Default)]
pub(super) struct Processes {
    last: Option<(u32, Option<Vec<u8>>)>,
}

impl Processes {
    /// The name of the process with the id that most sockets have as their port id, if it is still there.
    pub(super) fn name(&mut self, port_id: u32) -> Option<Vec<u8>> {
        match &self.last {
            Some((known, name)) if *known == port_id => name.clone(),
            _ => {
                let name = look_up(port_id);
                self.last = Some((port_id, name.clone()));
                name
            }
        }
    }

    /// Ids are given again: what was found is good for a moment.
    pub(super) fn forget(&mut self) {
        self.last = None;
    }
}

fn look_up(port_id: u32) -> Option<Vec<u8>> {
    let pid = i32::try_from(port_id).ok().filter(|&pid| pid > 0)?;
    let name = std::fs::read(format!("/proc/{pid}/comm")).ok()?;
    Some(name.strip_suffix(b"\n").unwrap_or(&name).to_vec())
}
