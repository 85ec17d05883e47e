//! x
mod decode;
mod shown;
#[test]
fn list() {
    let mut s = shown::Shown::default();
    s.add(&std::fs::read("/tmp/all.cap").unwrap());
    for (id, info) in sockeye_query::sockets::catalog().fields() {
        if !s.telling.contains(&id) { println!("UNTOLD {} ", info.path); }
    }
    for (a,b) in s.twins() { println!("TWINS {} {}", sockeye_query::sockets::catalog().info(a).path, sockeye_query::sockets::catalog().info(b).path); }
}
