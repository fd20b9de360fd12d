//! Requests as futures, under executors that know nothing of the library.

use std::future::{Future, poll_fn};
use std::pin::pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, mpsc};
use std::task::{Context, Poll, Wake, Waker};
use std::time::Duration;

use olympi_comm::{ThreadLevel, Universe};

/// A guard against hanging, generous.
const GUARD: Duration = Duration::from_secs(60);

/// A job of one, which lives as long as the test: a thread that hangs must not keep the test from failing.
fn alone(level: ThreadLevel) -> &'static Universe {
    Box::leak(Box::new(Universe::builder().threads(level).init().expect("a job of one starts")))
}

/// Runs `body` on a thread of its own and fails if that does not end.
fn ends<R: Send + 'static>(what: &str, body: impl FnOnce() -> R + Send + 'static) -> R {
    let (done, result) = mpsc::channel();
    std::thread::spawn(move || done.send(body()));
    result.recv_timeout(GUARD).unwrap_or_else(|_| panic!("{what}: panicked, or hangs"))
}

/// Unparks the thread that waits.
struct Unpark(std::thread::Thread);

impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}

/// The smallest executor there is: it sleeps until it is woken.
fn parked<F: Future>(future: F, polled: impl Fn()) -> F::Output {
    let mut future = pin!(future);
    let waker = Waker::from(Arc::new(Unpark(std::thread::current())));
    loop {
        if let Poll::Ready(output) = future.as_mut().poll(&mut Context::from_waker(&waker)) {
            return output;
        }
        polled();
        std::thread::park();
    }
}

#[test]
fn a_request_under_another_executor_outlives_a_block_on_elsewhere() {
    let universe = alone(ThreadLevel::Multiple);
    let me = universe.self_comm();
    let polled = Arc::new(AtomicBool::new(false));
    let (done, result) = mpsc::channel();
    // While this thread is in `block_on`, another executor polls a request for the first time.
    universe
        .block_on(async {
            let seen = Arc::clone(&polled);
            std::thread::spawn(move || {
                let request = me.irecv_vec::<u8>(0, 1).expect("posted");
                let _ = done.send(parked(request, || seen.store(true, Ordering::Release)));
            });
            poll_fn(|context| {
                context.waker().wake_by_ref();
                if polled.load(Ordering::Acquire) { Poll::Ready(()) } else { Poll::Pending }
            })
            .await;
        })
        .expect("this thread may call");
    me.send(&[7_u8], 0, 1).expect("sent");
    let received = result.recv_timeout(GUARD).expect("nobody polls the request any more");
    assert_eq!(received.expect("received").0, [7]);
}

#[test]
fn a_future_that_panics_leaves_other_executors_in_order() {
    ends("after a panic in block_on", || {
        let universe = alone(ThreadLevel::Funneled);
        let me = universe.self_comm();
        let panics = std::panic::AssertUnwindSafe(|| universe.block_on(async { panic!("in the future") }));
        assert!(std::panic::catch_unwind(panics).is_err());
        let request = me.irecv_vec::<u8>(0, 1).expect("posted");
        let sent = AtomicBool::new(false);
        let received = parked(request, || {
            if !sent.swap(true, Ordering::Relaxed) {
                me.send(&[7_u8], 0, 1).expect("sent");
            }
        });
        assert_eq!(received.expect("received").0, [7]);
    });
}

/// A waker that calls the library when it wakes and when it is dropped, as a task does that owns requests.
struct Caller(&'static Universe);

impl Caller {
    fn call(&self) {
        assert_eq!(self.0.self_comm().iprobe(0, 99).expect("nobody is inside"), None);
    }
}

impl Wake for Caller {
    fn wake(self: Arc<Self>) {
        self.call();
    }
}

impl Drop for Caller {
    fn drop(&mut self) {
        self.call();
    }
}

#[test]
fn wakers_may_call_the_library() {
    for level in [ThreadLevel::Funneled, ThreadLevel::Multiple] {
        ends(&format!("{level:?}"), move || {
            let universe = alone(level);
            let me = universe.self_comm();
            let mut request = me.irecv_vec::<u8>(0, 1).expect("posted");
            let mut poll = || {
                let waker = Waker::from(Arc::new(Caller(universe)));
                pin!(&mut request).poll(&mut Context::from_waker(&waker))
            };
            // Nobody drives: the waker is woken at once. Under `block_on` it is kept, and dropped at the next poll.
            assert!(poll().is_pending());
            let received = universe.block_on(async {
                assert!(poll().is_pending() && poll().is_pending());
                me.send(&[7_u8], 0, 1).expect("sent");
                poll_fn(|context| {
                    context.waker().wake_by_ref();
                    poll()
                })
                .await
            });
            assert_eq!(received.expect("this thread may call").expect("received").0, [7]);
        });
    }
}

/// A waker that panics.
struct Panics;

impl Wake for Panics {
    fn wake(self: Arc<Self>) {
        panic!("a waker that panics, as this test wants");
    }
}

#[test]
fn a_waker_that_panics_does_not_unwind_a_call_whose_buffer_is_lent() {
    ends("a receive during which a waker panics", || {
        let universe = alone(ThreadLevel::Multiple);
        let me = universe.self_comm();
        let mut request = me.irecv_vec::<u8>(0, 1).expect("posted");
        let received = universe.block_on(async {
            let waker = Waker::from(Arc::new(Panics));
            assert!(pin!(&mut request).poll(&mut Context::from_waker(&waker)).is_pending());
            me.send(&[7_u8], 0, 1).expect("sent");
            std::thread::spawn(|| {
                // After the receive has begun, most of the time; right either way.
                std::thread::sleep(Duration::from_millis(50));
                me.send(&[9_u8; 4], 0, 2).expect("sent");
            });
            let mut received = [0_u8; 4];
            me.recv_into(&mut received, 0, 2).map(|_| received)
        });
        assert_eq!(received.expect("this thread may call").expect("received"), [9; 4]);
    });
}

/// Counts how often it wakes.
struct Count(std::sync::atomic::AtomicU32);

impl Wake for Count {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::AcqRel);
    }
}

#[test]
fn a_probe_that_ends_a_request_wakes_its_task() {
    let universe = alone(ThreadLevel::Funneled);
    let me = universe.self_comm();
    let count = Arc::new(Count(0.into()));
    let waker = Waker::from(Arc::clone(&count));
    universe
        .block_on(async {
            let mut request = pin!(me.irecv_vec::<u8>(0, 1).expect("posted"));
            assert!(request.as_mut().poll(&mut Context::from_waker(&waker)).is_pending());
            let send = me.isend(vec![7_u8], 0, 1).expect("sent");
            assert!(me.iprobe(0, 2).expect("alive").is_none());
            assert_eq!(count.0.load(Ordering::Acquire), 1, "as soon as the probe is over");
            assert_eq!(request.await.expect("received").0, [7]);
            send.await.expect("received");
        })
        .expect("this thread may call");
}
