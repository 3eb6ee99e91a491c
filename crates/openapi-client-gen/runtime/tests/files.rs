//! Files that are missing, change, break, come twice, or are larger than memory should hold.

mod common;

use std::fs;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

use bytes::Bytes;
use codegen_runtime::file_part::{FilePart, PartError};
use codegen_runtime::multipart::Form;
use common::{Received, chain, find, recording, serve};
use futures_util::stream;
use http_body_util::BodyExt;

fn form(file: FilePart) -> Form {
    let mut form = Form::new();
    form.file("files", file);
    form
}

fn request(url: &str) -> reqwest::Request {
    reqwest::Client::new().post(url).build().unwrap()
}

async fn refusal(file: FilePart) -> String {
    let mut request = request("http://127.0.0.1:9/");
    form(file).apply(&mut request).await.unwrap_err()
}

/// Sends the file, which is expected to fail in mid-body; gives what the client and the server made of it.
async fn abandoned(file: FilePart) -> (reqwest::Error, Received) {
    let (url, mut received) = recording().await;
    let mut request = request(&url);
    form(file).apply(&mut request).await.unwrap();
    let error = reqwest::Client::new().execute(request).await.unwrap_err();
    (error, received.recv().await.unwrap())
}

fn factory(length: Option<u64>, chunks: Vec<io::Result<Bytes>>) -> FilePart {
    let chunks = Arc::new(std::sync::Mutex::new(Some(chunks)));
    FilePart::from_factory("made.bin", length, move || {
        let chunks = chunks.lock().unwrap().take().unwrap();
        async move { Ok(stream::iter(chunks)) }
    })
}

#[tokio::test]
async fn a_missing_file_is_refused_with_its_path_and_the_reason() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("not there.pdf");
    let refusal = refusal(FilePart::from_path(&path)).await;
    let expected = format!("part `files`: {path:?} cannot be read: ");
    assert!(refusal.starts_with(&expected), "{refusal}");
    let reason = fs::File::open(&path).unwrap_err().to_string();
    assert!(refusal.ends_with(&reason), "{refusal}");
}

#[tokio::test]
async fn a_directory_is_refused() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path();
    assert_eq!(
        refusal(FilePart::from_path(path)).await,
        format!("part `files`: {path:?} cannot be read: is a directory")
    );
}

#[tokio::test]
async fn a_second_file_that_is_missing_keeps_the_first_from_being_sent() {
    let opened = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&opened);
    let mut form = Form::new();
    form.file(
        "files",
        FilePart::from_factory("a.bin", None, move || {
            count.fetch_add(1, Ordering::SeqCst);
            async { Ok(stream::empty()) }
        }),
    );
    form.file("files", FilePart::from_path("/nonexistent/b.bin"));
    form.apply(&mut request("http://127.0.0.1:9/"))
        .await
        .unwrap_err();
    assert_eq!(opened.load(Ordering::SeqCst), 0);
}

#[cfg(unix)]
#[tokio::test]
async fn a_file_without_permission_is_refused() {
    use std::os::unix::fs::PermissionsExt;
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("locked.pdf");
    fs::write(&path, "x").unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o000)).unwrap();
    // Root reads everything; then there is nothing to see here.
    let Err(reason) = fs::File::open(&path) else {
        return;
    };
    let refusal = refusal(FilePart::from_path(&path)).await;
    assert!(refusal.ends_with(&reason.to_string()), "{refusal}");
}

#[tokio::test]
async fn a_file_is_read_anew_for_every_attempt() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("a.bin");
    let part = FilePart::from_path(&path);
    let (url, mut received) = recording().await;
    for content in ["first, and longer", "second"] {
        fs::write(&path, content).unwrap();
        let mut request = request(&url);
        form(part.clone()).apply(&mut request).await.unwrap();
        reqwest::Client::new().execute(request).await.unwrap();
        let body = received.recv().await.unwrap().body.unwrap();
        let body = String::from_utf8(body.to_vec()).unwrap();
        assert!(body.contains(&format!("\r\n\r\n{content}\r\n")), "{body}");
    }
}

