//! The epochs of places, with no file: every kind of knowledge about a boundary.

use std::{cmp::Ordering, sync::Arc};

use picket_lifecycle::epochs::{EngineMark, EpochRecord, Routing};
use picket_protocol::ids::{Epoch, Owner, SensorId, SubscriptionId, TrustRootId};

use super::{
    super::{
        assign::{Assigner, Content, View},
        position::{Key, Point},
    },
    rig::{CLOUD, LOCAL},
};

/// Contents in their order: 1 is read, 2 was made later; 3 is another content of 1's file.
const CONTENTS: [Key; 3] = [
    Key { device: 1, inode: 1, generation: 1 },
    Key { device: 1, inode: 2, generation: 2 },
    Key { device: 1, inode: 1, generation: 3 },
];

fn record(epoch: u64, routing: Routing, boundary: EngineMark) -> EpochRecord {
    let owner =
        Owner { trust_root: TrustRootId::from_bytes([1; 32]), subscription: SubscriptionId::from_bytes([1; 16]) };
    EpochRecord { epoch: Epoch(epoch), owner, sensor: SensorId::from_bytes([1; 16]), routing, boundary }
}

fn mark(inode: u64, length: u64) -> EngineMark {
    EngineMark::File { device: 1, inode, length }
}

fn point(content: usize, offset: u64) -> Point {
    Point { key: CONTENTS[content], offset }
}

/// A sensor in epoch 1, local, reads at 100 of content 0 and learns that epoch 2, cloud, began at `boundary`.
fn learnt(boundary: EngineMark, content: Option<Content>) -> Assigner {
    let records: Arc<[EpochRecord]> = [record(1, LOCAL, EngineMark::Unknown), record(2, CLOUD, boundary)].into();
    let mut assigner = Assigner::new(Epoch(1), Vec::new());
    let view = View { first: false, at: point(0, 100), end: point(2, 500), content: &|_, _| content };
    assert!(assigner.learn(&records, &view));
    assert!(!assigner.learn(&records, &view), "learnt twice");
    assigner
}

/// The epochs of places in order, as (content, offset).
fn epochs(assigner: &mut Assigner, places: &[(usize, u64)]) -> Vec<u64> {
    let epoch = |&(content, offset): &(usize, u64)| {
        let order = |key: Key| {
            let index = CONTENTS.iter().position(|known| *known == key)?;
            Some(index.cmp(&content) as Ordering)
        };
        assigner.assign(point(content, offset), order).epoch.0
    };
    places.iter().map(epoch).collect()
}

fn content(index: usize, length: u64, sure: bool) -> Content {
    Content { key: CONTENTS[index], length, sure, before: None }
}

#[test]
fn a_boundary_that_was_seen_is_known_to_the_byte() {
    let mut assigner = learnt(mark(1, 150), Some(content(0, 300, true)));
    assert_eq!(epochs(&mut assigner, &[(0, 100), (0, 149), (0, 150), (1, 0)]), [1, 1, 2, 2]);
    let mut ahead = learnt(mark(2, 50), Some(content(1, 60, true)));
    assert_eq!(epochs(&mut ahead, &[(0, 900), (1, 49), (1, 50)]), [1, 1, 2]);
}

#[test]
fn a_content_that_is_left_before_its_boundary_ends_the_epoch() {
    let mut assigner = learnt(mark(1, 150), Some(content(0, 120, true)));
    assert_eq!(epochs(&mut assigner, &[(0, 110)]), [1]);
    assigner.left(CONTENTS[0], CONTENTS[1]);
    assert_eq!(epochs(&mut assigner, &[(1, 0)]), [2]);
}

#[test]
fn in_a_file_that_may_be_another_there_is_doubt_up_to_the_boundary() {
    // In doubt the local epoch holds.
    let mut assigner = learnt(mark(2, 50), Some(content(1, 60, false)));
    assert_eq!(epochs(&mut assigner, &[(0, 900), (1, 0), (1, 49), (1, 50)]), [1, 1, 1, 2]);
    let mut shorter = learnt(mark(2, 50), Some(content(1, 40, false)));
    assert_eq!(epochs(&mut shorter, &[(0, 900), (1, 0)]), [1, 2]);
}

#[test]
fn a_boundary_in_either_of_two_contents_is_in_doubt_from_the_first_to_the_second() {
    let both = Content { before: Some(CONTENTS[0]), ..content(2, 500, true) };
    let mut assigner = learnt(mark(1, 150), Some(both));
    assert_eq!(epochs(&mut assigner, &[(0, 149), (0, 150), (1, 0), (2, 149), (2, 150)]), [1, 1, 1, 1, 2]);
}

#[test]
fn after_a_cut_the_boundary_is_in_doubt_and_in_a_copy_it_stays() {
    let mut cut = learnt(mark(1, 150), Some(content(0, 300, true)));
    cut.cut_off(CONTENTS[0], CONTENTS[2]);
    assert_eq!(epochs(&mut cut, &[(2, 0), (2, 149), (2, 150)]), [1, 1, 2]);
    let mut copied = learnt(mark(1, 150), Some(content(0, 300, true)));
    copied.copied(CONTENTS[0], CONTENTS[2]);
    assert_eq!(epochs(&mut copied, &[(0, 149), (0, 150), (2, 0)]), [1, 2, 2]);
    let mut doubtful = learnt(mark(1, 150), Some(content(0, 300, false)));
    doubtful.copied(CONTENTS[0], CONTENTS[2]);
    assert_eq!(epochs(&mut doubtful, &[(0, 149), (0, 150), (2, 149), (2, 150)]), [1, 1, 1, 2]);
}

#[test]
fn a_boundary_that_nobody_knows_lies_anywhere_in_what_is_there() {
    for (boundary, content) in [(EngineMark::Unknown, None), (EngineMark::Socket, None), (mark(9, 1), None)] {
        let mut assigner = learnt(boundary, content);
        assert_eq!(epochs(&mut assigner, &[(0, 100), (1, 900), (2, 499), (2, 500)]), [1, 1, 1, 2]);
    }
}
