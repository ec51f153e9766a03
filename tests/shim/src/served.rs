//! The disk as the kernel asks for it. The kernel alone changes it, so it may remember all that it was told; each mount
//! begins with nothing remembered.

use std::{
    ffi::OsStr,
    time::{Duration, SystemTime},
};

use fuser::{
    FileAttr, FileHandle, FileType, Filesystem, FopenFlags, Generation, INodeNo, LockOwner, OpenFlags, RenameFlags,
    ReplyAttr, ReplyCreate, ReplyData, ReplyDirectory, ReplyEmpty, ReplyEntry, ReplyStatfs, ReplyWrite, Request,
    TimeOrNow, WriteFlags,
};
use nix::{errno::Errno, sys::stat::SFlag};

use crate::{
    Disk,
    content::{Content, SECTOR},
    image::{Entry, Image, Kind},
    names::{Names, Node},
};

/// For as long as it is mounted.
const FOREVER: Duration = Duration::from_secs(1_000_000);
/// What the disk says it has room for, in sectors: the programs under test watch it.
const ROOM: u64 = 8 * 1024 * 1024 * 1024 / SECTOR as u64;

#[derive(Debug)]
pub(crate) struct Served(pub(crate) Disk);

impl Served {
    fn make(&self, request: &Request, place: (INodeNo, &OsStr), mode: u32, kind: Kind) -> Result<FileAttr, Errno> {
        let entry = Entry {
            kind,
            mode: u16::try_from(mode & 0o7777).unwrap_or_default(),
            owner: (request.uid(), request.gid()),
            modified: now(),
        };
        let mut image = self.0.image();
        let node = image.make(place.0.0, place.1, entry)?;
        attributes(&image, node)
    }

    fn entry(&self, node: impl FnOnce(&mut Image) -> Result<Node, Errno>, reply: ReplyEntry) {
        let mut image = self.0.image();
        let found = node(&mut image).and_then(|node| attributes(&image, node));
        answer_entry(found, reply);
    }

    fn done(&self, act: impl FnOnce(&mut Image) -> Result<(), Errno>, reply: ReplyEmpty) {
        match act(&mut self.0.image()) {
            Ok(()) => reply.ok(),
            Err(error) => reply.error(told(error)),
        }
    }
}

impl Filesystem for Served {
    fn lookup(&self, _: &Request, parent: INodeNo, name: &OsStr, reply: ReplyEntry) {
        self.entry(|image| image.find(parent.0, name), reply);
    }

    fn getattr(&self, _: &Request, node: INodeNo, _: Option<FileHandle>, reply: ReplyAttr) {
        answer_attributes(attributes(&self.0.image(), node.0), reply);
    }

    fn setattr(
        &self,
        _: &Request,
        node: INodeNo,
        mode: Option<u32>,
        uid: Option<u32>,
        gid: Option<u32>,
        size: Option<u64>,
        _: Option<TimeOrNow>,
        _: Option<TimeOrNow>,
        _: Option<SystemTime>,
        _: Option<FileHandle>,
        _: Option<SystemTime>,
        _: Option<SystemTime>,
        _: Option<SystemTime>,
        _: Option<fuser::BsdFileFlags>,
        reply: ReplyAttr,
    ) {
        let mut image = self.0.image();
        let changed = set_attributes(&mut image, node.0, (mode, uid, gid, size));
        answer_attributes(changed.and_then(|()| attributes(&image, node.0)), reply);
    }

    fn mknod(&self, request: &Request, parent: INodeNo, name: &OsStr, mode: u32, _: u32, _: u32, reply: ReplyEntry) {
        let kind = if mode & SFlag::S_IFMT.bits() == SFlag::S_IFSOCK.bits() {
            Kind::Socket
        } else {
            Kind::File(Content::default())
        };
        answer_entry(self.make(request, (parent, name), mode, kind), reply);
    }

    fn mkdir(&self, request: &Request, parent: INodeNo, name: &OsStr, mode: u32, _: u32, reply: ReplyEntry) {
        answer_entry(self.make(request, (parent, name), mode, Kind::Folder(Names::default())), reply);
    }

    fn unlink(&self, _: &Request, parent: INodeNo, name: &OsStr, reply: ReplyEmpty) {
        self.done(|image| image.unlink(parent.0, name), reply);
    }

    fn rmdir(&self, _: &Request, parent: INodeNo, name: &OsStr, reply: ReplyEmpty) {
        self.done(|image| image.unlink(parent.0, name), reply);
    }

    fn rename(
        &self,
        _: &Request,
        parent: INodeNo,
        name: &OsStr,
        new_parent: INodeNo,
        new_name: &OsStr,
        flags: RenameFlags,
        reply: ReplyEmpty,
    ) {
        if !flags.is_empty() {
            return reply.error(told(Errno::EINVAL));
        }
        self.done(|image| image.rename((parent.0, name), (new_parent.0, new_name)), reply);
    }

    fn link(&self, _: &Request, node: INodeNo, parent: INodeNo, name: &OsStr, reply: ReplyEntry) {
        self.entry(|image| image.link(parent.0, name, node.0).map(|()| node.0), reply);
    }

    fn create(&self, request: &Request, parent: INodeNo, name: &OsStr, mode: u32, _: u32, _: i32, reply: ReplyCreate) {
        match self.make(request, (parent, name), mode, Kind::File(Content::default())) {
            Ok(found) => reply.created(&FOREVER, &found, Generation(0), FileHandle(0), FopenFlags::empty()),
            Err(error) => reply.error(told(error)),
        }
    }