#[tokio::test]
async fn the_same_part_can_be_sent_twice_from_any_source() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("a.bin");
    fs::write(&path, "same content").unwrap();
    let opened = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&opened);
    let made = FilePart::from_factory("a.bin", None, move || {
        count.fetch_add(1, Ordering::SeqCst);
        async { Ok(stream::iter([Ok(Bytes::from("same content"))])) }
    });
    let parts = [
        FilePart::from_path(&path),
        FilePart::from_bytes("a.bin", "same content"),
        made,
    ];
    let (url, mut received) = recording().await;
    for part in parts {
        for _attempt in 0..2 {
            let mut request = request(&url);
            form(part.clone()).apply(&mut request).await.unwrap();
            reqwest::Client::new().execute(request).await.unwrap();
            let body = received.recv().await.unwrap().body.unwrap();
            let body = String::from_utf8(body.to_vec()).unwrap();
            assert!(body.contains("\r\n\r\nsame content\r\n"), "{body}");
        }
    }
    assert_eq!(opened.load(Ordering::SeqCst), 2);
}

#[tokio::test]
async fn how_far_a_file_is_is_told_from_the_start_in_each_attempt() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("a.bin");
    let length = 1_200_000;
    fs::write(&path, vec![7; length]).unwrap();
    let (url, mut received) = recording().await;
    for part in [
        FilePart::from_path(&path),
        FilePart::from_bytes("a.bin", vec![7; length]),
    ] {
        let told = Arc::new(std::sync::Mutex::new(Vec::new()));
        let log = Arc::clone(&told);
        let part = part.on_chunk(move |sent| log.lock().unwrap().push(sent));
        for _attempt in 0..2 {
            let mut request = request(&url);
            form(part.clone()).apply(&mut request).await.unwrap();
            reqwest::Client::new().execute(request).await.unwrap();
            received.recv().await.unwrap();
            let told = std::mem::take(&mut *told.lock().unwrap());
            assert!(told.len() > 1 && told.is_sorted(), "{told:?}");
            assert_eq!(told.last(), Some(&(length as u64)));
        }
    }
}

#[tokio::test]
async fn a_file_that_changes_after_it_was_checked_fails_the_request() {
    let changes: [(&str, &str); 2] = [
        ("short", "ended after 5 of 10 bytes"),
        (
            "longer than that",
            "is longer than the 10 bytes it was said to have",
        ),
    ];
    for (after, problem) in changes {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("a.bin");
        fs::write(&path, "0123456789").unwrap();
        let (url, mut received) = recording().await;
        let mut request = request(&url);
        form(FilePart::from_path(&path))
            .apply(&mut request)
            .await
            .unwrap();
        fs::write(&path, after).unwrap();

        let error = reqwest::Client::new().execute(request).await.unwrap_err();
        let part_error = find::<PartError>(&error).expect("the cause in the chain");
        assert_eq!(
            part_error.to_string(),
            format!("part `files`: {path:?} {problem}")
        );
        assert!(
            received.recv().await.unwrap().body.is_none(),
            "the body must not look whole"
        );
    }
}

/// A file in a folder, last modified a minute ago.
fn old_file(content: &[u8]) -> (tempfile::TempDir, std::path::PathBuf) {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("a.bin");
    fs::write(&path, content).unwrap();
    modified(&path, 60);
    (directory, path)
}

fn modified(path: &std::path::Path, seconds_ago: u64) {
    let time = std::time::SystemTime::now() - std::time::Duration::from_secs(seconds_ago);
    let file = fs::File::options().write(true).open(path).unwrap();
    file.set_modified(time).unwrap();
}

/// More than is read ahead.
const LARGE: usize = 4 << 20;

