//! Formatting that does not show what is private.

/// Implements `Debug` for a type that holds prompts, documents or data taken from them: only the named fields are shown,
/// so that nothing else gets into a log by way of `{:?}`.
macro_rules! private_debug {
    ($name:ident $(, $lifetime:lifetime)? $(; $($field:ident),+)?) => {
        impl ::std::fmt::Debug for $name $(<$lifetime>)? {
            fn fmt(&self, f: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
                f.debug_struct(stringify!($name))
                    $($(.field(stringify!($field), &self.$field))+)?
                    .finish_non_exhaustive()
            }
        }
    };
}

pub(crate) use private_debug;
