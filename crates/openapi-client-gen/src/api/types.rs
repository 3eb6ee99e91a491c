//! Types: what is generated for schemas.

use std::collections::BTreeSet;
use std::fmt;

use crate::graph::closure;

/// The index of a type in [`Api::types`](super::Api::types).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TypeId(pub usize);

/// A type that is generated.
#[derive(Clone, Debug)]
pub struct TypeDef {
    /// Its Rust name.
    pub name: String,
    /// Its documentation.
    pub docs: Docs,
    /// The JSON pointer of its schema.
    pub origin: String,
    /// Its definition.
    pub shape: Shape,
}

/// The documentation of a type, a field, an operation or an input.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Docs {
    /// The description, untouched.
    pub description: Option<String>,
    /// Whether callers should stop using it.
    pub deprecated: bool,
    /// Whether `Debug` hides it.
    pub private: bool,
    /// Whether it was concluded (`x-evidence: inferred`): the documentation of the API does not state it.
    pub inferred: bool,
}

/// The definition of a type.
#[derive(Clone, Debug)]
pub enum Shape {
    /// An object with named members.
    Struct(StructType),
    /// Strings of which some are known.
    Enum(EnumType),
    /// One of several types.
    Union(UnionType),
    /// A type of its own around another one.
    Newtype(Newtype),
}

/// An object with named members.
#[derive(Clone, Debug)]
pub struct StructType {
    /// In the order of their names.
    pub fields: Vec<Field>,
    /// The type of members that have no field.
    pub extra: TypeRef,
    /// The name of the field for them.
    pub extra_name: String,
    /// The constraints of them all, as of a map.
    pub extra_constraints: Constraints,
    /// Whether it is sent without such members.
    pub closed: bool,
}

/// A member of an object.
#[derive(Clone, Debug)]
pub struct Field {
    /// Its name in JSON.
    pub key: String,
    /// Its Rust name.
    pub name: String,
    /// The type of its value, without `null`.
    pub value: TypeRef,
    /// Whether an object must have it.
    pub required: bool,
    /// Whether `null` is a value, too.
    pub nullable: bool,
    /// Its documentation.
    pub docs: Docs,
    /// The JSON of what the server assumes if it is absent.
    pub default: Option<String>,
    /// The same as a value of its type, where one can be written in Rust.
    pub default_value: Option<DefaultValue>,
    /// The constraints of its value, other than those of its type.
    pub constraints: Constraints,
    /// The methods that read and set it.
    pub accessors: Accessors,
}

/// A default as a value of the type of its field.
#[derive(Clone, Debug, PartialEq)]
pub enum DefaultValue {
    /// `true` or `false`.
    Bool(bool),
    /// An integer within the range of its type.
    Integer(i128),
    /// A number.
    Number(f64),
    /// Text.
    Text(String),
    /// The variant of an enum with this index.
    Variant(TypeId, usize),
    /// A newtype around another value.
    Newtype(TypeId, Box<DefaultValue>),
    /// An array without items.
    EmptyList,
}

/// The names of the methods of a field. A required field has none.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Accessors {
    /// Reads it: the default if it is absent, and one `Option` less if it may be absent or `null`.
    pub getter: Option<String>,
    /// Sets it or makes it absent, if the struct is sent.
    pub setter: Option<String>,
    /// Sets it to `null`, if the struct is sent and `null` is a value.
    pub null_setter: Option<String>,
}

/// Strings of which some are known.
#[derive(Clone, Debug)]
pub struct EnumType {
    /// The known values, in the order of the document.
    pub variants: Vec<Variant>,
    /// The Rust name of the variant for other values.
    pub unknown: String,
}

/// A variant of an enum.
#[derive(Clone, Debug)]
pub struct Variant {
    /// Its Rust name.
    pub name: String,
    /// Its value.
    pub value: String,
}

/// A branch of a union.
#[derive(Clone, Debug)]
pub struct UnionBranch {
    /// The Rust name of its variant.
    pub name: String,
    /// Its type.
    pub value: TypeRef,
    /// The constraints of its values, other than those of its type.
    pub constraints: Constraints,
}

/// One of several types.
#[derive(Clone, Debug)]
pub struct UnionType {
    /// Its branches, in the order of the document.
    pub branches: Vec<UnionBranch>,
    /// The Rust name of the variant for values of no branch.
    pub unknown: String,
    /// The member that names the branch.
    pub discriminator: Option<Discriminator>,
}

/// A member of an object that names its type.
#[derive(Clone, Debug)]
pub struct Discriminator {
    /// Its name in JSON.
    pub key: String,
    /// Each value, with the index of the branch that it names. The first one of a branch is sent.
    pub values: Vec<(String, usize)>,
    /// Whether the document declares it, so that it is always sent. Another one is a property with distinct constants.
    pub is_declared: bool,
}

