// Faults in the way from the engine to JavaScript that the tests of either must notice, each in one place of src/binding:
// [file, text as it stands there once, text instead, what breaks].
'use strict'

// prettier-ignore
module.exports = [
  ['engine.rs', '.filter(|engine| !engine.is_dead())', '', 'an engine that has died is never replaced'],
  ['engine.rs', '*shared = Arc::downgrade(&engine);', '', 'each session has an engine of its own'],
  ['queue.rs', 'self.awake.store(false, Ordering::SeqCst);', '', 'JavaScript is woken once and never again'],
  ['queue.rs', 'self.held = Some(batch);', 'drop(batch);', 'outcomes beyond what fits a buffer are lost'],
  ['queue.rs', 'self.held.take().map_or_else(|| self.batches.try_recv(), Ok)', 'self.batches.try_recv()', 'what did not fit is never taken'],
  ['queue.rs', 'next.clear();', '', 'a buffer that is filled again still has its old outcomes'],
  ['waker.rs', 'self.function.hold(held)?;', '', 'what is in flight does not keep the module that asked'],
  ['waker.rs', '            if held {\n                sys::napi_ref_threadsafe_function', '            if true {\n                sys::napi_ref_threadsafe_function', 'the process never ends'],
  ['waker.rs', '                sys::napi_ref_threadsafe_function(env, waker)', '                sys::napi_unref_threadsafe_function(env, waker)', 'a request in flight does not keep the process alive'],
  ['waker.rs', 'function.raw(), 0, &raw mut reference', 'function.raw(), 1, &raw mut reference', 'no copy of the package is ever freed'],
  ['session.rs', 'if self.send(vec![Command::Close(self.session, closed)]).is_ok() {', 'if false {', 'a session that closes leaves its requests behind'],
  ['session.rs', 'if let Some(link) = link.take() {\n        link.close();\n    }', 'drop(link);', 'an environment that ends leaves its session behind'],
  ['session.rs', 'NEXT_SESSION.fetch_add(1,', 'NEXT_SESSION.fetch_add(0,', 'the outcomes of a worker go to another thread'],
  ['session.rs', 'self.woken.hold(held)', 'self.woken.hold(false)', 'nothing keeps the process alive']
]
