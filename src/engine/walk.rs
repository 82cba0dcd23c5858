//! The open session on its way through the flow: from step to step until a question is open, a human is called, or it ends.

use std::sync::Arc;

use super::{
    conversation::ResumeAt,
    effect::{Fact, Paragraph, Purpose, Words},
    run::{Run, hash_of},
    scope::{self, View},
    session::{Frame, Item, Loop, LoopPhase, Session},
};
use crate::{
    base::{Language, id::PersonNumber},
    flow::{
        Flow, Revision, Step,
        condition::{Condition, Truth},
        model::{Actions, Arm, Body, End, Go, Resume, StepId, TextId, Wording},
    },
};

/// Where the walk stands.
#[derive(Clone, Debug)]
pub(super) enum At {
    /// Before a step; `again`: its question is asked even if it was answered.
    Enter { step: StepId, again: bool },
    /// After a step's question, group or call.
    After(StepId),
    /// Behind the last step of a list.
    ListEnd(Option<StepId>),
    /// Waiting, handed over, or ended.
    Stop,
}

/// The open session, taken out of the conversation while it moves.
pub(super) struct Walk<'r, 'a> {
    pub run: &'r mut Run<'a>,
    pub session: Session,
    pub revision: Arc<Revision>,
    /// What was said since the last message.
    pub pending: Vec<Paragraph>,
    /// What messages are for: `Dialogue`, or `Reminder` where nobody wrote.
    pub purpose: Purpose,
    /// How it ended.
    pub ended: Option<String>,
    /// Whether the next question entered is asked even on the way back from a changed answer.
    pub ask_here: bool,
    /// Questions passed on that way, because their answers still hold.
    pub passed: Vec<(String, Vec<Item>)>,
    /// Whether arms say nothing: they said it when the question was answered.
    pub quiet: bool,
}

impl<'r, 'a> Walk<'r, 'a> {
    pub const fn new(run: &'r mut Run<'a>, session: Session, revision: Arc<Revision>, purpose: Purpose) -> Self {
        Self { run, session, revision, pending: Vec::new(), purpose, ended: None, ask_here: false, passed: Vec::new(), quiet: false }
    }
}

impl Walk<'_, '_> {
    pub fn frame(&self) -> Frame {
        self.session.frames.last().cloned().unwrap_or_else(|| Frame { flow: String::new(), at: String::new(), loops: Vec::new() })
    }

    fn frame_mut(&mut self) -> Option<&mut Frame> {
        self.session.frames.last_mut()
    }

    pub fn loops_mut(&mut self) -> &mut Vec<Loop> {
        if self.session.frames.is_empty() {
            self.session.frames.push(Frame { flow: self.session.flow.clone(), at: String::new(), loops: Vec::new() });
        }
        #[expect(clippy::expect_used, reason = "a frame was pushed where there was none")]
        &mut self.session.frames.last_mut().expect("a session has a frame").loops
    }

    /// The flow of the innermost frame.
    pub fn flow(&self) -> Option<Arc<Flow>> {
        self.revision.flows.get(&self.session.frames.last()?.flow).cloned()
    }

    /// The items of the groups entered, outermost first.
    pub fn items(&self) -> Vec<Item> {
        self.session.frames.last().map(|frame| frame.loops.iter().map(Loop::item).collect()).unwrap_or_default()
    }

    /// The person spoken of: of the innermost `for each`, else who texts.
    pub fn who(&self) -> PersonNumber {
        let inner = |frame: &Frame| frame.loops.iter().rev().find_map(|entered| entered.people.get(usize::from(entered.at)).copied());
        self.session.frames.last().and_then(inner).unwrap_or(PersonNumber::YOU)
    }