/// Sends a file that something happens to when its first chunk is on its way.
async fn changed_on_the_way(
    path: &std::path::Path,
    change: impl Fn(&std::path::Path) + Send + Sync + 'static,
) -> (reqwest::Result<reqwest::Response>, Received) {
    let (url, mut received) = recording().await;
    let mut request = request(&url);
    let once = std::sync::Once::new();
    let part = FilePart::from_path(path).on_chunk({
        let path = path.to_owned();
        move |_| once.call_once(|| change(&path))
    });
    form(part).apply(&mut request).await.unwrap();
    let sent = reqwest::Client::new().execute(request).await;
    (sent, received.recv().await.unwrap())
}

type Change = fn(&std::path::Path);

#[tokio::test]
async fn a_file_that_is_changed_while_it_is_sent_fails_the_request() {
    let changes: [(&str, Change); 3] = [
        ("overwritten in its place", |path| {
            use std::io::{Seek as _, Write as _};
            let mut file = fs::File::options().write(true).open(path).unwrap();
            file.seek(io::SeekFrom::End(-1)).unwrap();
            file.write_all(b"y").unwrap();
        }),
        ("written anew with the same length", |path| {
            fs::write(path, vec![b'y'; LARGE]).unwrap();
        }),
        ("given an older time", |path| modified(path, 3600)),
    ];
    for (name, change) in changes {
        let (_directory, path) = old_file(&vec![b'x'; LARGE]);
        let (sent, received) = changed_on_the_way(&path, change).await;
        let error = sent.expect_err(name);
        let part_error = find::<PartError>(&error).expect("the cause in the chain");
        let expected = format!("part `files`: {path:?} was changed while it was sent");
        assert_eq!(part_error.to_string(), expected, "{name}");
        assert!(
            received.body.is_none(),
            "{name}: the body must not look whole"
        );
    }
}

#[cfg(unix)]
#[tokio::test]
async fn a_file_that_is_replaced_while_it_is_sent_arrives_as_it_was() {
    let changes: [(&str, Change); 3] = [
        ("replaced", |path| {
            let other = path.with_extension("new");
            fs::write(&other, "another file").unwrap();
            fs::rename(other, path).unwrap();
        }),
        ("removed", |path| fs::remove_file(path).unwrap()),
        ("read by others", |path| drop(fs::read(path).unwrap())),
    ];
    for (name, change) in changes {
        let (_directory, path) = old_file(&vec![b'x'; LARGE]);
        let (sent, received) = changed_on_the_way(&path, change).await;
        sent.expect(name);
        let body = received.body.expect(name);
        let content = body.iter().filter(|byte| **byte == b'x').count();
        assert!(content >= LARGE, "{name}: {content}");
    }
}

#[tokio::test]
async fn a_file_that_vanishes_after_it_was_checked_fails_the_request() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("a.bin");
    fs::write(&path, "0123456789").unwrap();
    let (url, _received) = recording().await;
    let mut request = request(&url);
    form(FilePart::from_path(&path))
        .apply(&mut request)
        .await
        .unwrap();
    fs::remove_file(&path).unwrap();

    let error = reqwest::Client::new().execute(request).await.unwrap_err();
    let part_error = find::<PartError>(&error).expect("the cause in the chain");
    assert_eq!(
        part_error.to_string(),
        format!("part `files`: {path:?} cannot be opened")
    );
    assert_eq!(chain(part_error).len(), 2);
}

#[tokio::test]
async fn a_stream_of_another_length_than_announced_fails_the_request() {
    let chunk = || Ok(Bytes::from("0123456789"));
    for (length, chunks, problem) in [
        (25, vec![chunk(), chunk()], "ended after 20 of 25 bytes"),
        (
            20,
            vec![chunk(), chunk(), chunk()],
            "is longer than the 20 bytes it was said to have",
        ),
        (
            0,
            vec![chunk()],
            "is longer than the 0 bytes it was said to have",
        ),
    ] {
        let (error, received) = abandoned(factory(Some(length), chunks)).await;
        let part_error = find::<PartError>(&error).expect("the cause in the chain");
        assert_eq!(
            part_error.to_string(),
            format!("part `files`: \"made.bin\" {problem}")
        );
        assert!(received.body.is_none(), "the body must not look whole");
    }
}

