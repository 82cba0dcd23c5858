//! `intake chat FLOW`: a phone and a desk in the terminal, with a clock that is set by hand.

use std::{
    io::{BufRead, IsTerminal},
    path::PathBuf,
    process::ExitCode,
};

use anyhow::{Context, bail};
use jiff::civil::DateTime;

use super::{check, folder, out, test};
use crate::{
    base::{Address, Language, Medium, Private, clock::Clock},
    engine::{
        Fact, Outcome,
        event::{DeskAct, DeskOutcome, HandBack, NewPerson},
    },
    flow::{Level, report},
    render::Shape,
    transcript::{Sent, Setting, Simulation, Turn, answers, parse, play},
};

/// What to talk to, and as whom.
#[derive(clap::Args)]
pub(super) struct Args {
    /// A flow's file, or its name under flows/
    flow: PathBuf,
    /// The language to begin in (a tag: en, es)
    #[arg(long)]
    language: Option<String>,
    /// sms or whatsapp
    #[arg(long, default_value = "sms")]
    channel: String,
    /// The day and time it begins, at the agency: 2026-03-02, or "2026-03-02 09:00"
    #[arg(long)]
    today: Option<String>,
    /// Who is answered for, the texter first: "Ana:1980"; may be given several times
    #[arg(long)]
    person: Vec<String>,
    /// Take identity for proved, so that a flow that needs it begins at once
    #[arg(long)]
    identified: bool,
    /// Start nothing: what is written first starts the flow
    #[arg(long)]
    stranger: bool,
    /// Say after each turn why it went so
    #[arg(long)]
    why: bool,
}

const HELP: &str = "\
What you type is what they write. Besides:
  /tap 1, /tap Cough     a button or row of the newest message
  /card Name +1555…      share a contact card
  /picture               send a picture
  /wait 26h              let time pass
  /claim  /say text  /back  /release  /resolve reached    at the desk
  /answers               what was answered so far
  /why                   say why from now on, or no longer
  /quit";

/// Talks until the input ends.
pub(super) fn run(args: &Args) -> anyhow::Result<ExitCode> {
    let read = folder::read(&args.flow)?;
    let Some(flow) = read.only.clone() else { bail!("give one flow: a file such as flows/daily-check.yaml, or its name") };
    let compiled = read.compile();
    if !compiled.revisions.contains_key(&flow) {
        let mut findings = check::findings(&compiled, None);
        findings.retain(|finding| finding.level == Level::Error);
        let (findings, files) = read.with_paths(findings);
        out::text(&report::text(&findings, &files, out::colour()));
        return Ok(ExitCode::FAILURE);
    }
    let mut chat = Chat::new(args, &flow, test::library(&compiled))?;
    if args.stranger {
        out::line("(nothing is started: write first; /help lists what else you can do)");
    } else {
        let turns = chat.start(&flow);
        chat.show(&turns);
    }
    if std::io::stdin().is_terminal() {
        chat.talk()?
    } else {
        chat.read(std::io::stdin().lock())?
    }
    Ok(ExitCode::SUCCESS)
}

struct Chat {
    simulation: Simulation,
    language: Option<Language>,
    people: Vec<NewPerson>,
    facts: Vec<Fact>,
    why: bool,
}

/// Whether to go on.
#[derive(PartialEq, Eq)]
enum Next {
    Go,
    Quit,
}

impl Chat {
    fn new(args: &Args, flow: &str, library: crate::flow::Library) -> anyhow::Result<Self> {
        let language =
            args.language.as_ref().map(|tag| Language::parse(tag).with_context(|| format!("`{tag}` is no language; write en, es, pt-BR")));
        let language = language.transpose()?;
        let medium = match args.channel.as_str() {
            "sms" => Medium::Sms,
            "whatsapp" => Medium::WhatsApp,
            other => bail!("`{other}` is no channel here; write sms or whatsapp"),
        };
        let people = args.person.iter().map(|text| person(text)).collect::<anyhow::Result<Vec<_>>>()?;
        let setting = Setting { welcome: args.stranger.then(|| flow.to_owned()), ..Setting::default() };
        let today: DateTime = match &args.today {
            Some(text) => parse::moment(text).with_context(|| format!("`{text}` is no day; write 2026-03-02 or \"2026-03-02 09:00\""))?,
            None => setting.local(Clock::machine().now()),
        };
        let now = setting.at(today);
        let mut simulation = Simulation::new(library, setting, now);
        let phone = simulation.add_phone(Address::new(medium, "+15550100001"), language.clone());
        if args.identified {
            simulation.identity_holds(phone);
        }
        Ok(Self { simulation, language, people, facts: Vec::new(), why: args.why })
    }