    /// The names and values in view.
    pub fn with_view<R>(&self, look: impl FnOnce(&View<'_>) -> R) -> R {
        let flow = self.flow();
        let names = |entered: &Loop| {
            let number = entered.people.get(usize::from(entered.at)).copied()?;
            let flow = flow.as_ref()?;
            match &flow.step(flow.find(&entered.group)?).body {
                Body::ForEach(each) => Some((each.who.clone(), number)),
                Body::Plain | Body::Ask(_) | Body::Repeat(_) | Body::Call(_) => None,
            }
        };
        look(&View {
            world: self.run.world,
            conversation: &self.run.conversation,
            session: Some(&self.session),
            flow: flow.as_deref(),
            items: self.items(),
            groups: self
                .session
                .frames
                .last()
                .map(|frame| frame.loops.iter().map(|entered| entered.group.clone()).collect())
                .unwrap_or_default(),
            people: self.session.frames.last().map(|frame| frame.loops.iter().filter_map(names).collect()).unwrap_or_default(),
            today: scope::today(self.run.world, &self.run.conversation, self.run.now),
        })
    }

    pub fn holds(&mut self, step: &str, condition: &Condition) -> Truth {
        let truth = self.with_view(|view| condition.holds(view));
        let word = match truth {
            Truth::Yes => "holds",
            Truth::No => "does not hold",
            Truth::Undecided => "is undecided: an answer is missing",
        };
        self.run.note(step, format!("when `{}` {word}", condition.source));
        truth
    }

    /// The language spoken in this flow.
    pub fn language(&self) -> Language {
        let Some(flow) = self.flow() else { return self.run.language() };
        let theirs = self.run.conversation.language.clone();
        theirs
            .filter(|language| flow.languages.contains(language))
            .or_else(|| flow.languages.first().cloned())
            .unwrap_or_else(Language::english)
    }

    /// A paragraph of a text of the flow.
    pub fn paragraph(&self, text: TextId) -> Option<Paragraph> {
        let flow = self.flow()?;
        let language = self.language();
        let data = self.with_view(|view| flow.text(text).names.iter().map(|name| (name.clone(), view.printed(name, &language))).collect());
        Some(Paragraph { words: Words::Flow { revision: self.revision.id.clone(), flow: flow.name.clone(), text }, data, brief: false })
    }

    /// The variant of a wording that fits: by medium, for who texts, for someone alone.
    pub fn choose(&self, wording: &Wording) -> TextId {
        let medium = self.run.conversation.address.medium;
        let by_medium = wording.by_medium.iter().find(|(other, _)| *other == medium).map(|(_, text)| *text);
        let entered = self.session.frames.last().is_some_and(|frame| frame.loops.iter().any(|entered| !entered.people.is_empty()));
        let if_you = wording.if_you.filter(|_| self.who() == PersonNumber::YOU && (entered || self.run.conversation.roster.len() > 1));
        let if_alone = wording.if_alone.filter(|_| self.run.conversation.roster.len() <= 1);
        if_alone.or(if_you).or(by_medium).unwrap_or(wording.say)
    }

    pub fn say(&mut self, wording: &Wording) {
        let text = self.choose(wording);
        let paragraph = self.paragraph(text);
        self.pending.extend(paragraph);
    }

    /// Sends what was said so far as a message.
    pub fn flush(&mut self) {
        let paragraphs = std::mem::take(&mut self.pending);
        let (language, template) = (self.language(), self.template());
        self.run.say_with(self.purpose, paragraphs, None, template, language);
    }

    /// What may be sent instead while the window is shut: the template named after the flow, or the channel's `reminder`.
    pub fn template(&self) -> Option<String> {
        (self.purpose == Purpose::Reminder).then(|| self.session.flow.clone())
    }

    /// Moves on until it has to stop.
    pub fn walk(&mut self, from: At) {
        let mut at = from;
        loop {
            if matches!(at, At::Stop) || self.ended.is_some() {
                break;
            }
            if self.run.fuel == 0 {
                self.fault("the flow went round without asking anything");
                break;
            }
            self.run.fuel -= 1;
            let Some(flow) = self.flow() else {
                self.fault("a flow of the session's revision is missing");
                break;
            };
            self.run.flow.clone_from(&flow.name);
            at = match at {
                At::Enter { step, again } => self.enter(&flow, step, again),
                At::After(step) => self.after(&flow, step),
                At::ListEnd(group) => self.list_end(&flow, group),
                At::Stop => At::Stop,
            };
        }
        self.flush();
    }

    /// The first step of the innermost frame's flow.
    pub fn beginning(&self) -> At {
        match self.flow().and_then(|flow| flow.top.first().copied()) {
            Some(step) => At::Enter { step, again: false },
            None => At::ListEnd(None),
        }
    }

    pub fn next(flow: &Flow, id: StepId) -> At {
        let step = flow.step(id);
        step.next.map_or(At::ListEnd(step.group), |next| At::Enter { step: next, again: false })
    }

    fn enter(&mut self, flow: &Flow, id: StepId, again: bool) -> At {
        let step = flow.step(id);
        self.past_the_way(flow, id);
        if let Some(condition) = &step.when
            && self.holds(&step.path, condition) != Truth::Yes
        {
            self.run.note(&step.path, "skipped");
            self.drop_answers(flow, id);
            return Self::next(flow, id);
        }
        if let Some(frame) = self.frame_mut() {
            frame.at.clone_from(&step.path);
        }
        self.run.note(&step.path, "entered");
        self.set(flow, step, &step.set);
        if step.alone {
            self.flush();
        }
        match &step.body {
            Body::Plain => {
                if !self.said_on_the_way(step) {
                    self.say_of(step);
                }
                if step.alone {
                    self.flush();
                }
                At::After(id)
            }
            Body::Ask(ask) => {
                if self.passes(flow, step, ask) {
                    self.run.note(&step.path, "answered already: not asked");
                    return At::After(id);
                }
                if !again && self.given_already(step) {
                    self.run.note(&step.path, "known already: not asked");
                    return At::After(id);
                }
                self.ask(flow, step, ask)
            }
            Body::Repeat(repeat) => {
                if let Some(at) = self.passes_repeat(flow, id) {
                    return at;
                }
                self.say_of(step);
                let outer = self.items();
                self.begin_list(flow, step, &outer);
                self.loops_mut().push(Loop { group: step.path.clone(), people: Vec::new(), at: 0, phase: LoopPhase::First });
                if repeat.first.is_some() { self.ask_first(step, repeat) } else { self.next_item(flow, id) }
            }
            Body::ForEach(each) => {
                if !self.said_on_the_way(step) {
                    self.say_of(step);
                }
                let people = self.with_view(|view| scope::people_of(view, &each.list));
                self.drop_people(flow, id, &people);
                if people.is_empty() {
                    self.run.note(&step.path, "nobody in the list: skipped");
                    return At::After(id);
                }
                self.loops_mut().push(Loop { group: step.path.clone(), people, at: 0, phase: LoopPhase::Steps });
                each.steps.first().map_or(At::ListEnd(Some(id)), |first| At::Enter { step: *first, again: false })
            }
            Body::Call(called) => {
                if self.session.fix.is_some() && self.session.called.iter().any(|(flow, _)| flow == called) {
                    return At::After(id);
                }
                self.say_of(step);
                self.session.frames.push(Frame { flow: called.clone(), at: String::new(), loops: Vec::new() });
                self.beginning()
            }
        }
    }

    fn say_of(&mut self, step: &Step) {
        if let Some(wording) = &step.say {
            self.say(wording);
        }
    }

    /// Within a repeat, a field that a contact card filled is not asked again.
    fn given_already(&self, step: &Step) -> bool {
        let in_repeat = self.items().last().is_some_and(|item| matches!(item, Item::Nth(_)));
        in_repeat && self.with_view(|view| view.answered(&step.path).is_some_and(|answer| answer.value.is_some()))
    }

    fn after(&mut self, flow: &Flow, id: StepId) -> At {
        let step = flow.step(id);
        let (mut held, mut undecided) = (false, false);
        for (n, arm) in step.then.iter().enumerate() {
            let done = match &arm.when {
                Some(condition) => match self.holds(&step.path, condition) {
                    Truth::Yes => true,
                    Truth::No => false,
                    Truth::Undecided => {
                        undecided = true;
                        false
                    }
                },
                None => !held && !undecided,
            };
            if !done {
                continue;
            }
            held = true;
            self.quiet = self.said_then(step, arm.when.as_ref());
            if let Some(at) = self.arm(flow, id, n, arm) {
                self.quiet = false;
                return at;
            }
        }
        self.quiet = self.said_then(step, None);
        let at = self.actions(flow, id, "end", &step.last);
        self.quiet = false;
        at.unwrap_or_else(|| Self::next(flow, id))
    }

    fn arm(&mut self, flow: &Flow, id: StepId, n: usize, arm: &Arm) -> Option<At> {
        let step = flow.step(id);
        self.run.note(&step.path, format!("arm {} of `then` is done", n + 1));
        self.actions(flow, id, &format!("arm {}", n + 1), &arm.actions)
    }

    /// Does what an arm or the end of a step says; gives where to go if it leaves.
    pub fn actions(&mut self, flow: &Flow, id: StepId, which: &str, actions: &Actions) -> Option<At> {
        let step = flow.step(id);
        let calls = actions.escalate.is_some() || actions.task.is_some();
        let rule = format!("{} {} {which}", flow.name, step.path);
        if calls && !self.fires(&rule, step) {
            self.run.note(&step.path, format!("{which} called a human before for the same answers: not again"));
            return self.resumed_after(flow, actions);
        }
        self.set(flow, step, &actions.set);
        if let Some(task) = &actions.task {
            let session = Some(self.session.id.clone());
            self.run.task(task.urgency, &task.because, &rule, None, session);
        }
        if let Some(call) = &actions.escalate {
            self.flush();
            let told = actions.say.as_ref().map(|wording| self.choose(wording)).and_then(|text| self.paragraph(text));
            let resume = match &actions.resume {
                Some(Resume::Step(path)) => ResumeAt::Step(path.clone()),
                Some(Resume::End) => ResumeAt::End,
                None => ResumeAt::NextStep,
            };
            self.session.open = None;
            let (language, session) = (self.language(), Some(self.session.id.clone()));
            self.run.call_human(call.urgency, &call.because, &rule, None, resume, session);
            match told {
                Some(paragraph) => {
                    let purpose = if call.urgency == crate::flow::model::Urgency::Emergency { Purpose::Safety } else { Purpose::Handover };
                    self.run.say_with(purpose, vec![paragraph], None, None, language);
                }
                None => self.run.say_handed_over(call.urgency, Some(&self.revision.id)),
            }
            return Some(At::Stop);
        }
        if let Some(wording) = actions.say.as_ref().filter(|_| !self.quiet) {
            self.say(wording);
        }
        match (&actions.go, &actions.end) {
            (Some(Go::Step(target)), _) => Some(self.go(flow, *target)),
            (Some(Go::NextItem), _) => Some(At::ListEnd(step.group)),
            (None, Some(end)) => Some(self.end(end)),
            (None, None) => None,
        }
    }

    /// Whether a rule may call a human: not twice for the same answers.
    fn fires(&mut self, rule: &str, step: &Step) -> bool {
        let inputs = self.with_view(|view| {
            let answered = view.answered(&step.path).and_then(|answer| answer.value.as_ref()).map(|value| value.reveal().clone());
            postcard::to_stdvec(&(view.items.clone(), answered)).map(|bytes| hash_of(&bytes)).unwrap_or_default()
        });
        let key = (rule.to_owned(), inputs);
        if self.session.fired.contains(&key) {
            return false;
        }
        self.session.fired.push(key);
        true
    }

    /// Notes that a rule called a human for the answers as they are.
    pub fn mark_fired(&mut self, rule: &str, step: &Step) {
        self.fires(rule, step);
    }

    pub fn go(&mut self, flow: &Flow, target: StepId) -> At {
        let group = flow.step(target).group;
        while let Some(innermost) = self.frame().loops.last().map(|entered| entered.group.clone()) {
            if group.is_some_and(|id| flow.step(id).path == innermost) {
                break;
            }
            self.leave_group(flow);
        }
        At::Enter { step: target, again: true }
    }

    /// Leaves the innermost group, keeping an unfinished item as such.
    pub fn leave_group(&mut self, flow: &Flow) {
        let Some(entered) = self.frame().loops.last().cloned() else { return };
        if entered.people.is_empty() && entered.phase == LoopPhase::Steps {
            self.give_item(flow, &entered, false);
        }
        self.loops_mut().pop();
    }

    fn end(&mut self, end: &End) -> At {
        if self.session.frames.len() > 1 && !end.all {
            return self.come_back(&end.name);
        }
        self.flush();
        self.ended = Some(end.name.clone());
        At::Stop
    }

    /// Back from a called flow to the one that called it.
    fn come_back(&mut self, ended: &str) -> At {
        let Some(frame) = self.session.frames.pop() else { return At::Stop };
        self.run.note("", format!("`{}` ended: {ended}", frame.flow));
        if ended == "holds" {
            self.run.conversation.identity_held_at = Some(self.run.now);
            self.run.fact(Fact::Identity { held: true });
        }
        self.session.called.push((frame.flow, ended.to_owned()));
        let Some(flow) = self.flow() else { return At::Stop };
        let at = self.frame().at;
        if at.is_empty() {
            // The flow that was needed before the first step.
            if ended == "holds" {
                return self.beginning();
            }
            self.flush();
            self.ended = Some(ended.to_owned());
            return At::Stop;
        }
        flow.find(&at).map_or(At::Stop, At::After)
    }

    fn list_end(&mut self, flow: &Flow, group: Option<StepId>) -> At {
        let Some(id) = group else {
            return self.end(&End { name: "complete".to_owned(), all: false });
        };
        let step = flow.step(id);
        match &step.body {
            Body::Repeat(repeat) => {
                let Some(entered) = self.frame().loops.last().cloned() else { return At::After(id) };
                self.give_item(flow, &entered, true);
                if self.changed_within(&step.path) {
                    self.loops_mut().pop();
                    return self.passes_repeat(flow, id).unwrap_or(At::After(id));
                }
                let more_known = self.list(flow, step).is_some_and(|list| list.n_begun > entered.at + 1);
                if more_known {
                    return self.next_item_at(repeat.steps.first().copied(), id, entered.at + 1);
                }
                let full = entered.at + 1 >= repeat.up_to.min(crate::base::limit::REPEAT_ITEMS);
                if full || repeat.more.is_none() {
                    if full && repeat.more.is_some() {
                        let told = self.shared("list-is-full");
                        self.pending.push(told);
                    }
                    self.loops_mut().pop();
                    return At::After(id);
                }
                self.ask_more(step, repeat)
            }
            Body::ForEach(each) => {
                let first = each.steps.first().copied();
                let Some(entered) = self.loops_mut().last_mut() else { return At::After(id) };
                entered.at += 1;
                if usize::from(entered.at) < entered.people.len() {
                    return first.map_or(At::ListEnd(Some(id)), |step| At::Enter { step, again: false });
                }
                self.loops_mut().pop();
                At::After(id)
            }
            Body::Plain | Body::Ask(_) | Body::Call(_) => At::After(id),
        }
    }

    /// The bot cannot go on: a human is called, the bot is silent.
    pub fn fault(&mut self, what: &str) {
        self.pending.clear();
        self.session.open = None;
        let session = Some(self.session.id.clone());
        self.run.fact(Fact::Fault { what: what.to_owned() });
        self.run.call_human(crate::flow::model::Urgency::Urgent, what, "fault", None, ResumeAt::End, session);
    }
}

impl Loop {
    /// The item it stands at.
    pub(super) fn item(&self) -> Item {
        self.people.get(usize::from(self.at)).map_or(Item::Nth(self.at), |number| Item::Person(*number))
    }
}
