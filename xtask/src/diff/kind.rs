//! The kinds of changes, and what each is to callers unless more is known of it.

use serde::Serialize;

use super::Effect;

macro_rules! kinds {
    ($($kind:ident $effect:ident $reason:literal)*) => {
        /// The kind of a change; in JSON as `kebab-case`.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
        #[serde(rename_all = "kebab-case")]
        pub enum Kind {
            $($kind),*
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
        }
    };
}

kinds! {
    VersionChanged        None   "the version of a document is no version of the crate"
    DocumentDescribed     None   "only documentation differs"
    AuthenticationChanged Server "the client takes none from the document: the server may reject what callers send"
    ServersChanged        None   "the client sends to the one address that callers give it"
    DetailChanged         None   "the generated code doesn't depend on it; what the server takes, or sends, may differ"

    OperationAdded        More   "the client has another method"
    OperationRemoved      Build  "the client has no such method any more"
    OperationRenamed      Build  "the method has another name"
    OperationMoved        None   "the method is called as before and sends the request to the new place"
    OperationDeprecated   More   "callers are warned; it works as before"
    OperationRestored     None   "callers are no longer warned"
    OperationDescribed    None   "only documentation differs"
    StatusAdded           None   "a response of any status reaches callers, described or not"
    StatusRemoved         None   "a response of any status reaches callers, described or not"
    AnswerAdded           More   "the enum of answers is open, and has another variant"
    AnswerRemoved         Build  "the enum of answers has no variant of the status any more"
    AnswerChanged         Build  "callers get another type"
    ErrorChanged          Build  "callers get another type"
    AcceptChanged         None   "callers get the same type"
    BodyFormatChanged     None   "what callers pass is compared by itself"

    InputAdded            More   "it is optional, and has a setter"
    InputRemoved          Build  "there is no argument or setter for it any more"
    InputRenamed          Build  "its setter has another name"
    InputRequired         Build  "it is an argument of the method, and has no setter"
    InputOptional         Build  "it has a setter, and is no argument of the method"
    InputTypeChanged      Build  "what was converted to the one does not convert to the other"
    InputWidened          More   "every integer that fitted before is converted"
    InputSentOtherwise    None   "callers pass it as before"
    InputDefaultChanged   None   "the server decides what an absent value means"
    InputDeprecated       More   "callers are warned; it works as before"
    InputRestored         None   "callers are no longer warned"
    ArgumentsReordered    Build  "a value that callers pass is taken for another argument"

    SchemaAdded           More   "there is another type"
    SchemaRemoved         Build  "there is no type of that name any more"
    SchemaRenamed         Build  "the type has another name"
    SchemaTypeChanged     Build  "what is read from it, and made into it, is another type"
    SchemaDescribed       None   "only documentation differs"
    SchemaDebugChanged    None   "what is private stays out of logs; nothing else differs"
    SchemaDeprecated      More   "its documentation says so; it works as before"
    SchemaRestored        None   "its documentation doesn't say so any more"
    SchemaMapChanged      Build  "the values of `extra` have another type"
    ConstraintTightened   Server "the server may reject what it took"
    ConstraintLoosened    More   "what was valid is valid, and more than that"

    FieldAdded            More   "there is another field"
    FieldRemoved          Build  "there is no field of that name any more"
    FieldRenamed          Build  "there is no field of the old name any more"
    FieldRequired         Build  "its type has one `Option` less"
    FieldOptional         Build  "its type has one `Option` more"
    FieldNullable         Build  "its type has another number of `Option`s"
    FieldTypeChanged      Build  "it is read, and set, as another type"
    FieldDefaultChanged   None   "the server decides what an absent value means"
    FieldSentOtherwise    None   "it is called as before in Rust"
    FieldsReordered       Build  "`new` takes them in that order"

    ValueAdded            More   "enums are open: whoever matches has an arm for other values"
    ValueRemoved          Build  "there is no variant of that name any more"
    ValueRenamed          Build  "there is no variant of the old name any more"
    ValueSentOtherwise    None   "it is called as before in Rust"
    ValuesReordered       Run    "values are compared by their order in the document"
    MemberAdded           More   "unions are open: whoever matches has an arm for values of other types"
    MemberRemoved         Build  "there is no variant of that name any more"
    MemberRenamed         Build  "the variant has another name"
    MemberChanged         Build  "the variant holds another type"
    MembersReordered      Run    "a value that fits several members equally well is read as the first of them"
    DiscriminatorChanged  None   "the variants are the same"
}
