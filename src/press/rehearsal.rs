//! Accidents on order, so that it can be shown what becomes of them. Only a child that was started with `--rehearse`
//! plays them; a paper's words do nothing in any other.

use std::{
    hint::black_box,
    io::{self, Write},
    os::unix::process::CommandExt,
    process::Command,
    time::Duration,
};

/// What stands before the accident's name, anywhere in the order.
const CUE: &str = "rehearse:";

/// Plays the accident that the order names, if any.
pub(super) fn play(order: &str) {
    let Some((_, rest)) = order.split_once(CUE) else { return };
    let name: String = rest.chars().take_while(|c| c.is_ascii_lowercase()).collect();
    match name.as_str() {
        "abort" => std::process::abort(),
        "panic" => panic!("rehearsed; the words after this are personal: {order}"),
        "allocate" => drop(black_box(vec![1_u8; 8 << 30])),
        "sleep" => loop {
            std::thread::sleep(Duration::from_secs(3_600));
        },
        "spin" => loop {
            std::hint::spin_loop();
        },
        "overflow" => drop(black_box(endless(1))),
        "print" => flood(io::stdout().lock()),
        "scream" => flood(io::stderr().lock()),
        "garble" => write_frames(&[b"{\"Made\":"]),
        "swell" => write_length_of_a_gigabyte(),
        "exec" => drop(Command::new("/bin/true").exec()),
        _ => {}
    }
}

/// Not a loop that a compiler could make of it: each call's result is needed after the next one.
fn endless(depth: u64) -> u64 {
    let below = black_box([depth; 64]);
    if below[0] == u64::MAX { 0 } else { endless(below[0] + 1) ^ below[63] }
}

/// A gigabyte.
fn flood(mut pipe: impl Write) {
    let chunk = vec![b'x'; 1 << 20];
    for _ in 0..1 << 10 {
        if pipe.write_all(&chunk).is_err() {
            return;
        }
    }
}

fn write_frames(bodies: &[&[u8]]) {
    let mut pipe = io::stdout().lock();
    for body in bodies {
        let _closed = pipe.write_all(&(body.len() as u64).to_be_bytes()).and_then(|()| pipe.write_all(body));
    }
    let _closed = pipe.flush();
}

/// A paper of a gigabyte is announced, and begun.
fn write_length_of_a_gigabyte() {
    write_frames(&[br#"{"Made":{"pages":1,"media_type":"application/pdf"}}"#]);
    let mut pipe = io::stdout().lock();
    let _closed = pipe.write_all(&(1_u64 << 30).to_be_bytes()).and_then(|()| pipe.flush());
    drop(pipe);
    flood(io::stdout().lock());
}