#[tokio::test]
async fn a_stream_that_breaks_fails_the_request_with_its_own_error() {
    for length in [None, Some(20)] {
        let chunks = vec![
            Ok(Bytes::from("0123456789")),
            Err(io::Error::other("disk on fire")),
        ];
        let (error, received) = abandoned(factory(length, chunks)).await;
        let part_error = find::<PartError>(&error).expect("the cause in the chain");
        assert_eq!(
            chain(part_error),
            ["part `files`: \"made.bin\" cannot be read", "disk on fire"]
        );
        assert!(received.body.is_none(), "the body must not look whole");
    }
}

#[tokio::test]
async fn a_factory_that_fails_fails_the_request() {
    let part = FilePart::from_factory("made.bin", None, || async {
        Err::<stream::Empty<_>, _>(io::Error::other("no such object"))
    });
    let (url, _received) = recording().await;
    let mut request = request(&url);
    form(part).apply(&mut request).await.unwrap();
    let error = reqwest::Client::new().execute(request).await.unwrap_err();
    let part_error = find::<PartError>(&error).expect("the cause in the chain");
    assert_eq!(
        chain(part_error),
        [
            "part `files`: \"made.bin\" cannot be opened",
            "no such object"
        ]
    );
}

#[cfg(unix)]
fn pipe() -> (tempfile::TempDir, std::path::PathBuf) {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("pipe");
    let made = std::process::Command::new("mkfifo")
        .arg(&path)
        .status()
        .unwrap();
    assert!(made.success());
    (directory, path)
}

#[cfg(unix)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_pipe_is_read_without_a_length() {
    let (_directory, path) = pipe();
    let writer = std::thread::spawn({
        let path = path.clone();
        move || fs::write(path, "through a pipe").unwrap()
    });
    let (url, mut received) = recording().await;
    let mut request = request(&url);
    form(FilePart::from_path(&path))
        .apply(&mut request)
        .await
        .unwrap();
    reqwest::Client::new().execute(request).await.unwrap();
    writer.join().unwrap();
    let received = received.recv().await.unwrap();
    assert_eq!(received.header("content-length"), None);
    let body = String::from_utf8(received.body.unwrap().to_vec()).unwrap();
    assert!(body.contains("\r\n\r\nthrough a pipe\r\n"), "{body}");
}

/// The path that a shell makes for `<(command)`, below `/dev/fd`. Its writer may have ended before the path is opened.
#[cfg(target_os = "linux")]
#[tokio::test]
async fn an_anonymous_pipe_is_read_by_its_path_after_its_writer_has_ended() {
    use std::io::Write as _;
    use std::os::fd::AsRawFd as _;
    for content in ["through a pipe", ""] {
        let (reader, mut writer) = std::io::pipe().unwrap();
        writer.write_all(content.as_bytes()).unwrap();
        drop(writer);
        let path = format!("/dev/fd/{}", reader.as_raw_fd());
        let (url, mut received) = recording().await;
        let mut request = request(&url);
        form(FilePart::from_path(path))
            .apply(&mut request)
            .await
            .unwrap();
        reqwest::Client::new().execute(request).await.unwrap();
        let body = received.recv().await.unwrap().body.unwrap();
        let body = String::from_utf8(body.to_vec()).unwrap();
        assert!(body.contains(&format!("\r\n\r\n{content}\r\n")), "{body}");
    }
}

