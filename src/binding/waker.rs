//! How the engine has JavaScript come and take outcomes.
//!
//! A threadsafe function holds what it calls until it is released: a function of JavaScript's, and with it the module that it
//! belongs to and, within Jest or Vitest, the context of a whole test file. So it calls one of the addon's own, which knows
//! JavaScript's weakly: a module that nobody refers to any more is collected, and its session with it. Only what is in
//! flight holds it.

use std::{ptr, rc::Rc, sync::Arc};

use napi::{
    Env, JsValue, Result, Status,
    bindgen_prelude::{FromNapiValue, Function},
    check_status, sys,
    threadsafe_function::ThreadsafeFunction,
};

/// Calls JavaScript from any thread. By itself it does not keep the process alive.
pub(super) type Waker = ThreadsafeFunction<(), (), (), Status, false, true>;

/// JavaScript's end of a [`Waker`].
pub(super) struct Woken {
    waker: Arc<Waker>,
    function: Rc<WeakFunction>,
}

impl Woken {
    pub(super) fn new(env: Env, function: &Function<'_, (), ()>) -> Result<Self> {
        let function = Rc::new(WeakFunction::new(env, function)?);
        let called = function.clone();
        let own = env.create_function_from_closure::<(), (), _>("wake", move |_| called.call())?;
        let waker = Arc::new(own.build_threadsafe_function().weak::<true>().build()?);
        Ok(Self { waker, function })
    }

    pub(super) fn waker(&self) -> Arc<Waker> {
        self.waker.clone()
    }

    /// Keeps the process alive, and JavaScript's function with all that it refers to, or does so no longer.
    pub(super) fn hold(&self, held: bool) -> Result<()> {
        self.function.hold(held)?;
        let (env, waker) = (self.function.env.raw(), self.waker.raw());
        // SAFETY: `waker` is alive as long as `self.waker`, and this is the thread of its environment: neither is `Send`.
        #[expect(unsafe_code, reason = "napi has only a deprecated method for this, which wants the waker for itself")]
        let status = unsafe {
            if held {
                sys::napi_ref_threadsafe_function(env, waker)
            } else {
                sys::napi_unref_threadsafe_function(env, waker)
            }
        };
        check_status!(status)
    }
}

/// A function that may be collected while this refers to it: napi's own references hold.
struct WeakFunction {
    env: Env,
    reference: sys::napi_ref,
}

#[expect(unsafe_code, reason = "napi has no weak reference to a function")]
impl WeakFunction {
    fn new(env: Env, function: &Function<'_, (), ()>) -> Result<Self> {
        let mut reference = ptr::null_mut();
        // SAFETY: `function` is a value of this environment and of the scope of this call.
        check_status!(unsafe { sys::napi_create_reference(env.raw(), function.raw(), 0, &raw mut reference) })?;
        Ok(Self { env, reference })
    }

    fn hold(&self, held: bool) -> Result<()> {
        let mut count = 0;
        // SAFETY: the reference is this one's own until it is dropped, and neither leaves the environment's thread.
        check_status!(unsafe {
            if held {
                sys::napi_reference_ref(self.env.raw(), self.reference, &raw mut count)
            } else {
                sys::napi_reference_unref(self.env.raw(), self.reference, &raw mut count)
            }
        })
    }

    /// Calls it, unless it has been collected.
    fn call(&self) -> Result<()> {
        let mut value = ptr::null_mut();
        // SAFETY: as in `hold`; a call from JavaScript has a scope for the value.
        check_status!(unsafe { sys::napi_get_reference_value(self.env.raw(), self.reference, &raw mut value) })?;
        if value.is_null() {
            return Ok(());
        }
        // SAFETY: what was referred to is a function without arguments, whose result is of no interest.
        unsafe { Function::<(), ()>::from_napi_value(self.env.raw(), value) }?.call(())
    }
}

#[expect(unsafe_code, reason = "napi has no weak reference to a function")]
impl Drop for WeakFunction {
    fn drop(&mut self) {
        // SAFETY: nothing else has this reference. Finalizers run before the environment is gone.
        let _ = unsafe { sys::napi_delete_reference(self.env.raw(), self.reference) };
    }
}
