//! Ids are types of their own: one can't be passed for another by mistake.

use std::marker::PhantomData;

use nanonets_agents_api::types::{AgentGroupId, AgentId, MessageId, TaskId, UserId};
use uuid::Uuid;

/// Tells whether a `From` can be converted to a `To`: the constant of the type goes before that of the trait, if the
/// bound holds.
struct Conversion<From, To>(PhantomData<(From, To)>);

trait Impossible {
    const IS_POSSIBLE: bool = false;
}

impl<From, To> Impossible for Conversion<From, To> {}

impl<From: TryInto<To>, To> Conversion<From, To> {
    const IS_POSSIBLE: bool = true;
}

#[test]
fn an_id_is_not_taken_for_another() {
    const MIXED_UP: [bool; 6] = [
        <Conversion<AgentId, TaskId>>::IS_POSSIBLE,
        <Conversion<TaskId, AgentId>>::IS_POSSIBLE,
        <Conversion<AgentGroupId, AgentId>>::IS_POSSIBLE,
        <Conversion<MessageId, TaskId>>::IS_POSSIBLE,
        <Conversion<UserId, TaskId>>::IS_POSSIBLE,
        <Conversion<&AgentId, TaskId>>::IS_POSSIBLE,
    ];
    assert_eq!(MIXED_UP, [false; 6]);
}

#[test]
fn an_id_is_taken_as_itself_as_a_uuid_and_as_text() {
    const FINE: [bool; 4] = [
        <Conversion<TaskId, TaskId>>::IS_POSSIBLE,
        <Conversion<Uuid, TaskId>>::IS_POSSIBLE,
        <Conversion<&str, TaskId>>::IS_POSSIBLE,
        <Conversion<String, TaskId>>::IS_POSSIBLE,
    ];
    assert_eq!(FINE, [true; 4]);
}

#[test]
fn an_id_prints_as_it_is_sent() {
    let text = "0f8d2c7a-5e41-4b96-a3c8-7d1e9f604b25";
    assert_eq!(text.parse::<TaskId>().unwrap().to_string(), text);
}
