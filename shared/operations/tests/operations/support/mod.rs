//! What the tests of several operations set up.

pub(crate) mod faults;
pub(crate) mod newer;
pub(crate) mod released;
pub(crate) mod site;
pub(crate) mod stream;
