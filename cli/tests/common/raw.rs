//! A server that sends exactly the bytes it is told to, right or wrong.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::thread;
use std::time::Duration;

/// No read or write of a test may take longer.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

/// What the server does once it has sent its bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Then {
    /// Ends the connection in order.
    Close,
    /// Resets the connection.
    Reset,
    /// Keeps it open until the client goes.
    Wait,
}

/// Serves one connection: waits for the first bytes of a request, sends `answer`, and does `then`. Returns the port.
pub(crate) fn serve_once(answer: impl Into<Vec<u8>>, then: Then) -> u16 {
    let answer = answer.into();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        stream.set_write_timeout(Some(PATIENCE)).unwrap();
        if then == Then::Reset {
            // Closing while there is unread input is what makes the kernel reset.
            let _ = stream.peek(&mut [0]);
            let _ = stream.write_all(&answer);
            return;
        }
        let _ = stream.read(&mut [0; 16384]);
        let _ = stream.write_all(&answer);
        if then == Then::Close {
            let _ = stream.shutdown(Shutdown::Write);
        }
        // Until the client has gone, so that nothing is reset under its hands.
        let _ = std::io::copy(&mut stream, &mut std::io::sink());
    });
    port
}

/// A port on which nobody listens.
pub(crate) fn closed_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

/// Connects to a port of this machine, with limits on every wait.
pub(crate) fn connect(port: u16) -> TcpStream {
    let stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream.set_write_timeout(Some(PATIENCE)).unwrap();
    stream.set_nodelay(true).unwrap();
    stream
}

/// Reads up to and including an empty line; less when the peer ends first.
pub(crate) fn read_head(stream: &mut TcpStream) -> String {
    let mut head = Vec::new();
    let mut byte = [0];
    while !head.ends_with(b"\r\n\r\n") && stream.read(&mut byte).is_ok_and(|n| n > 0) {
        head.push(byte[0]);
    }
    String::from_utf8_lossy(&head).into_owned()
}

/// Reads to the end of the connection; a reset counts as one.
pub(crate) fn read_to_end(stream: &mut TcpStream) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut block = [0; 4096];
    loop {
        match stream.read(&mut block) {
            Ok(0) => return bytes,
            Ok(n) => bytes.extend_from_slice(&block[..n]),
            Err(error) if error.kind() == std::io::ErrorKind::ConnectionReset => return bytes,
            Err(error) => panic!("{error}, after {:?}", String::from_utf8_lossy(&bytes)),
        }
    }
}
