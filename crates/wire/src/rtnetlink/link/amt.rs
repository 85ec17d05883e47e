//! Multicast tunnels of AMT (include/uapi/linux/amt.h, drivers/net/amt.c).

crate::space! {
    /// What a multicast tunnel of AMT adds to a link.
    pub static AMT = "amt"; {
        /// Which end of the tunnel this is.
        IFLA_AMT_MODE = 1 => "mode": Number(U32, OneOf(crate::names![(0, "gateway"), (1, "relay")])), (5, 16);
        /// UDP port of the relay.
        IFLA_AMT_RELAY_PORT = 2 => "relay_port": Number(Be16, Identifier), (5, 16);
        /// UDP port of the gateway.
        IFLA_AMT_GATEWAY_PORT = 3 => "gateway_port": Number(Be16, Identifier), (5, 16);
        /// Link below.
        IFLA_AMT_LINK = 4 => "link": Number(U32, LowerInterface), (5, 16);
        /// Address of this end.
        IFLA_AMT_LOCAL_IP = 5 => "local_ip": Address, (5, 16);
        /// Address of the relay.
        IFLA_AMT_REMOTE_IP = 6 => "remote_ip": Address, (5, 16);
        /// Address at which relays are looked for.
        IFLA_AMT_DISCOVERY_IP = 7 => "discovery_ip": Address, (5, 16);
        /// Most tunnels of a relay.
        IFLA_AMT_MAX_TUNNELS = 8 => "max_tunnels": Number(U32, Count), (5, 16);
    }
}
