//! Every command that asks the machine something, as the page names it and as it is run.

use sockeye_zoo::skip::kernel_is_since;

/// In which way a command says what is missing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Says {
    /// Objects, the last of them a verdict.
    Verdict,
    /// Text, with what is missing in it or on standard error.
    Text,
    /// Text that asks the machine nothing.
    Static,
    /// Text as the `ss` of others, which leaves out in silence what it was not told.
    AsSs,
    /// A stream: it says on standard error that it is in sync, and ends by a signal.
    Watch,
    /// A stream that says nothing before something happens.
    Events,
    /// The text of `ss` about sockets that it closes: one of ours each time, whose port is `PORT`.
    Closes,
    /// A screen with such a socket alone, and what it says when the key is pressed that closes it.
    Pressed,
}

impl Says {
    /// Whether sockets are made for it, so that it runs when no other looks at them.
    pub(crate) fn makes_sockets(self) -> bool {
        matches!(self, Self::Events) || self.has_victim()
    }

    /// Whether it closes a socket, which is made for it.
    pub(crate) fn has_victim(self) -> bool {
        matches!(self, Self::Closes | Self::Pressed)
    }
}

/// A command.
pub(crate) struct Asked {
    /// As it is typed; `NAME`, `PID` and the like stand for what the stage has, and behind a comma stands a key.
    pub(crate) words: &'static str,
    pub(crate) says: Says,
    /// The key under which it is known that a kernel cannot do it at all.
    pub(crate) lacking: Option<&'static str>,
    /// Older kernels keep something else back: the first that does not, and how the page calls it on those before.
    changed: Option<((u32, u32), &'static str)>,
    /// It is about what BPF programs keep with sockets, which only root of the machine can put there.
    pub(crate) is_of_storage: bool,
}

const fn asked(words: &'static str, says: Says) -> Asked {
    Asked { words, says, lacking: None, changed: None, is_of_storage: false }
}

impl Asked {
    /// As the page names it on this kernel.
    pub(crate) fn name(&self) -> &'static str {
        match self.changed {
            Some(((major, minor), before)) if !kernel_is_since(major, minor) => before,
            _ => self.words,
        }
    }

    /// The words that are typed, and the key that is pressed then.
    pub(crate) fn typed(&self) -> (&'static str, Option<&'static str>) {
        match self.words.split_once(", ") {
            Some((words, key)) => (words, Some(key)),
            None => (self.words, None),
        }
    }

    /// As the page names it on any kernel, in its order.
    pub(crate) fn names(&self) -> impl Iterator<Item = &'static str> {
        [self.words].into_iter().chain(self.changed.map(|(_, before)| before))
    }
}

use Says::{AsSs, Closes, Events, Pressed, Static, Text, Verdict, Watch};

/// All of them, in the order of the page.
pub(crate) const ASKED: &[Asked] = &[
    asked("sockets all --no-owners --group-by proto", Verdict),
    asked("sockets tcp -c local,skmem", Verdict),
    asked("sockets tcp --confirm --no-owners", Verdict),
    asked("sockets tcp", Verdict),
    asked("sockets tcp -c local,process", Verdict),
    asked("sockets tcp -c local,process --owner-source proc", Verdict),
    Asked { lacking: Some("bpf:btf"), ..asked("sockets tcp -c local,process --owner-source bpf", Verdict) },
    asked("sockets unix -c type,process,peer-process", Verdict),
    asked("sockets tcp --group-by process", Verdict),
    asked("sockets tcp -c local,mark", Verdict),
    asked("sockets tcp mark != 0 -c local", Verdict),
    asked("sockets tcp -c local,md5_signatures", Verdict),
    asked("sockets packet -c type,filter", Verdict),
    asked("sockets tcp -c local,bpf_storages", Verdict),
    Asked {
        // include/net/tcp.h, `tcp_ulp_ops`: what `get_info` tells only to CAP_NET_ADMIN is decided by it since 6.15.
        changed: Some(((6, 15), "sockets tcp --view everything # Linux before 6.15")),
        ..asked("sockets tcp --view everything", Verdict)
    },
    asked("sockets tcp --no-owners --capture FILE", Verdict),
    asked("sockets tcp --no-owners --replay CAPTURE", Verdict),
    asked("sockets tcp --no-owners -N NAME", Verdict),
    asked("sockets tcp --no-owners -N PID", Verdict),
    asked("sockets tcp --no-owners -N all", Verdict),
    asked("links", Verdict),
    asked("addresses", Verdict),
    asked("routes", Verdict),
    asked("rules", Verdict),
    asked("neighbours", Verdict),
    asked("nexthops", Verdict),
    asked("qdiscs", Verdict),
    asked("tc-classes", Verdict),
    asked("tc-filters", Verdict),
    asked("tc-actions", Verdict),
    asked("fdb", Verdict),
    asked("mdb", Verdict),
    Asked { lacking: Some("bridge-vlans"), ..asked("vlans", Verdict) },
    asked("netconf", Verdict),
    asked("multicast", Verdict),
    asked("anycast", Verdict),
    asked("mroutes", Verdict),
    asked("labels", Verdict),
    asked("neighbour-tables", Verdict),
    asked("statistics", Verdict),
    asked("namespaces", Verdict),
    asked("routes -N NAME", Verdict),
    asked("routes -N PID", Verdict),
    asked("routes -N all", Verdict),
    asked("watch", Watch),
    asked("watch -N NAME", Watch),
    asked("watch -N all", Watch),
    asked("watch sockets", Watch),
    Asked { lacking: Some("bpf:btf"), ..asked("watch sockets --source bpf", Watch) },
    asked("watch sockets --source dumps", Watch),
    asked("watch sockets -N NAME", Watch),
    asked("watch sockets -N all", Watch),
    asked("top --once --interval 100ms", Text),
    asked("top --once --interval 100ms -N NAME", Text),
    asked("top --once --interval 100ms -N all", Text),
    Asked { lacking: Some("destroy"), ..asked("top --pane listeners sport = PORT, x", Pressed) },
    asked("why --for 300ms", Text),
    asked("why --for 300ms -N NAME", Text),
    asked("why 127.0.0.1:9", Text),
    asked("ss -tan", AsSs),
    asked("ss -tanm", AsSs),
    asked("ss -tane", AsSs),
    asked("ss -tanp", AsSs),
    asked("ss -0b", AsSs),
    Asked { is_of_storage: true, ..asked("ss -tan --bpf-maps", AsSs) },
    Asked { is_of_storage: true, ..asked("ss -tan --bpf-map-id=MAP", AsSs) },
    asked("ss -s", AsSs),
    asked("ss -tan -N NAME", AsSs),
    asked("ss -tE", Events),
    Asked { lacking: Some("destroy"), ..asked("ss -tK state listening sport = PORT", Closes) },
    asked("fields rtt", Static),
    asked("man", Static),
    asked("completion bash", Static),
];
