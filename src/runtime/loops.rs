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
    scheduler: JoinHandle<()>,
    reconciler: JoinHandle<()>,
    sender: JoinHandle<InTheAir>,
    of_record: Option<OfRecord>,
}

/// The loops that read and write the record.
#[derive(Debug)]
struct OfRecord {
    retention: JoinHandle<()>,
    heads: JoinHandle<()>,
    recorder: JoinHandle<()>,
    recorder_stop: Stop,
}

impl Loops {
    /// Starts them.
    pub fn start(service: &Service) -> Self {
        Self::begin(service, |service, leases| Some(OfRecord::start(service, leases)))
    }

    /// Starts all but those that read and write the record. SQL answers from threads of its own: where time is played, its answers would
    /// come whenever they like, and no run would repeat itself.
    pub fn start_without_record(service: &Service) -> Self {
        Self::begin(service, |_, _| None)
    }

    fn begin(service: &Service, of_record: impl FnOnce(&Service, &Leases) -> Option<OfRecord>) -> Self {
        let leases = Leases::new();
        let (stop, leases_stop) = (service.stop().clone(), Stop::new());
        Self {
            keys: tokio::spawn(keys::run(service.clone(), leases.clone(), stop.clone())),
            scheduler: tokio::spawn(scheduler::run(service.clone(), leases.clone(), stop.clone())),
            reconciler: tokio::spawn(reconciler::run(service.clone(), leases.clone(), stop.clone())),
            sender: tokio::spawn(sender::run(service.clone(), leases.clone(), stop)),
            of_record: of_record(service, &leases),
            leases: tokio::spawn(leases.run(service.clone(), leases_stop.clone())),
            service: service.clone(),
            leases_stop,
        }
    }

    /// Asks everybody to stop, lets the leases go as soon as nothing new begins, so that other nodes need not wait for what is still in
    /// the air here, waits for that, and records what came of it.
    pub async fn stop(self) {
        self.service.stop().ask();
        let stopping = async {
            let recorder = match self.of_record {
                Some(OfRecord { retention, heads, recorder, recorder_stop }) => {
                    let _ = retention.await;
                    let _ = heads.await;
                    Some((recorder, recorder_stop))
                }
                None => None,
            };
            let _ = self.keys.await;
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
            if let Some((recorder, stop)) = recorder {
                stop.ask();
                let _ = recorder.await;
            }
        };
        if timeout(STOPPING, stopping).await.is_err() {
            tracing::warn!("not everything came to its end; what is left is found in the store at the next start");
        }
    }
}

impl OfRecord {
    fn start(service: &Service, leases: &Leases) -> Self {
        let (stop, recorder_stop) = (service.stop(), Stop::new());
        Self {
            retention: tokio::spawn(retention::run(service.clone(), leases.clone(), stop.clone())),
            heads: tokio::spawn(heads::run(service.clone(), leases.clone(), stop.clone())),
            recorder: tokio::spawn(recorder::run(service.clone(), leases.clone(), recorder_stop.clone())),
            recorder_stop,
        }
    }
}
