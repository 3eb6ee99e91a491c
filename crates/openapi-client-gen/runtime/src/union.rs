//! Unions: enums whose value is read as the branch that describes it best.

use super::constraint::Constraints;
use super::json::Json;
use super::wire::{As, Fit, Wire};

/// A branch of a union: reads it from JSON text, if it is that.
pub type Branch<U> = fn(&str) -> Option<(U, Fit)>;

/// Reads a branch. One whose constraints the value breaks is read only if no other branch can be.
pub fn branch<T: Wire, U>(
    json: &str,
    constraints: &Constraints,
    variant: fn(T) -> U,
) -> Option<(U, Fit)> {
    let As(value) = serde_json::from_str::<As<T>>(json).ok()?;
    let violations = u32::from(value.check(constraints).is_err());
    let fit = Fit {
        violations,
        ..value.fit()
    };
    Some((variant(value), fit))
}

/// Reads a value as the branch that fits best, the first of those that fit equally well.
pub fn best<U>(json: &Json, branches: &[Branch<U>]) -> Option<U> {
    let mut best: Option<(U, Fit)> = None;
    for read in branches {
        if let Some((value, fit)) = read(json.as_json_text())
            && best
                .as_ref()
                .is_none_or(|(_, best)| fit.is_better_than(*best))
        {
            best = Some((value, fit));
        }
    }
    best.map(|(value, _)| value)
}

/// Implements [`Wire`] and serde for an enum with a variant for values of no branch, which is named first:
///
/// ```text
/// union! {
///     Shape, Unrecognized { Circle(Circle) [added "kind": "circle"], Square(Square) [kept "kind": "square"] }
///     by "kind" { "circle" => Circle, "square" => Square }
/// }
/// union! { Id, Unrecognized { Text(String) { length: (1, 9) }, Number(i64) } }
/// ```
///
/// With a discriminator, the branch is the one that it names; without one, the one that fits best. A branch with brackets is
/// written with its own discriminator: with the first of these values if it has none of them. `added` is for one that is written
/// if the member is absent, too.
macro_rules! union {
    ($name:ident, $unknown:ident {
        $($variant:ident($type:ty) $({ $($constraints:tt)+ })? $([ $($own:tt)+ ])?),* $(,)?
    } $(by $tag:literal { $($value:literal => $branch:ident),* $(,)? })?) => {
        impl support::wire::Wire for $name {
            fn read<'de, __De: ::serde::Deserializer<'de>>(deserializer: __De) -> ::std::result::Result<Self, __De::Error> {
                let json = <support::Json as ::serde::Deserialize>::deserialize(deserializer)?;
                $(if let ::std::option::Option::Some(tag) = support::discriminator::read(&json, $tag) {
                    // A value that is not what its discriminator says may still be another branch.
                    let named = match &*tag {
                        $($value => json.get().map(|support::wire::As(value)| Self::$branch(value)),)*
                        _ => return ::std::result::Result::Ok(Self::$unknown(json)),
                    };
                    if let ::std::result::Result::Ok(named) = named {
                        return ::std::result::Result::Ok(named);
                    }
                })?
                let best = support::union::best(&json, &[
                    $(|json| {
                        let constraints = support::constraint::constraints!($($($constraints)+)?);
                        support::union::branch::<$type, Self>(json, constraints, Self::$variant)
                    },)*
                ]);
                ::std::result::Result::Ok(match best {
                    // It would be written with another discriminator than it came with.
                    $($(::std::option::Option::Some(Self::$variant(_)) if support::union::is_named!(json $($own)+) => {
                        Self::$unknown(json)
                    })?)*
                    ::std::option::Option::Some(best) => best,
                    ::std::option::Option::None => Self::$unknown(json),
                })
            }

            fn write<__Ser: ::serde::Serializer>(&self, serializer: __Ser) -> ::std::result::Result<__Ser::Ok, __Ser::Error> {
                match self {
                    $(Self::$variant(value) => {
                        $(let serializer = support::discriminator::Branch {
                            serializer,
                            own: support::union::own!($($own)+),
                        };)?
                        support::wire::Wire::write(value, serializer)
                    })*
                    Self::$unknown(json) => support::wire::Wire::write(json, serializer),
                }
            }

            fn fit(&self) -> support::wire::Fit {
                match self {
                    $(Self::$variant(value) => support::wire::Wire::fit(value),)*
                    Self::$unknown(_) => support::wire::Fit::UNKNOWN,
                }
            }

            fn check(
                &self,
                _: &support::constraint::Constraints,
            ) -> ::std::result::Result<(), support::constraint::Violation> {
                match self {
                    $(Self::$variant(value) => {
                        support::wire::Wire::check(value, support::constraint::constraints!($($($constraints)+)?))
                    })*
                    Self::$unknown(_) => ::std::result::Result::Ok(()),
                }
            }
        }

        support::wire::serde_by_wire!($name);
    };
}

/// The discriminator of a branch.
macro_rules! own {
    (added $key:literal: $($value:literal),+) => {
        support::discriminator::Own { key: $key, values: &[$($value),+], is_added: true }
    };
    (kept $key:literal: $($value:literal),+) => {
        support::discriminator::Own { key: $key, values: &[$($value),+], is_added: false }
    };
}

/// Whether an object that is not the branch that it should be has a discriminator.
macro_rules! is_named {
    ($json:ident $presence:ident $key:literal: $($value:literal),+) => {
        support::discriminator::read(&$json, $key).is_some()
    };
}

pub(crate) use {is_named, own, union};
