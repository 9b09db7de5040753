//! Looking on: the events of a bus as they come, after those that came before.

use std::{
    collections::{HashSet, VecDeque},
    sync::Arc,
};

use tokio::sync::broadcast::{Receiver, error::RecvError};
use tokio_util::sync::CancellationToken;
use trainyard_domain::{Scope, Timestamp};

use super::{
    Bus, Error,
    matching::Fits,
    past::Past,
    recent::{Recent, place},
};

/// So many events are read at a time.
const PAGE: usize = 100;

/// Which events.
#[derive(Clone, Debug, Default)]
pub struct TailSpec {
    /// The bus, by name or ARN; none means the default one.
    pub bus: Option<String>,
    /// Those only that match it.
    pub pattern: Option<String>,
    /// Those before too that were told then or later.
    pub since: Option<Timestamp>,
}

/// The events of a bus as they come.
pub struct Tail {
    place: String,
    pattern: Option<Fits>,
    past: Past,
    before: Before,
    live: Receiver<Arc<Recent>>,
    over: CancellationToken,
}

/// What was told before somebody began to look on: read page by page, while what comes meanwhile waits.
#[derive(Default)]
struct Before {
    since: Option<Timestamp>,
    /// Whether all pages were read.
    done: bool,
    /// Where the next page begins.
    from: u64,
    page: VecDeque<Arc<Recent>>,
    /// What was shown: it may come once more as news.
    seen: HashSet<u64>,
}

/// What comes next of a tail.
#[derive(Clone, Debug, PartialEq)]
pub enum Next {
    /// An event.
    Event(Arc<Recent>),
    /// Whoever looks on was too slow, and missed so many events of all buses.
    Missed(u64),
    /// The server ends.
    Over,
}

impl Bus {
    /// Looks on from now on, after what was told since then.
    pub async fn tail(&self, scope: &Scope, spec: &TailSpec) -> Result<Tail, Error> {
        let bus = self.describe_bus(scope, spec.bus.as_deref()).await?.name;
        let place = place(scope, &bus);
        Ok(Tail {
            past: self.past(&place),
            place,
            pattern: spec.pattern.as_deref().map(Fits::new).transpose()?,
            before: Before { since: spec.since, done: spec.since.is_none(), ..Before::default() },
            live: self.memory.live.subscribe(),
            over: self.memory.over.clone(),
        })
    }
}

impl Tail {
    /// Waits for what comes next. Nothing is lost when it is given up.
    pub async fn next(&mut self) -> Result<Next, Error> {
        while !self.before.done || !self.before.page.is_empty() {
            if self.before.page.is_empty() {
                self.turn_page().await?;
            }
            while let Some(recent) = self.before.page.pop_front() {
                if self.wants(&recent) {
                    return Ok(Next::Event(recent));
                }
            }
        }
        loop {
            let come = tokio::select! {
                come = self.live.recv() => come,
                () = self.over.cancelled() => return Ok(Next::Over),
            };
            match come {
                Ok(recent) if self.before.seen.remove(&recent.number) => {}
                Ok(recent) if self.is_here(&recent) && self.wants(&recent) => {
                    return Ok(Next::Event(recent));
                }
                Ok(_) => {}
                Err(RecvError::Lagged(missed)) => return Ok(Next::Missed(missed)),
                Err(RecvError::Closed) => return Ok(Next::Over),
            }
        }
    }

    async fn turn_page(&mut self) -> Result<(), Error> {
        let Before { since, from, .. } = self.before;
        let (page, next) = self.past.forth(from, PAGE).await?;
        let wanted = |recent: &Recent| since.is_none_or(|since| recent.at >= since);
        let items = page.into_iter().map(|(_, recent)| recent).filter(wanted);
        self.before.page = items.map(Arc::new).collect();
        self.before.seen.extend(self.before.page.iter().map(|recent| recent.number));
        self.before.done = next.is_none();
        self.before.from = next.unwrap_or(from);
        Ok(())
    }

    fn is_here(&self, recent: &Recent) -> bool {
        place(recent.event.owner(), &recent.event.bus) == self.place
    }

    fn wants(&mut self, recent: &Recent) -> bool {
        self.pattern.as_mut().is_none_or(|pattern| pattern.takes(&recent.event))
    }
}

#[cfg(test)]
mod tests {
    use std::{collections::HashMap, time::Duration};

    use trainyard_store::{Store, WorkItem};

    use super::*;
    use crate::{
        bus::{Again, AgainSpec, EVENTS, Entry, EventBus, recent::trail, watch::Matcher},
        ground::Ground,
        refusal::Refusal,
        work::Worker,
    };

    fn scope() -> Scope {
        Scope::default_scope()
    }

    async fn bus(most: usize) -> Bus {
        Bus::new(Ground::new(Store::in_memory().await.unwrap())).remembering(most)
    }

