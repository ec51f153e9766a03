//! A browser without scripts: keeps its cookie, sends forms.

use super::{Answer, Wire};

/// A browser.
#[derive(Clone)]
pub(crate) struct Browser {
    pub(crate) wire: Wire,
    /// The cookie, whole: `name=value`.
    pub(crate) cookie: Option<String>,
    /// The token of the last page.
    pub(crate) csrf: String,
}

impl Browser {
    pub(crate) fn new(wire: Wire) -> Self {
        Self { wire, cookie: None, csrf: String::new() }
    }

    pub(crate) fn get(&mut self, path: &str) -> Answer {
        let request = self.head("GET", path, &[]);
        self.send(format!("{request}\r\n").as_bytes())
    }

    /// A form with the token of the last page.
    pub(crate) fn post(&mut self, path: &str, fields: &[(&str, &str)]) -> Answer {
        let csrf = self.csrf.clone();
        let mut all = vec![("csrf", csrf.as_str())];
        all.extend_from_slice(fields);
        self.post_bare(path, &all, &[])
    }

    /// A form with these fields and header fields only.
    pub(crate) fn post_bare(&mut self, path: &str, fields: &[(&str, &str)], headers: &[(&str, &str)]) -> Answer {
        let body = serde_urlencoded::to_string(fields).unwrap();
        let length = body.len().to_string();
        let mut all = vec![("content-type", "application/x-www-form-urlencoded"), ("content-length", &length)];
        all.extend_from_slice(headers);
        let request = self.head("POST", path, &all);
        self.send(format!("{request}\r\n{body}").as_bytes())
    }

    /// A form with a file and the token of the last page.
    pub(crate) fn upload(&mut self, path: &str, file: &[u8], fields: &[(&str, &str)]) -> Answer {
        let csrf = self.csrf.clone();
        let mut all = vec![("csrf", csrf.as_str())];
        all.extend_from_slice(fields);
        let request = self.upload_request(path, file, &all);
        self.send(&request)
    }

    pub(crate) fn upload_request(&self, path: &str, file: &[u8], fields: &[(&str, &str)]) -> Vec<u8> {
        let mut body = Vec::new();
        for (name, value) in fields {
            body.extend_from_slice(
                format!("--b0undary\r\ncontent-disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n").as_bytes(),
            );
        }
        let head = "--b0undary\r\ncontent-disposition: form-data; name=\"file\"; filename=\"../../x\"\r\n\
             content-type: application/octet-stream\r\n\r\n";
        body.extend_from_slice(head.as_bytes());
        body.extend_from_slice(file);
        body.extend_from_slice(b"\r\n--b0undary--\r\n");
        let length = body.len().to_string();
        let fields = [("content-type", "multipart/form-data; boundary=b0undary"), ("content-length", &length)];
        let mut request = format!("{}\r\n", self.head("POST", path, &fields)).into_bytes();
        request.extend_from_slice(&body);
        request
    }

    pub(crate) fn sign_in(&mut self, name: &str, password: &str) -> Answer {
        let answer = self.post_bare("/sign-in", &[("name", name), ("password", password)], &[]);
        if answer.status == 303 {
            self.get("/account");
        }
        answer
    }

    /// Request line and header fields, without the empty line.
    pub(crate) fn head(&self, method: &str, path: &str, headers: &[(&str, &str)]) -> String {
        let mut head = format!("{method} {path} HTTP/1.1\r\nhost: {}\r\nconnection: close\r\n", self.wire.host());
        if let Some(cookie) = &self.cookie {
            head.push_str(&format!("cookie: {cookie}\r\n"));
        }
        for (name, value) in headers {
            head.push_str(&format!("{name}: {value}\r\n"));
        }
        head
    }

    pub(crate) fn send(&mut self, request: &[u8]) -> Answer {
        let answer = self.wire.send(request).expect("the console answered nothing");
        if let Some(cookie) = answer.header("set-cookie") {
            self.cookie = Some(cookie.split(';').next().unwrap().to_owned());
        }
        if let Some((_, rest)) = answer.body.split_once("name=\"csrf\" value=\"") {
            self.csrf = rest.split('"').next().unwrap().to_owned();
        }
        answer
    }

    /// The value of a hidden field on a page.
    pub(crate) fn hidden(answer: &Answer, name: &str) -> String {
        let (_, rest) = answer.body.split_once(&format!("name=\"{name}\" value=\"")).expect("no such field");
        rest.split('"').next().unwrap().to_owned()
    }
}
