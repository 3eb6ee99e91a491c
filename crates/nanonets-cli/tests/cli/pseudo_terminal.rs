//! A terminal that a test types at and reads.

use std::fs::File;
use std::io::{Read as _, Write as _};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Condvar, Mutex};
use std::time::{Duration, Instant};

use rustix::fs::{Mode, OFlags};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{Winsize, tcsetwinsize};

/// Longer than anything takes that does not hang.
const PATIENCE: Duration = Duration::from_secs(30);

/// A command that runs at a terminal.
pub struct Session {
    keyboard: File,
    screen: Arc<(Mutex<Screen>, Condvar)>,
    child: Child,
}

#[derive(Default)]
struct Screen {
    text: String,
    is_closed: bool,
}

impl Session {
    /// Runs a command with a terminal of 80 columns for stdin, stdout and stderr.
    pub fn start(command: Command) -> Self {
        Self::of_width(command, 80)
    }

    /// The same with a terminal of another width.
    pub fn of_width(mut command: Command, columns: u16) -> Self {
        let master = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).expect("a terminal");
        grantpt(&master).expect("a terminal");
        unlockpt(&master).expect("a terminal");
        let name = ptsname(&master, Vec::new()).expect("a name");
        let flags = OFlags::RDWR | OFlags::NOCTTY;
        let slave = rustix::fs::open(name, flags, Mode::empty()).expect("a terminal");
        let size = Winsize {
            ws_row: 24,
            ws_col: columns,
            ws_xpixel: 0,
            ws_ypixel: 0,
        };
        tcsetwinsize(&slave, size).expect("a terminal");
        let stdio = || Stdio::from(slave.try_clone().expect("a terminal"));
        command.env("TERM", "xterm");
        let child = command
            .stdin(stdio())
            .stdout(stdio())
            .stderr(stdio())
            .spawn();
        let child = child.expect("it can be run");
        // The command holds copies of it, and would never see the other end close.
        drop((command, slave));

        let screen = Arc::new((Mutex::new(Screen::default()), Condvar::new()));
        let keyboard = File::from(master);
        let mut output = keyboard.try_clone().expect("a terminal");
        let shown = Arc::clone(&screen);
        std::thread::spawn(move || {
            let mut bytes = [0; 4096];
            loop {
                // Once the command has ended, there is an error instead of an end.
                let read = output.read(&mut bytes).unwrap_or(0);
                let mut screen = shown.0.lock().expect("a screen");
                screen
                    .text
                    .push_str(&String::from_utf8_lossy(&bytes[..read]));
                screen.is_closed |= read == 0;
                shown.1.notify_all();
                if read == 0 {
                    return;
                }
            }
        });
        Self {
            keyboard,
            screen,
            child,
        }
    }

    /// Waits until something is on the screen.
    pub fn expect(&self, text: &str) {
        self.wait(|screen| screen.text.contains(text), text);
    }

    fn wait(&self, condition: impl Fn(&Screen) -> bool, what: &str) {
        let end = Instant::now() + PATIENCE;
        let mut screen = self.screen.0.lock().expect("a screen");
        while !condition(&screen) {
            let left = end.saturating_duration_since(Instant::now());
            assert!(
                !left.is_zero() && !screen.is_closed,
                "{what:?} is not in {:?}",
                screen.text
            );
            screen = self
                .screen
                .1
                .wait_timeout(screen, left)
                .expect("a screen")
                .0;
        }
    }

    pub fn type_line(&mut self, text: &str) {
        self.keyboard
            .write_all(format!("{text}\n").as_bytes())
            .expect("a terminal");
    }

    pub fn pid(&self) -> rustix::process::Pid {
        rustix::process::Pid::from_child(&self.child)
    }

    /// Waits for the end, and returns the exit code and all that was on the screen.
    pub fn end(mut self) -> (i32, String) {
        let status = self.child.wait().expect("it ends");
        let end = Instant::now() + PATIENCE;
        let mut screen = self.screen.0.lock().expect("a screen");
        while !screen.is_closed && Instant::now() < end {
            let left = end.saturating_duration_since(Instant::now());
            screen = self
                .screen
                .1
                .wait_timeout(screen, left)
                .expect("a screen")
                .0;
        }
        (status.code().unwrap_or(-1), screen.text.clone())
    }
}