    fn start(&mut self, flow: &str) -> Vec<Turn> {
        self.simulation.start(0, flow, self.language.clone(), self.people.clone())
    }

    /// With line editing.
    fn talk(&mut self) -> anyhow::Result<()> {
        let mut editor = rustyline::DefaultEditor::new().context("the terminal cannot be read")?;
        loop {
            match editor.readline("> ") {
                Ok(line) => {
                    let _ = editor.add_history_entry(line.as_str());
                    if self.take(&line) == Next::Quit {
                        return Ok(());
                    }
                }
                Err(rustyline::error::ReadlineError::Eof | rustyline::error::ReadlineError::Interrupted) => return Ok(()),
                Err(error) => return Err(error).context("the terminal cannot be read"),
            }
        }
    }

    /// From a file or pipe: each line is shown before what it brings.
    fn read(&mut self, input: impl BufRead) -> anyhow::Result<()> {
        for line in input.lines() {
            let line = line.context("the input cannot be read")?;
            out::line(&format!("> {line}"));
            if self.take(&line) == Next::Quit {
                break;
            }
        }
        Ok(())
    }

    fn take(&mut self, line: &str) -> Next {
        let line = line.trim_end();
        let Some(command) = line.strip_prefix('/') else {
            let turns = self.simulation.write(0, line);
            self.show(&turns);
            return Next::Go;
        };
        let (command, rest) = command.split_once(char::is_whitespace).unwrap_or((command, ""));
        match self.command(command, rest.trim()) {
            Ok(next) => next,
            Err(help) => {
                out::line(&format!("({help})"));
                Next::Go
            }
        }
    }

    /// A command; `Err` says what to write instead.
    fn command(&mut self, command: &str, rest: &str) -> Result<Next, String> {
        let turns = match command {
            "quit" | "q" => return Ok(Next::Quit),
            "help" => {
                out::line(HELP);
                return Ok(Next::Go);
            }
            "why" => {
                self.why = !self.why;
                return Ok(Next::Go);
            }
            "answers" => {
                self.answers();
                return Ok(Next::Go);
            }
            "tap" => {
                let tapped = match rest.parse() {
                    Ok(nth) => self.simulation.tap_nth(0, nth),
                    Err(_) => self.simulation.tap(0, rest),
                };
                tapped.ok_or_else(|| match self.simulation.tappable(0) {
                    shown if shown.is_empty() => "nothing can be tapped; try --channel whatsapp".to_owned(),
                    shown => format!("tap one of: {}", shown.join(", ")),
                })?
            }
            "card" => {
                let at = rest.find('+').unwrap_or(rest.len());
                let (name, number) = rest.split_at(at);
                let numbers: Vec<String> = number.split_whitespace().map(str::to_owned).collect();
                self.simulation.card(0, name.trim(), &numbers)
            }
            "picture" => self.simulation.picture(0),
            "wait" => {
                let seconds = parse::duration(rest).ok_or("write /wait 26h, /wait 30m or /wait 2d")?;
                let turns = self.simulation.wait(seconds);
                out::line(&format!("(it is {})", self.clock()));
                turns
            }
            "claim" => self.simulation.desk(0, DeskAct::Claim),
            "say" => self.simulation.desk(0, DeskAct::Reply(Private::from(rest))),
            "back" => self.simulation.desk(0, DeskAct::HandBack(HandBack::AsPlanned)),
            "release" => self.simulation.desk(0, DeskAct::Release),
            "resolve" => {
                let outcome = DeskOutcome::ALL.iter().find(|(_, word)| *word == rest).map(|(outcome, _)| *outcome);
                let words: Vec<&str> = DeskOutcome::ALL.iter().map(|(_, word)| *word).collect();
                let outcome = outcome.ok_or_else(|| format!("write /resolve and one of: {}", words.join(", ")))?;
                self.simulation.desk(0, DeskAct::Resolve(outcome))
            }
            _ => return Err("/help lists what can be done".to_owned()),
        };
        self.show(&turns);
        Ok(Next::Go)
    }

