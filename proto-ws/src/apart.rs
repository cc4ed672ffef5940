//! State that most connections never have: behind a pointer where there is an allocator, inline where not.

#[cfg(feature = "alloc")]
pub(crate) type Apart<T> = alloc::boxed::Box<T>;

#[cfg(not(feature = "alloc"))]
pub(crate) use inline::Apart;

#[cfg(not(feature = "alloc"))]
mod inline {
    use core::ops::{Deref, DerefMut};

    #[derive(Debug)]
    pub(crate) struct Apart<T>(T);

    impl<T> Apart<T> {
        pub(crate) fn new(value: T) -> Self {
            Self(value)
        }
    }

    impl<T> Deref for Apart<T> {
        type Target = T;
        fn deref(&self) -> &T {
            &self.0
        }
    }

    impl<T> DerefMut for Apart<T> {
        fn deref_mut(&mut self) -> &mut T {
            &mut self.0
        }
    }
}
