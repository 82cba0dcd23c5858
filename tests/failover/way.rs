//! A fixed address in front of servers, as an operator's service address: leads to one of them, and then to another.

use tokio::{
    net::{TcpListener, TcpStream},
    sync::watch,
};

pub struct Way {
    pub port: u16,
    target: watch::Sender<u16>,
}

impl Way {
    pub async fn to(port: u16) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let way = Self { port: listener.local_addr().unwrap().port(), target: watch::channel(port).0 };
        let target = way.target.clone();
        tokio::spawn(async move {
            while let Ok((mut near, _)) = listener.accept().await {
                let mut target = target.subscribe();
                tokio::spawn(async move {
                    let port = *target.borrow_and_update();
                    let Ok(mut far) = TcpStream::connect(("127.0.0.1", port)).await else { return };
                    let _ = (near.set_nodelay(true), far.set_nodelay(true));
                    tokio::select! {
                        _ = tokio::io::copy_bidirectional(&mut near, &mut far) => {}
                        _ = target.changed() => {}
                    }
                });
            }
        });
        way
    }

    /// Leads elsewhere from now on; connections end.
    pub fn lead_to(&self, port: u16) {
        self.target.send_replace(port);
    }
}
