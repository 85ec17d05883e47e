//! What is written reads back, and hostile bytes do no harm.

use super::*;

const ABOUT: About<'static> =
    About { start_ns: 1_799_999_999_123_456_789, kernel: b"6.18.44", command: b"sockeye sockets \xff" };

/// Every kind of record once, as comparable text.
fn story() -> (Vec<u8>, Vec<String>) {
    let datagram = Datagram::new(b"abcdefg");
    let records = [
        Record::Opened { protocol: 4, namespace: b"bl\xe9u" },
        Record::Request(b"what?"),
        Record::Received(Received::Datagram(datagram)),
        Record::Received(Received::Datagram(datagram.from_sender(0xdead_beef).cut(true))),
        Record::Received(Received::Overrun),
        Record::Received(Received::Empty),
        Record::Unknown { kind: 200, body: b"of the future" },
    ];
    let mut writer = Writer::new(&ABOUT);
    let mut told = Vec::new();
    for (number, record) in (0u16..).zip(records) {
        writer.write(u64::from(number) << 40, 500 + number, record);
        told.push(format!("{} {} {record:?}", u64::from(number) << 40, 500 + number));
    }
    (writer.bytes().to_vec(), told)
}

/// The entries of a capture as text, then the error if there is one.
fn read(capture: &[u8]) -> (Vec<String>, Option<CaptureError>) {
    let reader = match Reader::new(capture) {
        Ok(reader) => reader,
        Err(error) => return (Vec::new(), Some(error)),
    };
    let mut told = Vec::new();
    for entry in reader {
        match entry {
            Ok(entry) => told.push(format!("{} {} {:?}", entry.after_ns, entry.channel, entry.record)),
            Err(error) => return (told, Some(error)),
        }
    }
    (told, None)
}

#[test]
fn what_is_written_reads_back() {
    let (capture, told) = story();
    assert_eq!(Reader::new(&capture).expect("a capture").about(), ABOUT);
    assert_eq!(read(&capture), (told, None));
}

#[test]
fn a_capture_is_written_in_pieces() {
    let (whole, _) = story();
    let mut writer = Writer::new(&ABOUT);
    let mut file = writer.bytes().to_vec();
    for entry in Reader::new(&whole).expect("a capture") {
        let entry = entry.expect("an entry");
        writer.clear();
        writer.write(entry.after_ns, entry.channel, entry.record);
        file.extend_from_slice(writer.bytes());
    }
    assert_eq!(file, whole);
}

#[test]
fn a_cut_capture_gives_what_is_whole_and_says_that_it_is_cut() {
    let (capture, told) = story();
    let mut counts = Vec::new();
    for length in 0..capture.len() {
        let (entries, error) = read(&capture[..length]);
        assert_eq!(entries, told[..entries.len()]);
        match error {
            Some(CaptureError::Truncated { at, need, have }) => assert!(at + have == length && need > have),
            // Only a cut between two frames cannot be told from an end.
            error => assert_eq!((error, counts.contains(&entries.len())), (None, false), "cut at {length}"),
        }
        if error.is_none() {
            counts.push(entries.len());
        }
    }
    assert_eq!(counts, (0..told.len()).collect::<Vec<_>>());
}

#[test]
fn random_bytes_in_a_capture_do_no_harm() {
    let (capture, _) = story();
    // xorshift: the same bytes in every run.
    let mut state = 0x2545_f491u32;
    let mut random = || {
        state ^= state << 13;
        state ^= state >> 17;
        state ^= state << 5;
        state.to_le_bytes()
    };
    for _ in 0..20_000 {
        let mut damaged = capture.clone();
        for _ in 0..=random()[0] % 4 {
            let [low, high, byte, _] = random();
            let at = usize::from(u16::from_le_bytes([low, high])) % damaged.len();
            damaged[at] = byte;
        }
        let (entries, _) = read(&damaged);
        assert!(entries.len() <= damaged.len() / FRAME_LEN);
    }
}

#[test]
fn other_files_are_told_apart_from_broken_captures() {
    let (capture, _) = story();
    assert_eq!(read(b"{\"schema\": 1, \"sockets\": []}").1, Some(CaptureError::NotACapture));
    assert_eq!(read(b"x").1, Some(CaptureError::NotACapture));
    assert_eq!(read(b"").1, Some(CaptureError::Truncated { at: 0, need: FIXED_LEN, have: 0 }));
    let with = |at: usize, byte: u8| {
        let mut changed = capture.clone();
        changed[at] = byte;
        read(&changed).1
    };
    assert_eq!(with(8, 9), Some(CaptureError::Version(9)));
    assert_eq!(with(10, 3 - BYTE_ORDER), Some(CaptureError::ByteOrder(3 - BYTE_ORDER)));
}

#[test]
fn a_claimed_length_is_checked_before_it_is_used() {
    let mut capture = Writer::new(&ABOUT).bytes().to_vec();
    let at = capture.len();
    capture.extend_from_slice(&[DATAGRAM, 0, 0, 0, 0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0, 0, 0, 0, 0]);
    assert_eq!(read(&capture).1, Some(CaptureError::TooLong { at, length: 0xffff_ffff }));
}

#[test]
fn a_datagram_beyond_the_bound_is_marked_as_cut() {
    let bytes = vec![1; BODY_LEN_MAX];
    let mut writer = Writer::new(&ABOUT);
    writer.write(0, 0, Record::Received(Received::Datagram(Datagram::new(&bytes))));
    let entry = Reader::new(writer.bytes()).and_then(|mut reader| reader.next().expect("an entry"));
    match entry.expect("readable").record {
        Record::Received(Received::Datagram(datagram)) => {
            assert!(datagram.truncated && datagram.bytes.len() == BODY_LEN_MAX - 4);
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn keys_are_cut_out_on_writing() {
    let body = [&[2, 10][..], &[0; 70]].concat();
    let signature = [&[2, 32, 80, 0][..], &[0; 16], &[b'K'; 80]].concat();
    let message = sockeye_wire::Request::new(20, 0).body(&body).attribute(18, &signature);
    let mut writer = Writer::new(&ABOUT);
    writer.write(0, 0, Record::Received(Received::Datagram(Datagram::new(message.as_bytes()))));
    assert!(!writer.bytes().windows(2).any(|pair| pair == b"KK"));
}

/// A route with encapsulation, whose attributes begin behind 12 bytes and not behind those of a socket: what looks like a
/// key there, or like a defect, is none.
#[test]
fn what_is_not_of_sockets_is_kept_byte_for_byte() {
    let body = [[10].as_slice(), &[7; 91], &[104, 0, 18, 0], &[0xee; 100], &[1, 0, 9]].concat();
    let message = sockeye_wire::Request::new(24, 2).body(&body);
    let datagram = Record::Received(Received::Datagram(Datagram::new(message.as_bytes())));
    let kept = |protocol| {
        let mut writer = Writer::new(&About::default());
        writer.write(0, 5, Record::Opened { protocol, namespace: b"" });
        writer.write(0, 9, Record::Opened { protocol: 4 - protocol, namespace: b"" });
        writer.write(0, 5, datagram);
        writer.bytes().ends_with(message.as_bytes())
    };
    assert!(kept(0), "NETLINK_ROUTE");
    assert!(!kept(4), "NETLINK_SOCK_DIAG");
    let mut writer = Writer::new(&About::default());
    writer.write(0, 5, datagram);
    assert!(!writer.bytes().ends_with(message.as_bytes()), "of a socket that nobody knows keys are cut out");
}
