//! All loops of a node: started together, stopped together.

use std::time::Duration;

use tokio::{task::JoinHandle, time::timeout};

use super::{
    heads, keys,
    leases::Leases,
    reconciler, recorder, retention, scheduler,
    sender::{self, InTheAir},
    service::Service,
    stop::Stop,
};

/// What the loops may take to finish: the sender's drain, and the record's last round.
const STOPPING: Duration = Duration::from_secs(20);

/// The running loops of a node.
#[derive(Debug)]
pub struct Loops {
    service: Service,
    leases: JoinHandle<()>,
    leases_stop: Stop,
    keys: JoinHandle<()>,
    retention: JoinHandle<()>,
    heads: JoinHandle<()>,
    scheduler: JoinHandle<()>,
    reconciler: JoinHandle<()>,
    sender: JoinHandle<InTheAir>,
    recorder: JoinHandle<()>,
    recorder_stop: Stop,
}

impl Loops {
    /// Starts them.
    pub fn start(service: &Service) -> Self {
        let leases = Leases::new();
        let (stop, leases_stop, recorder_stop) = (service.stop().clone(), Stop::new(), Stop::new());
        Self {
            keys: tokio::spawn(keys::run(service.clone(), leases.clone(), stop.clone())),
            heads: tokio::spawn(heads::run(service.clone(), leases.clone(), stop.clone())),
            retention: tokio::spawn(retention::run(service.clone(), leases.clone(), stop.clone())),
            scheduler: tokio::spawn(scheduler::run(service.clone(), leases.clone(), stop.clone())),
            reconciler: tokio::spawn(reconciler::run(service.clone(), leases.clone(), stop.clone())),
            sender: tokio::spawn(sender::run(service.clone(), leases.clone(), stop)),
            recorder: tokio::spawn(recorder::run(service.clone(), leases.clone(), recorder_stop.clone())),
            leases: tokio::spawn(leases.run(service.clone(), leases_stop.clone())),
            service: service.clone(),
            leases_stop,
            recorder_stop,
        }
    }

    /// Asks everybody to stop, lets the leases go as soon as nothing new begins, so that other nodes need not wait for what is still in
    /// the air here, waits for that, and records what came of it.
    pub async fn stop(self) {
        self.service.stop().ask();
        let stopping = async {
            let _ = self.keys.await;
            let _ = self.retention.await;
            let _ = self.heads.await;
            let _ = self.scheduler.await;
            // A list that is under way is asked for again at the next start: nothing waits for it.
            self.reconciler.abort();
            let in_the_air = self.sender.await;
            self.leases_stop.ask();
            let _ = self.leases.await;
            if let Err(error) = self.service.store().let_go(self.service.node()).await {
                tracing::warn!(%error, "the leases could not be let go; they run out by themselves");
            }
            if let Ok(in_the_air) = in_the_air {
                in_the_air.land().await;
            }
            self.recorder_stop.ask();
            let _ = self.recorder.await;
        };
        if timeout(STOPPING, stopping).await.is_err() {
            tracing::warn!("not everything came to its end; what is left is found in the store at the next start");
        }
    }
}
