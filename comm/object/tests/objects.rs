//! Objects come out as they went in; as another type only where that is encoded alike.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};

use olympi_object::{Bincode, Codec, DecodeError, EncodeError, decode, encode};
use proptest::prelude::*;
use serde::de::DeserializeOwned;
use serde::ser::SerializeSeq;
use serde::{Deserialize, Serialize, Serializer};

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
enum Shape {
    Nothing,
    Circle(f64),
    Path { points: Vec<(i16, i16)>, closed: bool },
    Group(Vec<Shape>),
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Record<T> {
    name: String,
    value: T,
    notes: BTreeMap<char, Option<Box<Shape>>>,
    wide: (i128, u128),
    unit: (),
}

fn encoded<T: Serialize + ?Sized>(value: &T) -> Vec<u8> {
    let mut message = Vec::new();
    encode(value, &mut message).expect("these types can be encoded");
    message
}

fn shape() -> impl Strategy<Value = Shape> {
    let leaf = prop_oneof![
        Just(Shape::Nothing),
        (-1e300..1e300).prop_map(Shape::Circle),
        (any::<Vec<(i16, i16)>>(), any::<bool>()).prop_map(|(points, closed)| Shape::Path { points, closed }),
    ];
    leaf.prop_recursive(5, 40, 6, |inner| prop::collection::vec(inner, 0..6).prop_map(Shape::Group))
}

fn record() -> impl Strategy<Value = Record<Vec<u32>>> {
    (
        any::<String>(),
        any::<Vec<u32>>(),
        prop::collection::btree_map(any::<char>(), prop::option::of(shape().prop_map(Box::new)), 0..5),
        any::<(i128, u128)>(),
    )
        .prop_map(|(name, value, notes, wide)| Record { name, value, notes, wide, unit: () })
}

proptest! {
    #[test]
    fn comes_out_as_it_went_in(record in record(), before in any::<Vec<u8>>()) {
        let mut message = before.clone();
        encode(&record, &mut message).unwrap();
        prop_assert_eq!(&message[..before.len()], &before[..], "what stood in the buffer stays");
        prop_assert_eq!(decode::<Record<Vec<u32>>>(&message[before.len()..]).unwrap(), record);
    }

    #[test]
    fn a_part_of_a_message_is_never_the_whole(record in record(), cut in any::<prop::sample::Index>(), extra in 1..9usize) {
        let mut message = encoded(&record);
        let cut = cut.index(message.len());
        prop_assert!(decode::<Record<Vec<u32>>>(&message[..cut]).is_err());
        message.resize(message.len() + extra, 0);
        let error = decode::<Record<Vec<u32>>>(&message).unwrap_err();
        prop_assert!(matches!(&error, DecodeError::Malformed { reason, .. } if reason == "some are left over"), "{}", error);
    }
}

#[test]
fn an_owned_form_may_be_asked_for() {
    assert_eq!(decode::<String>(&encoded("text")).unwrap(), "text");
    assert_eq!(decode::<String>(&encoded(&Cow::Borrowed("text"))).unwrap(), "text");
    assert_eq!(decode::<Vec<f64>>(&encoded(&[1.0, 2.0][..])).unwrap(), [1.0, 2.0]);
    assert_eq!(decode::<Box<[String]>>(&encoded(&vec!["a", "b"])).unwrap()[1], "b");
    let borrowed = HashMap::from([("key", &[1_u8, 2][..])]);
    assert_eq!(decode::<HashMap<String, Vec<u8>>>(&encoded(&borrowed)).unwrap()["key"], [1, 2]);
    let bytes = serde_bytes::Bytes::new(&[7, 8, 9]);
    assert_eq!(decode::<Vec<u8>>(&encoded(bytes)).unwrap(), [7, 8, 9]);
    assert_eq!(decode::<serde_bytes::ByteBuf>(&encoded(&vec![7_u8, 8, 9])).unwrap().into_vec(), [7, 8, 9]);
}

#[test]
fn another_type_is_an_error_that_names_both() {
    let error = decode::<Vec<i32>>(&encoded(&[1_i32, 2, 3])).unwrap_err();
    assert_eq!(
        error,
        DecodeError::TypeMismatch { sent: "[i32; 3]".into(), expected: "alloc::vec::Vec<i32>" }
    );
    let text = error.to_string();
    assert!(
        text.contains("`[i32; 3]` was sent") && text.contains("`alloc::vec::Vec<i32>` was asked for"),
        "{text}"
    );
    assert!(matches!(decode::<u64>(&encoded(&1.0_f64)), Err(DecodeError::TypeMismatch { .. })));
}

#[test]
fn what_cannot_be_encoded_leaves_the_buffer_as_it_was() {
    /// A sequence that does not know its length, which the format cannot express.
    struct Endless;
    impl Serialize for Endless {
        fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            serializer.serialize_seq(None)?.end()
        }
    }
    let mut message = vec![1, 2, 3];
    let error = encode(&(5_u64, Endless), &mut message).unwrap_err();
    assert!(
        matches!(&error, EncodeError::UnknownLength { type_name } if type_name.contains("Endless")),
        "{error}"
    );
    assert_eq!(message, [1, 2, 3]);

