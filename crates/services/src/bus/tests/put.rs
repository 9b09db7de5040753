//! What users tell, and how often.

use super::*;

/// An object in which objects are nested.
fn nested(levels: usize) -> String {
    format!("{}{{}}{}", "{\"a\":".repeat(levels - 1), "}".repeat(levels - 1))
}

#[tokio::test]
async fn a_detail_that_could_not_be_read_back_is_refused() {
    let world = world().await;
    world.rule(&json!({"source": ["app"]})).await;
    world.targets(vec![target("t", Shape::Whole)]).await;
    let entries = [100, 101, 126, 127, 200].map(|levels| entry(&nested(levels)));
    let told = world.bus.put_events(&root(), &scope(), entries.into(), None).await.unwrap();
    let codes: Vec<_> = told.iter().map(|told| told.as_ref().map_or_else(|r| r.code, |_| "ok")).collect();
    let no = "MalformedDetail";
    assert_eq!(codes, ["ok", no, no, no, no]);
    assert_eq!(world.arrived(1).await[0].event.detail.to_string(), nested(100));
    assert_eq!(world.remembered().await[0].event.detail.to_string(), nested(100));
}

/// One entry is no larger than it was at AWS for years; all of a call together may have 1 MiB.
#[tokio::test]
async fn an_entry_has_a_size_and_a_call_has_another() {
    let world = world().await;
    let put = async |sizes: &[usize]| {
        let sized = |size: &usize| {
            let around = "app".len() + "Thing".len() + "{\"x\":\"\"}".len();
            entry(&json!({"x": "y".repeat(size - around)}).to_string())
        };
        let entries = sizes.iter().map(sized).collect();
        world.bus.put_events(&root(), &scope(), entries, None).await.map_err(|error| error.to_string())
    };
    let over = Err("Total size of the entries in the request is over the limit.".to_owned());
    let kib = 1024;
    assert_eq!(put(&[256 * kib + 1]).await, over);
    assert_eq!(put(&[100, 256 * kib + 1]).await, over);
    assert_eq!(put(&[256 * kib; 4]).await.unwrap().len(), 4);
    assert_eq!(put(&[256 * kib, 256 * kib, 256 * kib, 255 * kib, kib + 1]).await, over);
}

#[tokio::test]
async fn a_call_that_is_made_again_tells_nothing_twice() {
    let world = world().await;
    world.rule(&json!({"source": ["app"]})).await;
    world.targets(vec![target("t", Shape::Whole)]).await;
    let told = async |seed: &str| {
        let entries = vec![entry(r#"{"n":1}"#), entry("{"), entry(r#"{"n":2}"#)];
        world.bus.put_events(&root(), &scope(), entries, Some(seed)).await.unwrap()
    };
    let first = told("call").await;
    world.arrived(2).await;
    world.quiet().await;
    // Delivered long ago, and at another time of day.
    world.clock.fetch_add(1000, Ordering::SeqCst);
    assert_eq!(told("call").await, first);
    assert_ne!(told("another").await, first);
    let got = world.arrived(4).await;
    world.quiet().await;
    assert_eq!((got.len(), world.remembered().await.len(), world.tally().await.matched), (4, 4, 4));
    // So at the same moment.
    let calls = (0..20).map(|_| told("many"));
    let answers = futures::future::join_all(calls).await;
    assert!(answers.windows(2).all(|two| two[0] == two[1]));
    assert_eq!((world.remembered().await.len(), world.arrived(6).await.len()), (6, 6));
}

/// What is known of calls does not stay for ever.
#[tokio::test]
async fn a_call_is_known_for_three_days() {
    let world = world().await;
    let told = async || {
        world.bus.put_events(&root(), &scope(), vec![entry("{}")], Some("call")).await.unwrap();
        world.remembered().await.len()
    };
    assert_eq!(told().await, 1);
    for (hours, expect) in [(71, 1), (2, 2)] {
        world.clock.fetch_add(hours * 3_600_000, Ordering::SeqCst);
        world.bus.forget_told().await.unwrap();
        assert_eq!(told().await, expect);
    }
}

/// Who tells and goes away before the answer has told all the same, and who looks on sees it.
#[tokio::test]
async fn an_event_is_shown_also_when_its_teller_goes_away_at_the_commit() {
    let world = world().await;
    let mut tail = world.bus.tail(&scope(), &TailSpec::default()).await.unwrap();
    let mut cut_off = 0;
    for n in 0..20_usize {
        let (scope, root) = (scope(), root());
        let entries = vec![entry(&json!({"n": n}).to_string())];
        {
            let mut putting = Box::pin(world.bus.put_events(&root, &scope, entries, None));
            while futures::poll!(putting.as_mut()).is_pending() {
                if world.remembered().await.len() > n {
                    cut_off += 1;
                    break;
                }
            }
        }
        let next = tokio::time::timeout(Duration::from_secs(20), tail.next()).await;
        let Next::Event(shown) = next.expect("it is never shown").unwrap() else { panic!("no event") };
        assert_eq!(shown.event.detail["n"], n);
    }
    assert!(cut_off > 0, "nobody went away at the commit");
}

/// What follows from one event is many times as large as the event: it is never in memory as a whole.
#[tokio::test]
async fn a_large_event_for_many_rules_is_matched_bit_by_bit() {
    const RULES: usize = 6;
    let world = world().await;
    for n in 0..RULES {
        let pattern = Some(json!({"source": ["app"]}).to_string());
        let name = format!("r{n}");
        let spec = RuleSpec { name: name.clone(), pattern, ..RuleSpec::default() };
        world.bus.put_rule(&scope(), &root(), spec).await.unwrap();
        let targets = (0..5).map(|at| target(&at.to_string(), Shape::Whole)).collect();
        world.bus.put_targets(&scope(), &root(), (None, &name), targets).await.unwrap();
    }
    let large = json!({"x": "y".repeat(250 * 1024)}).to_string();
    let told = world.bus.put_events(&root(), &scope(), vec![entry(&large)], None).await.unwrap();
    let got = world.arrived(RULES * 5).await;
    world.quiet().await;
    assert!(got.iter().all(|delivery| Some(&delivery.event.id) == told[0].as_ref().ok()));
    assert_eq!((got.len(), world.remembered().await.len()), (RULES * 5, 1));
    let matched = world.bus.matched(world.remembered().await.remove(0).event).await.unwrap();
    let (mut next, mut parts) = (Some(0), 0);
    while let Some(from) = next {
        let (changes, rest) = matched.follow(&world.bus.ground, from).unwrap();
        assert!(changes.bytes() < 6 << 20, "{} bytes at once", changes.bytes());
        (next, parts) = (rest, parts + 1);
    }
    assert_eq!(parts, 2);
}