/// A type of its own around another one.
#[derive(Clone, Debug)]
pub struct Newtype {
    /// The type inside.
    pub inner: TypeRef,
    /// The constraints of its values, other than those of the type inside.
    pub constraints: Constraints,
    /// Whether it is a format of texts that keeps texts of another one.
    pub lenient: bool,
}

/// Constraints that values keep when they are sent. Values that are received may break them.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Constraints {
    /// The least and the greatest number of characters of a text.
    pub length: (Option<u64>, Option<u64>),
    /// The patterns of a text.
    pub patterns: Vec<String>,
    /// The least and the greatest integer.
    pub integer: (Option<i128>, Option<i128>),
    /// The bounds of a number.
    pub number: (Option<Bound>, Option<Bound>),
    /// The numbers of which a number is a multiple.
    pub multiples: Vec<Decimal>,
    /// The only value of a boolean.
    pub boolean: Option<bool>,
    /// The least and the greatest number of items of a list.
    pub items: (Option<u64>, Option<u64>),
    /// Whether no two items of a list are equal.
    pub unique: bool,
    /// The constraints of each item of a list, and of each value of a map.
    pub item: Option<Box<Constraints>>,
    /// The least and the greatest number of members of an object.
    pub members: (Option<u64>, Option<u64>),
    /// The constraints of the names of the members of an object.
    pub names: Option<Box<Constraints>>,
}

/// A decimal number, exactly.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Decimal {
    /// Its digits, as an integer.
    pub digits: i128,
    /// The number of digits behind the point.
    pub scale: u32,
}

impl Decimal {
    /// The number with this text, such as `0.1` or `1e-7`. One with more digits than an integer holds is `None`.
    pub fn parse(text: &str) -> Option<Self> {
        let (number, exponent) = text.split_once(['e', 'E']).unwrap_or((text, "0"));
        let exponent: i32 = exponent.parse().ok()?;
        let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
        let digits: i128 = format!("{whole}{fraction}").parse().ok()?;
        let scale = i32::try_from(fraction.len()).ok()?.checked_sub(exponent)?;
        let mut number = match u32::try_from(scale) {
            Ok(scale) => Self { digits, scale },
            Err(_) => Self {
                digits: digits.checked_mul(10_i128.checked_pow(scale.unsigned_abs())?)?,
                scale: 0,
            },
        };
        while number.scale > 0 && number.digits % 10 == 0 {
            number.digits /= 10;
            number.scale -= 1;
        }
        Some(number)
    }
}

impl fmt::Display for Decimal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let digits = format!("{:0>1$}", self.digits, self.scale as usize + 1);
        match digits.split_at(digits.len() - self.scale as usize) {
            (whole, "") => f.write_str(whole),
            (whole, fraction) => write!(f, "{whole}.{fraction}"),
        }
    }
}

/// A bound of a number.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Bound {
    /// The number.
    pub value: f64,
    /// Whether the number itself is out of bounds.
    pub exclusive: bool,
}

impl Constraints {
    /// Whether every value keeps them.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// A reference to a type.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum TypeRef {
    /// A generated type.
    Named(TypeId),
    /// One on the heap, for a type that contains itself.
    Boxed(Box<TypeRef>),
    /// A value or `null`.
    Nullable(Box<TypeRef>),
    /// An array.
    List(Box<TypeRef>),
    /// An object whose members are all of one type.
    Map(Box<TypeRef>),
    /// One value of a type from elsewhere.
    Primitive(Primitive),
}

/// A type that the support code or a library has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Primitive {
    /// `true` or `false`.
    Bool,
    /// An integer.
    Integer(Integer),
    /// A number.
    Float,
    /// A number of half the precision (`format: float`).
    Float32,
    /// Text.
    String,
    /// A date and time.
    Timestamp,
    /// A date.
    Date,
    /// A UUID.
    Uuid,
    /// An IP address of either version.
    Ip,
    /// JSON of any shape.
    Json,
}

impl Primitive {
    /// Whether it is a format of texts, without a rule for other texts.
    pub fn is_format(self) -> bool {
        matches!(self, Self::Date | Self::Uuid | Self::Ip)
    }

    /// Whether the Rust type is `Copy`.
    pub fn is_copy(self) -> bool {
        !matches!(self, Self::String | Self::Timestamp | Self::Json)
    }
}

/// An integer type of Rust.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Integer {
    /// Whether numbers below 0 are in its range.
    pub is_signed: bool,
    /// Its width.
    pub bits: u32,
}

impl Integer {
    /// The integer within bounds that fit 64 bits.
    pub const I64: Self = Self {
        is_signed: true,
        bits: 64,
    };
    /// The integer without a format, and without bounds that fit 64 bits.
    pub const I128: Self = Self {
        is_signed: true,
        bits: 128,
    };

