//! Ids are types of their own: one can't be passed for another by mistake.

use std::marker::PhantomData;

use nanonets_agents_api::types::{AgentGroupId, AgentId, MessageId, TaskId, UserId};
use uuid::Uuid;

/// Tells whether a setter for `To` takes a `From`: the constant of the type goes before that of the trait, if the
/// bound holds.
struct Setter<From, To>(PhantomData<(From, To)>);

trait Refuses {
    const TAKES: bool = false;
}

impl<From, To> Refuses for Setter<From, To> {}

impl<From: TryInto<To>, To> Setter<From, To> {
    const TAKES: bool = true;
}

#[test]
fn an_id_is_not_taken_for_another() {
    const MIXED_UP: [bool; 6] = [
        <Setter<AgentId, TaskId>>::TAKES,
        <Setter<TaskId, AgentId>>::TAKES,
        <Setter<AgentGroupId, AgentId>>::TAKES,
        <Setter<MessageId, TaskId>>::TAKES,
        <Setter<UserId, TaskId>>::TAKES,
        <Setter<&AgentId, TaskId>>::TAKES,
    ];
    assert_eq!(MIXED_UP, [false; 6]);
}

#[test]
fn an_id_is_taken_as_itself_as_a_uuid_and_as_text() {
    const FINE: [bool; 4] = [
        <Setter<TaskId, TaskId>>::TAKES,
        <Setter<Uuid, TaskId>>::TAKES,
        <Setter<&str, TaskId>>::TAKES,
        <Setter<String, TaskId>>::TAKES,
    ];
    assert_eq!(FINE, [true; 4]);
}

#[test]
fn an_id_prints_as_it_is_sent() {
    let text = "0f8d2c7a-5e41-4b96-a3c8-7d1e9f604b25";
    assert_eq!(text.parse::<TaskId>().unwrap().to_string(), text);
}