    struct Unwilling;
    impl Serialize for Unwilling {
        fn serialize<S: Serializer>(&self, _: S) -> Result<S::Ok, S::Error> {
            Err(serde::ser::Error::custom("not today"))
        }
    }
    let error = encode(&(5_u64, Unwilling), &mut message).unwrap_err().to_string();
    assert!(error.contains("Unwilling") && error.contains("cannot be serialized: not today"), "{error}");
    assert_eq!(message, [1, 2, 3]);
}

/// What serde's attributes make of a type that must describe itself, or count itself beforehand.
mod attributes {
    use super::*;

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    #[serde(tag = "kind")]
    enum Tagged {
        Circle { radius: f64 },
        Nothing,
    }

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    #[serde(tag = "kind", content = "value")]
    enum WithContent {
        Circle { radius: f64 },
        Nothing,
    }

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    #[serde(untagged)]
    enum Untagged {
        Number(f64),
        Text(String),
    }

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct Flat {
        name: String,
        #[serde(flatten)]
        more: BTreeMap<String, u32>,
    }

    fn undescribed<T: Serialize + DeserializeOwned + std::fmt::Debug>(value: T, name: &str) {
        let error = decode::<Vec<T>>(&encoded(&[value][..])).unwrap_err();
        assert!(matches!(error, DecodeError::NotSelfDescribing { .. }), "{error}");
        let text = error.to_string();
        assert!(text.contains(name) && text.contains("leave out #[serde(tag"), "{text}");
    }

    #[test]
    fn who_must_see_to_know_is_told_so_by_name_and_with_the_remedy() {
        undescribed(Tagged::Circle { radius: 1.0 }, "attributes::Tagged");
        undescribed(Tagged::Nothing, "attributes::Tagged");
        undescribed(Untagged::Number(1.0), "attributes::Untagged");
        undescribed(Untagged::Text("a".into()), "attributes::Untagged");
        undescribed(WithContent::Circle { radius: 1.0 }, "attributes::WithContent");
        undescribed(WithContent::Nothing, "attributes::WithContent");
    }

    #[test]
    fn a_flattened_part_is_refused_by_its_sender() {
        let error = encode(&Flat { name: "a".into(), more: BTreeMap::new() }, &mut Vec::new()).unwrap_err();
        assert!(matches!(error, EncodeError::UnknownLength { .. }));
        let text = error.to_string();
        assert!(
            text.contains("attributes::Flat") && text.contains("in place of #[serde(flatten)]"),
            "{text}"
        );
        // Nor is one received, from whoever made it.
        let error = lie::<_, Flat>(&("a".to_string(), 0_u64)).unwrap_err();
        assert!(matches!(error, DecodeError::NotSelfDescribing { .. }), "{error}");
    }
}

#[test]
fn a_format_from_the_future_is_named() {
    let mut message = encoded(&5_u8);
    message[3] = 200;
    assert_eq!(decode::<u8>(&message).unwrap_err(), DecodeError::UnknownFormat { format: 200 });
    assert!(matches!(decode::<u8>(b"not an object"), Err(DecodeError::NoObject { len: 13 })));
    assert!(matches!(decode::<u8>(&[]), Err(DecodeError::NoObject { len: 0 })));
}

/// Encodes under the name of another type: a peer that lies.
fn lie<S: Serialize, R: DeserializeOwned>(value: &S) -> Result<R, DecodeError> {
    let mut body = Vec::new();
    Bincode::encode(value, &mut body).unwrap();
    Bincode::decode(&body)
}

#[test]
fn bytes_that_are_no_value_are_an_error() {
    for error in [
        lie::<_, bool>(&2_u8).unwrap_err(),
        lie::<_, char>(&[0xff_u8]).unwrap_err(),
        lie::<_, String>(&vec![0xff_u8, 0xfe]).unwrap_err(),
        lie::<_, Shape>(&77_u32).unwrap_err(),
        lie::<_, Option<u8>>(&[9_u8, 1]).unwrap_err(),
    ] {
        assert!(matches!(&error, DecodeError::Malformed { .. }), "{error}");
    }
    let error = lie::<_, u64>(&1_u8).unwrap_err();
    assert!(
        matches!(&error, DecodeError::Malformed { reason, .. } if reason == "they end too early"),
        "{error}"
    );
}

#[derive(Debug, Serialize, Deserialize)]
struct Link {
    next: Option<Box<Link>>,
}

fn chain(links: usize) -> Vec<u8> {
    // One byte a level: 1 says that another follows.
    let mut body = vec![1; links];
    body.push(0);
    body
}

#[test]
fn nesting_ends_at_the_limit_not_with_the_stack() {
    let list = Bincode::decode::<Link>(&chain(200)).unwrap();
    let mut length = 0;
    let mut next = &list.next;
    while let Some(link) = next {
        length += 1;
        next = &link.next;
    }
    assert_eq!(length, 200);
    for links in [1_000, 1_000_000] {
        let error = Bincode::decode::<Link>(&chain(links)).unwrap_err();
        assert!(matches!(error, DecodeError::TooDeep { .. }), "{error}");
    }
}
