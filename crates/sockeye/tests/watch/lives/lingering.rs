//! Connections that nobody holds any more, and that live on until the peer has read what was sent.

use std::os::fd::OwnedFd;
use std::process::{Child, Command, Stdio};

use serde_json::json;
use sockeye_zoo::{Skip, in_namespace};

use super::*;

/// Holds its standard input, and when something comes on it writes as much as has room, and closes it.
const WRITES_AND_CLOSES: &str = "use IO::Handle; sysread(STDIN, my $go, 3); STDIN->blocking(0);
    open(my $out, '>&=', 0); 1 while syswrite($out, 'x' x 65536); close($out); close(STDIN); sleep 60";

/// A program that does so.
fn holder(held: OwnedFd) -> Result<Child, Skip> {
    let program = Command::new("perl").args(["-e", WRITES_AND_CLOSES]).stdin(Stdio::from(held)).spawn();
    program.map_err(|error| Skip::new("program:perl", error.to_string()))
}

#[test]
fn who_closed_it_with_something_unsent_is_named_at_its_end() {
    in_namespace(|_| {
        let listener = TcpListener::bind("127.0.0.1:7001").expect("free");
        let mut watching = start(&ROUNDS, &["-j"]);
        let (mut client, server) = connect(&listener);
        let here = port(&client);
        let mut holder = holder(OwnedFd::from(server))?;
        // A socket that comes is told of after a look at all who hold some.
        let mut others = Vec::new();
        let mut look = |watching: &mut Watching| {
            let other = TcpListener::bind("127.0.0.1:0").expect("some are free");
            let port = other.local_addr().expect("bound").port();
            watching.object("another", |object| is(object, "listening", port));
            others.push(other);
        };
        look(&mut watching);
        client.write_all(b"go\n").expect("sent");
        let it =
            |event: &'static str| move |object: &Value| is(object, event, 7001) && object["key"]["peer_port"] == here;
        watching.object("that it is closed", |object| it("state")(object) && object["record"]["state"] == "fin-wait-1");
        (0..3).for_each(|_| look(&mut watching));
        client.read_to_end(&mut Vec::new()).expect("all that was written");
        drop(client);
        let closed = watching.object("its end", it("closed"));
        assert_eq!((&closed["owners"][0]["pid"], closed.get("owners_of")), (&json!(holder.id()), None), "{closed}");
        assert_eq!(closed["owners"][0]["process"], "perl", "{closed}");
        watching.interrupt().with(0);
        holder.kill().expect("a child of ours");
        holder.wait().expect("a child of ours");
        Ok(())
    });
}