    impl Bus {
        /// Puts events and has them matched, as the loop would.
        async fn told(&self, numbers: &[u32], bus: Option<&str>) {
            for number in numbers {
                let entry = Entry {
                    source: Some("app".into()),
                    detail_type: Some("Told".into()),
                    detail: Some(format!("{{\"n\":{number}}}")),
                    bus: bus.map(str::to_owned),
                    ..Entry::default()
                };
                let by = trainyard_domain::Principal::root(&scope());
                self.put_events(&by, &scope(), vec![entry], None).await.unwrap().remove(0).unwrap();
            }
            for item in self.ground.store.due(EVENTS, self.ground.now(), 1000).await.unwrap() {
                Matcher(self.clone()).work(&item).await.unwrap();
            }
        }

        async fn recent_numbers(&self, since: Option<Timestamp>) -> Vec<u64> {
            let page = self.recent(&scope(), None, (since, 100), None).await.unwrap();
            page.0.iter().map(|recent| recent.event.detail["n"].as_u64().unwrap()).collect()
        }
    }

    async fn number(tail: &mut Tail) -> u64 {
        match tokio::time::timeout(Duration::from_secs(20), tail.next())
            .await
            .expect("nothing comes")
            .unwrap()
        {
            Next::Event(recent) => recent.event.detail["n"].as_u64().unwrap(),
            other => panic!("{other:?}"),
        }
    }

