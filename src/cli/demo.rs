//! `intake demo`: a phone in the browser and a desk, with nothing else installed and nothing leaving the machine.

use std::{
    fs,
    net::SocketAddr,
    path::{Path, PathBuf},
    process::ExitCode,
};

use anyhow::{Context, ensure};

use super::{out, serve, user};
use crate::{
    answer,
    base::{Language, clock::Clock},
    config::{Settings, seal},
    security::{Sealer, role::Role, token},
};

const CONFIG: &str = "intake.toml";
const USER: &str = "ana";

/// Where the demo lives.
#[derive(clap::Args)]
pub(super) struct Args {
    /// The folder that its configuration, key and data are kept in
    #[arg(long, default_value = "intake-demo")]
    dir: PathBuf,
    /// Where it listens
    #[arg(long, default_value = "127.0.0.1:8080")]
    listen: SocketAddr,
}

/// Makes the folder where it is missing, and serves.
pub(super) fn run(args: &Args) -> anyhow::Result<ExitCode> {
    ensure!(args.listen.ip().is_loopback(), "the demo listens on this machine only; write `--listen 127.0.0.1:PORT`");
    let file = args.dir.join(CONFIG);
    if !file.exists() {
        make(&args.dir, &Clock::machine())?;
    }
    let mut settings = Settings::read(&file)?;
    // Read when they are first asked for, which in a development build takes longer than the first text may.
    for language in answer::languages().filter_map(|tag| Language::parse(&tag)) {
        answer::hears(&language);
    }
    serve::on_runtime(async {
        let listener = serve::listen(args.listen).await?;
        settings.server.listen = listener.local_addr()?;
        settings.server.public_url = format!("http://{}", settings.server.listen);
        let address = settings.server.public_url.clone();
        let service = serve::open(settings).await?;
        let password = user::with_new_password(service.records(), service.clock(), USER, "Ana", Role::Admin).await?;
        out::line(&format!(
            "\nIntake is running, on this machine alone.\n\n  \
             a phone to text from    {address}/phone\n  \
             a desk to answer at     {address}/desk    user {USER}    password {password}\n\n\
             All it keeps is in {}. The password is a new one at each start. Ctrl-C stops.\n",
            args.dir.display()
        ));
        serve::until_stopped(&service, listener).await?;
        Ok(ExitCode::SUCCESS)
    })
}

/// Makes folder, key and configuration.
fn make(dir: &Path, clock: &Clock) -> anyhow::Result<()> {
    fs::create_dir_all(dir).with_context(|| format!("the folder {} cannot be made", dir.display()))?;
    let key = dir.join("intake.key");
    if !key.exists() {
        seal::write_new(&key, &Sealer::generate(clock)).map_err(anyhow::Error::msg)?;
    }
    // Flows of the folder we stand in, so that a change to them is tried with the next start; else the ones that the program carries.
    let flows = Path::new("flows");
    let flows = if flows.is_dir() {
        let dir = flows.canonicalize().context("the folder flows cannot be found")?;
        format!("\n[flows]\ndir = {}\n", toml::Value::String(dir.display().to_string()))
    } else {
        String::new()
    };
    let text = format!(
        r#"# Made by `intake demo`. For trying out only: anyone on this machine can text as anybody.

[store]
url = "sqlite:intake.db"

[seal]
key = {{ file = "intake.key" }}
{flows}
[agency]
name = "City Health Department"
emergency_number = "911"
phone_line = "+15550100999"
country = "US"
time_zone = "America/New_York"

[desk]
hours = "always"
on_call = ["sms:+15550100777"]

[[channel]]
name = "sms"
provider = "browser"
medium = "sms"
token = "{}"

[[channel]]
name = "wa"
provider = "browser"
medium = "whatsapp"
token = "{}"

[api]
tokens = [{{ name = "demo", role = "admin", secret = "{}" }}]
"#,
        token::new(clock).reveal(),
        token::new(clock).reveal(),
        token::new(clock).reveal(),
    );
    let file = dir.join(CONFIG);
    seal::write_new(&file, &text).map_err(|_| anyhow::anyhow!("{} cannot be written", file.display()))
}