    fn clock(&self) -> String {
        self.simulation.setting().local(self.simulation.now()).strftime("%A %Y-%m-%d %H:%M").to_string()
    }

    fn show(&mut self, turns: &[Turn]) {
        for turn in turns {
            if self.why {
                for line in &turn.trace {
                    let step = if line.step.is_empty() { String::new() } else { format!("{}: ", line.step) };
                    out::line(&format!("    · {step}{}", line.what));
                }
            }
            for message in &turn.messages {
                out::line(&shown(message));
            }
            for fact in &turn.facts {
                if let Some(line) = told(fact) {
                    out::line(&line);
                }
            }
            if let Outcome::Refused(why) = &turn.outcome {
                out::line(&format!("(this cannot be done: {})", play::refused(why)));
            }
            for fault in &turn.faults {
                out::line(&format!("FAULT: {fault}"));
            }
            self.facts.extend(turn.facts.iter().cloned());
        }
    }

    fn answers(&self) {
        let Some(conversation) = self.simulation.conversation(0) else { return };
        for fact in &self.facts {
            if let Fact::Answered(answered) = fact {
                let value =
                    answered.value.as_ref().map_or_else(|| "missing".to_owned(), |value| answers::word(conversation, value.reveal()));
                let who = conversation.person(answered.who).map(|person| person.first_name.reveal().clone()).unwrap_or_default();
                let who = if who.is_empty() { String::new() } else { format!("{who}: ") };
                out::line(&format!("  {who}{} = {value}", answered.step));
            }
        }
    }
}

/// `Ana:1980`, `Ana`
fn person(text: &str) -> anyhow::Result<NewPerson> {
    let (name, year) = text.split_once(':').unwrap_or((text, ""));
    let birth_year = match year.trim() {
        "" => None,
        year => Some(year.parse().with_context(|| format!("`{year}` is no year of birth; write \"Ana:1980\""))?),
    };
    Ok(NewPerson { first_name: Private::from(name.trim()), birth_year, record: None })
}

/// A message as it stands on the phone.
fn shown(message: &Sent) -> String {
    let mut lines: Vec<String> = message.outgoing.text.reveal().lines().map(|line| format!("  {line}").trim_end().to_owned()).collect();
    match &message.outgoing.shape {
        Shape::Text | Shape::AskContact => {}
        Shape::Buttons(buttons) => {
            let titles: Vec<String> = buttons.iter().map(|button| format!("[{}]", button.title.reveal())).collect();
            lines.push(format!("  {}", titles.join(" ")));
        }
        Shape::List { open, rows } => {
            lines.push(format!("  [{open}]"));
            for row in rows {
                let more = if row.description.reveal().is_empty() { String::new() } else { format!(": {}", row.description.reveal()) };
                lines.push(format!("   - {}{more}", row.title.reveal()));
            }
        }
    }
    if message.window_shut {
        let instead = match &message.outgoing.template {
            Some(template) => format!("  (the window is shut: the template `{template}` is sent in its place)"),
            None => "  (the window is shut: this cannot be sent)".to_owned(),
        };
        lines.push(instead);
    }
    lines.join("\n")
}

/// What the desk would see.
fn told(fact: &Fact) -> Option<String> {
    match fact {
        Fact::Escalated { urgency, because, .. } => Some(format!("  ! {} call for a human: {because}", urgency.word())),
        Fact::Task { urgency, because, .. } => Some(format!("  ! {} task for the desk: {because}", urgency.word())),
        Fact::EscalationChanged { change, .. } => Some(format!("  ! the call is {change}")),
        Fact::SessionEnded { flow, end, .. } => Some(format!("  ({flow} ends: {end})")),
        Fact::Fault { what } => Some(format!("  ! the bot failed: {what}")),
        _ => None,
    }
}
