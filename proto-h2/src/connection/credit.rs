//! Credit as the application sees it: what the peer may send, and what may be sent to it.

use super::Connection;
use crate::StreamId;
use crate::reply::Reply;

impl Connection {
    /// From now on the credit of what comes on the stream is returned by [`release`](Self::release) only: a peer
    /// that sends faster than the application takes is made to wait. The credit of the connection as a whole is
    /// returned automatically all the same, so that one stream that is held does not stop the others. `false` when
    /// there is no such stream.
    pub fn hold_credit(&mut self, id: StreamId) -> bool {
        let stream = self.streams.by_id(id.0).filter(|(_, stream)| stream.reset_due.is_none());
        stream.map(|(_, stream)| stream.holds_credit = true).is_some()
    }

    /// Returns `octets` of the credit that is held, at most as much as there is.
    pub fn release(&mut self, id: StreamId, octets: u32) {
        if let Some((_, stream)) = self.streams.by_id(id.0) {
            stream.receive.release(octets);
            self.return_credit(id.0);
        }
    }

    /// Ends [`hold_credit`](Self::hold_credit) and returns all that is held.
    pub fn release_all(&mut self, id: StreamId) {
        if let Some((_, stream)) = self.streams.by_id(id.0) {
            stream.holds_credit = false;
            stream.receive.release_all();
            self.return_credit(id.0);
        }
    }

    /// Changes the credit of the stream beyond what was received: more lets the peer send ahead; less is taken back
    /// from credit that would be returned later, since what was granted cannot be revoked.
    pub fn grant(&mut self, id: StreamId, octets: i32) {
        if let Some((_, stream)) = self.streams.by_id(id.0) {
            stream.receive.grant(octets);
            self.return_credit(id.0);
        }
    }

    /// What the peer may still send on the stream, as far as is known here: data may be on its way. 0 when there is
    /// no such stream.
    pub fn estimated_peer_credit(&self, id: StreamId) -> u32 {
        self.stream(id.0)
            .map_or(0, |stream| stream.receive.available().min(self.receive.available()).max(0) as u32)
    }

    /// How many octets of data may be sent on the stream now. 0 when there is no such stream, or it may not send.
    pub fn send_capacity(&self, id: StreamId) -> u32 {
        let stream = self.stream(id.0).filter(|stream| stream.head_sent && stream.state.may_send());
        stream.map_or(0, |stream| stream.send.available().min(self.send.available()))
    }

    /// Puts a WINDOW_UPDATE of the stream among the replies if one is due, or remembers that one is.
    fn return_credit(&mut self, id: u32) {
        if self.replies.room() < 2 {
            self.streams_due = true;
            return;
        }
        let target = self.stream_window;
        let Some((_, stream)) = self.streams.by_id(id) else { return };
        if stream.state.may_receive()
            && stream.reset_due.is_none()
            && let Some(increment) = stream.receive.update(target)
        {
            self.replies.push(Reply::Window { id, increment });
        }
    }
}
