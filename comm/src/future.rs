//! Requests as futures.

use std::cell::Cell;
use std::future::Future;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, Wake, Waker};

use crate::error::{Error, ThreadError};
use crate::request::{Inner, Request};
use crate::wait::Shared;

/// A request as a future. Messages move while someone polls: under
/// [`Job::block_on`](crate::Job::block_on) the calling thread does, and sleeps in between; under another
/// executor the future asks to be polled again at once, so that its task keeps a thread busy while it waits.
impl<T> Future for Request<T> {
    type Output = Result<T, Error>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let request = self.get_mut();
        if let Inner::Active(active) = &request.inner {
            // Wakers are foreign code, their clones and ends too: all of it runs outside of the door.
            let driven = Driving::here(&active.core.shared);
            let mut waker = driven.then(|| context.waker().clone());
            let mut inside = active.core.shared.door.enter()?;
            if !inside.mail.ops.is_done(active.op) {
                inside.poll();
            }
            let waiting = inside.mail.ops.find(active.op).filter(|op| !op.is_over());
            let pending = waiting.is_some();
            if let Some(op) = waiting
                && driven
            {
                op.unusual = true;
                std::mem::swap(&mut op.extra.waker, &mut waker);
            }
            Shared::leave(inside);
            drop(waker);
            if pending {
                if !driven {
                    context.waker().wake_by_ref();
                }
                return Poll::Pending;
            }
        }
        Poll::Ready(request.take().unwrap_or(Err(Error::Spent)))
    }
}

// Nothing in a request is pinned: its buffer is on the heap.
impl<T> Unpin for Request<T> {}

impl crate::Job {
    /// Runs a future to its end on this thread, moving messages on meanwhile and sleeping while nothing happens.
    ///
    /// # Errors
    /// [`ThreadError`] from a thread that may not call.
    ///
    /// ```
    /// # let universe = olympi_comm::Universe::init()?;
    /// # let me = universe.self_comm();
    /// let sum = universe.block_on(async {
    ///     let receive = me.irecv_vec::<i32>(0, 0)?;
    ///     me.isend(vec![20, 22], 0, 0)?.await?;
    ///     let (data, _) = receive.await?;
    ///     Ok::<i32, olympi_comm::Error>(data.iter().sum())
    /// })??;
    /// assert_eq!(sum, 42);
    /// # Ok::<(), olympi_comm::Error>(())
    /// ```
    pub fn block_on<F: Future>(&self, future: F) -> Result<F::Output, ThreadError> {
        let mut future = pin!(future);
        let flag = Arc::new(Flag(AtomicBool::new(true)));
        let waker = Waker::from(Arc::clone(&flag));
        let mut context = Context::from_waker(&waker);
        drop(self.shared().door.enter()?); // Whether this thread may.
        let _driving = Driving::begin(self.shared());
        loop {
            if flag.0.swap(false, Ordering::AcqRel)
                && let Poll::Ready(output) = future.as_mut().poll(&mut context)
            {
                return Ok(output);
            }
            // Until a request of the future ends, which wakes it, or something else does.
            self.shared().wait(|state| {
                (flag.0.load(Ordering::Acquire) || !state.mail.woken.is_empty()).then_some(())
            })?;
        }
    }
}

thread_local! {
    /// Whose messages `block_on` moves on, on this thread.
    static DRIVEN: Cell<usize> = const { Cell::new(0) };
}

/// `block_on` is running on this thread, and polls again whatever is woken. A request that is polled on another thread
/// must not rely on it, since `block_on` may return before that request is over.
struct Driving {
    outer: usize,
}

impl Driving {
    fn begin(shared: &Arc<Shared>) -> Self {
        Self { outer: DRIVEN.replace(Arc::as_ptr(shared) as usize) }
    }

    /// Whether `block_on` moves these messages on, on this thread.
    fn here(shared: &Arc<Shared>) -> bool {
        DRIVEN.get() == Arc::as_ptr(shared) as usize
    }
}

impl Drop for Driving {
    fn drop(&mut self) {
        DRIVEN.set(self.outer);
    }
}

struct Flag(AtomicBool);

impl Wake for Flag {
    fn wake(self: Arc<Self>) {
        self.0.store(true, Ordering::Release);
    }
}