    #[tokio::test]
    async fn what_came_before_comes_first_and_once() {
        let bus = bus(100).await;
        bus.told(&[1, 2], None).await;
        let since = Some(Timestamp(0));
        let mut all = bus.tail(&scope(), &TailSpec { since, ..TailSpec::default() }).await.unwrap();
        let mut live = bus.tail(&scope(), &TailSpec::default()).await.unwrap();
        let pattern = Some(r#"{"detail": {"n": [2, 4]}}"#.to_owned());
        let mut even = bus.tail(&scope(), &TailSpec { since, pattern, ..TailSpec::default() }).await.unwrap();
        // It comes while the first page is not read yet: as news, and on the page.
        bus.told(&[3], None).await;
        for expect in [1, 2, 3] {
            assert_eq!(number(&mut all).await, expect);
        }
        bus.told(&[4], None).await;
        assert_eq!(number(&mut all).await, 4);
        assert_eq!((number(&mut live).await, number(&mut live).await), (3, 4));
        assert_eq!((number(&mut even).await, number(&mut even).await), (2, 4));
        bus.memory.over.cancel();
        assert_eq!(all.next().await.unwrap(), Next::Over);
    }

    /// Also where more than a page stands before them that is too much and not yet gone.
    #[tokio::test]
    async fn all_that_is_remembered_is_shown() {
        let bus = bus(2).await;
        let many = u32::try_from(PAGE).unwrap() + 5;
        bus.told(&(0..many).collect::<Vec<_>>(), None).await;
        let spec = TailSpec { since: Some(Timestamp(0)), ..TailSpec::default() };
        let mut tail = bus.tail(&scope(), &spec).await.unwrap();
        let last = u64::from(many) - 1;
        assert_eq!((number(&mut tail).await, number(&mut tail).await), (last - 1, last));
    }

    #[tokio::test]
    async fn a_bus_is_looked_at_for_itself() {
        let bus = bus(100).await;
        let other = EventBus {
            scope: scope(),
            name: "other".into(),
            ..bus.describe_bus(&scope(), None).await.unwrap()
        };
        bus.create_bus(&trainyard_domain::Principal::root(&scope()), other).await.unwrap();
        let spec = TailSpec { bus: Some("other".into()), ..TailSpec::default() };
        let mut tail = bus.tail(&scope(), &spec).await.unwrap();
        bus.told(&[1], None).await;
        bus.told(&[2], Some("other")).await;
        assert_eq!(number(&mut tail).await, 2);
        assert_eq!(bus.recent_numbers(None).await, [1]);
        let nowhere = TailSpec { bus: Some("nowhere".into()), ..TailSpec::default() };
        assert_eq!(bus.tail(&scope(), &nowhere).await.err().unwrap().code(), "ResourceNotFoundException");
        let pattern = TailSpec { pattern: Some("{".into()), ..TailSpec::default() };
        assert_eq!(bus.tail(&scope(), &pattern).await.err().unwrap().code(), "InvalidEventPatternException");
    }

    #[tokio::test]
    async fn so_many_are_remembered_and_each_once() {
        let bus = bus(3).await;
        bus.told(&[1, 2], None).await;
        let item = bus.ground.store.due(EVENTS, bus.ground.now(), 1).await.unwrap();
        assert!(item.is_empty());
        bus.told(&[3, 4, 5], None).await;
        let kept = async || bus.ground.store.trail(&trail(&place(&scope(), "default")), 0, 10).await.unwrap();
        assert_eq!((bus.recent_numbers(None).await, kept().await.records.len()), (vec![5, 4, 3], 5));
        assert!(bus.recent_numbers(Some(Timestamp(i64::MAX))).await.is_empty());
        let mut looked = HashMap::new();
        for _ in 0..2 {
            bus.forget_once(&mut looked).await.unwrap();
            assert_eq!((bus.recent_numbers(None).await, kept().await.records.len()), (vec![5, 4, 3], 3));
        }
        assert_eq!(bus.recent_numbers(Some(Timestamp(0))).await, [5, 4, 3]);
    }

    /// Also where the machine's time was set back between two starts.
    #[tokio::test]
    async fn what_comes_later_stands_behind() {
        let store = Store::in_memory().await.unwrap();
        let at =
            |millis: i64| Bus::new(Ground::with_clock(store.clone(), Arc::new(move || Timestamp(millis))));
        at(1_700_000_000_000).told(&[1, 2], None).await;
        let later = at(1_600_000_000_000);
        later.forget_once(&mut HashMap::new()).await.unwrap();
        later.told(&[3, 4], None).await;
        assert_eq!(later.recent_numbers(None).await, [4, 3, 2, 1]);
    }

    /// Also where several stand in one row.
    #[tokio::test]
    async fn pages_go_on_where_the_last_one_ended() {
        let bus = bus(5).await;
        bus.told(&[0], None).await;
        let entry = |n: u32| Entry {
            source: Some("app".into()),
            detail_type: Some("Told".into()),
            detail: Some(format!("{{\"n\":{n}}}")),
            ..Entry::default()
        };
        let by = trainyard_domain::Principal::root(&scope());
        bus.put_events(&by, &scope(), (1..=7).map(entry).collect(), None).await.unwrap();
        let page = async |token| bus.recent(&scope(), None, (Some(Timestamp(0)), 2), token).await;
        let (mut token, mut pages) = (None, Vec::<Vec<u64>>::new());
        loop {
            let (events, next) = page(token).await.unwrap();
            pages.push(events.iter().map(|recent| recent.event.detail["n"].as_u64().unwrap()).collect());
            token = next;
            if token.is_none() {
                break;
            }
        }
        assert_eq!(pages, [vec![7, 6], vec![5, 4], vec![3]], "no more than are wanted");
        assert!(matches!(page(Some("x".into())).await, Err(Error::Invalid(_))));
        bus.forget_once(&mut HashMap::new()).await.unwrap();
        assert_eq!(bus.recent_numbers(None).await, [7, 6, 5, 4, 3]);
        let none = bus.remembering(0);
        assert!(none.recent_numbers(None).await.is_empty());
        none.forget_once(&mut HashMap::new()).await.unwrap();
        assert!(none.ground.store.trails("").await.unwrap().is_empty());
    }

    #[tokio::test]
    async fn who_is_too_slow_hears_of_it() {
        let bus = bus(10).await;
        let mut tail = bus.tail(&scope(), &TailSpec::default()).await.unwrap();
        bus.told(&(0..518).collect::<Vec<_>>(), None).await;
        assert_eq!(tail.next().await.unwrap(), Next::Missed(6));
        assert_eq!(number(&mut tail).await, 6);
    }

    #[tokio::test]
    async fn some_are_told_again() {
        let bus = bus(10).await;
        bus.told(&[1, 2, 3], None).await;
        let by = trainyard_domain::Principal::root(&scope());
        let again = async |spec: AgainSpec| bus.tell_again(&scope(), &by, spec).await;
        let waiting = async || {
            let due = bus.ground.store.due(EVENTS, bus.ground.now(), 100).await.unwrap();
            let event =
                |item: &WorkItem| serde_json::from_str::<trainyard_domain::Event>(&item.body).unwrap();
            due.iter().map(event).collect::<Vec<_>>()
        };
        let (since, pattern) = (Some(Timestamp(0)), Some(r#"{"detail": {"n": [1, 3]}}"#.to_owned()));
        let asked = AgainSpec { since, pattern, name: Some("once".into()), ..AgainSpec::default() };
        assert_eq!(again(asked.clone()).await.unwrap(), Again { name: "once".into(), count: 2 });
        // The call is made once more: it does nothing more.
        again(asked).await.unwrap();
        let told = waiting().await;
        let seen: Vec<_> = told.iter().map(|event| event.envelope()).collect();
        assert_eq!((&seen[0]["detail"]["n"], &seen[1]["detail"]["n"]), (&1.into(), &3.into()));
        assert!(seen.len() == 2 && seen.iter().all(|event| event["replay-name"] == "once"));
        assert!(told.iter().all(|event| !event.is_news()), "the house does not hear of it");
        bus.told(&[], None).await;
        assert_eq!(bus.recent_numbers(None).await, [3, 1, 3, 2, 1]);
        // What was told again is not told again; an id is the one of the first telling.
        let one = AgainSpec { ids: [told[1].id.clone()].into(), ..AgainSpec::default() };
        assert_eq!(again(one).await.unwrap().count, 1);
        assert_eq!(again(AgainSpec { since, ..AgainSpec::default() }).await.unwrap().count, 3);
        let none = AgainSpec { ids: ["none".to_owned()].into(), ..AgainSpec::default() };
        assert!(again(none).await.unwrap_err().to_string().contains("the event none"));
        assert!(again(AgainSpec::default()).await.is_err());
    }
}
