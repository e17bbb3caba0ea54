//! The look-ups of one path that are under way.

use std::{
    collections::HashMap,
    sync::Arc,
    task::{Context, Poll},
};

use tokio::task::{AbortHandle, JoinSet};

use crate::requests::{Found, LookUp};

use super::Names;

/// A table that a burst has made larger than this is given back after it.
const LARGE: usize = 1024;

pub(crate) struct LookUps {
    names: Arc<Names>,
    tasks: JoinSet<(u32, Found)>,
    under_way: HashMap<u32, AbortHandle>,
    ended: Vec<(u32, Found)>,
}

impl LookUps {
    pub(crate) fn new(names: Arc<Names>) -> Self {
        Self { names, tasks: JoinSet::new(), under_way: HashMap::new(), ended: Vec::new() }
    }

    /// Does what the resolver wants.
    pub(crate) fn follow(&mut self, wanted: LookUp) {
        match wanted {
            LookUp::Begin(number, name, family) => {
                let names = self.names.clone();
                let look_up = async move { (number, names.look_up(&name, family).await) };
                self.under_way.insert(number, self.tasks.spawn(look_up));
            }
            LookUp::Forget(number) => {
                if let Some(look_up) = self.under_way.remove(&number) {
                    look_up.abort();
                }
            }
            LookUp::Decided(decision) => self.names.note(decision),
        }
    }

    /// Ready when a look-up has ended.
    pub(crate) fn poll(&mut self, context: &mut Context<'_>) -> Poll<()> {
        while let Poll::Ready(Some(look_up)) = self.tasks.poll_join_next(context) {
            // Without one, it was given up, or it panicked, which nothing in it can.
            self.ended.extend(look_up.ok());
        }
        if self.ended.is_empty() { Poll::Pending } else { Poll::Ready(()) }
    }

    /// Those that have ended since this was asked last.
    pub(crate) fn take_ended(&mut self) -> Vec<(u32, Found)> {
        for (number, _) in &self.ended {
            self.under_way.remove(number);
        }
        if self.under_way.is_empty() && self.under_way.capacity() > LARGE {
            self.under_way = HashMap::new();
        }
        std::mem::take(&mut self.ended)
    }
}
