//! An agent that gives set answers, and the running of picketctl against it.

use std::{
    io::{BufRead as _, BufReader, Read as _, Write as _},
    os::unix::net::{UnixListener, UnixStream},
    path::{Path, PathBuf},
    process::{Command, Stdio},
    sync::{Arc, Mutex},
    thread,
};

use serde::Serialize;

/// How picketctl ended.
pub(crate) struct Ended {
    pub(crate) code: i32,
    pub(crate) out: String,
    pub(crate) err: String,
}

/// Runs picketctl with these arguments and this on its standard input.
pub(crate) fn run(socket: &Path, arguments: &[&str], input: &[u8]) -> Ended {
    let mut child = Command::new(env!("CARGO_BIN_EXE_picketctl"))
        .arg("--socket")
        .arg(socket)
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // A program that refuses before reading closes its end; that is no failure of the test.
    let _ = child.stdin.take().unwrap().write_all(input);
    let output = child.wait_with_output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    Ended { code: output.status.code().unwrap(), out: text(output.stdout), err: text(output.stderr) }
}

/// A set answer: the request it is for, its status, its body. Answers to the same request are given in turn, the last
/// one again and again.
pub(crate) type Answer = (&'static str, u16, Vec<u8>);

pub(crate) fn json(request: &'static str, status: u16, value: &impl Serialize) -> Answer {
    (request, status, serde_json::to_vec(value).unwrap())
}

/// A request: its first line without the version, and its body.
type Asked = (String, Vec<u8>);

/// An agent that gives set answers.
pub(crate) struct Agent {
    folder: tempfile::TempDir,
    asked: Arc<Mutex<Vec<Asked>>>,
}

impl Agent {
    pub(crate) fn with(answers: Vec<Answer>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let listener = UnixListener::bind(folder.path().join("agent.sock")).unwrap();
        let asked = Arc::new(Mutex::new(Vec::new()));
        let written = Arc::clone(&asked);
        // Ends with the test's process.
        thread::spawn(move || {
            let mut answers = answers;
            for stream in listener.incoming() {
                serve(stream.unwrap(), &mut answers, &written);
            }
        });
        Self { folder, asked }
    }

    pub(crate) fn socket(&self) -> PathBuf {
        self.folder.path().join("agent.sock")
    }

    /// A file beside the socket.
    pub(crate) fn file(&self, name: &str, content: &[u8]) -> String {
        let path = self.folder.path().join(name);
        std::fs::write(&path, content).unwrap();
        path.to_str().unwrap().to_owned()
    }

    pub(crate) fn run(&self, arguments: &[&str]) -> Ended {
        run(&self.socket(), arguments, b"")
    }

    /// The requests so far.
    pub(crate) fn asked(&self) -> Vec<Asked> {
        self.asked.lock().unwrap().clone()
    }
}

fn serve(stream: UnixStream, answers: &mut Vec<Answer>, written: &Mutex<Vec<Asked>>) {
    let mut reader = BufReader::new(stream);
    let mut head = Vec::new();
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).unwrap();
        if line.trim().is_empty() {
            break;
        }
        head.push(line.trim().to_owned());
    }
    let Some(first) = head.first() else { return };
    let length = head.iter().find_map(|line| line.strip_prefix("content-length: ")).map_or(0, |n| n.parse().unwrap());
    let mut body = vec![0; length];
    reader.read_exact(&mut body).unwrap();
    let request = first.trim_end_matches(" HTTP/1.1").to_owned();
    written.lock().unwrap().push((request.clone(), body));
    let mine: Vec<usize> = (0..answers.len()).filter(|position| answers[*position].0 == request).collect();
    let position = *mine.first().unwrap_or_else(|| panic!("nothing is set for {request}"));
    let (_, status, body) = if mine.len() > 1 { answers.remove(position) } else { answers[position].clone() };
    let mut stream = reader.into_inner();
    write!(stream, "HTTP/1.1 {status} -\r\ncontent-length: {}\r\nconnection: close\r\n\r\n", body.len()).unwrap();
    stream.write_all(&body).unwrap();
}
