//! All files and folders of a disk, by their number. Knows nothing of FUSE.

use std::{
    collections::BTreeMap,
    ffi::{OsStr, OsString},
    time::SystemTime,
};

use nix::errno::Errno;

use crate::{
    Dropped,
    chance::Chance,
    content::Content,
    names::{Names, Node},
};

/// The number of the topmost folder.
pub(crate) const ROOT: Node = 1;

#[derive(Debug)]
pub(crate) struct Image {
    nodes: BTreeMap<Node, Entry>,
    next: Node,
    /// Syncs that are still to fail.
    pub(crate) failing: u32,
    pub(crate) syncs: u64,
}

#[derive(Debug)]
pub(crate) struct Entry {
    pub(crate) kind: Kind,
    pub(crate) mode: u16,
    pub(crate) owner: (u32, u32),
    pub(crate) modified: SystemTime,
}

#[derive(Debug)]
pub(crate) enum Kind {
    File(Content),
    Folder(Names),
    /// Its bytes are in the kernel.
    Socket,
}

impl Default for Image {
    fn default() -> Self {
        let root = Entry {
            kind: Kind::Folder(Names::default()),
            mode: 0o700,
            owner: (0, 0),
            modified: SystemTime::UNIX_EPOCH,
        };
        Self { nodes: BTreeMap::from([(ROOT, root)]), next: ROOT + 1, failing: 0, syncs: 0 }
    }
}

impl Image {
    pub(crate) fn entry(&self, node: Node) -> Result<&Entry, Errno> {
        self.nodes.get(&node).ok_or(Errno::ENOENT)
    }

    pub(crate) fn entry_mut(&mut self, node: Node) -> Result<&mut Entry, Errno> {
        self.nodes.get_mut(&node).ok_or(Errno::ENOENT)
    }

    pub(crate) fn content(&mut self, node: Node) -> Result<&mut Content, Errno> {
        match &mut self.entry_mut(node)?.kind {
            Kind::File(content) => Ok(content),
            Kind::Folder(_) => Err(Errno::EISDIR),
            Kind::Socket => Err(Errno::EINVAL),
        }
    }

    pub(crate) fn names(&mut self, node: Node) -> Result<&mut Names, Errno> {
        match &mut self.entry_mut(node)?.kind {
            Kind::Folder(names) => Ok(names),
            _ => Err(Errno::ENOTDIR),
        }
    }

    pub(crate) fn find(&mut self, folder: Node, name: &OsStr) -> Result<Node, Errno> {
        self.names(folder)?.find(name).ok_or(Errno::ENOENT)
    }

    pub(crate) fn make(&mut self, folder: Node, name: &OsStr, entry: Entry) -> Result<Node, Errno> {
        let node = self.next;
        self.link(folder, name, node)?;
        self.nodes.insert(node, entry);
        self.next += 1;
        Ok(node)
    }

    pub(crate) fn link(&mut self, folder: Node, name: &OsStr, node: Node) -> Result<(), Errno> {
        let names = self.names(folder)?;
        if names.find(name).is_some() {
            return Err(Errno::EEXIST);
        }
        names.change(vec![(name.to_owned(), Some(node))]);
        Ok(())
    }

    /// The node stays: it may be open, or have a name again after a cut.
    pub(crate) fn unlink(&mut self, folder: Node, name: &OsStr) -> Result<(), Errno> {
        let node = self.find(folder, name)?;
        if let Kind::Folder(names) = &self.entry(node)?.kind
            && !names.is_empty()
        {
            return Err(Errno::ENOTEMPTY);
        }
        self.names(folder)?.change(vec![(name.to_owned(), None)]);
        Ok(())
    }

    /// One step within a folder; from one folder to another it is two, of which a cut may leave one.
    pub(crate) fn rename(&mut self, from: (Node, &OsStr), to: (Node, &OsStr)) -> Result<(), Errno> {
        let node = self.find(from.0, from.1)?;
        let change = |name: &OsStr, node| -> (OsString, Option<Node>) { (name.to_owned(), node) };
        if from.0 == to.0 {
            self.names(from.0)?.change(vec![change(from.1, None), change(to.1, Some(node))]);
        } else {
            self.names(to.0)?.change(vec![change(to.1, Some(node))]);
            self.names(from.0)?.change(vec![change(from.1, None)]);
        }
        Ok(())
    }

    /// Makes a file's bytes durable, or a folder's names.
    pub(crate) fn sync(&mut self, node: Node) -> Result<(), Errno> {
        let fails = self.failing > 0;
        self.failing = self.failing.saturating_sub(1);
        match (&mut self.entry_mut(node)?.kind, fails) {
            (Kind::File(content), true) => content.forsake(),
            (Kind::File(content), false) => content.sync(),
            (Kind::Folder(names), false) => names.sync(),
            (Kind::Folder(_), true) | (Kind::Socket, _) => {}
        }
        if fails {
            return Err(Errno::EIO);
        }
        self.syncs += 1;
        Ok(())
    }

    pub(crate) fn settle(&mut self) {
        for entry in self.nodes.values_mut() {
            match &mut entry.kind {
                Kind::File(content) => content.sync(),
                Kind::Folder(names) => names.sync(),
                Kind::Socket => {}
            }
        }
    }

    /// See [`crate::Disk::cut`]. How much survives is drawn anew for each cut: nothing, a part, or everything.
    pub(crate) fn cut(&mut self, chance: &mut Chance) -> Dropped {
        let survives = [0, 0, 10, 50, 90, 100][usize::try_from(chance.below(6)).unwrap_or_default()];
        let mut dropped = Dropped::default();
        for entry in self.nodes.values_mut() {
            match &mut entry.kind {
                Kind::File(content) => dropped.sectors += content.cut(chance, survives),
                Kind::Folder(names) => dropped.names += names.cut(chance, survives),
                Kind::Socket => {}
            }
        }
        self.forget_nameless();
        dropped
    }

    fn forget_nameless(&mut self) {
        let mut named = vec![ROOT];
        let mut next = 0;
        while let Some(node) = named.get(next) {
            if let Some(Entry { kind: Kind::Folder(names), .. }) = self.nodes.get(node) {
                named.extend(names.iter().map(|(_, node)| node));
            }
            next += 1;
        }
        named.sort_unstable();
        self.nodes.retain(|node, _| named.binary_search(node).is_ok());
    }
}