    fn read(
        &self,
        _: &Request,
        node: INodeNo,
        _: FileHandle,
        offset: u64,
        size: u32,
        _: OpenFlags,
        _: Option<LockOwner>,
        reply: ReplyData,
    ) {
        match self.0.image().content(node.0) {
            Ok(content) => reply.data(content.read(length(offset), length(size.into()))),
            Err(error) => reply.error(told(error)),
        }
    }

    fn write(
        &self,
        _: &Request,
        node: INodeNo,
        _: FileHandle,
        offset: u64,
        data: &[u8],
        _: WriteFlags,
        _: OpenFlags,
        _: Option<LockOwner>,
        reply: ReplyWrite,
    ) {
        match self.0.image().content(node.0) {
            Ok(content) => {
                content.write(length(offset), data);
                reply.written(u32::try_from(data.len()).unwrap_or(u32::MAX));
            }
            Err(error) => reply.error(told(error)),
        }
    }

    fn fallocate(
        &self,
        _: &Request,
        node: INodeNo,
        _: FileHandle,
        offset: u64,
        count: u64,
        mode: i32,
        reply: ReplyEmpty,
    ) {
        if mode != 0 {
            return reply.error(told(Errno::EOPNOTSUPP));
        }
        let end = length(offset.saturating_add(count));
        self.done(
            |image| {
                let content = image.content(node.0)?;
                content.set_len(content.len().max(end));
                Ok(())
            },
            reply,
        );
    }

    fn flush(&self, _: &Request, _: INodeNo, _: FileHandle, _: LockOwner, reply: ReplyEmpty) {
        reply.ok(); // a close syncs nothing
    }

    fn fsync(&self, _: &Request, node: INodeNo, _: FileHandle, _: bool, reply: ReplyEmpty) {
        self.done(|image| image.sync(node.0), reply);
    }

    fn fsyncdir(&self, _: &Request, node: INodeNo, _: FileHandle, _: bool, reply: ReplyEmpty) {
        self.done(|image| image.sync(node.0), reply);
    }

    fn readdir(&self, _: &Request, node: INodeNo, _: FileHandle, offset: u64, mut reply: ReplyDirectory) {
        let mut image = self.0.image();
        let listed = match image.names(node.0) {
            Ok(names) => names.iter().map(|(name, node)| (name.clone(), node)).collect::<Vec<_>>(),
            Err(error) => return reply.error(told(error)),
        };
        for ((name, node), next) in listed.into_iter().zip(1_u64..).skip(length(offset)) {
            let kind = image.entry(node).map_or(FileType::RegularFile, kind_of);
            if reply.add(INodeNo(node), next, kind, name) {
                break;
            }
        }
        reply.ok();
    }

    fn statfs(&self, _: &Request, _: INodeNo, reply: ReplyStatfs) {
        let sector = u32::try_from(SECTOR).unwrap_or_default();
        reply.statfs(ROOM, ROOM, ROOM, ROOM, ROOM, sector, 255, sector);
    }
}

type Wanted = (Option<u32>, Option<u32>, Option<u32>, Option<u64>);

fn set_attributes(image: &mut Image, node: Node, (mode, uid, gid, size): Wanted) -> Result<(), Errno> {
    if let Some(size) = size {
        image.content(node)?.set_len(length(size));
    }
    let entry = image.entry_mut(node)?;
    entry.mode = mode.map_or(entry.mode, |mode| u16::try_from(mode & 0o7777).unwrap_or_default());
    entry.owner = (uid.unwrap_or(entry.owner.0), gid.unwrap_or(entry.owner.1));
    entry.modified = now();
    Ok(())
}

fn attributes(image: &Image, node: Node) -> Result<FileAttr, Errno> {
    let entry = image.entry(node)?;
    let size = match &entry.kind {
        Kind::File(content) => content.len() as u64,
        Kind::Folder(_) | Kind::Socket => 0,
    };
    Ok(FileAttr {
        ino: INodeNo(node),
        size,
        blocks: size.div_ceil(SECTOR as u64),
        atime: entry.modified,
        mtime: entry.modified,
        ctime: entry.modified,
        crtime: entry.modified,
        kind: kind_of(entry),
        perm: entry.mode,
        nlink: 1,
        uid: entry.owner.0,
        gid: entry.owner.1,
        rdev: 0,
        blksize: 4096,
        flags: 0,
    })
}

const fn kind_of(entry: &Entry) -> FileType {
    match entry.kind {
        Kind::File(_) => FileType::RegularFile,
        Kind::Folder(_) => FileType::Directory,
        Kind::Socket => FileType::Socket,
    }
}

fn answer_entry(found: Result<FileAttr, Errno>, reply: ReplyEntry) {
    match found {
        Ok(found) => reply.entry(&FOREVER, &found, Generation(0)),
        Err(error) => reply.error(told(error)),
    }
}

fn answer_attributes(found: Result<FileAttr, Errno>, reply: ReplyAttr) {
    match found {
        Ok(found) => reply.attr(&FOREVER, &found),
        Err(error) => reply.error(told(error)),
    }
}

fn told(error: Errno) -> fuser::Errno {
    fuser::Errno::from_i32(error as i32)
}

fn length(number: u64) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}

#[expect(clippy::disallowed_methods, reason = "a file system stamps what it keeps")]
fn now() -> SystemTime {
    SystemTime::now()
}
