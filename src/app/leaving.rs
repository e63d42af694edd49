//! How the service takes leave of its callers.
//!
//! The rule: whoever was let in is answered. actix drops what it has accepted and not begun when it stops, so it stops
//! once nobody is inside.

use std::time::Duration;

use actix_web::dev::ServerHandle;

use super::connections::Connections;
use crate::{desk::Desk, ledger::Ledger};

/// What was accepted and waits for a thread is taken up within this, on a busy machine too.
const TAKEN_UP: Duration = Duration::from_secs(1);
/// Between two looks at the connections.
const LOOK: Duration = Duration::from_millis(20);

/// Those who have to know of it.
pub(super) struct Leaving {
    pub desk: Desk,
    pub ledger: Ledger,
    pub server: ServerHandle,
    pub connections: Connections,
    /// How long callers are told, at most.
    pub notice: Duration,
}

impl Leaving {
    /// The address goes too: callers are told until their proxy has noticed, then it is closed. Who comes in that moment
    /// is refused or reset by the kernel.
    pub(super) async fn with_the_address(self) {
        self.desk.close();
        self.ledger.end_watches();
        tokio::time::sleep(self.notice).await;
        self.server.stop(true).await;
    }

    /// The address stays: newcomers wait in its queue for the next process; who is inside is answered as ever, and for
    /// the last time on this connection. Called when all work is given back, so that the queue waits as short as may be.
    pub(super) async fn behind_an_open_address(self) {
        self.desk.part();
        self.ledger.end_watches();
        self.server.pause().await;
        tokio::time::sleep(TAKEN_UP).await;
        // A connection on which nothing comes any more is closed by its idle time-out, or at last by us.
        let inside = async {
            while self.connections.open() > 0 {
                tokio::time::sleep(LOOK).await;
            }
        };
        let _some_are_silent = tokio::time::timeout(self.notice.saturating_sub(TAKEN_UP), inside).await;
        self.desk.close();
        self.server.stop(true).await;
    }
}
