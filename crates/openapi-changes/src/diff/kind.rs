//! The kinds of changes, each with its usual effect and reason, and its section of the changelog.

use serde::Serialize;

use super::effect::Effect;

macro_rules! kinds {
    ($($kind:ident $effect:ident $section:ident $reason:literal)*) => {
        /// The kind of a change; in JSON as `kebab-case`.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
        #[serde(rename_all = "kebab-case")]
        pub enum Kind {
            $(#[doc = concat!("Its usual effect is `", stringify!($effect), "`: ", $reason, ".")] $kind),*
        }

        impl Kind {
            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$kind),*];

            /// The effect on callers, and the reason for it.
            pub fn effect(self) -> (Effect, &'static str) {
                match self {
                    $(Self::$kind => (Effect::$effect, $reason)),*
                }
            }

            /// The section of the changelog that lists it, or `Unlisted`.
            pub fn section(self) -> &'static str {
                match self {
                    $(Self::$kind => stringify!($section)),*
                }
            }
        }
    };
}

kinds! {
    VersionChanged        None   Unlisted   "the version of a document is no version of the crate"
    DocumentDescribed     None   Unlisted   "only documentation differs"
    AuthenticationChanged Server Changed    "the client takes none from the document: the server may reject what callers send"
    ServersChanged        None   Changed    "the client sends to the one address that callers give it"
    DetailChanged         None   Changed    "the generated code doesn't depend on it; what the server takes, or sends, may differ"

    OperationAdded        More   Added      "the client has another method"
    OperationRemoved      Build  Removed    "the client has no such method any more"
    OperationRenamed      Build  Changed    "the method has another name"
    OperationMoved        None   Changed    "the method is called as before and sends the request to the new place"
    OperationDeprecated   More   Deprecated "callers are warned; it works as before"
    OperationRestored     None   Changed    "callers are no longer warned"
    OperationDescribed    None   Unlisted   "only documentation differs"
    StatusAdded           None   Added      "a response of any status reaches callers, described or not"
    StatusRemoved         None   Removed    "a response of any status reaches callers, described or not"
    AnswerAdded           More   Added      "the enum of answers is open, and has another variant"
    AnswerRemoved         Build  Removed    "the enum of answers has no variant of the status any more"
    AnswerChanged         Build  Changed    "callers get another type"
    ErrorChanged          Build  Changed    "callers get another type"
    AcceptChanged         None   Changed    "callers get the same type"
    BodyFormatChanged     None   Changed    "what callers pass is compared by itself"

    InputAdded            More   Added      "it is optional, and has a setter"
    InputRemoved          Build  Removed    "there is no argument or setter for it any more"
    InputRenamed          Build  Changed    "its setter has another name"
    InputRequired         Build  Changed    "it is an argument of the method, and has no setter"
    InputOptional         Build  Changed    "it has a setter, and is no argument of the method"
    InputTypeChanged      Build  Changed    "what was converted to the one does not convert to the other"
    InputWidened          More   Changed    "every integer that fitted before is converted"
    InputSentOtherwise    None   Changed    "callers pass it as before"
    InputDefaultChanged   None   Changed    "the server decides what an absent value means"
    InputDeprecated       More   Deprecated "callers are warned; it works as before"
    InputRestored         None   Changed    "callers are no longer warned"
    ArgumentsReordered    Build  Changed    "a value that callers pass is taken for another argument"

    SchemaAdded           More   Added      "there is another type"
    SchemaRemoved         Build  Removed    "there is no type of that name any more"
    SchemaRenamed         Build  Changed    "the type has another name"
    SchemaTypeChanged     Build  Changed    "what is read from it, and made into it, is another type"
    SchemaDescribed       None   Unlisted   "only documentation differs"
    SchemaDebugChanged    None   Changed    "what is private stays out of logs; nothing else differs"
    SchemaDeprecated      More   Deprecated "its documentation says so; it works as before"
    SchemaRestored        None   Changed    "its documentation doesn't say so any more"
    SchemaMapChanged      Build  Changed    "the values of `extra` have another type"
    ConstraintTightened   Server Changed    "the server may reject what it took"
    ConstraintLoosened    More   Changed    "what was valid is valid, and more than that"

    FieldAdded            More   Added      "there is another field"
    FieldRemoved          Build  Removed    "there is no field of that name any more"
    FieldRenamed          Build  Changed    "there is no field of the old name any more"
    FieldRequired         Build  Changed    "its type has one `Option` less"
    FieldOptional         Build  Changed    "its type has one `Option` more"
    FieldNullable         Build  Changed    "its type has another number of `Option`s"
    FieldTypeChanged      Build  Changed    "it is read, and set, as another type"
    FieldDefaultChanged   None   Changed    "the server decides what an absent value means"
    FieldSentOtherwise    None   Changed    "it is called as before in Rust"
    FieldsReordered       Build  Changed    "`new` takes them in that order"
    AccessorAdded         More   Added      "the type has another method"
    AccessorRemoved       Build  Removed    "there is no method of that name any more"
    AccessorRenamed       Build  Changed    "the method has another name"

    ValueAdded            More   Added      "enums are open: a `match` has an arm for other values"
    ValueRemoved          Build  Removed    "there is no variant of that name any more"
    ValueRenamed          Build  Changed    "there is no variant of the old name any more"
    ValueSentOtherwise    None   Changed    "it is called as before in Rust"
    ValuesReordered       Run    Changed    "values are compared by their order in the document"
    MemberAdded           More   Added      "unions are open: a `match` has an arm for values of other types"
    MemberRemoved         Build  Removed    "there is no variant of that name any more"
    MemberRenamed         Build  Changed    "the variant has another name"
    MemberChanged         Build  Changed    "the variant holds another type"
    MembersReordered      Run    Changed    "a value that fits several members equally well is read as the first of them"
    DiscriminatorChanged  None   Changed    "the variants are the same"
}
