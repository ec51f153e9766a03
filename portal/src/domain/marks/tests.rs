//! Marks beside a plain map from numbers to what settled them.

use proptest::prelude::*;

use super::*;

/// What settled a number: an alert, or a skip with its reason.
type Settled = BTreeMap<u64, Option<DropReason>>;

#[derive(Debug, Clone)]
enum Said {
    Alert(u64),
    Skip(u64, u64, DropReason),
}

fn said(numbers: u64) -> impl Strategy<Value = Said> {
    prop_oneof![
        3 => (1..=numbers).prop_map(Said::Alert),
        1 => (1..=numbers, 0..8u64, 0..DropReason::ALL.len())
            .prop_map(|(from, more, reason)| Said::Skip(from, from + more, DropReason::ALL[reason])),
    ]
}

/// Says it to both; both must find the same new.
fn say(marks: &mut Marks, settled: &mut Settled, said: &Said) {
    match *said {
        Said::Alert(number) => {
            let new = !settled.contains_key(&number);
            settled.entry(number).or_insert(None);
            assert_eq!(marks.receive(number), Ok(new), "{number}");
        }
        Said::Skip(from, to, reason) => {
            let new: Vec<u64> = (from..=to).filter(|number| !settled.contains_key(number)).collect();
            settled.extend(new.iter().map(|number| (*number, Some(reason))));
            let found: Vec<u64> = marks.skip(from..=to, reason).unwrap().into_iter().flatten().collect();
            assert_eq!(found, new, "{from}-{to}");
        }
    }
}

fn agree(marks: &Marks, settled: &Settled) {
    let received = settled.values().filter(|by| by.is_none()).count();
    assert_eq!(marks.received(), u64::try_from(received).unwrap());
    let mut dropped = BTreeMap::new();
    settled.values().flatten().for_each(|reason| *dropped.entry(*reason).or_default() += 1);
    assert_eq!(*marks.dropped(), dropped);
    assert_eq!(marks.last(), settled.keys().last().copied().unwrap_or(0));

    let lacking = (1..=marks.last()).filter(|number| !settled.contains_key(number)).count();
    assert_eq!(marks.lacking(), u64::try_from(lacking).unwrap());

    let Confirmation { up_to, lacks } = marks.confirmation();
    assert!(lacks.len() <= Confirmation::MAX_LACKS);
    assert!(lacks.windows(2).all(|pair| pair[0].1 + 1 < pair[1].0), "ascending and apart: {lacks:?}");
    let told: Vec<u64> = lacks.iter().flat_map(|(first, last)| *first..=*last).collect();
    let lacking: Vec<u64> = (1..=up_to).filter(|number| !settled.contains_key(number)).collect();
    assert_eq!(told, lacking);
    assert!(up_to == marks.last() || lacks.len() == Confirmation::MAX_LACKS, "all is told that can be");
}

proptest! {
    #[test]
    fn marks_agree_with_a_plain_map(sayings in prop::collection::vec(said(60), 0..120)) {
        let (mut marks, mut settled) = (Marks::default(), Settled::new());
        for said in &sayings {
            say(&mut marks, &mut settled, said);
            agree(&marks, &settled);
        }
    }

    #[test]
    fn with_many_holes_what_is_told_is_still_true(sayings in prop::collection::vec(said(2000), 0..600)) {
        let (mut marks, mut settled) = (Marks::default(), Settled::new());
        sayings.iter().for_each(|said| say(&mut marks, &mut settled, said));
        agree(&marks, &settled);
    }
}

#[test]
fn in_order_there_is_one_number_to_keep() {
    let mut marks = Marks::default();
    for number in 1..=1000 {
        assert_eq!(marks.receive(number), Ok(true));
        assert_eq!(marks.receive(number), Ok(false));
    }
    assert_eq!((marks.high(), marks.open().len(), marks.received()), (1000, 0, 1000));
}

#[test]
fn nothing_received_confirms_nothing() {
    assert_eq!(Marks::default().confirmation(), Confirmation { up_to: 0, lacks: vec![] });
}

#[test]
fn a_number_is_settled_by_what_comes_first() {
    let mut marks = Marks::default();
    assert_eq!(marks.receive(1), Ok(true));
    assert_eq!(marks.skip(1..=3, DropReason::Full), Ok(vec![2..=3]));
    assert_eq!(marks.receive(2), Ok(false));
    assert_eq!((marks.received(), marks.dropped()[&DropReason::Full]), (1, 2));
}

#[test]
fn the_last_number_of_all_is_a_number() {
    let mut marks = Marks::default();
    assert_eq!(marks.receive(MAX_NUMBER), Ok(true));
    assert_eq!(marks.confirmation().lacks, [(1, MAX_NUMBER - 1)]);
    assert_eq!(marks.skip(1..=MAX_NUMBER, DropReason::Age), Ok(vec![1..=MAX_NUMBER - 1]));
    assert_eq!((marks.high(), marks.receive(MAX_NUMBER)), (MAX_NUMBER, Ok(false)));
}

#[test]
fn a_stream_of_holes_is_refused_and_can_still_be_filled() {
    let mut marks = Marks::default();
    let mut next = 2;
    while marks.receive(next) == Ok(true) {
        next += 2;
    }
    assert_eq!(marks.open().len(), MAX_OPEN);
    let before = marks.clone();
    assert_eq!(marks.receive(next), Err(TooManyGaps));
    assert_eq!(marks.skip(next..=next + 5, DropReason::Age), Err(TooManyGaps));
    assert_eq!(marks, before);
    assert_eq!(marks.receive(next - 1), Ok(true), "beside a range there is room");
    assert_eq!(marks.receive(1), Ok(true));
    assert_eq!(marks.high(), 2);
}