#[cfg(unix)]
#[tokio::test]
async fn a_pipe_is_sent_as_it_is_written() {
    use std::io::Write as _;
    let (_directory, path) = pipe();
    let (sender, mut chunks) = tokio::sync::mpsc::unbounded_channel();
    let part = FilePart::from_path(&path).on_chunk(move |sent| sender.send(sent).unwrap());
    let (url, mut received) = recording().await;
    let mut request = request(&url);
    form(part).apply(&mut request).await.unwrap();
    let sent = tokio::spawn(reqwest::Client::new().execute(request));
    let opened = tokio::task::spawn_blocking(move || fs::File::options().write(true).open(path));
    let mut writer = opened.await.unwrap().unwrap();
    for length in 1..=5 {
        writer.write_all(b"x").unwrap();
        assert_eq!(chunks.recv().await, Some(length));
    }
    drop(writer);
    sent.await.unwrap().unwrap();
    assert!(received.recv().await.unwrap().body.is_some());
}

/// Whatever the pipe does, the runtime ends with its last task.
#[cfg(unix)]
#[test]
fn a_pipe_that_gives_nothing_does_not_keep_the_runtime_from_its_end() {
    let (_directory, without_writer) = pipe();
    let (_directory, silent) = pipe();
    // Opened for both, it needs no reader to be opened.
    let _writer = fs::File::options()
        .read(true)
        .write(true)
        .open(&silent)
        .unwrap();
    let (ended, end) = std::sync::mpsc::channel();
    for path in [without_writer, silent] {
        let ended = ended.clone();
        std::thread::spawn(move || {
            let runtime = tokio::runtime::Runtime::new().unwrap();
            runtime.block_on(async {
                let (url, _received) = recording().await;
                let mut request = request(&url);
                form(FilePart::from_path(path))
                    .apply(&mut request)
                    .await
                    .unwrap();
                let sent = reqwest::Client::new().execute(request);
                let waited = std::time::Duration::from_millis(200);
                tokio::time::timeout(waited, sent)
                    .await
                    .expect_err("nothing to send");
            });
            drop(runtime);
            ended.send(()).unwrap();
        });
    }
    for _ in 0..2 {
        let limit = std::time::Duration::from_secs(20);
        end.recv_timeout(limit).expect("the runtime has ended");
    }
}

/// The source counts what it gave away, the server what arrived. What lies between is held by someone: the client,
/// or the socket's buffers, which are some megabytes.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_large_file_passes_through_without_being_held() {
    const MIB: u64 = 1024 * 1024;
    const SIZE: u64 = 256 * MIB;
    let arrived = Arc::new(AtomicU64::new(0));
    let most_held = Arc::new(AtomicU64::new(0));

    let take = {
        let arrived = Arc::clone(&arrived);
        move |request: hyper::Request<hyper::body::Incoming>| {
            let arrived = Arc::clone(&arrived);
            async move {
                let mut body = request.into_body();
                while let Some(frame) = body.frame().await {
                    let data = frame.unwrap().into_data().unwrap();
                    arrived.fetch_add(data.len() as u64, Ordering::SeqCst);
                }
            }
        }
    };
    let url = serve(take, || ()).await;

    let part = FilePart::from_factory("large.bin", Some(SIZE), {
        let arrived = Arc::clone(&arrived);
        let most_held = Arc::clone(&most_held);
        let chunk = Bytes::from(vec![b'x'; 64 * 1024]);
        move || {
            let (arrived, most_held, chunk) =
                (Arc::clone(&arrived), Arc::clone(&most_held), chunk.clone());
            async move {
                Ok(stream::unfold(0, move |given| {
                    let held = given - arrived.load(Ordering::SeqCst).min(given);
                    most_held.fetch_max(held, Ordering::SeqCst);
                    let chunk = chunk.clone();
                    let after = given + chunk.len() as u64;
                    async move { (after <= SIZE).then_some((Ok(chunk), after)) }
                }))
            }
        }
    });
    let mut request = request(&url);
    form(part).apply(&mut request).await.unwrap();
    reqwest::Client::new().execute(request).await.unwrap();

    assert!(arrived.load(Ordering::SeqCst) > SIZE);
    let held = most_held.load(Ordering::SeqCst);
    assert!(held < 64 * MIB, "{held} bytes were under way at once");
}