    /// The integer of a format, such as `uint32`.
    pub fn of_format(format: &str) -> Option<Self> {
        let signed = format.strip_prefix("int");
        let width = signed.or_else(|| format.strip_prefix("uint"))?;
        let mut widths = [8_u32, 16, 32, 64].into_iter();
        Some(Self {
            is_signed: signed.is_some(),
            bits: widths.find(|bits| bits.to_string() == width)?,
        })
    }

    /// The name of its Rust type.
    pub fn rust_name(self) -> String {
        let letter = if self.is_signed { 'i' } else { 'u' };
        format!("{letter}{}", self.bits)
    }

    /// Whether a number is in the range of the type.
    pub fn holds(self, number: i128) -> bool {
        match self.is_signed {
            true => matches!(number >> (self.bits - 1), 0 | -1),
            false => number >> self.bits == 0,
        }
    }
}

impl TypeRef {
    /// JSON of any shape.
    pub const JSON: Self = Self::Primitive(Primitive::Json);
    /// A text.
    pub const STRING: Self = Self::Primitive(Primitive::String);

    /// The generated types that a value of this one holds without indirection.
    pub fn held(&self) -> Option<TypeId> {
        match self {
            Self::Named(id) => Some(*id),
            Self::Nullable(inner) => inner.held(),
            Self::Boxed(_) | Self::List(_) | Self::Map(_) | Self::Primitive(_) => None,
        }
    }

    /// The generated type in it, at any depth.
    pub fn named(&self) -> Option<TypeId> {
        match self {
            Self::Named(id) => Some(*id),
            Self::Boxed(inner) | Self::Nullable(inner) | Self::List(inner) | Self::Map(inner) => {
                inner.named()
            }
            Self::Primitive(_) => None,
        }
    }
}

impl Shape {
    /// The types of its members, each with the constraints of its values other than those of the type. Those of the members that
    /// have no field are those of a map.
    pub fn members(&self) -> Vec<(&TypeRef, &Constraints)> {
        match self {
            Self::Struct(object) => {
                let fields = object.fields.iter();
                let fields = fields.map(|field| (&field.value, &field.constraints));
                let extra = (&object.extra, &object.extra_constraints);
                fields.chain([extra]).collect()
            }
            Self::Union(union) => {
                let branches = union.branches.iter();
                let branches = branches.map(|branch| (&branch.value, &branch.constraints));
                branches.collect()
            }
            Self::Newtype(newtype) => vec![(&newtype.inner, &newtype.constraints)],
            Self::Enum(_) => Vec::new(),
        }
    }

    /// The generated types in its members.
    pub fn named(&self) -> impl Iterator<Item = TypeId> {
        let members = self.members().into_iter();
        members.filter_map(|(value, _)| value.named())
    }

    /// The types of its members, to change them, without that of the members that have no field: a map holds these.
    pub fn references_mut(&mut self) -> Vec<&mut TypeRef> {
        match self {
            Self::Struct(object) => {
                let fields = object.fields.iter_mut();
                fields.map(|field| &mut field.value).collect()
            }
            Self::Union(union) => {
                let branches = union.branches.iter_mut();
                branches.map(|branch| &mut branch.value).collect()
            }
            Self::Newtype(newtype) => vec![&mut newtype.inner],
            Self::Enum(_) => Vec::new(),
        }
    }
}

/// The types that values of some types hold, at any depth.
pub fn reached<'a>(types: &[TypeDef], from: impl Iterator<Item = &'a TypeRef>) -> BTreeSet<TypeId> {
    let from = from.filter_map(TypeRef::named);
    closure(from, |id| types[id.0].shape.named())
}

#[cfg(test)]
mod tests {
    use super::Integer;

    #[test]
    fn an_integer_holds_the_range_of_its_rust_type() {
        let ranges: [(&str, &str, i128, i128); 4] = [
            ("int8", "i8", i8::MIN.into(), i8::MAX.into()),
            ("int64", "i64", i64::MIN.into(), i64::MAX.into()),
            ("uint16", "u16", 0, u16::MAX.into()),
            ("uint64", "u64", 0, u64::MAX.into()),
        ];
        for (format, name, least, greatest) in ranges {
            let integer = Integer::of_format(format).unwrap_or(Integer::I128);
            assert_eq!(integer.rust_name(), name);
            let numbers = [least - 1, least, greatest, greatest + 1];
            let held = numbers.map(|number| integer.holds(number));
            assert_eq!(held, [false, true, true, false], "{format}");
        }
        assert!(
            [i128::MIN, i128::MAX]
                .iter()
                .all(|number| Integer::I128.holds(*number))
        );
        assert_eq!(Integer::of_format("int"), None);
        assert_eq!(Integer::of_format("int128"), None);
    }
}
